//! The desk of the demo: offers links to whoever watches, and does what is answered on their pages.
//!
//! It is `notify`, `link` and `approval` in a few lines: the links are signed, the pages are those of `link`, and a
//! code is asked for and counted as `approval` does.

use std::{
    collections::BTreeSet,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use domain::{
    event::Command,
    name::{ItemName, Person},
    plan::people::Locale,
    rollout::{Rollout, Status},
    time::{SignedDuration, later},
    waiting,
    words::Parts,
};
use engine::trouble::EngineError;
use jiff::tz::TimeZone;
use pages::Record;
use sim::{Frame, Simulation};
use token::{
    Action, Audience, Claims, Kid, Signer, Verifier,
    answer::{Answer, Outcome, Settled, Why},
    code::{CodeKey, TRIES, Typed},
};

use super::{
    loopback,
    room::{Act, Offer, Room},
};
use crate::{
    transcript::{Line, aside},
    words,
};

/// What is offered when a phase asks for approval.
const OFFERED: [Action; 4] = [
    Action::Approve,
    Action::Reject,
    Action::Rollback,
    Action::Hold,
];

/// How long a link is good for if nothing else ends it.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long the clock stands still for somebody to open a link: at first, and if nobody opened one so far.
const PATIENCE: Duration = Duration::from_secs(20);
const LITTLE_PATIENCE: Duration = Duration::from_secs(4);

/// And for somebody who has opened one to read it and to answer.
const READING: Duration = Duration::from_mins(1);

/// Whether the clock stands still for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// It does, for a while.
    Still,
    /// It does not.
    Not,
}

/// The desk.
pub(crate) struct Desk {
    signer: Signer,
    room: Arc<Room>,
    answers: mpsc::Receiver<Answer>,
    address: SocketAddr,
}

/// Links that have just been offered.
pub(crate) struct Offered {
    /// What is said of them.
    pub(crate) lines: Vec<Line>,
    at: Instant,
    patience: Duration,
}

impl Desk {
    /// Opens one, with keys of its own.
    pub(crate) fn open(seed: [u8; 32]) -> io::Result<Self> {
        let key = CodeKey::generate(seed);
        let (signer, verifier) = keys(&key)?;
        let local = Audience::new("000000000000", "local", "demo").map_err(io::Error::other)?;
        let (to, answers) = mpsc::channel();
        let room = Arc::new(Room::new(local, verifier, key, to));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let pages = Arc::clone(&room);
        loopback::serve(listener, move |request| pages.reply(request))?;
        Ok(Self {
            signer,
            room,
            answers,
            address,
        })
    }

    /// Another act begins; the links of the one before show how it ended.
    pub(crate) fn begin(&self) {
        self.room.inside().acts.push(Act::default());
    }

    /// Looks at a minute; offers links if people are asked for approval in it.
    pub(crate) fn look(&self, frame: &Frame, waits: Waits) -> Option<Offered> {
        let mut inside = self.room.inside();
        let number = inside.acts.len().checked_sub(1)?;
        let act = inside.acts.last_mut()?;
        act.note(frame);
        let rollout = &frame.rollout;
        let asked = rollout.gate.as_ref().and_then(|gate| gate.asked);
        if rollout.status != Status::AwaitingApproval || asked.is_none() || asked == act.asked {
            return None;
        }
        act.asked = asked;
        let first = inside.offers.len() + 1;
        for (action, number_of_link) in OFFERED.into_iter().zip(first..) {
            let claims = self.claims(frame, action, number_of_link)?;
            let link = self.signer.sign(&claims).ok()?;
            inside.offers.push(Offer {
                act: number,
                action,
                code: self.room.key.code(&claims.id).expose(),
                path: format!("/d/{}", link.expose()),
                record: Record::default(),
                guesses: BTreeSet::new(),
            });
        }
        let patience = if first == 1 || inside.visited.is_some() {
            PATIENCE
        } else {
            LITTLE_PATIENCE
        };
        let links = inside.offers.iter().zip(1..).skip(first - 1);
        let links = links
            .map(|(offer, number)| words::offer(offer.action, self.address, number, &offer.code));
        let seconds = match waits {
            Waits::Still => Some(patience.as_secs()),
            Waits::Not => None,
        };
        let (before, after) = words::around_offers(seconds);
        let texts = before.into_iter().map(str::to_owned);
        Some(Offered {
            lines: aside(texts.chain(links).chain([after])),
            at: Instant::now(),
            patience,
        })
    }

