//! Requests in the box.

mod finish;
mod lost;

use std::{fmt::Write as _, fs, path::Path, rc::Rc};

use aws::{
    caller::{CallerError, Proof},
    control::Do,
    teller::Heard,
};
use domain::{
    ledger::{Chain, Line, verify},
    name::RouteName,
    time::later,
};
use expect_test::{Expect, expect};
use serde_json::json;
use sim::{Fault, FaultKind, Scenario, World};

use super::*;

const PLAN: &str = include_str!("../../../events/shop.yaml");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/control");
const TIMEOUT: SignedDuration = SignedDuration::from_secs(30);

/// What the table has besides.
struct Shelf(World);

impl Archive for Shelf {
    async fn ledger(&self, id: &RolloutId) -> Result<Vec<Line>, Trouble> {
        Ok(self
            .0
            .ledger(id)
            .iter()
            .map(domain::ledger::Entry::line)
            .collect())
    }

    async fn rollouts(&self, _service: Option<&ServiceName>) -> Result<Vec<Rollout>, Trouble> {
        Ok(self.0.rollout().into_iter().collect())
    }
}

/// Knows kim by any proof but one that is late.
struct Doorman;

impl Callers for Doorman {
    async fn who(
        &self,
        proof: &Proof,
        _digest: &Digest,
        _now: Timestamp,
    ) -> Result<Person, CallerError> {
        if proof.query == "late" {
            return Err(CallerError::Ahead(SignedDuration::from_hours(1)));
        }
        Ok(Person::new("arn:aws:iam::123456789012:user/kim"))
    }
}

/// Has heard this of Slack.
struct Herald(Result<Heard, Trouble>);

impl Teller for Herald {
    async fn slack(&self) -> Result<Heard, Trouble> {
        self.0.clone()
    }
}

fn world() -> World {
    let plan = Arc::new(plan::parse(PLAN).unwrap().plan);
    World::new(plan, Scenario::default(), 11)
}

/// A world in which the sample plan is at 10 %.
fn begun() -> World {
    let world = world();
    let answer = asked(&world, &sample("start.json"));
    assert!(is_ok(&answer), "{answer:?}");
    world
}

