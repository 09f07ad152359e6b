//! Everything that can stand between an operator and an answer, and what to do about it.

use cli::remote::Unanswered;
use expect_test::expect;
use serde_json::json;

use super::{
    check,
    fake::{Fake, refused},
    told,
};

fn owned(text: &str) -> String {
    text.to_owned()
}

/// Everything that can go wrong on the way to `control` and back.
fn unanswered() -> Vec<Unanswered> {
    let control = || owned("tidegate-control");
    vec![
        Unanswered::Denied {
            call: "lambda:InvokeFunction",
            on: control(),
            said: owned("User: arn:aws:iam::123456789012:user/kim is not authorized"),
        },
        Unanswered::Expired(owned(
            "The security token included in the request is expired",
        )),
        Unanswered::Unknown(owned(
            "The security token included in the request is invalid.",
        )),
        Unanswered::NoFunction {
            function: control(),
            region: owned("us-east-1"),
        },
        Unanswered::Busy(control()),
        Unanswered::Unreachable {
            region: owned("eu-west-9"),
            said: owned("dns error"),
        },
        Unanswered::Silent(control()),
        Unanswered::Broken {
            function: control(),
            said: owned("Task timed out after 30 s"),
        },
        Unanswered::Other(owned("Invoke tidegate-control: ServiceException")),
    ]
}

