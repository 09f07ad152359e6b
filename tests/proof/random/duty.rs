//! What a perfect gate would have had to do, and by when: each duty is kept, broken, or was none in the end.

use domain::{
    plan::{
        gate::{Condition, Otherwise},
        severity::Severity,
    },
    rollout::{Hold, IncidentSource, IncidentState, Rollout, Status},
    time::{SignedDuration, Timestamp, earlier, later, since},
};
use sim::scenario::{Happening, Says};

use super::{
    clock::{Clock, DATA},
    run::Run,
    stand::Stand,
    truth::Word,
};

/// How long a person's command takes that nothing strikes.
const COMMAND: SignedDuration = SignedDuration::from_secs(12);

/// Something that a perfect gate would have done.
#[derive(Debug, Clone)]
pub(super) struct Duty {
    /// What, and because of what.
    pub(super) what: String,
    pub(super) kind: Kind,
    /// When its reason was there.
    pub(super) onset: Timestamp,
    /// By when it must be done.
    pub(super) by: Timestamp,
    pub(super) fate: Fate,
}

/// What must be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Traffic must go back.
    GoBack,
    /// The rollout must hold, or somebody must be told.
    Hold,
    /// A person asked for it.
    Obey,
}

/// What became of a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was done then.
    Kept(Timestamp),
    /// It was not.
    Broken,
    /// Its reason went away before its time was up, or something else came first.
    Moot,
}

/// The duties of a run.
pub(super) struct Duties<'a> {
    run: &'a Run,
    clock: &'a Clock,
    all: Vec<Duty>,
}

/// A reason that is there from an instant, until another.
struct Reason {
    what: String,
    onset: Timestamp,
    /// From when on it can be known.
    from: Timestamp,
    /// When it, or its place, had gone.
    until: Timestamp,
}

impl<'a> Duties<'a> {
    pub(super) fn of(run: &'a Run, clock: &'a Clock) -> Vec<Duty> {
        let mut duties = Self {
            run,
            clock,
            all: Vec::new(),
        };
        for stand in run.stands() {
            duties.of_conditions(&stand);
            duties.of_gate(&stand);
        }
        duties.of_alarms();
        duties.of_deadlines();
        duties.of_people();
        duties.all
    }

    /// Traffic must go back because of a reason.
    fn must_go_back(&mut self, reason: Reason) {
        let by = self.clock.noticed(reason.from);
        let fate = match self.run.rollback() {
            Some(back) if back <= by && back >= reason.onset => Fate::Kept(back),
            _ if reason.until <= by => Fate::Moot,
            Some(_) | None => Fate::Broken,
        };
        self.add(reason, Kind::GoBack, by, fate);
    }

    /// An incident must open because of a reason, unless it is there already.
    fn must_tell(&mut self, reason: Reason, source: &IncidentSource) {
        let by = self.clock.noticed(reason.from);
        let mut heads = self.run.heads.iter();
        let told = heads.find(|(at, head)| {
            let known = head.incidents.contains_key(source) || head.status.is_rollback();
            known && *at <= by && self.holds_on(*at, reason.onset, source)
        });
        let fate = match told {
            Some((at, _)) => Fate::Kept(*at),
            None if reason.until <= by => Fate::Moot,
            None => Fate::Broken,
        };
        self.add(reason, Kind::Hold, by, fate);
    }

    /// Whether a source that is known at an instant is still known at another that is not before it.
    fn holds_on(&self, at: Timestamp, onset: Timestamp, source: &IncidentSource) -> bool {
        at >= onset
            || self
                .run
                .head_at(onset)
                .is_some_and(|head| head.incidents.contains_key(source))
    }

    fn add(&mut self, reason: Reason, kind: Kind, by: Timestamp, fate: Fate) {
        self.all.push(Duty {
            what: reason.what,
            kind,
            onset: reason.onset,
            by,
            fate,
        });
    }

    /// The times in a stand in which a condition says one thing without a break.
    fn spells(&self, stand: &Stand, condition: &Condition, wanted: Word) -> Vec<(i64, i64)> {
        let mut spells: Vec<(i64, i64)> = Vec::new();
        for end in self.run.ends(stand, condition) {
            if self.run.says(condition, end) == wanted {
                match spells.last_mut() {
                    Some((_, last)) if *last + 1 == end => *last = end,
                    Some(_) | None => spells.push((end, end)),
                }
            }
        }
        spells
    }

