//! Random worlds for a random plan: traffic, sickness, people, hands and faults, as a scenario's text.

use std::fmt::Write as _;

use super::{
    chance::Chance,
    measures::{Drawn, Measure},
    plans::Draft,
};

/// What a world is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Nothing is wrong but the network.
    Calm,
    /// The canary is or becomes sick.
    Sick,
    /// Whatever can happen happens.
    Wild,
}

const CALLS: [&str; 9] = [
    "store.load",
    "store.commit",
    "store.active",
    "store.guarded_by",
    "router.read",
    "router.write",
    "metrics.read",
    "alarms.read",
    "hooks.run",
];

const FAULTS: [&str; 6] = [
    "timeout-before",
    "timeout-after",
    "throttle",
    "crash-after",
    "late-landing",
    "crash-late-landing",
];

/// A random world for a plan.
pub(super) fn world(chance: &mut Chance, draft: &Draft) -> String {
    let mood = match chance.among(1, 100) {
        1..=35 => Mood::Calm,
        36..=72 => Mood::Sick,
        _ => Mood::Wild,
    };
    let mut text = "lasts: 150m\npatience: 12m\n".to_owned();
    text.push_str(&traffic(chance, draft));
    text.push_str(&healths(chance, draft));
    text.push_str(&people(chance, mood));
    text.push_str(&metrics(chance, draft, mood));
    text.push_str(&alarms(chance, draft, mood));
    text.push_str(&hooks(chance, draft, mood));
    text.push_str(&network(chance));
    let mut faults = faults(chance);
    let mut steps = timeline(chance, draft, mood);
    if chance.happens(8) {
        faults.push(late_write(chance));
        steps.push(early_rollback(chance, draft));
    }
    text.push_str(&section("faults", &faults));
    text.push_str(&section("timeline", &steps));
    text
}

/// A list of the scenario; nothing if it is empty.
fn section(name: &str, entries: &[String]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = entries
        .iter()
        .map(|entry| format!("  - {{ {entry} }}\n"))
        .collect();
    format!("{name}:\n{}", lines.concat())
}

fn traffic(chance: &mut Chance, draft: &Draft) -> String {
    let swing = chance.among(0, 30);
    let sticky = if chance.happens(10) {
        ", sticky: 5m"
    } else {
        ""
    };
    let resolvers = chance.among(4, 60);
    format!(
        "traffic: {{ rate: {:.1}, swing: {swing}%, peak: 01:00, resolvers: {resolvers}{sticky} }}\n",
        draft.usual.rate
    )
}

fn healths(chance: &mut Chance, draft: &Draft) -> String {
    let usual = &draft.usual;
    let better = chance.real(0.6, 1.0);
    format!(
        "stable: {{ errors: {:.4}%, p50: {:.1}ms, p99: {:.1}ms }}\ncanary: {{ errors: {:.4}% }}\n",
        usual.errors * 100.0,
        usual.p50 * 1000.0,
        usual.p99 * 1000.0,
        usual.errors * better * 100.0,
    )
}

fn people(chance: &mut Chance, mood: Mood) -> String {
    let late = if mood == Mood::Wild { 25 } else { 5 };
    let approve = match chance.among(1, 100) {
        1..=3 => "refuse".to_owned(),
        percent if percent <= 3 + late => "never".to_owned(),
        _ => format!("{}m", chance.among(1, 5)),
    };
    let mut habit = |most: u64| {
        if chance.happens(late) {
            "never".to_owned()
        } else {
            format!("{}m", chance.among(1, most))
        }
    };
    let (checklist, finish) = (habit(4), habit(8));
    format!("people: {{ approve: {approve}, checklist: {checklist}, finish: {finish} }}\n")
}

