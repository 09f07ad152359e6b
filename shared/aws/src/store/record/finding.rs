//! What was found out about a condition, as it is kept.
//!
//! The condition is kept whole and not as its place in the plan: places move when the language of plans grows,
//! and a finding must go on saying what was measured.

use domain::{
    judge,
    name::MetricName,
    plan::gate,
    quantity,
    time::{SignedDuration, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{
    spelling::Spelt,
    word::{Dimension, Op, Role},
};

/// See [`judge::Finding`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finding {
    condition: Condition,
    role: Role,
    verdict: Verdict,
    current: Option<Quantity>,
    stable: Option<Quantity>,
    samples: u64,
    from: Spelt<Timestamp>,
    to: Spelt<Timestamp>,
}

/// See [`gate::Condition`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    metric: Spelt<MetricName>,
    op: Op,
    limit: Limit,
    lasting: Option<Spelt<SignedDuration>>,
}

/// See [`gate::Limit`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Limit {
    Fixed(Quantity),
    Stable { factor_milli: u32 },
}

/// See [`quantity::Quantity`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quantity {
    micros: i64,
    dimension: Dimension,
}

/// See [`judge::Verdict`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Pass,
    Fail,
    Inconclusive(Doubt),
    Error(String),
}

/// See [`judge::Doubt`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Doubt {
    TooSoon,
    NoData,
    TooFew { have: u64, need: u64 },
    NoStable,
    TooFewStable { have: u64, need: u64 },
}

impl From<judge::Finding> for Finding {
    fn from(finding: judge::Finding) -> Self {
        Self {
            condition: finding.condition.into(),
            role: finding.role.into(),
            verdict: finding.verdict.into(),
            current: finding.current.map(Into::into),
            stable: finding.stable.map(Into::into),
            samples: finding.samples,
            from: Spelt(finding.window.from),
            to: Spelt(finding.window.to),
        }
    }
}

impl From<Finding> for judge::Finding {
    fn from(record: Finding) -> Self {
        Self {
            condition: record.condition.into(),
            role: record.role.into(),
            verdict: record.verdict.into(),
            current: record.current.map(Into::into),
            stable: record.stable.map(Into::into),
            samples: record.samples,
            window: judge::Window {
                from: record.from.0,
                to: record.to.0,
            },
        }
    }
}

impl From<gate::Condition> for Condition {
    fn from(condition: gate::Condition) -> Self {
        Self {
            metric: Spelt(condition.metric),
            op: condition.op.into(),
            limit: match condition.limit {
                gate::Limit::Fixed(quantity) => Limit::Fixed(quantity.into()),
                gate::Limit::Stable { factor_milli } => Limit::Stable { factor_milli },
            },
            lasting: condition.lasting.map(Spelt),
        }
    }
}

impl From<Condition> for gate::Condition {
    fn from(record: Condition) -> Self {
        Self {
            metric: record.metric.0,
            op: record.op.into(),
            limit: match record.limit {
                Limit::Fixed(quantity) => gate::Limit::Fixed(quantity.into()),
                Limit::Stable { factor_milli } => gate::Limit::Stable { factor_milli },
            },
            lasting: record.lasting.map(|lasting| lasting.0),
        }
    }
}

impl From<quantity::Quantity> for Quantity {
    fn from(quantity: quantity::Quantity) -> Self {
        Self {
            micros: quantity.micros,
            dimension: quantity.dimension.into(),
        }
    }
}

impl From<Quantity> for quantity::Quantity {
    fn from(record: Quantity) -> Self {
        Self::new(record.micros, record.dimension.into())
    }
}

impl From<judge::Verdict> for Verdict {
    fn from(verdict: judge::Verdict) -> Self {
        match verdict {
            judge::Verdict::Pass => Self::Pass,
            judge::Verdict::Fail => Self::Fail,
            judge::Verdict::Inconclusive(doubt) => Self::Inconclusive(doubt.into()),
            judge::Verdict::Error(why) => Self::Error(why),
        }
    }
}

impl From<Verdict> for judge::Verdict {
    fn from(record: Verdict) -> Self {
        match record {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Inconclusive(doubt) => Self::Inconclusive(doubt.into()),
            Verdict::Error(why) => Self::Error(why),
        }
    }
}

impl From<judge::Doubt> for Doubt {
    fn from(doubt: judge::Doubt) -> Self {
        match doubt {
            judge::Doubt::TooSoon => Self::TooSoon,
            judge::Doubt::NoData => Self::NoData,
            judge::Doubt::TooFew { have, need } => Self::TooFew { have, need },
            judge::Doubt::NoStable => Self::NoStable,
            judge::Doubt::TooFewStable { have, need } => Self::TooFewStable { have, need },
        }
    }
}

impl From<Doubt> for judge::Doubt {
    fn from(record: Doubt) -> Self {
        match record {
            Doubt::TooSoon => Self::TooSoon,
            Doubt::NoData => Self::NoData,
            Doubt::TooFew { have, need } => Self::TooFew { have, need },
            Doubt::NoStable => Self::NoStable,
            Doubt::TooFewStable { have, need } => Self::TooFewStable { have, need },
        }
    }
}
