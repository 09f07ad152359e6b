//! Plans whose parts have the wrong shape.

use expect_test::expect;

use super::{check, check_adding, check_with};

#[test]
fn a_misspelt_key() {
    check_with(
        "weight: 50%",
        "weigth: 50%",
        &expect![[r#"
        error[unknown-key]: phases[0].weigth: a phase has no key `weigth`
          --> plan.yaml:16:5
           |
        16 |     weigth: 50%
           |     ^^^^^^ expected `name`, `weight`, `weights`, `bake`, `within`, `require`, `rollback`, `limits`, `approval`, `checklist`, `before` or `after`
           |
           = help: did you mean `weight`?

    "#]],
    );
}

#[test]
fn a_key_of_another_tool() {
    check_adding(
        "setWeight: 5",
        &expect![[r#"
            error[unknown-key]: setWeight: a plan has no key `setWeight`
              --> plan.yaml:27:1
               |
            27 | setWeight: 5
               | ^^^^^^^^^ expected `service`, `routes`, `metrics`, `alarms`, `incidents`, `severities`, `escalation`, `phases`, `watch`, `rollback`, `calendar`, `hooks`, `groups`, `people`, `notify`, `reports`, `locale`, `finish`, `fast_track` or `expect`
               |
               = help: delete it

        "#]],
    );
}

#[test]
fn missing_keys() {
    check(
        "service: booking",
        &expect![[r#"
            error[missing-key]: `routes` is missing
             --> plan.yaml:1:1
              |
            1 | service: booking
              | ^^^^^^^^^^^^^^^^ expected `routes`: where weights live
              |
              = help: add `routes: { … }`

            error[missing-key]: `phases` is missing
             --> plan.yaml:1:1
              |
            1 | service: booking
              | ^^^^^^^^^^^^^^^^ expected `phases`: weights to hold, in order; the last phase brings every route to 100%
              |
              = help: add `phases: [ … ]`

        "#]],
    );
}

#[test]
fn a_key_without_a_value() {
    check_with(
        r#"bake: 1h
"#,
        r#"bake:
"#,
        &expect![[r#"
            error[no-value]: phases[0].bake: there is no value here
              --> plan.yaml:17:5
               |
            17 |     bake:
               |     ^^^^ expected a duration, such as 24h, 90s or 1h30m
               |
               = help: write `24h` or the like

        "#]],
    );
}

#[test]
fn a_text_for_a_list() {
    check_with(
        "from: [leads]",
        "from: leads",
        &expect![[r#"
            error[wrong-kind]: phases[0].approval.from: `leads` stands here
              --> plan.yaml:20:23
               |
            20 |     approval: { from: leads, expires: 1d }
               |                       ^^^^^ expected a list
               |
               = help: write `[leads]` or the like

        "#]],
    );
}

#[test]
fn a_long_text_for_a_list() {
    check_adding(
        "notify: |\n  one line\n  and another\n",
        &expect![[r#"
            error[wrong-kind]: notify: `one line\u{a}and another` stands here
              --> plan.yaml:28:3
               |
            28 |   one line
               |   ^^^^^^^^ expected a list
               |
               = help: write `[{ … }]` or the like

        "#]],
    );
}

#[test]
fn a_list_for_a_mapping() {
    check_adding(
        "hooks: [page]",
        &expect![[r#"
        error[wrong-kind]: hooks: a list stands here
          --> plan.yaml:27:8
           |
        27 | hooks: [page]
           |        ^^^^^^ expected a mapping of names
           |
           = help: write `{ page-on-call: { … } }` or the like

    "#]],
    );
}

#[test]
fn a_mapping_for_a_text() {
    check_with(
        "weight: 50%",
        "weight: { web: 50% }",
        &expect![[r#"
        error[wrong-kind]: phases[0].weight: a mapping stands here
          --> plan.yaml:16:13
           |
        16 |     weight: { web: 50% }
           |             ^^^^^^^^^^^^ expected a weight from 0% to 100% with at most one decimal, such as 5%
           |
           = help: write `5%` or the like

    "#]],
    );
}

#[test]
fn no_kind_of_route() {
    check_with(
        "dns: { route53: { zone: Z1, name: example.com, types: [A], stable: old, canary: new } }",
        "dns: {}",
        &expect![[r#"
            error[pick-one]: routes.dns: none of `alb`, `route53` or `lambda_alias` is here
             --> plan.yaml:9:3
              |
            9 |   dns: {}
              |   ^^^ expected exactly one of them
              |
              = help: add one of them

        "#]],
    );
}

#[test]
fn weight_and_weights() {
    check_with(
        "weight: 50%",
        r#"weight: 50%
        weights: { web: 50%, dns: 50% }"#,
        &expect![[r#"
            error[pick-one]: phases[0].weights: `weight` and `weights` are both here
              --> plan.yaml:17:5
               |
            17 |     weights: { web: 50%, dns: 50% }
               |     ^^^^^^^ expected exactly one of `weight` or `weights`
               |
               = help: delete one of them

        "#]],
    );
}

#[test]
fn too_few() {
    check(
        r#"
        service: booking
        routes: {}
        phases: []
"#,
        &expect![[r#"
            error[too-few]: routes: an empty mapping
             --> plan.yaml:2:1
              |
            2 | routes: {}
              | ^^^^^^ expected at least one entry
              |
              = help: add `web: { … }`

            error[too-few]: phases: an empty list
             --> plan.yaml:3:1
              |
            3 | phases: []
              | ^^^^^^ expected at least one entry
              |
              = help: add `{ … }`

        "#]],
    );
}

#[test]
fn a_key_that_means_nothing_here() {
    check_with(
        "priority: 10",
        r#"mode: in_place
          priority: 10"#,
        &expect![[r#"
            error[misplaced-key]: routes.web.alb.priority: `priority` is for a rule of Tidegate's own
             --> plan.yaml:9:7
              |
            9 |       priority: 10
              |       ^^^^^^^^ expected no `priority` with `mode: in_place`
              |
              = help: delete `priority`, or delete `mode` to use an owned rule

        "#]],
    );
    check_with(
        "stat: Maximum }",
        "stat: Maximum }, measure: requests",
        &expect![[r#"
            error[misplaced-key]: metrics.queue.measure: `measure` means nothing here
              --> plan.yaml:13:73
               |
            13 |   queue: { cloudwatch: { namespace: Jobs, name: Queue, stat: Maximum }, measure: requests }
               |                                                                         ^^^^^^^ expected `measure` only beside `alb`
               |
               = help: delete `measure`

        "#]],
    );
    check_with(
        "types: [A]",
        "types: [A, CNAME]",
        &expect![[r#"
        error[misplaced-key]: routes.dns.route53.types: `CNAME` stands beside other types
         --> plan.yaml:9:50
          |
        9 |   dns: { route53: { zone: Z1, name: example.com, types: [A, CNAME], stable: old, canary: new } }
          |                                                  ^^^^^ expected `[CNAME]` alone: DNS allows nothing else at its name
          |
          = help: delete `CNAME` or the others

    "#]],
    );
}

#[test]
fn too_many() {
    let phases = "{ name: a, weight: 100%, bake: 1h }, ".repeat(33);
    let text = format!("service: booking\nphases: [{phases}]\nroutes: {{ web: {{}} }}");
    let problems = plan::parse(&text).map(drop).unwrap_err();
    let first = problems
        .iter()
        .find(|problem| problem.code == plan::Code::TooMany);
    expect!["2:1: error[too-many] phases: 33 entries; expected at most 32; leave some out, or split the plan"].assert_eq(&first.map(ToString::to_string).unwrap_or_default());
    // The names are all the same: a person is told of a hundred problems at most.
    assert!(problems.len() <= 100);
}

#[test]
fn everything_at_once() {
    check(
        r#"
        service: booking
        routes:
          web: { lambda_alias: { function: booking, alias: live, stable: 41, canary: latest } }
        metrics:
          errors: { alb: wbe, measure: 5xx }
        phases:
          - name: all
            weigth: 100%
            bake: 1
            require: ["errors lower than 1%"]
"#,
        &expect![[r#"
            error[bad-number]: routes.web.lambda_alias.canary: `latest` is no plain whole number
             --> plan.yaml:3:78
              |
            3 |   web: { lambda_alias: { function: booking, alias: live, stable: 41, canary: latest } }
              |                                                                              ^^^^^^ expected a whole number in plain digits
              |
              = help: write digits only, such as `200`

            error[unknown-reference]: metrics.errors.alb: there is no route `wbe`
             --> plan.yaml:5:18
              |
            5 |   errors: { alb: wbe, measure: 5xx }
              |                  ^^^ expected one that is declared under `routes`: `web`
              |
              = help: did you mean `web`?

            error[bad-measure]: metrics.errors.measure: `5xx` is no measure
             --> plan.yaml:5:32
              |
            5 |   errors: { alb: wbe, measure: 5xx }
              |                                ^^^ expected a measure: 5xx_ratio, 4xx_ratio, success_ratio, requests, or a latency such as latency_p95
              |
              = help: did you mean `5xx_ratio`?

            error[unknown-key]: phases[0].weigth: a phase has no key `weigth`
             --> plan.yaml:8:5
              |
            8 |     weigth: 100%
              |     ^^^^^^ expected `name`, `weight`, `weights`, `bake`, `within`, `require`, `rollback`, `limits`, `approval`, `checklist`, `before` or `after`
              |
              = help: did you mean `weight`?

            error[bad-duration]: phases[0].bake: `1` has no unit
             --> plan.yaml:9:11
              |
            9 |     bake: 1
              |           ^ expected a duration, such as 24h, 90s or 1h30m
              |
              = help: write `1h`, `1m` or `1s`

            error[bad-condition]: phases[0].require[0]: `lower` is no comparison
              --> plan.yaml:10:23
               |
            10 |     require: ["errors lower than 1%"]
               |                       ^^^^^ expected a comparison: `<`, `<=`, `>`, `>=`, `==` or `!=`
               |
               = help: put one of them behind the metric, as in `error_rate < 0.1%`

        "#]],
    );
}
