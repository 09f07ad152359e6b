//! What stands in a report, in its order.

use domain::{
    ledger::Line,
    plan::people::Locale,
    time::{SignedDuration, Timestamp},
    words::Parts,
};

use super::{
    Block, Course, Drawing, Subject,
    story::{Story, is_persons, is_told, samples, time},
    words::{Open, Word, ask, say, weighed},
};
use crate::{curves::steps, status::localised};

/// Decisions that a person took past what the plan asks for.
const PAST_THE_PLAN: &[&str] = &[
    "alarms-overridden",
    "calendar-overridden",
    "promoted",
    "promoted-full",
    "weight-set",
    "incident-accepted",
];

/// What shows that nobody answered in time.
const UNANSWERED: &[&str] = &["escalated", "incident-overdue", "approval-expired"];

/// What did not go as it should.
const TROUBLE: &[&str] = &[
    "hook-failed",
    "change-stuck",
    "route-obstructed",
    "drift-found",
    "hand-closed",
    "late-write-undone",
    "unmeasured",
    "alarm-silent",
];

struct Writer<'a> {
    subject: &'a Subject,
    story: &'a Story<'a>,
    locale: Locale,
}

/// The blocks of a report.
pub(super) fn of(
    subject: &Subject,
    story: &Story<'_>,
    locale: Locale,
    now: Timestamp,
) -> Vec<Block> {
    let writer = Writer {
        subject,
        story,
        locale,
    };
    let mut blocks = writer.summary(now);
    if story.back.is_some() {
        blocks.extend(writer.times());
        blocks.extend(writer.reach());
    }
    blocks.extend(writer.phases());
    blocks.extend(writer.weights(now));
    blocks.extend(writer.evidence());
    blocks.extend(writer.people());
    blocks.extend(writer.incidents());
    blocks.extend(writer.questions());
    blocks.extend(writer.proof());
    blocks
}

