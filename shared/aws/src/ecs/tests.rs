//! Who deploys behind a load balancer, from what ECS answers; what the emulator cannot be brought to say.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::script::{Answer, Script, run};

const CLUSTER: &str = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod";
const RULE: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/1/2/3";

fn group(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{name}/1")
}

fn ok(body: Value) -> Answer {
    Answer::Json(200, body)
}

fn service(fields: &Value) -> Value {
    let mut service = json!({
        "serviceName": "web",
        "clusterArn": CLUSTER,
        "status": "ACTIVE",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:41",
        "loadBalancers": [{ "targetGroupArn": group("new"), "containerName": "web", "containerPort": 8080 }],
        "deployments": [deployment("PRIMARY", "COMPLETED", 41)],
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        service[name] = value.clone();
    }
    service
}

fn deployment(status: &str, rollout: &str, revision: u32) -> Value {
    json!({
        "id": format!("ecs-svc/{revision}"),
        "status": status,
        "rolloutState": rollout,
        "taskDefinition": format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:{revision}"),
        "createdAt": 1_764_100_000 + i64::from(revision),
    })
}

fn found(answers: Vec<Answer>) -> (Found, Script) {
    let script = Script::new(answers);
    let ecs = Ecs::new(&script.config());
    (run(ecs.services()), script)
}

/// The one service of the one cluster.
fn read(fields: &Value) -> Found {
    let answers = vec![
        ok(json!({ "clusterArns": [CLUSTER] })),
        ok(json!({ "serviceArns": ["web"] })),
        ok(json!({ "services": [service(fields)], "failures": [] })),
    ];
    found(answers).0
}

fn check(fields: &Value, expected: &Expect) {
    let found = read(fields);
    assert_eq!(found.unseen, BTreeSet::new());
    let said: Vec<String> = found
        .services
        .iter()
        .map(|service| format!("{:?} {:?}", service.mover, service.progress))
        .collect();
    expected.assert_eq(&said.join("\n"));
}

#[test]
fn an_account_without_ecs_is_empty() {
    let (found, script) = found(vec![ok(json!({ "clusterArns": [] }))]);
    assert_eq!(found, Found::default());
    assert_eq!(script.asked().len(), 1);
}

#[test]
fn every_page_is_read_and_ten_services_are_described_at_a_time() {
    let names: Vec<String> = (0..11).map(|n| format!("web-{n}")).collect();
    let (found, script) = found(vec![
        ok(json!({ "clusterArns": [], "nextToken": "more-clusters" })),
        ok(json!({ "clusterArns": [CLUSTER] })),
        ok(json!({ "serviceArns": names[..3], "nextToken": "more-services" })),
        ok(json!({ "serviceArns": names[3..] })),
        ok(json!({ "services": [service(&json!({}))] })),
        ok(json!({ "services": [service(&json!({ "serviceName": "last" }))] })),
    ]);
    let names: Vec<&str> = found.services.iter().map(|found| &*found.name).collect();
    assert_eq!(names, ["web", "last"]);
    assert_eq!(found.unseen, BTreeSet::new());
    let asked = script.asked();
    assert!(asked[1].says("more-clusters"));
    assert!(asked[3].says("more-services"));
    assert!(asked[4].says("web-9") && !asked[4].says("web-10"));
    assert!(asked[5].says("web-10"));
}

#[test]
fn what_may_not_be_looked_at_is_named_once_and_the_rest_is_seen() {
    let denied = || {
        let error = json!({ "__type": "AccessDeniedException", "message": "not authorized" });
        Answer::Json(400, error)
    };
    let (nothing, _) = found(vec![denied()]);
    expect![[r#"{"who asks lacks ecs:ListClusters"}"#]].assert_eq(&format!("{:?}", nothing.unseen));
    let (some, _) = found(vec![
        ok(json!({ "clusterArns": ["a", "b", CLUSTER] })),
        denied(),
        denied(),
        ok(json!({ "serviceArns": ["web"] })),
        ok(json!({ "services": [service(&json!({}))] })),
    ]);
    expect![[r#"{"who asks lacks ecs:ListServices"}"#]].assert_eq(&format!("{:?}", some.unseen));
    assert_eq!(some.services.len(), 1);
}

#[test]
fn a_cluster_that_was_just_deleted_is_no_trouble() {
    let gone = json!({ "__type": "ClusterNotFoundException", "message": "Cluster not found." });
    let (found, _) = found(vec![
        ok(json!({ "clusterArns": [CLUSTER] })),
        Answer::Json(400, gone),
    ]);
    assert_eq!(found, Found::default());
}

#[test]
fn a_call_that_is_not_answered_is_a_reason() {
    let (found, _) = found(vec![Answer::Refusal]);
    expect![[r#"{"ListClusters could not be sent"}"#]].assert_eq(&format!("{:?}", found.unseen));
}

#[test]
fn a_rolling_deployment_moves_no_traffic() {
    check(&json!({}), &expect!["Nobody Idle"]);
    let rolling = json!({ "strategy": "ROLLING" });
    let two = [
        deployment("PRIMARY", "IN_PROGRESS", 42),
        deployment("ACTIVE", "COMPLETED", 41),
    ];
    check(
        &json!({ "deploymentConfiguration": rolling, "deployments": two }),
        &expect![[r#"Nobody UnderWay { tasks: "web:42", since: Some(2025-11-25T19:47:22Z) }"#]],
    );
}

#[test]
fn a_deployment_that_failed_goes_nowhere() {
    let two = [
        deployment("PRIMARY", "COMPLETED", 41),
        deployment("ACTIVE", "FAILED", 42),
    ];
    check(&json!({ "deployments": two }), &expect!["Nobody Idle"]);
}

#[test]
fn ecs_moves_traffic_by_its_newer_strategies() {
    let advanced = json!([{
        "targetGroupArn": group("old"),
        "advancedConfiguration": {
            "alternateTargetGroupArn": group("new"),
            "productionListenerRule": RULE,
            "roleArn": "arn:aws:iam::123456789012:role/ecs",
        },
    }]);
    for strategy in ["BLUE_GREEN", "LINEAR", "CANARY", "SOMETHING_NEW"] {
        let found = read(&json!({
            "loadBalancers": advanced,
            "deploymentConfiguration": { "strategy": strategy },
        }));
        let [service] = &found.services[..] else {
            panic!("one service, not {found:?}");
        };
        assert_eq!(service.mover, Mover::Ecs(strategy.to_owned()));
        assert_eq!(service.groups, BTreeSet::from([group("old"), group("new")]));
        assert_eq!(service.rules, BTreeSet::from([RULE.to_owned()]));
        assert_eq!((&*service.name, &*service.cluster), ("web", "prod"));
    }
}

#[test]
fn code_deploy_keeps_what_it_does_in_task_sets() {
    let set = |status: &str, stability: &str, revision: u32| {
        json!({
            "status": status,
            "stabilityStatus": stability,
            "taskDefinition": format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:{revision}"),
            "createdAt": 1_764_100_000 + i64::from(revision),
            "loadBalancers": [{ "targetGroupArn": group("new") }],
        })
    };
    let code_deploy = |sets: Value| {
        json!({
            "loadBalancers": [],
            "deployments": [],
            "taskSets": sets,
            "deploymentController": { "type": "CODE_DEPLOY" },
        })
    };
    let calm = json!([set("PRIMARY", "STEADY_STATE", 41)]);
    check(&code_deploy(calm), &expect!["CodeDeploy Idle"]);
    let two = json!([
        set("PRIMARY", "STEADY_STATE", 41),
        set("ACTIVE", "STABILIZING", 42)
    ]);
    check(
        &code_deploy(two),
        &expect![[r#"CodeDeploy UnderWay { tasks: "web:42", since: Some(2025-11-25T19:47:22Z) }"#]],
    );
    check(
        &json!({ "deploymentController": { "type": "EXTERNAL" } }),
        &expect!["Other Idle"],
    );
}

#[test]
fn what_has_no_load_balancer_or_is_deleted_is_left_out() {
    check(&json!({ "loadBalancers": [] }), &expect![""]);
    check(&json!({ "status": "INACTIVE" }), &expect![""]);
}
