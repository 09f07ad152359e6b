//! The judge: what was measured, and what it says about a condition.
//!
//! No data is never a pass. A window that began before the weights were in effect, a window with too few
//! requests, a side that was not there: each is inconclusive and says why.

use std::{collections::BTreeMap, fmt};

use crate::{
    name::MetricName,
    plan::{
        gate::{Condition, Limit},
        metric::Metric,
        severity::Severity,
    },
    quantity::Quantity,
    time::{SignedDuration, Timestamp, earlier, later, minute_of},
};

/// How long after its end a minute's data is taken to be complete.
///
/// The newest minute of an AWS metric is partial or absent (`CloudWatch`, "publishing").
pub const COMPLETE_AFTER: SignedDuration = SignedDuration::from_mins(2);

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// One of the two sides of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The side that is introduced.
    Canary,
    /// The side that serves today.
    Stable,
}

/// Whole minutes, from inclusive to exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Window {
    /// The newest window of a length that is complete at `now`; a begun minute counts as a whole one.
    #[must_use]
    pub fn newest(length: SignedDuration, now: Timestamp) -> Self {
        let to = minute_of(earlier(now, COMPLETE_AFTER));
        let from = earlier(to, length.max(MINUTE));
        Self {
            from: minute_of(from),
            to,
        }
    }

    /// Its minutes, each as a window.
    pub fn minutes(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.from), |at| Some(later(*at, MINUTE)))
            .take_while(move |at| *at < self.to)
            .map(|from| Self {
                from,
                to: later(from, MINUTE),
            })
    }
}

/// A question to a metric provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query {
    /// The metric of the plan.
    pub metric: MetricName,
    /// Which side.
    pub side: Side,
    /// When.
    pub window: Window,
}

/// A provider's answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Sums that make a share.
    Ratio {
        /// The part.
        part: u64,
        /// The whole: requests.
        whole: u64,
    },
    /// A value over so many requests or data points.
    Value {
        /// The value.
        value: Quantity,
        /// What it was made from.
        samples: u64,
    },
    /// There is no data point.
    Absent,
    /// The provider could not answer, or not completely.
    Failed(String),
}

/// Every answer to a set of questions.
pub type Readings = BTreeMap<Query, Reading>;

/// What a condition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It must hold before the next phase.
    Require,
    /// If it holds, something is wrong: traffic goes back.
    Rollback,
    /// If it holds, an incident opens.
    Incident(Severity),
}

/// What was found out about one condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The condition.
    pub condition: Condition,
    /// What it is for.
    pub role: Role,
    /// What the measurement says.
    pub verdict: Verdict,
    /// The canary's value, if there is one.
    pub current: Option<Quantity>,
    /// Stable's value, if it was compared with.
    pub stable: Option<Quantity>,
    /// Requests or data points that the canary's value was made from.
    pub samples: u64,
    /// When it was measured.
    pub window: Window,
}

/// What a measurement says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Not enough evidence.
    Inconclusive(Doubt),
    /// It could not be measured.
    Error(String),
}

/// Why evidence is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// The window began before the weights were in effect.
    TooSoon,
    /// There was no data.
    NoData,
    /// There were fewer requests or data points than the metric asks for.
    TooFew {
        /// What there was.
        have: u64,
        /// What is asked for.
        need: u64,
    },
    /// Stable has no value to compare with.
    NoStable,
    /// Stable had fewer requests or data points than the metric asks for.
    TooFewStable {
        /// What there was.
        have: u64,
        /// What is asked for.
        need: u64,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSoon => write!(f, "too soon after the change"),
            Self::NoData => write!(f, "no data"),
            Self::TooFew { have, need } => write!(f, "{have} of {need} samples"),
            Self::NoStable => write!(f, "nothing on stable to compare with"),
            Self::TooFewStable { have, need } => write!(f, "{have} of {need} samples on stable"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => write!(f, "pass"),
            Self::Fail => write!(f, "fail"),
            Self::Inconclusive(doubt) => write!(f, "inconclusive: {doubt}"),
            Self::Error(why) => write!(f, "error: {why}"),
        }
    }
}

impl fmt::Display for Finding {
    /// `error_rate < 0.1%: fail (4.2%, 1234 samples)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.condition, self.verdict)?;
        if let Some(current) = self.current {
            write!(f, " ({current}")?;
            if let Some(stable) = self.stable {
                write!(f, ", stable {stable}")?;
            }
            write!(f, ", {} samples)", self.samples)?;
        }
        Ok(())
    }
}