impl Writer<'_> {
    fn say(&self, word: Word) -> &'static str {
        say(self.locale, word)
    }

    fn time(&self, at: Timestamp) -> String {
        self.parts().time(at)
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            locale: self.locale,
            zone: &self.subject.zone,
        }
    }

    fn at(&self, line: &Line) -> String {
        time(line).map_or_else(|| line.at.clone(), |at| self.time(at))
    }

    /// What a line says, with times as people read them.
    fn what(&self, line: &Line) -> String {
        localised(&line.what, &|at| self.time(at))
    }

    fn known(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| "–".to_owned(), |at| self.time(at))
    }

    fn long(&self, span: Option<SignedDuration>, otherwise: Word) -> String {
        let otherwise = || self.say(otherwise).to_owned();
        span.map_or_else(otherwise, |span| self.parts().span(span))
    }

    fn summary(&self, now: Timestamp) -> Vec<Block> {
        let subject = self.subject;
        let passed = self.story.phases.iter().filter(|p| p.passed.is_some());
        let passed: Vec<&str> = passed.map(|phase| phase.name).collect();
        let passed = match &passed[..] {
            [] => self.say(Word::NoPhase).to_owned(),
            names => names.join(", "),
        };
        let mut facts = vec![
            (self.say(Word::Service), subject.id.service.to_string()),
            (self.say(Word::Outcome), self.outcome().to_owned()),
            (self.say(Word::StartedBy), subject.started_by.clone()),
            (self.say(Word::Started), self.time(subject.started_at)),
            (self.say(Word::Passed), passed),
        ];
        match self.story.ended {
            Some(ended) => facts.push((self.say(Word::Ended), self.time(ended))),
            None => facts.push((self.say(Word::AsOf), self.time(now))),
        }
        if let Some(cause) = &subject.cause {
            facts.push((self.say(Word::Cause), cause.clone()));
        }
        facts.push((self.say(Word::Plan), subject.plan.clone()));
        let mut blocks = vec![Block::Facts(facts)];
        if !self.say(Word::InEnglish).is_empty() {
            blocks.push(Block::Text(self.say(Word::InEnglish).to_owned()));
        }
        blocks
    }

    fn outcome(&self) -> &'static str {
        self.say(match self.subject.course {
            Course::Runs => Word::Runs,
            Course::GoesBack => Word::GoesBack,
            Course::RolledBack => Word::RolledBack,
            Course::Completed => Word::Completed,
            Course::Superseded => Word::Superseded,
        })
    }

    fn times(&self) -> [Block; 2] {
        let story = self.story;
        [
            Block::Heading(self.say(Word::Times)),
            Block::Facts(vec![
                (
                    self.say(Word::ToDetect),
                    self.long(story.detect, Word::BeginUnknown),
                ),
                (
                    self.say(Word::ToDecide),
                    self.long(story.decide, Word::NothingFound),
                ),
                (
                    self.say(Word::ToRestore),
                    self.long(story.restore, Word::NotYet),
                ),
                (
                    self.say(Word::ToConfirm),
                    self.long(story.confirm, Word::NotYet),
                ),
            ]),
        ]
    }

    fn reach(&self) -> [Block; 2] {
        let back = self.story.back;
        let said = match back.and_then(samples) {
            Some(count) => weighed(self.locale, count),
            None => self.say(Word::ReachUnknown).to_owned(),
        };
        [Block::Heading(self.say(Word::Affected)), Block::Text(said)]
    }

    fn phases(&self) -> Vec<Block> {
        let rows: Vec<Vec<String>> = self
            .story
            .phases
            .iter()
            .map(|phase| {
                vec![
                    phase.name.to_owned(),
                    self.at(phase.entered),
                    self.known(phase.effective),
                    self.known(phase.passed.and_then(time)),
                ]
            })
            .collect();
        let head = [Word::Phase, Word::Entered, Word::InEffect, Word::GatePassed];
        self.table(Word::Phases, &head, rows, Word::NoPhase)
    }

    fn weights(&self, now: Timestamp) -> Vec<Block> {
        let changes = self.story.lines.iter().filter(|l| l.before != l.after);
        let rows: Vec<Vec<String>> = changes
            .map(|line| {
                vec![
                    self.at(line),
                    line.before.clone(),
                    line.after.clone(),
                    format!("{}: {}", line.actor, self.what(line)),
                ]
            })
            .collect();
        let head = [Word::Time, Word::Before, Word::After, Word::Why];
        let mut blocks = self.table(Word::Weights, &head, rows, Word::NoWeights);
        let steps = steps(self.story.lines);
        if !steps.is_empty() {
            let drawing = Drawing {
                steps,
                label: self.say(Word::Weights).to_owned(),
                from: self.subject.started_at,
                to: self.story.ended.unwrap_or(now),
                zone: self.subject.zone.clone(),
            };
            blocks.insert(1, Block::Weights(drawing));
        }
        blocks
    }

    fn evidence(&self) -> Vec<Block> {
        let measured = self.story.lines.iter().filter(|l| !l.evidence.is_empty());
        let rows: Vec<Vec<String>> = measured
            .flat_map(|line| {
                line.evidence.iter().enumerate().map(|(at, finding)| {
                    let (when, what) = match at {
                        0 => (self.at(line), self.what(line)),
                        _ => (String::new(), String::new()),
                    };
                    vec![when, what, finding.clone()]
                })
            })
            .collect();
        let head = [Word::Time, Word::Decision, Word::Measured];
        self.table(Word::Evidence, &head, rows, Word::NoEvidence)
    }

    fn people(&self) -> Vec<Block> {
        let row = |line: &Line| vec![self.at(line), line.actor.clone(), self.what(line)];
        let lines = self.story.lines;
        let decided: Vec<Vec<String>> = lines.iter().filter(|l| is_persons(l)).map(row).collect();
        let told = lines.iter().filter(|line| is_told(line));
        let told: Vec<Vec<String>> = told
            .map(|line| vec![self.at(line), self.what(line)])
            .collect();
        let head = [Word::Time, Word::Who, Word::Decision];
        let mut blocks = self.table(Word::Decisions, &head, decided, Word::NoDecisions);
        let head = [Word::Time, Word::Message];
        blocks.extend(self.table(Word::Told, &head, told, Word::NoMessages));
        blocks.push(Block::Text(self.say(Word::Delivery).to_owned()));
        blocks
    }

    fn incidents(&self) -> [Block; 2] {
        let body = match &self.subject.incidents[..] {
            [] => Block::Text(self.say(Word::NoIncidents).to_owned()),
            incidents => Block::List(incidents.to_vec()),
        };
        [Block::Heading(self.say(Word::Incidents)), body]
    }

    fn questions(&self) -> [Block; 2] {
        let mut open = Vec::new();
        let story = self.story;
        if let Some(back) = story.back {
            open.push(Open::Root);
            if let Some(phase) = story.phases.iter().rfind(|phase| phase.passed.is_some()) {
                open.push(Open::Gate(phase.name));
            }
            if story.detect.is_none() {
                open.push(Open::Detection);
            }
            if story.has("rollback-late") {
                open.push(Open::Late);
            }
            open.push(match samples(back) {
                Some(_) => Open::Failures,
                None => Open::Reach,
            });
        }
        open.extend(
            story
                .of_kinds(UNANSWERED)
                .map(|l| Open::Unanswered(&l.what)),
        );
        open.extend(story.of_kinds(PAST_THE_PLAN).map(|l| Open::Past(&l.what)));
        open.extend(story.of_kinds(TROUBLE).map(|l| Open::Trouble(&l.what)));
        if !self.subject.incidents.is_empty() {
            open.push(Open::Incidents);
        }
        let mut asked: Vec<String> = Vec::new();
        for question in open.iter().map(|open| ask(self.locale, open)) {
            if !asked.contains(&question) {
                asked.push(question);
            }
        }
        let body = if asked.is_empty() {
            Block::Text(self.say(Word::NoQuestions).to_owned())
        } else {
            Block::List(asked)
        };
        [Block::Heading(self.say(Word::Questions)), body]
    }

    fn proof(&self) -> [Block; 3] {
        let Subject { id, end, .. } = self.subject;
        [
            Block::Heading(self.say(Word::Ledger)),
            Block::Text(self.say(Word::HowToVerify).to_owned()),
            Block::Command(format!("tidegate history '{id}' --verify --end {end}")),
        ]
    }

    /// A heading and a table, or a sentence that there is nothing.
    fn table(
        &self,
        heading: Word,
        head: &[Word],
        rows: Vec<Vec<String>>,
        nothing: Word,
    ) -> Vec<Block> {
        let head = head.iter().map(|word| self.say(*word)).collect();
        let body = if rows.is_empty() {
            Block::Text(self.say(nothing).to_owned())
        } else {
            Block::Table(head, rows)
        };
        vec![Block::Heading(self.say(heading)), body]
    }
}
