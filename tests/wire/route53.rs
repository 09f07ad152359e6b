//! Weighted records behind a fence, against an emulated Route 53 that is strict about DELETE, as AWS is.

use aws::{
    alb::Alb,
    alias::Alias,
    route53::{Finding, Route53},
    router::{Marks, Places, Router},
};
use aws_sdk_route53::types::{AliasTarget, ChangeAction, ResourceRecordSet, RrType};
use domain::{
    name::RolloutId,
    plan::{
        route::{RecordType, Route53Route},
        severity::{AlarmGuard, InsufficientData, Severity},
    },
    target::{Carrier, Goal, Leftover, Propagation},
    time::{SignedDuration, Timestamp, later},
    traffic::{Epoch, Weight},
};
use engine::{
    ports::{Clock, Marks as _, Router as _, Write},
    trouble::{Chance, Trouble, WriteError},
};
use expect_test::{Expect, expect};

use crate::{
    bed::Bed,
    zone::{Zone, alarm, percent, plain},
};

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(text);
}

/// What a write that nobody can help says.
fn lasting(written: Result<(), WriteError>) -> String {
    match written {
        Err(WriteError::Trouble(Trouble {
            chance: Chance::Lasting,
            what,
        })) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_is_prepared_shifted_and_finished() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "finished.example").await;
        let seen = zone.seen().await;
        assert_eq!(
            (seen.carrier, seen.leftover, seen.epoch),
            (Carrier::Missing, Leftover::None, None)
        );
        zone.set(Goal::Prepared, 1).await.unwrap();
        assert!(zone.seen().await.reaches(Goal::Prepared, Epoch(1)));
        check(
            &zone.show().await,
            &expect![[r#"
                A Legacy 255
                A New 0
                TXT "tidegate 1" "epoch=1" "owner=shop#7" "route=web" "types=A" "stable=Legacy" "canary=New" "ttl=60" "guards=2344fcf8""#]],
        );
        zone.set(percent(25), 2).await.unwrap();
        assert!(zone.seen().await.reaches(percent(25), Epoch(2)));
        zone.set(percent(100), 3).await.unwrap();
        check(
            &zone.show().await,
            &expect![[r#"
                A Legacy 0
                A New 255
                TXT "tidegate 1" "epoch=3" "owner=shop#7" "route=web" "types=A" "stable=Legacy" "canary=New" "ttl=60" "guards=2344fcf8""#]],
        );
        zone.set(Goal::Finished, 4).await.unwrap();
        assert!(zone.seen().await.reaches(Goal::Finished, Epoch(4)));
        check(
            &zone.show().await,
            &expect![[r"
                A Legacy 0
                A New 255"]],
        );
    });
}

#[test]
fn a_batch_that_is_older_than_the_newest_decision_is_refused_whole() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "fenced.example").await;
        zone.set(Goal::Prepared, 1).await.unwrap();
        let before = zone.read().await.unwrap();
        zone.set(percent(5), 2).await.unwrap();
        // It was prepared at the same time as the write that has landed, or before a rollback.
        let late = zone.send(&before, percent(50), 2).await;
        assert_eq!(late, Err(WriteError::Fenced));
        assert_eq!(zone.seen().await.weight.to_string(), "5%");
        let before = zone.read().await.unwrap();
        zone.set(Goal::Restored, 3).await.unwrap();
        for goal in [percent(50), percent(1), Goal::Prepared, Goal::Finished] {
            let late = zone.send(&before, goal, 2).await;
            assert_eq!(late, Err(WriteError::Fenced), "{goal:?}");
        }
        check(
            &zone.show().await,
            &expect![[r"
                A Legacy 255
                A New 0"]],
        );
        assert!(zone.seen().await.reaches(Goal::Restored, Epoch(3)));
    });
}

#[test]
fn of_two_writers_who_read_the_same_one_wins() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "race.example").await;
        zone.set(Goal::Prepared, 1).await.unwrap();
        let read = zone.read().await.unwrap();
        let (one, other) = futures_util::future::join(
            zone.send(&read, percent(10), 2),
            zone.send(&read, percent(10), 2),
        )
        .await;
        let mut outcomes = [one, other];
        outcomes.sort_by_key(Result::is_err);
        assert_eq!(outcomes, [Ok(()), Err(WriteError::Fenced)]);
        assert!(zone.seen().await.reaches(percent(10), Epoch(2)));
    });
}

