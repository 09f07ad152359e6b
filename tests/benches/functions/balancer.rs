//! `ELBv2`'s query protocol, as far as a rollback of an owned rule uses it.
//!
//! The listener has the team's rule, another team's, the default, and the rule of ours before them.

use std::fmt::Write as _;

use crate::wire::Answer;

/// A listener and its rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listener {
    pub(crate) base: String,
    pub(crate) own: String,
    pub(crate) other: String,
    pub(crate) default: String,
    pub(crate) stable: String,
    pub(crate) canary: String,
    /// The tags of the rule of ours.
    pub(crate) tags: Vec<(&'static str, String)>,
    /// Whether the rule of ours is there.
    pub(crate) has_own: bool,
}

impl Listener {
    fn rules(&self) -> String {
        let (stable, canary) = (self.stable.as_str(), self.canary.as_str());
        let mut rules = String::new();
        if self.has_own {
            rules += &rule(&self.own, "10", &[(stable, 900), (canary, 100)]);
        }
        rules += &rule(&self.base, "20", &[(stable, 1)]);
        rules += &rule(&self.other, "30", &[(stable, 1)]);
        rules += &rule(&self.default, "default", &[(stable, 1)]);
        rules
    }

    fn tags(&self, asked: &[&str]) -> String {
        let mut described = String::new();
        for arn in asked {
            let tags: String = if *arn == self.own {
                let tags = self.tags.iter();
                tags.map(|(key, value)| {
                    element("member", &(element("Key", key) + &element("Value", value)))
                })
                .collect()
            } else {
                String::new()
            };
            let body = element("ResourceArn", arn) + &element("Tags", &tags);
            described += &element("member", &body);
        }
        described
    }
}

fn element(name: &str, body: &str) -> String {
    format!("<{name}>{body}</{name}>")
}

fn rule(arn: &str, priority: &str, groups: &[(&str, u16)]) -> String {
    let mut weights = String::new();
    for (group, weight) in groups {
        // A String takes everything.
        let _written = write!(
            weights,
            "<member><TargetGroupArn>{group}</TargetGroupArn><Weight>{weight}</Weight></member>"
        );
    }
    let is_default = priority == "default";
    let conditions = if is_default {
        ""
    } else {
        "<member><Field>path-pattern</Field><Values><member>/*</member></Values>\
         <PathPatternConfig><Values><member>/*</member></Values></PathPatternConfig></member>"
    };
    format!(
        "<member><RuleArn>{arn}</RuleArn><Priority>{priority}</Priority><IsDefault>{is_default}</IsDefault>\
         <Conditions>{conditions}</Conditions><Actions><member><Type>forward</Type><Order>1</Order><ForwardConfig>\
         <TargetGroups>{weights}</TargetGroups><TargetGroupStickinessConfig><Enabled>false</Enabled>\
         </TargetGroupStickinessConfig></ForwardConfig></member></Actions></member>"
    )
}

const TARGETS: &str = "<TargetHealthDescriptions><member><Target><Id>10.0.0.1</Id><Port>80</Port></Target>\
    <TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions>";

/// The answer to a call, and its name.
pub(crate) fn answer(listener: &mut Listener, form: &str) -> (Answer, String) {
    let fields: Vec<(String, String)> = form
        .split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let field = |wanted: &str| {
        let mut fields = fields.iter();
        fields
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let name = field("Action").unwrap_or_default().to_owned();
    let body = match name.as_str() {
        "DescribeRules" if field("ListenerArn").is_some() => element("Rules", &listener.rules()),
        "DescribeTags" => {
            let asked: Vec<&str> = fields
                .iter()
                .filter(|(name, _)| name.starts_with("ResourceArns.member."))
                .map(|(_, value)| value.as_str())
                .collect();
            element("TagDescriptions", &listener.tags(&asked))
        }
        "DescribeTargetHealth" => TARGETS.to_owned(),
        "DeleteRule" if listener.has_own && field("RuleArn") == Some(&listener.own) => {
            listener.has_own = false;
            String::new()
        }
        _ => return (refused(&name), name),
    };
    let result = element(&format!("{name}Result"), &body);
    let text = format!(
        "<{name}Response xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">{result}\
         <ResponseMetadata><RequestId>c6fd1c54-0000-4000-8000-000000000001</RequestId></ResponseMetadata></{name}Response>"
    );
    (Answer::well("text/xml", text), name)
}

fn refused(name: &str) -> Answer {
    let text = format!(
        "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><Error><Type>Sender</Type>\
         <Code>ValidationError</Code><Message>{name} is not part of this</Message></Error></ErrorResponse>"
    );
    Answer {
        status: 400,
        ..Answer::well("text/xml", text)
    }
}

/// A value of a form as it was before it was sent.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.extend(u8::from_str_radix(digits, 16).ok());
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).replace('+', " ")
}