    /// A spell as a reason. It is gone when the first window can be measured in which it is not so.
    fn reason(&self, stand: &Stand, what: String, (first, last): (i64, i64)) -> Reason {
        let onset = self.run.begin(first);
        let gone = later(self.run.begin(last + 1), DATA);
        let lasts = gone < stand.to;
        Reason {
            what,
            onset,
            from: later(onset, DATA).max(stand.from),
            until: if lasts { gone } else { stand.to },
        }
    }

    fn of_conditions(&mut self, stand: &Stand) {
        let run = self.run;
        for condition in run.rollback_conditions(stand) {
            for spell in self.spells(stand, condition, Word::Holds) {
                let what = format!("{condition} is true");
                let reason = self.reason(stand, what, spell);
                self.must_go_back(reason);
            }
        }
        for (severity, condition) in run.incident_rules() {
            for spell in self.spells(stand, condition, Word::Holds) {
                let what = format!("{severity} {condition} is true");
                let reason = self.reason(stand, what, spell);
                if severity == Severity::Critical {
                    self.must_go_back(reason);
                } else {
                    let source = IncidentSource::Condition(condition.to_string());
                    self.must_tell(reason, &source);
                }
            }
        }
    }

    /// A gate that fails so often that its limits are used up, even if only every other window is measured.
    fn of_gate(&mut self, stand: &Stand) {
        let Some(limits) = self.run.limits(stand) else {
            return;
        };
        let Some(most) = [limits.failures, limits.consecutive_failures]
            .into_iter()
            .flatten()
            .min()
        else {
            return;
        };
        let run = self.run;
        for condition in run.required(stand) {
            for (first, last) in self.spells(stand, condition, Word::Fails) {
                let what = format!("{condition} fails more than {most} times");
                let mut reason = self.reason(stand, what, (first, last));
                let spoiled = self.clock.spoiled(reason.from, reason.until);
                let windows = (u64::from(most) + 1 + spoiled).saturating_mul(2);
                let counted = SignedDuration::from_mins(i64::try_from(windows).unwrap_or(i64::MAX));
                reason.from = later(reason.from, counted);
                let asked = self.has_been_asked(reason.onset, reason.from);
                if reason.from >= reason.until || asked {
                    continue;
                }
                match limits.then {
                    Otherwise::Rollback => self.must_go_back(reason),
                    Otherwise::Hold => self.must_hold(reason, Hold::GateFailed),
                }
            }
        }
    }

    fn must_hold(&mut self, reason: Reason, hold: Hold) {
        let by = self.clock.noticed(reason.from);
        let mut heads = self.run.heads.iter();
        let first = heads.find(|(at, head)| {
            *at <= by
                && *at >= reason.onset
                && (head.holds.contains(&hold) || head.status.is_rollback())
        });
        let before = self.run.head_at(reason.onset);
        let already = before.is_some_and(|head| head.holds.contains(&hold));
        let fate = match first {
            _ if already => Fate::Moot,
            Some((at, _)) => Fate::Kept(*at),
            None if reason.until <= by => Fate::Moot,
            None => Fate::Broken,
        };
        self.add(reason, Kind::Hold, by, fate);
    }

    /// Whether a person asked for anything in that time: what was counted may have been forgotten.
    fn has_been_asked(&self, from: Timestamp, to: Timestamp) -> bool {
        let long_ago = earlier(from, SignedDuration::from_mins(2));
        self.run.happened.iter().any(|(at, what)| {
            matches!(what, Happening::Person { .. }) && long_ago <= *at && *at <= to
        })
    }

    fn of_alarms(&mut self) {
        let Some((begun, over)) = self.run.forward() else {
            return;
        };
        let run = self.run;
        for guard in &run.plan.alarms {
            for (red, well) in run.red(guard) {
                if well <= begun || red >= over {
                    continue;
                }
                let reason = Reason {
                    what: format!("{} alarm {} is red", guard.severity, guard.arn),
                    onset: red,
                    from: red.max(begun),
                    until: well.min(over),
                };
                if guard.severity == Severity::Critical {
                    self.must_go_back(reason);
                } else {
                    let source = IncidentSource::Alarm(guard.arn.clone());
                    self.must_tell(reason, &source);
                }
            }
        }
    }