#[test]
fn who_gets_no_answer_is_told_what_to_do() {
    let mut all = String::new();
    for why in unanswered() {
        all.push_str(&told(&Fake::with([Err(why)]), "", &["resume", "shop"]));
        all.push('\n');
    }
    expect![[r#"
        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: you may not call lambda:InvokeFunction on tidegate-control
          ask for the right lambda:InvokeFunction on it, or choose a profile with --profile
          in detail: User: arn:aws:iam::123456789012:user/kim is not authorized
        exit code 1

        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: your AWS credentials have expired
          sign in again (`aws sso login`), and repeat the command
          in detail: The security token included in the request is expired
        exit code 1

        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: AWS does not take your credentials
          `aws sts get-caller-identity` says whether they work; else sign in again
          in detail: The security token included in the request is invalid.
        exit code 1

        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: there is no function `tidegate-control` in us-east-1
          is it another --region, --profile or --function? If Tidegate is not there yet, see infra/terraform
        exit code 1

        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: `tidegate-control` is asked too much at this moment
          repeat the command in a few seconds
        exit code 1

        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: AWS cannot be reached in eu-west-9
          look at your network and at --region, and repeat the command
          in detail: dns error
          it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
        exit code 1

        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: `tidegate-control` did not answer in time
          look how it stands with `tidegate status`; if traffic must go back now: `tidegate rollback --direct PLAN`
          it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
        exit code 1

        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: `tidegate-control` failed before it could answer
          its log is /aws/lambda/tidegate-control; if traffic must go back now: `tidegate rollback --direct PLAN`
          in detail: Task timed out after 30 s
          it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
        exit code 1

        asked {"ask":{"command":{"resume":{"reason":"no reason given"}},"rollout":"shop"}}  key 6b2f0a1e…
        error: Invoke tidegate-control: ServiceException
          repeat the command; `tidegate doctor PLAN` looks at more
          it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
        exit code 1

    "#]].assert_eq(&all);
}

#[test]
fn who_cannot_open_the_account_is_told_what_to_do() {
    let mut all = String::new();
    for why in [
        Unanswered::NoRegion,
        Unanswered::NoProfile(owned("prod")),
        Unanswered::NoCredentials(owned("no providers in chain provided credentials")),
        Unanswered::Expired(owned("the SSO session has expired")),
    ] {
        all.push_str(&told(&Fake::shut(why), "", &["list"]));
        all.push('\n');
    }
    expect![[r#"
        error: no AWS region is known
          name it with --region, or set AWS_REGION
        exit code 1

        error: there is no profile `prod` in your AWS configuration
          `aws configure list-profiles` lists them; choose one with --profile
        exit code 1

        error: no AWS credentials could be had
          sign in (`aws sso login`, or the environment variables), or choose a profile with --profile
          in detail: no providers in chain provided credentials
        exit code 1

        error: your AWS credentials have expired
          sign in again (`aws sso login`), and repeat the command
          in detail: the SSO session has expired
        exit code 1

    "#]].assert_eq(&all);
}

/// What `control` says no with, and why.
const REFUSALS: [(&str, &str); 11] = [
    (
        "refused",
        "`approve` is not possible while the rollout is shifting",
    ),
    ("not-found", "there is no rollout shop#7"),
    ("taken", "shop#6 owns the service or one of the routes"),
    (
        "store",
        "the store could not be used: TransactWriteItems was not answered in time",
    ),
    ("alarms", "the alarms could not be read"),
    (
        "routes",
        "not started: route web: DescribeRules: the base rule does not exist",
    ),
    (
        "contended",
        "others kept changing the rollout; nothing was done",
    ),
    (
        "caller",
        "the proof of who asks was signed 20m ago and holds for 5m",
    ),
    (
        "version",
        "this is version 2 of the request, control reads 1",
    ),
    ("malformed", "the request is none"),
    ("something-new", "the moon is full"),
];

#[test]
fn what_control_refuses_says_what_to_do() {
    let mut all = String::new();
    for (kind, message) in REFUSALS {
        let fake = Fake::answering([refused(kind, message)]);
        all.push_str(&told(&fake, "", &["approve", "shop#7", "canary"]));
        all.push('\n');
    }
    expect![[r#"
        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: `approve` is not possible while the rollout is shifting
          nothing was done; `tidegate status` says how it stands
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: there is no rollout shop#7
          `tidegate list` shows what there is
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: shop#6 owns the service or one of the routes
          one rollout at a time: wait for it, roll it back, or take over with `start --supersede`
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: the store could not be used: TransactWriteItems was not answered in time
          if traffic must go back now: `tidegate rollback --direct PLAN`
          it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: the alarms could not be read
          nothing was done; `tidegate doctor PLAN` looks at the alarms, `tidegate start --reason TEXT` overrides them
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: not started: route web: DescribeRules: the base rule does not exist
          nothing was done; `tidegate doctor PLAN` looks at the routes
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: others kept changing the rollout; nothing was done
          nothing was done; repeat the command in a few seconds
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: the proof of who asks was signed 20m ago and holds for 5m
          nothing was done; sign in again, and is the clock of this machine right?
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: this is version 2 of the request, control reads 1
          nothing was done; install the version of tidegate that the functions have
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: the request is none
          nothing was done; install the version of tidegate that the functions have
        exit code 1

        asked {"ask":{"command":{"approve":{"phase":"canary"}},"rollout":"shop#7"}}  key 6b2f0a1e…
        error: the moon is full
          look how it stands with `tidegate status`
          it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
        exit code 1

    "#]].assert_eq(&all);
}

#[test]
fn a_plan_that_only_control_finds_wrong_is_shown_with_its_problems() {
    let plan = format!("{}/lightning-talk-circle.yaml", super::PLANS);
    let mut no = refused("invalid-plan", "the plan has 1 error");
    no["error"]["problems"] = json!([{
        "path": "phases[0].canary", "found": "a phase has no key `canary`",
    }]);
    check(
        &Fake::answering([no]),
        &["start", &plan],
        &expect![[r#"
        asked {"start":{"plan":"…","reason":null,"supersede":false}}  key 6b2f0a1e…
        error: the plan has 1 error
          phases[0].canary: a phase has no key `canary`
          nothing was done; do the functions have the version of this command?
        exit code 1
    "#]],
    );
}

#[test]
fn an_answer_that_is_none_is_not_taken_for_one() {
    for (answer, expected) in [
        (
            json!("hello"),
            expect![[r#"
                asked {"ask":{"command":{"retry":{}},"rollout":"shop"}}  key 6b2f0a1e…
                error: `tidegate-control` answered something that this version of tidegate cannot read
                  install the version of tidegate that the functions have
                  in detail: invalid type: string "hello", expected struct Answer
                  it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
                exit code 1
            "#]],
        ),
        (
            json!({ "version": 1 }),
            expect![[r#"
                asked {"ask":{"command":{"retry":{}},"rollout":"shop"}}  key 6b2f0a1e…
                error: `tidegate-control` answered something that this version of tidegate cannot read
                  install the version of tidegate that the functions have
                  in detail: no variant of enum Outcome found in flattened data
                  it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
                exit code 1
            "#]],
        ),
        (
            json!({ "version": 1, "ok": { "list": { "rollouts": [] } } }),
            expect![[r#"
                asked {"ask":{"command":{"retry":{}},"rollout":"shop"}}  key 6b2f0a1e…
                error: `tidegate-control` answered something that this version of tidegate cannot read
                  install the version of tidegate that the functions have
                  in detail: it is the answer to another question
                  it may have been done; repeated like this it is not done twice: --key 6b2f0a1e-0000-4000-8000-000000000001
                exit code 1
            "#]],
        ),
    ] {
        check(&Fake::answering([answer]), &["retry", "shop"], &expected);
    }
}
