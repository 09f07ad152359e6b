//! Plans that are legal and dangerous.

use expect_test::expect;

use super::{check, check_adding, check_with};

#[test]
fn nothing_rolls_back() {
    check(
        r#"
        service: booking
        routes: { web: { lambda_alias: { function: booking, alias: live, stable: 41, canary: 42 } } }
        phases:
          - { name: half, weight: 50%, bake: 1h }
          - { name: all, weight: 100%, bake: 1h }
"#,
        &expect![[r#"
            warning[nothing-rolls-back]: phases: nothing in this plan rolls it back by itself: no alarm, no incident rule, no `rollback` condition
             --> plan.yaml:3:1
              |
            3 | phases:
              | ^^^^^^ expected a `rollback` condition in each phase, or a critical alarm or incident rule
              |
              = help: add `rollback: ["error_rate > 1% for 2m"]` to the phases

        "#]],
    );
}

#[test]
fn a_phase_that_nothing_rolls_back() {
    check_with(
        r#"rollback: ["errors > 5%"]"#,
        r#"require: ["errors < 1%"]"#,
        &expect![[r#"
            warning[no-rollback-condition]: phases[1]: nothing rolls this phase back by itself: no condition of its own, no alarm and no incident rule
              --> plan.yaml:21:11
               |
            21 |   - name: all
               |           ^^^ expected a condition that rolls back in every phase that has traffic
               |
               = help: add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`

        "#]],
    );
}

#[test]
fn a_phase_that_only_alarms_roll_back() {
    check_with(
        r#"rollback: ["errors > 5%"]
"#,
        r#"
    alarms: [{ arn: "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:down", severity: critical }]
"#,
        &expect![[r#"
            warning[no-rollback-condition]: phases[1]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing
              --> plan.yaml:21:11
               |
            21 |   - name: all
               |           ^^^ expected a condition that rolls back in every phase that has traffic
               |
               = help: add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`

        "#]],
    );
}

#[test]
fn a_bake_that_is_shorter_than_the_ttl() {
    check_with(
        "bake: 1h",
        "bake: 30s",
        &expect![[r#"
        warning[bake-below-ttl]: phases[0].bake: the phase may end before resolvers have heard of it: `dns` has a TTL of 1m
          --> plan.yaml:17:11
           |
        17 |     bake: 30s
           |           ^^^ expected a bake of several times the TTL
           |
           = help: write `bake: 5m` or longer, or lower the records' TTL first

    "#]],
    );
}

#[test]
fn an_approval_without_an_end() {
    check_with(
        ", expires: 1d",
        "",
        &expect![[r#"
        warning[no-expiry]: phases[0].approval: this approval is waited for without end
          --> plan.yaml:20:5
           |
        20 |     approval: { from: [leads] }
           |     ^^^^^^^^ expected a time after which nobody is waited for any more
           |
           = help: add `expires: 24h` and `otherwise: hold` or `otherwise: rollback`

    "#]],
    );
}

#[test]
fn too_little_traffic() {
    check_adding(
        "expect: { requests_per_minute: 20 }",
        &expect![[r#"
        warning[too-little-traffic]: phases[0].require[0]: `errors` will have about 50 requests in its window of 5m in `half`
          --> plan.yaml:18:16
           |
        18 |     require: ["errors < 1%", "queue < 100"]
           |                ^^^^^^ expected at least 100, or the measurement says nothing
           |
           = help: make the window longer, the weight higher, or measure a lower percentile

        warning[too-little-traffic]: phases[0].rollback[1]: `p95` will have about 50 requests in its window of 5m in `half`
          --> plan.yaml:19:39
           |
        19 |     rollback: ["errors > 5% for 2m", "p95 > 1s"]
           |                                       ^^^ expected at least 200, or the measurement says nothing
           |
           = help: make the window longer, the weight higher, or measure a lower percentile

    "#]],
    );
    check_with(
        "measure: latency_p95",
        "measure: latency_p99, min_requests: 50",
        &expect![[r#"
            warning[too-little-traffic]: metrics.p95.min_requests: 50 requests are few for this percentile: one or two of them decide it
              --> plan.yaml:12:56
               |
            12 |   p95: { alb: web, measure: latency_p99, min_requests: 50 }
               |                                                        ^^ expected at least 1000, so that ten lie above it
               |
               = help: write `min_requests: 1000`, or measure a lower percentile

        "#]],
    );
}

#[test]
fn no_traffic_at_all() {
    check_with(
        "weight: 50%",
        "weights: { web: 0%, dns: 50% }",
        &expect![[r#"
            warning[too-little-traffic]: phases[0].require[0]: `errors` will say nothing in `half`: the route has no weight there, and the canary no requests
              --> plan.yaml:18:16
               |
            18 |     require: ["errors < 1%", "queue < 100"]
               |                ^^^^^^ expected a metric that exists without traffic
               |
               = help: move the condition to a phase with traffic, or measure it with `cloudwatch: { … }`

            warning[too-little-traffic]: phases[0].rollback[1]: `p95` will say nothing in `half`: the route has no weight there, and the canary no requests
              --> plan.yaml:19:39
               |
            19 |     rollback: ["errors > 5% for 2m", "p95 > 1s"]
               |                                       ^^^ expected a metric that exists without traffic
               |
               = help: move the condition to a phase with traffic, or measure it with `cloudwatch: { … }`

            warning[big-step]: phases[1].weight: a step from dns 50%, web 0% to 100%
              --> plan.yaml:22:13
               |
            22 |     weight: 100%
               |             ^^^^ expected steps of at most half of the traffic, so that a fault that needs load shows before everyone has it
               |
               = help: add a phase in between

        "#]],
    );
    check_with(
        r#"errors > 5%"]
    groups"#,
        r#"errors > 2 x stable"]
    groups"#,
        &expect![[r#"
            warning[too-little-traffic]: phases[1].rollback[0]: `errors` has nothing to be compared with in `all`: stable has no requests there
              --> plan.yaml:24:17
               |
            24 |     rollback: ["errors > 2 x stable"]
               |                 ^^^^^^ expected a fixed limit where the canary has all of the traffic
               |
               = help: compare with a number, such as `< 1%`

        "#]],
    );
}

#[test]
fn a_guard_that_is_blind_at_first() {
    check_adding(
        r#"incidents: { critical: ["p95 > 2s"] }
expect: { requests_per_minute: 70 }"#,
        &expect![[r#"
            warning[too-little-traffic]: phases[0].rollback[1]: `p95` will have about 175 requests in its window of 5m in `half`
              --> plan.yaml:19:39
               |
            19 |     rollback: ["errors > 5% for 2m", "p95 > 1s"]
               |                                       ^^^ expected at least 200, or the measurement says nothing
               |
               = help: make the window longer, the weight higher, or measure a lower percentile

            warning[too-little-traffic]: incidents.critical[0]: `p95` will have about 175 requests in its window of 5m in `half`
              --> plan.yaml:27:26
               |
            27 | incidents: { critical: ["p95 > 2s"] }
               |                          ^^^ expected at least 200, or the measurement says nothing
               |
               = help: make the window longer, the weight higher, or measure a lower percentile

        "#]],
    );
}

#[test]
fn a_big_step() {
    check_with(
        "weight: 50%",
        "weight: 5%",
        &expect![[r#"
        warning[big-step]: phases[1].weight: a step from 5% to 100%
          --> plan.yaml:22:13
           |
        22 |     weight: 100%
           |             ^^^^ expected steps of at most half of the traffic, so that a fault that needs load shows before everyone has it
           |
           = help: add a phase in between

    "#]],
    );
}

#[test]
fn a_weight_that_falls() {
    check_with(
        "- name: all",
        r#"- { name: less, weight: 40%, bake: 1h, rollback: ["errors > 5%"] }
      - name: all"#,
        &expect![[r#"
            warning[weight-falls]: phases[1].weight: `dns` falls from 50% to 40%
              --> plan.yaml:21:27
               |
            21 |   - { name: less, weight: 40%, bake: 1h, rollback: ["errors > 5%"] }
               |                           ^^^ expected weights that rise, or stay, from phase to phase
               |
               = help: order the phases by weight; to go back is what `rollback` is for

            warning[big-step]: phases[2].weight: a step from 40% to 100%
              --> plan.yaml:23:13
               |
            23 |     weight: 100%
               |             ^^^^ expected steps of at most half of the traffic, so that a fault that needs load shows before everyone has it
               |
               = help: add a phase in between

        "#]],
    );
}

#[test]
fn a_route_without_a_fence() {
    check_with(
        "priority: 10",
        "mode: in_place",
        &expect![[r#"
        warning[unfenced]: routes.web.alb.mode: in this mode a write that was delayed can undo a rollback; Tidegate looks for that for seven minutes
         --> plan.yaml:8:13
          |
        8 |       mode: in_place
          |             ^^^^^^^^ expected `mode: owned`, where the load balancer refuses such a write
          |
          = help: delete `mode: in_place` and give a `priority`, unless the listener has no room for one more rule

    "#]],
    );
}

#[test]
fn a_count_that_may_be_absent() {
    check_with(
        "stat: Maximum",
        "stat: Sum",
        &expect![[r#"
        warning[absent-unknown]: metrics.queue: if CloudWatch has no data points of `queue`, conditions on it never pass
          --> plan.yaml:13:3
           |
        13 |   queue: { cloudwatch: { namespace: Jobs, name: Queue, stat: Sum } }
           |   ^^^^^ expected the plan to say what no data means for a metric that counts things
           |
           = help: add `absent: zero` if it is published only when something happens, else `absent: unknown`

    "#]],
    );
}

#[test]
fn something_that_nothing_uses() {
    check_with(
        r#"groups:
"#,
        r#"hooks: { page: { ssm: Page } }
    groups:
      chiefs: [chie@example.com]
"#,
        &expect![[r#"
            warning[unused]: hooks.page: nothing uses the hook `page`
              --> plan.yaml:25:10
               |
            25 | hooks: { page: { ssm: Page } }
               |          ^^^^ expected a hook that is used, because one that is not was often meant to be
               |
               = help: use it, or delete it

            warning[unused]: groups.chiefs: nothing uses the group `chiefs`
              --> plan.yaml:27:3
               |
            27 |   chiefs: [chie@example.com]
               |   ^^^^^^ expected a group that is used, because one that is not was often meant to be
               |
               = help: use it, or delete it

        "#]],
    );
}

#[test]
fn an_approver_who_starts_cannot_be_done_without() {
    check_with(
        "from: [leads]",
        "from: [leads], needed: 2",
        &expect![[r#"
        warning[own-rollout]: phases[0].approval: all 2 approvers are needed, and whoever of them starts a rollout may not approve it
          --> plan.yaml:20:5
           |
        20 |     approval: { from: [leads], needed: 2, expires: 1d }
           |     ^^^^^^^^ expected more approvers than are needed, or a starter who is none of them
           |
           = help: add people to the groups, lower `needed`, or write `four_eyes: waived`

    "#]],
    );
    check_with(
        "[aiko@example.com, ben@example.com]",
        "[aiko@example.com]",
        &expect![[r#"
            warning[own-rollout]: phases[0].approval: there is one approver, who may not approve a rollout that they started
              --> plan.yaml:20:5
               |
            20 |     approval: { from: [leads], expires: 1d }
               |     ^^^^^^^^ expected more approvers than are needed, or a starter who is none of them
               |
               = help: add people to the groups, lower `needed`, or write `four_eyes: waived`

        "#]],
    );
    check_with(
        "from: [leads]",
        "from: [leads], needed: 2, four_eyes: waived",
        &expect![[""]],
    );
}