fn metrics(chance: &mut Chance, draft: &Draft, mood: Mood) -> String {
    let mut text = String::new();
    let scripted = draft.metrics.iter().filter(|metric| metric.route.is_none());
    for metric in scripted {
        let (name, value) = (&metric.name, metric.value);
        let line = match metric.measure {
            Measure::Never if chance.happens(60) => format!("  {name}: absent\n"),
            Measure::Never => format!("  {name}: {{ canary: 0 }}\n"),
            _ if mood == Mood::Wild && chance.happens(10) => format!("  {name}: absent\n"),
            Measure::Gauge => {
                let noise = chance.among(0, 10);
                let drifting = if mood == Mood::Sick && chance.happens(30) {
                    let (from, lasts) = (chance.among(2, 40), chance.among(1, 30));
                    let to = value * chance.scaled(0.5, 12.0);
                    format!(", drift: {{ to: {to:.3}s, from: {from}m, for: {lasts}m }}")
                } else {
                    String::new()
                };
                format!(
                    "  {name}: {{ canary: {value:.3}s, stable: {:.3}s, noise: {noise}%{drifting} }}\n",
                    value * chance.real(0.95, 1.3)
                )
            }
            Measure::Tally
            | Measure::Errors
            | Measure::Success
            | Measure::Latency(_)
            | Measure::Requests => {
                format!(
                    "  {name}: {{ canary: {value:.3}, noise: {}% }}\n",
                    chance.among(0, 10)
                )
            }
        };
        text.push_str(&line);
    }
    if text.is_empty() {
        return text;
    }
    format!("metrics:\n{text}")
}

fn alarms(chance: &mut Chance, draft: &Draft, mood: Mood) -> String {
    if draft.alarms.is_empty() {
        return String::new();
    }
    let mut text = "alarms:\n".to_owned();
    for name in &draft.alarms {
        let limit = (draft.usual.errors * chance.scaled(4.0, 40.0)).min(0.5);
        let (of, min) = (chance.among(1, 4), chance.among(10, 60));
        let points = chance.among(1, of);
        let starts = if mood == Mood::Wild && chance.happens(8) {
            "starts: INSUFFICIENT_DATA, "
        } else {
            ""
        };
        let watched = if chance.happens(75) {
            format!("errors: {:.3}%", limit * 100.0)
        } else {
            let slow = draft.usual.latency(950) * chance.real(2.0, 5.0);
            format!("p95: {:.0}ms", (slow * 1000.0).max(2.0))
        };
        let _ = writeln!(
            text,
            "  {name}: {{ {starts}{watched}, points: {points}, of: {of}, min_requests: {min} }}"
        );
    }
    text
}

fn hooks(chance: &mut Chance, draft: &Draft, mood: Mood) -> String {
    let ends: &[&str] = match mood {
        Mood::Calm => &["succeeded", "running"],
        Mood::Sick | Mood::Wild => &["succeeded", "running", "failed"],
    };
    let mut named = draft.hooks.clone();
    named.sort_unstable();
    named.dedup();
    let lines: Vec<String> = named
        .iter()
        .map(|hook| {
            let tries: Vec<&str> = (0..chance.among(1, 3))
                .map(|_| chance.pick(ends).copied().unwrap_or("succeeded"))
                .collect();
            format!("  {hook}: [{}]\n", tries.join(", "))
        })
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("hooks:\n{}", lines.concat())
}

fn network(chance: &mut Chance) -> String {
    let faults = match chance.among(1, 10) {
        1..=5 => 0.0,
        6..=9 => chance.scaled(0.1, 2.0),
        _ => chance.scaled(2.0, 6.0),
    };
    let lost = match chance.among(1, 10) {
        1..=6 => 2,
        7..=9 => chance.among(5, 60),
        _ => 100,
    };
    format!(
        "network: {{ faults: {faults:.2}%, alarms_lost: {lost}%, alarms_doubled: {}%, alarm_delay: {}s, index_lag: {}s, propagation: {}s, insync: {}s, metrics_delay: {}s }}\n",
        chance.among(0, 50),
        chance.among(1, 20),
        chance.among(0, 5),
        chance.among(1, 30),
        chance.among(5, 60),
        chance.among(20, 120),
    )
}

/// A few faults at calls that are named.
fn faults(chance: &mut Chance) -> Vec<String> {
    let count = chance.among(0, 3) * chance.among(0, 1);
    let mut faults = Vec::new();
    for _ in 0..count {
        let (call, kind) = (chance.word(&CALLS), chance.word(&FAULTS));
        let delay = if kind.ends_with("late-landing") {
            format!(", delay: {}s", chance.among(4, 360))
        } else {
            String::new()
        };
        let nth = chance.among(1, 40);
        faults.push(format!("call: {call}, nth: {nth}, kind: {kind}{delay}"));
    }
    faults
}

