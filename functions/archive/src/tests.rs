//! Days of the archive, with a table and a bucket in memory.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::{cell::RefCell, fmt::Write as _, sync::Arc};

use domain::{
    name::{EventKey, Person},
    rollout::Status,
    time::later,
};
use engine::start::{IfActive, StartRequest, start};
use expect_test::{Expect, expect};
use sim::{Scenario, World};

use super::*;

const PLAN: &str = include_str!("../../../events/shop.yaml");
const BY_CLOCK: &str = include_str!("../../../events/archive/scheduler.json");
const BY_HAND: &str = include_str!("../../../events/archive/by-hand.json");

/// A rollout and its ledger.
struct Table {
    rollout: Rollout,
    lines: Vec<Line>,
}

impl Archive for Table {
    async fn ledger(&self, _: &RolloutId) -> Result<Vec<Line>, Trouble> {
        Ok(self.lines.clone())
    }

    async fn rollouts(&self, service: Option<&ServiceName>) -> Result<Vec<Rollout>, Trouble> {
        let listed = service.is_some() || self.rollout.status.is_active();
        Ok(listed.then(|| self.rollout.clone()).into_iter().collect())
    }
}

/// A bucket in memory.
#[derive(Default)]
struct Memory {
    objects: RefCell<BTreeMap<String, String>>,
    shut: Option<Trouble>,
}

impl Vault for Memory {
    async fn add(
        &self,
        name: &str,
        kind: Kind,
        text: String,
        _: Timestamp,
    ) -> Result<Added, Trouble> {
        assert_eq!(kind, Kind::JsonLines);
        if let Some(trouble) = &self.shut {
            return Err(trouble.clone());
        }
        let mut objects = self.objects.borrow_mut();
        if objects.contains_key(name) {
            return Ok(Added::Known);
        }
        objects.insert(name.to_owned(), text);
        Ok(Added::Done)
    }
}

/// A rollout that was begun, and the time then.
fn begun() -> (Table, Timestamp) {
    let plan = Arc::new(plan::parse(PLAN).unwrap().plan);
    let world = World::new(Arc::clone(&plan), Scenario::default(), 11);
    let request = StartRequest {
        plan,
        by: Person::new("ann"),
        key: EventKey::new("start"),
        active: IfActive::Refuse,
        override_reason: None,
    };
    let lasts = SignedDuration::from_secs(30);
    let (ports, deadline) = (world.clone(), later(world.now(), lasts));
    let started = world.invoke("start", lasts, async move {
        start(&ports, &request, deadline).await
    });
    started.unwrap().unwrap();
    let rollout = world.rollout().unwrap();
    let ledger = world.ledger(&rollout.id);
    let lines = ledger.iter().map(ledger::Entry::line).collect();
    (Table { rollout, lines }, world.now())
}

fn shelf(store: Table) -> Shelf<Table, Memory> {
    let services = services("shop").unwrap();
    Shelf {
        store,
        vault: Memory::default(),
        services,
    }
}

fn on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

fn wake(shelf: &Shelf<Table, Memory>, sample: &str, now: Timestamp) -> Result<Value, String> {
    let payload = serde_json::from_str(sample).unwrap();
    on(handle(shelf, &payload, now))
}

/// What was answered, and the names in the bucket with the lines of each.
fn check(shelf: &Shelf<Table, Memory>, answer: &Result<Value, String>, expected: &Expect) {
    let mut told = match answer {
        Ok(answer) => format!("{answer}\n"),
        Err(why) => format!("error: {why}\n"),
    };
    for (name, text) in shelf.vault.objects.borrow().iter() {
        writeln!(told, "{name}: {} lines", text.lines().count()).unwrap();
    }
    expected.assert_eq(&told);
}

fn days(now: Timestamp, days: i64) -> Timestamp {
    later(now, SignedDuration::from_hours(24 * days))
}

#[test]
fn the_head_of_what_runs_is_taken_and_the_ledger_of_what_has_ended() {
    let (table, now) = begun();
    let mut shelf = shelf(table);
    let day = wake(&shelf, BY_CLOCK, now);
    check(
        &shelf,
        &day,
        &expect![[r#"
        {"heads":1,"ledgers":[]}
        heads/2026-01-13.jsonl: 1 lines
    "#]],
    );
    shelf.store.rollout.status = Status::Completed { at: now };
    let next = wake(&shelf, BY_CLOCK, days(now, 1));
    check(
        &shelf,
        &next,
        &expect![[r#"
        {"heads":1,"ledgers":["ledgers/shop/1-4.jsonl"]}
        heads/2026-01-13.jsonl: 1 lines
        heads/2026-01-14.jsonl: 1 lines
        ledgers/shop/1-4.jsonl: 6 lines
    "#]],
    );
    // Nothing is written twice; a second time on one day has a name of its own.
    let again = wake(&shelf, BY_CLOCK, days(now, 1));
    check(
        &shelf,
        &again,
        &expect![[r#"
        {"heads":1,"ledgers":[]}
        heads/2026-01-13.jsonl: 1 lines
        heads/2026-01-14.jsonl: 1 lines
        heads/2026-01-14T010001Z.jsonl: 1 lines
        ledgers/shop/1-4.jsonl: 6 lines
    "#]],
    );
    let objects = shelf.vault.objects.borrow();
    let (_, ledger) = objects.last_key_value().unwrap();
    let (_, heads) = objects.first_key_value().unwrap();
    let heads = heads::read(heads.as_bytes()).unwrap();
    let whole = export::verify(ledger.as_bytes(), Some(heads[0].end)).unwrap();
    assert_eq!(whole.rollout, heads[0].rollout);
}

#[test]
fn what_has_not_changed_for_a_week_is_taken_by_hand() {
    let (table, now) = begun();
    let shelf = shelf(table);
    let late = wake(&shelf, BY_CLOCK, days(now, 8));
    check(
        &shelf,
        &late,
        &expect![[r#"
        {"heads":0,"ledgers":[]}
    "#]],
    );
    let by_hand = wake(&shelf, BY_HAND, days(now, 8));
    check(
        &shelf,
        &by_hand,
        &expect![[r#"
        {"heads":1,"ledgers":[]}
        heads/2026-01-21.jsonl: 1 lines
    "#]],
    );
}

#[test]
fn a_ledger_that_was_changed_in_the_table_is_not_taken_and_said() {
    let (mut table, now) = begun();
    table.lines[0].what = "nothing happened".to_owned();
    table.rollout.status = Status::Completed { at: now };
    let shelf = shelf(table);
    let day = wake(&shelf, BY_CLOCK, now);
    check(
        &shelf,
        &day,
        &expect![[r#"
        error: shop#1: entry 1 was changed: its hash is another; the table was changed past Tidegate
    "#]],
    );
}

#[test]
fn a_bucket_that_takes_nothing_is_said() {
    let (table, now) = begun();
    let mut shelf = shelf(table);
    shelf.vault.shut = Some(Trouble::lasting("there is no bucket audit"));
    let day = wake(&shelf, BY_CLOCK, now);
    check(
        &shelf,
        &day,
        &expect![[r#"
        error: heads: there is no bucket audit
    "#]],
    );
}

#[test]
fn what_cannot_be_understood_does_nothing() {
    let (table, now) = begun();
    let shelf = shelf(table);
    let day = wake(&shelf, "{}", now);
    check(
        &shelf,
        &day,
        &expect![[r#"
        error: the payload is {"archive":"changed"} or {"archive":"all"}
    "#]],
    );
    assert!(services("shop,Wrong").is_err());
    assert_eq!(services("").unwrap(), []);
}
