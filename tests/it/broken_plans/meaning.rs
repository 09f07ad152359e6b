//! Plans whose parts are right one by one and wrong together.

use expect_test::expect;

use super::{SOUND, check, check_adding, check_with};

#[test]
fn a_metric_that_is_not_there() {
    check_with(
        "errors < 1%",
        "eror < 1%",
        &expect![[r#"
        error[unknown-reference]: phases[0].require[0]: there is no metric `eror`
          --> plan.yaml:18:16
           |
        18 |     require: ["eror < 1%", "queue < 100"]
           |                ^^^^ expected one that is declared under `metrics`: `errors`, `p95` or `queue`
           |
           = help: did you mean `errors`?

    "#]],
    );
}

#[test]
fn a_route_that_is_not_there() {
    check_with(
        "weight: 50%",
        "weights: { wbe: 50% }",
        &expect![[r#"
        error[unknown-reference]: phases[0].weights.wbe: there is no route `wbe`
          --> plan.yaml:16:16
           |
        16 |     weights: { wbe: 50% }
           |                ^^^ expected one that is declared under `routes`: `dns` or `web`
           |
           = help: did you mean `web`?

    "#]],
    );
}

#[test]
fn a_group_or_hook_that_is_not_there() {
    check_with(
        "approval: { from: [leads]",
        r#"before: [page]
        approval: { from: [chiefs]"#,
        &expect![[r#"
            error[unknown-reference]: phases[0].before[0]: there is no hook `page`
              --> plan.yaml:20:14
               |
            20 |     before: [page]
               |              ^^^^ expected one that is declared under `hooks`, where there are none
               |
               = help: add it under `hooks`

            error[unknown-reference]: phases[0].approval.from[0]: there is no group `chiefs`
              --> plan.yaml:21:24
               |
            21 |     approval: { from: [chiefs], expires: 1d }
               |                        ^^^^^^ expected one that is declared under `groups`: `leads`
               |
               = help: add it under `groups`

        "#]],
    );
}

#[test]
fn a_latency_is_no_percentage() {
    check_with(
        "p95 > 1s",
        "p95 > 5%",
        &expect![[r#"
        error[incomparable]: phases[0].rollback[1]: `p95` cannot be compared with `5%`
          --> plan.yaml:19:45
           |
        19 |     rollback: ["errors > 5% for 2m", "p95 > 5%"]
           |                                             ^^ expected a duration, such as 500ms
           |
           = help: write a duration, such as 500ms

    "#]],
    );
    check_with(
        "errors < 1%",
        "errors < 1",
        &expect![[r#"
        error[incomparable]: phases[0].require[0]: `errors` cannot be compared with `1`
          --> plan.yaml:18:25
           |
        18 |     require: ["errors < 1", "queue < 100"]
           |                         ^ expected a percentage, such as 0.1%
           |
           = help: write `1%`

    "#]],
    );
    check_with(
        "queue < 100",
        "queue < 100ms",
        &expect![[r#"
        error[incomparable]: phases[0].require[1]: `queue` cannot be compared with `100ms`
          --> plan.yaml:18:39
           |
        18 |     require: ["errors < 1%", "queue < 100ms"]
           |                                       ^^^^^ expected a plain number, such as 3
           |
           = help: write a plain number, such as 3

    "#]],
    );
}

#[test]
fn a_metric_that_stable_does_not_have() {
    check_with(
        "queue < 100",
        "queue < 2 x stable",
        &expect![[r#"
        error[incomparable]: phases[0].require[1]: `queue` is not measured on stable
          --> plan.yaml:18:39
           |
        18 |     require: ["errors < 1%", "queue < 2 x stable"]
           |                                       ^^^^^^^^^^ expected a metric that stable has too
           |
           = help: add `stable: { … }` to the metric `queue`, with the dimensions of stable's series

    "#]],
    );
}

#[test]
fn numbers_of_a_load_balancer_that_is_none() {
    check_with(
        "errors: { alb: web",
        "errors: { alb: dns",
        &expect![[r#"
        error[unknown-reference]: metrics.errors.alb: `dns` is a set of DNS records, which has no load balancer's numbers
          --> plan.yaml:11:18
           |
        11 |   errors: { alb: dns, measure: 5xx_ratio }
           |                  ^^^ expected the name of an `alb` route
           |
           = help: measure it with `cloudwatch: { … }`

    "#]],
    );
}

#[test]
fn a_target_group_of_another_region() {
    check_with(
        "ap-northeast-1:123456789012:targetgroup/new",
        "us-east-1:123456789012:targetgroup/new",
        &expect![[r#"
            error[arn-mismatch]: routes.web.alb.canary: the region is `us-east-1`, and the load balancer's is `ap-northeast-1`
             --> plan.yaml:7:15
              |
            7 |       canary: arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/new/5
              |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a load balancer and its target groups in one account and region
              |
              = help: copy the ARN again from the account and region that are meant

        "#]],
    );
}

#[test]
fn the_same_sides() {
    check_with(
        "targetgroup/new/5",
        "targetgroup/old/4",
        &expect![[r#"
        error[same-sides]: routes.web.alb.canary: stable and canary are the same
         --> plan.yaml:7:7
          |
        7 |       canary: arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/old/4
          |       ^^^^^^ expected another target group than stable's
          |
          = help: name what is introduced as `canary`

    "#]],
    );
    check_with(
        "canary: new",
        "canary: old",
        &expect![[r#"
        error[same-sides]: routes.dns.route53.canary: stable and canary are the same
         --> plan.yaml:9:75
          |
        9 |   dns: { route53: { zone: Z1, name: example.com, types: [A], stable: old, canary: old } }
          |                                                                           ^^^^^^ expected another SetIdentifier than stable's
          |
          = help: name what is introduced as `canary`

    "#]],
    );
}

#[test]
fn two_routes_with_one_target() {
    check_with(
        "dns: {",
        r#"dns2: { route53: { zone: Z1, name: EXAMPLE.com., types: [A, AAAA], stable: old, canary: new } }
      dns: {"#,
        &expect![[r#"
            error[shared-target]: routes.dns: `dns` writes where `dns2` does
              --> plan.yaml:10:3
               |
            10 |   dns: { route53: { zone: Z1, name: example.com, types: [A], stable: old, canary: new } }
               |   ^^^ expected a target of its own for every route
               |
               = help: delete one of the two, or correct its target or its priority

        "#]],
    );
}

#[test]
fn a_weight_that_dns_cannot_express() {
    check_with(
        "weight: 50%",
        "weight: 0.1%",
        &expect![[r#"
        error[inexpressible]: phases[0].weight: the target of `dns` cannot express 0.1%
          --> plan.yaml:16:13
           |
        16 |     weight: 0.1%
           |             ^^^^ expected a weight that it can: two Route 53 records share in steps of one in 256 at least
           |
           = help: write `0%` or `0.4%`

    "#]],
    );
    check_with(
        "weight: 50%",
        "weights: { web: 50%, dns: 99.9% }",
        &expect![[r#"
            error[inexpressible]: phases[0].weights.dns: the target of `dns` cannot express 99.9%
              --> plan.yaml:16:31
               |
            16 |     weights: { web: 50%, dns: 99.9% }
               |                               ^^^^^ expected a weight that it can: two Route 53 records share in steps of one in 256 at least
               |
               = help: write `99.6%` or `100%`

        "#]],
    );
}

#[test]
fn a_last_phase_that_leaves_something() {
    check_with(
        "weight: 100%",
        "weights: { web: 100% }",
        &expect![[r#"
        error[not-full]: phases[1].weights: the last phase leaves `dns` at 50%
          --> plan.yaml:22:5
           |
        22 |     weights: { web: 100% }
           |     ^^^^^^^ expected 100% on every route in the last phase
           |
           = help: add a phase with `weight: 100%`

    "#]],
    );
}

#[test]
fn overdue_before_it_may_pass() {
    check_with(
        r#"bake: 1h
"#,
        r#"bake: 1h
        within: 30m
"#,
        &expect![[r#"
            error[overdue-at-once]: phases[0].within: the phase is overdue after `30m` and may not end before `1h`
              --> plan.yaml:18:13
               |
            18 |     within: 30m
               |             ^^^ expected a time that is longer than `bake`
               |
               = help: write `within: 2h` or longer

        "#]],
    );
}

#[test]
fn more_approvals_than_people() {
    check_with(
        "from: [leads]",
        "from: [leads], needed: 3",
        &expect![[r#"
            error[too-few-people]: phases[0].approval: of 3 people who are needed the groups have 2
              --> plan.yaml:20:5
               |
            20 |     approval: { from: [leads], needed: 3, expires: 1d }
               |     ^^^^^^^^ expected groups with at least as many people as are needed
               |
               = help: add people to the groups, or lower `needed`

        "#]],
    );
}

#[test]
fn the_same_twice() {
    check_with(
        "- name: all",
        "- name: half",
        &expect![[r#"
        error[repeated]: phases[1].name: there is a phase `half` already
          --> plan.yaml:21:11
           |
        21 |   - name: half
           |           ^^^^ expected a name for each phase
           |
           = help: give this one another name

    "#]],
    );
    check_with(
        "[aiko@example.com, ben@example.com]",
        "[aiko@example.com, aiko@example.com]",
        &expect![[r#"
            error[repeated]: groups.leads[1]: `aiko@example.com` is in the group twice
              --> plan.yaml:26:29
               |
            26 |   leads: [aiko@example.com, aiko@example.com]
               |                             ^^^^^^^^^^^^^^^^ expected every person once
               |
               = help: delete one

        "#]],
    );
    check_with(
        "types: [A]",
        "types: [A, A]",
        &expect![[r#"
        error[repeated]: routes.dns.route53.types[1]: `A` is in the list twice
         --> plan.yaml:9:61
          |
        9 |   dns: { route53: { zone: Z1, name: example.com, types: [A, A], stable: old, canary: new } }
          |                                                             ^ expected every record type once
          |
          = help: delete one

    "#]],
    );
}

#[test]
fn the_same_twice_in_other_words() {
    check_adding(
        r#"notify: [{ email: a@b.c }, { email: a@b.c, from: high }]"#,
        &expect![[r#"
            error[repeated]: notify[1]: `a@b.c` is told twice
              --> plan.yaml:27:28
               |
            27 | notify: [{ email: a@b.c }, { email: a@b.c, from: high }]
               |                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected every place once, from its least severity upwards
               |
               = help: keep the entry with the lower `from`

        "#]],
    );
    check_with(
        r#"bake: 1h
"#,
        r#"bake: 1h
        checklist: [backup done, Backup done!]
"#,
        &expect![[r#"
            error[repeated]: phases[0].checklist[1]: there is an item `backup-done` already
              --> plan.yaml:18:30
               |
            18 |     checklist: [backup done, Backup done!]
               |                              ^^^^^^^^^^^^ expected a name for each item
               |
               = help: write it as `{ name: …, text: … }` with another name

        "#]],
    );
}

#[test]
fn a_calendar_that_runs_backwards() {
    check_adding(
        r#"
        calendar:
          zone: UTC
          only_in: [{ days: [fri], from: "22:00", to: "02:00" }]
          freeze:
            - { name: a, from: 2027-05-05, to: 2027-04-29 }
            - { name: b, from: 04-29, to: 2027-05-05 }
"#,
        &expect![[r#"
            error[backwards]: calendar.only_in[0].to: the window shuts before it opens
              --> plan.yaml:29:47
               |
            29 |   only_in: [{ days: [fri], from: "22:00", to: "02:00" }]
               |                                               ^^^^^^^ expected a time later than `from`, the same day
               |
               = help: for a window over midnight write two: one to "23:59", one from "00:00" on the day after

            error[backwards]: calendar.freeze[0].to: the freeze ends before it begins
              --> plan.yaml:31:40
               |
            31 |     - { name: a, from: 2027-05-05, to: 2027-04-29 }
               |                                        ^^^^^^^^^^ expected a day on or after `from`
               |
               = help: exchange the two days

            error[backwards]: calendar.freeze[1].to: this is one day, and the freeze begins every year
              --> plan.yaml:32:35
               |
            32 |     - { name: b, from: 04-29, to: 2027-05-05 }
               |                                   ^^^^^^^^^^ expected a day of every year, or a year in `from` too
               |
               = help: delete the year, or give `from` one

        "#]],
    );
}

#[test]
fn windows_and_timeouts_that_cannot_be() {
    check_with(
        "measure: 5xx_ratio",
        "measure: 5xx_ratio, window: 90s",
        &expect![[r#"
            error[out-of-range]: metrics.errors.window: `1m30s` is no window
              --> plan.yaml:11:51
               |
            11 |   errors: { alb: web, measure: 5xx_ratio, window: 90s }
               |                                                   ^^^ expected whole minutes from 1m to 24h, because CloudWatch keeps one value a minute
               |
               = help: write `5m`

        "#]],
    );
    check_with(
        "types: [A]",
        "types: [A], ttl: 30d",
        &expect![[r#"
        error[out-of-range]: routes.dns.route53.ttl: `30d` is no TTL that a rollout can work with
         --> plan.yaml:9:67
          |
        9 |   dns: { route53: { zone: Z1, name: example.com, types: [A], ttl: 30d, stable: old, canary: new } }
          |                                                                   ^^^ expected whole seconds, at most 7d
          |
          = help: write `60s`

    "#]],
    );
    check_adding(
        "hooks: { page: { ssm: Page, timeout: 0s } }",
        &expect![[r#"
            error[out-of-range]: hooks.page.timeout: `0s` is no timeout that a hook can have
              --> plan.yaml:27:38
               |
            27 | hooks: { page: { ssm: Page, timeout: 0s } }
               |                                      ^^ expected 1s to 24h
               |
               = help: write `5m`

        "#]],
    );
}

#[test]
fn one_name_for_two_people_or_one_person_twice_in_a_group() {
    check_adding(
        r#"
        people:
          ann: { slack: U2CERLKJA, aws: ann@example.com }
          ben: { slack: U2CERLKJA, email: Ann@example.com }
        "#,
        &expect![[r#"
            error[repeated]: people.ben.slack: `U2CERLKJA` is ann already
              --> plan.yaml:29:17
               |
            29 |   ben: { slack: U2CERLKJA, email: Ann@example.com }
               |                 ^^^^^^^^^ expected every name and handle of one person only
               |
               = help: correct one of the two, or make them one person

            error[repeated]: people.ben.email: `Ann@example.com` is ann already
              --> plan.yaml:29:35
               |
            29 |   ben: { slack: U2CERLKJA, email: Ann@example.com }
               |                                   ^^^^^^^^^^^^^^^ expected every name and handle of one person only
               |
               = help: correct one of the two, or make them one person

        "#]],
    );
    check_adding(
        r#"
        people:
          aiko: { slack: U2CERLKJA, email: aiko@example.com }
          aiko2: { aws: ben@example.com, email: mail@example.com, slack: "@aiko" }
        "#,
        &expect![[r#"
            error[bad-address]: people.aiko2.slack: `@aiko` is no such address
              --> plan.yaml:29:66
               |
            29 |   aiko2: { aws: ben@example.com, email: mail@example.com, slack: "@aiko" }
               |                                                                  ^^^^^^^ expected the id of a Slack user, such as U2CERLKJA
               |
               = help: write `U2CERLKJA` or the like

        "#]],
    );
    let people = "people: { aiko: { email: aiko@example.com, slack: U2CERLKJA } }";
    check(
        &SOUND
            .replace(
                "[aiko@example.com, ben@example.com]",
                "[aiko@example.com, U2CERLKJA]",
            )
            .replace(
                "    service: booking",
                &format!("    service: booking\n    {people}"),
            ),
        &expect![[r#"
            error[repeated]: groups.leads[1]: `U2CERLKJA` is in the group twice
              --> plan.yaml:27:29
               |
            27 |   leads: [aiko@example.com, U2CERLKJA]
               |                             ^^^^^^^^^ expected every person once
               |
               = help: delete one

        "#]],
    );
}
