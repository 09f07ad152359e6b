//! Why something that a person asked for is not done.

use crate::{
    name::{ItemName, Person, PhaseName, RouteName},
    rollout::{IncidentSource, Status},
    time::Timestamp,
    traffic::Weight,
};

/// Why something that a person asked for is not done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The rollout has ended.
    #[error("the rollout has ended: it is {status}")]
    Ended {
        /// How.
        status: Status,
    },
    /// Another rollout of the service has come after it.
    #[error("rollout #{by} has come after this one; it can only be gone back from that")]
    Followed {
        /// The newer rollout's number.
        by: u64,
    },
    /// It makes no sense where the rollout stands.
    #[error("`{verb}` is not possible while the rollout is {status}")]
    NotNow {
        /// What was asked for.
        verb: &'static str,
        /// Where it stands.
        status: Status,
    },
    /// Weights are being changed at this moment.
    #[error("weights are being changed at this moment; ask again in a few seconds")]
    InFlight,
    /// A reason must be given.
    #[error("`{verb}` needs a reason; it goes into the ledger")]
    NoReason {
        /// What was asked for.
        verb: &'static str,
    },
    /// Nothing holds the rollout.
    #[error("nothing holds the rollout, so there is nothing to resume")]
    NothingHeld,
    /// Nothing has failed.
    #[error("nothing has failed that could be tried again")]
    NothingFailed,
    /// It was rolled back: trying again is a new rollout.
    #[error("the rollout was rolled back; trying again starts a new one")]
    StartsAnew,
    /// It concerns another phase than the one the rollout is in.
    #[error("this concerns phase {asked}, but the rollout is in {}", current_words(.current.as_ref()))]
    OtherPhase {
        /// The phase that was looked at.
        asked: PhaseName,
        /// The phase it is in, if it is in one.
        current: Option<PhaseName>,
    },
    /// What was shown is of another plan than the rollout's.
    #[error("this was asked about another plan than the rollout runs")]
    OtherPlan,
    /// The rollout does not stand any more where it did when it was shown.
    #[error("the rollout has moved on since this was shown: it is {status}{} now", in_phase(.phase.as_ref()))]
    MovedOn {
        /// Where it stands.
        status: Status,
        /// The phase it is in, if it is in one.
        phase: Option<PhaseName>,
    },
    /// The person is in none of the groups that may approve.
    #[error("{who} may not approve this phase; {may} may")]
    NotAnApprover {
        /// The person.
        who: Person,
        /// The groups.
        may: String,
    },
    /// Four eyes are required, and the person started the rollout.
    #[error("{who} started this rollout and may not approve it too; another approver must")]
    OwnRollout {
        /// The person.
        who: Person,
    },
    /// There is no such incident.
    #[error("there is no incident `{asked}`; {}", open_words(.open))]
    UnknownIncident {
        /// What was asked for.
        asked: String,
        /// Which are open.
        open: Vec<IncidentSource>,
    },
    /// The incident that was shown is over or accepted, or another one has been opened in its place.
    #[error("the incident that was shown has been accepted already or is over; {}", open_words(.open))]
    IncidentOver {
        /// Which are open.
        open: Vec<IncidentSource>,
    },
    /// The phase has no such item.
    #[error("the phase has no checklist item `{0}`")]
    UnknownItem(ItemName),
    /// The plan has no such route.
    #[error("the plan has no route `{0}`")]
    UnknownRoute(RouteName),
    /// A route cannot express a weight.
    #[error("{route} cannot express {wanted}; the nearest it can are {below} and {above}")]
    Inexpressible {
        /// The route.
        route: RouteName,
        /// The weight.
        wanted: Weight,
        /// The nearest below.
        below: Weight,
        /// The nearest above.
        above: Weight,
    },
    /// The time to go back without phases is over.
    #[error(
        "going back without phases was possible until {0}; start a rollout the other way round"
    )]
    FastTrackOver(Timestamp),
    /// The canary is not yet the new stable on a route.
    #[error(
        "{route} would send {} to the canary without Tidegate's rule; make the canary the new stable first",
        share_words(*.base)
    )]
    NotTheNewStable {
        /// The route.
        route: RouteName,
        /// The canary's share, if it is known.
        base: Option<Weight>,
    },
    /// A time that should come is past.
    #[error("{0} is past")]
    Past(Timestamp),
    /// A new plan does not take over a route that carries weight.
    #[error("route `{0}` carries weight and is not the same in the new plan; roll back first")]
    RouteLeftBehind(RouteName),
    /// The plan does not hold together.
    #[error("the plan is not sound: {0}")]
    UnsoundPlan(String),
    /// Guarding alarms are not as they should be.
    #[error("not started: {0}; start with a reason to override")]
    AlarmsNotWell(String),
}

fn in_phase(phase: Option<&PhaseName>) -> String {
    phase.map_or_else(String::new, |phase| format!(" in phase {phase}"))
}

fn current_words(phase: Option<&PhaseName>) -> String {
    phase.map_or_else(|| "no phase yet".to_owned(), ToString::to_string)
}

fn open_words(open: &[IncidentSource]) -> String {
    if open.is_empty() {
        return "none is open".to_owned();
    }
    let open: Vec<String> = open.iter().map(ToString::to_string).collect();
    format!("open are: {}", open.join("; "))
}

fn share_words(share: Option<Weight>) -> String {
    share.map_or_else(|| "an unknown share".to_owned(), |share| share.to_string())
}
