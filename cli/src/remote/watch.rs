//! `tidegate status --watch`: a rollout until it ends.
//!
//! In a terminal it is drawn in its place; elsewhere each change is a line. What can pass is waited out: who
//! watches through a deployment of the functions should not have to start again.

use std::time::Duration;

use aws::control::{Answer, Do, Done, FailureKind, Outcome, view::View};
use serde_json::Value;

use super::{
    Account, Unanswered,
    answer::{self, Form},
    page,
    unanswered::Hope,
};
use crate::{
    args::remote::{At, Target},
    console::{Console, Device, Ink},
    exit::Exit,
    failure::Failure,
    json,
    live::{Ended, viewer::Viewer},
    transcript::Line,
};

/// Between two looks: a rollout moves every minute, a rollback in seconds.
const PAUSE: Duration = Duration::from_secs(3);

/// How often in a row nobody may answer: ten minutes.
const SILENT_MAX: u32 = 200;

/// Lines of the view; it is cut off below.
const HEIGHT: u16 = 24;

/// Watches a rollout.
pub(super) async fn run(
    target: &Target,
    form: Form,
    at: &At,
    console: &mut Console<'_>,
    account: &impl Account,
) -> Result<Exit, Failure> {
    let mut watch = Watch {
        target,
        at,
        account,
        silent: 0,
    };
    let terminal = console.surroundings.stdout == Device::Terminal && !console.surroundings.dumb;
    if form == Form::Text && terminal {
        watch.draw(console).await
    } else {
        watch.tell(form, console).await
    }
}

struct Watch<'a, A> {
    target: &'a Target,
    at: &'a At,
    account: &'a A,
    /// How often in a row nobody answered.
    silent: u32,
}

/// What a look found.
enum Look {
    /// The rollout, and the answer as it came.
    Seen(Box<View>, Value),
    /// Nothing, which may pass.
    Later(String),
}

/// Why there is nothing more to see.
enum Over {
    Unanswered(Unanswered),
    Refused(aws::control::Failure),
}

impl Over {
    fn failure(self, form: Form, console: &mut Console<'_>) -> Failure {
        match self {
            Self::Unanswered(why) => answer::unanswered(&why, None, form, console),
            Self::Refused(failure) => answer::refused(&failure, None),
        }
    }
}

impl<A: Account> Watch<'_, A> {
    async fn look(&mut self) -> Result<Look, Over> {
        let rollout = self.target.to_string();
        let what = Do::Status { rollout };
        let raw = match self.account.call(answer::NO_KEY, what).await {
            Ok(raw) => raw,
            Err(why) if why.hope() == Hope::Some => {
                let text = why.to_string();
                return self.later(text, Over::Unanswered(why));
            }
            Err(why) => return Err(Over::Unanswered(why)),
        };
        let answer: Answer = serde_json::from_value(raw.clone())
            .map_err(|error| Over::Unanswered(answer::garbled(self.at, &error)))?;
        match answer.outcome {
            Outcome::Ok(done) => match *done {
                Done::Status(view) => {
                    self.silent = 0;
                    Ok(Look::Seen(Box::new(view), raw))
                }
                Done::Changed(_)
                | Done::List { .. }
                | Done::History { .. }
                | Done::Doctor { .. } => {
                    let garbled = answer::garbled(self.at, &answer::ANOTHER);
                    Err(Over::Unanswered(garbled))
                }
            },
            Outcome::Error(failure) if failure.kind == FailureKind::Store => {
                let text = failure.message.clone();
                self.later(text, Over::Refused(failure))
            }
            Outcome::Error(failure) => Err(Over::Refused(failure)),
        }
    }

    /// It may pass, but not for ever.
    fn later(&mut self, text: String, over: Over) -> Result<Look, Over> {
        self.silent += 1;
        if self.silent > SILENT_MAX {
            return Err(over);
        }
        Ok(Look::Later(text))
    }

    /// Draws the rollout in its place.
    async fn draw(&mut self, console: &mut Console<'_>) -> Result<Exit, Failure> {
        let paint = console.paint();
        let stdin = console.surroundings.stdin;
        let mut viewer = Viewer::open(console.out, HEIGHT, stdin, paint)?;
        let mut last = Vec::new();
        let ended = loop {
            let (lines, note) = match self.look().await {
                Ok(Look::Seen(view, _)) if !view.active => break Ok(Some(view)),
                Ok(Look::Seen(view, _)) => {
                    let keys = if stdin == Device::Terminal {
                        "q stops watching"
                    } else {
                        "Ctrl-C stops watching"
                    };
                    (page::lines(&view), Line::default().with(Ink::Faint, keys))
                }
                Ok(Look::Later(why)) => {
                    let note = format!("no answer ({why}); asking again");
                    (last, Line::default().with(Ink::Ask, note))
                }
                Err(over) => break Err(over),
            };
            viewer.show(&lines, &note)?;
            last = lines;
            if viewer.wait(PAUSE)? == Ended::Stopped {
                break Ok(None);
            }
        };
        viewer.close()?;
        match ended {
            Ok(Some(view)) => {
                page::print(&view, console.out, paint)?;
                Ok(exit(&view))
            }
            Ok(None) => {
                for line in last {
                    writeln!(console.out, "{}", line.painted(paint))?;
                }
                Ok(Exit::Stopped)
            }
            Err(over) => Err(over.failure(Form::Text, console)),
        }
    }

    /// Tells each change in a line.
    async fn tell(&mut self, form: Form, console: &mut Console<'_>) -> Result<Exit, Failure> {
        let mut last = None;
        loop {
            match self.look().await {
                Ok(Look::Seen(view, raw)) => {
                    let now = Some(summary(&view));
                    if now != last {
                        match form {
                            Form::Json => json::line(console.out, &raw)?,
                            Form::Text => {
                                let line = format!(
                                    "{}  {}, waits for {}",
                                    page::date(&view.now),
                                    summary(&view),
                                    view.waiting
                                );
                                writeln!(console.out, "{line}")?;
                            }
                        }
                        console.out.flush()?;
                        last = now;
                    }
                    if !view.active {
                        return Ok(exit(&view));
                    }
                }
                Ok(Look::Later(why)) if self.silent == 1 => {
                    writeln!(console.err, "no answer ({why}); asking again")?;
                }
                Ok(Look::Later(_)) => {}
                Err(over) => return Err(over.failure(form, console)),
            }
            self.account.wait(PAUSE).await;
        }
    }
}

/// What is told again when it changes; not what is waited for, whose time goes by.
fn summary(view: &View) -> String {
    let phase = view.phase.and_then(|phase| view.phases.get(phase));
    let phase = phase.map_or_else(String::new, |phase| format!(" {}", phase.name));
    let seen = view.routes.iter();
    let seen = seen.map(|(name, route)| (name.clone(), route.seen.unwrap_or(route.desired)));
    let weights = page::weights(&seen.collect());
    let holds = if view.holds.is_empty() {
        String::new()
    } else {
        format!(", held: {}", view.holds.join("; "))
    };
    let status = &view.status;
    format!("{} {status}{phase}, canary {weights}{holds}", view.rollout)
}

fn exit(view: &View) -> Exit {
    if view.status == "completed" {
        Exit::Ok
    } else {
        Exit::Problems
    }
}