    fn claims(&self, frame: &Frame, action: Action, number: usize) -> Option<Claims> {
        let rollout = &frame.rollout;
        let until = waiting::approval_deadline(rollout);
        Some(Claims {
            audience: self.room.audience.clone(),
            rollout: rollout.id.clone(),
            epoch: rollout.epoch,
            phase: rollout.current_phase().map(|phase| phase.name.clone()),
            plan: rollout.plan.hash,
            action,
            incident: None,
            approver: approver(rollout)?,
            issued: frame.now,
            expires: until
                .filter(|until| *until > frame.now)
                .unwrap_or_else(|| later(frame.now, GOOD_FOR)),
            id: self.room.key.link_id(&format!("link/{number}")),
        })
    }

    /// Until when the clock stands still for what was offered.
    pub(crate) fn stands_until(&self, offered: &Offered) -> Instant {
        let visited = self.room.inside().visited;
        let reading = visited.filter(|at| *at > offered.at);
        let until = offered.at + offered.patience;
        reading.map_or(until, |at| until.max(at + READING))
    }

    /// Does what was answered meanwhile; says what it was.
    pub(crate) fn take(&self, simulation: &mut Simulation) -> Vec<Line> {
        let done = self.answers.try_iter();
        let done = done.filter_map(|answer| self.settle(&answer, simulation));
        done.flat_map(|said| aside([said.to_owned()])).collect()
    }

    /// What `approval` does with an answer; what is said of it if it is done.
    fn settle(&self, answer: &Answer, simulation: &mut Simulation) -> Option<&'static str> {
        let mut inside = self.room.inside();
        let newest = inside.acts.len().checked_sub(1)?;
        let path = format!("/d/{}", answer.token);
        let mut offers = inside.offers.iter();
        let number = offers.position(|offer| offer.path == path)?;
        let offer = inside.offers.get_mut(number)?;
        let (is_newest, act) = (offer.act == newest, offer.act);
        let opened = self.is_code(offer, &answer.code, number + 1);
        let at = inside.acts.get(act)?.now;
        // A page may be asked for while the box works.
        drop(inside);
        let claims = self
            .room
            .verifier
            .verify(&answer.token, &self.room.audience, at);
        let outcome = match (opened, claims) {
            (Err(no), _) => no,
            (Ok(()), Err(refused)) => Outcome::Refused {
                why: words::not_taken(refused),
            },
            (Ok(()), Ok(_)) if !is_newest => Outcome::Refused {
                why: words::act_over(),
            },
            (Ok(()), Ok(claims)) => act_on(&claims, answer, simulation),
        };
        let mut inside = self.room.inside();
        let offer = inside.offers.get_mut(number)?;
        let action = offer.action;
        let done = outcome == Outcome::Done;
        offer.record.settled = Some(Settled {
            attempt: answer.attempt.clone(),
            outcome,
            at,
        });
        let head = simulation.world().rollout().filter(|_| done)?;
        let said = words::answered(action, &head);
        inside.acts.get_mut(act)?.rollout = Some(head);
        Some(said)
    }

    /// Whether a code is the one of a link. It is counted before it is compared.
    fn is_code(&self, offer: &mut Offer, typed: &str, number: usize) -> Result<(), Outcome> {
        let key = &self.room.key;
        let id = key.link_id(&format!("link/{number}"));
        let guess = key.guess(&id, typed).ok_or(Outcome::NoCode)?;
        if !offer.guesses.contains(&guess) && offer.record.left() == 0 {
            return Err(Outcome::Locked);
        }
        offer.guesses.insert(guess);
        offer.record.tries = u32::try_from(offer.guesses.len()).unwrap_or(TRIES);
        match (key.code(&id).typed(typed), offer.record.left()) {
            (Typed::Right, _) => Ok(()),
            (Typed::NoCode, _) => Err(Outcome::NoCode),
            (Typed::Wrong, 0) => Err(Outcome::Locked),
            (Typed::Wrong, left) => Err(Outcome::WrongCode { left }),
        }
    }
}