fn to_balancer(name: &str, kind: RrType, set: &str, weight: i64) -> ResourceRecordSet {
    let target = AliasTarget::builder()
        .hosted_zone_id("Z35SXDOTRQ7X7K")
        .dns_name(format!("dualstack.{set}-1.us-east-1.elb.amazonaws.com."))
        .evaluate_target_health(set == "New")
        .build()
        .unwrap();
    let record = ResourceRecordSet::builder().name(name).r#type(kind);
    let record = record.set_identifier(set).weight(weight);
    let record = record.alias_target(target).health_check_id("5b1e-check");
    record.build().unwrap()
}

#[test]
fn all_types_move_together_and_nothing_but_weights_changes() {
    let bed = Bed::shared();
    bed.run(async {
        let types = [RecordType::A, RecordType::Aaaa];
        let zone = Zone::bare(bed, "*.alias.example", "*.alias.example", types).await;
        let both = |stable: i64, canary: i64| {
            let of = |kind: RrType| {
                [("Legacy", stable), ("New", canary)].map(|(set, weight)| {
                    to_balancer("\\052.alias.example.", kind.clone(), set, weight)
                })
            };
            [of(RrType::A), of(RrType::Aaaa)].concat()
        };
        zone.put(&both(255, 0)).await;
        let weighted = async || {
            let mut records = zone.listed().await;
            records.retain(|record| record.weight.is_some());
            records
        };
        zone.set(Goal::Prepared, 1).await.unwrap();
        zone.set(percent(20), 2).await.unwrap();
        assert_eq!(weighted().await, both(4, 1));
        assert_eq!(zone.seen().await.weight.to_string(), "20%");
        // Of types that differ the highest counts: no type may keep weight after a rollback.
        zone.put(&both(1, 0)[..2]).await;
        assert_eq!(zone.seen().await.weight.to_string(), "20%");
        zone.set(Goal::Restored, 3).await.unwrap();
        assert_eq!(weighted().await, both(255, 0));
    });
}

#[test]
fn a_raise_is_refused_when_anything_has_changed_and_a_rollback_is_not() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "drift.example").await;
        let name = &zone.records().name;
        zone.set(Goal::Prepared, 1).await.unwrap();
        let read = zone.read().await.unwrap();
        let moved = plain(&format!("{name}."), RrType::A, "New", 0, "192.0.2.99");
        zone.put(std::slice::from_ref(&moved)).await;
        let raised = zone.send(&read, percent(5), 2).await;
        assert_eq!(raised, Err(WriteError::Fenced));
        zone.set(percent(5), 2).await.unwrap();
        let read = zone.read().await.unwrap();
        zone.put(&[plain(name, RrType::A, "New", 200, "192.0.2.99")])
            .await;
        zone.send(&read, Goal::Restored, 3).await.unwrap();
        let seen = zone.seen().await;
        assert!(seen.reaches(Goal::Restored, Epoch(3)), "{seen:?}");
        assert!(zone.listed().await.contains(&moved));
    });
}

#[test]
fn a_record_that_is_missing_is_named_and_stops_everything_but_a_rollback() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "missing.example").await;
        let name = &zone.records().name;
        zone.set(Goal::Prepared, 1).await.unwrap();
        zone.set(percent(50), 2).await.unwrap();
        zone.change(
            ChangeAction::Delete,
            &[plain(name, RrType::A, "New", 1, "192.0.2.2")],
        )
        .await;
        assert_eq!(zone.seen().await.weight, Weight::ZERO);
        let raised = lasting(zone.set(percent(75), 3).await);
        check(
            &raised,
            &expect!["`www.missing.example` has no weighted A record with the set identifier `New`; there is `Legacy`"],
        );
        zone.set(Goal::Restored, 4).await.unwrap();
        assert!(zone.seen().await.reaches(Goal::Restored, Epoch(4)));
        zone.put(&[plain(name, RrType::A, "Blue", 9, "192.0.2.3")])
            .await;
        zone.put(&[plain(name, RrType::A, "New", 0, "192.0.2.2")])
            .await;
        zone.set(Goal::Prepared, 5).await.unwrap();
        let raised = lasting(zone.set(percent(75), 6).await);
        check(
            &raised,
            &expect!["the A record `Blue` of `www.missing.example` has weight 9 beside stable and canary: set it to 0"],
        );
    });
}

#[test]
fn a_services_older_rollout_is_taken_over_and_another_services_is_not() {
    let bed = Bed::shared();
    bed.run(async {
        let mut zone = Zone::new(bed, "owner.example").await;
        zone.set(Goal::Prepared, 1).await.unwrap();
        zone.set(percent(25), 2).await.unwrap();
        zone.owner = RolloutId::parse("shop#8").unwrap();
        let seen = zone.seen().await;
        assert_eq!((seen.carrier, seen.epoch), (Carrier::Ready, Some(Epoch(2))));
        assert!(!seen.reaches(percent(25), Epoch(3)));
        zone.set(percent(25), 3).await.unwrap();
        assert!(zone.show().await.contains("\"owner=shop#8\""));
        zone.owner = RolloutId::parse("search#1").unwrap();
        check(
            &zone.read().await.unwrap_err().what,
            &expect!["the TXT record `_tidegate.www.owner.example` says that shop#8 owns the weights of `www.owner.example`"],
        );
    });
}

