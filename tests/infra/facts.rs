//! What both say of a stack, as sentences that can be compared.

use std::collections::BTreeSet;

use serde_json::Value;

/// The sentences.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) lines: BTreeSet<String>,
}

impl Facts {
    pub(crate) fn say(&mut self, line: impl Into<String>) {
        self.lines.insert(line.into());
    }

    /// What a policy lets someone do: a sentence an action.
    pub(crate) fn policy(&mut self, who: &str, policy: &Value) {
        for statement in listed(&policy["Statement"]) {
            let mut resources: Vec<String> =
                listed(&statement["Resource"]).iter().map(text).collect();
            let all_but = listed(&statement["NotResource"]);
            resources.extend(all_but.iter().map(|one| format!("all but {}", text(one))));
            resources.sort();
            let condition = match &statement["Condition"] {
                Value::Null => String::new(),
                condition => format!(" if {}", condition_text(condition)),
            };
            for action in listed(&statement["Action"]) {
                self.say(format!(
                    "{who} may {} on {}{condition}",
                    text(&action),
                    resources.join(", ")
                ));
            }
        }
    }

    /// Whom a policy of a resource, or of a role, lets in.
    pub(crate) fn door(&mut self, what: &str, policy: &Value) {
        for statement in listed(&policy["Statement"]) {
            let principal = &statement["Principal"];
            let who = match &principal["Service"] {
                Value::Null => &principal["AWS"],
                service => service,
            };
            let does = if statement["Effect"] == "Deny" {
                "keeps out"
            } else {
                "lets in"
            };
            self.say(format!(
                "{what} {does} {} to {} if {}",
                text(who),
                text(&statement["Action"]),
                condition_text(&statement["Condition"]),
            ));
        }
    }

    /// Who may invoke a function, as `CloudFormation` says it.
    pub(crate) fn permission(&mut self, permission: &Value) {
        self.say(format!(
            "{} wakes for {} of {} in {} by {}, its URL signed {}, through the URL alone {}",
            short(&permission["FunctionName"]),
            text(&permission["Principal"]),
            text(&permission["SourceArn"]),
            text(&permission["SourceAccount"]),
            text(&permission["Action"]),
            text(&permission["FunctionUrlAuthType"]),
            text(&permission["InvokedViaFunctionUrl"]),
        ));
    }
}

/// A value that may stand alone or in a list, as a list.
pub(crate) fn listed(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        alone => vec![alone.clone()],
    }
}

/// A scalar as it is written, without quotes; numbers without a fraction that is zero.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string().trim_end_matches(".0").to_owned(),
    }
}

/// The function within a name, an ARN or the name of a log group.
pub(crate) fn short(name: &Value) -> String {
    let name = text(name);
    name.rsplit_once("tidegate-")
        .map_or(name.clone(), |(_, short)| short.to_owned())
}

/// Conditions in one order, each value as a list.
fn condition_text(condition: &Value) -> String {
    let mut parts = Vec::new();
    for (operator, keys) in condition.as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let mut values: Vec<String> = listed(values).iter().map(text).collect();
            values.sort();
            parts.push(format!("{operator} {key} {}", values.join("|")));
        }
    }
    parts.sort();
    parts.join(" and ")
}

/// A pattern of events; the order in which it names things means nothing.
pub(crate) fn pattern_text(pattern: &Value) -> String {
    let mut parts = Vec::new();
    for (key, values) in pattern.as_object().into_iter().flatten() {
        let mut values: Vec<String> = listed(values).iter().map(text).collect();
        values.sort();
        parts.push(format!("{key} {}", values.join("|")));
    }
    parts.sort();
    parts.join(" and ")
}
