//! The calls of an event as steps: those that wait for one another, and those that go side by side.

use std::collections::BTreeMap;

use crate::cloud::Call;

/// What changes where traffic goes.
const WRITES: [&str; 3] = ["DeleteRule", "ModifyRule", "ModifyListener"];

/// The calls of an event, in their order; those of one step went side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Steps(Vec<Vec<String>>);

fn label(call: &Call) -> String {
    let of = if call.of.is_empty() {
        String::new()
    } else {
        format!(" ({})", call.of)
    };
    format!("{} {}{of}", call.service, call.name)
}

fn is_write(label: &str) -> bool {
    label.split(' ').any(|word| WRITES.contains(&word))
}

/// The call of a step that the next one waits for: the write, if there is one.
fn waited_for(step: &[String]) -> Option<&String> {
    let write = step.iter().find(|label| is_write(label));
    write.or_else(|| step.first())
}

impl Steps {
    /// From calls that took long enough to be seen side by side.
    pub(crate) fn of(calls: &[Call]) -> Self {
        let mut steps: Vec<Vec<&Call>> = Vec::new();
        for call in calls {
            match steps.last_mut() {
                Some(step) if !step.iter().all(|other| call.waited_for(other)) => step.push(call),
                Some(_) | None => steps.push(vec![call]),
            }
        }
        let labels = |step: Vec<&Call>| {
            let mut labels: Vec<String> = step.into_iter().map(label).collect();
            labels.sort();
            labels
        };
        Self(steps.into_iter().map(labels).collect())
    }

    /// Whether these calls are those of the steps, in their order.
    pub(crate) fn are(&self, calls: &[Call]) -> Result<(), String> {
        let made: Vec<String> = calls.iter().map(label).collect();
        let mut rest = made.as_slice();
        for step in &self.0 {
            let (now, then) = rest.split_at_checked(step.len()).unwrap_or((rest, &[]));
            let mut now = now.to_vec();
            now.sort();
            if now != *step {
                return Err(format!(
                    "it did not make the calls of alarm, but {}",
                    made.join(", ")
                ));
            }
            rest = then;
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(format!(
                "it made more calls than alarm: {}",
                rest.join(", ")
            ))
        }
    }

    /// The steps up to the one that takes the weight away.
    fn to_the_write(&self) -> &[Vec<String>] {
        let writes = |step: &Vec<String>| step.iter().any(|label| is_write(label));
        let write = self.0.iter().position(writes).unwrap_or(0);
        self.0.get(..=write).unwrap_or(&self.0)
    }

    /// What is said of them.
    pub(crate) fn lines(&self, what: &str) -> Vec<String> {
        let before = self.to_the_write();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for label in before.iter().filter_map(|step| waited_for(step)) {
            let name = label.split(' ').nth(1).unwrap_or(label);
            *counts.entry(name).or_default() += 1;
        }
        let counts: Vec<String> = counts
            .into_iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        let mut lines = vec![format!(
            "{what}: {} calls one after the other from the event to the weights restored ({}), {} to the end",
            before.len(),
            counts.join(", "),
            self.0.len()
        )];
        for (n, step) in self.0.iter().enumerate() {
            let mark = if n + 1 == before.len() {
                "   <- the weights are restored"
            } else {
                ""
            };
            lines.push(format!(
                "  {:>2}  {}{mark}",
                n + 1,
                step.join(", and beside it ")
            ));
        }
        lines
    }
}
