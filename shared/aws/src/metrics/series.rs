//! Series of numbers: what is asked for, what came, and what a number may be.

use std::collections::BTreeMap;

use domain::{
    judge::Window,
    quantity::{Dimension, Quantity},
    time::{SignedDuration, Timestamp},
};

/// A metric with its dimensions and a statistic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) dimensions: BTreeMap<String, String>,
    pub(super) statistic: String,
}

/// How much time one number of an answer stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grain {
    /// A minute; whoever asks for some of them can be served with all.
    Minute,
    /// So many seconds, for a line over time.
    Every(i32),
    /// A whole window: a percentile of five minutes is not made of five percentiles.
    Whole(Window),
}

impl Grain {
    /// The grain of one number for a window.
    pub(super) fn whole(window: Window) -> Self {
        if seconds(window) == 60 {
            Self::Minute
        } else {
            Self::Whole(window)
        }
    }

    /// The `Period`, in seconds.
    pub(super) fn period(self) -> i32 {
        match self {
            Self::Minute => 60,
            Self::Every(seconds) => seconds,
            Self::Whole(window) => i32::try_from(seconds(window)).unwrap_or(i32::MAX),
        }
    }
}

fn seconds(window: Window) -> i64 {
    let lasts: SignedDuration = window.to.duration_since(window.from);
    lasts.as_secs()
}

/// One thing to ask for; two questions that need the same share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fetch {
    pub(super) series: Series,
    pub(super) grain: Grain,
}

/// Numbers, each with the beginning of the time that it stands for.
pub type Points = Vec<(Timestamp, f64)>;

/// What became of each thing that was asked for: its numbers, or why there are none.
pub(super) type Answers = BTreeMap<Fetch, Result<Points, String>>;

/// The numbers of a window; one that is no number spoils them all.
pub(super) fn within(answers: &Answers, fetch: &Fetch, window: Window) -> Result<Points, String> {
    let name = &fetch.series.name;
    let points = match answers.get(fetch) {
        Some(Ok(points)) => points,
        Some(Err(why)) => return Err(why.clone()),
        None => return Err(format!("{name} was not asked for")),
    };
    let inside: Points = points
        .iter()
        .filter(|(at, _)| window.from <= *at && *at < window.to)
        .copied()
        .collect();
    match inside.iter().find(|(_, value)| !value.is_finite()) {
        Some((at, value)) => Err(format!("{name} is {value} at {at}")),
        None => Ok(inside),
    }
}

/// The one number of a window.
///
/// Its time is the beginning of what was asked for, because periods are counted from `StartTime`
/// (boto3 issue 3457); at any other time it would be a number of other minutes.
pub(super) fn single(
    answers: &Answers,
    fetch: &Fetch,
    window: Window,
) -> Result<Option<f64>, String> {
    match within(answers, fetch, window)?.as_slice() {
        [] => Ok(None),
        [(at, value)] if *at == window.from => Ok(Some(*value)),
        [(at, _), ..] => Err(format!(
            "{} was answered for a period from {at}, not for the one from {} to {}",
            fetch.series.name, window.from, window.to
        )),
    }
}

/// A number of things: the sum of a window's minutes, or none if there is none.
pub(super) fn count(
    answers: &Answers,
    fetch: &Fetch,
    window: Window,
) -> Result<Option<u64>, String> {
    /// Beyond this a float skips whole numbers.
    const MOST: f64 = 9_007_199_254_740_992.0;

    let points = within(answers, fetch, window)?;
    if points.is_empty() {
        return Ok(None);
    }
    let sum: f64 = points.iter().map(|(_, value)| value).sum();
    if !(0.0..=MOST).contains(&sum) {
        return Err(format!("{} is {sum:e}, no count", fetch.series.name));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between zero and what a float holds exactly"
    )]
    let count = sum.round() as u64;
    Ok(Some(count))
}

/// A quantity of a number in units of so many millionths; one that cannot be held is an error.
pub(super) fn quantity(
    value: f64,
    micros_in_unit: i64,
    dimension: Dimension,
) -> Result<Quantity, String> {
    /// Less than `i64::MAX`, as the nearest float is.
    const MOST: f64 = 9.2e18;

    #[expect(clippy::cast_precision_loss, reason = "units are round numbers")]
    let micros = value * micros_in_unit as f64;
    // Not a number is not in any range.
    if !(-MOST..=MOST).contains(&micros) {
        return Err(format!("the value {value:e} cannot be used"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is within the range")]
    let micros = micros.round() as i64;
    Ok(Quantity::new(micros, dimension))
}