#[test]
fn a_change_is_pending_until_route_53_says_otherwise_or_a_minute_after_it_was_sent() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "insync.example").await;
        let sent = Timestamp::now();
        zone.set(Goal::Prepared, 1).await.unwrap();
        // The emulator says PENDING once.
        assert_eq!(zone.seen().await.propagation, Propagation::Pending);
        let seen = zone.seen().await;
        assert_eq!(
            (seen.propagation, seen.settle.as_secs()),
            (Propagation::Done, 60)
        );
        let stranger = Route53::new(bed.clients().route53);
        let at = async |seconds: i64| {
            let now = later(sent, SignedDuration::from_secs(seconds));
            let read = stranger.read(zone.route(), zone.records(), now).await;
            read.unwrap().seen
        };
        assert_eq!(at(0).await.propagation, Propagation::Pending);
        assert_eq!(at(3600).await.propagation, Propagation::Done);
        zone.set(Goal::Restored, 2).await.unwrap();
        let seen = at(3600).await;
        assert_eq!(
            (seen.propagation, seen.settle.as_secs()),
            (Propagation::Done, 120)
        );
    });
}

#[test]
fn nothing_is_sent_after_the_deadline() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "late.example").await;
        let read = zone.read().await.unwrap();
        let write = Write {
            goal: Goal::Prepared,
            epoch: Epoch(1),
            fence: read.fence,
            deadline: Timestamp::UNIX_EPOCH,
        };
        let (route, records) = (zone.route(), zone.records());
        let late = zone
            .adapter
            .write(route, records, &write, Timestamp::now)
            .await;
        let why = "ChangeResourceRecordSets was not sent: its time was up";
        assert_eq!(late, Err(WriteError::Trouble(Trouble::passing(why))));
        assert_eq!(zone.seen().await.carrier, Carrier::Missing);
    });
}

#[test]
fn a_fence_that_is_hundreds_of_records_behind_its_name_is_found() {
    let bed = Bed::shared();
    bed.run(async {
        let apex = "crowded.example";
        let zone = Zone::bare(bed, apex, apex, [RecordType::A]).await;
        zone.put(&[
            plain(apex, RrType::A, "Legacy", 255, "192.0.2.1"),
            plain(apex, RrType::A, "New", 0, "192.0.2.2"),
        ])
        .await;
        // Digits are listed before `_`.
        let children: Vec<ResourceRecordSet> = (0..320)
            .map(|n| plain(&format!("{n:03}.{apex}"), RrType::A, "x", 1, "192.0.2.3"))
            .collect();
        zone.put(&children).await;
        zone.set(Goal::Prepared, 1).await.unwrap();
        zone.set(percent(10), 2).await.unwrap();
        assert!(zone.seen().await.reaches(percent(10), Epoch(2)));
        zone.set(Goal::Restored, 3).await.unwrap();
        assert!(zone.seen().await.reaches(Goal::Restored, Epoch(3)));
    });
}

#[test]
fn a_route_is_found_by_its_critical_alarm_without_the_store() {
    let bed = Bed::shared();
    bed.run(async {
        let mut zone = Zone::new(bed, "marks.example").await;
        zone.guards.push(AlarmGuard {
            arn: alarm("slow"),
            severity: Severity::High,
            insufficient_data: InsufficientData::Hold,
        });
        zone.set(Goal::Prepared, 1).await.unwrap();
        let records = zone.records();
        let place = |zone: &str, name: &str| (zone.to_owned(), name.to_owned());
        let places = [
            place(&records.zone, "idle.marks.example"),
            place("Z0NOWHERE", "www.marks.example"),
            place(&records.zone, &records.name),
        ];
        let found = zone.adapter.marked(&places, &alarm("new-5xx")).await;
        let found = found.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (&found[0].owner, &found[0].name, &found[0].route),
            (&zone.owner, &zone.name, &zone.route)
        );
        let none = zone.adapter.marked(&places[2..], &alarm("slow")).await;
        assert_eq!(none, Ok(Vec::new()));
        let lost = zone.adapter.marked(&places[..2], &alarm("new-5xx")).await;
        assert_eq!(lost.unwrap_err().chance, Chance::Lasting);
        let places = Places::parse("", &format!("{}/{}", records.zone, records.name)).unwrap();
        let clients = bed.clients();
        let marks = Marks::new(clients.balancers, clients.route53, places);
        assert_eq!(marks.guarded_by(&alarm("new-5xx")).await, Ok(found));
    });
}

