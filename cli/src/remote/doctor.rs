//! `tidegate doctor`: whether a plan can be run in this account. It only reads.

mod alarms;
mod balancer;
mod deployments;
mod function;
mod records;

use std::io::{self, Write};

use aws::{
    control::{self, Do, Done},
    secrets::Kind,
};
use domain::plan::{Plan, people::ChannelKind, route::Route};
use engine::trouble::Trouble;
use serde::Serialize;

use super::{
    Account, Cloud, Unanswered,
    answer::{self, Form},
};
use crate::{
    args::remote::{At, Doctor},
    console::{Console, Ink, Paint},
    exit::Exit,
    failure::Failure,
    json,
    layout::{COLUMNS, fill},
    validate, words,
};

/// How something is that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// As it should be.
    Ok,
    /// Nobody could look, or nobody does.
    NotChecked,
    /// It can be gone on with, by somebody who knows.
    Warning,
    /// A start would fail, or a rollout would go wrong.
    Problem,
}

impl State {
    const fn shown(self) -> (Ink, &'static str) {
        match self {
            Self::Ok => (Ink::Good, "ok"),
            Self::NotChecked => (Ink::Faint, "not checked"),
            Self::Warning => (Ink::Ask, "warning"),
            Self::Problem => (Ink::Bad, "problem"),
        }
    }
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    /// What: `route web`, `alarm new-5xx`.
    what: String,
    state: State,
    /// How it is.
    says: String,
    /// What to do about it.
    next: Option<String>,
}

impl Check {
    fn new(state: State, what: &str, says: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            state,
            says: says.into(),
            next: None,
        }
    }

    fn ok(what: &str, says: impl Into<String>) -> Self {
        Self::new(State::Ok, what, says)
    }

    fn warning(what: &str, says: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(State::Warning, what, says).then(next)
    }

    fn problem(what: &str, says: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(State::Problem, what, says).then(next)
    }

    /// Something that this caller cannot look at: it may be well, and the functions may see it.
    fn unseen(what: &str, trouble: &Trouble) -> Self {
        Self::new(State::NotChecked, what, trouble.what.clone())
            .then("look with a profile that may read it, or rely on what control sees")
    }

    fn then(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

/// Looks at everything that a plan needs.
pub(super) async fn run(
    what: &Doctor,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    let form = Form::of(what.json);
    let Some(plan) = validate::read(&what.plan, console)? else {
        if form == Form::Json {
            let says = "it has errors, which are on standard error";
            let check = Check::problem("plan", says, "mend them, and look again");
            json::line(
                console.out,
                &Findings {
                    service: None,
                    checks: &[check],
                },
            )?;
        }
        return Ok(Exit::Problems);
    };
    let mut checks = vec![Check::ok("plan", words::outline(&plan))];
    match cloud.open(at).await {
        Ok(account) => checks.extend(account_checks(&plan, what, &account).await),
        Err(why) => checks.extend(no_account(&why)),
    }
    let paint = console.paint();
    match form {
        Form::Json => {
            let service = Some(plan.service.to_string());
            let checks = &checks;
            json::line(console.out, &Findings { service, checks })?;
        }
        Form::Text => print(&checks, console.out, paint)?,
    }
    let bad = checks.iter().any(|check| check.state == State::Problem);
    Ok(if bad { Exit::Problems } else { Exit::Ok })
}

/// `tidegate doctor --json`.
#[derive(Serialize)]
struct Findings<'a> {
    /// The plan's service, if the plan is valid.
    service: Option<String>,
    checks: &'a [Check],
}

fn no_account(why: &Unanswered) -> [Check; 2] {
    let rest = "routes, alarms and control, without credentials";
    [
        Check::problem("credentials", told(why), why.advice()),
        Check::new(State::NotChecked, "everything else", rest),
    ]
}

fn told(why: &Unanswered) -> String {
    match why.said() {
        Some(said) => format!("{why}: {said}"),
        None => why.to_string(),
    }
}

async fn account_checks(plan: &Plan, what: &Doctor, account: &impl Account) -> Vec<Check> {
    let mut checks = vec![match account.caller().await {
        Ok(arn) => Check::ok("credentials", arn),
        Err(why) => Check::problem("credentials", told(&why), why.advice()),
    }];
    let seen = control_checks(plan, account).await;
    let heard = seen.iter().any(|check| check.what.ends_with(SLACK));
    checks.extend(seen);
    let deployed = deployments::find(plan, account).await;
    for (name, route) in &plan.routes {
        let name = format!("route {name}");
        checks.extend(match route {
            Route::Alb(route) => {
                let mut checks = balancer::look(&name, &plan.service, route, account).await;
                checks.extend(deployments::look(&name, route, &deployed));
                checks
            }
            Route::Route53(route) => records::look(&name, route, account).await,
            Route::LambdaAlias(route) => vec![function::look(&name, route, account).await],
        });
    }
    checks.extend(alarms::look(plan, account).await);
    match (what.slack_parameter.as_deref(), heard) {
        (Some(name), _) => checks.push(slack(name, account).await),
        (None, false) => checks.extend(no_slack(plan)),
        // `notify` has asked it.
        (None, true) => {}
    }
    checks.extend(deployments::unseen(&deployed));
    let writers = "whether a pipeline, a script or a hand writes to the routes now";
    checks.push(Check::new(State::NotChecked, "other writers", writers));
    checks
}

