//! Whoever watches the demo answers: what their browser shows, and what becomes of the rollout.

use expect_test::{Expect, expect};
use pages::{Reply, Request};
use sim::Scenario;

use super::*;
use crate::sample;

/// A run in which nobody but whoever watches approves, at the minute when links are offered.
struct Story {
    desk: Desk,
    simulation: Simulation,
}

impl Story {
    fn new() -> Self {
        let mut story = Self {
            desk: Desk::open([7; 32]).unwrap(),
            simulation: simulation(),
        };
        story.act();
        story
    }

    /// Another run, up to where links are offered.
    fn act(&mut self) {
        self.simulation = simulation();
        self.desk.begin();
        self.play_to_the_next_links();
    }

    fn play_to_the_next_links(&mut self) {
        loop {
            let frame = self.simulation.step().unwrap();
            if self.desk.look(&frame, Waits::Still).is_some() {
                return;
            }
        }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let form = "application/x-www-form-urlencoded";
        self.desk.room.reply(&Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: [("content-type".to_owned(), form.to_owned())].into(),
            body: body.as_bytes().to_vec(),
        })
    }

    /// Where a link leads from its short address.
    fn path(&self, number: usize) -> String {
        location(&self.ask("GET", &format!("/{number}"), ""))
    }

    fn code(&self, number: usize) -> String {
        self.desk.room.inside().offers[number - 1].code.clone()
    }

    /// Answers with a code; what the page says of it, what whoever watches is told, and how the rollout stands.
    fn answer(&mut self, number: usize, code: &str) -> String {
        let path = self.path(number);
        let reply = self.ask("POST", &path, &format!("code={code}&reason=tried"));
        let told = self.desk.take(&mut self.simulation);
        let told: Vec<String> = told.iter().map(plain).collect();
        let page = match reply.status {
            303 => self.ask("GET", &location(&reply), ""),
            _ => reply,
        };
        let rollout = self.simulation.world().rollout().unwrap();
        let gate = rollout.gate.as_ref();
        let approvals = gate.map_or(0, |gate| gate.approvals.len());
        format!(
            "{} {}\n{}\n{}, {approvals} approvals\n",
            page.status,
            notice(&page),
            told.concat(),
            rollout.status
        )
    }
}

fn simulation() -> Simulation {
    let text = "people: { approve: never, checklist: 5m }";
    Simulation::new(sample::plan(), Scenario::parse(text).unwrap(), 1)
}

fn location(reply: &Reply) -> String {
    let mut headers = reply.headers.iter();
    let found = headers.find(|(name, _)| *name == "location");
    found.unwrap().1.clone()
}

fn plain(line: &Line) -> String {
    let pieces = line.0.iter().map(|(_, text)| text.as_str());
    pieces.collect::<String>().trim().to_owned()
}

/// What a page says of an answer.
fn notice(page: &Reply) -> String {
    let after = page.body.split("class=\"notice").nth(1).unwrap_or_default();
    let after = after.split_once('>').unwrap_or_default().1;
    let text = after.split("</").next().unwrap_or_default();
    let text = text.rsplit('>').next().unwrap_or_default();
    text.to_owned()
}

fn check(number: usize, expect: &Expect) {
    let mut story = Story::new();
    let code = story.code(number);
    expect.assert_eq(&story.answer(number, &code));
}

#[test]
fn a_link_shows_what_is_asked_with_charts() {
    let story = Story::new();
    let page = story.ask("GET", &story.path(1), "");
    assert_eq!(page.status, 200);
    assert!(
        page.body
            .contains("Go on from phase canary of lightning-talk-circle#1?")
    );
    assert!(page.body.matches("<svg").count() > 4);
    assert_eq!(story.ask("GET", "/5", "").status, 404);
    assert_eq!(story.ask("GET", "/d/x", "").status, 404);
}

#[test]
fn what_was_chosen_is_done() {
    check(
        1,
        &expect![["
            200 Done. What you asked for has been decided.
            ▸ Approved on the page: the next phase may begin.
            awaiting approval, 1 approvals
        "]],
    );
    check(
        2,
        &expect![["
            200 Done. What you asked for has been decided.
            ▸ Rejected on the page: all traffic goes back to stable.
            guarding, 0 approvals
        "]],
    );
    check(
        3,
        &expect![["
            200 Done. What you asked for has been decided.
            ▸ Sent back on the page: all traffic goes back to stable.
            guarding, 0 approvals
        "]],
    );
}

#[test]
fn a_hold_ends_the_run() {
    let mut story = Story::new();
    let code = story.code(4);
    expect![["
        200 Done. What you asked for has been decided.
        ▸ Held on the page: weights stay, and nobody else resumes.
        awaiting approval, 0 approvals
    "]]
    .assert_eq(&story.answer(4, &code));
    story.simulation.run();
    assert_eq!(story.simulation.summary().outcome, sim::Outcome::Held);
}

#[test]
fn a_rejection_that_holds_ends_the_run() {
    let mut story = Story::new();
    let code = story.code(1);
    story.answer(1, &code);
    story.play_to_the_next_links();
    let code = story.code(6);
    expect![["
        200 Done. What you asked for has been decided.
        ▸ Rejected on the page: it holds, and nobody else decides.
        awaiting approval, 0 approvals
    "]]
    .assert_eq(&story.answer(6, &code));
    story.simulation.run();
    assert_eq!(story.simulation.summary().outcome, sim::Outcome::Held);
}

#[test]
fn a_wrong_code_does_nothing_and_five_shut_the_link() {
    let mut story = Story::new();
    let mut said = String::new();
    for code in ["no", "000000", "000001", "000002", "000003", "000004"] {
        said.push_str(&story.answer(1, code));
    }
    let code = story.code(1);
    said.push_str(&story.answer(1, &code));
    expect![["
        422 Nothing was sent. Type the six characters that stand beside this link in the message.

        awaiting approval, 0 approvals
        200 The code was wrong, and nothing was done. 4 tries are left.

        awaiting approval, 0 approvals
        200 The code was wrong, and nothing was done. 3 tries are left.

        awaiting approval, 0 approvals
        200 The code was wrong, and nothing was done. 2 tries are left.

        awaiting approval, 0 approvals
        200 The code was wrong, and nothing was done. One try is left.

        awaiting approval, 0 approvals
        200 The code was wrong, and it was the last try: this link takes none any more. Nothing was done.

        awaiting approval, 0 approvals
        200 Too many codes were wrong, so this link takes none any more. Use another answer's link, the buttons in Slack or the command `tidegate`.

        awaiting approval, 0 approvals
    "]].assert_eq(&said);
}

#[test]
fn a_link_of_the_run_before_does_nothing_in_this_one() {
    let mut story = Story::new();
    story.act();
    let code = story.code(3);
    expect![["
        200 It was not done: this run of the demo is over.

        awaiting approval, 0 approvals
    "]]
    .assert_eq(&story.answer(3, &code));
}

#[test]
fn somebody_who_reads_has_more_time() {
    let story = Story::new();
    let offered = Offered {
        lines: Vec::new(),
        at: Instant::now(),
        patience: PATIENCE,
    };
    assert_eq!(story.desk.stands_until(&offered), offered.at + PATIENCE);
    story.ask("GET", &story.path(1), "");
    assert!(story.desk.stands_until(&offered) >= offered.at + READING);
}
