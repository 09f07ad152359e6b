//! `doctor`: what stands in the way of a start.

mod deployments;

use std::collections::{BTreeMap, BTreeSet};

use aws::{
    alarms::{Actions, Evaluation, Inspection, Kind as Watched},
    alb::{Side, Standing, Taken},
    alias::Served,
    ecs::{Found, Mover, Progress, Service},
    route53::{Finding, Health},
    secrets::Kind,
};
use cli::remote::Unanswered;
use domain::{
    event::{AlarmReading, AlarmState},
    name::RolloutId,
    plan::route::RecordType,
    time::{SignedDuration, Timestamp},
    traffic::Epoch,
};
use engine::trouble::Trouble;
use expect_test::expect;
use serde_json::{Value, json};

use super::{
    Scratch,
    fake::{Fake, World},
    told,
};

const PLAN: &str = "\
service: shop
routes:
  web:
    alb:
      rule: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee
      stable: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/73e2d6bc24d8a067
      canary: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/2453ed029918f21f
      mode: owned
      priority: 10
  apex:
    route53: { zone: Z08345672JV6K3EXAMPLE, name: shop.example.com, types: [A], stable: Old, canary: New, ttl: 60s }
  jobs:
    lambda_alias: { function: jobs, alias: live, stable: 1, canary: 2 }