    /// Deadlines that the plan gives people, and that nobody kept.
    fn of_deadlines(&mut self) {
        let mut seen: Vec<(String, Timestamp)> = Vec::new();
        let run = self.run;
        for (at, head) in &run.heads {
            for (source, incident) in &head.incidents {
                let IncidentState::Open {
                    due: Some(due),
                    otherwise,
                } = incident.state
                else {
                    continue;
                };
                let key = (source.to_string(), due);
                if otherwise == Otherwise::Hold || seen.contains(&key) || !head.status.is_forward()
                {
                    continue;
                }
                seen.push(key);
                let until = run.heads.iter().find(|(later, head)| {
                    let now = head.incidents.get(source);
                    let same = now.is_some_and(|now| now.state == incident.state);
                    later > at && !(same && head.status.is_forward())
                });
                let reason = Reason {
                    what: format!("nobody decided on {source} by {due}"),
                    onset: due,
                    from: due.max(*at),
                    until: until.map_or(run.ended, |(until, _)| *until),
                };
                self.must_go_back(reason);
            }
        }
        self.of_approvals();
    }

    fn of_approvals(&mut self) {
        let run = self.run;
        for stand in run.stands().iter().filter(|stand| !stand.is_watch) {
            let phase = run.plan.phases.get(stand.phase);
            let Some(approval) = phase.and_then(|phase| phase.approval.as_ref()) else {
                continue;
            };
            // When people were asked, while too few of them have answered.
            let asked = |head: &Rollout| {
                let gate = head.gate.as_ref()?;
                let lacks = gate.approvals.len() < approval.needed as usize;
                let waits = head.status == Status::AwaitingApproval;
                gate.asked.filter(|_| lacks && waits)
            };
            let mut heads = run.heads.iter().filter(|(at, _)| *at >= stand.from);
            let first = heads.find_map(|(at, head)| Some((at, asked(head)?)));
            let (Some((from, asked_at)), Some(expires)) = (first, approval.expires) else {
                continue;
            };
            let over = heads.find(|(_, head)| asked(head) != Some(asked_at));
            let due = later(asked_at, expires);
            let until = over.map_or(run.ended, |(at, _)| *at);
            if *from >= stand.to || until <= due {
                continue;
            }
            let reason = Reason {
                what: format!("nobody approved by {due}"),
                onset: due,
                from: due.max(*from),
                until,
            };
            match approval.otherwise {
                Otherwise::Rollback => self.must_go_back(reason),
                Otherwise::Hold => self.must_hold(reason, Hold::ApprovalExpired),
            }
        }
    }

    /// Whatever else is so: a person who wants traffic back gets it back.
    fn of_people(&mut self) {
        let run = self.run;
        let Some((begun, over)) = run.forward() else {
            return;
        };
        for (at, what) in &run.happened {
            let Happening::Person { who, says } = what else {
                continue;
            };
            let verb = match says {
                Says::Rollback(_) => "rollback",
                Says::Abort(_) => "abort",
                Says::Approve
                | Says::Reject(_)
                | Says::Check(_)
                | Says::Pause(_)
                | Says::Resume(_)
                | Says::Promote
                | Says::PromoteFull(_)
                | Says::Retry
                | Says::Finish
                | Says::SetWeight(..)
                | Says::OverrideCalendar(..)
                | Says::Accept(..) => continue,
            };
            let by = later(*at, COMMAND);
            if *at < begun || *at >= over || self.clock.is_struck("command", *at, by) {
                continue;
            }
            let fate = match run.rollback() {
                Some(back) if back <= by => Fate::Kept(back),
                Some(_) | None if over <= by => Fate::Moot,
                Some(_) | None => Fate::Broken,
            };
            self.all.push(Duty {
                what: format!("{who} asks for {verb}"),
                kind: Kind::Obey,
                onset: *at,
                by,
                fate,
            });
        }
    }
}

impl Duty {
    /// A duty that was not done, in words.
    pub(super) fn complaint(&self) -> String {
        let verb = match self.kind {
            Kind::GoBack => "did not go back",
            Kind::Hold => "did not hold",
            Kind::Obey => "did not obey",
        };
        format!("{verb} by {}: {} since {}", self.by, self.what, self.onset)
    }

    /// How long it took, and how long it might.
    pub(super) fn took(&self) -> Option<(SignedDuration, SignedDuration)> {
        match self.fate {
            Fate::Kept(at) => Some((since(at, self.onset), since(self.by, self.onset))),
            Fate::Broken | Fate::Moot => None,
        }
    }
}
