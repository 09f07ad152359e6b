//! What a person asks for with a key.

use domain::{
    event::Command,
    name::{GroupName, Person},
    rollout::{Hold, Rollout},
    waiting::Waiting,
};
use ratatui_crossterm::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// No more.
    Stop,
    /// A clock twice as fast.
    Faster,
    /// A clock half as fast.
    Slower,
    /// The terminal has another size.
    Redraw,
    /// Something of the rollout.
    Ask(Answer),
}

/// What a person says to the rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Yes to whatever it waits for.
    Yes,
    /// Traffic should go back.
    Back,
    /// Pause, or go on.
    Pause,
}

/// What an event of the terminal asks for, if anything.
pub(super) fn wish(event: &Event) -> Option<Wish> {
    let key = match event {
        Event::Resize(..) => return Some(Wish::Redraw),
        Event::Key(key) if key.kind == KeyEventKind::Press => key,
        Event::Key(_)
        | Event::FocusGained
        | Event::FocusLost
        | Event::Mouse(_)
        | Event::Paste(_) => return None,
    };
    let KeyCode::Char(letter) = key.code else {
        return None;
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (letter == 'c').then_some(Wish::Stop);
    }
    match letter.to_ascii_lowercase() {
        'q' => Some(Wish::Stop),
        'f' => Some(Wish::Faster),
        's' => Some(Wish::Slower),
        'a' => Some(Wish::Ask(Answer::Yes)),
        'b' => Some(Wish::Ask(Answer::Back)),
        'p' => Some(Wish::Ask(Answer::Pause)),
        _ => None,
    }
}

const REASON: &str = "asked for at the keyboard";

impl Answer {
    /// The commands that say so, and by whom: only who is in an asked group may approve.
    pub(super) fn commands(self, rollout: &Rollout) -> Vec<(Person, Command)> {
        let reason = || REASON.to_owned();
        match self {
            Self::Yes => yes(rollout),
            Self::Back => vec![(somebody(rollout), Command::Rollback { reason: reason() })],
            Self::Pause if rollout.holds.contains(&Hold::Paused) => {
                vec![(somebody(rollout), Command::Resume { reason: reason() })]
            }
            Self::Pause => vec![(somebody(rollout), Command::Pause { reason: reason() })],
        }
    }
}

/// Yes to a hold is to go on, to a checklist that all of it is done, else to approve.
fn yes(rollout: &Rollout) -> Vec<(Person, Command)> {
    let Some(phase) = rollout.current_phase() else {
        return Vec::new();
    };
    if !rollout.holds.is_empty() || rollout.holding_incidents().next().is_some() {
        let reason = REASON.to_owned();
        return vec![(somebody(rollout), Command::Resume { reason })];
    }
    let checked = |item| {
        rollout
            .gate
            .as_ref()
            .is_some_and(|gate| gate.checked.contains_key(item))
    };
    let mut commands: Vec<(Person, Command)> = phase
        .checklist
        .iter()
        .filter(|item| !checked(&item.name))
        .map(|item| {
            let command = Command::Check {
                phase: phase.name.clone(),
                item: item.name.clone(),
            };
            (somebody(rollout), command)
        })
        .collect();
    let approver = phase
        .approval
        .as_ref()
        .and_then(|approval| who_has_not_approved(rollout, &approval.from));
    if let Some(person) = approver {
        let phase = phase.name.clone();
        commands.push((person, Command::Approve { phase }));
    }
    commands
}

fn who_has_not_approved(rollout: &Rollout, groups: &[GroupName]) -> Option<Person> {
    let approvals = rollout.gate.as_ref().map(|gate| &gate.approvals);
    let people = groups
        .iter()
        .filter_map(|group| rollout.plan.groups.get(group));
    people
        .flatten()
        .find(|person| approvals.is_none_or(|approvals| !approvals.contains(*person)))
        .cloned()
}

/// Whoever the plan names first: at this keyboard sits everybody.
fn somebody(rollout: &Rollout) -> Person {
    let mut people = rollout.plan.groups.values().flatten();
    people
        .next()
        .cloned()
        .unwrap_or_else(|| rollout.started_by.clone())
}

/// What a key would do now, for the line that says so.
pub(super) fn hint(waiting: &Waiting) -> &'static str {
    match waiting {
        Waiting::Approval { .. } => "a approve",
        Waiting::Checklist { .. } => "a tick all",
        Waiting::Person { .. } | Waiting::Incident { .. } => "a go on",
        Waiting::Nothing
        | Waiting::Write { .. }
        | Waiting::Effect { .. }
        | Waiting::Bake { .. }
        | Waiting::Evidence { .. }
        | Waiting::Calendar(_)
        | Waiting::Hook { .. }
        | Waiting::Drift { .. }
        | Waiting::Alarm { .. }
        | Waiting::Finish
        | Waiting::Guard { .. }
        | Waiting::Sweep => "",
    }
}