/// A raise that is sent, given up, and lands minutes later, after whatever was decided in between.
fn late_write(chance: &mut Chance) -> String {
    let kind = chance.word(&["late-landing", "crash-late-landing"]);
    let (nth, delay) = (chance.among(1, 6), chance.among(60, 360));
    format!("call: router.write, nth: {nth}, kind: {kind}, delay: {delay}s")
}

/// A person who sends traffic back soon.
fn early_rollback(chance: &mut Chance, draft: &Draft) -> String {
    let phase = chance.pick(&draft.phases).cloned().unwrap_or_default();
    let after = chance.among(0, 60);
    format!(
        "at: {phase}+{after}s, person: {{ who: bob@shop.example, do: rollback, reason: it is late }}"
    )
}

fn timeline(chance: &mut Chance, draft: &Draft, mood: Mood) -> Vec<String> {
    let mut steps = Vec::new();
    match mood {
        Mood::Calm => {}
        Mood::Sick => {
            for _ in 0..chance.among(1, 3).min(2) {
                steps.extend(sickness(chance, draft));
            }
        }
        Mood::Wild => {
            for _ in 0..chance.among(1, 4) {
                steps.extend(mishap(chance, draft));
            }
        }
    }
    if chance.happens(12) {
        steps.push(outage(chance, draft));
    }
    steps
}

/// A moment of the rollout.
fn moment(chance: &mut Chance, draft: &Draft) -> String {
    if chance.happens(20) {
        return format!("at: {}m", chance.among(0, 50));
    }
    let phase = chance.pick(&draft.phases).cloned().unwrap_or_default();
    if chance.happens(8) {
        return format!("at: watch+{}s", chance.among(0, 300));
    }
    format!("at: {phase}+{}s", chance.among(0, 600))
}

fn lasts(chance: &mut Chance) -> String {
    if chance.happens(80) {
        format!("{}m", chance.among(20, 120))
    } else {
        format!("{}s", chance.among(20, 300))
    }
}

/// What breaks one of the plan's conditions, clearly or hardly.
fn sickness(chance: &mut Chance, draft: &Draft) -> Vec<String> {
    let at = moment(chance, draft);
    let over = if chance.happens(75) {
        chance.scaled(1.6, 12.0)
    } else {
        chance.real(0.7, 1.3)
    };
    let lasts = lasts(chance);
    let aimed = chance.pick(&draft.guards).cloned();
    match aimed {
        Some(drawn) if chance.happens(85) => {
            vec![format!("{at}, {}", broken(&drawn, over, &lasts))]
        }
        Some(_) | None => vec![ill(chance, draft, &at, &lasts)],
    }
}

/// What makes a metric pass its limit so many times over.
fn broken(drawn: &Drawn, over: f64, lasts: &str) -> String {
    let limit = drawn.limit.unwrap_or(drawn.metric.value * 2.0);
    match drawn.metric.measure {
        Measure::Errors => {
            let size = (limit * over).min(1.0) * 100.0;
            format!("error_spike: {{ size: {size:.3}%, for: {lasts} }}")
        }
        Measure::Success => {
            let size = ((1.0 - limit) * over).min(1.0) * 100.0;
            format!("error_spike: {{ size: {size:.3}%, for: {lasts} }}")
        }
        Measure::Latency(_) => {
            let size = (limit / drawn.metric.value * over * 10.0).min(200.0);
            format!("latency_drift: {{ size: {size:.2}, for: 60m }}")
        }
        Measure::Requests => format!("traffic_drop: {{ size: 97%, for: {lasts} }}"),
        Measure::Gauge | Measure::Tally => {
            let value = limit * over;
            let name = &drawn.metric.name;
            format!("data_mismatch: {{ metric: {name}, value: {value:.3}, for: {lasts} }}")
        }
        Measure::Never => {
            let name = &drawn.metric.name;
            format!("data_mismatch: {{ metric: {name}, value: 2, for: {lasts} }}")
        }
    }
}

