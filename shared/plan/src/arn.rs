//! ARNs, by form: partition, service, region, account and the kind of resource.

use std::ops::Range;

use serde_json::{Value, json};

use crate::{
    decode::Leaf,
    node::Scalar,
    problem::{Code, Fault, quote},
};

/// The parts of an ARN that say where its resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arn {
    pub(crate) text: String,
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) account: String,
}

/// What an ARN of one kind looks like.
struct Form {
    expected: &'static str,
    example: &'static str,
    service: &'static str,
    /// The resource's parts between `/` or `:`; one that begins with `$` may be anything.
    resource: &'static [&'static str],
}

/// The longest ARN that AWS has.
const ARN_CHARS_MAX: usize = 2048;

/// The kinds of resource that a colon separates from its name.
const SEPARATORS: [char; 2] = ['/', ':'];

fn read(text: &str, form: &Form) -> Result<Arn, Fault> {
    let bad = |found: String| {
        Fault::new(
            Code::BadArn,
            found,
            form.expected,
            format!("write `{}` or the like", form.example),
        )
    };
    if text.len() > ARN_CHARS_MAX {
        return Err(bad("the ARN is too long".to_owned()));
    }
    if text.contains(char::is_whitespace) || !text.is_ascii() {
        return Err(bad(format!(
            "{} has spaces or letters that are in no ARN",
            quote(text)
        )));
    }
    let parts: Vec<(&str, Range<usize>)> = ranges(text).collect();
    let [arn, partition, service, region, account, resource] = parts.as_slice() else {
        return Err(bad(format!("{} is no ARN", quote(text))));
    };
    let wrong = |what: &str, (part, range): &(&str, Range<usize>)| {
        Err(bad(format!("the {what} is {}", quote(part))).at(range.clone()))
    };
    if arn.0 != "arn" {
        return wrong("first part", arn);
    }
    if !matches!(partition.0, "aws" | "aws-cn" | "aws-us-gov") {
        return wrong("partition", partition);
    }
    if service.0 != form.service {
        return wrong("service", service);
    }
    if !is_region(region.0) {
        return wrong("region", region);
    }
    if account.0.len() != 12 || !account.0.bytes().all(|byte| byte.is_ascii_digit()) {
        return wrong("account", account);
    }
    if !is_resource(resource.0, form.resource) {
        return wrong("resource", resource);
    }
    Ok(Arn {
        text: text.to_owned(),
        partition: partition.0.to_owned(),
        region: region.0.to_owned(),
        account: account.0.to_owned(),
    })
}

/// The six parts of an ARN and where they are.
fn ranges(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    text.splitn(6, ':').map(move |part| {
        let begins = part.as_ptr().addr() - text.as_ptr().addr();
        (part, begins..begins + part.len())
    })
}

