//! A measurement as a row: the canary's value against the threshold and against stable.

use super::{
    Evidence, Field, Mark,
    language::{Label, Language, Value},
};
use crate::judge::{Finding, Verdict};

/// A finding in a language.
pub(super) fn of(language: &impl Language, finding: &Finding) -> Evidence {
    let condition = &finding.condition;
    let mut known = Vec::new();
    if let Some(current) = finding.current {
        known.push((Label::Current, Value::Text(current.to_string())));
    }
    known.push((Label::Threshold, Value::Threshold(condition.clone())));
    if let Some(stable) = finding.stable {
        known.push((Label::Stable, Value::Text(stable.to_string())));
    }
    if finding.current.is_some() {
        known.push((Label::Samples, Value::Text(finding.samples.to_string())));
    }
    Evidence {
        mark: match finding.verdict {
            Verdict::Pass => Mark::Good,
            Verdict::Fail => Mark::Bad,
            Verdict::Inconclusive(_) | Verdict::Error(_) => Mark::Unknown,
        },
        metric: condition.metric.to_string(),
        verdict: language.verdict(finding.role, &finding.verdict),
        values: known
            .into_iter()
            .map(|(label, value)| Field {
                label: language.label(&label),
                value: language.value(&value),
            })
            .collect(),
    }
}
