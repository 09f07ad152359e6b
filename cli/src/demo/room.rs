//! What the pages of the demo are made of: the acts so far, and the links that were offered in them.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    time::Instant,
};

use domain::{ledger::Entry, rollout::Rollout, time::Timestamp, words};
use pages::{Answered, Known, Needs, Opened, Record, Reply, Request, Told, answer, open, unsent};
use sim::Frame;
use token::{
    Action, Audience, Verifier,
    answer::{Answer, Attempt},
    code::{CodeKey, Guess},
};

use super::measured::Measured;

/// Shared by who plays and who asks for pages.
pub(super) struct Room {
    pub(super) audience: Audience,
    pub(super) verifier: Verifier,
    /// What codes and names are made with.
    pub(super) key: CodeKey,
    /// Where answers go: whoever plays takes them.
    answers: mpsc::Sender<Answer>,
    inside: Mutex<Inside>,
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room(hidden)")
    }
}

/// What changes.
#[derive(Default)]
pub(super) struct Inside {
    pub(super) acts: Vec<Act>,
    pub(super) offers: Vec<Offer>,
    /// When somebody last opened a link.
    pub(super) visited: Option<Instant>,
    attempts: u64,
}

/// A run of the box.
#[derive(Default)]
pub(super) struct Act {
    pub(super) now: Timestamp,
    pub(super) rollout: Option<Rollout>,
    /// When its people were last asked for approval.
    pub(super) asked: Option<Timestamp>,
    told: Vec<Told>,
    measured: Measured,
}

/// A link that was offered.
pub(super) struct Offer {
    pub(super) act: usize,
    pub(super) action: Action,
    pub(super) code: String,
    pub(super) path: String,
    pub(super) record: Record,
    pub(super) guesses: BTreeSet<Guess>,
}

impl Room {
    pub(super) fn new(
        audience: Audience,
        verifier: Verifier,
        key: CodeKey,
        answers: mpsc::Sender<Answer>,
    ) -> Self {
        Self {
            audience,
            verifier,
            key,
            answers,
            inside: Mutex::default(),
        }
    }

    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a browser is answered.
    pub(super) fn reply(&self, request: &Request) -> Reply {
        let mut inside = self.inside();
        if let Some(path) = inside.numbered(&request.path) {
            return see_other(path);
        }
        let mut offers = inside.offers.iter();
        let offer = offers.find(|offer| offer.path == request.path);
        let act = offer.map_or(inside.acts.len().saturating_sub(1), |offer| offer.act);
        let now = inside.acts.get(act).map(|act| act.now).unwrap_or_default();
        let visit = match open(request, &self.verifier, &self.audience, now) {
            Ok(Opened::Link(visit)) => visit,
            // Nothing in the box sends any.
            Ok(Opened::Slack(_)) => return Reply::accepted(),
            Err(reply) => return reply,
        };
        let known = inside.known(offer, visit.needs());
        inside.visited = Some(Instant::now());
        inside.attempts = inside.attempts.saturating_add(1);
        let name = format!("attempt/{}", inside.attempts);
        drop(inside);
        let bytes = self.key.link_id(&name).0;
        let attempt = Attempt::of(bytes.first_chunk().copied().unwrap_or_default());
        match answer(&visit, &known, attempt, now) {
            Answered::Page(reply) => reply,
            Answered::Publish { answer, then } => match self.answers.send(*answer) {
                Ok(()) => then,
                Err(mpsc::SendError(_)) => unsent(&visit, &known, now),
            },
        }
    }
}

impl Inside {
    /// The address that a short one, `/1`, stands for.
    fn numbered(&self, path: &str) -> Option<String> {
        let number: usize = path.strip_prefix('/')?.parse().ok()?;
        let offer = self.offers.get(number.checked_sub(1)?)?;
        Some(offer.path.clone())
    }

    fn known(&self, offer: Option<&Offer>, needs: Needs) -> Known {
        let Some((offer, act)) = offer.and_then(|offer| Some((offer, self.acts.get(offer.act)?)))
        else {
            return Known::default();
        };
        let mut known = Known {
            rollout: act.rollout.clone(),
            record: offer.record.clone(),
            ..Known::default()
        };
        match (needs, &act.rollout) {
            (Needs::All, Some(rollout)) => {
                known.ledger.clone_from(&act.told);
                known.trends = act.measured.trends(rollout, act.now);
            }
            (Needs::State | Needs::All, _) => {}
        }
        known
    }
}

impl Act {
    /// Takes in what a minute brought.
    pub(super) fn note(&mut self, frame: &Frame) {
        self.now = frame.now;
        self.measured.add(frame);
        let new = frame.entries.iter();
        self.told
            .extend(new.map(|entry| told(&frame.rollout, entry)));
        self.rollout = Some(frame.rollout.clone());
    }
}

fn told(rollout: &Rollout, entry: &Entry) -> Told {
    let message = words::message(rollout, entry);
    Told {
        line: entry.line(),
        message: message.map(|message| (message.tone, message.title)),
    }
}

fn see_other(to: String) -> Reply {
    let mut reply = Reply::accepted();
    reply.status = 303;
    reply.headers.push(("location", to));
    reply
}
