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
            self.say(format!(
                "{what} lets in {} to {} if {}",
                text(&statement["Principal"]["Service"]),
                text(&statement["Action"]),
                condition_text(&statement["Condition"]),
            ));
        }
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
