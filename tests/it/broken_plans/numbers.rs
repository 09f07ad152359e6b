//! Numbers, durations, weights and conditions that cannot be read.

use expect_test::expect;

use super::{check_adding, check_with};

#[test]
fn numbers() {
    check_with(
        "expires: 1d",
        "expires: 1d, needed: 1e1",
        &expect![[r#"
        error[bad-number]: phases[0].approval.needed: `1e1` is no plain whole number
          --> plan.yaml:20:53
           |
        20 |     approval: { from: [leads], expires: 1d, needed: 1e1 }
           |                                                     ^^^ expected a whole number in plain digits
           |
           = help: write `10`

    "#]],
    );
    check_with(
        "priority: 10",
        r#"priority: "10""#,
        &expect![[r#"
        error[bad-number]: routes.web.alb.priority: `10` is in quotes
         --> plan.yaml:8:17
          |
        8 |       priority: "10"
          |                 ^^^^ expected a whole number in plain digits
          |
          = help: write `10`

    "#]],
    );
    check_with(
        "priority: 10",
        "priority: 0o12",
        &expect![[r#"
        error[bad-number]: routes.web.alb.priority: `0o12` is no plain whole number
         --> plan.yaml:8:17
          |
        8 |       priority: 0o12
          |                 ^^^^ expected a whole number in plain digits
          |
          = help: write digits only, such as `200`

    "#]],
    );
    check_with(
        "priority: 10",
        "priority: 60000",
        &expect![[r#"
        error[out-of-range]: routes.web.alb.priority: `60000` is out of range
         --> plan.yaml:8:17
          |
        8 |       priority: 60000
          |                 ^^^^^ expected a whole number from 1 to 50000
          |
          = help: write `50000` or a number nearer to it

    "#]],
    );
}

#[test]
fn durations() {
    check_with(
        "bake: 1h",
        "bake: 24",
        &expect![[r#"
        error[bad-duration]: phases[0].bake: `24` has no unit
          --> plan.yaml:17:11
           |
        17 |     bake: 24
           |           ^^ expected a duration, such as 24h, 90s or 1h30m
           |
           = help: write `24h`, `24m` or `24s`

    "#]],
    );
    check_with(
        "bake: 1h",
        "bake: 2 hours",
        &expect![[r#"
        error[bad-duration]: phases[0].bake: `2 hours` is no duration
          --> plan.yaml:17:11
           |
        17 |     bake: 2 hours
           |           ^^^^^^^ expected a duration, such as 24h, 90s or 1h30m
           |
           = help: write `2h`

    "#]],
    );
    check_with(
        "bake: 1h",
        "bake: 1.5h",
        &expect![[r#"
        error[bad-duration]: phases[0].bake: `1.5h` is no duration
          --> plan.yaml:17:11
           |
        17 |     bake: 1.5h
           |           ^^^^ expected a duration, such as 24h, 90s or 1h30m
           |
           = help: write whole numbers with `w`, `d`, `h`, `m`, `s` or `ms`, the longest first, as in `1h30m`

    "#]],
    );
}

#[test]
fn durations_that_are_almost_right() {
    check_with(
        "bake: 1h",
        "bake: 30m1h",
        &expect![[r#"
        error[bad-duration]: phases[0].bake: `30m1h` is no duration
          --> plan.yaml:17:11
           |
        17 |     bake: 30m1h
           |           ^^^^^ expected a duration, such as 24h, 90s or 1h30m
           |
           = help: write whole numbers with `w`, `d`, `h`, `m`, `s` or `ms`, the longest first, as in `1h30m`

    "#]],
    );
    check_with(
        "bake: 1h",
        "bake: 5000d",
        &expect![[r#"
        error[out-of-range]: phases[0].bake: `5000d` is longer than a year
          --> plan.yaml:17:11
           |
        17 |     bake: 5000d
           |           ^^^^^ expected at most 366d
           |
           = help: write a shorter duration

    "#]],
    );
    check_adding(
        "rollback: { drain: 2h }",
        &expect![[r#"
        error[out-of-range]: rollback.drain: a load balancer cannot drain for so long, or not for so exact a time
          --> plan.yaml:27:20
           |
        27 | rollback: { drain: 2h }
           |                    ^^ expected whole seconds, at most 1h
           |
           = help: write `30s`

    "#]],
    );
}

#[test]
fn weights() {
    check_with(
        "weight: 50%",
        "weight: 50",
        &expect![[r#"
        error[bad-weight]: phases[0].weight: `50` has no `%`
          --> plan.yaml:16:13
           |
        16 |     weight: 50
           |             ^^ expected a weight from 0% to 100% with at most one decimal, such as 5%
           |
           = help: write `50%`

    "#]],
    );
    check_with(
        "weight: 50%",
        "weight: 0.05",
        &expect![[r#"
        error[bad-weight]: phases[0].weight: `0.05` has no `%`
          --> plan.yaml:16:13
           |
        16 |     weight: 0.05
           |             ^^^^ expected a weight from 0% to 100% with at most one decimal, such as 5%
           |
           = help: write `5%`, or `0.05%`

    "#]],
    );
    check_with(
        "weight: 50%",
        "weight: 12.34%",
        &expect![[r#"
        error[bad-weight]: phases[0].weight: `12.34%` has too many decimals
          --> plan.yaml:16:13
           |
        16 |     weight: 12.34%
           |             ^^^^^^ expected a weight from 0% to 100% with at most one decimal, such as 5%
           |
           = help: write `12.3%` or `12.4%`

    "#]],
    );
    check_with(
        "weight: 50%",
        "weight: 105%",
        &expect![[r#"
        error[bad-weight]: phases[0].weight: `105%` is more than everything
          --> plan.yaml:16:13
           |
        16 |     weight: 105%
           |             ^^^^ expected a weight from 0% to 100% with at most one decimal, such as 5%
           |
           = help: write `100%`

    "#]],
    );
}

#[test]
fn a_weight_that_is_a_word() {
    check_with(
        "weight: 50%",
        "weight: half",
        &expect![[r#"
        error[bad-weight]: phases[0].weight: `half` is no weight
          --> plan.yaml:16:13
           |
        16 |     weight: half
           |             ^^^^ expected a weight from 0% to 100% with at most one decimal, such as 5%
           |
           = help: write `5%`

    "#]],
    );
}

#[test]
fn conditions() {
    check_with(
        "errors < 1%",
        "errors = 1%",
        &expect![[r#"
        error[bad-condition]: phases[0].require[0]: `=` is no comparison
          --> plan.yaml:18:23
           |
        18 |     require: ["errors = 1%", "queue < 100"]
           |                       ^ expected a comparison: `<`, `<=`, `>`, `>=`, `==` or `!=`
           |
           = help: write `==`

    "#]],
    );
    check_with(
        "errors < 1%",
        "errors < 1 %",
        &expect![[r#"
        error[bad-condition]: phases[0].require[0]: `%` stands behind the limit
          --> plan.yaml:18:27
           |
        18 |     require: ["errors < 1 %", "queue < 100"]
           |                           ^ expected the end of the condition, or `for` and a duration
           |
           = help: write a number and its unit without a space, and `for 3m` if the condition must last

    "#]],
    );
    check_with(
        "errors < 1%",
        "errors < 1% and queue < 3",
        &expect![[r#"
        error[bad-condition]: phases[0].require[0]: `and` joins conditions
          --> plan.yaml:18:28
           |
        18 |     require: ["errors < 1% and queue < 3", "queue < 100"]
           |                            ^^^ expected the end of the condition, or `for` and a duration
           |
           = help: write each condition as an entry of its own in the list; all of `require` must hold, any of `rollback` rolls back

    "#]],
    );
}

#[test]
fn conditions_that_are_almost_right() {
    check_with(
        "p95 > 1s",
        "p95 > 1s for 90s",
        &expect![[r#"
        error[out-of-range]: phases[0].rollback[1]: `90s` is no number of whole minutes up to a day
          --> plan.yaml:19:52
           |
        19 |     rollback: ["errors > 5% for 2m", "p95 > 1s for 90s"]
           |                                                    ^^^ expected whole minutes from 1m to 24h, because a metric has one value a minute
           |
           = help: write `for 1m` or longer

    "#]],
    );
    check_with(
        "p95 > 1s",
        "p95 > 1.1 * stable",
        &expect![[r#"
        error[bad-condition]: phases[0].rollback[1]: `*` stands before `stable`
          --> plan.yaml:19:49
           |
        19 |     rollback: ["errors > 5% for 2m", "p95 > 1.1 * stable"]
           |                                                 ^ expected `1.1 x stable`
           |
           = help: write the letter `x`

    "#]],
    );
    check_with(
        r#""errors < 1%""#,
        "{ metric: errors }",
        &expect![[r#"
            error[bad-condition]: phases[0].require[0]: a mapping is no condition
              --> plan.yaml:18:15
               |
            18 |     require: [{ metric: errors }, "queue < 100"]
               |               ^^^^^^^^^^^^^^^^^^ expected a condition: `metric < limit`, with `for 3m` behind it if it must last
               |
               = help: write `"error_rate < 0.1%"` or the like, in quotes

        "#]],
    );
}

#[test]
fn reminders_and_levels_that_make_no_sense() {
    check_adding(
        "severities: { medium: { within: 4h, otherwise: hold, remind: 0s } }",
        &expect![[r#"
            error[out-of-range]: severities.medium.remind: `0s` is too short
              --> plan.yaml:27:62
               |
            27 | severities: { medium: { within: 4h, otherwise: hold, remind: 0s } }
               |                                                              ^^ expected at least 1m
               |
               = help: write `1m` or longer

        "#]],
    );
    check_adding(
        "escalation: [ { after: 15m, tell: [leads] }, { after: 15m, tell: [nobody] } ]",
        &expect![[r#"
            error[out-of-range]: escalation[1].after: this level is told no later than the one before it
              --> plan.yaml:27:55
               |
            27 | escalation: [ { after: 15m, tell: [leads] }, { after: 15m, tell: [nobody] } ]
               |                                                       ^^^ expected more than 15m
               |
               = help: order the levels by `after`, and give each a later one

            error[unknown-reference]: escalation[1].tell[0]: there is no group `nobody`
              --> plan.yaml:27:67
               |
            27 | escalation: [ { after: 15m, tell: [leads] }, { after: 15m, tell: [nobody] } ]
               |                                                                   ^^^^^^ expected one that is declared under `groups`: `leads`
               |
               = help: add it under `groups`

        "#]],
    );
}

#[test]
fn times_in_which_nobody_can_act() {
    check_with(
        "expires: 1d",
        "expires: 0s",
        &expect![[r#"
        error[out-of-range]: phases[0].approval.expires: `0s` is too short
          --> plan.yaml:20:41
           |
        20 |     approval: { from: [leads], expires: 0s }
           |                                         ^^ expected at least 1m
           |
           = help: write `1m` or longer

    "#]],
    );
    check_adding(
        "severities: { high: { within: 5s, otherwise: rollback } }",
        &expect![[r#"
            error[out-of-range]: severities.high.within: `5s` is too short
              --> plan.yaml:27:31
               |
            27 | severities: { high: { within: 5s, otherwise: rollback } }
               |                               ^^ expected at least 1m
               |
               = help: write `1m` or longer

        "#]],
    );
    check_adding(
        "rollback: { within: 1s }",
        &expect![[r#"
        error[out-of-range]: rollback.within: `1s` is too short
          --> plan.yaml:27:21
           |
        27 | rollback: { within: 1s }
           |                     ^^ expected at least 10s
           |
           = help: write `10s` or longer

    "#]],
    );
}
