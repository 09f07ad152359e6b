//! Load balancers: a rule of our own before the team's, and the team's own action, against an emulated `ELBv2`.

pub(crate) mod bench;
mod moto;

use aws::alb::{Standing, Taken};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateOidcActionConfig, RuleCondition,
};
use domain::{
    name::RolloutId,
    plan::route::{AlbBase, AlbMode},
    target::Goal,
    time::SignedDuration,
    traffic::Weight,
};
use engine::trouble::{Chance, WriteError};
use expect_test::expect;
use futures_util::future::join_all;

use self::bench::{Bench, alarm, guard, host, path, percent, to_group};
use crate::bed::Bed;

const OWNED: AlbMode = AlbMode::Owned { priority: 10 };

#[test]
fn an_owned_rule_from_its_beginning_to_its_end() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "life").await;
        let base = bench
            .rule(100, vec![host("shop.example"), path("/*")])
            .await;
        let route = bench.route(AlbBase::Rule(base), OWNED);
        bench.route = Some(route);
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
        bench.step(Goal::Prepared).await.unwrap();
        bench
            .rules(&expect![[r"
                10: host-header shop.example, path-pattern /* -> stable 999, canary 0
                100: host-header shop.example, path-pattern /* -> stable 1
                default: -> stable 1
            "]])
            .await;
        bench
            .seen(&expect!["0%, base 0%, Ready, leftover Some"])
            .await;
        bench.step(percent(5)).await.unwrap();
        bench
            .seen(&expect!["5%, base 0%, Ready, leftover Some"])
            .await;
        bench.step(percent(100)).await.unwrap();
        bench
            .seen(&expect!["100%, base 0%, Ready, leftover Some"])
            .await;
        bench.step(Goal::Finished).await.unwrap();
        bench
            .seen(&expect!["100%, base 100%, Ready, leftover Some"])
            .await;
        bench.step(Goal::Finished).await.unwrap();
        bench
            .rules(&expect![[r"
                100: host-header shop.example, path-pattern /* -> canary 1
                default: -> stable 1
            "]])
            .await;
        bench
            .seen(&expect!["100%, base 100%, Missing, leftover None"])
            .await;
        // And back.
        bench.step(Goal::Restored).await.unwrap();
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
    });
}

#[test]
fn what_lands_late_finds_no_rule_or_carries_nothing() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "late").await;
        let base = bench.rule(100, vec![path("/*")]).await;
        bench.route = Some(bench.route(AlbBase::Rule(base), OWNED));
        let nothing = bench.read().await.fence;
        bench.step(Goal::Prepared).await.unwrap();
        bench.step(percent(25)).await.unwrap();
        let carried = bench.read().await.fence;
        bench.step(Goal::Restored).await.unwrap();
        let late = bench.write(percent(50), carried.clone()).await;
        assert_eq!(late, Err(WriteError::Fenced));
        assert_eq!(
            bench.write(Goal::Restored, carried).await,
            Err(WriteError::Fenced)
        );
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
        // A late creation is at 0 %, and is seen as something left over.
        bench.write(percent(50), nothing).await.unwrap();
        bench
            .seen(&expect!["0%, base 0%, Ready, leftover Some"])
            .await;
        bench.step(Goal::Restored).await.unwrap();
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
    });
}

#[test]
fn a_rule_that_cannot_be_made_says_why() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "place").await;
        let base = bench.rule(100, vec![host("shop.example")]).await;
        bench.rule(10, vec![host("taken.example")]).await;
        bench.rule(50, vec![path("/api/*")]).await;
        let mut prepare = async |priority: u16, expected: &expect_test::Expect| {
            let mode = AlbMode::Owned { priority };
            bench.route = Some(bench.route(AlbBase::Rule(base.clone()), mode));
            bench.refused(Goal::Prepared, Chance::Lasting, expected).await;
        };
        prepare(10, &expect!["CreateRule: at priority 10 the rule would take requests from rule 50 (priority 50), which stands before the base rule rule 100; give the route a priority after it"]).await;
        prepare(100, &expect!["CreateRule: priority 100 is not before the base rule rule 100, which has 100: the rule would never match"]).await;
        bench.rule(60, vec![host("other.example")]).await;
        let mut prepare = async |priority: u16, expected: &expect_test::Expect| {
            let mode = AlbMode::Owned { priority };
            bench.route = Some(bench.route(AlbBase::Rule(base.clone()), mode));
            bench.refused(Goal::Prepared, Chance::Lasting, expected).await;
        };
        prepare(60, &expect!["CreateRule: PriorityInUse: another rule of the listener has priority 60; give the route a free one"]).await;
    });
}

#[test]
fn a_new_rollout_takes_the_rule_over_by_its_tags_alone() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "over").await;
        let base = bench.rule(100, vec![path("/*")]).await;
        bench.route = Some(bench.route(AlbBase::Rule(base), OWNED));
        bench.guards = vec![guard("5xx"), guard("down")];
        bench.step(Goal::Prepared).await.unwrap();
        bench.step(percent(25)).await.unwrap();
        bench.owner = RolloutId::parse("shop#8").unwrap();
        bench.guards = vec![guard("slow")];
        bench
            .seen(&expect!["25%, base 0%, Missing, leftover Some"])
            .await;
        bench.step(Goal::Prepared).await.unwrap();
        bench
            .seen(&expect!["25%, base 0%, Ready, leftover Some"])
            .await;
        let listeners = [bench.listener.clone()];
        let marked = async |name: &str| {
            let found = bench.alb.marked(&listeners, &alarm(name)).await.unwrap();
            let found = found.into_iter();
            let names: Vec<String> = found
                .map(|one| format!("{} {}", one.owner, one.name))
                .collect();
            names.join(", ")
        };
        assert_eq!(marked("slow").await, "shop#8 web");
        assert_eq!(marked("5xx").await, "");
        // Another service that wants the same rule is not given this one.
        bench.owner = RolloutId::parse("pay#1").unwrap();
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
    });
}

#[test]
fn a_rule_is_found_by_an_alarm_wherever_somebody_has_moved_it() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "marks").await;
        // More rules than one call gives the tags of.
        for priority in 200..225 {
            bench.rule(priority, vec![host("other.example")]).await;
        }
        let route = bench.route(
            AlbBase::Default(bench.listener.clone()),
            AlbMode::Owned { priority: 300 },
        );
        bench.route = Some(route.clone());
        bench.guards = vec![guard("5xx")];
        bench.step(Goal::Prepared).await.unwrap();
        let listeners = [
            bench.listener.clone(),
            bench.listener.replace("/app/", "/app/gone"),
        ];
        let found = bench.alb.marked(&listeners, &alarm("5xx")).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].route, domain::plan::route::Route::Alb(route));
        let gone = bench.alb.marked(&listeners[1..], &alarm("5xx")).await;
        assert!(gone.is_err_and(|trouble| trouble.what.contains("ListenerNotFound")));
        bench.move_rule(300, 7).await;
        bench.step(percent(10)).await.unwrap();
        bench
            .seen(&expect!["10%, base 0%, Ready, leftover Some"])
            .await;
        bench.step(Goal::Restored).await.unwrap();
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
    });
}

#[test]
fn a_default_action_gets_a_rule_that_matches_everything_and_is_flipped_at_the_end() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "default").await;
        bench.route = Some(bench.route(AlbBase::Default(bench.listener.clone()), OWNED));
        bench.step(Goal::Prepared).await.unwrap();
        bench.step(percent(1)).await.unwrap();
        bench
            .rules(&expect![[r"
                10: path-pattern * -> stable 990, canary 10
                default: -> stable 1
            "]])
            .await;
        bench.step(Goal::Finished).await.unwrap();
        bench.step(Goal::Finished).await.unwrap();
        bench
            .rules(&expect![[r"
            default: -> canary 1
        "]])
            .await;
        bench.step(Goal::Restored).await.unwrap();
        bench
            .rules(&expect![[r"
            default: -> stable 1
        "]])
            .await;
    });
}

fn oidc() -> Action {
    let config = AuthenticateOidcActionConfig::builder()
        .issuer("https://id.example")
        .authorization_endpoint("https://id.example/a")
        .token_endpoint("https://id.example/t")
        .user_info_endpoint("https://id.example/u")
        .client_id("shop")
        .client_secret("secret");
    Action::builder()
        .r#type(ActionTypeEnum::AuthenticateOidc)
        .order(1)
        .authenticate_oidc_config(config.build())
        .build()
}

#[test]
fn in_place_everything_but_the_weights_stays() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "place2").await;
        let forward = to_group(&bench.stable, Some(300));
        let conditions: Vec<RuleCondition> = vec![host("shop.example"), path("/*")];
        let base = bench.rule_with(100, conditions, vec![oidc(), forward]).await;
        bench.route = Some(bench.route(AlbBase::Rule(base.clone()), OWNED));
        bench.refused(Goal::Prepared, Chance::Lasting, &expect!["the base rule rule 100 signs people in with OIDC: CreateRule wants the client's secret, which ELBv2 does not give out; use the route in place"]).await;
        bench.route = Some(bench.route(AlbBase::Rule(base), AlbMode::InPlace));
        bench.seen(&expect!["0%, base 0%, Ready, leftover None"]).await;
        bench.step(percent(20)).await.unwrap();
        bench
            .rules(&expect![[r"
                100: host-header shop.example, path-pattern /* -> authenticate-oidc, stable 800, canary 200, sticky 300 s
                default: -> stable 1
            "]])
            .await;
        bench.step(Goal::Weight(Weight::ZERO)).await.unwrap();
        bench.seen(&expect!["0%, base 0%, Ready, leftover Some"]).await;
        bench.step(Goal::Restored).await.unwrap();
        bench
            .rules(&expect![[r"
                100: host-header shop.example, path-pattern /* -> authenticate-oidc, stable 1
                default: -> stable 1
            "]])
            .await;
        bench.seen(&expect!["0%, base 0%, Ready, leftover None"]).await;
        bench.step(Goal::Finished).await.unwrap();
        bench.seen(&expect!["100%, base 100%, Ready, leftover None"]).await;
    });
}

#[test]
fn in_place_on_a_listener_the_last_writer_wins() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "listener").await;
        bench.route = Some(bench.route(AlbBase::Default(bench.listener.clone()), AlbMode::InPlace));
        let before = bench.read().await.fence;
        bench.step(percent(50)).await.unwrap();
        // A raise is made only of what was seen.
        let raised = bench.write(percent(70), before.clone()).await;
        assert_eq!(raised, Err(WriteError::Fenced));
        // A rollback is made of anything.
        bench.write(Goal::Restored, before).await.unwrap();
        bench
            .rules(&expect![[r"
            default: -> stable 1
        "]])
            .await;
    });
}

#[test]
fn a_group_that_somebody_else_has_listed_stays() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "third").await;
        let third = bench.group("c").await;
        let forward = Bench::to_all(&[(&bench.stable, 60), (&bench.canary, 20), (&third, 20)]);
        let base = bench.rule_with(100, vec![path("/*")], vec![forward]).await;
        bench.route = Some(bench.route(AlbBase::Rule(base), AlbMode::InPlace));
        bench.seen(&expect!["20%, base 20%, Ready, leftover Some"]).await;
        let expected = expect!["the base rule rule 100 forwards to a target group that is neither stable nor canary: group c"];
        bench.refused(percent(50), Chance::Lasting, &expected).await;
        bench.step(Goal::Restored).await.unwrap();
        bench
            .rules(&expect![[r"
                100: path-pattern /* -> stable 80, group c 20
                default: -> stable 1
            "]])
            .await;
        bench.seen(&expect!["0%, base 0%, Ready, leftover None"]).await;
    });
}

#[test]
fn no_weight_for_a_canary_without_targets_and_no_refusal_for_a_rollback() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "health").await;
        let base = bench.rule(100, vec![path("/*")]).await;
        let route = bench.route(AlbBase::Rule(base), OWNED);
        bench.route = Some(route.clone());
        bench.step(Goal::Prepared).await.unwrap();
        bench.deregister(&bench.canary).await;
        let expected =
            expect!["the canary's target group has no healthy target: none is registered"];
        bench.refused(percent(5), Chance::Passing, &expected).await;
        bench
            .seen(&expect!["0%, base 0%, Ready, leftover Some"])
            .await;
        bench.register(&bench.canary).await;
        bench.step(percent(5)).await.unwrap();
        bench.deregister(&bench.canary).await;
        bench.deregister(&bench.stable).await;
        let health = bench.alb.health(&route).await.unwrap();
        assert_eq!((health.stable.registered, health.canary.healthy), (0, 0));
        // Less is always given, and everything taken back.
        bench.step(percent(1)).await.unwrap();
        bench.step(Goal::Restored).await.unwrap();
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
    });
}

#[test]
fn many_writers_at_once_make_one_rule_and_after_the_deadline_none() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "many").await;
        let base = bench.rule(100, vec![path("/*")]).await;
        bench.route = Some(bench.route(AlbBase::Rule(base), OWNED));
        let fence = bench.read().await.fence;
        let late = bench
            .write_at(Goal::Prepared, fence.clone(), SignedDuration::ZERO)
            .await;
        assert!(
            matches!(late, Err(WriteError::Trouble(trouble)) if trouble.chance == Chance::Passing)
        );
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
        let writes = (0..8).map(|_| bench.write(Goal::Prepared, fence.clone()));
        let made = join_all(writes).await.into_iter().flatten().count();
        assert_eq!(made, 1);
        // Raises and a rollback, all decided on the same sight: whatever their order, the rule is gone.
        let fence = bench.read().await.fence;
        let goals = [
            percent(5),
            percent(10),
            Goal::Restored,
            percent(50),
            percent(100),
        ];
        join_all(goals.map(|goal| bench.write(goal, fence.clone()))).await;
        bench
            .seen(&expect!["0%, base 0%, Missing, leftover None"])
            .await;
    });
}

#[test]
fn the_canary_gets_time_to_finish_what_it_is_doing() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "drain").await;
        bench.route = Some(bench.route(AlbBase::Default(bench.listener.clone()), OWNED));
        let route = bench.route.clone().unwrap();
        bench
            .alb
            .set_drain(&route, SignedDuration::from_secs(30))
            .await
            .unwrap();
        assert_eq!(bench.drain(&bench.canary).await.as_deref(), Some("30"));
        assert_ne!(bench.drain(&bench.stable).await.as_deref(), Some("30"));
    });
}

#[test]
fn what_a_route_stands_on_is_seen_before_anything_is_started() {
    let bed = Bed::shared();
    bed.run(async {
        let mut bench = Bench::new(bed.clients().balancers, "standing").await;
        let base = bench.rule(100, vec![path("/*")]).await;
        let gone = format!("{base}0");
        let route = bench.route(AlbBase::Rule(base), OWNED);
        bench.route = Some(route.clone());
        let standing = async |route| bench.alb.standing(route).await.unwrap();
        let alone = Standing {
            forwards: vec![(bench.stable.clone(), 1)],
            priority: Some(100),
            taken: None,
        };
        assert_eq!(standing(&route).await, Some(alone.clone()));
        let listener = bench.route(AlbBase::Default(bench.listener.clone()), OWNED);
        let after_all = Standing {
            priority: None,
            ..alone.clone()
        };
        assert_eq!(standing(&listener).await, Some(after_all));
        let nothing = bench.route(AlbBase::Rule(gone), OWNED);
        assert_eq!(standing(&nothing).await, None);
        bench.step(Goal::Prepared).await.unwrap();
        let ours = Some(Taken::By(bench.owner.clone()));
        assert_eq!(standing(&route).await.unwrap().taken, ours);
        bench.step(Goal::Restored).await.unwrap();
        bench.rule(10, vec![host("other.example")]).await;
        let taken = standing(&route).await.unwrap().taken;
        assert_eq!(taken, Some(Taken::ByOthers));
        let targets = async |group: &str| bench.alb.targets(group).await.unwrap();
        assert_eq!(targets(&bench.stable).await.unwrap().healthy, 1);
        assert_eq!(targets(&format!("{}0", bench.stable)).await, None);
    });
}