/// Whether `control` answers, and what it sees with the functions' rights.
async fn control_checks(plan: &Plan, account: &impl Account) -> Vec<Check> {
    let plan = plan.text.to_string();
    let raw = match account.call(answer::NO_KEY, Do::Doctor { plan }).await {
        Ok(raw) => raw,
        Err(why) => return vec![Check::problem("control", told(&why), why.advice())],
    };
    let done = match serde_json::from_value::<control::Answer>(raw) {
        Ok(answer) => answer.outcome,
        Err(error) => {
            let says = format!("it answered something that cannot be read: {error}");
            let next = "install the version of tidegate that the functions have";
            return vec![Check::problem("control", says, next)];
        }
    };
    match done {
        control::Outcome::Ok(done) => {
            let mut checks = vec![Check::ok("control", "answers")];
            if let Done::Doctor { checks: seen } = *done {
                checks.extend(seen.into_iter().map(from_control));
            }
            checks
        }
        control::Outcome::Error(failure) => {
            let next = answer::advice(failure.kind);
            vec![Check::problem("control", failure.message, next)]
        }
    }
}

fn from_control(check: control::Check) -> Check {
    let what = format!("control sees {}", check.what);
    let state = match check.health {
        control::Health::Good => State::Ok,
        control::Health::Doubtful => State::Warning,
        control::Health::Bad => State::Problem,
    };
    Check::new(state, &what, check.says)
}

/// What messages to Slack are called, here and by `control`.
const SLACK: &str = "Slack";

/// Nobody has looked whether people are told in Slack.
fn no_slack(plan: &Plan) -> Option<Check> {
    let mut channels = plan.notify.channels.iter();
    channels.find(|channel| channel.kind == ChannelKind::Slack)?;
    let says = "which parameter has the webhook's address or the bot's token";
    let check = Check::new(State::NotChecked, SLACK, says);
    Some(check.then("name it: --slack-parameter /tidegate/slack"))
}

/// Whether the webhook's address, or the bot's token, is where `notify` looks for it.
async fn slack(name: &str, account: &impl Account) -> Check {
    match account.parameter(name).await {
        Ok(Some(Kind::Secure)) => Check::ok(SLACK, format!("parameter {name} is there, encrypted")),
        Ok(Some(Kind::Plain)) => Check::warning(
            SLACK,
            format!("parameter {name} is not encrypted; whoever reads it can post"),
            "make it a SecureString",
        ),
        Ok(None) => Check::problem(
            SLACK,
            format!("there is no parameter {name}"),
            "put the webhook's address or the bot's token there, as a SecureString",
        ),
        Err(trouble) => Check::unseen(SLACK, &trouble),
    }
}

/// Columns of a state.
const STATE: usize = 13;

fn print(checks: &[Check], out: &mut dyn Write, paint: Paint) -> io::Result<()> {
    for check in checks {
        let (ink, state) = check.state.shown();
        let text = format!("{}: {}", check.what, check.says);
        // What AWS says may have lines of its own.
        let words = text.split_whitespace().map(str::to_owned);
        let texts = fill(words, COLUMNS - STATE);
        for (n, text) in texts.iter().enumerate() {
            let state = if n == 0 { state } else { "" };
            let state = paint.text(ink, &format!("{state:<STATE$}"));
            writeln!(out, "{state}{text}")?;
        }
        if let Some(next) = &check.next {
            let words = next.split(' ').map(str::to_owned);
            for (n, text) in fill(words, COLUMNS - STATE - 2).iter().enumerate() {
                let arrow = if n == 0 { "→ " } else { "  " };
                let text = paint.text(Ink::Faint, text);
                writeln!(out, "{:STATE$}{arrow}{text}", "")?;
            }
        }
    }
    let count = |wanted: State| checks.iter().filter(|check| check.state == wanted).count();
    let mut parts = Vec::new();
    for (state, name) in [(State::Problem, "problem"), (State::Warning, "warning")] {
        if count(state) > 0 {
            parts.push(words::counted(count(state), name));
        }
    }
    let tally = if parts.is_empty() {
        "nothing stands in the way of a start".to_owned()
    } else {
        parts.join(", ")
    };
    writeln!(out, "\n{tally}")
}
