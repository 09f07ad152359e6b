//! ECS services behind the plan's routes.

use expect_test::Expect;

use super::*;

fn service(name: &str, groups: &[&str], mover: Mover, progress: Progress) -> Service {
    Service {
        name: name.to_owned(),
        cluster: "prod".to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        rules: BTreeSet::new(),
        mover,
        progress,
    }
}

fn under_way() -> Progress {
    Progress::UnderWay {
        tasks: "web:42".to_owned(),
        since: Some(Timestamp::UNIX_EPOCH),
    }
}

/// What is said of ECS, and what comes of it.
fn check(found: Found, expected: &Expect) {
    let world = World {
        ecs: found,
        ..well()
    };
    let fake = Fake::world(world, None, Ok(seen(&json!([]))));
    let told = doctor(&fake, &["--slack-parameter", "/tidegate/slack"]);
    let lines: Vec<&str> = told
        .lines()
        .skip_while(|line| !line.contains("canary new has"))
        .skip(1)
        .filter(|line| !line.contains("ok           alarm") && !line.contains("Slack"))
        .collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn a_service_that_is_being_deployed_or_writes_weights_itself_is_found() {
    let blue_green = || Mover::Ecs("BLUE_GREEN".to_owned());
    let mut of_the_rule = service(
        "by-rule",
        &["elsewhere"],
        blue_green(),
        Progress::UnderWay {
            tasks: "web:7".to_owned(),
            since: None,
        },
    );
    of_the_rule.rules.insert(RULE.to_owned());
    let found = Found {
        services: vec![
            service("calm", &[OLD], Mover::Nobody, Progress::Idle),
            service("rolling", &[NEW], Mover::Nobody, under_way()),
            service("native", &[OLD, NEW], blue_green(), Progress::Idle),
            service("deploy", &[OLD, NEW], Mover::CodeDeploy, under_way()),
            service("third", &[NEW], Mover::Other, Progress::Idle),
            of_the_rule,
            service("stranger", &["elsewhere"], blue_green(), under_way()),
        ],
        unseen: BTreeSet::new(),
    };
    check(
        found,
        &expect![[r#"
            ok           route web: ECS service calm (cluster prod) is behind stable, and is
                         not being deployed
            warning      route web: ECS service rolling (cluster prod) is behind canary, and
                         is being deployed (web:42, since 1970-01-01T00:00:00Z)
                         → wait until that is done: what is measured meanwhile is of two
                           versions
            warning      route web: ECS service native (cluster prod) is behind both sides,
                         and when it is deployed, ECS (BLUE_GREEN) writes the weights
                         → two writers undo one another: deploy it by rolling update, or not
                           while a rollout is active
            problem      route web: ECS service deploy (cluster prod) is behind both sides,
                         and is being deployed (web:42, since 1970-01-01T00:00:00Z);
                         CodeDeploy writes the weights
                         → wait until that is done, or stop it; two writers undo one another
            warning      route web: ECS service third (cluster prod) is behind canary, and
                         when it is deployed, its own deployment controller writes the
                         weights
                         → two writers undo one another: deploy it by rolling update, or not
                           while a rollout is active
            problem      route web: ECS service by-rule (cluster prod) is on the same rule,
                         and is being deployed (web:7); ECS (BLUE_GREEN) writes the weights
                         → wait until that is done, or stop it; two writers undo one another
            not checked  other writers: whether a pipeline, a script or a hand writes to the
                         routes now

            2 problems, 3 warnings
            exit code 1
        "#]],
    );
}

#[test]
fn who_may_not_ask_ecs_is_told_so_and_nothing_else_fails() {
    let unseen = ["who asks lacks ecs:ListClusters"];
    let found = Found {
        services: Vec::new(),
        unseen: unseen.map(str::to_owned).into(),
    };
    check(
        found,
        &expect![[r#"
            not checked  ECS deployments: not all were looked at: who asks lacks
                         ecs:ListClusters
                         → if an ECS service is behind a route, look at its deployments
                           yourself
            not checked  other writers: whether a pipeline, a script or a hand writes to the
                         routes now

            nothing stands in the way of a start
            exit code 0
        "#]],
    );
    let unseen = [
        "ListServices was not answered in time",
        "who asks lacks ecs:DescribeServices",
    ];
    let found = Found {
        services: vec![service("calm", &[NEW], Mover::Nobody, Progress::Idle)],
        unseen: unseen.map(str::to_owned).into(),
    };
    check(
        found,
        &expect![[r#"
            ok           route web: ECS service calm (cluster prod) is behind canary, and is
                         not being deployed
            not checked  ECS deployments: not all were looked at: ListServices was not
                         answered in time; who asks lacks ecs:DescribeServices
                         → if an ECS service is behind a route, look at its deployments
                           yourself
            not checked  other writers: whether a pipeline, a script or a hand writes to the
                         routes now

            nothing stands in the way of a start
            exit code 0
        "#]],
    );
}
