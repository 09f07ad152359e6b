//! The end of a rollout: its report is kept, and the last message says where.

use std::fmt::Write as _;

use aws::outlets::Unsent;
use domain::{
    name::{AlarmArn, Person},
    plan::{gate::Otherwise, severity::Severity},
    rollout::{Cause, Incident, IncidentSource, IncidentState, Status},
};

use super::{
    fakes::{Keyed, awaiting, desk_with, keep_entries, plan},
    *,
};

const REPORTS: &str = "groups: { leads: [ann] }\nreports: s3://audit/tidegate\n";

/// A completed rollout of a plan; what goes wrong with the bucket.
fn ended(more: &str, unsent: impl IntoIterator<Item = Unsent>) -> Desk<Kept, Shelf, Keyed> {
    ended_with(more, unsent, [])
}

/// The same; what goes wrong with Slack too.
fn ended_with(
    more: &str,
    unsent: impl IntoIterator<Item = Unsent>,
    slack: impl IntoIterator<Item = Unsent>,
) -> Desk<Kept, Shelf, Keyed> {
    let desk = desk_with(Keyed);
    let mut rollout = awaiting(&plan(more));
    rollout.status = Status::Completed {
        at: "2026-01-13T12:30:00Z".parse().unwrap(),
    };
    rollout.chain.seq = 12;
    rollout.incidents.insert(
        IncidentSource::Alarm(AlarmArn::new(
            "arn:aws:cloudwatch:eu-west-1:1:alarm:shop-latency",
        )),
        Incident {
            severity: Severity::Low,
            opened: "2026-01-13T10:06:00Z".parse().unwrap(),
            state: IncidentState::Open {
                due: None,
                otherwise: Otherwise::Hold,
            },
        },
    );
    *desk.store.rollout.borrow_mut() = Some(rollout);
    keep_entries(&desk, &sample("incident.json"));
    keep_entries(&desk, &sample("completed.json"));
    desk.outlets.fail("bucket", unsent);
    desk.outlets.fail("slack", slack);
    woken(&desk, &sample("completed.json")).unwrap();
    desk
}

/// What was said, with one line of each report, and what stands in the outbox.
fn told(desk: &Desk<Kept, Shelf, Keyed>) -> String {
    let mut all = String::new();
    for (outlet, value) in desk.outlets.said.borrow().iter() {
        let text = value["text"].as_str().or_else(|| value.as_str()).unwrap();
        let about = |line: &&str| line.contains("eport") || line.contains("報告");
        let line = text.lines().find(about).unwrap_or_default();
        let line: String = line.chars().take(120).collect();
        let line = line.split("<h1>").last().unwrap();
        writeln!(all, "{outlet}: {line}").unwrap();
    }
    all + &desk.store.outbox()
}

