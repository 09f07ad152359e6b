//! What a link or a button stands for, done through the engine.

use aws::{invocation::until, links::Links, slack_api::SlackApi, telemetry::chain};
use domain::{
    event::{Command, Named},
    name::{EventKey, ItemName, Person},
    time::{Timestamp, later},
};
use engine::{
    ask::{Decided, answer},
    ports::{Clock as _, Ports, Store as _},
    trouble::{End, EngineError, Trouble},
};
use token::{
    ACCEPTED_FOR, Action, Claims,
    answer::{Outcome, REASON_CHARS_MAX, Why},
};

use super::{
    Desk, Keys, Time,
    words::{self, Known, No},
};

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
    fn decisions(&self, now: Timestamp) -> Result<Vec<Decided>, No<'_>> {
        let phase = || self.claims.phase.clone().ok_or(No::Phaseless);
        let reason = self.reason();
        let mut decisions = Vec::new();
        let command = match self.claims.action {
            Action::Approve => {
                for item in self.items {
                    let item = ItemName::new(item).map_err(|_| No::UnknownItem)?;
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
                incident: Named::Shown(self.claims.incident.ok_or(No::Nameless)?),
                until: later(now, ACCEPTED_FOR),
                reason,
            },
            Action::View => return Err(No::OnlyShows),
        };
        decisions.push(Decided {
            command,
            key: EventKey::new(&self.key),
        });
        Ok(decisions)
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
        let decisions = match decision.decisions(self.ports.clock().now()) {
            Ok(decisions) => decisions,
            Err(no) => return (refused(words::no(&no)), Ok(())),
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
            Err(EngineError::Refused(refusal)) => (refused(words::refusal(&refusal)), Ok(())),
            Err(EngineError::NotFound(_)) => (refused(words::no(&No::UnknownRollout(id))), Ok(())),
            Err(EngineError::Taken(_)) => (refused(words::no(&No::Taken)), Ok(())),
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

const fn refused(why: Why) -> Outcome {
    Outcome::Refused { why }
}

/// What AWS said is for the log: whoever has a link may see no more than how it stands.
fn unsure(error: &EngineError) -> (Outcome, Result<(), Trouble>) {
    let known = match error {
        EngineError::NotConverged { .. } => Known::Decided,
        EngineError::Contended => Known::Contended,
        EngineError::NotFound(_)
        | EngineError::Refused(_)
        | EngineError::Taken(_)
        | EngineError::Store(_)
        | EngineError::WithoutStore { .. }
        | EngineError::Alarms(_) => Known::Nothing,
    };
    let outcome = Outcome::Unsure {
        why: words::known(known),
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