/// The questions that a condition needs answered at `now`.
#[must_use]
pub fn queries(condition: &Condition, metric: &Metric, now: Timestamp) -> Vec<Query> {
    let sides: &[Side] = match condition.limit {
        Limit::Fixed(_) => &[Side::Canary],
        Limit::Stable { .. } => &[Side::Canary, Side::Stable],
    };
    let windows: Vec<Window> = match condition.lasting {
        Some(lasting) => Window::newest(lasting, now).minutes().collect(),
        None => vec![Window::newest(metric.window, now)],
    };
    sides
        .iter()
        .flat_map(|side| {
            windows.iter().map(|window| Query {
                metric: condition.metric.clone(),
                side: *side,
                window: *window,
            })
        })
        .collect()
}

/// Judges a condition at `now` on answers to its [`queries`], for weights in effect since `since`.
#[must_use]
pub fn judge(
    condition: &Condition,
    role: Role,
    metric: &Metric,
    readings: &Readings,
    since: Timestamp,
    now: Timestamp,
) -> Finding {
    let window = Window::newest(condition.lasting.unwrap_or(metric.window), now);
    let mut finding = Finding {
        condition: condition.clone(),
        role,
        verdict: Verdict::Inconclusive(Doubt::TooSoon),
        current: None,
        stable: None,
        samples: 0,
        window,
    };
    if window.from < since {
        return finding;
    }
    let spans: Vec<Window> = match condition.lasting {
        Some(_) => window.minutes().collect(),
        None => vec![window],
    };
    let mut all_hold = true;
    let mut stable_samples = None;
    for span in spans {
        let answer = |side| {
            readings.get(&Query {
                metric: condition.metric.clone(),
                side,
                window: span,
            })
        };
        match holds_in(condition, answer(Side::Canary), answer(Side::Stable)) {
            Ok(look) => {
                // The first minute that decides is the one to show.
                if all_hold {
                    finding.current = Some(look.current);
                    finding.stable = look.stable;
                }
                finding.samples = finding.samples.saturating_add(look.samples);
                stable_samples = sum(stable_samples, look.stable_samples);
                all_hold &= look.holds;
            }
            Err(verdict) => {
                finding.verdict = verdict;
                return finding;
            }
        }
    }
    finding.verdict = match too_few(metric.min_requests, finding.samples, stable_samples) {
        Some(doubt) => Verdict::Inconclusive(doubt),
        None => verdict_of(all_hold, role),
    };
    finding
}

fn sum(so_far: Option<u64>, more: Option<u64>) -> Option<u64> {
    more.map(|more| more.saturating_add(so_far.unwrap_or(0)))
}

/// Too little to say anything by, on the canary or on what it is compared with.
fn too_few(need: u64, have: u64, stable: Option<u64>) -> Option<Doubt> {
    if have < need {
        return Some(Doubt::TooFew { have, need });
    }
    let have = stable.filter(|have| *have < need)?;
    Some(Doubt::TooFewStable { have, need })
}

fn verdict_of(holds: bool, role: Role) -> Verdict {
    match (role, holds) {
        (Role::Require, true) | (Role::Rollback | Role::Incident(_), false) => Verdict::Pass,
        (Role::Require, false) | (Role::Rollback | Role::Incident(_), true) => Verdict::Fail,
    }
}

struct Look {
    holds: bool,
    current: Quantity,
    stable: Option<Quantity>,
    samples: u64,
    stable_samples: Option<u64>,
}

fn holds_in(
    condition: &Condition,
    canary: Option<&Reading>,
    stable: Option<&Reading>,
) -> Result<Look, Verdict> {
    let (current, samples) = value_of(canary, Doubt::NoData)?;
    let (against, factor_milli, stable) = match condition.limit {
        Limit::Fixed(limit) => (limit, 1000, None),
        Limit::Stable { factor_milli } => {
            let (value, samples) = value_of(stable, Doubt::NoStable)?;
            (value, factor_milli, Some((value, samples)))
        }
    };
    let Some(order) = current.compare_scaled(against, factor_milli) else {
        let why = format!("{current} cannot be compared with {against}");
        return Err(Verdict::Error(why));
    };
    Ok(Look {
        holds: condition.op.holds(order),
        current,
        stable: stable.map(|(value, _)| value),
        samples,
        stable_samples: stable.map(|(_, samples)| samples),
    })
}

fn value_of(reading: Option<&Reading>, none: Doubt) -> Result<(Quantity, u64), Verdict> {
    match reading {
        Some(Reading::Ratio { part, whole }) => Quantity::ratio(*part, *whole)
            .map(|ratio| (ratio, *whole))
            .ok_or(Verdict::Inconclusive(none)),
        Some(Reading::Value { value, samples }) => Ok((*value, *samples)),
        Some(Reading::Absent) => Err(Verdict::Inconclusive(none)),
        Some(Reading::Failed(why)) => Err(Verdict::Error(why.clone())),
        None => Err(Verdict::Error("the question was not answered".to_owned())),
    }
}
