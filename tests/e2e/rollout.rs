//! One stack, and what becomes of rollouts on it: one that is left alone until it ends, by the schedule; one whose
//! canary turns bad; one whose functions are killed and whose calls land late; and one whose store fails.

use std::{
    fs,
    time::{Duration, Instant},
};

use aws_sdk_cloudwatch::types::StateValue;
use serde_json::Value;

use crate::{
    bed::Bed,
    control::Control,
    decision, faults, kept, logs,
    operator::Operator,
    slack::{self, Slack},
    stack::{self, Stack},
    timeline::Timeline,
    traffic::{Side, set_alarm},
};

/// The schedule fires every 60 to 65 s here; some more, because the machine may be busy.
const SWEEP: Duration = Duration::from_secs(150);

/// From the alarm to the weights: what the plan promises is five minutes, and this is to notice what hangs.
const ROLLBACK: Duration = Duration::from_mins(1);

/// The rollout that is left alone: three phases, each a minute under way and one baked on evidence.
const COMPLETION: Duration = Duration::from_mins(25);

/// The stack, put up.
struct World {
    bed: &'static Bed,
    stack: Stack,
    control: Control,
    operator: Operator,
    timeline: Timeline,
    slack: Slack,
    /// What stands in no log.
    secrets: Vec<String>,
    shop: Side,
    /// The alarm that guards the shop.
    alarm: String,
    talk: Side,
    plans: [String; 2],
}

impl World {
    fn new() -> Self {
        let mut timeline = Timeline::new();
        let binaries = stack::build();
        timeline.note("functions built");
        let bed = Bed::shared();
        timeline.note("emulated AWS is ready");
        let workspace = prepare(bed);
        // Keys do not need the stack, and the stack's functions need them.
        let operator = Operator::new(bed, &binaries, "tidegate-control");
        operator.run(&["keys", "new"]);
        timeline.note("keys of links made with `tidegate keys new`");
        let stack = Stack::new(bed, &binaries);
        timeline.note("functions zipped, terraform init");
        stack.apply();
        timeline.note("terraform apply");
        assert_eq!(stack.drift(), None, "the second plan is not empty");
        timeline.note("terraform plan: empty");

        let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let route = &stack.output("route")["web"]["alb"];
        let (rule, stable, canary) = (
            name(&route["rule"]),
            name(&route["stable"]),
            name(&route["canary"]),
        );
        let alarms = stack.output("alarms");
        let alarm = alarms
            .as_array()
            .and_then(|alarms| {
                alarms
                    .iter()
                    .map(|one| name(&one["arn"]))
                    .find(|arn| arn.ends_with("p95"))
            })
            .unwrap_or_else(|| panic!("no alarm on p95: {alarms}"));
        let talk = stack.output("talk");
        let (talk_rule, talk_stable, talk_canary) = (
            name(&talk["rule"]),
            name(&talk["stable"]),
            name(&talk["canary"]),
        );
        let plans = [
            plan("shop-in-minutes.yaml", [&rule, &stable, &canary, &alarm]),
            plan(
                "lightning-talk-in-minutes.yaml",
                [
                    &talk_rule,
                    &talk_stable,
                    &talk_canary,
                    &name(&talk["alarm"]),
                ],
            ),
        ];
        let function = name(&stack.output("control"));
        let control = Control::new(bed, function);
        Self {
            bed,
            stack,
            control,
            operator,
            timeline,
            slack: workspace,
            secrets: vec![slack::PLANTED.to_owned()],
            shop: Side::new(bed, &rule, &stable, &canary),
            alarm,
            talk: Side::new(bed, &talk_rule, &talk_stable, &talk_canary),
            plans,
        }
    }

    /// Starts the shop's rollout as an operator does, who looks before.
    fn start_shop(&mut self) -> String {
        let plan = self.stack.file("shop.yaml", &self.plans[0]);
        self.operator.run(&["doctor", &plan]);
        self.operator.run(&["start", &plan]);
        assert_eq!(self.shop.weight(), Some(50), "the first phase has begun");
        let listed = self.operator.run(&["list", "--json"]);
        let listed: Value = serde_json::from_str(&listed).expect("`--json` is JSON");
        let rollouts = listed["ok"]["list"]["rollouts"].as_array();
        let shop = rollouts.into_iter().flatten().find_map(|one| {
            one["rollout"]
                .as_str()
                .filter(|rollout| rollout.starts_with("shop#"))
        });
        shop.unwrap_or_else(|| panic!("it is not listed: {listed:#}"))
            .to_owned()
    }

