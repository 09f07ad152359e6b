//! Who is offered which decision: one link an approver and action, signed, with a code beside it.
//!
//! A link's name is made from the entry, the approver and the action, so that a message that is sent again has the same
//! links. What is offered is what can still be decided: where the rollout has moved on since the entry, only the way
//! back is left.

use std::fmt;

use aws::keyring::Keys;
use domain::{
    name::Person,
    plan::gate::FourEyes,
    rollout::{Hold, Incident, IncidentMark, IncidentSource, Rollout, Status},
    time::{Timestamp, later},
    waiting::approval_deadline,
    words::Phrase,
};
use token::{ACCEPTED_FOR, Action, Claims, LIFETIME_MAX, SignedLink};

use crate::news::News;

/// The most people who are offered links.
const DECIDERS_MAX: usize = 32;

/// Whom a button's token is for: whoever presses it says who they are, by Slack.
const BY_SLACK: &str = "slack";

/// Whom the link to the status page is for.
const READERS: &str = "readers";

/// What one person may press.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) person: Person,
    /// Who that is in Slack, if it is known.
    pub(crate) slack: Option<String>,
    pub(crate) presses: Vec<Press>,
}

/// One link and its code. Neither is shown by `Debug`.
#[derive(Clone)]
pub(crate) struct Press {
    pub(crate) action: Action,
    pub(crate) address: String,
    pub(crate) code: String,
}

/// One button, which carries a token. It is not shown by `Debug`.
#[derive(Clone)]
pub(crate) struct Button {
    pub(crate) action: Action,
    pub(crate) token: String,
}

impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Press({})", self.action)
    }
}

impl fmt::Debug for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Button({})", self.action)
    }
}

/// Everything that is offered with a message.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) offers: Vec<Offer>,
    pub(crate) buttons: Vec<Button>,
    pub(crate) page: Option<String>,
}

/// The links of a message.
pub(crate) fn links(news: &News, rollout: &Rollout, keys: &Keys) -> Links {
    let maker = Maker {
        news,
        rollout,
        keys,
    };
    let page = maker.link(&Person::new(READERS), Action::View);
    let actions = actions(news, rollout);
    if actions.is_empty() {
        return Links {
            page: page.map(|link| link.at(&keys.host)),
            ..Links::default()
        };
    }
    let offers = deciders(rollout).into_iter().map(|person| Offer {
        slack: slack_id(rollout, &person),
        presses: maker.presses(&person, &allowed(rollout, &person, &actions)),
        person,
    });
    let pressed = actions.iter().filter_map(|action| {
        let link = maker.link(&Person::new(BY_SLACK), *action)?;
        Some(Button {
            action: *action,
            token: link.expose().to_owned(),
        })
    });
    Links {
        offers: offers.take(DECIDERS_MAX).collect(),
        buttons: pressed.collect(),
        page: page.map(|link| link.at(&keys.host)),
    }
}

/// What may be decided on what the message tells, as the rollout stands.
fn actions(news: &News, rollout: &Rollout) -> Vec<Action> {
    let asks = [
        "approval-asked",
        "approval-expired",
        "overdue",
        "incident-opened",
        "incident-overdue",
        "risk-over",
        "escalated",
        "reminded",
        "gate-failed",
        "gate-waits",
        "unmeasured",
        "change-stuck",
        "route-obstructed",
        "hook-failed",
        "drift-found",
        "hand-closed",
        "alarm-silent",
    ];
    if !asks.contains(&news.told.line.kind.as_str()) || !rollout.status.is_forward() {
        return Vec::new();
    }
    let unmoved = news.told.line.epoch == rollout.epoch.0;
    let approval = rollout.status == Status::AwaitingApproval && unmoved;
    let mut actions = Vec::new();
    if approval && !rollout.holds.contains(&Hold::Rejected) {
        actions.extend([Action::Approve, Action::Reject]);
    }
    actions.push(Action::Rollback);
    if incident(news, rollout).is_some() && unmoved {
        actions.push(Action::Accept);
    }
    if rollout.holds.is_empty() {
        actions.push(Action::Hold);
    }
    actions
}

/// The incident that a message tells of, if somebody still has to decide on it.
fn incident(news: &News, rollout: &Rollout) -> Option<IncidentMark> {
    let told = news.told.incident.as_deref()?;
    let mut holding = rollout.holding_incidents();
    // A message that comes late is not about what the same source has opened since.
    let is_meant = |(source, incident): &(&IncidentSource, &Incident)| {
        source.to_string() == told && incident.opened <= news.at
    };
    let (source, incident) = holding.find(is_meant)?;
    Some(incident.mark(source))
}

