//! How a link stands to its rollout: can it still be answered, and if not, why not.

use domain::{
    event::Sight,
    rollout::{Incident, IncidentSource, Rollout, Status},
    time::{Timestamp, later},
};
use token::{
    Action, Claims,
    answer::{Outcome, Settled},
};

use crate::{known::Record, open::Visit};

/// How a link stands to its rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It can be answered.
    Open,
    /// It is for looking only.
    View,
    /// Its time is over.
    Expired(Timestamp),
    /// It has had its effect.
    Used(Timestamp),
    /// Too many codes were wrong.
    Locked,
    /// There is no such rollout any more.
    Gone,
    /// The rollout is not where it was when the link was made.
    MovedOn,
    /// This person has agreed already.
    Agreed,
    /// There is nothing to answer now.
    Moot,
}

impl Standing {
    /// How a visitor's link stands.
    pub(crate) fn of(
        visit: &Visit,
        rollout: Option<&Rollout>,
        record: &Record,
        now: Timestamp,
    ) -> Self {
        if let Some(at) = visit.expired {
            return Self::Expired(at);
        }
        let Some(rollout) = rollout else {
            return Self::Gone;
        };
        let claims = &visit.claims;
        if claims.action == Action::View {
            return Self::View;
        }
        match &record.settled {
            Some(Settled {
                outcome: Outcome::Done,
                at,
                ..
            }) => return Self::Used(*at),
            Some(Settled {
                outcome: Outcome::Locked,
                ..
            }) => return Self::Locked,
            Some(Settled {
                outcome:
                    Outcome::WrongCode { .. }
                    | Outcome::NoCode
                    | Outcome::Refused { .. }
                    | Outcome::Unsure { .. },
                ..
            })
            | None => {}
        }
        if record.left() == 0 {
            return Self::Locked;
        }
        if !fits(claims, rollout) {
            return Self::MovedOn;
        }
        asked(claims, rollout, now)
    }
}

/// Whether the rollout is still what the link speaks of. The way back needs only the plan.
fn fits(claims: &Claims, rollout: &Rollout) -> bool {
    let (shown, now) = (claims.sight(), Sight::of(rollout));
    match claims.action {
        Action::Rollback | Action::Hold | Action::View => shown.plan == now.plan,
        Action::Approve | Action::Reject | Action::Accept => shown == now,
    }
}

/// The incident that the link is about, if it is not over and nobody has accepted it.
pub(crate) fn shown_incident<'a>(
    claims: &Claims,
    rollout: &'a Rollout,
) -> Option<&'a IncidentSource> {
    let mut holding = rollout.holding_incidents();
    let is_shown = |(source, incident): &(&IncidentSource, &Incident)| {
        claims.incident == Some(incident.mark(source))
    };
    holding.find(is_shown).map(|(source, _)| source)
}

/// Whether what the link is for is asked now.
fn asked(claims: &Claims, rollout: &Rollout, now: Timestamp) -> Standing {
    let open = match claims.action {
        Action::Approve | Action::Reject => {
            let gate = rollout.gate.as_ref();
            let agreed = gate.is_some_and(|gate| gate.approvals.contains(&claims.approver));
            if agreed && claims.action == Action::Approve {
                return Standing::Agreed;
            }
            rollout.status == Status::AwaitingApproval
        }
        Action::Accept => shown_incident(claims, rollout).is_some(),
        Action::Hold => rollout.status.is_forward(),
        Action::Rollback => match rollout.status {
            Status::Completed { at } => now < later(at, rollout.plan.fast_track),
            Status::Starting
            | Status::Entering(_)
            | Status::Shifting
            | Status::Baking
            | Status::AwaitingApproval
            | Status::Watching
            | Status::AwaitingFinish
            | Status::Finishing
            | Status::RollingBack { .. }
            | Status::Guarding { .. }
            | Status::RolledBack { .. }
            | Status::Superseded { .. } => rollout.status.is_forward(),
        },
        Action::View => return Standing::View,
    };
    if open { Standing::Open } else { Standing::Moot }
}
