//! `simulate --ledger` and `history`: a ledger that is exported, read and verified, and every way to spoil it.

use std::{fs, sync::LazyLock};

use domain::{
    ledger::{
        Actor, Chain, Draft, Entry, Fact,
        export::{
            self,
            heads::{self, Head},
        },
    },
    name::{Person, RolloutId},
    time::Timestamp,
    traffic::{Epoch, Weights},
};
use expect_test::{Expect, expect};

use super::{Done, PLANS, Scratch, run, run_with};

/// The exported ledger of a bad run, and its end.
static LEDGER: LazyLock<(String, String)> = LazyLock::new(|| {
    let file = Scratch::new("exported.jsonl", "");
    let plan = format!("{PLANS}/lightning-talk-circle.yaml");
    let scenario = format!("{PLANS}/lightning-talk-circle.bad.scenario.yaml");
    let told = run(&[
        "simulate",
        &plan,
        "--scenario",
        &scenario,
        "--ledger",
        file.path(),
    ]);
    assert_eq!(told.code, 3, "{}", told.text());
    let end = told.out.lines().last().unwrap();
    let end = end.strip_prefix("ends at ").unwrap().to_owned();
    (fs::read_to_string(&file.0).unwrap(), end)
});

/// A file of that ledger, and its end.
fn exported(name: &str) -> (Scratch, &'static str) {
    let (text, end) = &*LEDGER;
    (Scratch::new(name, text), end)
}

