//! A run in a terminal: the ledger scrolls by, and below it stands how things are now.
//!
//! The view is drawn in a few lines below the cursor, not on a screen of its own, so that what was said
//! stays readable above the prompt when it is over.

mod draw;
mod keys;
mod screen;
#[cfg(feature = "aws")]
pub(crate) mod viewer;

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use domain::plan::Plan;
use sim::{Frame, Simulation};

use crate::{
    console::{Device, Paint},
    play::{Change, Clock, Pace},
    transcript::{self, Voice},
};
use draw::Scene;
use keys::Wish;
use screen::Screen;

/// Plays in a terminal.
pub(crate) struct Player<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) pace: Pace,
    pub(crate) voice: Voice,
    pub(crate) paint: Paint,
    /// Where keys would come from.
    pub(crate) keys: Device,
}

/// How a run ended for who watched it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself.
    Over,
    /// Somebody wants no more.
    Stopped,
}

/// Pictures a second: enough to look smooth, few enough for a slow connection.
const PICTURE: Duration = Duration::from_millis(40);

impl Player<'_> {
    /// Plays a run to its end, or until somebody stops it; the terminal is as it was then.
    pub(crate) fn run(
        &self,
        simulation: &mut Simulation,
        out: &mut dyn Write,
    ) -> io::Result<Ended> {
        let height = draw::height(self.plan);
        let mut screen = Screen::open(out, height, self.keys)?;
        let ended = self.play(simulation, &mut screen);
        screen.close()?;
        ended
    }

    fn play(&self, simulation: &mut Simulation, screen: &mut Screen<'_>) -> io::Result<Ended> {
        let mut clock = Clock::start(self.pace);
        let mut last_picture: Option<Instant> = None;
        while let Some(frame) = simulation.step() {
            let lines = transcript::lines(&frame, self.voice, &self.plan.calendar.zone);
            let something = !lines.is_empty();
            screen.above(&lines, self.paint)?;
            let wait = clock.wait(&frame);
            let stale = last_picture.is_none_or(|at| at.elapsed() >= PICTURE);
            if something || stale || wait > PICTURE {
                self.picture(screen, &frame, clock.pace)?;
                last_picture = Some(Instant::now());
            } else if wait.is_zero() {
                continue;
            }
            if self.listen(screen, simulation, &frame, &mut clock, wait)? == Ended::Stopped {
                return Ok(Ended::Stopped);
            }
        }
        Ok(Ended::Over)
    }

    fn picture(&self, screen: &mut Screen<'_>, frame: &Frame, pace: Pace) -> io::Result<()> {
        let scene = Scene {
            plan: self.plan,
            frame,
            pace,
            paint: self.paint,
            keys: screen.keys(),
        };
        screen.draw(|area| scene.draw(area))
    }

    /// Waits, and does what is asked for meanwhile.
    fn listen(
        &self,
        screen: &mut Screen<'_>,
        simulation: &mut Simulation,
        frame: &Frame,
        clock: &mut Clock,
        wait: Duration,
    ) -> io::Result<Ended> {
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match screen.wish(left)? {
                Some(Wish::Stop) => return Ok(Ended::Stopped),
                Some(Wish::Faster) => clock.pace = clock.pace.scaled(Change::Faster),
                Some(Wish::Slower) => clock.pace = clock.pace.scaled(Change::Slower),
                Some(Wish::Redraw) => self.picture(screen, frame, clock.pace)?,
                Some(Wish::Ask(answer)) => {
                    for (by, command) in answer.commands(&frame.rollout) {
                        // A refusal is in nobody's way: the view goes on to show what is waited for.
                        let _ = simulation.ask(by, command);
                    }
                }
                None if left.is_zero() => return Ok(Ended::Over),
                None => {}
            }
        }
    }
}
