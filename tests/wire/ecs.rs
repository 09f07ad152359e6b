//! ECS services behind a load balancer, as the emulator keeps them. It runs no tasks, so a deployment stays under way.

use aws::ecs::{Ecs, Mover, Progress, Service};
use aws_sdk_ecs::{
    Client,
    types::{
        AdvancedConfiguration, DeploymentConfiguration, DeploymentController,
        DeploymentControllerType, DeploymentStrategy, LoadBalancer,
    },
};

use crate::bed::Bed;

const CLUSTER: &str = "wire";

fn group(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/{name}/1")
}

/// A service whose strategy moves traffic between two groups.
async fn blue_green(client: &Client) {
    let advanced = AdvancedConfiguration::builder()
        .alternate_target_group_arn(group("wire-green"))
        .production_listener_rule("rule")
        .role_arn("arn:aws:iam::000000000000:role/ecs")
        .build();
    let balancer = LoadBalancer::builder()
        .target_group_arn(group("wire-blue"))
        .advanced_configuration(advanced)
        .build();
    let deployment = DeploymentConfiguration::builder()
        .strategy(DeploymentStrategy::BlueGreen)
        .build();
    let create = client.create_service().cluster(CLUSTER);
    create
        .service_name("native")
        .task_definition("wire:1")
        .load_balancers(balancer)
        .deployment_configuration(deployment)
        .desired_count(0)
        .send()
        .await
        .expect("CreateService");
}

/// A service of a controller with one group.
async fn plain(client: &Client, name: &str, controller: DeploymentControllerType) {
    let controller = DeploymentController::builder().r#type(controller).build();
    let create = client.create_service().cluster(CLUSTER);
    create
        .service_name(name)
        .task_definition("wire:1")
        .load_balancers(
            LoadBalancer::builder()
                .target_group_arn(group(name))
                .build(),
        )
        .deployment_controller(controller.expect("it has a type"))
        .desired_count(0)
        .send()
        .await
        .expect("CreateService");
}

#[test]
fn services_are_found_with_what_they_do() {
    let bed = Bed::shared();
    bed.run(async {
        let client = Client::new(&bed.config());
        let create = client.create_cluster().cluster_name(CLUSTER);
        create.send().await.expect("CreateCluster");
        blue_green(&client).await;
        for n in 0..10 {
            plain(&client, &format!("calm-{n}"), DeploymentControllerType::Ecs).await;
        }
        plain(&client, "deploy", DeploymentControllerType::CodeDeploy).await;
        plain(&client, "moving", DeploymentControllerType::Ecs).await;
        let update = client.update_service().cluster(CLUSTER).service("moving");
        let update = update.task_definition("wire:2").desired_count(1);
        update.send().await.expect("UpdateService");

        let found = Ecs::new(&bed.config()).services().await;
        assert_eq!(found.unseen, [].into());
        let of = |name: &str| -> &Service {
            let mut services = found.services.iter();
            let one = services.find(|service| service.name == name && service.cluster == CLUSTER);
            one.unwrap_or_else(|| panic!("no {name}: {found:?}"))
        };
        let native = of("native");
        assert_eq!(native.mover, Mover::Ecs("BLUE_GREEN".to_owned()));
        assert_eq!(
            native.groups,
            [group("wire-blue"), group("wire-green")].into()
        );
        assert_eq!(native.rules, ["rule".to_owned()].into());
        assert_eq!(of("deploy").mover, Mover::CodeDeploy);
        for n in 0..10 {
            let calm = of(&format!("calm-{n}"));
            assert_eq!(
                (&calm.mover, &calm.progress),
                (&Mover::Nobody, &Progress::Idle)
            );
        }
        let Progress::UnderWay { tasks, since } = &of("moving").progress else {
            panic!("it is not being deployed: {:?}", of("moving"));
        };
        assert_eq!(tasks, "wire:2");
        assert!(since.is_some());
    });
}
