//! A route through its life, with writes that come late.

use std::{fmt::Write as _, sync::Arc};

use domain::{
    name::{RolloutId, RouteName},
    plan::Plan,
    target::{Carrier, Goal, Leftover, Seen},
    time::{SignedDuration, later},
    traffic::{Epoch, Weight},
};
use engine::{
    ports::{Clock as _, FenceToken, Ports, RouteRef, Router as _, Target, Write},
    trouble::WriteError,
};
use expect_test::{Expect, expect};

/// The most writes that bring a route to a goal.
const WRITES_MAX: u32 = 3;

/// A route of a plan, and what was seen of it.
struct Story<'a, P> {
    ports: &'a P,
    plan: &'a Plan,
    owner: RolloutId,
    name: RouteName,
    told: String,
}

fn percent(percent: u16) -> Goal {
    Goal::Weight(Weight::from_permille(percent * 10).expect("a weight"))
}

fn show(seen: &Seen) -> String {
    let carrier = match seen.carrier {
        Carrier::Missing => "nothing carries it",
        Carrier::Ready => "carried",
    };
    let leftover = match seen.leftover {
        Leftover::None => "nothing is left",
        Leftover::Some => "something is left",
    };
    let epoch = seen
        .epoch
        .map_or_else(String::new, |epoch| format!(", epoch {epoch}"));
    format!(
        "{} over {}, {carrier}, {leftover}{epoch}",
        seen.weight, seen.base
    )
}

impl<P: Ports> Story<'_, P> {
    fn route(&self) -> RouteRef<'_> {
        RouteRef {
            owner: &self.owner,
            name: &self.name,
            route: self
                .plan
                .routes
                .get(&self.name)
                .expect("a route of the plan"),
            guards: &self.plan.alarms,
        }
    }

    async fn read(&mut self) -> Target {
        let target = self
            .ports
            .router()
            .read(self.route())
            .await
            .expect("an answer");
        let shown = show(&target.seen);
        writeln!(self.told, "    {shown}").expect("memory");
        target
    }

    async fn write(&mut self, what: &str, goal: Goal, epoch: u64, fence: &FenceToken) {
        let write = Write {
            goal,
            epoch: Epoch(epoch),
            fence: fence.clone(),
            deadline: later(self.ports.clock().now(), SignedDuration::from_secs(10)),
        };
        let said = match self.ports.router().write(self.route(), &write).await {
            Ok(()) => "taken".to_owned(),
            Err(WriteError::Fenced) => "refused".to_owned(),
            Err(WriteError::Trouble(trouble)) => format!("trouble: {trouble}"),
        };
        writeln!(self.told, "{what}: {said}").expect("memory");
    }

    /// Reads and writes until the goal is met.
    async fn reach(&mut self, what: &str, goal: Goal, epoch: u64) -> Target {
        for _ in 0..WRITES_MAX {
            let target = self
                .ports
                .router()
                .read(self.route())
                .await
                .expect("an answer");
            if target.seen.reaches(goal, Epoch(epoch)) {
                break;
            }
            self.write(what, goal, epoch, &target.fence).await;
        }
        self.read().await
    }
}

/// What a target refuses of what comes late. Where it takes everything, an adapter may look again before it sends, and
/// need not: that is no part of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refuses {
    /// Everything that is older than what stands there.
    Older,
    /// What is meant for something that is gone.
    Gone,
    /// Nothing.
    Nothing,
}

/// Tells the life of a route through its ports.
async fn life<P: Ports>(ports: &P, plan: Arc<Plan>, route: &str, refuses: Refuses) -> String {
    let mut story = Story {
        ports,
        plan: &plan,
        owner: RolloutId {
            service: plan.service.clone(),
            number: 1,
        },
        name: RouteName::new(route).expect("a name"),
        told: String::new(),
    };
    let first = story.read().await;
    let prepared = story.reach("prepare", Goal::Prepared, 1).await;
    let fifth = story.reach("20%", percent(20), 2).await;
    if refuses == Refuses::Older {
        let old = &prepared.fence;
        story
            .write("50% on an old reading", percent(50), 3, old)
            .await;
        story.read().await;
    }
    story.reach("restore", Goal::Restored, 4).await;
    if refuses != Refuses::Nothing {
        let old = &fifth.fence;
        story
            .write("50% after the rollback", percent(50), 3, old)
            .await;
        story.read().await;
        let old = &first.fence;
        story
            .write("prepare after the rollback", Goal::Prepared, 1, old)
            .await;
        story.read().await;
        story.reach("restore", Goal::Restored, 5).await;
    }
    story.reach("prepare", Goal::Prepared, 6).await;
    story.reach("100%", percent(100), 7).await;
    story.reach("finish", Goal::Finished, 8).await;
    story.reach("back", Goal::Restored, 9).await;
    story.told
}