fn history(file: &Scratch, more: &[&str]) -> Done {
    let mut arguments = vec!["history", file.path()];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn a_run_is_exported_and_its_ledger_verifies() {
    let (file, end) = exported("whole.jsonl");
    let done = history(&file, &["--verify", "--end", end]);
    expect![[r#"
        ok FILE: lightning-talk-circle#1, 31 entries
        ends at 31:facd66433507e75b06caa4d5971c36851a546b213113001226712656f401a332
        exit code 0
    "#]]
    .assert_eq(&file.anywhere(&done.text()));
    let done = history(&file, &["--verify"]);
    expect![[r#"
        ok FILE: lightning-talk-circle#1, 31 entries
        ends at 31:facd66433507e75b06caa4d5971c36851a546b213113001226712656f401a332
        that nothing was cut off behind it, only `--end` or `--heads` can tell
        exit code 0
    "#]]
    .assert_eq(&file.anywhere(&done.text()));
    let done = history(&file, &["--verify", "--json"]);
    expect![[r#"
        {"file":"FILE","verified":true,"rollout":"lightning-talk-circle#1","entries":31,"end":"31:facd66433507e75b06caa4d5971c36851a546b213113001226712656f401a332","compared":false,"problem":null}
        exit code 0
    "#]].assert_eq(&file.anywhere(&done.text()));
}

#[test]
fn a_ledger_is_read_as_a_person_reads_it() {
    let (file, end) = exported("read.jsonl");
    let done = history(&file, &["--end", end]);
    expect![[r#"
        lightning-talk-circle#1  (times in UTC)

        2026-01-13 01:00:23  operator: rollout started, plan a2c89a98314a
        2026-01-13 01:00:23  tidegate: every route is ready
        2026-01-13 01:00:23  tidegate: phase prepare entered
        2026-01-13 01:01:21  tidegate: the weights of phase prepare are in effect from
                             2026-01-13T01:02:21Z
        2026-01-13 01:08:00  infra-lead@example.com: production-backed-up confirmed
        2026-01-13 01:08:00  infra-lead@example.com: team-told confirmed
        2026-01-13 01:08:00  infra-lead@example.com: staging-tested confirmed
        2026-01-13 01:08:00  infra-lead@example.com: rollback-rehearsed confirmed
        2026-01-13 01:08:00  infra-lead@example.com: dashboards-ready confirmed
        2026-01-13 01:08:00  tidegate: the gate of phase prepare passed
        2026-01-13 01:08:00  tidegate: hook announce succeeded
        2026-01-13 01:08:00  tidegate: phase canary entered
                             0% → 5%
        2026-01-13 01:09:31  tidegate: the weights of phase canary are in effect from
                             2026-01-13T01:10:31Z
        2026-01-13 01:16:00  infra-lead@example.com: monitoring-ready confirmed
        2026-01-13 01:16:00  infra-lead@example.com: rollback-ready confirmed
        2026-01-13 01:16:00  infra-lead@example.com: next-phase-reviewed confirmed
        2026-01-14 01:13:32  tidegate: the gate of phase canary passed
                             · error_rate < 0.1%: pass (0%, 471 samples)
                             · p95 < 500ms: pass (280.2ms, 471 samples)
                             · availability > 99.9%: pass (100%, 471 samples)
                             · complaints == 0: pass (0, 1440 samples)
        2026-01-14 01:13:32  tidegate: approval of phase canary asked, 1 needed, until
                             2026-01-15T01:13:32Z
        2026-01-14 01:24:00  infra-lead@example.com: phase canary approved, 1 of 1
        2026-01-14 01:24:00  tidegate: phase early-adopters entered
                             5% → 25%
        2026-01-14 01:24:45  tidegate: the weights of phase early-adopters are in effect
                             from 2026-01-14T01:25:45Z
        2026-01-14 01:31:00  infra-lead@example.com: ux-compared confirmed
        2026-01-14 01:31:00  infra-lead@example.com: rollback-ready confirmed
        2026-01-14 01:31:00  infra-lead@example.com: monitoring-ready confirmed
        2026-01-14 01:31:00  infra-lead@example.com: next-phase-reviewed confirmed
        2026-01-14 06:29:41  tidegate: rolling back: error_rate > 1% for 2m: 14.798%; it
                             had begun by 2026-01-14T06:27:00Z
                             25% → 0%
                             · error_rate > 1% for 2m: fail (14.798%, 861 samples)
        2026-01-14 06:29:41  tidegate: all traffic is back on stable, 542ms after the
                             decision
        2026-01-14 06:29:42  tidegate: hook drain of web succeeded
        2026-01-14 06:29:42  tidegate: hook send-rollback-alert succeeded
        2026-01-14 06:29:42  tidegate: hook stop-data-sync succeeded
        2026-01-14 06:32:54  tidegate: the rollback is confirmed: no late write can
                             disturb it

        31 entries, and the chain of hashes verifies
        ends at 31:facd66433507e75b06caa4d5971c36851a546b213113001226712656f401a332
        exit code 0
    "#]]
    .assert_eq(&done.text());
    for line in done.out.lines().filter(|line| !line.starts_with("ends at")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_ledger_comes_through_a_pipe_too() {
    let (file, end) = exported("piped.jsonl");
    let text = fs::read(&file.0).unwrap();
    let done = run_with(&text, &["history", "--verify", "-", "--end", end]);
    expect![[r#"
        error: no AWS credentials could be had
          sign in (`aws sso login`, or the environment variables), or choose a profile with --profile
          in detail: an error occurred while loading credentials: failed to load IMDS session token: service error: request forbidden: IMDS is disabled or the caller has insufficient permissions.
        exit code 1
    "#]]
    .assert_eq(&done.text());
    let done = run_with(text.get(..5_000).unwrap(), &["history", "--verify", "-"]);
    expect![[r#"
        error: no AWS credentials could be had
          sign in (`aws sso login`, or the environment variables), or choose a profile with --profile
          in detail: an error occurred while loading credentials: failed to load IMDS session token: service error: request forbidden: IMDS is disabled or the caller has insufficient permissions.
        exit code 1
    "#]]
    .assert_eq(&done.text());
}

/// Spoils an exported ledger, and shows what is said of it.
fn spoilt(name: &str, spoil: impl Fn(&mut Vec<String>), expected: &Expect) {
    let (file, end) = exported(name);
    let mut lines: Vec<String> = LEDGER.0.split_inclusive('\n').map(str::to_owned).collect();
    spoil(&mut lines);
    fs::write(&file.0, lines.concat()).unwrap();
    let done = history(&file, &["--verify", "--end", end]);
    expected.assert_eq(&file.anywhere(&done.text()));
    assert_eq!((done.code, done.out.as_str()), (1, ""));
}

fn edit(line: &mut String, from: &str, to: &str) {
    assert!(line.contains(from), "{line}");
    *line = line.replacen(from, to, 1);
}

#[test]
fn an_edit_is_found_and_its_place_named() {
    spoilt(
        "edited.jsonl",
        |lines| edit(&mut lines[8], "infra-lead", "infra-dead"),
        &expect![[r#"
            error: FILE:9: entry 8 was changed: its hash is another
            exit code 1
        "#]],
    );
    spoilt(
        "renamed.jsonl",
        |lines| edit(&mut lines[0], "circle#1", "circle#2"),
        &expect![[r#"
            error: FILE:2: entry 1 does not begin the ledger of this rollout
            exit code 1
        "#]],
    );
    spoilt(
        "spaced.jsonl",
        |lines| edit(&mut lines[3], ",\"actor\"", ", \"actor\""),
        &expect![[r#"
            error: FILE:4:66: expected `,"actor":`; a ledger verifies only byte for byte as it was exported
            exit code 1
        "#]],
    );
    spoilt(
        "newer.jsonl",
        |lines| edit(&mut lines[0], "\"version\":1", "\"version\":2"),
        &expect![[r#"
            error: FILE:1: this is version 2 of the format; only version 1 can be read
            exit code 1
        "#]],
    );
    spoilt(
        "dos.jsonl",
        |lines| edit(&mut lines[0], "\n", "\r\n"),
        &expect![[r#"
            error: FILE:1:66: expected the end of the line; a ledger verifies only byte for byte as it was exported
            exit code 1
        "#]],
    );
}

#[test]
fn what_is_missing_moved_or_added_is_found() {
    spoilt(
        "dropped.jsonl",
        |lines| drop(lines.remove(9)),
        &expect![[r#"
        error: FILE:10: entry 9 is missing: entry 10 stands in its place
        exit code 1
    "#]],
    );
    spoilt(
        "swapped.jsonl",
        |lines| lines.swap(9, 10),
        &expect![[r#"
        error: FILE:10: entry 9 is missing: entry 10 stands in its place
        exit code 1
    "#]],
    );
    spoilt(
        "twice.jsonl",
        |lines| lines.insert(9, lines[9].clone()),
        &expect![[r#"
            error: FILE:11: entry 10 is missing: entry 9 stands in its place
            exit code 1
        "#]],
    );
    spoilt(
        "headless.jsonl",
        |lines| drop(lines.remove(0)),
        &expect![[r#"
            error: FILE:1: this is no exported ledger; one begins with {"type":"ledger","version":1,
            exit code 1
        "#]],
    );
    spoilt(
        "endless.jsonl",
        |lines| drop(lines.pop()),
        &expect![[r#"
        error: FILE:33: the file stops after entry 31, without its last line; what followed is missing
        exit code 1
    "#]],
    );
    spoilt(
        "longer.jsonl",
        |lines| lines.push("\n".to_owned()),
        &expect![[r#"
            error: FILE:34: something stands behind the end of the ledger; nothing may be appended to the file
            exit code 1
        "#]],
    );
    spoilt(
        "empty.jsonl",
        Vec::clear,
        &expect![[r#"
        error: FILE:1: this is no exported ledger; one begins with {"type":"ledger","version":1,
        exit code 1
    "#]],
    );
}

#[test]
fn a_ledger_that_was_written_anew_is_told_by_its_end() {
    let shortened = |lines: &mut Vec<String>| {
        let kept: serde_json::Value = serde_json::from_str(&lines[20]).unwrap();
        lines.truncate(21);
        lines.push(format!(
            "{{\"type\":\"end\",\"seq\":{},\"hash\":{}}}\n",
            kept["seq"], kept["hash"]
        ));
    };
    spoilt(
        "shortened.jsonl",
        shortened,
        &expect![[r#"
        error: FILE:22: the ledger ends at entry 20, it should end at entry 31
        exit code 1
    "#]],
    );

    let (file, _) = exported("anew.jsonl");
    let done = history(
        &file,
        &["--verify", "--end", &format!("31:{}", "0".repeat(64))],
    );
    expect![[r#"
        error: FILE:33: entry 31 does not have the hash that the ledger should end with
        exit code 1
    "#]]
    .assert_eq(&file.anywhere(&done.text()));
}

#[test]
fn a_broken_ledger_is_read_as_far_as_it_holds() {
    let (file, _) = exported("broken.jsonl");
    let text = fs::read_to_string(&file.0).unwrap();
    fs::write(
        &file.0,
        text.replace("phase prepare entered", "phase prepare skipped"),
    )
    .unwrap();
    let done = history(&file, &[]);
    expect![[r#"
        lightning-talk-circle#1  (times in UTC)

        2026-01-13 01:00:23  operator: rollout started, plan a2c89a98314a
        2026-01-13 01:00:23  tidegate: every route is ready
        error: FILE:4: entry 3 was changed: its hash is another
        exit code 1
    "#]]
    .assert_eq(&file.anywhere(&done.text()));
    let json = history(&file, &["--verify", "--json"]);
    expect![[r#"
        {"file":"FILE","verified":false,"rollout":"lightning-talk-circle#1","entries":2,"end":null,"compared":false,"problem":{"line":4,"column":null,"why":"entry 3 was changed: its hash is another"}}
        exit code 1
    "#]].assert_eq(&file.anywhere(&json.text()));
}

#[test]
fn a_text_in_a_ledger_does_not_steer_the_terminal() {
    let rollout = RolloutId::parse("shop#1").unwrap();
    let mut chain = Chain::of(&rollout);
    let draft = Draft {
        epoch: Epoch(1),
        actor: Actor::Person(Person::new("\u{1b}[2Jann\u{202e}")),
        fact: Fact::Paused {
            reason: "a\nb\u{7}".to_owned(),
        },
        evidence: Vec::new(),
        before: Weights::default(),
        after: Weights::default(),
    };
    let entry = chain.append(draft, Timestamp::UNIX_EPOCH);
    let text = export::write(&rollout, &[Entry::line(&entry)]);
    let done = run_with(text, &["history", "-"]);
    expect![[r#"
        error: no AWS credentials could be had
          sign in (`aws sso login`, or the environment variables), or choose a profile with --profile
          in detail: an error occurred while loading credentials: failed to load IMDS session token: service error: request forbidden: IMDS is disabled or the caller has insufficient permissions.
        exit code 1
    "#]]
    .assert_eq(&done.text());
}

#[test]
fn what_a_file_alone_cannot_tell_is_in_the_help() {
    let help = run(&["history", "--help"]).out;
    assert!(
        help.contains("what was cut off behind its last line"),
        "{help}"
    );
}

#[test]
fn what_history_cannot_do_it_says() {
    for (arguments, expected) in [
        (
            &["history", "x", "--end", "31"][..],
            expect![[r#"
            error: invalid value '31' for '--end <SEQ:HASH>': an end is the last entry's number, a colon, and its hash of 64 hexadecimal digits

            For more information, try '--help'.
            exit code 2
        "#]],
        ),
        (
            &["history", "x.jsonl", "--json"],
            expect![[r#"
            error: an exported ledger is JSON already; with --verify, --json says whether it verifies
            exit code 2
        "#]],
        ),
        (
            &["history", "nowhere.jsonl"],
            expect![[r#"
            error: there is no file `nowhere.jsonl`; check the path
            exit code 2
        "#]],
        ),
        (
            &["history", PLANS],
            expect![[r#"
            error: `../infra/plans` is a folder; name the file in it
            exit code 2
        "#]],
        ),
        (
            &["history", "--verify", "../infra/plans/triptrip.yaml"],
            expect![[r#"
                error: ../infra/plans/triptrip.yaml:1: this is no exported ledger; one begins with {"type":"ledger","version":1,
                exit code 1
            "#]],
        ),
    ] {
        expected.assert_eq(&run(arguments).text());
    }
}

#[test]
fn heads_that_were_archived_tell_whether_something_was_cut_off_or_written_anew() {
    let (file, end) = exported("heads.jsonl");
    let whole = export::verify(LEDGER.0.as_bytes(), None).unwrap();
    let head = |end: &str| Head {
        rollout: whole.rollout.clone(),
        end: Chain::parse(end).unwrap(),
        at: "2026-01-13T02:00:00Z".to_owned(),
    };
    let check = |heads: &[Head], expected: Expect| {
        let kept = Scratch::new("kept.jsonl", heads::write(heads));
        let done = history(&file, &["--verify", "--heads", kept.path()]);
        let told = file.anywhere(&done.text()).replace(kept.path(), "HEADS");
        expected.assert_eq(&told);
    };
    check(
        &[head(end)],
        expect![[r#"
            ok FILE: lightning-talk-circle#1, 31 entries
            ends at 31:facd66433507e75b06caa4d5971c36851a546b213113001226712656f401a332
            goes through 31, where HEADS says it was on 2026-01-13T02:00:00Z
            exit code 0
        "#]],
    );
    let further = end.replace("31:", "40:");
    check(
        &[head(end), head(&further)],
        expect![[r#"
        error: lightning-talk-circle#1: the ledger ends at entry 31, and on 2026-01-13T02:00:00Z it had 40: something was cut off
        exit code 1
    "#]],
    );
    let other = end.replace("31:", "30:");
    check(
        &[head(&other)],
        expect![[r#"
        error: lightning-talk-circle#1: entry 30 is not the one that was there on 2026-01-13T02:00:00Z: the ledger was written anew
        exit code 1
    "#]],
    );
    check(
        &[],
        expect![[r#"
        error: HEADS: no head of lightning-talk-circle#1 is in it
        exit code 1
    "#]],
    );
}