fn sample(file: &str) -> Value {
    let text = fs::read_to_string(Path::new(EVENTS).join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A request with a key of its own.
fn request(key: &str, what: &Value) -> Value {
    json!({ "version": 1, "key": key, "caller": { "query": "kim's" }, "do": what })
}

fn ask_for(key: &str, command: &Value) -> Value {
    request(
        key,
        &json!({ "ask": { "rollout": "shop", "command": command } }),
    )
}

fn asked(world: &World, payload: &Value) -> Answer {
    asked_when(Ok(Heard::Unnamed), world, payload)
}

fn asked_when(heard: Result<Heard, Trouble>, world: &World, payload: &Value) -> Answer {
    let desk = Rc::new(Desk {
        ports: world.clone(),
        archive: Shelf(world.clone()),
        callers: Doorman,
        reports: Some("audit".to_owned()),
        teller: Some(Herald(heard)),
    });
    let invocation = invocation(world);
    let payload = payload.clone();
    let answer = world.invoke("control", TIMEOUT, async move {
        Box::pin(handle(&desk, &payload, &invocation)).await
    });
    answer.expect("it ends in time")
}

fn invocation(world: &World) -> Invocation {
    Invocation {
        request_id: "8f5".to_owned(),
        ends: later(world.now(), TIMEOUT),
    }
}

/// An answer in a few words.
fn brief(answer: &Answer) -> String {
    match &answer.outcome {
        Outcome::Error(failure) => format!("{:?}: {}", failure.kind, failure.message.trim_end()),
        Outcome::Ok(done) => match &**done {
            Done::Changed(changed) => {
                let status = changed.status.as_ref();
                format!(
                    "{} is {}, by {}{}{}",
                    changed.rollout,
                    status.map_or("?", |view| view.status.as_str()),
                    changed.by,
                    changed
                        .why
                        .as_deref()
                        .map_or(String::new(), |why| format!("; not yet: {why}")),
                    [vec![String::new()], changed.notes.clone()]
                        .concat()
                        .join("; "),
                )
            }
            Done::Status(view) => format!("{} waits for {}", view.rollout, view.waiting),
            Done::List { rollouts } => format!("{} rollouts", rollouts.len()),
            Done::History { entries, end, .. } => {
                format!(
                    "{} entries, end {}",
                    entries.len(),
                    end.split(':').next().unwrap()
                )
            }
            Done::Doctor { checks } => {
                let lines = checks.iter().map(|check| {
                    format!("\n    {:?} {}: {}", check.health, check.what, check.says)
                });
                lines.collect()
            }
        },
    }
}

fn check(world: &World, payload: &Value, expected: &Expect) {
    expected.assert_eq(&brief(&asked(world, payload)));
}

/// Every sample's answer, in the order of their names.
fn answers() -> String {
    let mut files: Vec<String> = fs::read_dir(Path::new(EVENTS))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut story = String::new();
    for file in files {
        // What starts one comes before there is one, everything else after.
        let world = if file == "start.json" || file == "doctor.json" {
            world()
        } else {
            begun()
        };
        let mut payload = sample(&file);
        if file != "start.json" {
            payload["key"] = json!(format!("{file}-another").replace('.', "-"));
        }
        let answer = asked(&world, &payload);
        writeln!(story, "{file}: {}", brief(&answer)).unwrap();
        let text = serde_json::to_string(&answer).unwrap();
        let back: Answer = serde_json::from_str(&text).unwrap();
        assert_eq!(back, answer, "{file}");
    }
    story
}

#[test]
fn every_sample_is_answered() {
    expect![[r#"
        abort.json: shop#1 is guarding, by arn:aws:iam::123456789012:user/kim
        accept.json: Refused: there is no incident `alarm new-5xx`; none is open
        approve.json: Refused: this concerns phase half, but the rollout is in tenth
        check.json: Refused: the phase has no checklist item `backup`
        doctor.json: 
            Good table: it answers, and no rollout is active
            Doubtful plan: 16:13: warning[no-rollback-condition] phases[0]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`
            Doubtful plan: 17:11: warning[no-rollback-condition] phases[1]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`
            Doubtful plan: 21:5: warning[own-rollout] phases[1].approval: all 2 approvers are needed, and whoever of them starts a rollout may not approve it; expected more approvers than are needed, or a starter who is none of them; add people to the groups, lower `needed`, or write `four_eyes: waived`
            Doubtful plan: 22:13: warning[no-rollback-condition] phases[2]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`
            Good route web: it is there, with 0% to the canary
            Good alarm shop-broken: it is OK
            Good metric complaints: 0 over 15 minutes
        finish.json: Refused: `finish` is not possible while the rollout is baking
        history.json: 4 entries, end 4
        list.json: 1 rollouts
        list.service.json: 1 rollouts
        misspelt.json: Malformed: this is no request: unknown field `rolout`, expected `rollout` or `command`
        newer-version.json: Version: this `control` reads requests of version 1, this one has version 2; use the same release of the command and of the functions
        not-found.json: NotFound: there is no rollout shop#9
        override-calendar.json: shop#1 is baking, by arn:aws:iam::123456789012:user/kim
        pause.json: shop#1 is baking, by arn:aws:iam::123456789012:user/kim
        promote-full.json: shop#1 is baking, by arn:aws:iam::123456789012:user/kim
        promote.json: shop#1 is baking, by arn:aws:iam::123456789012:user/kim
        reject.json: Refused: this concerns phase half, but the rollout is in tenth
        resume.json: Refused: nothing holds the rollout, so there is nothing to resume
        retry.json: Refused: nothing has failed that could be tried again
        rollback.json: shop#1 is guarding, by arn:aws:iam::123456789012:user/kim
        rollback.nameless.json: shop#1 is guarding, by someone who may invoke control
        set-weight.json: shop#1 is baking, by arn:aws:iam::123456789012:user/kim
        start.broken-plan.json: InvalidPlan: error[bad-weight]: phases[1].weight: `lots` is no weight
          --> plan:18:13
           |
        18 |     weight: lots
           |             ^^^^ expected a weight from 0% to 100% with at most one decimal, such as 5%
           |
           = help: write `5%`

        error[bad-duration]: rollback.within: `soon` is no duration
          --> plan:24:21
           |
        24 | rollback: { within: soon }
           |                     ^^^^ expected a duration, such as 24h, 90s or 1h30m
           |
           = help: write `24h`, `90s` or `1h30m`
        start.json: shop#1 is baking, by arn:aws:iam::123456789012:user/kim; 16:13: warning[no-rollback-condition] phases[0]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`; 17:11: warning[no-rollback-condition] phases[1]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`; 21:5: warning[own-rollout] phases[1].approval: all 2 approvers are needed, and whoever of them starts a rollout may not approve it; expected more approvers than are needed, or a starter who is none of them; add people to the groups, lower `needed`, or write `four_eyes: waived`; 22:13: warning[no-rollback-condition] phases[2]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`
        start.nameless.json: Caller: `start` goes into the ledger with a name: send the proof of who asks
        start.supersede.json: shop#2 is baking, by arn:aws:iam::123456789012:user/kim; 16:13: warning[no-rollback-condition] phases[0]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`; 17:11: warning[no-rollback-condition] phases[1]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`; 21:5: warning[own-rollout] phases[1].approval: all 2 approvers are needed, and whoever of them starts a rollout may not approve it; expected more approvers than are needed, or a starter who is none of them; add people to the groups, lower `needed`, or write `four_eyes: waived`; 22:13: warning[no-rollback-condition] phases[2]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`
        status.json: shop#1 waits for time at these weights, over in 3m 59s
    "#]].assert_eq(&answers());
}

#[test]
fn a_request_that_comes_twice_has_the_effect_of_one() {
    let world = begun();
    let entries = || world.ledger(&world.rollout().unwrap().id).len();
    let before = entries();
    check(
        &world,
        &sample("start.json"),
        &expect![[
            r#"shop#1 is baking, by arn:aws:iam::123456789012:user/kim; 16:13: warning[no-rollback-condition] phases[0]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`; 17:11: warning[no-rollback-condition] phases[1]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`; 21:5: warning[own-rollout] phases[1].approval: all 2 approvers are needed, and whoever of them starts a rollout may not approve it; expected more approvers than are needed, or a starter who is none of them; add people to the groups, lower `needed`, or write `four_eyes: waived`; 22:13: warning[no-rollback-condition] phases[2]: no condition rolls this phase back; only the plan's alarms can, if they watch the right thing; expected a condition that rolls back in every phase that has traffic; add `rollback: ["error_rate > 1% for 2m"]` here, or a rule to `incidents.critical`"#
        ]],
    );
    assert_eq!(entries(), before);
    let pause = ask_for("a-first-one", &json!({ "pause": { "reason": "lunch" } }));
    let first = brief(&asked(&world, &pause));
    let after = entries();
    assert_eq!(brief(&asked(&world, &pause)), first);
    assert_eq!(entries(), after, "one more would be a second pause");
}

#[test]
fn the_status_shows_what_the_world_shows() {
    let world = begun();
    world.pass(SignedDuration::from_mins(1));
    let payload =
        json!({ "version": 1, "key": "12345678", "do": { "status": { "rollout": "shop#1" } } });
    let Outcome::Ok(done) = asked(&world, &payload).outcome else {
        panic!("it is there");
    };
    let shown = serde_json::to_value(&done).unwrap();
    let mut lines = String::new();
    for (key, value) in shown["status"].as_object().unwrap() {
        writeln!(lines, "{key}: {value}").unwrap();
    }
    expect![[r#"
        active: true
        alarms: [{"arn":"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-broken","name":"shop-broken","severity":"critical","since":"2026-01-13T01:00:00Z","state":"OK"}]
        back: false
        cause: null
        cause_ja: null
        change: null
        deadlines: [{"at":"2026-01-13T01:04:01.37Z","what":"the bake has lasted for its least time"}]
        epoch: 2
        gate: {"approvals":[],"asked":null,"checklist":{},"conditions":[{"condition":"complaints == 0","doubt":null,"errors":0,"failures":0,"measured":null,"passes":0,"samples":0,"stable":null,"value":null,"verdict":null}],"needed":0,"overdue":null,"promoted_by":null,"since":"2026-01-13T01:01:01.37Z","until":"2026-01-13T01:04:01.37Z"}
        holds: []
        hooks: []
        incidents: []
        ledger: "4:eb9cb088bf53ffa7afbfd0573edb72fadef140ccb00c91873704a23e19761cbb"
        now: "2026-01-13T01:01:01.534Z"
        phase: 0
        phases: [{"name":"tenth","weights":{"web":100}},{"name":"half","weights":{"web":500}},{"name":"all","weights":{"web":1000}}]
        plan: "74e8168e02cb717e2ae7dcc202a5b2867d197af86ef8e8ff40772c64b21c7694"
        revision: 4
        rollout: "shop#1"
        routes: {"web":{"desired":100,"drift":null,"effective":"2026-01-13T01:01:01.37Z","obstacle":null,"ready":true,"seen":100,"trouble":null}}
        started_at: "2026-01-13T01:00:00.416Z"
        started_by: "arn:aws:iam::123456789012:user/kim"
        status: "baking"
        waiting: "time at these weights, over in 2m 59s"
        watch: true
        zone: "UTC"
    "#]].assert_eq(&lines);
}

#[test]
fn a_history_verifies_from_what_was_answered() {
    let world = begun();
    let payload =
        json!({ "version": 1, "key": "12345678", "do": { "history": { "rollout": "shop" } } });
    let Outcome::Ok(done) = asked(&world, &payload).outcome else {
        panic!("it is there");
    };
    let Done::History {
        rollout,
        entries,
        end,
    } = *done
    else {
        panic!("it is a history");
    };
    let lines: Vec<Line> = entries.into_iter().map(Into::into).collect();
    let start = Chain::of(&RolloutId::parse(&rollout).unwrap());
    let verified = verify(start, &lines, Chain::parse(&end)).unwrap();
    assert_eq!(verified.to_string(), end);
}

#[test]
fn what_is_decided_and_not_seen_yet_is_not_told_as_nothing() {
    let world = begun();
    let written = world
        .call_counts()
        .get("router.write")
        .copied()
        .unwrap_or(0);
    for nth in 1..=20 {
        world.plan_fault(Fault::at_nth(
            "router.write",
            written + nth,
            FaultKind::TimeoutBefore,
        ));
    }
    let payload = ask_for("a-rollback", &json!({ "rollback": { "reason": "slow" } }));
    check(
        &world,
        &payload,
        &expect![
            "shop#1 is rolling back, by arn:aws:iam::123456789012:user/kim; not yet: the weights of web (router.write: no answer in 3 s) were not read back as decided by 2026-01-13T01:00:25.484Z"
        ],
    );
    let route = RouteName::new("web").unwrap();
    assert_eq!(
        world.configured(&route).unwrap().to_string(),
        "10%",
        "it was not written"
    );
}

#[test]
fn a_rollback_needs_no_name_and_is_not_stopped_by_a_wrong_clock() {
    let late = |what: &Value| json!({ "version": 1, "key": "12345678", "caller": { "query": "late" }, "do": what });
    let ask = |command: Value| json!({ "ask": { "rollout": "shop", "command": command } });
    let world = begun();
    check(
        &world,
        &late(&ask(json!({ "promote": {} }))),
        &expect![
            "Caller: the proof of who asks was signed 1h in the future: is the clock right where it was signed?"
        ],
    );
    check(
        &world,
        &late(&ask(json!({ "rollback": { "reason": "slow" } }))),
        &expect![
            "shop#1 is guarding, by someone who may invoke control; the ledger names nobody: the proof of who asks was signed 1h in the future: is the clock right where it was signed?"
        ],
    );
}

#[test]
fn the_store_that_is_down_is_no_silence() {
    let world = begun();
    world.store_down_until(later(world.now(), SignedDuration::from_mins(5)));
    let payload = ask_for("a-rollback", &json!({ "rollback": { "reason": "slow" } }));
    check(
        &world,
        &payload,
        &expect!["Store: the store could not be read: store.newest: service unavailable"],
    );
}

#[test]
fn what_was_rolled_back_is_tried_again_as_a_new_rollout() {
    let world = begun();
    asked(
        &world,
        &ask_for("a-rollback", &json!({ "rollback": { "reason": "slow" } })),
    );
    // Until no late write can land.
    for _ in 0..12 {
        world.pass(SignedDuration::from_mins(1));
        let (ports, deadline) = (world.clone(), later(world.now(), TIMEOUT));
        world.invoke("sweep", TIMEOUT, async move {
            engine::sweep::sweep(&ports, deadline).await.unwrap();
        });
    }
    check(
        &world,
        &ask_for("try-again", &json!({ "retry": {} })),
        &expect!["shop#2 is baking, by arn:aws:iam::123456789012:user/kim"],
    );
}

#[test]
fn what_is_nothing_at_all_is_an_answer_and_no_panic() {
    let world = world();
    for payload in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "version": 1 }),
        json!("x"),
    ] {
        let answer = asked(&world, &payload);
        let Outcome::Error(failure) = answer.outcome else {
            panic!("{payload}");
        };
        assert_eq!(failure.kind, FailureKind::Malformed, "{payload}");
    }
    let what = Do::List { service: None };
    assert!(what.only_reads());
}

#[test]
fn reports_are_kept_where_the_stack_may() {
    let check = |bucket, reports: &str, expected: &Expect| {
        let plan = plan::parse(&format!("{PLAN}{reports}")).unwrap().plan;
        let found = doctor::reports(bucket, &plan);
        expected.assert_eq(&found.map_or_else(String::new, |check| {
            format!("{:?}: {}", check.health, check.says)
        }));
    };
    let wanted = "reports: s3://audit/tidegate\n";
    check(Some("audit"), "", &expect![[""]]);
    check(
        Some("audit"),
        wanted,
        &expect!["Good: the stack may keep them in audit"],
    );
    check(
        Some("other"),
        wanted,
        &expect![
            "Bad: the plan keeps them in audit, and the stack may put them into other alone (`report_bucket`)"
        ],
    );
    check(
        None,
        wanted,
        &expect![
            "Bad: the plan keeps them in audit, and the stack has no bucket for them: name it in `report_bucket`"
        ],
    );
}

#[test]
fn slack_is_looked_at_by_who_has_its_address() {
    let check = |heard, plan: &str, expected: &Expect| {
        let payload = request("a-doctor", &json!({ "doctor": { "plan": plan } }));
        let answer = asked_when(heard, &world(), &payload);
        let Outcome::Ok(done) = answer.outcome else {
            panic!("{answer:?}");
        };
        let Done::Doctor { checks } = *done else {
            panic!("{done:?}");
        };
        let slack = checks.iter().find(|check| check.what == "Slack");
        expected.assert_eq(&slack.map_or_else(String::new, |check| {
            format!("{:?}: {}", check.health, check.says)
        }));
    };
    let told = format!("{PLAN}notify:\n  - {{ slack: '#shop' }}\n");
    let trouble = Heard::Trouble("Slack answered with status 404 (no_service)".to_owned());
    check(Ok(Heard::Answers), PLAN, &expect!["Good: it answers"]);
    check(Ok(Heard::Unnamed), PLAN, &expect![[""]]);
    check(
        Ok(Heard::Unnamed),
        &told,
        &expect![
            "Bad: the plan tells people there, and the stack has no way to it: name the parameter with the webhook's address or the bot's token (`slack_parameter`)"
        ],
    );
    check(
        Ok(trouble),
        PLAN,
        &expect!["Bad: Slack answered with status 404 (no_service)"],
    );
    let denied = Trouble::lasting("Invoke: AccessDeniedException you may not");
    check(
        Err(denied),
        PLAN,
        &expect!["Doubtful: notify could not be asked: Invoke: AccessDeniedException you may not"],
    );
}
