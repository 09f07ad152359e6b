//! Arguments, files, `validate`, `schema` and `show`.

use expect_test::{Expect, expect, expect_file};

use super::{PLANS, Scratch, run};

const BROKEN: &str = "\
service: web
routes:
  web: { lambda_alias: { function: web, alias: live, stable: 1, canary: 2 } }
phases:
  - { name: a, weight: 5%, bake: 1h, requier: [] }
  - { name: b, weight: 90%, bake: 1h }
";

/// Every command.
const COMMANDS: [&str; 24] = [
    "validate",
    "schema",
    "show",
    "simulate",
    "history",
    "demo",
    "start",
    "status",
    "list",
    "pause",
    "resume",
    "promote",
    "rollback",
    "abort",
    "retry",
    "set-weight",
    "approve",
    "reject",
    "check",
    "override-calendar",
    "finish",
    "report",
    "doctor",
    "keys",
];

fn check(arguments: &[&str], expected: &Expect) {
    expected.assert_eq(&run(arguments).text());
}

#[test]
fn what_cannot_be_understood_says_what_to_do() {
    check(
        &["simulat"],
        &expect![[r"
        error: unrecognized subcommand 'simulat'

          tip: a similar subcommand exists: 'simulate'

        Usage: tidegate [OPTIONS] <COMMAND>

        For more information, try '--help'.
        exit code 2
    "]],
    );
    check(
        &["simulate", "x", "--seed", "-1"],
        &expect![[r#"
            error: invalid value '-1' for '--seed <N>': a seed is a whole number from 0 to 18446744073709551615

            For more information, try '--help'.
            exit code 2
        "#]],
    );
    check(
        &["simulate", "x", "--seed", "abc"],
        &expect![[r"
        error: invalid value 'abc' for '--seed <N>': a seed is a whole number from 0 to 18446744073709551615

        For more information, try '--help'.
        exit code 2
    "]],
    );
    check(
        &["simulate", "x", "--speed", "fast"],
        &expect![[r"
        error: invalid value 'fast' for '--speed <X>': a speed is `max`, or a whole number: 60 plays a minute in a second, 3600 an hour

        For more information, try '--help'.
        exit code 2
    "]],
    );
    check(
        &["show", "x", "--start", "tomorrow"],
        &expect![[r"
        error: invalid value 'tomorrow' for '--start <DATE>': a date is written 2026-12-01, a time 2026-12-01T10:00 or 2026-12-01T10:00:00Z

        For more information, try '--help'.
        exit code 2
    "]],
    );
}

#[test]
fn a_file_that_cannot_be_used_says_what_to_do() {
    check(
        &["validate", "nowhere.yaml"],
        &expect![[r"
        error: there is no file `nowhere.yaml`; check the path
        exit code 2
    "]],
    );
    check(
        &["show", PLANS],
        &expect![[r"
        error: `../infra/plans` is a folder; name the file in it
        exit code 2
    "]],
    );
    let binary = Scratch::new("binary.yaml", b"service: \xff\xfe");
    let done = run(&["simulate", binary.path()]);
    expect![[r"
        error: `FILE` is not UTF-8 text (byte 9); save it as UTF-8
        exit code 2
    "]]
    .assert_eq(&binary.anywhere(&done.text()));
}

#[test]
fn a_good_plan_is_said_to_be_good() {
    let plan = format!("{PLANS}/lightning-talk-circle.yaml");
    check(
        &["validate", &plan],
        &expect![[r"
        ok ../infra/plans/lightning-talk-circle.yaml: lightning-talk-circle, 2 routes, 5 phases, at least 7d 1h
        exit code 0
    "]],
    );
}

#[test]
fn a_bad_plan_is_shown_with_everything_that_is_wrong() {
    let plan = Scratch::new("broken.yaml", BROKEN);
    let done = run(&["validate", plan.path()]);
    expect![[r"
        error[unknown-key]: phases[0].requier: a phase has no key `requier`
         --> FILE:5:38
          |
        5 |   - { name: a, weight: 5%, bake: 1h, requier: [] }
          |                                      ^^^^^^^ expected `name`, `weight`, `weights`, `bake`, `within`, `require`, `rollback`, `limits`, `approval`, `checklist`, `before` or `after`
          |
          = help: did you mean `require`?

        error[not-full]: phases[1].weight: the last phase leaves `web` at 90%
         --> FILE:6:24
          |
        6 |   - { name: b, weight: 90%, bake: 1h }
          |                        ^^^ expected 100% on every route in the last phase
          |
          = help: add a phase with `weight: 100%`

        FILE: 2 errors
        exit code 1
    "]].assert_eq(&plan.anywhere(&done.text()));

    let json = run(&["validate", "--json", plan.path()]);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, value["valid"].as_bool()), (1, Some(false)));
    assert_eq!(value["problems"].as_array().map(Vec::len), Some(2));
    assert_eq!(json.err, "");
}

#[test]
fn warnings_are_denied_when_asked() {
    let dangerous = BROKEN.replace(", requier: []", "").replace("90%", "100%");
    let plan = Scratch::new("dangerous.yaml", dangerous);
    let done = run(&["validate", plan.path()]);
    assert_eq!(done.code, 0, "{}", done.text());
    assert!(done.err.contains("warning"), "{}", done.text());
    let denied = run(&["validate", "--deny-warnings", plan.path()]);
    assert_eq!(denied.code, 1, "{}", denied.text());
}

#[test]
fn the_schema_is_json() {
    let done = run(&["schema"]);
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert!(value["$schema"].is_string());
}

#[test]
fn plans_are_shown_on_a_calendar() {
    let show = |name: &str, start: &str| {
        let plan = format!("{PLANS}/{name}");
        run(&["show", &plan, "--start", start]).text()
    };
    expect_file!["show/lightning-talk-circle.txt"]
        .assert_eq(&show("lightning-talk-circle.yaml", "2026-12-01T10:00"));
    expect_file!["show/triptrip.txt"].assert_eq(&show("triptrip.yaml", "2026-12-20T10:00"));
    expect_file!["show/property-sync.txt"]
        .assert_eq(&show("property-sync.yaml", "2026-12-01T10:00"));
}

#[test]
fn a_timeline_is_json_too() {
    let plan = format!("{PLANS}/triptrip.yaml");
    let done = run(&["show", &plan, "--json"]);
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(value["start"], "2026-12-01T09:00:00Z");
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    for name in [
        "lightning-talk-circle.yaml",
        "triptrip.yaml",
        "property-sync.yaml",
    ] {
        let done = run(&["show", &format!("{PLANS}/{name}")]);
        for line in done.out.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    }
    for command in COMMANDS {
        let help = run(&[command, "--help"]);
        for line in help.out.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
    }
}

#[test]
fn colours_come_only_where_they_are_asked_for() {
    let plan = format!("{PLANS}/lightning-talk-circle.yaml");
    assert!(!run(&["show", &plan]).out.contains('\u{1b}'));
    let always = run(&["--color", "always", "show", &plan]);
    assert!(always.out.contains('\u{1b}'));
}