/// `ap-northeast-1`: letters, words and a number.
fn is_region(region: &str) -> bool {
    let words: Vec<&str> = region.split('-').collect();
    match words.as_slice() {
        [area, .., number] if words.len() >= 3 => {
            area.len() >= 2
                && words.iter().all(|word| !word.is_empty())
                && area.bytes().all(|byte| byte.is_ascii_lowercase())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

fn is_resource(resource: &str, form: &[&str]) -> bool {
    let parts: Vec<&str> = resource.splitn(form.len(), SEPARATORS).collect();
    parts.len() == form.len()
        && parts.iter().zip(form).all(|(part, wanted)| {
            if wanted.starts_with('$') {
                !part.is_empty() && (*wanted == "$rest" || !part.contains(SEPARATORS))
            } else {
                part == wanted
            }
        })
}

macro_rules! arns {
    ($( $(#[$doc:meta])* $name:ident, $expected:literal, $service:literal, $resource:expr, $pattern:literal, $example:literal; )+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) Arn);

        impl Leaf for $name {
            const EXPECTED: &'static str = $expected;
            const EXAMPLE: &'static str = $example;

            fn read(scalar: &Scalar) -> Result<Self, Fault> {
                read(&scalar.text, &Form {
                    expected: $expected,
                    example: $example,
                    service: $service,
                    resource: &$resource,
                })
                .map(Self)
            }

            fn schema() -> Value {
                json!({
                    "type": "string",
                    "pattern": concat!("^arn:aws(-cn|-us-gov)?:", $service, ":[a-z0-9-]+:[0-9]{12}:", $pattern, "$"),
                    "examples": [$example],
                })
            }
        }
    )+ };
}

arns! {
    /// A rule of an application load balancer's listener.
    RuleArn, "the ARN of an application load balancer's listener rule", "elasticloadbalancing",
        ["listener-rule", "app", "$name", "$id", "$listener", "$rule"],
        "listener-rule/app/[^/]+/[^/]+/[^/]+/[^/]+",
        "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";
    /// A listener of an application load balancer.
    ListenerArn, "the ARN of an application load balancer's listener", "elasticloadbalancing",
        ["listener", "app", "$name", "$id", "$listener"],
        "listener/app/[^/]+/[^/]+/[^/]+",
        "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2";
    /// A target group.
    TargetGroupArn, "the ARN of a target group", "elasticloadbalancing",
        ["targetgroup", "$name", "$id"],
        "targetgroup/[^/]+/[^/]+",
        "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/new/73e2d6bc24d8a067";
    /// A `CloudWatch` alarm.
    AlarmArnText, "the ARN of a CloudWatch alarm", "cloudwatch",
        ["alarm", "$rest"],
        "alarm:.+",
        "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:new-5xx-critical";
    /// An SNS topic.
    TopicArn, "the ARN of an SNS topic", "sns",
        ["$rest"],
        "[^:]+",
        "arn:aws:sns:ap-northeast-1:123456789012:releases";
    /// A Lambda function.
    FunctionArn, "the ARN of a Lambda function, without a version", "lambda",
        ["function", "$name"],
        "function:[a-zA-Z0-9_-]+",
        "arn:aws:lambda:ap-northeast-1:123456789012:function:booking";
}

/// A Lambda function, by name or ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function(pub(crate) String);

impl Leaf for Function {
    const EXPECTED: &'static str = "a Lambda function's name or ARN, without a version";
    const EXAMPLE: &'static str = "booking";
    const FREE: bool = true;

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        if text.starts_with("arn:") {
            return FunctionArn::read(scalar).map(|arn| Self(arn.0.text));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if text.is_empty() || text.len() > 64 || !text.chars().all(plain) {
            let found = format!("{} is no function's name", quote(text));
            let mend = "write up to 64 letters, digits, `-` and `_`";
            return Err(Fault::new(Code::BadAddress, found, Self::EXPECTED, mend));
        }
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(arn:aws(-cn|-us-gov)?:lambda:[a-z0-9-]+:[0-9]{12}:function:)?[a-zA-Z0-9_-]{1,64}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault<T: Leaf>(text: &str) -> Option<String> {
        T::read(&Scalar::of(text)).err().map(|fault| {
            let part = fault
                .range
                .and_then(|range| text.get(range))
                .unwrap_or_default();
            format!("[{part}] {}", fault.found)
        })
    }

    #[test]
    fn the_examples_are_arns() {
        assert_eq!(fault::<RuleArn>(RuleArn::EXAMPLE), None);
        assert_eq!(fault::<ListenerArn>(ListenerArn::EXAMPLE), None);
        assert_eq!(fault::<TargetGroupArn>(TargetGroupArn::EXAMPLE), None);
        assert_eq!(fault::<AlarmArnText>(AlarmArnText::EXAMPLE), None);
        assert_eq!(fault::<TopicArn>(TopicArn::EXAMPLE), None);
        assert_eq!(fault::<FunctionArn>(FunctionArn::EXAMPLE), None);
        assert_eq!(fault::<Function>("booking"), None);
        assert_eq!(fault::<Function>(FunctionArn::EXAMPLE), None);
    }

    #[test]
    fn the_part_that_is_wrong_is_pointed_at() {
        let check = |text: &str, expected: &str| {
            assert_eq!(fault::<TargetGroupArn>(text).as_deref(), Some(expected));
        };
        check("legacy", "[] `legacy` is no ARN");
        check(
            "arn:aws:ec2:ap-northeast-1:123456789012:targetgroup/a/1",
            "[ec2] the service is `ec2`",
        );
        check(
            "arn:aws:elasticloadbalancing:tokyo:123456789012:targetgroup/a/1",
            "[tokyo] the region is `tokyo`",
        );
        check(
            "arn:aws:elasticloadbalancing:ap-northeast-1:1234:targetgroup/a/1",
            "[1234] the account is `1234`",
        );
        check(
            "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/a/1",
            "[loadbalancer/app/a/1] the resource is `loadbalancer/app/a/1`",
        );
        check(
            "arn:azure:elasticloadbalancing:::",
            "[azure] the partition is `azure`",
        );
    }
}
