//! English.

use domain::{
    name::PhaseName,
    plan::{gate::Otherwise, phase::Phase},
    rollout::Rollout,
    time::{Spell, Timestamp},
};
use token::{ACCEPTED_FOR, Action, answer::Outcome};

use super::{Label, Language, Nothing};
use crate::standing::Standing;

/// English.
#[derive(Debug)]
pub(super) struct English;

impl Language for English {
    fn code(&self) -> &'static str {
        "en"
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::OtherLanguage => "日本語",
            Label::Service => "Service",
            Label::Started => "Started",
            Label::Phase => "Phase",
            Label::NextPhase => "Next phase",
            Label::Status => "Status",
            Label::Awaited => "Waiting for",
            Label::Traffic => "Traffic",
            Label::Canary => "canary",
            Label::Stable => "stable",
            Label::Cause => "Cause",
            Label::Evidence => "Evidence",
            Label::NoEvidence => "Nothing has been measured in this phase yet.",
            Label::Condition => "Condition",
            Label::Verdict => "Verdict",
            Label::Now => "now",
            Label::Threshold => "threshold",
            Label::Samples => "samples",
            Label::SendsBack => "Sends traffic back",
            Label::NotMeasured => "not measured yet",
            Label::Checklist => "Checklist",
            Label::ToConfirm => "Tick what you have checked yourself",
            Label::Approvals => "Approvals",
            Label::Incidents => "Incidents",
            Label::Accepted => "accepted by",
            Label::WeightsOverTime => "Canary's share",
            Label::OverThePhase => "over this phase",
            Label::Limits => "limits of the plan",
            Label::NotRead => {
                "The measurements could not be read just now. Reload the page to try again."
            }
            Label::History => "History",
            Label::Answer => "Your answer",
            Label::Code => "Code",
            Label::CodeHint => "The six characters that stand beside this link in the message.",
            Label::NoCode => {
                "Nothing was sent. Type the six characters that stand beside this link in the message."
            }
            Label::Reason => "Reason",
            Label::ReasonOptional => "Reason (may be empty)",
            Label::Others => "Other answers",
            Label::OthersHint => {
                "Each has a link of its own in the message that brought you here. What is safer needs no approval."
            }
            Label::Report => "Report",
            Label::StatusPage => "Status page",
            Label::CurrentState => "How it stands now",
            Label::Pending => "Your answer is on its way. This page looks again every two seconds.",
            Label::StillUnknown => {
                "It is not known yet what became of your answer. Reload this page in a while, or look at the \
                 message's thread; answering twice does no harm."
            }
            Label::Unsent => "Your answer could not be handed on, and nothing was done. Try again.",
            Label::Refreshes => "This page looks again every 30 seconds.",
            Label::Stop => "Stop that",
            Label::Live => "Look again every 30 seconds",
            Label::InEnglish => "",
            Label::Good => "good",
            Label::Bad => "bad",
            Label::Unknown => "unclear",
        }
    }

    fn nothing(&self, nothing: Nothing) -> (&'static str, &'static str) {
        match nothing {
            Nothing::Front => (
                "Tidegate",
                "Here rollouts are looked at and decided on. Open the link in the message that you were sent; without \
                 one there is nothing to see.",
            ),
            Nothing::NoPage => (
                "There is no such page",
                "Open the link in the message that you were sent, as it stands there.",
            ),
            Nothing::Method => (
                "That cannot be done here",
                "This page can be looked at, and its form can be sent.",
            ),
            Nothing::TooLong => ("That is too much", "Nothing was done. Send less."),
            Nothing::NoForm => (
                "That is no form",
                "Nothing was done. Open the link in a browser and answer there.",
            ),
            Nothing::ElseWhere => (
                "That was sent from another page",
                "Nothing was done. Open the link in the message and answer there.",
            ),
            Nothing::Malformed => (
                "This is not a whole link",
                "A mail program may have broken the line. Copy all of it from the message, or open it there.",
            ),
            Nothing::NotOurs => (
                "This link is not valid",
                "It was changed, or signed with a key that is not in use any more. Ask for the message to be sent again, \
                 or use the command `tidegate`.",
            ),
            Nothing::OtherDeployment => (
                "This link is for another deployment",
                "It was made for another account, region or installation of Tidegate and does nothing here. Open it at \
                 the address that stands in its message.",
            ),
            Nothing::NotYet => (
                "This link is not good yet",
                "It was made in the future: one of two clocks is wrong. Try again in a minute.",
            ),
            Nothing::Unread => (
                "The rollout cannot be read just now",
                "Nothing was done. Try again in a few seconds. If traffic must go back at once: `tidegate rollback`, or \
                 `tidegate rollback --direct` with the plan.",
            ),
        }
    }

    fn question(&self, action: Action, rollout: &str, phase: Option<&PhaseName>) -> String {
        let phase = phase.map_or_else(String::new, |phase| format!("phase {phase} of "));
        match action {
            Action::Approve => format!("Go on from {phase}{rollout}?"),
            Action::Reject => format!("Refuse to go on from {phase}{rollout}?"),
            Action::Rollback => format!("Roll back {rollout}?"),
            Action::Hold => format!("Hold {rollout}?"),
            Action::Accept => format!("Accept the incident of {rollout}?"),
            Action::View => rollout.to_owned(),
        }
    }

    fn act(&self, action: Action) -> &'static str {
        match action {
            Action::Approve => "Approve",
            Action::Reject => "Reject",
            Action::Rollback => "Roll back",
            Action::Hold => "Hold",
            Action::Accept => "Accept",
            Action::View => "Look",
        }
    }

    fn does(&self, action: Action, rollout: &Rollout, incident: Option<&str>) -> String {
        let approval = rollout
            .current_phase()
            .and_then(|phase| phase.approval.as_ref());
        match action {
            Action::Approve => {
                let needed = approval.map_or(1, |approval| approval.needed);
                let people = if needed == 1 { "person".to_owned() } else { format!("{needed} people") };
                let then = match next_phase(rollout) {
                    Some(next) => format!("phase {} begins: {}", next.name, self.next(next)),
                    None => "the rollout goes on to its end".to_owned(),
                };
                if needed == 1 {
                    format!("You agree to go on. One {people} must agree, then {then}.")
                } else {
                    format!("You agree to go on. {people} must agree, then {then}.")
                }
            }
            Action::Reject => match approval.map(|approval| approval.otherwise) {
                Some(Otherwise::Rollback) => {
                    "You do not agree: all traffic goes back to stable at once.".to_owned()
                }
                Some(Otherwise::Hold) | None => {
                    "You do not agree: the weights stay as they are, and nothing goes on until somebody resumes it."
                        .to_owned()
                }
            },
            Action::Rollback => format!(
                "All traffic goes back to stable, within {} at most, and the rollout ends.",
                Spell(rollout.plan.rollback.within)
            ),
            Action::Hold => {
                "The weights stay as they are, and nothing goes on until somebody resumes it. Alarms still send traffic \
                 back."
                    .to_owned()
            }
            Action::Accept => {
                let which = incident.map_or_else(|| "An incident".to_owned(), |name| format!("The incident {name}"));
                let lasts = Spell(ACCEPTED_FOR);
                format!(
                    "{which} is accepted for {lasts}: for that time it does not hold the rollout. After that it holds it again, if \
                     it is not over."
                )
            }
            Action::View => "You see how the rollout stands.".to_owned(),
        }
    }

    fn made_for(&self, approver: &str, until: &str) -> String {
        format!("This link was made for {approver} and is good until {until}.")
    }

    fn standing(&self, standing: Standing, time: &dyn Fn(Timestamp) -> String) -> Option<String> {
        Some(match standing {
            Standing::Open | Standing::View => return None,
            Standing::Expired(at) => format!(
                "This link expired at {} and does nothing any more. A newer message may have a new one; the command \
                 `tidegate` always works.",
                time(at)
            ),
            Standing::Used(at) => format!(
                "This link was answered at {}, and what it asks for is done. It acts only once.",
                time(at)
            ),
            Standing::Locked => {
                "Too many codes were wrong, so this link takes none any more. Use another answer's link, the buttons in \
                 Slack or the command `tidegate`."
                    .to_owned()
            }
            Standing::Gone => "There is no such rollout any more.".to_owned(),
            Standing::MovedOn => {
                "The rollout has moved on since this link was made, so it does nothing any more. The newest message \
                 has what can be decided now."
                    .to_owned()
            }
            Standing::Agreed => "You have approved already. Nothing more is needed from you.".to_owned(),
            Standing::Moot => "There is nothing to decide with this link now.".to_owned(),
        })
    }

    fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Done => "Done. What you asked for has been decided.".to_owned(),
            Outcome::WrongCode { left } => format!("The code was wrong, and nothing was done. {}", self.left(*left)),
            Outcome::NoCode => {
                "What was typed is no code, and nothing was done. A code has six letters and digits.".to_owned()
            }
            Outcome::Locked => {
                "The code was wrong, and it was the last try: this link takes none any more. Nothing was done.".to_owned()
            }
            Outcome::Refused { why } => format!("It was not done: {}.", why.en),
            Outcome::Unsure { why } => format!("It is decided or being tried, and not yet seen: {}.", why.en),
        }
    }

    fn left(&self, left: u32) -> String {
        match left {
            1 => "One try is left.".to_owned(),
            left => format!("{left} tries are left."),
        }
    }

    fn place(&self, phase: &str, number: usize, of: usize) -> String {
        format!("{phase} ({number} of {of})")
    }

    fn started(&self, by: &str, at: &str) -> String {
        format!("by {by}, {at}")
    }

    fn approvals(&self, have: usize, needed: u32, by: &[String]) -> String {
        if by.is_empty() {
            format!("{have} of {needed} so far")
        } else {
            format!("{have} of {needed} so far: {}", by.join(", "))
        }
    }

    fn may_approve(&self, groups: &[String]) -> String {
        format!("May approve: {}", groups.join(" or "))
    }

    fn confirmed(&self, by: &str) -> String {
        format!("confirmed by {by}")
    }

    fn due(&self, by: &str, otherwise: Otherwise) -> String {
        match otherwise {
            Otherwise::Hold => format!("decide by {by}, or it goes on holding"),
            Otherwise::Rollback => format!("decide by {by}, or traffic goes back"),
        }
    }

    fn next(&self, phase: &Phase) -> String {
        format!(
            "canary {}, for at least {}",
            phase.weights,
            Spell(phase.bake)
        )
    }

    fn chart(&self, metric: &str, canary: Option<&str>, stable: Option<&str>) -> String {
        let side = |name: &str, value: Option<&str>| match value {
            Some(value) => format!("{name} last {value}"),
            None => format!("{name} without data"),
        };
        format!(
            "{metric} over time: {}, {}",
            side("canary", canary),
            side("stable", stable)
        )
    }
}

/// The phase after the one that the rollout is in.
fn next_phase(rollout: &Rollout) -> Option<&Phase> {
    rollout.plan.phases.get(rollout.phase?.checked_add(1)?)
}
