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
    demo::desk::{Desk, Offered},
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
    /// Where else decisions come from.
    pub(crate) desk: Option<&'a Desk>,
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
            let mut lines = transcript::lines(&frame, self.voice, &self.plan.calendar.zone);
            let offered = self
                .desk
                .and_then(|desk| desk.look(&frame, clock.pace.waits()));
            lines.extend(offered.iter().flat_map(|offered| offered.lines.clone()));
            let something = !lines.is_empty();
            screen.above(&lines, self.paint)?;
            let wait = clock.wait(&frame);
            let stale = last_picture.is_none_or(|at| at.elapsed() >= PICTURE);
            if something || stale || wait > PICTURE || offered.is_some() {
                self.picture(screen, &frame, clock.pace)?;
                last_picture = Some(Instant::now());
            } else if wait.is_zero() {
                continue;
            }
            let ended = self.listen(screen, simulation, &frame, &mut clock, wait, offered)?;
            if ended == Ended::Stopped {
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

    /// Waits, the longer if links were offered, and does what is asked for meanwhile.
    fn listen(
        &self,
        screen: &mut Screen<'_>,
        simulation: &mut Simulation,
        frame: &Frame,
        clock: &mut Clock,
        wait: Duration,
        mut offered: Option<Offered>,
    ) -> io::Result<Ended> {
        let until = Instant::now() + wait;
        loop {
            let answered = self.desk.map(|desk| desk.take(simulation));
            if let Some(lines) = answered.filter(|lines| !lines.is_empty()) {
                screen.above(&lines, self.paint)?;
                offered = None;
            }
            let stands = self.desk.zip(offered.as_ref());
            let stands = stands.map(|(desk, offered)| desk.stands_until(offered));
            let until = stands.map_or(until, |stands| stands.max(until));
            let left = until.saturating_duration_since(Instant::now());
            match screen.wish(left)? {
                Some(Wish::Stop) => return Ok(Ended::Stopped),
                Some(Wish::Faster) => {
                    clock.pace = clock.pace.scaled(Change::Faster);
                    offered = None;
                }
                Some(Wish::Slower) => clock.pace = clock.pace.scaled(Change::Slower),
                Some(Wish::Redraw) => self.picture(screen, frame, clock.pace)?,
                Some(Wish::Ask(answer)) => {
                    for (by, command) in answer.commands(&frame.rollout) {
                        // A refusal is in nobody's way: the view goes on to show what is waited for.
                        let _ = simulation.ask(by, command);
                    }
                    offered = None;
                }
                None if left.is_zero() => return Ok(Ended::Over),
                None => {}
            }
        }
    }
}
