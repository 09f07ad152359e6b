//! The end of a rollout that the team's own tooling brings about.

use engine::visit::visit;

use super::*;

/// A world in which everything waits for the team to make the canary the new stable.
fn waiting() -> World {
    let text = PLAN.replace(
        "    approval: { from: [leads], needed: 2, expires: 24h, otherwise: hold }\n",
        "",
    ) + "finish: manual\n";
    let plan = Arc::new(plan::parse(&text).unwrap().plan);
    let world = World::new(plan, Scenario::default(), 11);
    let start = json!({ "start": { "plan": text, "supersede": false, "reason": null } });
    let begun = asked(&world, &request("the-start", &start));
    assert!(is_ok(&begun), "{begun:?}");
    let promote = json!({ "promote-full": { "reason": "hotfix" } });
    let promoted = asked(&world, &ask_for("a-promotion", &promote));
    assert!(is_ok(&promoted), "{promoted:?}");
    for _ in 0..30 {
        let head = world.rollout().unwrap();
        if head.status == Status::AwaitingFinish {
            return world;
        }
        world.pass(SignedDuration::from_mins(1));
        let (ports, ends) = (world.clone(), later(world.now(), TIMEOUT));
        let visit = async move { visit(&ports, head, ends).await };
        let visited = world.invoke("sweep", TIMEOUT, visit);
        assert!(matches!(visited, Some(Ok(_))), "{visited:?}");
    }
    panic!("{:?}", world.rollout());
}

#[test]
fn what_the_team_has_just_made_of_its_rule_counts() {
    let world = waiting();
    let finish = |key| asked(&world, &ask_for(key, &json!({ "finish": {} })));
    expect!["Refused: web would send 0% to the canary without Tidegate's rule; make the canary the new stable first"].assert_eq(&brief(&finish("too-soon")));
    world.hand_over();
    // At once, and not when the next sweep has seen it.
    expect!["shop#1 is completed, by arn:aws:iam::123456789012:user/kim"]
        .assert_eq(&brief(&finish("in-good-time")));
}