/// Something that is the matter whatever the plan looks at.
fn ill(chance: &mut Chance, draft: &Draft, at: &str, lasts: &str) -> String {
    let route = chance.pick(&draft.routes).map_or("web", |route| route.name);
    match chance.among(1, 8) {
        1 => format!(
            "{at}, error_spike: {{ size: {}%, for: {lasts} }}",
            chance.among(1, 60)
        ),
        2 => format!(
            "{at}, error_spike: {{ side: both, size: {}%, for: {lasts} }}",
            chance.among(1, 40)
        ),
        3 => format!(
            "{at}, slow_leak: {{ size: {}%, for: {lasts} }}",
            chance.among(2, 60)
        ),
        4 => format!("{at}, outage: {{ side: canary, for: {lasts} }}"),
        5 => format!("{at}, outage: {{ side: canary, route: {route}, for: {lasts} }}"),
        6 => format!("{at}, empty_targets: {{ side: canary, for: {lasts} }}"),
        7 => format!(
            "{at}, traffic_drop: {{ size: {}%, for: {lasts} }}",
            chance.word(&["90", "99", "100"])
        ),
        _ => alarm(chance, draft, at),
    }
}

fn alarm(chance: &mut Chance, draft: &Draft, at: &str) -> String {
    let state = chance.word(&["ALARM", "ALARM", "INSUFFICIENT_DATA", "OK"]);
    match chance.pick(&draft.alarms) {
        Some(name) => format!("{at}, alarm: {{ name: {name}, state: {state} }}"),
        None => format!("{at}, error_spike: {{ size: 30%, for: 60m }}"),
    }
}

/// Something that is no sickness, or one.
fn mishap(chance: &mut Chance, draft: &Draft) -> Vec<String> {
    let at = moment(chance, draft);
    match chance.among(1, 10) {
        1..=3 => sickness(chance, draft),
        4 => {
            let lasts = lasts(chance);
            vec![ill(chance, draft, &at, &lasts)]
        }
        5..=6 => hand(chance, draft, &at),
        7 => vec![outage(chance, draft)],
        _ => person(chance, draft, &at),
    }
}

fn outage(chance: &mut Chance, draft: &Draft) -> String {
    let at = moment(chance, draft);
    let what = chance.word(&["store_outage", "metrics_outage"]);
    format!("{at}, {what}: {{ for: {}s }}", chance.among(20, 400))
}

/// Somebody writes a weight himself; perhaps somebody resumes later.
fn hand(chance: &mut Chance, draft: &Draft, at: &str) -> Vec<String> {
    let route = chance.pick(&draft.routes).map_or("web", |route| route.name);
    let weight = chance.word(&["0%", "0%", "1%", "30%", "100%"]);
    let mut steps = vec![format!(
        "{at}, hand: {{ route: {route}, weight: {weight} }}"
    )];
    if chance.happens(50) {
        steps.push(format!(
            "at: {}m, person: {{ who: ann@shop.example, do: resume, reason: it was me }}",
            chance.among(15, 60)
        ));
    }
    steps
}

/// A person asks for something.
fn person(chance: &mut Chance, draft: &Draft, at: &str) -> Vec<String> {
    let who = "who: ann@shop.example";
    let said = |what: &str| format!("{at}, person: {{ {who}, {what}, reason: it smells }}");
    match chance.among(1, 14) {
        1..=2 => vec![said("do: rollback")],
        3 => vec![said("do: abort")],
        4..=6 => {
            let later = chance.among(10, 60);
            let resume =
                format!("at: {later}m, person: {{ {who}, do: resume, reason: lunch is over }}");
            vec![said("do: pause"), resume]
        }
        7 => vec![said("do: promote")],
        8 => vec![said("do: promote-full")],
        9 => {
            let route = chance.pick(&draft.routes).map_or("web", |route| route.name);
            let weight = chance.word(&["0%", "5%", "40%"]);
            vec![said(&format!(
                "do: set-weight, route: {route}, weight: {weight}"
            ))]
        }
        10 => vec![said("do: override-calendar, for: 2h")],
        11 => vec![said("do: retry")],
        12 => vec![said("do: reject")],
        13 => vec![said("do: finish")],
        _ => vec![said("do: resume")],
    }
}
