//! Tells a rollout's news on every lane: side by side, each in the ledger's order, and none waiting for another.

use std::collections::{BTreeMap, BTreeSet};

use aws::{
    keyring::{Keyring, Keys},
    outlets::{Outlets, Unsent},
    store::outbox::{self, Book, Outbox, Slip, State},
};
use domain::{name::RolloutId, rollout::Rollout, time::Timestamp};
use engine::trouble::{Chance, Trouble};
use futures_util::future::{join, join_all};

use crate::{
    Desk,
    news::{Kept, News},
    queue,
    route::{self, Lane, Means, outlet},
    send::{Sent, send},
};

/// What a delivery looks at the clock with, and when it must have ended.
pub(crate) struct Shift<N> {
    pub(crate) now: N,
    /// No message is begun after this.
    pub(crate) until: Timestamp,
}

/// What is known of a rollout while its news are told.
struct Round<'a, O, B, K, N> {
    desk: &'a Desk<O, B, K>,
    shift: &'a Shift<N>,
    id: &'a RolloutId,
    rollout: Option<Rollout>,
    keys: Option<Keys>,
    means: Means,
    slips: Vec<Slip>,
    /// The messages whose reports are kept, by their numbers.
    reported: BTreeSet<u64>,
}

/// Tells what was brought, if it was, and what is due of what was not sent before.
///
/// An outlet that fails is no trouble: what it did not take stands in the outbox. Trouble is a table that does not
/// answer, because then nobody would know what was said.
pub(crate) async fn deliver<O: Outlets, B: Outbox + Book, K: Keyring, N: Fn() -> Timestamp>(
    desk: &Desk<O, B, K>,
    shift: &Shift<N>,
    id: &RolloutId,
    brought: Option<Vec<aws::store::Told>>,
) -> Result<(), Trouble> {
    let slips = desk.store.slips(id).await?;
    let mut round = Round {
        desk,
        shift,
        id,
        rollout: head(desk, id).await?,
        keys: keys(desk, (shift.now)()).await,
        means: desk.means().await?,
        reported: route::reported(&slips),
        slips,
    };
    let brought = brought.and_then(|entries| round.bare(entries));
    let lanes: Vec<Lane> = brought
        .as_ref()
        .map_or_else(Vec::new, |news| route::lanes(news, &round.means));
    let open = round.slips.iter().filter(|slip| slip.state.due().is_some());
    let open = open.map(|slip| slip.lane.clone());
    let keys = open.chain(lanes.iter().map(|lane| lane.key.clone()));
    // The last message says where the report is, so that is kept before; nothing else that is brought waits for it.
    let is_first = |key: &String| {
        let its_own = brought.is_none() || lanes.iter().any(|lane| lane.key == *key);
        route::is_reports(key) && its_own
    };
    let (reports, others): (BTreeSet<String>, BTreeSet<String>) = keys.partition(is_first);
    let (kept, troubles) = round.work_off(&reports, &lanes, brought.as_ref()).await;
    round.reported.extend(kept);
    let brought = brought.map(|news| round.placed(news));
    // A report that is kept tells nobody anything.
    let (late, others): (BTreeSet<String>, BTreeSet<String>) =
        others.into_iter().partition(|key| route::is_reports(key));
    let (late, told) = join(
        round.work_off(&late, &lanes, None),
        round.work_off(&others, &lanes, brought.as_ref()),
    )
    .await;
    let (said, more) = told;
    let troubles = troubles.into_iter().chain(late.1);
    match troubles.chain(more).next_back() {
        Some(trouble) => Err(trouble),
        None if said.is_empty() => Ok(()),
        None => round.own_up().await,
    }
}

/// The rollout as it stands. One that cannot be read by this version is told without what would come of it.
async fn head<O, B: Book, K>(
    desk: &Desk<O, B, K>,
    id: &RolloutId,
) -> Result<Option<Rollout>, Trouble> {
    match desk.store.rollout(id).await {
        Ok(rollout) => Ok(rollout),
        Err(trouble) if trouble.chance == Chance::Lasting => {
            tracing::error!(rollout = %id, error = %trouble, "told without its plan");
            Ok(None)
        }
        Err(trouble) => Err(trouble),
    }
}

/// What links are made with. A message without links is better than none.
async fn keys<O, B, K: Keyring>(desk: &Desk<O, B, K>, now: Timestamp) -> Option<Keys> {
    match desk.keyring.keys(now).await {
        Ok(keys) => keys,
        Err(trouble) => {
            tracing::error!(error = %trouble, "told without links");
            None
        }
    }
}

