//! When a plan's phases can begin at the earliest.

use domain::{
    plan::{Plan, phase::Phase},
    time::{SignedDuration, Timestamp, later},
};

/// A plan on the calendar: every gate passes at once, nobody is waited for.
pub(crate) struct Timeline<'a> {
    /// When it starts.
    pub(crate) start: Timestamp,
    /// The phases, in order.
    pub(crate) stages: Vec<Stage<'a>>,
    /// When the watch begins and ends, if there is one.
    pub(crate) watch: Option<(Timestamp, Timestamp)>,
    /// When everything has passed.
    pub(crate) ends: Timestamp,
}

/// A phase on the calendar.
pub(crate) struct Stage<'a> {
    pub(crate) phase: &'a Phase,
    /// What the calendar makes it wait for, and how long: the freeze's name, or that it is outside every window.
    pub(crate) waits: Option<(String, SignedDuration)>,
    pub(crate) begins: Timestamp,
    pub(crate) overdue: Option<Timestamp>,
}

/// The calendar never opens again.
#[derive(Debug, thiserror::Error)]
#[error(
    "phase `{phase}` could never begin: the calendar stays shut for more than a year after {after}"
)]
pub(crate) struct NeverOpens {
    phase: String,
    after: Timestamp,
}

impl<'a> Timeline<'a> {
    /// Puts a plan on the calendar.
    pub(crate) fn of(plan: &'a Plan, start: Timestamp) -> Result<Self, NeverOpens> {
        let mut at = start;
        let mut stages = Vec::new();
        for phase in &plan.phases {
            let (begins, waits) = open(plan, phase, at)?;
            stages.push(Stage {
                phase,
                waits,
                begins,
                overdue: phase.within.map(|within| later(begins, within)),
            });
            at = later(begins, phase.bake);
        }
        let watch = plan
            .watch
            .as_ref()
            .map(|watch| (at, later(at, watch.lasts)));
        let ends = watch.map_or(at, |(_, end)| end);
        Ok(Self {
            start,
            stages,
            watch,
            ends,
        })
    }
}

type Opening = (Timestamp, Option<(String, SignedDuration)>);

fn open(plan: &Plan, phase: &Phase, at: Timestamp) -> Result<Opening, NeverOpens> {
    let Err(shut) = plan.calendar.check(at) else {
        return Ok((at, None));
    };
    let opens = shut.opens.ok_or_else(|| NeverOpens {
        phase: phase.name.to_string(),
        after: at,
    })?;
    let why = match shut.freeze {
        Some(name) => format!("freeze {name}"),
        None => "the next window".to_owned(),
    };
    Ok((opens, Some((why, opens.duration_since(at)))))
}
