//! A plan whose route is not there.

use engine::{
    ports::{Router, Target, Write},
    trouble::WriteError,
};

use super::*;

/// A world in which no route can be read.
struct Lost(World, Trouble);

impl Ports for Lost {
    type Store = World;
    type Router = Self;
    type Metrics = World;
    type Alarms = World;
    type Hooks = World;
    type Clock = World;

    fn store(&self) -> &World {
        &self.0
    }

    fn router(&self) -> &Self {
        self
    }

    fn metrics(&self) -> &World {
        &self.0
    }

    fn alarms(&self) -> &World {
        &self.0
    }

    fn hooks(&self) -> &World {
        &self.0
    }

    fn clock(&self) -> &World {
        &self.0
    }
}

impl Router for Lost {
    async fn read(&self, _: RouteRef<'_>) -> Result<Target, Trouble> {
        Err(self.1.clone())
    }

    async fn write(&self, _: RouteRef<'_>, _: &Write) -> Result<(), WriteError> {
        Err(WriteError::Trouble(self.1.clone()))
    }

    async fn set_drain(&self, _: RouteRef<'_>, _: SignedDuration) -> Result<(), Trouble> {
        Ok(())
    }
}

fn started(world: &World, trouble: Trouble) -> Answer {
    let desk = Desk {
        ports: Lost(world.clone(), trouble),
        archive: Shelf(world.clone()),
        callers: Doorman,
        reports: None,
        teller: None::<Herald>,
    };
    let invocation = invocation(world);
    let payload = sample("start.json");
    let answer = world.invoke("control", TIMEOUT, async move {
        Box::pin(handle(&desk, &payload, &invocation)).await
    });
    answer.expect("it ends in time")
}

#[test]
fn a_route_that_is_not_there_is_found_before_anything_is_decided() {
    let gone = || Trouble::lasting("DescribeRules: the base rule does not exist");
    let world = world();
    let answer = started(&world, gone());
    expect!["Routes: not started: route web: DescribeRules: the base rule does not exist"]
        .assert_eq(&brief(&answer));
    assert!(world.rollout().is_none(), "nothing was decided");

    // What passes is no reason not to begin.
    let answer = started(&world, Trouble::passing("Throttling"));
    assert!(is_ok(&answer), "{answer:?}");
    assert!(world.rollout().is_some());

    // The same request again says what became of it.
    let answer = started(&world, gone());
    assert!(is_ok(&answer), "{answer:?}");
}