    /// Waits for the shop's next weight, which the schedule brings.
    fn shifted(&mut self, weight: i32, what: &str) {
        self.shop.until(SWEEP, Some(weight));
        self.talk.report_good_minute();
        self.timeline.note(what);
    }

    /// Waits until the shop's rollout is over, so that the next may begin.
    fn over(&mut self, rollout: &str) {
        let report = || self.talk.report_good_minute();
        let view = self
            .control
            .until(rollout, SWEEP * 4, report, |view| !view.active);
        assert_eq!(view.status, "rolled back");
        self.timeline
            .note(&format!("{rollout} is rolled back for good"));
        set_alarm(self.bed, &self.alarm, StateValue::Ok);
    }

    /// The canary turns bad by its own metric.
    fn a_bad_canary_is_rolled_back(&mut self) {
        let rollout = self.start_shop();
        self.timeline.note(&format!(
            "{rollout} looked after and started with `tidegate`: its rule is made, the canary has 5 %"
        ));
        assert_eq!(self.stack.drift(), None, "Terraform sees a weight");
        self.timeline
            .note("terraform plan during the rollout: empty");
        let began = Instant::now();
        self.shop.report_slow_canary();
        self.shop.until(ROLLBACK, None);
        let took = began.elapsed();
        self.timeline.note(&format!(
            "{rollout}: p95 over its threshold for three minutes"
        ));
        self.timeline
            .measured(took, "from the metric to all traffic on stable");
        self.over(&rollout);
    }

    /// `advance` is killed while it gives the canary weight; then its write lands after the rollback.
    fn a_killed_function_harms_nobody(&mut self) {
        let rollout = self.control.start(&self.plans[0]);
        self.timeline.note(&format!("{rollout} started: 5 %"));

        faults::hold(self.bed, "ModifyRule", &self.shop.canary);
        faults::held(self.bed, "ModifyRule");
        let killed = faults::kill(self.bed, "tidegate-advance");
        assert!(killed > 0, "nobody was there to be killed");
        self.timeline.note(&format!(
            "{rollout}: ModifyRule is kept, and advance killed in it"
        ));
        self.shifted(500, &format!("{rollout}: mended by the next visitor, 50 %"));

        let began = Instant::now();
        set_alarm(self.bed, &self.alarm, StateValue::Alarm);
        self.shop.until(ROLLBACK, None);
        let took = began.elapsed();
        self.timeline
            .note(&format!("{rollout}: its alarm is in ALARM"));
        self.timeline
            .measured(took, "from the alarm to all traffic on stable");

        let answer = faults::release(self.bed, "ModifyRule");
        assert!(
            answer.contains("RuleNotFound"),
            "the late write was taken: {answer}"
        );
        assert_eq!(
            self.shop.weight(),
            None,
            "a late write gave the canary weight"
        );
        self.timeline
            .note("the dead function's write landed, and was refused: RuleNotFound");
        self.over(&rollout);
    }

    /// The alarm goes off while the table does not answer.
    fn a_store_that_fails_keeps_no_gate_open(&mut self) {
        let rollout = self.start_shop();
        self.timeline.note(&format!("{rollout} started: 5 %"));
        faults::fail(self.bed, "dynamodb");
        let began = Instant::now();
        set_alarm(self.bed, &self.alarm, StateValue::Alarm);
        self.shop.until(ROLLBACK, None);
        let took = began.elapsed();
        self.timeline.note(&format!(
            "{rollout}: DynamoDB fails, and its alarm is in ALARM"
        ));
        self.timeline.measured(
            took,
            "from the alarm to all traffic on stable, without the table",
        );
        faults::mend(self.bed, "dynamodb");
        self.over(&rollout);
        let said = self.operator.run(&["history", &rollout]);
        assert!(said.contains("rolling back: alarm"), "{said}");
    }