/// A kind of route, and how its life goes.
pub(crate) struct Kind {
    /// What its plan calls it.
    pub(crate) route: &'static str,
    refuses: Refuses,
    expected: Expect,
}

/// A rule of ours.
pub(crate) fn owned() -> Kind {
    Kind {
        route: "owned",
        refuses: Refuses::Gone,
        expected: expect![[r#"
                0% over 0%, nothing carries it, nothing is left
            prepare: taken
                0% over 0%, carried, something is left
            20%: taken
                20% over 0%, carried, something is left
            restore: taken
                0% over 0%, nothing carries it, nothing is left
            50% after the rollback: refused
                0% over 0%, nothing carries it, nothing is left
            prepare after the rollback: taken
                0% over 0%, carried, something is left
            restore: taken
                0% over 0%, nothing carries it, nothing is left
            prepare: taken
                0% over 0%, carried, something is left
            100%: taken
                100% over 0%, carried, something is left
            finish: taken
            finish: taken
                100% over 100%, nothing carries it, nothing is left
            back: taken
                0% over 0%, nothing carries it, nothing is left
        "#]],
    }
}

/// The team's rule.
pub(crate) fn in_place() -> Kind {
    Kind {
        route: "in-place",
        refuses: Refuses::Nothing,
        expected: expect![[r#"
                0% over 0%, carried, nothing is left
                0% over 0%, carried, nothing is left
            20%: taken
                20% over 20%, carried, something is left
            restore: taken
                0% over 0%, carried, nothing is left
                0% over 0%, carried, nothing is left
            100%: taken
                100% over 100%, carried, something is left
            finish: taken
                100% over 100%, carried, nothing is left
            back: taken
                0% over 0%, carried, nothing is left
        "#]],
    }
}

/// Weighted records.
pub(crate) fn records() -> Kind {
    Kind {
        route: "records",
        refuses: Refuses::Older,
        expected: expect![[r#"
                0% over 0%, nothing carries it, nothing is left
            prepare: taken
                0% over 0%, carried, something is left, epoch 1
            20%: taken
                20% over 20%, carried, something is left, epoch 2
            50% on an old reading: refused
                20% over 20%, carried, something is left, epoch 2
            restore: taken
                0% over 0%, nothing carries it, nothing is left
            50% after the rollback: refused
                0% over 0%, nothing carries it, nothing is left
            prepare after the rollback: taken
                0% over 0%, carried, something is left, epoch 1
            restore: taken
                0% over 0%, nothing carries it, nothing is left
            prepare: taken
                0% over 0%, carried, something is left, epoch 6
            100%: taken
                100% over 100%, carried, something is left, epoch 7
            finish: taken
                100% over 100%, nothing carries it, nothing is left
            back: taken
                0% over 0%, nothing carries it, nothing is left
        "#]],
    }
}

/// An alias.
pub(crate) fn alias() -> Kind {
    Kind {
        route: "alias",
        refuses: Refuses::Older,
        expected: expect![[r#"
                0% over 0%, carried, nothing is left, epoch 0
            prepare: taken
                0% over 0%, carried, nothing is left, epoch 1
            20%: taken
                20% over 20%, carried, something is left, epoch 2
            50% on an old reading: refused
                20% over 20%, carried, something is left, epoch 2
            restore: taken
                0% over 0%, carried, nothing is left, epoch 4
            50% after the rollback: refused
                0% over 0%, carried, nothing is left, epoch 4
            prepare after the rollback: refused
                0% over 0%, carried, nothing is left, epoch 4
            restore: taken
                0% over 0%, carried, nothing is left, epoch 5
            prepare: taken
                0% over 0%, carried, nothing is left, epoch 6
            100%: taken
                100% over 100%, carried, something is left, epoch 7
            finish: taken
                100% over 100%, carried, nothing is left, epoch 8
            back: taken
                0% over 0%, carried, nothing is left, epoch 9
        "#]],
    }
}

/// Holds a route's life through these ports to what everybody must say.
pub(crate) async fn hold<P: Ports>(ports: &P, plan: Arc<Plan>, kind: Kind) {
    let told = life(ports, plan, kind.route, kind.refuses).await;
    kind.expected.assert_eq(&told);
}
