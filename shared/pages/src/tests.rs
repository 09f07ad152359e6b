//! Pages of a rollout in the box, read as text.

mod asked;
mod pages;
mod reports;
mod sent;

use std::{fmt::Write as _, sync::Arc};

use domain::{
    name::Person,
    plan::people::Locale,
    rollout::{Rollout, Status},
    time::{SignedDuration, Timestamp, later},
    words,
};
use expect_test::Expect;
use sim::{Scenario, Simulation, scenario::Habit};
use token::{
    Action, Audience, Claims, Kid, Signer, TokenId, Verifier,
    answer::{Answer, Attempt},
};

use super::*;

const PLAN: &str = include_str!("tests/plan.yaml");

/// What is known in the box while people are asked, and when that is.
pub(crate) struct Moment {
    pub(crate) known: Known,
    pub(crate) now: Timestamp,
}

/// Runs until people are asked to approve phase `half`.
pub(crate) fn asked(locale: Locale) -> Moment {
    let text = match locale {
        Locale::En => PLAN.to_owned(),
        Locale::Ja => PLAN.replace("locale: en", "locale: ja"),
    };
    let plan = Arc::new(plan::parse(&text).unwrap().plan);
    let mut scenario = Scenario::default();
    scenario.people.approve = Habit::Never;
    scenario.people.checklist = Habit::After(SignedDuration::from_mins(1));
    let mut simulation = Simulation::new(plan, scenario, 7);
    let mut told = Vec::new();
    while let Some(frame) = simulation.step() {
        told.extend(frame.entries.iter().map(|entry| Told {
            line: entry.line(),
            message:
                words::message(&frame.rollout, entry).map(|message| (message.tone, message.title)),
        }));
        if frame.rollout.status == Status::AwaitingApproval {
            let known = Known {
                trends: trends(&frame.rollout, frame.now),
                rollout: Some(frame.rollout),
                ledger: told,
                record: Record::default(),
            };
            return Moment {
                known,
                now: frame.now,
            };
        }
    }
    panic!("nobody was asked");
}

/// Lines that anybody can draw.
fn trends(rollout: &Rollout, now: Timestamp) -> Vec<Trend> {
    let window = span(rollout, now);
    charted(rollout)
        .into_iter()
        .map(|metric| {
            let values = (0_u32..30).map(|minute| {
                let at = later(window.from, SignedDuration::from_mins(i64::from(minute)));
                (at, f64::from(minute % 5) / 1000.0)
            });
            let values: Vec<_> = values.collect();
            Trend {
                dimension: rollout.plan.metrics[&metric].dimension(),
                metric,
                canary: Some(values.clone()),
                stable: Some(values),
            }
        })
        .collect()
}

fn audience() -> Audience {
    Audience::new("111122223333", "eu-west-1", "tidegate").unwrap()
}

fn signer() -> Signer {
    Signer::generate(Kid::new("2026-11").unwrap(), [7; 32])
}

fn verifier() -> Verifier {
    Verifier::new(Kid::new("2026-11").unwrap(), signer().public().unwrap())
}

impl Moment {
    pub(crate) fn rollout(&mut self) -> &mut Rollout {
        self.known.rollout.as_mut().unwrap()
    }

    fn claims(&self, action: Action) -> Claims {
        let rollout = self.known.rollout.as_ref().unwrap();
        let mut holding = rollout.holding_incidents();
        let marked = holding
            .next()
            .map(|(source, incident)| incident.mark(source));
        Claims {
            audience: audience(),
            rollout: rollout.id.clone(),
            epoch: rollout.epoch,
            phase: rollout.current_phase().map(|phase| phase.name.clone()),
            plan: rollout.plan.hash,
            action,
            incident: marked.filter(|_| action == Action::Accept),
            approver: Person::new("ann"),
            issued: self.now,
            expires: later(self.now, SignedDuration::from_hours(2)),
            id: TokenId([0xab; 16]),
        }
    }

    /// A request for a link's page, such as `GET` and `?lang=ja`.
    fn request(&self, action: Action, method: &str, query: &str) -> Request {
        let link = signer().sign(&self.claims(action)).unwrap();
        Request {
            method: method.to_owned(),
            path: format!("/d/{}", link.expose()),
            query: query.to_owned(),
            headers: [("host".to_owned(), "x.on.aws".to_owned())].into(),
            body: Vec::new(),
        }
    }

    /// A form as a browser sends it.
    fn form(&self, action: Action, query: &str, body: &str) -> Request {
        let mut request = self.request(action, "POST", query);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "null"),
            ("sec-fetch-site", "same-origin"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        request.headers.extend(headers);
        request.body = body.as_bytes().to_vec();
        request
    }

    /// What a request is answered.
    fn reply(&self, request: &Request) -> Answered {
        self.reply_at(request, self.now)
    }

    fn reply_at(&self, request: &Request, now: Timestamp) -> Answered {
        match open(request, &verifier(), &audience(), now) {
            Ok(Opened::Link(visit)) => answer(&visit, &self.known, Attempt::of([0xcd; 8]), now),
            Ok(Opened::Slack(_)) => panic!("it is a link"),
            Err(reply) => Answered::Page(reply),
        }
    }

    /// The page that a request is answered with.
    fn page(&self, request: &Request) -> Reply {
        match self.reply(request) {
            Answered::Page(reply) => reply,
            Answered::Publish { .. } => panic!("it was published"),
        }
    }

    /// What a request hands on.
    fn published(&self, request: &Request) -> (Answer, Reply) {
        match self.reply(request) {
            Answered::Page(reply) => panic!("{}", text_of(&reply.body)),
            Answered::Publish { answer, then } => (*answer, then),
        }
    }
}

/// A page as it is read aloud: a line a block, without its head and its charts.
pub(crate) fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let end = tag.find('>').unwrap();
        let inside = &tag[1..end];
        let name = inside.split([' ', '>']).next().unwrap();
        let whole = ["head", "svg"]
            .contains(&name)
            .then(|| format!("</{name}>"));
        let skipped = whole.and_then(|close| Some(tag.find(&close)? + close.len()));
        match name {
            "figure" => {
                let label = inside.split("aria-label=\"").nth(1).unwrap_or_default();
                let _ = write!(text, "\n[chart: {}]\n", label.trim_end_matches('"'));
            }
            "input" | "textarea" | "button" | "form" => {
                let _ = write!(text, "\n[{inside}]\n");
            }
            "th" | "td" => text.push_str(" | "),
            "span" | "strong" | "small" | "code" | "/span" | "/strong" | "/small" | "/code"
            | "a" | "/a" | "/th" | "/td" => {}
            _ => text.push('\n'),
        }
        rest = &tag[skipped.unwrap_or(end + 1)..];
    }
    text.push_str(rest);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The beginning of what a page says: its heading and its notice.
fn head_of(reply: &Reply) -> String {
    let text = text_of(&reply.body);
    let lines: Vec<&str> = text.lines().skip(2).take(2).collect();
    format!("{} {}", reply.status, lines.join("\n    "))
}
