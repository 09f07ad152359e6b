//! What changes a rollout: the request, the key that makes it one, and what became of it.

use expect_test::expect;
use serde_json::{Value, json};

use super::{
    PLANS, check,
    fake::{Fake, changed, refused, route, view, view_with},
    told,
};
use cli::remote::Unanswered;

#[test]
fn each_command_is_one_request() {
    let commands: [&[&str]; 14] = [
        &["pause", "shop", "--reason", "lunch"],
        &["resume", "shop#7"],
        &["promote", "shop"],
        &["promote", "shop", "--full", "--reason", "hotfix"],
        &["rollback", "shop"],
        &["rollback", "shop#7", "--reason", "checkout fails"],
        &["abort", "shop", "--reason", "not this week"],
        &["retry", "shop"],
        &["set-weight", "shop", "web=5%", "apex=0.5%", "--reason", "x"],
        &["finish", "shop"],
        &["approve", "shop", "canary"],
        &["reject", "shop", "canary", "--reason", "too slow"],
        &["check", "shop", "canary", "backup"],
        &[
            "override-calendar",
            "shop",
            "--until",
            "4h",
            "--reason",
            "x",
        ],
    ];
    let mut all = String::new();
    for command in commands {
        let fake = Fake::answering([changed(&Value::Null)]);
        let told = told(&fake, "", command);
        assert!(told.ends_with("exit code 0\n"), "{command:?}: {told}");
        all.push_str(&fake.asked());
    }
    expect![[r#"
        asked {"ask":{"command":{"pause":{"reason":"lunch"}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"promote":{}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"promote-full":{"reason":"hotfix"}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"rollback":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"rollback":{"reason":"checkout fails"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"abort":{"reason":"not this week"}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"retry":{}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"set-weight":{"reason":"x","weights":{"apex":5,"web":50}}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"finish":{}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"reject":{"phase":"canary","reason":"too slow"}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"check":{"item":"backup","phase":"canary"}},"rollout":"shop"}}  key 6b2f0a1e…
        asked {"ask":{"command":{"override-calendar":{"reason":"x","until":"2026-12-01T13:00:00Z"}},"rollout":"shop"}}  key 6b2f0a1e…
    "#]].assert_eq(&all);
}

#[test]
fn what_was_done_is_said_and_how_it_stands_now() {
    let held = view_with(&json!({
        "holds": ["paused by a person"],
        "waiting": "a person to say how to go on: it was paused",
    }));
    check(
        &Fake::answering([changed(&held)]),
        &[
            "pause",
            "shop",
            "--reason",
            "lunch",
            "--profile",
            "ops",
            "--region",
            "eu-west-1",
        ],
        &expect![[r#"
            with profile ops
            with region eu-west-1
            asked {"ask":{"command":{"pause":{"reason":"lunch"}},"rollout":"shop"}}  key 6b2f0a1e…
            ok pause shop#7  by arn:aws:sts::123456789012:assumed-role/Ops/kim

            shop#7  baking                                       Tue 1 Dec 09:00 UTC   day 1
            ◉ canary   ○ all   ○ watch

            waits for  a person to say how to go on: it was paused
            held       paused by a person
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
    let back = view_with(&json!({
        "status": "guarding", "back": true, "cause": "kim says that checkout fails", "gate": null,
        "routes": { "apex": route(0, 0), "web": route(0, 0) },
    }));
    check(
        &Fake::answering([changed(&back)]),
        &["rollback", "shop", "--reason", "checkout fails"],
        &expect![[r#"
            asked {"ask":{"command":{"rollback":{"reason":"checkout fails"}},"rollout":"shop"}}  key 6b2f0a1e…
            ok rollback shop#7  by arn:aws:sts::123456789012:assumed-role/Ops/kim

            shop#7  guarding                                     Tue 1 Dec 09:00 UTC   day 1
            ◉ canary   ○ all   ○ watch

            because    kim says that checkout fails
            waits for  time at these weights, over in 12h
            apex       ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0%    as decided
            web        ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0%    as decided

            ! alarm new-latency (high): INSUFFICIENT_DATA
              1 alarm OK
            exit code 0
        "#]],
    );
}

#[test]
fn a_plan_is_checked_before_it_is_started() {
    let plan = format!("{PLANS}/lightning-talk-circle.yaml");
    let mut started = changed(&view());
    started["ok"]["changed"]["notes"] = json!(["phase canary: no metric is required"]);
    check(
        &Fake::answering([started]),
        &["start", &plan, "--supersede", "--reason", "INC-17"],
        &expect![[r#"
            asked {"start":{"plan":"…","reason":"INC-17","supersede":true}}  key 6b2f0a1e…
            ok start shop#7  by arn:aws:sts::123456789012:assumed-role/Ops/kim
            note: phase canary: no metric is required

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
    let broken = super::Scratch::new("start.yaml", "service: shop\n");
    let fake = Fake::default();
    let told = told(&fake, "", &["start", broken.path()]);
    expect![[r#"
        error[missing-key]: `routes` is missing
         --> FILE:1:1
          |
        1 | service: shop
          | ^^^^^^^^^^^^^ expected `routes`: where weights live
          |
          = help: add `routes: { … }`

        error[missing-key]: `phases` is missing
         --> FILE:1:1
          |
        1 | service: shop
          | ^^^^^^^^^^^^^ expected `phases`: weights to hold, in order; the last phase brings every route to 100%
          |
          = help: add `phases: [ … ]`

        FILE: 2 errors
        exit code 1
    "#]].assert_eq(&broken.anywhere(&told));
    check(
        &Fake::default(),
        &["start", "nowhere.yaml"],
        &expect![[r#"
        error: there is no file `nowhere.yaml`; check the path
        exit code 2
    "#]],
    );
}

#[test]
fn what_is_decided_and_not_yet_so_has_an_exit_code_of_its_own() {
    let mut answer = changed(&Value::Null);
    answer["ok"]["changed"]["converged"] = json!(false);
    answer["ok"]["changed"]["why"] = json!("web (ModifyRule was not answered in time)");
    check(
        &Fake::answering([answer]),
        &["rollback", "shop"],
        &expect![[r#"
            asked {"ask":{"command":{"rollback":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
            decided rollback shop#7  by arn:aws:sts::123456789012:assumed-role/Ops/kim
            not yet: it is decided, but the weights were not read back so: web (ModifyRule was not answered in time)
              the sweep goes on with it every minute; look with `tidegate status shop#7 --watch`
              if traffic must go back now: `tidegate rollback --direct PLAN`
            exit code 3
        "#]],
    );
}

#[test]
fn a_request_can_be_repeated_with_its_key() {
    let silent = || Unanswered::Silent("tidegate-control".to_owned());
    check(
        &Fake::with([Err(silent())]),
        &["rollback", "shop"],
        &expect![[r#"
            asked {"ask":{"command":{"rollback":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
            error: `tidegate-control` did not answer in time
              look how it stands with `tidegate status`; if traffic must go back now: `tidegate rollback --direct PLAN`
              it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
            exit code 1
        "#]],
    );
    let key = "6b2f0a1e-0000-4000-8000-000000000001";
    let fake = Fake::answering([changed(&Value::Null)]);
    check(
        &fake,
        &["rollback", "shop", "--key", key],
        &expect![[r#"
        asked {"ask":{"command":{"rollback":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        ok rollback shop#7  by arn:aws:sts::123456789012:assumed-role/Ops/kim
        exit code 0
    "#]],
    );
    check(
        &Fake::default(),
        &["rollback", "shop", "--key", "x"],
        &expect![[r#"
            error: invalid value 'x' for '--key <KEY>': a key is what a failed command printed: 8 to 64 lower-case letters, digits and `-`

            For more information, try '--help'.
            exit code 2
        "#]],
    );
}

#[test]
fn json_is_what_control_answers() {
    let fake = Fake::answering([changed(&Value::Null)]);
    check(
        &fake,
        &["pause", "shop", "--json"],
        &expect![[r#"
        asked {"ask":{"command":{"pause":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        {"ok":{"changed":{"by":"arn:aws:sts::123456789012:assumed-role/Ops/kim","converged":true,"notes":[],"rollout":"shop#7","status":null,"why":null}},"version":1}
        exit code 0
    "#]],
    );
    let no = refused(
        "refused",
        "`pause` is not possible while the rollout is guarding",
    );
    check(
        &Fake::answering([no]),
        &["pause", "shop", "--json"],
        &expect![[r#"
            asked {"ask":{"command":{"pause":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
            {"error":{"kind":"refused","message":"`pause` is not possible while the rollout is guarding"},"version":1}
            error: `pause` is not possible while the rollout is guarding
              nothing was done; `tidegate status` says how it stands
            exit code 1
        "#]],
    );
    let gone = Unanswered::Silent("tidegate-control".to_owned());
    check(
        &Fake::with([Err(gone)]),
        &["pause", "shop", "--json"],
        &expect![[r#"
            asked {"ask":{"command":{"pause":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
            {"error":{"kind":"no-answer","message":"`tidegate-control` did not answer in time","problems":[]},"version":1}
            error: `tidegate-control` did not answer in time
              look how it stands with `tidegate status`; if traffic must go back now: `tidegate rollback --direct PLAN`
              it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
            exit code 1
        "#]],
    );
}

#[test]
fn what_is_mistyped_says_how_it_is_written() {
    for (arguments, expected) in [
        (
            &["pause"][..],
            expect![[r#"
            error: the following required arguments were not provided:
              <ROLLOUT>

            Usage: tidegate pause <ROLLOUT>

            For more information, try '--help'.
            exit code 2
        "#]],
        ),
        (
            &["pause", "Shop"],
            expect![[r#"
            error: invalid value 'Shop' for '<ROLLOUT>': a rollout is written shop#7, a service shop: lower-case letters, digits, `-` and `_`

            For more information, try '--help'.
            exit code 2
        "#]],
        ),
        (
            &["promote", "shop", "--full"],
            expect![[r#"
            error: the following required arguments were not provided:
              --reason <TEXT>

            Usage: tidegate promote --full --reason <TEXT> <ROLLOUT>

            For more information, try '--help'.
            exit code 2
        "#]],
        ),
        (
            &["set-weight", "shop", "web=5", "--reason", "x"],
            expect![[r#"
                error: invalid value 'web=5' for '<ROUTE=WEIGHT>...': a weight is written ROUTE=SHARE: web=5%, web=0.5%, web=0%

                For more information, try '--help'.
                exit code 2
            "#]],
        ),
    ] {
        check(&Fake::default(), arguments, &expected);
    }
}

#[test]
fn what_is_missing_is_named() {
    for (arguments, expected) in [
        (
            &["set-weight", "shop", "web=5%"][..],
            expect![[r#"
            error: the following required arguments were not provided:
              --reason <TEXT>

            Usage: tidegate set-weight --reason <TEXT> <ROLLOUT> <ROUTE=WEIGHT>...

            For more information, try '--help'.
            exit code 2
        "#]],
        ),
        (
            &["approve", "shop"],
            expect![[r#"
            error: the following required arguments were not provided:
              <PHASE>

            Usage: tidegate approve <ROLLOUT> <PHASE>

            For more information, try '--help'.
            exit code 2
        "#]],
        ),
        (
            &[
                "override-calendar",
                "shop",
                "--until",
                "noon",
                "--reason",
                "x",
            ],
            expect![[r#"
                error: invalid value 'noon' for '--until <TIME>': an end is written 4h, 90m, or as a time with its offset: 2026-12-24T18:00+09:00

                For more information, try '--help'.
                exit code 2
            "#]],
        ),
        (
            &["rollback", "shop", "--yes"],
            expect![[r#"
            error: --yes goes with --direct PLAN; otherwise nothing is asked back
            exit code 2
        "#]],
        ),
        (
            &["rollback"],
            expect![[r#"
            error: the following required arguments were not provided:
              <ROLLOUT>

            Usage: tidegate rollback <ROLLOUT>

            For more information, try '--help'.
            exit code 2
        "#]],
        ),
    ] {
        check(&Fake::default(), arguments, &expected);
    }
}

#[test]
fn who_cannot_wait_for_the_functions_is_told_what_is_left() {
    let gone = || {
        Fake::with([Err(Unanswered::NoFunction {
            function: "tidegate-control".to_owned(),
            region: "eu-west-1".to_owned(),
        })])
    };
    check(
        &gone(),
        &["rollback", "shop"],
        &expect![[r#"
        asked {"ask":{"command":{"rollback":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: there is no function `tidegate-control` in eu-west-1
          is it another --region, --profile or --function? If Tidegate is not there yet, see infra/terraform
          if traffic must go back now: `tidegate rollback --direct PLAN`
        exit code 1
    "#]],
    );
    check(
        &gone(),
        &["pause", "shop"],
        &expect![[r#"
        asked {"ask":{"command":{"pause":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: there is no function `tidegate-control` in eu-west-1
          is it another --region, --profile or --function? If Tidegate is not there yet, see infra/terraform
        exit code 1
    "#]],
    );
    let mut late = changed(&view());
    late["ok"]["changed"]["converged"] = json!(false);
    late["ok"]["changed"]["why"] = json!("the weights of web were not read back");
    late["ok"]["changed"]["status"] = Value::Null;
    check(
        &Fake::answering([late]),
        &["abort", "shop"],
        &expect![[r#"
        asked {"ask":{"command":{"abort":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        decided abort shop#7  by arn:aws:sts::123456789012:assumed-role/Ops/kim
        not yet: it is decided, but the weights were not read back so: the weights of web were not read back
          the sweep goes on with it every minute; look with `tidegate status shop#7 --watch`
          if traffic must go back now: `tidegate rollback --direct PLAN`
        exit code 3
    "#]],
    );
}