/// Who may decide: who approves the phase; where nobody does, who is told when nobody decides; else every group.
fn deciders(rollout: &Rollout) -> Vec<Person> {
    let plan = &rollout.plan;
    let phase = rollout.current_phase();
    let approval = phase.and_then(|phase| phase.approval.as_ref());
    let groups: Vec<_> = match approval {
        Some(approval) => approval.from.iter().collect(),
        None if !plan.escalation.is_empty() => plan
            .escalation
            .iter()
            .flat_map(|level| &level.tell)
            .collect(),
        None => plan.groups.keys().collect(),
    };
    let mut people: Vec<Person> = Vec::new();
    for person in groups
        .iter()
        .filter_map(|group| plan.groups.get(*group))
        .flatten()
    {
        let person = plan.person(person);
        if !people.contains(&person) {
            people.push(person);
        }
    }
    people
}

/// What one person may do of that: whoever started a rollout does not approve it where four eyes are required.
fn allowed(rollout: &Rollout, person: &Person, actions: &[Action]) -> Vec<Action> {
    let phase = rollout.current_phase();
    let approval = phase.and_then(|phase| phase.approval.as_ref());
    let required = approval.is_some_and(|approval| approval.four_eyes == FourEyes::Required);
    let own = required && rollout.plan.person(&rollout.started_by) == *person;
    let allowed = actions.iter().copied();
    allowed
        .filter(|action| !own || *action != Action::Approve)
        .collect()
}

/// A person's id in Slack: what the plan says of them, or what it calls them by if that looks like one (`U` or `W` and
/// capital letters and digits).
fn slack_id(rollout: &Rollout, person: &Person) -> Option<String> {
    let handles = rollout.plan.people.get(person);
    if let Some(id) = handles.and_then(|handles| handles.slack.clone()) {
        return Some(id);
    }
    let text = person.as_str();
    let is_id = (9..=16).contains(&text.len())
        && text.starts_with(['U', 'W'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_id.then(|| text.to_owned())
}

struct Maker<'a> {
    news: &'a News,
    rollout: &'a Rollout,
    keys: &'a Keys,
}

impl Maker<'_> {
    fn presses(&self, person: &Person, actions: &[Action]) -> Vec<Press> {
        let press = |action: &Action| {
            let link = self.link(person, *action)?;
            Some(Press {
                action: *action,
                address: link.at(&self.keys.host),
                code: self.keys.codes.code(link.id()).expose(),
            })
        };
        actions.iter().filter_map(press).collect()
    }

    /// A link; none for somebody whose name no link can carry.
    fn link(&self, person: &Person, action: Action) -> Option<SignedLink> {
        let name = self.news.name();
        let issued = self.news.at;
        let claims = Claims {
            audience: self.keys.audience.clone(),
            rollout: self.rollout.id.clone(),
            epoch: self.rollout.epoch,
            phase: self.rollout.current_phase().map(|phase| phase.name.clone()),
            plan: self.rollout.plan.hash,
            action,
            incident: incident(self.news, self.rollout).filter(|_| action == Action::Accept),
            approver: person.clone(),
            issued,
            expires: self.expires(action, issued),
            id: self
                .keys
                .codes
                .link_id(&format!("{name}/{person}/{action}")),
        };
        match self.keys.signer.sign(&claims) {
            Ok(link) => Some(link),
            Err(why) => {
                tracing::warn!(rollout = %self.rollout.id, error = %why, "a link was not made");
                None
            }
        }
    }

    /// A decision on the phase ends with its deadline; the way back is open longer.
    fn expires(&self, action: Action, issued: Timestamp) -> Timestamp {
        let longest = later(issued, LIFETIME_MAX);
        match action {
            Action::Approve | Action::Reject => {
                approval_deadline(self.rollout).map_or(longest, |deadline| deadline.min(longest))
            }
            Action::Rollback | Action::Hold | Action::Accept | Action::View => longest,
        }
    }
}

/// What a button or a link says.
pub(crate) const fn label(action: Action) -> Phrase<'static> {
    match action {
        Action::Approve => Phrase::Approve,
        Action::Accept => Phrase::Accept(ACCEPTED_FOR),
        Action::Reject => Phrase::Reject,
        Action::Rollback => Phrase::RollBack,
        Action::Hold => Phrase::Hold,
        Action::View => Phrase::StatusPage,
    }
}

/// What Slack sends back when a button is pressed.
pub(crate) const fn action_id(action: Action) -> &'static str {
    match action {
        Action::Approve => "approve",
        Action::Reject => "reject",
        Action::Rollback => "rollback",
        Action::Hold => "hold",
        Action::Accept => "accept",
        Action::View => "view",
    }
}
