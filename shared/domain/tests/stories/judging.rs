//! The judge: what a measurement says of a condition.

use std::fmt::Write as _;

use domain::{
    judge::{Query, Reading, Readings, Role, Side, Window, judge, queries},
    name::MetricName,
    plan::{
        gate::{Condition, Limit, Op},
        metric::Metric,
    },
    quantity::{Dimension, Quantity},
    time::{SignedDuration, Timestamp},
};
use expect_test::{Expect, expect};

use crate::{
    plans::{MINUTE, few_errors, many_errors, plan},
    story::at,
};

fn metric(window: SignedDuration) -> Metric {
    let mut metric = plan().metrics[&MetricName::new("error_rate").unwrap()].clone();
    metric.window = window;
    metric
}

/// So many errors in so many requests.
fn ratio(part: u64, whole: u64) -> Reading {
    Reading::Ratio { part, whole }
}

fn lasting(condition: Condition, minutes: i64) -> Condition {
    let lasting = Some(SignedDuration::from_mins(minutes));
    Condition {
        lasting,
        ..condition
    }
}

/// At most 1.1 times as many errors as on stable.
fn like_stable() -> Condition {
    Condition {
        limit: Limit::Stable { factor_milli: 1100 },
        op: Op::AtMost,
        ..few_errors()
    }
}

/// Judges at 1:00:30, for weights in effect since 0:30, and says which windows were asked for.
#[track_caller]
fn check(
    condition: &Condition,
    role: Role,
    answer: impl Fn(&Query) -> Option<Reading>,
    expected: &Expect,
) {
    check_since(condition, role, at("0:30"), answer, expected);
}

#[track_caller]
fn check_since(
    condition: &Condition,
    role: Role,
    since: Timestamp,
    answer: impl Fn(&Query) -> Option<Reading>,
    expected: &Expect,
) {
    let (metric, now) = (metric(MINUTE * 5), at("1:00:30"));
    let asked = queries(condition, &metric, now);
    let readings: Readings = asked
        .into_iter()
        .filter_map(|query| Some((query.clone(), answer(&query)?)))
        .collect();
    let finding = judge(condition, role, &metric, &readings, since, now);
    expected.assert_eq(&finding.to_string());
}

#[test]
fn the_newest_window_ends_where_data_is_complete() {
    let window = Window::newest(MINUTE * 5, at("1:00:30"));
    assert_eq!((window.from, window.to), (at("0:53"), at("0:58")));
    assert_eq!(window.minutes().count(), 5);
}

#[test]
fn a_window_is_made_of_whole_minutes() {
    let window = Window::newest(SignedDuration::from_secs(90), at("1:00:30"));
    assert_eq!((window.from, window.to), (at("0:56"), at("0:58")));
    let window = Window::newest(SignedDuration::ZERO, at("1:00:30"));
    assert_eq!((window.from, window.to), (at("0:57"), at("0:58")));
}

#[test]
fn what_must_hold_passes_when_it_holds_and_what_must_not_when_it_does_not() {
    let of = |part| move |_: &Query| Some(ratio(part, 10_000));
    let (few, many) = (few_errors(), many_errors());
    check(
        &few,
        Role::Require,
        of(9),
        &expect!["error_rate < 0.1%: pass (0.09%, 10000 samples)"],
    );
    check(
        &few,
        Role::Require,
        of(10),
        &expect!["error_rate < 0.1%: fail (0.1%, 10000 samples)"],
    );
    check(
        &many,
        Role::Rollback,
        of(100),
        &expect!["error_rate > 1%: pass (1%, 10000 samples)"],
    );
    check(
        &many,
        Role::Rollback,
        of(101),
        &expect!["error_rate > 1%: fail (1.01%, 10000 samples)"],
    );
}

#[test]
fn no_data_too_few_and_no_answer_are_never_a_pass() {
    let few = few_errors();
    check(
        &few,
        Role::Require,
        |_| Some(Reading::Absent),
        &expect!["error_rate < 0.1%: inconclusive: no data"],
    );
    check(
        &few,
        Role::Require,
        |_| Some(ratio(0, 0)),
        &expect!["error_rate < 0.1%: inconclusive: no data"],
    );
    check(
        &few,
        Role::Require,
        |_| Some(ratio(0, 99)),
        &expect!["error_rate < 0.1%: inconclusive: 99 of 100 samples (0%, 99 samples)"],
    );
    check(
        &few,
        Role::Require,
        |_| Some(ratio(0, 100)),
        &expect!["error_rate < 0.1%: pass (0%, 100 samples)"],
    );
    check(
        &few,
        Role::Require,
        |_| None,
        &expect!["error_rate < 0.1%: error: the question was not answered"],
    );
    let failed = |_: &Query| Some(Reading::Failed("throttled".to_owned()));
    check(
        &few,
        Role::Require,
        failed,
        &expect!["error_rate < 0.1%: error: throttled"],
    );
}

#[test]
fn no_data_too_few_and_no_answer_send_nothing_back() {
    let many = many_errors();
    check(
        &many,
        Role::Rollback,
        |_| Some(Reading::Absent),
        &expect!["error_rate > 1%: inconclusive: no data"],
    );
    check(
        &many,
        Role::Rollback,
        |_| Some(ratio(99, 99)),
        &expect!["error_rate > 1%: inconclusive: 99 of 100 samples (100%, 99 samples)"],
    );
    check(
        &many,
        Role::Rollback,
        |_| None,
        &expect!["error_rate > 1%: error: the question was not answered"],
    );
}

