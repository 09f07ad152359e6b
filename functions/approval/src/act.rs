//! What a link or a button stands for, done through the engine.

use aws::{invocation::until, links::Links, slack_api::SlackApi, telemetry::chain};
use domain::{
    event::Command,
    name::{EventKey, ItemName, Person},
    rollout::{Incident, IncidentSource, Rollout},
    time::{SignedDuration, Timestamp, later},
};
use engine::{
    ask::{Decided, answer},
    ports::{Clock as _, Ports, Store as _},
    trouble::{End, EngineError, Trouble},
};
use token::{
    Action, Claims,
    answer::{Outcome, REASON_CHARS_MAX},
};

use super::{Desk, Keys, Time};

/// How long an incident that is accepted by link is borne.
const ACCEPTED_FOR: SignedDuration = SignedDuration::from_hours(4);

/// Who decides, where, and in which words of their own.
pub(crate) struct Decision<'a> {
    /// What was shown, and what for.
    pub(crate) claims: &'a Claims,
    /// Who.
    pub(crate) by: Person,
    /// What makes it one decision.
    pub(crate) key: String,
    /// Where: `by link`, `in Slack`.
    pub(crate) place: &'static str,
    /// Why; empty if nothing was typed.
    pub(crate) reason: &'a str,
    /// The items of the checklist that were ticked.
    pub(crate) items: &'a [String],
}

impl Decision<'_> {
    /// What was typed as the reason, in one line; without that, what was done.
    fn reason(&self) -> String {
        let line = self.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = line.chars().filter(|letter| !letter.is_control());
        let line: String = line.take(REASON_CHARS_MAX).collect();
        if !line.is_empty() {
            return line;
        }
        let done = match self.claims.action {
            Action::Approve => "approved",
            Action::Reject => "rejected",
            Action::Rollback => "rolled back",
            Action::Hold => "held",
            Action::Accept => "accepted",
            Action::View => "looked at",
        };
        format!("{done} {}", self.place)
    }

    /// What is asked of the rollout: first the ticks, then the decision; or why it is nothing that can be asked.
    fn decisions(&self, head: &Rollout, now: Timestamp) -> Result<Vec<Decided>, String> {
        let phase = || {
            let phase = self.claims.phase.clone();
            phase.ok_or_else(|| "it was asked outside of every phase".to_owned())
        };
        let reason = self.reason();
        let mut decisions = Vec::new();
        let command = match self.claims.action {
            Action::Approve => {
                for item in self.items {
                    let name = ItemName::new(item);
                    let item =
                        name.map_err(|bad| format!("an item that was ticked is none: {bad}"))?;
                    decisions.push(Decided {
                        key: EventKey::new(&format!("{}/check/{item}", self.key)),
                        command: Command::Check {
                            phase: phase()?,
                            item,
                        },
                    });
                }
                Command::Approve { phase: phase()? }
            }
            Action::Reject => Command::Reject {
                phase: phase()?,
                reason,
            },
            Action::Rollback => Command::Rollback { reason },
            Action::Hold => Command::Pause { reason },
            Action::Accept => Command::Accept {
                incident: the_incident(head, self.claims.issued)?,
                until: later(now, ACCEPTED_FOR),
                reason,
            },
            Action::View => return Err("this link shows and decides nothing".to_owned()),
        };
        decisions.push(Decided {
            command,
            key: EventKey::new(&self.key),
        });
        Ok(decisions)
    }
}

/// The one incident that whoever was asked then can have meant.
fn the_incident(head: &Rollout, asked: Timestamp) -> Result<String, String> {
    let open: Vec<(&IncidentSource, &Incident)> = head.holding_incidents().collect();
    match open.as_slice() {
        [(source, incident)] if incident.opened <= asked => Ok(source.to_string()),
        [_] => Err("another incident has been opened since this was shown".to_owned()),
        [] => Err("no incident is open any more".to_owned()),
        [_, _, ..] => Err(format!(
            "{} incidents are open; accept each by its name, with `tidegate accept`",
            open.len()
        )),
    }
}

impl<P: Ports, L: Links, K: Keys, S: SlackApi> Desk<P, L, K, S> {
    /// Does what was decided, if it may be. With trouble it must come again, and what is known of it is an outcome too.
    pub(crate) async fn act(
        &self,
        decision: &Decision<'_>,
        time: Time,
    ) -> (Outcome, Result<(), Trouble>) {
        let id = &decision.claims.rollout;
        let head = match self.ports.store().load(id).await {
            Ok(Some(head)) => head,
            Ok(None) => return (refused(format!("there is no rollout {id}")), Ok(())),
            Err(trouble) => return unsure(&EngineError::Store(trouble)),
        };
        let decisions = match decision.decisions(&head, self.ports.clock().now()) {
            Ok(decisions) => decisions,
            Err(why) => return (refused(why), Ok(())),
        };
        let shown = decision.claims.sight();
        let work = answer(
            &self.ports,
            id,
            &decision.by,
            &decisions,
            &shown,
            time.deadline,
        );
        let done = match until(self.ports.clock(), time.stop, work).await {
            Some(done) => done.map(|_| ()),
            None => Err(self.dropped(&decision.key, time).await),
        };
        match done {
            Ok(()) => (Outcome::Done, Ok(())),
            Err(EngineError::Refused(refusal)) => (refused(refusal.to_string()), Ok(())),
            Err(error @ (EngineError::NotFound(_) | EngineError::Taken(_))) => {
                (refused(error.to_string()), Ok(()))
            }
            Err(error) => unsure(&error),
        }
    }

    /// What is known of a decision that was dropped when time was up.
    async fn dropped(&self, key: &str, time: Time) -> EngineError {
        match self.ports.store().is_done(&EventKey::new(key)).await {
            Ok(true) => EngineError::NotConverged {
                routes: Vec::new(),
                end: End::Deadline(time.stop),
            },
            Ok(false) => EngineError::Store(Trouble::passing("time was up before it was decided")),
            Err(trouble) => EngineError::Store(trouble),
        }
    }
}

fn refused(why: impl Into<String>) -> Outcome {
    Outcome::Refused { why: why.into() }
}

/// What AWS said is for the log: whoever has a link may see no more than how it stands.
fn unsure(error: &EngineError) -> (Outcome, Result<(), Trouble>) {
    let why = match error {
        EngineError::NotConverged { .. } => {
            "it is decided, and the weights have not been read back yet"
        }
        EngineError::Contended => "others keep changing the rollout; it is tried again",
        EngineError::NotFound(_)
        | EngineError::Refused(_)
        | EngineError::Taken(_)
        | EngineError::Store(_)
        | EngineError::WithoutStore { .. }
        | EngineError::Alarms(_) => "it is not known yet whether it was decided; it is tried again",
    };
    let outcome = Outcome::Unsure {
        why: why.to_owned(),
    };
    (outcome, Err(Trouble::passing(chain(error))))
}

/// An outcome in a log.
pub(crate) const fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::WrongCode { .. } => "wrong code",
        Outcome::NoCode => "no code",
        Outcome::Locked => "locked",
        Outcome::Refused { .. } => "refused",
        Outcome::Unsure { .. } => "unsure",
    }
}
