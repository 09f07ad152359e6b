//! What changes nothing: `status`, `list`, `history`.

use cli::remote::Unanswered;
use domain::{
    ledger::{Actor, Chain, Draft, Fact},
    name::{Person, RolloutId},
    traffic::{Epoch, Weights},
};
use expect_test::expect;
use serde_json::{Value, json};

use super::{
    check,
    fake::{Fake, KIM, refused, route, status, view, view_with},
    told,
};

fn brief(rollout: &str, status: &str, phase: Option<&str>, desired: &Value) -> Value {
    json!({
        "rollout": rollout, "status": status, "active": status != "completed", "phase": phase,
        "desired": desired, "waiting": "time at these weights, over in 12h", "started_by": KIM,
        "started_at": "2026-11-30T20:00:00Z",
    })
}

fn list(rollouts: &[Value]) -> Value {
    json!({ "version": 1, "ok": { "list": { "rollouts": rollouts } } })
}

#[test]
fn status_is_what_the_box_shows() {
    check(
        &Fake::answering([status(&view())]),
        &["status", "shop"],
        &expect![[r#"
            asked {"status":{"rollout":"shop"}}
            shop#7  baking                                       Tue 1 Dec 09:00 UTC   day 1
            ◉ canary   ○ all   ○ watch

            waits for  time at these weights, over in 12h
            bake       ███████████████░░░░░░░░░░░░░░░  12h left
            apex       █▌░░░░░░░░░░░░░░░░░░░░░░░░░░░░  5%    as decided
            web        █▌░░░░░░░░░░░░░░░░░░░░░░░░░░░░  5%    as decided

            ✓ error_rate < 0.1%                        0.02%   stable 0.03%, 12,345 samples
            ✗ p95 < 500ms                              612ms   stable 180ms, 12,345 samples
            ✓ backup                               by Ops/kim
            ○ support-told                         to be confirmed
            0 of 1 approvals
            ! alarm new-latency (high): INSUFFICIENT_DATA
              1 alarm OK
            exit code 0
        "#]],
    );
}

#[test]
fn what_is_wrong_is_shown_where_it_is() {
    let troubled = view_with(&json!({
        "status": "awaiting approval",
        "holds": ["a weight was set by hand"],
        "incidents": [
            { "source": "error_rate > 1%", "severity": "high", "opened": "2026-12-01T08:00:00Z",
              "due": "2026-12-01T10:00:00Z", "accepted_by": null },
            { "source": "alarm new-latency", "severity": "medium",
              "opened": "2026-12-01T08:00:00Z", "due": null, "accepted_by": "kim" },
        ],
        "routes": {
            "apex": { "desired": 50, "seen": null, "ready": null, "drift": null, "effective": null,
                      "trouble": "ListResourceRecordSets: AccessDenied" },
            "internal": { "desired": 50, "seen": 500, "ready": true, "drift": 500,
                          "effective": null, "trouble": null },
            "web": { "desired": 50, "seen": 0, "ready": true, "drift": null, "effective": null,
                     "trouble": null,
                     "obstacle": "ModifyRule: AccessDenied advance may not do that" },
        },
    }));
    check(
        &Fake::answering([status(&troubled)]),
        &["status", "shop#7"],
        &expect![[r#"
            asked {"status":{"rollout":"shop#7"}}
            shop#7  awaiting approval                            Tue 1 Dec 09:00 UTC   day 1
            ◉ canary   ○ all   ○ watch

            waits for  time at these weights, over in 12h
            held       a weight was set by hand
            incident   high: error_rate > 1%, since Tue 1 Dec 08:00; decide by Tue 1 Dec
                       10:00
            incident   medium: alarm new-latency, since Tue 1 Dec 08:00; kim lets it go on
            bake       ███████████████░░░░░░░░░░░░░░░  12h left
            apex       █▌░░░░░░░░░░░░░░░░░░░░░░░░░░░░  5%    wanted; cannot be read:
                       ListResourceRecordSets: AccessDenied
            internal   ███████████████░░░░░░░░░░░░░░░  50%   wanted 5%; somebody wrote 50%
            web        ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0%    wanted 5%
                       cannot be changed: ModifyRule: AccessDenied advance may not do that

            ✓ error_rate < 0.1%                        0.02%   stable 0.03%, 12,345 samples
            ✗ p95 < 500ms                              612ms   stable 180ms, 12,345 samples
            ✓ backup                               by Ops/kim
            ○ support-told                         to be confirmed
            0 of 1 approvals
            ! alarm new-latency (high): INSUFFICIENT_DATA
              1 alarm OK
            exit code 0
        "#]],
    );
}

#[test]
fn what_has_ended_is_short() {
    let done = view_with(&json!({
        "status": "completed", "active": false, "gate": null, "alarms": [], "waiting": "nothing",
        "routes": { "web": route(1000, 1000) },
    }));
    check(
        &Fake::answering([status(&done)]),
        &["status", "shop#7"],
        &expect![[r#"
            asked {"status":{"rollout":"shop#7"}}
            shop#7  completed                                    Tue 1 Dec 09:00 UTC   day 1
            ● canary   ● all   ◉ watch

            waits for  nothing
            web        ██████████████████████████████  100%  as decided
            exit code 0
        "#]],
    );
}

#[test]
fn status_without_a_rollout_is_of_the_only_one() {
    let one = || brief("shop#7", "baking", Some("canary"), &json!({ "web": 50 }));
    let done = told(
        &Fake::answering([list(&[one()]), status(&view())]),
        "",
        &["status"],
    );
    assert!(
        done.starts_with("asked {\"list\":{}}\nasked {\"status\":{\"rollout\":\"shop#7\"}}\n"),
        "{done}"
    );
    let other = brief(
        "blog#2",
        "awaiting approval",
        Some("early-adopters"),
        &json!({ "apex": 50, "web": 250 }),
    );
    check(
        &Fake::answering([list(&[one(), other])]),
        &["status"],
        &expect![[r#"
            asked {"list":{}}
            ROLLOUT  STATUS             PHASE           CANARY            WAITS FOR
            shop#7   baking             canary          5%                time at these weights, …
            blog#2   awaiting approval  early-adopters  apex 5%, web 25%  time at these weights, …
            exit code 0
        "#]],
    );
    check(
        &Fake::answering([list(&[])]),
        &["status"],
        &expect![[r#"
            asked {"list":{}}
            no rollout is active
            `tidegate start PLAN` starts one; `tidegate list SERVICE` shows those of before
            exit code 0
        "#]],
    );
}

#[test]
fn list_is_a_table() {
    let rollouts = [
        brief("shop#7", "baking", Some("canary"), &json!({ "web": 50 })),
        brief("shop#6", "completed", Some("all"), &json!({ "web": 1000 })),
    ];
    check(
        &Fake::answering([list(&rollouts)]),
        &["list", "shop"],
        &expect![[r#"
            asked {"list":{"service":"shop"}}
            ROLLOUT  STATUS     PHASE   CANARY  WAITS FOR
            shop#7   baking     canary  5%      time at these weights, over in 12h
            shop#6   completed  all     100%    nothing; began Mon 30 Nov 20:00
            exit code 0
        "#]],
    );
    check(
        &Fake::answering([list(&[])]),
        &["list", "--json"],
        &expect![[r#"
            asked {"list":{}}
            {"ok":{"list":{"rollouts":[]}},"version":1}
            exit code 0
        "#]],
    );
    check(
        &Fake::answering([refused("not-found", "there is no service shop")]),
        &["list", "shop"],
        &expect![[r#"
            asked {"list":{"service":"shop"}}
            error: there is no service shop
              `tidegate list` shows what there is
            exit code 1
        "#]],
    );
}

#[test]
fn a_rollout_is_watched_until_it_ends() {
    let entering =
        view_with(&json!({ "status": "shifting", "routes": { "web": route(1000, 50) } }));
    let back = view_with(&json!({
        "status": "rolled back", "active": false, "back": true, "waiting": "nothing",
        "routes": { "web": route(0, 0) },
    }));
    let silent = || Err(Unanswered::Silent("tidegate-control".to_owned()));
    let fake = Fake::with([
        Ok(status(&view())),
        Ok(status(&view())),
        silent(),
        silent(),
        Ok(refused("store", "the store could not be used")),
        Ok(status(&entering)),
        Ok(status(&back)),
    ]);
    let told = told(&fake, "", &["status", "shop", "--watch"]);
    let told = told.replace("asked {\"status\":{\"rollout\":\"shop\"}}\n", "");
    expect![[r#"
        Tue 1 Dec 09:00  shop#7 baking canary, canary 5%, waits for time at these weights, over in 12h
        Tue 1 Dec 09:00  shop#7 shifting canary, canary 5%, waits for time at these weights, over in 12h
        Tue 1 Dec 09:00  shop#7 rolled back canary, canary 0%, waits for nothing
        no answer (`tidegate-control` did not answer in time); asking again
        exit code 1
    "#]].assert_eq(&told);
}

#[test]
fn who_watches_in_vain_is_told_why() {
    let denied = Unanswered::Expired("The security token is expired".to_owned());
    let fake = Fake::with([Ok(status(&view())), Err(denied)]);
    check(
        &fake,
        &["status", "shop", "--watch"],
        &expect![[r#"
            asked {"status":{"rollout":"shop"}}
            asked {"status":{"rollout":"shop"}}
            Tue 1 Dec 09:00  shop#7 baking canary, canary 5%, waits for time at these weights, over in 12h
            error: your AWS credentials have expired
              sign in again (`aws sso login`), and repeat the command
              in detail: The security token is expired
            exit code 1
        "#]],
    );
    let fake = Fake::with((0..300).map(|_| Err(Unanswered::Busy("tidegate-control".to_owned()))));
    let told = told(&fake, "", &["status", "shop", "--watch"]);
    let tries = told.matches("asked {").count();
    assert_eq!(tries, 201, "it gives up after ten minutes");
    assert!(told.ends_with("exit code 1\n"), "{told}");
}

/// Two entries of a ledger, as `control` gives them, and its end.
fn ledger() -> (Value, Chain) {
    let id = RolloutId::parse("shop#7").unwrap();
    let mut chain = Chain::of(&id);
    let mut entries = Vec::new();
    for reason in ["lunch", "dinner"] {
        let draft = Draft {
            epoch: Epoch(3),
            actor: Actor::Person(Person::new(KIM)),
            fact: Fact::Paused {
                reason: reason.to_owned(),
            },
            evidence: Vec::new(),
            before: Weights::default(),
            after: Weights::default(),
        };
        let entry = chain.append(draft, "2026-12-01T09:00:00Z".parse().unwrap());
        entries.push(json!(aws::control::Entry::from(entry.line())));
    }
    (json!(entries), chain)
}

fn history(entries: &Value, end: &str) -> Value {
    json!({ "version": 1, "ok": { "history": {
        "rollout": "shop#7", "entries": entries, "end": end,
    } } })
}

#[test]
fn a_ledger_is_verified_against_the_end_that_the_head_has() {
    let (entries, end) = ledger();
    let end = end.to_string();
    check(
        &Fake::answering([history(&entries, &end)]),
        &["history", "shop#7"],
        &expect![[r#"
            asked {"history":{"rollout":"shop#7"}}
            shop#7  (times in UTC)

            2026-12-01 09:00:00  arn:aws:sts::123456789012:assumed-role/Ops/kim: paused:
                                 lunch
            2026-12-01 09:00:00  arn:aws:sts::123456789012:assumed-role/Ops/kim: paused:
                                 dinner

            2 entries, and the chain of hashes verifies up to the end that the head has
            ends at 2:6d4e66211de85812fdc185d4bec4b687097d09fdb14b10bf81ae31b8ca73f634
            exit code 0
        "#]],
    );
    let verify = ["history", "shop", "--verify"];
    check(
        &Fake::answering([history(&entries, &end)]),
        &verify,
        &expect![[r#"
            asked {"history":{"rollout":"shop"}}
            ok shop#7: 2 entries, as its head says
            ends at 2:6d4e66211de85812fdc185d4bec4b687097d09fdb14b10bf81ae31b8ca73f634
            exit code 0
        "#]],
    );
    let cut = json!([entries[0]]);
    check(
        &Fake::answering([history(&cut, &end)]),
        &verify,
        &expect![[r#"
            asked {"history":{"rollout":"shop"}}
            error: shop#7: the ledger ends at entry 1, it should end at entry 2
            exit code 1
        "#]],
    );
    let mut forged = entries.clone();
    forged[0]["what"] = json!("nothing happened");
    check(
        &Fake::answering([history(&forged, &end)]),
        &verify,
        &expect![[r#"
            asked {"history":{"rollout":"shop"}}
            error: shop#7: entry 1 was changed: its hash is another
            exit code 1
        "#]],
    );
}

#[test]
fn an_end_from_elsewhere_is_compared_too_and_json_says_what_is_wrong() {
    let (entries, end) = ledger();
    let end = end.to_string();
    let cut = json!([entries[0]]);
    let json = ["history", "shop", "--verify", "--json"];
    check(
        &Fake::answering([history(&cut, &end)]),
        &json,
        &expect![[r#"
            asked {"history":{"rollout":"shop"}}
            {"rollout":"shop#7","verified":false,"entries":1,"end":"2:6d4e66211de85812fdc185d4bec4b687097d09fdb14b10bf81ae31b8ca73f634","problem":"shop#7: the ledger ends at entry 1, it should end at entry 2"}
            exit code 1
        "#]],
    );
    let elsewhere = format!("1:{}", "0".repeat(64));
    let against = ["history", "shop", "--verify", "--end", &elsewhere];
    check(
        &Fake::answering([history(&entries, &end)]),
        &against,
        &expect![[r#"
            asked {"history":{"rollout":"shop"}}
            error: shop#7: entry 1 does not have the hash that `--end` gives
            exit code 1
        "#]],
    );
}

#[test]
fn a_ledger_that_was_exported_from_aws_reads_as_a_file() {
    let (entries, end) = ledger();
    let file = super::Scratch::new("exported.jsonl", "");
    let fake = Fake::answering([history(&entries, &end.to_string())]);
    let done = told(&fake, "", &["history", "shop#7", "--ledger", file.path()]);
    assert!(done.ends_with("exit code 0\n"), "{done}");
    let read = super::super::run(&[
        "history",
        "--verify",
        file.path(),
        "--end",
        &end.to_string(),
    ]);
    expect![[r#"
        ok FILE: shop#7, 2 entries
        ends at 2:6d4e66211de85812fdc185d4bec4b687097d09fdb14b10bf81ae31b8ca73f634
        exit code 0
    "#]]
    .assert_eq(&file.anywhere(&read.text()));
}
