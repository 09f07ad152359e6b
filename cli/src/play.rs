//! Playing a run: where the minutes of the box go, and how long each may take.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{ledger::export, plan::Plan, words::Tone};
use sim::{Frame, Scenario, Simulation, Summary};

use crate::{
    args::Speed,
    console::{Console, Device},
    demo::desk::{Desk, Waits},
    json,
    live::{self, Ended},
    transcript::{self, Voice},
    words,
};

/// What is to be played, and how.
pub(crate) struct Play<'a> {
    pub(crate) plan: Arc<Plan>,
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    pub(crate) pace: Option<Pace>,
    /// How long it takes in a terminal if no pace is asked for, without the pauses for reading.
    pub(crate) whole: Duration,
    pub(crate) voice: Voice,
    /// Where whoever watches can decide too.
    pub(crate) desk: Option<&'a Desk>,
}

impl Play<'_> {
    /// Plays it where it is seen best; none if a person stopped it.
    pub(crate) fn show(self, console: &mut Console<'_>) -> io::Result<Option<Summary>> {
        let mut simulation = Simulation::new(self.plan.clone(), self.scenario, self.seed);
        let here = &console.surroundings;
        if here.stdout == Device::Terminal && !here.dumb {
            let pace = self
                .pace
                .unwrap_or_else(|| Pace::within(self.whole, &self.plan));
            let paint = console.paint();
            let ended = live::Player {
                plan: &self.plan,
                pace,
                voice: self.voice,
                paint,
                keys: here.stdin,
                desk: self.desk,
            }
            .run(&mut simulation, console.out)?;
            return Ok(match ended {
                Ended::Over => Some(simulation.summary()),
                Ended::Stopped => None,
            });
        }
        let mut clock = Clock::start(self.pace.unwrap_or(Pace::MAX));
        let paint = console.paint();
        while let Some(frame) = simulation.step() {
            let mut lines = transcript::lines(&frame, self.voice, &self.plan.calendar.zone);
            if let Some(desk) = self.desk {
                let offered = desk.look(&frame, Waits::Not);
                lines.extend(offered.into_iter().flat_map(|offered| offered.lines));
                lines.extend(desk.take(&mut simulation));
            }
            for line in lines {
                writeln!(console.out, "{}", line.painted(paint))?;
            }
            std::thread::sleep(clock.wait(&frame));
        }
        Ok(Some(simulation.summary()))
    }

    /// Prints it as JSON lines.
    pub(crate) fn json(self, console: &mut Console<'_>) -> io::Result<Summary> {
        let mut simulation = Simulation::new(self.plan.clone(), self.scenario, self.seed);
        let mut clock = Clock::start(self.pace.unwrap_or(Pace::MAX));
        while let Some(frame) = simulation.step() {
            for entry in &frame.entries {
                write!(console.out, "{}", export::entry(&entry.line()))?;
            }
            std::thread::sleep(clock.wait(&frame));
        }
        let summary = simulation.summary();
        json::line(
            console.out,
            &json::Summary::new(&self.plan, self.seed, &summary),
        )?;
        Ok(summary)
    }
}

/// How long the minutes take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    minute: Duration,
    reading: Reading,
}

/// Whether the clock stops to let people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// It slows down where something happens.
    Paused,
    /// It does not.
    Steady,
}

impl Pace {
    pub(crate) const MAX: Self = Self {
        minute: Duration::ZERO,
        reading: Reading::Steady,
    };

    /// What a person asked for.
    pub(crate) fn asked(speed: Speed) -> Self {
        Self {
            minute: speed.real(1),
            reading: Reading::Steady,
        }
    }

    /// Whether the clock stands still for whoever watches.
    pub(crate) const fn waits(self) -> Waits {
        match self.reading {
            Reading::Paused => Waits::Still,
            Reading::Steady => Waits::Not,
        }
    }

    /// As fast as the plan must go to be over in `whole`, and slower where something happens.
    pub(crate) fn within(whole: Duration, plan: &Plan) -> Self {
        let minutes = u32::try_from(words::least(plan).as_mins()).unwrap_or(u32::MAX);
        Self {
            minute: (whole / minutes.max(1)).min(Duration::from_millis(200)),
            reading: Reading::Paused,
        }
    }

    /// Twice as fast, or half.
    pub(crate) fn scaled(self, change: Change) -> Self {
        let minute = match change {
            Change::Faster => self.minute / 2,
            Change::Slower => {
                (self.minute * 2).clamp(Duration::from_millis(1), Duration::from_mins(1))
            }
        };
        Self { minute, ..self }
    }

    /// How much faster than the real one the clock runs; none if nothing holds it back.
    pub(crate) fn times(self) -> Option<u64> {
        let nanos = self.minute.as_nanos();
        (nanos > 0).then(|| u64::try_from(60_000_000_000 / nanos).unwrap_or(u64::MAX))
    }
}

/// A change of pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Faster,
    Slower,
}

/// When the next minute may be shown.
pub(crate) struct Clock {
    pub(crate) pace: Pace,
    due: Instant,
    /// Minutes of trouble that were slowed down: what matters happens in the first.
    slowed: u32,
}

impl Clock {
    pub(crate) fn start(pace: Pace) -> Self {
        Self {
            pace,
            due: Instant::now(),
            slowed: 0,
        }
    }

    /// How long to wait after a minute.
    pub(crate) fn wait(&mut self, frame: &Frame) -> Duration {
        let length = self.length(frame);
        let now = Instant::now();
        self.due += length;
        // What is late by more than can be seen is not made up for in a rush.
        if now.saturating_duration_since(self.due) > Duration::from_millis(50) {
            self.due = now;
        }
        self.due.saturating_duration_since(now)
    }

    fn length(&mut self, frame: &Frame) -> Duration {
        if self.pace.reading == Reading::Steady {
            return self.pace.minute;
        }
        let mut length = self.pace.minute;
        if is_troubled(frame) && self.slowed < SLOWED_MAX {
            self.slowed += 1;
            length = length.max(SLOW);
        }
        let reading = frame.entries.iter().map(|entry| {
            Duration::from_millis(match domain::words::tone(&entry.fact) {
                None => 0,
                Some(Tone::Note) => 200,
                Some(Tone::Good) => 600,
                Some(Tone::Ask) => 1_200,
                Some(Tone::Bad) => 2_500,
            })
        });
        length + reading.max().unwrap_or_default()
    }
}

/// How long a minute of trouble takes at least, so that it can be followed.
const SLOW: Duration = Duration::from_millis(400);
/// How many of them.
const SLOWED_MAX: u32 = 12;

/// Whether something goes wrong: often a few minutes before anybody is told.
fn is_troubled(frame: &Frame) -> bool {
    let rollout = &frame.rollout;
    if rollout.status.is_rollback() || rollout.holding_incidents().next().is_some() {
        return rollout.status.is_active();
    }
    let canaries = frame.sides.values().filter_map(|sides| sides.first());
    let (requests, errors) = canaries.fold((0, 0), |(requests, errors), side| {
        (requests + side.requests, errors + side.errors)
    });
    // More than a rate of errors that goes up and down on a good day.
    requests >= 20 && errors * 25 > requests
}
