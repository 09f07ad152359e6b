//! Marks: what stands on a rule or beside a record, so that an alarm finds the routes that it guards without the store.
//!
//! A tag and a TXT string are short and an ARN is long, so a mark is the beginning of the ARN's hash. Of 100 alarms, two
//! share one in a million accounts; a gate that is closed for another's alarm is the harmless mistake.

use domain::{
    name::AlarmArn,
    plan::severity::{AlarmGuard, Severity},
};
use sha2::{Digest as _, Sha256};

/// The mark of an alarm: the first eight hexadecimal digits of the SHA-256 of its ARN.
#[must_use]
pub fn guard(alarm: &AlarmArn) -> String {
    let hash = Sha256::digest(alarm.as_str());
    let digits = hash.iter().take(4).map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// The marks of those alarms that roll back by themselves, in order and each once.
#[must_use]
pub fn guards(alarms: &[AlarmGuard]) -> Vec<String> {
    let critical = alarms
        .iter()
        .filter(|alarm| alarm.severity == Severity::Critical);
    let mut guards: Vec<String> = critical.map(|alarm| guard(&alarm.arn)).collect();
    guards.sort();
    guards.dedup();
    guards
}

/// Whether an alarm's mark is among these.
#[must_use]
pub fn is_guarded(guards: &[String], alarm: &AlarmArn) -> bool {
    guards.contains(&guard(alarm))
}

#[cfg(test)]
mod tests {
    use domain::plan::severity::InsufficientData;

    use super::*;

    fn alarm(name: &str) -> AlarmArn {
        AlarmArn::new(&format!(
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}"
        ))
    }

    fn guarding(name: &str, severity: Severity) -> AlarmGuard {
        AlarmGuard {
            arn: alarm(name),
            severity,
            insufficient_data: InsufficientData::Hold,
        }
    }

    #[test]
    fn a_mark_is_the_beginning_of_a_sha_256() {
        // `printf abc | sha256sum`: ba7816bf 8f01cfea …
        assert_eq!(guard(&AlarmArn::new("abc")), "ba7816bf");
        assert_eq!(guard(&alarm("a")).len(), 8);
    }

    #[test]
    fn only_critical_alarms_are_marked_and_their_order_does_not_matter() {
        let marks = guards(&[
            guarding("5xx", Severity::Critical),
            guarding("slow", Severity::High),
            guarding("down", Severity::Critical),
            guarding("5xx", Severity::Critical),
        ]);
        assert_eq!(marks.len(), 2);
        assert!(is_guarded(&marks, &alarm("5xx")));
        assert!(is_guarded(&marks, &alarm("down")));
        assert!(!is_guarded(&marks, &alarm("slow")));
        let turned = guards(&[
            guarding("down", Severity::Critical),
            guarding("5xx", Severity::Critical),
        ]);
        assert_eq!(turned, marks);
    }
}