#[test]
fn the_report_is_kept_before_the_last_message_says_where() {
    expect![[r#"
        s3://audit/tidegate/shop/1-12.html: <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-s
        s3://audit/tidegate/shop/1-12.md: # Completion report: shop#1
        slack: Report: s3://audit/tidegate/shop/1-12.html
        topic: 
        12 reports/audit/tidegate/ sent, 1 tried
        12 slack/webhook sent, 1 tried
        12 sns/messages sent, 1 tried
    "#]].assert_eq(&told(&ended(REPORTS, [])));
}

#[test]
fn a_plan_that_names_no_bucket_has_its_report_on_the_page_alone() {
    expect![[r#"
        slack: 
        topic: 
        12 slack/webhook sent, 1 tried
        12 sns/messages sent, 1 tried
    "#]]
    .assert_eq(&told(&ended("groups: { leads: [ann] }\n", [])));
}

#[test]
fn a_report_that_cannot_be_kept_is_said_and_tried_again() {
    let busy: Unsent = Trouble::passing("PutObject was not answered in time").into();
    let desk = ended(REPORTS, [busy]);
    expect![[r#"
        slack: The report could not be kept at s3://audit/tidegate/shop/1-12.html. `tidegate report shop#1` makes it.
        topic: 
        12 reports/audit/tidegate/ waiting until 12:00:30, 1 tried
        12 slack/webhook sent, 1 tried
        12 sns/messages sent, 1 tried
    "#]].assert_eq(&told(&desk));
    woken_at(&desk, &sample("retry.json"), "12:05:00").unwrap();
    expect![[r#"
        slack: The report could not be kept at s3://audit/tidegate/shop/1-12.html. `tidegate report shop#1` makes it.
        topic: 
        s3://audit/tidegate/shop/1-12.html: <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-s
        s3://audit/tidegate/shop/1-12.md: # Completion report: shop#1
        12 reports/audit/tidegate/ sent, 2 tried
        12 slack/webhook sent, 1 tried
        12 sns/messages sent, 1 tried
    "#]].assert_eq(&told(&desk));
    let denied: Unsent = Trouble::lasting("PutObject: the role may not put").into();
    expect![[r#"
        slack: The report could not be kept at s3://audit/tidegate/shop/1-12.html. `tidegate report shop#1` makes it.
        topic: 
        12 reports/audit/tidegate/ failed, 1 tried
        12 slack/webhook sent, 1 tried
        12 sns/messages sent, 1 tried
    "#]].assert_eq(&told(&ended(REPORTS, [denied])));
}

#[test]
fn a_last_message_that_is_late_says_where_its_report_is() {
    let busy: Unsent = Trouble::passing("Slack answered with status 429").into();
    let desk = ended_with(REPORTS, [], [busy]);
    woken_at(&desk, &sample("retry.json"), "12:05:00").unwrap();
    expect![[r#"
        s3://audit/tidegate/shop/1-12.html: <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-s
        s3://audit/tidegate/shop/1-12.md: # Completion report: shop#1
        topic: 
        slack: Report: s3://audit/tidegate/shop/1-12.html
        12 reports/audit/tidegate/ sent, 1 tried
        12 slack/webhook sent, 2 tried
        12 sns/messages sent, 1 tried
    "#]].assert_eq(&told(&desk));
}

/// The record comes again because the table failed after the report was kept.
#[test]
fn a_report_that_is_there_is_not_said_to_be_missing() {
    let desk = ended(REPORTS, []);
    desk.store
        .slips
        .borrow_mut()
        .retain(|(_, lane), _| lane.starts_with("reports/"));
    desk.outlets.said.borrow_mut().clear();
    woken(&desk, &sample("completed.json")).unwrap();
    expect![[r#"
        slack: Report: s3://audit/tidegate/shop/1-12.html
        topic: 
        12 reports/audit/tidegate/ sent, 1 tried
        12 slack/webhook sent, 1 tried
        12 sns/messages sent, 1 tried
    "#]]
    .assert_eq(&told(&desk));
}

#[test]
fn a_report_that_is_kept_later_tells_nobody_of_what_was_lost() {
    let busy: Unsent = Trouble::passing("PutObject was not answered in time").into();
    let gone: Unsent = Trouble::lasting("Slack answered with status 404").into();
    let desk = ended_with(REPORTS, [busy], [gone]);
    woken_at(&desk, &sample("retry.json"), "12:05:00").unwrap();
    // Nobody has been told yet that Slack did not take it: it is not owned up to.
    expect![[r#"
        12 reports/audit/tidegate/ sent, 2 tried
        12 slack/webhook failed, 1 tried
        12 sns/messages sent, 1 tried
    "#]]
    .assert_eq(&desk.store.outbox());
}

/// The report that was kept as Markdown.
fn markdown(desk: &Desk<Kept, Shelf, Keyed>) -> String {
    let said = desk.outlets.said.borrow();
    let name = "s3://audit/tidegate/shop/1-12.md";
    let (_, text) = said.iter().find(|(outlet, _)| outlet == name).unwrap();
    text.as_str().unwrap().to_owned()
}

#[test]
fn a_report_is_of_the_end_that_was_told_whatever_came_after() {
    let desk = ended(REPORTS, []);
    let first = markdown(&desk);
    let again = desk_with(Keyed);
    let mut rollout = desk.store.rollout.borrow().clone().unwrap();
    rollout.status = Status::RollingBack {
        cause: Cause::Person(Person::new("ann"), "carts are empty".to_owned()),
        began: "2026-01-13T12:40:00Z".parse().unwrap(),
    };
    rollout.chain.seq = 14;
    rollout.incidents.clear();
    *again.store.rollout.borrow_mut() = Some(rollout);
    keep_entries(&again, &sample("incident.json"));
    keep_entries(&again, &sample("completed.json"));
    woken(&again, &sample("completed.json")).unwrap();
    let later = markdown(&again);
    // The head has forgotten it; the ledger has not.
    let open = |report: &str| {
        let (_, after) = report.split_once("## Open incidents").unwrap();
        after.trim_start().lines().next().unwrap().to_owned()
    };
    expect!["- alarm shop-latency (low), Tue 13 Jan 2026 10:06 UTC"].assert_eq(&open(&first));
    expect!["- alarm shop-latency"].assert_eq(&open(&later));
    let rest = |report: &str| report.replace(&open(report), "");
    assert_eq!(rest(&later), rest(&first));
}