/// Keys that nobody else has, all from the same bytes.
fn keys(key: &CodeKey) -> io::Result<(Signer, Verifier)> {
    let mut seed = [0; 32];
    let halves = ["seed/1", "seed/2"].map(|half| key.link_id(half).0);
    for (to, from) in seed.iter_mut().zip(halves.iter().flatten()) {
        *to = *from;
    }
    let kid = Kid::new("demo").map_err(io::Error::other)?;
    let signer = Signer::generate(kid.clone(), seed);
    let public = signer.public().map_err(io::Error::other)?;
    Ok((signer, Verifier::new(kid, public)))
}

/// Who is asked: whoever comes first in the asked groups and has not agreed.
fn approver(rollout: &Rollout) -> Option<Person> {
    let gate = rollout.gate.as_ref()?;
    let approval = rollout.current_phase()?.approval.as_ref()?;
    let groups = approval.from.iter();
    let mut people = groups
        .filter_map(|group| rollout.plan.groups.get(group))
        .flatten();
    people
        .find(|person| !gate.approvals.contains(*person))
        .cloned()
}

/// Asks the rollout for what a link is for, as its approver.
fn act_on(claims: &Claims, answer: &Answer, simulation: &mut Simulation) -> Outcome {
    let commands = match commands(claims, answer, simulation.world().rollout()) {
        Ok(commands) => commands,
        Err(why) => return Outcome::Refused { why },
    };
    for command in commands {
        if let Err(error) = simulation.ask(claims.approver.clone(), command) {
            return Outcome::Refused {
                why: why_not(&error),
            };
        }
    }
    Outcome::Done
}

fn why_not(error: &EngineError) -> Why {
    let said = |locale| match error {
        EngineError::Refused(refusal) => Parts {
            locale,
            zone: &TimeZone::UTC,
        }
        .refusal(refusal),
        EngineError::NotFound(_)
        | EngineError::NotConverged { .. }
        | EngineError::Taken(_)
        | EngineError::Store(_)
        | EngineError::WithoutStore { .. }
        | EngineError::Alarms(_)
        | EngineError::Contended => error.to_string(),
    };
    Why {
        en: said(Locale::En),
        ja: said(Locale::Ja),
    }
}

/// The ticks, and then the decision; or why there is none.
fn commands(claims: &Claims, answer: &Answer, head: Option<Rollout>) -> Result<Vec<Command>, Why> {
    let head = head.filter(|head| head.id == claims.rollout && head.plan.hash == claims.plan);
    let head = head.ok_or_else(|| words::gone(&claims.rollout))?;
    let reason = match answer.reason.trim() {
        "" => words::BY_LINK.to_owned(),
        reason => reason.to_owned(),
    };
    let phase = || {
        let now = head.current_phase().map(|phase| &phase.name);
        let same = head.epoch == claims.epoch && now == claims.phase.as_ref();
        let phase = claims.phase.clone().filter(|_| same);
        phase.ok_or_else(words::moved_on)
    };
    Ok(match claims.action {
        Action::Approve => {
            let phase = phase()?;
            let items = answer.items.iter();
            // The page hands on names of the checklist only.
            let items = items.filter_map(|item| ItemName::new(item).ok());
            let ticks = items.map(|item| Command::Check {
                phase: phase.clone(),
                item,
            });
            let approve = Command::Approve {
                phase: phase.clone(),
            };
            ticks.chain([approve]).collect()
        }
        Action::Reject => vec![Command::Reject {
            phase: phase()?,
            reason,
        }],
        Action::Rollback => vec![Command::Rollback { reason }],
        Action::Hold => vec![Command::Pause { reason }],
        Action::Accept | Action::View => return Err(words::not_asked()),
    })
}

#[cfg(test)]
mod tests;