#[test]
fn an_inspection_says_what_a_rollout_would_stumble_over() {
    let bed = Bed::shared();
    bed.run(async {
        let types = [RecordType::A, RecordType::Aaaa];
        let zone = Zone::bare(bed, "doctor.example", "www.doctor.example", types).await;
        let name = &zone.records().name;
        let mut slow = plain(name, RrType::A, "New", 5, "192.0.2.2");
        slow.ttl = Some(300);
        let mut checked = plain(name, RrType::A, "Legacy", 255, "192.0.2.1");
        checked.health_check_id = Some("5b1e-check".to_owned());
        zone.put(&[
            checked,
            slow,
            plain(name, RrType::A, "Blue", 7, "192.0.2.3"),
            plain(name, RrType::Aaaa, "Legacy", 1, "2001:db8::1"),
            plain(name, RrType::Https, "Legacy", 1, "1 . alpn=h2"),
            plain(name, RrType::Https, "New", 0, "1 . alpn=h2"),
        ])
        .await;
        let findings = async |active: Option<&RolloutId>| {
            let found = zone.adapter.inspect(zone.records(), active).await.unwrap();
            let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            lines.join("\n")
        };
        check(
            &findings(None).await,
            &expect![[r"
                the A records have different TTLs: `Blue` 1m, `Legacy` 1m, `New` 5m
                the A record `Blue` has weight 7 beside stable and canary
                the canary's A record has weight 5 already
                stable's A record has a health check: while it fails, traffic goes to the canary even at 0%
                there is no weighted AAAA record `New`, but `Legacy`
                the HTTPS records of both sides are not in the plan: they stay as they are"]],
        );
        let even = Zone::new(bed, "even.example").await;
        let www = &even.records().name;
        even.put(&[plain(www, RrType::A, "Legacy", 0, "192.0.2.1")]).await;
        let found = even.adapter.inspect(even.records(), None).await.unwrap();
        let kind = RecordType::A;
        assert_eq!(found, [Finding::NobodyHasWeight { kind }]);
        let nowhere = Route53Route {
            zone: "ZNOWHERE".to_owned(),
            ..even.records().clone()
        };
        let found = even.adapter.inspect(&nowhere, None).await.unwrap();
        assert_eq!(found, [Finding::NoZone("ZNOWHERE".to_owned())]);
        let tidy = Zone::new(bed, "tidy.example").await;
        let inspect = async |active: Option<&RolloutId>| {
            let found = tidy.adapter.inspect(tidy.records(), active).await.unwrap();
            found.iter().map(ToString::to_string).collect::<String>()
        };
        assert_eq!(inspect(None).await, "");
        tidy.set(Goal::Prepared, 4).await.unwrap();
        assert_eq!(inspect(Some(&tidy.owner)).await, "");
        check(
            &inspect(None).await,
            &expect!["shop#7 has left its TXT record (epoch 4) or is still running"],
        );
    });
}

/// A clock that stands still.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    async fn sleep(&self, _duration: SignedDuration) {}
}

#[test]
fn the_router_gives_the_writers_clock_to_a_write_and_has_nothing_to_drain_in_a_zone() {
    let bed = Bed::shared();
    bed.run(async {
        let zone = Zone::new(bed, "router.example").await;
        let deadline = Timestamp::from_second(1_000_000).unwrap();
        let router = |now: i64| {
            let clients = bed.clients();
            let (alb, alias) = (Alb::new(clients.balancers), Alias::new(clients.lambda));
            let now = Still(Timestamp::from_second(now).unwrap());
            Router::new(alb, Route53::new(clients.route53), alias, now)
        };
        let early = router(999_999);
        let fence = early.read(zone.route()).await.unwrap().fence;
        let write = Write {
            goal: Goal::Prepared,
            epoch: Epoch(1),
            fence,
            deadline,
        };
        let late = router(1_000_000).write(zone.route(), &write).await;
        assert!(matches!(late, Err(WriteError::Trouble(_))), "{late:?}");
        early.write(zone.route(), &write).await.unwrap();
        let seen = early.read(zone.route()).await.unwrap().seen;
        assert!(seen.reaches(Goal::Prepared, Epoch(1)));
        let minute = SignedDuration::from_mins(1);
        assert_eq!(early.set_drain(zone.route(), minute).await, Ok(()));
    });
}