    /// Slack is sent links; one lets the rollout go on, another sends it back, each in two moves.
    fn a_person_decides_by_link(&mut self) {
        let plan = kept::plan(&decision::with_approval(&self.plans[0]));
        let rollout = self.control.start(&plan);
        let message = decision::asked(&self.slack, &rollout);
        self.timeline
            .note(&format!("{rollout} asks to go on, and Slack has the links"));
        let approve = decision::link(&message, "Approve");
        let back = decision::link(&message, "Roll back");
        self.secrets
            .extend([&approve, &back].map(|link| link.token().to_owned()));

        let said = approve.answer(self.bed, "e2e-approve");
        assert_eq!(said, "Done. What you asked for has been decided.");
        self.shop.until(SWEEP, Some(1000));
        self.timeline.note(&format!(
            "{rollout}: approved in the browser by the link from Slack, 100 %"
        ));

        let said = back.answer(self.bed, "e2e-roll-back");
        assert_eq!(said, "Done. What you asked for has been decided.");
        self.shop.until(ROLLBACK, None);
        self.timeline.note(&format!(
            "{rollout}: rolled back in the browser by the other link, though the phase has passed"
        ));
        self.over(&rollout);
        let told = self.operator.run(&["history", &rollout]);
        assert!(told.contains("aiko"), "{told}");

        let (page, heading) = kept::read(self.bed, &self.slack, &rollout);
        let title = format!("Rollback report: {rollout}");
        assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
        assert_eq!(heading, title);
        self.timeline.note(&format!(
            "{rollout}: its report is in the bucket, and behind the link of the last message"
        ));
    }

    /// What opens something was written by no function anywhere.
    fn no_log_has_a_secret(&mut self) {
        let logs = logs::all(self.bed);
        assert!(logs.contains("\"told\""), "there are logs of notify");
        for secret in &self.secrets {
            assert!(!logs.contains(secret.as_str()), "a secret is in the logs");
        }
        self.timeline.note(&format!(
            "{} secrets are in none of {} KB of logs",
            self.secrets.len(),
            logs.len() / 1024
        ));
    }
}

/// What a team has already: a way to Slack, and a bucket.
fn prepare(bed: &'static Bed) -> Slack {
    let workspace = Slack::start();
    keep(bed, stack::SLACK_PARAMETER, &workspace.webhook());
    kept::make_bucket(bed);
    workspace
}

/// Keeps a secret as an operator does.
fn keep(bed: &'static Bed, name: &str, value: &str) {
    bed.run(async {
        let put = bed.clients().ssm.put_parameter().name(name).value(value);
        let kind = aws_sdk_ssm::types::ParameterType::SecureString;
        put.r#type(kind)
            .send()
            .await
            .unwrap_or_else(|why| panic!("PutParameter: {why:?}"));
    });
}

/// A plan of the tree, with the stack's names in place of its own: rule, stable, canary, alarm.
fn plan(file: &str, names: [&str; 4]) -> String {
    let mut text =
        fs::read_to_string(format!("../infra/plans/{file}")).expect("the plan is in the tree");
    for (key, name) in ["rule:", "stable:", "canary:", "arn:"]
        .into_iter()
        .zip(names)
    {
        let own = text
            .lines()
            .find_map(|line| {
                line.trim_start_matches([' ', '-'])
                    .strip_prefix(key)?
                    .trim()
                    .strip_prefix("arn:")
            })
            .unwrap_or_else(|| panic!("{file} has no {key}"));
        text = text.replace(&format!("arn:{own}"), name);
    }
    text
}

#[test]
fn rollouts_end_as_they_should() {
    let mut world = World::new();
    world.shop.register();
    world.talk.register();
    world.talk.report_good_minute();
    let left_alone = world.control.start(&world.plans[1]);
    world
        .timeline
        .note(&format!("{left_alone} started, and left alone"));

    world.a_bad_canary_is_rolled_back();
    world.a_killed_function_harms_nobody();
    world.a_store_that_fails_keeps_no_gate_open();
    world.a_person_decides_by_link();

    let report = || world.talk.report_good_minute();
    let view = world
        .control
        .until(&left_alone, COMPLETION, report, |view| !view.active);
    assert_eq!(view.status, "completed", "{view:#?}");
    world
        .timeline
        .note(&format!("{left_alone} completed, by the schedule alone"));
    assert_eq!(world.talk.weight(), None, "Tidegate's rule is left over");
    assert_eq!(world.stack.drift(), None, "rollouts left something behind");
    world.timeline.note("terraform plan after them: empty");
    world.no_log_has_a_secret();
    world.stack.destroy();
    world.timeline.note("terraform destroy");
}