alarms:
  - { arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:new-5xx', severity: critical }
  - { arn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:new-slow', severity: high }
phases:
  - { name: canary, weight: 5%, bake: 1h }
  - { name: all, weight: 100%, bake: 1h }
notify:
  - { slack: '#shop' }
";

const RULE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";
const OLD: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/73e2d6bc24d8a067";
const NEW: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/new/2453ed029918f21f";

fn base(forwards: &[(&str, i32)], priority: u16, taken: Option<Taken>) -> Standing {
    let forwards = forwards.iter();
    Standing {
        forwards: forwards
            .map(|(group, weight)| ((*group).to_owned(), *weight))
            .collect(),
        priority: Some(priority),
        taken,
    }
}

fn targets(registered: usize, healthy: usize, unused: usize) -> Side {
    Side {
        registered,
        healthy,
        unused,
        states: BTreeMap::new(),
    }
}

fn alarm(name: &str, state: AlarmState, actions: Actions) -> (String, Inspection) {
    let arn = format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}");
    let reading = AlarmReading::State {
        state,
        since: Timestamp::UNIX_EPOCH,
        reason: String::new(),
    };
    let inspection = Inspection {
        reading,
        actions,
        targets: Vec::new(),
        evaluation: None,
        warm_up_until: None,
        kind: Watched::Metric,
    };
    (arn, inspection)
}

/// Everything as it should be.
fn well() -> World {
    let base = base(&[(OLD, 1)], 20, None);
    World {
        bases: BTreeMap::from([(RULE.to_owned(), Ok(base))]),
        targets: BTreeMap::from([
            (OLD.to_owned(), targets(3, 3, 0)),
            (NEW.to_owned(), targets(2, 2, 0)),
        ]),
        records: Vec::new(),
        alias: Some(Served {
            version: "1".to_owned(),
            other: None,
        }),
        alarms: BTreeMap::from([
            alarm("new-5xx", AlarmState::Ok, Actions::Enabled),
            alarm("new-slow", AlarmState::Ok, Actions::Enabled),
        ]),
        ecs: Found::default(),
        parameters: BTreeMap::from([("/tidegate/slack".to_owned(), Kind::Secure)]),
    }
}

fn seen(checks: &Value) -> Value {
    json!({ "version": 1, "ok": { "doctor": { "checks": checks } } })
}

fn doctor(fake: &Fake, more: &[&str]) -> String {
    let plan = Scratch::new("doctor.yaml", PLAN);
    let mut arguments = vec!["doctor", plan.path()];
    arguments.extend(more);
    plan.anywhere(&told(fake, "", &arguments))
}

#[test]
fn a_plan_that_can_be_run_is_said_to_be() {
    let sees = json!([{ "what": "route web", "health": "good", "says": "can be written" }]);
    let fake = Fake::world(well(), None, Ok(seen(&sees)));
    expect![[r#"
        asked {"doctor":{"plan":"…"}}
        ok           plan: shop, 3 routes, 2 phases, at least 2h
        ok           credentials: arn:aws:sts::123456789012:assumed-role/Ops/kim
        ok           control: answers
        ok           control sees route web: can be written
        ok           route apex: A of shop.example.com is answered by Old alone, for 1m
        ok           route jobs: serves version 1 alone
        ok           route web: forwards to old alone
        ok           route web: priority 10 is free
        ok           route web: stable old has 3 targets, all healthy
        ok           route web: canary new has 2 targets, all healthy
        ok           alarm new-5xx: critical, and is not red
        ok           alarm new-slow: high, and is not red
        ok           Slack: parameter /tidegate/slack is there, encrypted
        not checked  other writers: whether a pipeline, a script or a hand writes to the
                     routes now

        nothing stands in the way of a start
        exit code 0
    "#]]
    .assert_eq(&doctor(&fake, &["--slack-parameter", "/tidegate/slack"]));
}

/// Everything that can be wrong with records so that nothing can be started.
fn bad_records() -> Vec<Finding> {
    let kind = RecordType::A;
    let minutes = SignedDuration::from_mins;
    vec![
        Finding::MissingRecord {
            kind,
            set: "New".to_owned(),
            found: vec!["Old".to_owned()],
        },
        Finding::UnequalTtls {
            kind,
            ttls: vec![
                ("Old".to_owned(), minutes(5)),
                ("New".to_owned(), minutes(1)),
            ],
        },
        Finding::OtherTtl {
            kind,
            ttl: minutes(5),
            planned: minutes(1),
        },
        Finding::OtherWeight {
            kind,
            set: "Third".to_owned(),
            weight: 5,
        },
        Finding::CanaryHasWeight { kind, weight: 1 },
        Finding::NobodyHasWeight { kind },
        Finding::UnreadableFence("the TXT record is none of ours".to_owned()),
    ]
}

#[test]
fn what_stands_in_the_way_is_said_with_what_to_do() {
    let base = base(&[(OLD, 9), (NEW, 1)], 20, Some(Taken::ByOthers));
    let world = World {
        bases: BTreeMap::from([(RULE.to_owned(), Ok(base))]),
        targets: BTreeMap::from([(OLD.to_owned(), targets(3, 0, 0))]),
        records: bad_records(),
        alias: Some(Served {
            version: "1".to_owned(),
            other: Some(("2".to_owned(), 0.1)),
        }),
        alarms: BTreeMap::from([alarm("new-5xx", AlarmState::Alarm, Actions::Enabled)]),
        ecs: Found::default(),
        parameters: BTreeMap::new(),
    };
    let sees = json!([{ "what": "route web", "health": "bad", "says": "ModifyRule is denied" }]);
    let fake = Fake::world(world, None, Ok(seen(&sees)));
    expect![[r#"
        asked {"doctor":{"plan":"…"}}
        ok           plan: shop, 3 routes, 2 phases, at least 2h
        ok           credentials: arn:aws:sts::123456789012:assumed-role/Ops/kim
        ok           control: answers
        problem      control sees route web: ModifyRule is denied
        problem      route apex: there is no weighted A record `New`, but `Old`
                     → make it, weighted, the canary's with weight 0
        problem      route apex: the A records have different TTLs: `Old` 5m, `New` 1m
                     → give all of them one TTL, the plan's
        problem      route apex: the A records live for 5m, the plan says 1m
                     → a bake begins too early or too late by the difference; make them
                       equal
        problem      route apex: the A record `Third` has weight 5 beside stable and
                     canary
                     → no weight is raised beside it; set it to 0, or take it out
        problem      route apex: the canary's A record has weight 1 already
                     → unless a rollout is running: set it to 0
        problem      route apex: no A record has a weight, so Route 53 answers with each
                     as often: the canary too
                     → give stable's record a weight
        problem      route apex: the TXT record is none of ours
                     → look at the TXT record, and remove it
        problem      route jobs: version 2 gets 10% already
                     → unless a rollout is running: let the alias serve stable alone
        problem      route web: the canary gets traffic already
                     → unless a rollout is running: let the rule forward to stable alone
        problem      route web: priority 10 is taken by another rule
                     → choose another priority
        problem      route web: stable old has 3 targets, none of them healthy
                     → a load balancer sends traffic to them all the same; mend them
                       first
        problem      route web: there is no target group new, which is canary
                     → is the ARN right, and the region?
        problem      alarm new-5xx: it is in ALARM (critical)
                     → a start is refused while it is red, unless `start --reason`
                       overrides it
        problem      alarm new-slow: it does not exist
                     → is the ARN right, with its region and account, and may you read
                       it?
        problem      Slack: there is no parameter /tidegate/slack
                     → put the webhook's address or the bot's token there, as a
                       SecureString
        not checked  other writers: whether a pipeline, a script or a hand writes to the
                     routes now

        16 problems
        exit code 1
    "#]]
    .assert_eq(&doctor(&fake, &["--slack-parameter", "/tidegate/slack"]));
}

#[test]
fn what_a_person_should_know_is_a_warning() {
    let mut world = well();
    let owner = RolloutId::parse("shop#6").unwrap();
    let base = base(&[(OLD, 1)], 20, Some(Taken::By(owner.clone())));
    world.bases.insert(RULE.to_owned(), Ok(base));
    world.targets.insert(NEW.to_owned(), targets(2, 0, 2));
    world.targets.insert(OLD.to_owned(), targets(3, 2, 0));
    world.records = vec![
        Finding::TypeLeftOut {
            kind: RecordType::Aaaa,
        },
        Finding::HealthDecides {
            kind: RecordType::A,
            health: Health::StableFailsOver,
        },
        Finding::ForeignFence {
            owner,
            epoch: Epoch(4),
        },
    ];
    world
        .alarms
        .extend([alarm("new-slow", AlarmState::Ok, Actions::Disabled)]);
    world.parameters.insert("/plain".to_owned(), Kind::Plain);
    let fake = Fake::world(world, None, Ok(seen(&json!([]))));
    expect![[r#"
        asked {"doctor":{"plan":"…"}}
        ok           plan: shop, 3 routes, 2 phases, at least 2h
        ok           credentials: arn:aws:sts::123456789012:assumed-role/Ops/kim
        ok           control: answers
        warning      route apex: the AAAA records of both sides are not in the plan:
                     they stay as they are
                     → is that meant? Else name it in `types`
        warning      route apex: stable's A record has a health check: while it fails,
                     traffic goes to the canary even at 0%
                     → weights hold only while both are well; know it, or take the check
                       off
        warning      route apex: shop#6 has left its TXT record (epoch 4) or is still
                     running
                     → look with `tidegate status`; a new rollout of the service takes
                       it over
        ok           route jobs: serves version 1 alone
        ok           route web: forwards to old alone
        warning      route web: priority 10 is taken by the rule of shop#6
                     → it is kept if that rollout is superseded; else look with
                       `tidegate status`
        warning      route web: stable old has 3 targets, 2 of them healthy
                     → are the healthy ones enough?
        warning      route web: canary new has 2 targets, whose health the load balancer
                     does not check yet
                     → it does once a rule uses the group; until then look at them
                       yourself
        ok           alarm new-5xx: critical, and is not red
        warning      alarm new-slow: its actions are switched off
                     → its events still come; switch them on (`aws cloudwatch
                       enable-alarm-actions`)
        warning      Slack: parameter /plain is not encrypted; whoever reads it can post
                     → make it a SecureString
        not checked  other writers: whether a pipeline, a script or a hand writes to the
                     routes now

        8 warnings
        exit code 0
    "#]]
    .assert_eq(&doctor(&fake, &["--slack-parameter", "/plain"]));
}

#[test]
fn who_may_not_look_is_told_that_it_was_not_looked_at() {
    let mut world = World {
        records: vec![Finding::NoZone("Z08345672JV6K3EXAMPLE".to_owned())],
        ..World::default()
    };
    let denied = Trouble::lasting("DescribeRules: AccessDenied you may not");
    world.bases.insert(RULE.to_owned(), Err(denied));
    let caller = Some(Unanswered::Expired("ExpiredToken".to_owned()));
    let gone = Unanswered::NoFunction {
        function: "tidegate-control".to_owned(),
        region: "eu-west-1".to_owned(),
    };
    expect![[r#"
        asked {"doctor":{"plan":"…"}}
        ok           plan: shop, 3 routes, 2 phases, at least 2h
        problem      credentials: your AWS credentials have expired: ExpiredToken
                     → sign in again (`aws sso login`), and repeat the command
        problem      control: there is no function `tidegate-control` in eu-west-1
                     → is it another --region, --profile or --function? If Tidegate is
                       not there yet, see infra/terraform
        problem      route apex: there is no hosted zone Z08345672JV6K3EXAMPLE
                     → is the id right, and the account?
        problem      route jobs: there is no alias live of jobs
                     → are the names right, and the region?
        not checked  route web: DescribeRules: AccessDenied you may not
                     → look with a profile that may read it, or rely on what control
                       sees
        problem      route web: there is no target group old, which is stable
                     → is the ARN right, and the region?
        problem      route web: there is no target group new, which is canary
                     → is the ARN right, and the region?
        problem      alarm new-5xx: it does not exist
                     → is the ARN right, with its region and account, and may you read
                       it?
        problem      alarm new-slow: it does not exist
                     → is the ARN right, with its region and account, and may you read
                       it?
        not checked  Slack: which parameter has the webhook's address or the bot's token
                     → name it: --slack-parameter /tidegate/slack
        not checked  other writers: whether a pipeline, a script or a hand writes to the
                     routes now

        8 problems
        exit code 1
    "#]]
    .assert_eq(&doctor(&Fake::world(world, caller, Err(gone)), &[]));
}

#[test]
fn without_an_account_only_the_plan_is_looked_at() {
    expect![[r#"
        ok           plan: shop, 3 routes, 2 phases, at least 2h
        problem      credentials: no AWS region is known
                     → name it with --region, or set AWS_REGION
        not checked  everything else: routes, alarms and control, without credentials

        1 problem
        exit code 1
    "#]]
    .assert_eq(&doctor(&Fake::shut(Unanswered::NoRegion), &[]));
    expect![[r#"
        {"service":"shop","checks":[{"what":"plan","state":"ok","says":"shop, 3 routes, 2 phases, at least 2h","next":null},{"what":"credentials","state":"problem","says":"no AWS region is known","next":"name it with --region, or set AWS_REGION"},{"what":"everything else","state":"not-checked","says":"routes, alarms and control, without credentials","next":null}]}
        exit code 1
    "#]].assert_eq(&doctor(&Fake::shut(Unanswered::NoRegion), &["--json"]));
    let broken = Scratch::new("doctor-broken.yaml", "service: shop\n");
    let done = told(&Fake::default(), "", &["doctor", broken.path(), "--json"]);
    expect![[r#"
        {"service":null,"checks":[{"what":"plan","state":"problem","says":"it has errors, which are on standard error","next":"mend them, and look again"}]}
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
    "#]].assert_eq(&broken.anywhere(&done));
}

#[test]
fn a_rule_that_nothing_would_reach_is_found() {
    let mut world = well();
    let base = base(&[(OLD, 1)], 5, None);
    world.bases.insert(RULE.to_owned(), Ok(base));
    let told = doctor(&Fake::world(world, None, Ok(seen(&json!([])))), &[]);
    let line = told.lines().find(|line| line.contains("priority"));
    expect!["problem      route web: priority 10 comes after the base rule's 5, so nothing"]
        .assert_eq(line.unwrap_or_default());
}

#[test]
fn an_alarm_that_could_not_go_off_is_found() {
    let mut world = well();
    let mut alarms = world.alarms.values_mut();
    let (warming, broken) = (alarms.next().unwrap(), alarms.next().unwrap());
    warming.warm_up_until = Some(Timestamp::UNIX_EPOCH);
    broken.evaluation = Some(Evaluation::Error);
    let told = doctor(&Fake::world(world, None, Ok(seen(&json!([])))), &[]);
    let lines: Vec<&str> = told
        .lines()
        .skip_while(|line| !line.contains("alarm new"))
        .collect();
    expect![[r#"
        warning      alarm new-5xx: it cannot go off before 1970-01-01T00:00:00Z, while
                     it warms up
                     → start after that
        problem      alarm new-slow: it is set up wrongly, so CloudWatch cannot evaluate
                     it"#]]
    .assert_eq(&lines[..lines.len().min(5)].join("\n"));
}

#[test]
fn slack_is_not_asked_about_twice() {
    let sees = json!([{ "what": "Slack", "health": "good", "says": "it answers" }]);
    let told = doctor(&Fake::world(well(), None, Ok(seen(&sees))), &[]);
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("Slack")).collect();
    expect!["ok           control sees Slack: it answers"].assert_eq(&lines.join("\n"));
}

#[test]
fn what_aws_says_in_lines_is_put_into_ours() {
    let why = Unanswered::NoCredentials("no source\n  Environment: not set".to_owned());
    let told = doctor(&Fake::shut(why), &[]);
    let lines: Vec<&str> = told.lines().skip(1).take(2).collect();
    expect![[r#"
        problem      credentials: no AWS credentials could be had: no source
                     Environment: not set"#]]
    .assert_eq(&lines.join("\n"));
}

/// A start without data is refused, so it is more than something to know.
#[test]
fn an_alarm_without_data_stands_in_the_way() {
    let mut world = well();
    let (arn, quiet) = alarm("new-5xx", AlarmState::InsufficientData, Actions::Enabled);
    world.alarms.insert(arn, quiet);
    let told = doctor(&Fake::world(world, None, Ok(seen(&json!([])))), &[]);
    let lines: Vec<&str> = told
        .lines()
        .skip_while(|line| !line.contains("new-5xx"))
        .take(3)
        .collect();
    expect![[r#"
        problem      alarm new-5xx: it has no data
                     → nothing advances until it has, and a start is refused, unless
                       `start --reason` overrides it"#]]
    .assert_eq(&lines.join("\n"));
}
