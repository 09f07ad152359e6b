//! `simulate` and `demo`, as they are read in a pipe.

use expect_test::{expect, expect_file};

use super::{PLANS, Scratch, run};

fn simulate(scenario: &str, more: &[&str]) -> super::Done {
    let plan = format!("{PLANS}/lightning-talk-circle.yaml");
    let scenario = format!("{PLANS}/{scenario}");
    let mut arguments = vec!["simulate", &plan, "--scenario", &scenario];
    arguments.extend(more);
    run(&arguments)
}

/// The first lines and the last ones.
fn ends(text: &str, head: usize, tail: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let hidden = lines.len().saturating_sub(head + tail);
    let mut kept: Vec<&str> = lines.iter().take(head).copied().collect();
    if hidden > 0 {
        kept.push("[…]");
    }
    kept.extend(lines.iter().skip((head + hidden).min(lines.len())));
    format!("{}\n", kept.join("\n"))
}

#[test]
fn a_bad_run_is_told_and_reported() {
    let report = Scratch::new("report.html", "");
    let done = simulate(
        "lightning-talk-circle.bad.scenario.yaml",
        &["--report", report.path()],
    );
    assert!(!done.out.contains('\u{1b}'), "no colours in a pipe");
    expect![[r#"
        Tue 13 Jan 01:00     0%  rollout started, plan a2c89a98314a (by operator)
        Tue 13 Jan 01:00     0%  every route is ready
        Tue 13 Jan 01:00     0%  phase prepare entered
        Tue 13 Jan 01:01     0%  the weights of phase prepare are in effect from Tue 13
                                 Jan 01:02
        Tue 13 Jan 01:08     0%  infra-lead@example.com ticked production-backed-up,
                                 team-told, staging-tested, rollback-rehearsed,
                                 dashboards-ready
        […]
                                 Wed 14 Jan 01:25
        Wed 14 Jan 01:31    25%  infra-lead@example.com ticked ux-compared,
                                 rollback-ready, monitoring-ready, next-phase-reviewed
        Wed 14 Jan 06:29     0%  rolling back: error_rate > 1% for 2m: 14.798%; it had
                                 begun by Wed 14 Jan 06:27
                                 · error_rate > 1% for 2m: fail (14.798%, 861 samples)
        Wed 14 Jan 06:29     0%  all traffic is back on stable, 542ms after the decision
        Wed 14 Jan 06:29     0%  hook drain of web succeeded
        Wed 14 Jan 06:29     0%  hook send-rollback-alert succeeded
        Wed 14 Jan 06:29     0%  hook stop-data-sync succeeded
        Wed 14 Jan 06:32     0%  the rollback is confirmed: no late write can disturb it

        rolled back
        lasted                   1d 5h  of virtual time
        time to detect          3m 55s  from the first trouble to the first reaction
        time to roll back        542ms  from the decision to the last route read back
        failed by canary           309  requests that stable would have answered
        requests             3,419,905  318,757 of them to the canary
        ledger                      31  entries, and its chain of hashes verifies

        report: FILE
        exit code 3
    "#]]
    .assert_eq(&ends(&report.anywhere(&done.text()), 8, 22));
    let page = std::fs::read_to_string(&report.0).unwrap();
    assert!(page.contains("rolled back") && page.contains("<svg"));
}

#[test]
fn a_run_is_json_lines_too() {
    let once = simulate(
        "lightning-talk-circle.bad.scenario.yaml",
        &["--json", "--seed", "7"],
    );
    assert_eq!(once.code, 3);
    let lines: Vec<serde_json::Value> = once
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (summary, entries) = lines.split_last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["outcome"], "rolled-back");
    assert!(entries.iter().all(|line| line["type"] == "entry"));
    assert_eq!(
        summary["entries"].as_u64(),
        u64::try_from(entries.len()).ok()
    );
}

#[test]
fn a_scenario_with_a_mistake_says_where() {
    let scenario = Scratch::new("mistake.scenario.yaml", "people: { approve: sometimes }\n");
    let plan = format!("{PLANS}/lightning-talk-circle.yaml");
    let done = run(&["simulate", &plan, "--scenario", scenario.path()]);
    expect![[r#"
        error: scenario FILE:1:20: `sometimes` is not a habit; write a length of time such as 10m, or never, or refuse
        exit code 1
    "#]]
    .assert_eq(&scenario.anywhere(&done.text()));
}

/// A text in which links are to a port that is every run's.
fn at_a_port(text: &str) -> String {
    let mut parts = text.split("http://127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|digit: char| digit.is_ascii_digit());
        format!("{text}http://127.0.0.1:PORT{rest}")
    })
}

#[test]
fn the_demo_plays_to_its_end_with_nobody_there() {
    let report = Scratch::new("demo.html", "");
    let done = run(&["demo", "--report", report.path()]);
    let text = at_a_port(&report.anywhere(&done.text()));
    expect_file!["play/demo.txt"].assert_eq(&ends(&text, 20, 76));
    for line in done.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(!done.out.contains('\u{1b}'), "no colours in a pipe");
}