impl<O: Outlets, B: Outbox + Book, K: Keyring, N: Fn() -> Timestamp> Round<'_, O, B, K, N> {
    /// What is told, without where its report is.
    fn bare(&self, entries: Vec<aws::store::Told>) -> Option<News> {
        let mut news = News::of(entries, self.rollout.clone(), self.keys.as_ref())?;
        news.notes = queue::lost(&self.slips, &news);
        Some(news)
    }

    /// The same with where its report is, if it has one.
    fn placed(&self, mut news: News) -> News {
        let kept = if self.reported.contains(&news.seq) {
            Kept::There
        } else {
            Kept::NotYet
        };
        news.say_where(kept);
        news
    }

    /// Works off lanes side by side: the numbers of what was said, and what went wrong.
    async fn work_off(
        &self,
        keys: &BTreeSet<String>,
        lanes: &[Lane],
        brought: Option<&News>,
    ) -> (BTreeSet<u64>, Vec<Trouble>) {
        let work = keys.iter().map(|key| {
            let is_told = lanes.iter().any(|lane| lane.key == *key);
            self.lane(key, brought.filter(|_| is_told))
        });
        let (mut said, mut troubles) = (BTreeSet::new(), Vec::new());
        for done in join_all(work).await {
            match done {
                Ok(seqs) => said.extend(seqs),
                Err(why) => troubles.push(why),
            }
        }
        (said, troubles)
    }

    /// Works off a lane: answers with the numbers of what was said.
    async fn lane(&self, key: &str, brought: Option<&News>) -> Result<Vec<u64>, Trouble> {
        let mut slips: BTreeMap<u64, Slip> = self
            .slips
            .iter()
            .filter(|slip| slip.lane == key)
            .map(|slip| (slip.seq, slip.clone()))
            .collect();
        let all: Vec<Slip> = slips.values().cloned().collect();
        let now = (self.shift.now)();
        let turn = queue::turn(&all, brought.map(|news| news.seq), now);
        let mut said = Vec::new();
        let mut blocked = turn.waits;
        for seq in turn.send {
            if blocked.is_some() {
                break;
            }
            let news = if let Some(news) = brought.filter(|news| news.seq == seq) {
                Some(news.clone())
            } else {
                let entries = self.desk.store.told(self.id, seq).await?;
                self.bare(entries).map(|news| self.placed(news))
            };
            match self.one(key, seq, news, &mut slips).await? {
                Outcome::Said => said.push(seq),
                Outcome::Over => {}
                Outcome::Blocked(until) => blocked = Some(until),
            }
        }
        // What could not even be tried stands in the outbox too, and the stream goes on.
        if let (Some(until), Some(news)) = (blocked, brought)
            && !slips.contains_key(&news.seq)
        {
            let slip = queue::fresh(news, key, State::Waiting(until), (self.shift.now)());
            let _somebody_did = self.desk.store.keep(self.id, &slip).await?;
        }
        Ok(said)
    }

    /// Sends one message on a lane, if nobody else does.
    async fn one(
        &self,
        key: &str,
        seq: u64,
        news: Option<News>,
        slips: &mut BTreeMap<u64, Slip>,
    ) -> Result<Outcome, Trouble> {
        let now = (self.shift.now)();
        let before = slips.get(&seq).cloned();
        let lanes = news.as_ref().map(|news| route::lanes(news, &self.means));
        let lane = lanes.and_then(|lanes| lanes.into_iter().find(|lane| lane.key == key));
        let (Some(mut news), Some(lane)) = (news, lane) else {
            // Its entry, or the way itself, is no longer there.
            let gone = before.map(|slip| Slip {
                state: State::Failed,
                ..queue::next(&slip, now)
            });
            if let Some(slip) = gone {
                tracing::warn!(rollout = %self.id, seq, outlet = outlet(key), "a message was given up: its way or its entry is gone");
                let _somebody_did = self.keep(slips, slip).await?;
            }
            return Ok(Outcome::Over);
        };
        if now >= self.shift.until {
            return Ok(Outcome::Blocked(now));
        }
        let so_far: Vec<Slip> = slips.values().cloned().collect();
        if before.is_none() && queue::repeats(&so_far, &news) {
            let slip = queue::fresh(&news, key, State::Folded, now);
            let _somebody_did = self.keep(slips, slip).await?;
            return Ok(Outcome::Over);
        }
        let taken = queue::taken(before.as_ref(), &news, key, now);
        if self.keep(slips, taken.clone()).await? == outbox::Kept::Moved {
            return Ok(Outcome::Blocked(now));
        }
        news.notes.extend(queue::kept(&so_far, &news));
        let root = slips.get(&0).and_then(|slip| slip.posted.clone());
        let sent = send(self.desk, &lane.place, &news, root, taken.posted.clone()).await;
        self.settle(&news, &taken, sent, slips).await
    }

    /// Writes down what became of a message.
    async fn settle(
        &self,
        news: &News,
        taken: &Slip,
        sent: Result<Sent, (Sent, Unsent)>,
        slips: &mut BTreeMap<u64, Slip>,
    ) -> Result<Outcome, Trouble> {
        let now = (self.shift.now)();
        let (sent, unsent) = match sent {
            Ok(sent) => (sent, None),
            Err((sent, unsent)) => (sent, Some(unsent)),
        };
        if let Some(root) = sent.root {
            self.keep_root(news, taken, root, slips, now).await?;
        }
        let state = unsent.as_ref().map_or(State::Sent, |unsent| {
            queue::after(unsent, taken.attempts, now)
        });
        // The message is there; only what stands above it could not be changed, and the next one does that.
        let state = if state == State::Failed && sent.posted.is_some() {
            State::Sent
        } else {
            state
        };
        self.log(news, taken, unsent.as_ref(), state);
        let slip = Slip {
            state,
            posted: sent.posted.or_else(|| taken.posted.clone()),
            ..queue::next(taken, now)
        };
        let _somebody_did = self.keep(slips, slip).await?;
        Ok(match state {
            State::Sent => Outcome::Said,
            State::Waiting(until) => Outcome::Blocked(until),
            State::Taken(_) | State::Folded | State::Failed | State::Owned => Outcome::Over,
        })
    }

    fn log(&self, news: &News, taken: &Slip, unsent: Option<&Unsent>, state: State) {
        let (id, line, attempts) = (self.id, &news.told.line, taken.attempts);
        let (seq, kind, outlet) = (line.seq, &line.kind, outlet(&taken.lane));
        match (unsent, state) {
            (None, _) => {
                tracing::info!(rollout = %id, epoch = line.epoch, seq, kind, outlet, "told");
            }
            (Some(why), State::Waiting(_)) => {
                tracing::warn!(rollout = %id, seq, kind, outlet, attempts, error = %why, "told later");
            }
            (Some(why), State::Sent) => {
                tracing::warn!(rollout = %id, seq, kind, outlet, attempts, error = %why, "told, and what stands above it was not changed");
            }
            (Some(why), State::Taken(_) | State::Folded | State::Failed | State::Owned) => {
                tracing::error!(rollout = %id, seq, kind, outlet, attempts, error = %why, "a message was given up");
            }
        }
    }

    /// Keeps where the one message of the rollout is.
    async fn keep_root(
        &self,
        news: &News,
        taken: &Slip,
        root: aws::outlets::Posted,
        slips: &mut BTreeMap<u64, Slip>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let slip = match slips.get(&0) {
            Some(slip) if slip.posted.as_ref() == Some(&root) => return Ok(()),
            Some(slip) => queue::next(slip, now),
            None => queue::fresh(news, &taken.lane, State::Sent, now),
        };
        let slip = Slip {
            seq: 0,
            posted: Some(root),
            ..slip
        };
        let _somebody_did = self.keep(slips, slip).await?;
        Ok(())
    }

    async fn keep(
        &self,
        slips: &mut BTreeMap<u64, Slip>,
        slip: Slip,
    ) -> Result<outbox::Kept, Trouble> {
        let kept = self.desk.store.keep(self.id, &slip).await?;
        if kept == outbox::Kept::Kept {
            slips.insert(slip.seq, slip);
        }
        Ok(kept)
    }

    /// Something was said, and with it what had been given up before.
    async fn own_up(&self) -> Result<(), Trouble> {
        let now = (self.shift.now)();
        let lost = self.slips.iter().filter(|slip| slip.state == State::Failed);
        for slip in lost {
            let owned = Slip {
                state: State::Owned,
                ..queue::next(slip, now)
            };
            let _somebody_did = self.desk.store.keep(self.id, &owned).await?;
        }
        Ok(())
    }
}

/// What became of a message.
enum Outcome {
    /// It was said.
    Said,
    /// It is over without: kept to itself, or given up.
    Over,
    /// It waits, and what comes after it too.
    Blocked(Timestamp),
}