#[test]
fn a_window_that_began_before_the_weights_were_in_effect_says_nothing() {
    let bad = |_: &Query| Some(ratio(500, 1000));
    let many = many_errors();
    check_since(
        &many,
        Role::Rollback,
        at("0:53:01"),
        bad,
        &expect!["error_rate > 1%: inconclusive: too soon after the change"],
    );
    check_since(
        &many,
        Role::Rollback,
        at("0:53"),
        bad,
        &expect!["error_rate > 1%: fail (50%, 1000 samples)"],
    );
}

#[test]
fn for_so_long_means_in_each_minute() {
    let bad_but_at = |minute: &'static str| {
        move |query: &Query| {
            let good = query.window.from == at(minute);
            Some(ratio(if good { 1 } else { 50 }, 1000))
        }
    };
    let many = lasting(many_errors(), 3);
    check(
        &many,
        Role::Rollback,
        bad_but_at("0:50"),
        &expect!["error_rate > 1% for 3m: fail (5%, 3000 samples)"],
    );
    check(
        &many,
        Role::Rollback,
        bad_but_at("0:55"),
        &expect!["error_rate > 1% for 3m: pass (0.1%, 3000 samples)"],
    );
    check(
        &many,
        Role::Rollback,
        bad_but_at("0:57"),
        &expect!["error_rate > 1% for 3m: pass (0.1%, 3000 samples)"],
    );
}

#[test]
fn a_minute_without_data_in_a_longer_time_leaves_it_open() {
    let silent_at = |query: &Query| {
        let silent = query.window.from == at("0:56");
        Some(if silent {
            Reading::Absent
        } else {
            ratio(50, 1000)
        })
    };
    check(
        &lasting(many_errors(), 3),
        Role::Rollback,
        silent_at,
        &expect!["error_rate > 1% for 3m: inconclusive: no data (5%, 1000 samples)"],
    );
}

#[test]
fn the_minute_that_decided_is_the_one_that_is_shown() {
    let bad_at = |query: &Query| {
        let bad = query.window.from == at("0:55");
        Some(ratio(if bad { 70 } else { 0 }, 1000))
    };
    check(
        &lasting(few_errors(), 3),
        Role::Require,
        bad_at,
        &expect!["error_rate < 0.1% for 3m: fail (7%, 3000 samples)"],
    );
}

#[test]
fn the_canary_is_compared_with_stable_in_the_same_window() {
    let sides = |canary: Reading, stable: Reading| {
        move |query: &Query| {
            Some(match query.side {
                Side::Canary => canary.clone(),
                Side::Stable => stable.clone(),
            })
        }
    };
    let like = like_stable();
    let good = sides(ratio(11, 1000), ratio(100, 10_000));
    check(
        &like,
        Role::Require,
        good,
        &expect!["error_rate <= 1.1 x stable: pass (1.1%, stable 1%, 1000 samples)"],
    );
    let worse = sides(ratio(12, 1000), ratio(100, 10_000));
    check(
        &like,
        Role::Require,
        worse,
        &expect!["error_rate <= 1.1 x stable: fail (1.2%, stable 1%, 1000 samples)"],
    );
    let alone = sides(ratio(0, 1000), Reading::Absent);
    check(
        &like,
        Role::Require,
        alone,
        &expect!["error_rate <= 1.1 x stable: inconclusive: nothing on stable to compare with"],
    );
    let just_enough = sides(ratio(0, 1000), ratio(1, 100));
    check(
        &like,
        Role::Require,
        just_enough,
        &expect!["error_rate <= 1.1 x stable: pass (0%, stable 1%, 1000 samples)"],
    );
    let hardly = sides(ratio(0, 1000), ratio(1, 3));
    check(
        &like,
        Role::Require,
        hardly,
        &expect![
            "error_rate <= 1.1 x stable: inconclusive: 3 of 100 samples on stable (0%, stable 33.333%, 1000 samples)"
        ],
    );
}

#[test]
fn things_of_different_kinds_are_not_compared() {
    let value = Quantity::new(1, Dimension::Time);
    let time = move |_: &Query| {
        Some(Reading::Value {
            value,
            samples: 500,
        })
    };
    check(
        &few_errors(),
        Role::Require,
        time,
        &expect!["error_rate < 0.1%: error: 0ms cannot be compared with 0.1%"],
    );
}

#[test]
fn every_comparison_means_what_it_says() {
    let value = |micros| {
        move |_: &Query| {
            let value = Quantity::new(micros, Dimension::Ratio);
            Some(Reading::Value {
                value,
                samples: 500,
            })
        }
    };
    let mut table = String::new();
    for op in [
        Op::Less,
        Op::AtMost,
        Op::More,
        Op::AtLeast,
        Op::Equal,
        Op::NotEqual,
    ] {
        let condition = Condition { op, ..few_errors() };
        let metric = metric(MINUTE);
        write!(table, "{}", op.symbol()).unwrap();
        for micros in [999, 1000, 1001] {
            let asked = queries(&condition, &metric, at("1:00"));
            let readings = asked.into_iter().map(|query| {
                let reading = value(micros)(&query).unwrap();
                (query, reading)
            });
            let found = judge(
                &condition,
                Role::Require,
                &metric,
                &readings.collect(),
                at("0:30"),
                at("1:00"),
            );
            write!(table, " {micros} {},", found.verdict).unwrap();
        }
        table.push('\n');
    }
    expect![[r#"
        < 999 pass, 1000 fail, 1001 fail,
        <= 999 pass, 1000 pass, 1001 fail,
        > 999 fail, 1000 fail, 1001 pass,
        >= 999 fail, 1000 pass, 1001 pass,
        == 999 fail, 1000 pass, 1001 fail,
        != 999 pass, 1000 fail, 1001 pass,
    "#]]
    .assert_eq(&table);
}
