//! A sweep of many active rollouts, in the box: how long the core and its world take, and which calls are made.
//!
//! The rollouts bake, as they do nearly all the time, each on a load balancer of its own. The box has no network, so its
//! time on this machine is what a sweep computes; its virtual time is what one would take with AWS's usual delays.

use std::{
    collections::BTreeMap,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    name::{EventKey, Person},
    plan::Plan,
    time::{SignedDuration, later},
};
use engine::{
    start::{IfActive, StartRequest, start},
    sweep::sweep,
};
use sim::{Scenario, World};

use crate::{
    say,
    table::{Table, millis, percentile},
};

/// How many rollouts are active, and how many sweeps are measured.
const SIZES: [(usize, usize); 3] = [(1, 200), (100, 20), (10_000, 3)];

const PLAN: &str = "../events/shop.yaml";

/// Far beyond what a sweep takes: what it would take is the question.
const SWEEP_LASTS: SignedDuration = SignedDuration::from_hours(12);

const START_LASTS: SignedDuration = SignedDuration::from_mins(1);

/// Longer than the index of active rollouts is behind.
const INDEX_LASTS: SignedDuration = SignedDuration::from_mins(1);

/// What sweeps of so many rollouts came to.
struct Swept {
    took: Duration,
    /// With the delays that the box gives to calls.
    lasted: SignedDuration,
    /// By the names of the ports' methods, of one sweep.
    calls: BTreeMap<&'static str, u64>,
}

/// Measures and tells.
pub(crate) fn measure() -> Result<(), String> {
    let mut table = Table::new(&[
        "active rollouts",
        "a sweep computes, ms",
        "for each rollout, µs",
        "calls",
        "for each rollout",
        "with the box's delays, s",
    ]);
    let mut calls = Vec::new();
    for (size, times) in SIZES {
        let swept = swept(size, times)?;
        let rollouts = u32::try_from(size).unwrap_or(u32::MAX);
        let made: u64 = swept.calls.values().sum();
        let each = swept.took.checked_div(rollouts).unwrap_or_default();
        let made_for_each = u32::try_from(made).map_or(0.0, f64::from) / f64::from(rollouts);
        table.row(vec![
            size.to_string(),
            millis(swept.took),
            format!("{:.1}", each.as_secs_f64() * 1e6),
            made.to_string(),
            format!("{made_for_each:.2}"),
            format!("{:.1}", swept.lasted.as_secs_f64()),
        ]);
        let counts = swept.calls.iter();
        let counts: Vec<String> = counts
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        calls.push(format!("{size} active: {}", counts.join(", ")));
    }
    let mut lines = vec!["A sweep of rollouts that bake, sixteen visits at a time".to_owned()];
    lines.extend(table.lines());
    lines.extend(calls);
    say(&lines);
    Ok(())
}

/// The sample plan, for one of many services with routes and alarms of their own; its first phase does not end.
fn plan(text: &str, n: usize) -> Result<Arc<Plan>, String> {
    let text = text
        .replace("service: shop", &format!("service: shop-{n}"))
        .replace("app/shop/50dc6c495c0c9188", &format!("app/shop/{n:016x}"))
        .replace(":shop-broken", &format!(":shop-{n}-broken"))
        .replace("bake: 3m", "bake: 90d");
    let checked = plan::parse(&text).map_err(|_| format!("{PLAN} is not a good plan"))?;
    Ok(Arc::new(checked.plan))
}

/// A world in which so many rollouts have begun.
fn begun(size: usize) -> Result<World, String> {
    let text = fs::read_to_string(PLAN).map_err(|why| format!("{PLAN}: {why}"))?;
    let world = World::new(plan(&text, 0)?, Scenario::default(), 1);
    for n in 0..size {
        let plan = plan(&text, n)?;
        if n > 0 {
            world.install(&plan);
        }
        let request = StartRequest {
            plan,
            by: Person::new("ann"),
            key: EventKey::new(&format!("start {n}")),
            active: IfActive::Refuse,
            override_reason: None,
        };
        let (ports, deadline) = (world.clone(), later(world.now(), START_LASTS));
        let started = world.invoke("start", START_LASTS, async move {
            start(&ports, &request, deadline).await
        });
        let started = started.ok_or("a start does not end")?;
        started.map_err(|why| format!("rollout {n} does not start: {why}"))?;
    }
    world.pass(INDEX_LASTS);
    Ok(world)
}

/// One sweep, in which every rollout must be visited and go on baking.
fn once(world: &World, size: usize) -> Result<(), String> {
    let (ports, deadline) = (world.clone(), later(world.now(), SWEEP_LASTS));
    let swept = world.invoke("advance", SWEEP_LASTS, async move {
        sweep(&ports, deadline).await
    });
    let swept = swept.ok_or("a sweep does not end")?;
    let visits = swept.map_err(|why| why.to_string())?.visits;
    if visits.len() != size {
        return Err(format!("{} of {size} rollouts were visited", visits.len()));
    }
    for (id, visited) in visits {
        let rollout = visited.map_err(|why| format!("{id}: {why}"))?;
        if rollout.status.name() != "baking" {
            return Err(format!("{id} is {}", rollout.status.name()));
        }
    }
    Ok(())
}

fn swept(size: usize, times: usize) -> Result<Swept, String> {
    let world = begun(size)?;
    // The first visit finds what only the first can.
    once(&world, size)?;
    let (mut took, mut lasted) = (Vec::new(), Vec::new());
    let mut calls = BTreeMap::new();
    for _ in 0..times {
        world.pass(SignedDuration::from_mins(1));
        let (counts, began, now) = (world.call_counts(), Instant::now(), world.now());
        once(&world, size)?;
        took.push(began.elapsed());
        lasted.push(world.now().duration_since(now));
        calls = world.call_counts();
        for (name, count) in &mut calls {
            *count -= counts.get(name).copied().unwrap_or(0);
        }
        calls.retain(|_, count| *count > 0);
    }
    Ok(Swept {
        took: percentile(&took, 50),
        lasted: percentile(&lasted, 50),
        calls,
    })
}
