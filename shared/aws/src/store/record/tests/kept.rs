//! One head with something of everything, in every version of the document.

use expect_test::expect_file;

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::new(1_768_233_600 + 60 * minute, 250_000_000).unwrap()
}

fn ann() -> Person {
    Person::new("ann")
}

fn ben() -> Person {
    Person::new("ben")
}

fn errors() -> AlarmArn {
    AlarmArn::new("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors")
}

fn full_finding() -> Finding {
    Finding {
        condition: Condition {
            metric: MetricName::new("error_rate").unwrap(),
            op: Op::Less,
            limit: Limit::Fixed(Quantity::new(1000, Dimension::Ratio)),
            lasting: Some(SignedDuration::from_mins(2)),
        },
        role: Role::Require,
        verdict: Verdict::Inconclusive(Doubt::TooFew { have: 7, need: 200 }),
        current: Some(Quantity::new(40_000, Dimension::Ratio)),
        stable: None,
        samples: 7,
        window: Window {
            from: at(1),
            to: at(3),
        },
    }
}

fn full_gate() -> Gate {
    Gate {
        since: at(2),
        tallies: vec![Tally {
            last: Some(full_finding()),
            passes: 0,
            failures: 2,
            consecutive_failures: 1,
            errors: 0,
        }],
        promoted: Some(ann()),
        checked: BTreeMap::from([(ItemName::new("logs").unwrap(), ben())]),
        approvals: BTreeSet::from([ann()]),
        asked: Some(at(4)),
        overdue: None,
    }
}

fn full_route(half: Weight) -> RouteState {
    RouteState {
        acknowledged: Some(Epoch(30)),
        effective: Some(at(2)),
        drift: Some(Weight::FULL),
        base: None,
        floor: Floor {
            weight: half,
            carrier: Carrier::Ready,
        },
    }
}

fn full_incidents() -> BTreeMap<IncidentSource, Incident> {
    BTreeMap::from([
        (
            IncidentSource::Alarm(errors()),
            Incident {
                severity: Severity::High,
                opened: at(5),
                state: IncidentState::Open {
                    due: Some(at(65)),
                    otherwise: Otherwise::Rollback,
                },
            },
        ),
        (
            IncidentSource::Condition("p95 > 1s".to_owned()),
            Incident {
                severity: Severity::Low,
                opened: at(6),
                state: IncidentState::Accepted {
                    by: ann(),
                    until: None,
                },
            },
        ),
        (
            IncidentSource::Condition("p99 > 2s".to_owned()),
            Incident {
                severity: Severity::Medium,
                opened: at(6),
                state: IncidentState::Accepted {
                    by: ann(),
                    until: Some(at(40)),
                },
            },
        ),
    ])
}

fn full_nudges() -> BTreeMap<Question, Nudge> {
    let nudge = Nudge {
        since: at(3),
        level: 2,
        told: at(7),
    };
    let phase = PhaseName::new("early").unwrap();
    BTreeMap::from([
        (Question::Incident(IncidentSource::Alarm(errors())), nudge),
        (Question::Overdue(phase), nudge),
    ])
}

/// A head with something of everything.
pub(super) fn full() -> Rollout {
    let web = RouteName::new("web").unwrap();
    let half = Weight::from_permille(500).unwrap();
    Rollout {
        id: shop(),
        plan: plan(),
        started_by: ann(),
        started_at: at(0),
        origin: Origin::Superseded(6),
        revision: 12,
        epoch: Epoch(31),
        status: Status::RollingBack {
            cause: Cause::Person(ben(), "orders are lost".to_owned()),
            began: at(9),
        },
        phase: Some(0),
        desired: Weights::all([&web], half),
        intent: Some(Intent {
            epoch: Epoch(31),
            kind: IntentKind::Rollback,
            deadline: at(10),
            retakes: 1,
        }),
        late_until: at(17),
        routes: BTreeMap::from([(web.clone(), full_route(half))]),
        obstacles: BTreeMap::from([(web, "denied".to_owned())]),
        gate: Some(full_gate()),
        shown: Some(Box::new(shown(&full_gate()))),
        holds: BTreeSet::from([Hold::Paused, Hold::ApprovalExpired]),
        incidents: full_incidents(),
        breached: full_incidents().into_keys().collect(),
        nudges: full_nudges(),
        alarms: BTreeMap::from([(
            errors(),
            AlarmSeen {
                state: Some(AlarmState::InsufficientData),
                since: at(5),
                silence: Silence::None,
            },
        )]),
        hooks: BTreeMap::from([(
            HookKey {
                moment: HookMoment::After(0),
                index: 1,
            },
            HookRun {
                runs: 3,
                failures: 1,
                since: Some(at(8)),
                state: HookState::Due,
            },
        )]),
        notices: BTreeSet::from([Notice::ChangeStuck, Notice::GateWaits]),
        calendar_override: Some(at(90)),
        chain: Chain {
            seq: 31,
            hash: Hash([7; 32]),
        },
    }
}

/// The same without what 3 did not know of.
fn before_version_4() -> Rollout {
    Rollout {
        shown: None,
        ..full()
    }
}

#[test]
fn a_head_of_version_1_is_read_for_ever() {
    // What 1 did not know of.
    let mut known = before_version_4();
    known.obstacles.clear();
    known.nudges.clear();
    known.notices.remove(&Notice::GateWaits);
    let for_a_while = |incident: &Incident| {
        matches!(
            incident.state,
            IncidentState::Accepted { until: Some(_), .. }
        )
    };
    known.incidents.retain(|_, incident| !for_a_while(incident));
    known.breached = known.incidents.keys().cloned().collect();
    for run in known.hooks.values_mut() {
        run.since = None;
    }
    let kept = include_str!("../v1.json");
    assert_eq!(read(kept, shop(), plan()).unwrap(), known);
}

#[test]
fn a_head_of_version_2_is_read_for_ever() {
    let mut known = before_version_4();
    known.notices.remove(&Notice::GateWaits);
    let kept = include_str!("../v2.json");
    assert_eq!(read(kept, shop(), plan()).unwrap(), known);
}

#[test]
fn a_head_of_version_3_is_read_for_ever() {
    let kept = include_str!("../v3.json");
    assert_eq!(read(kept, shop(), plan()).unwrap(), before_version_4());
}

#[test]
fn a_head_of_version_4_is_read_for_ever() {
    // While 4 is what is written; afterwards this moves to the next fixture.
    let written: serde_json::Value = serde_json::from_str(&write(&full()).unwrap()).unwrap();
    let pretty = format!("{written:#}\n");
    expect_file!["../v4.json"].assert_eq(&pretty);
    let kept = include_str!("../v4.json");
    assert_eq!(read(kept, shop(), plan()).unwrap(), full());
}

#[test]
fn what_is_not_known_is_refused_and_not_lost() {
    let document = write(&full()).unwrap();
    let more = document.replacen("{\"started_by\"", "{\"colour\":\"red\",\"started_by\"", 1);
    let why = read(&more, shop(), plan()).unwrap_err().to_string();
    assert!(why.starts_with("unknown field `colour`"), "{why}");
    let wrong = document.replacen("\"web\":500", "\"web\":1001", 1);
    let why = read(&wrong, shop(), plan()).unwrap_err().to_string();
    assert!(why.contains("tenths of a percent, at most 1000"), "{why}");
}
