//! ECS services behind a load balancer: whether one is being deployed, and who moves its traffic then.
//!
//! An ECS service can write the weights of a listener's rule itself, natively (`BLUE_GREEN`, `LINEAR`, `CANARY`) or by
//! `CodeDeploy`: a second writer on a rule that Tidegate moves. Only `tidegate doctor` looks, with the caller's rights.

use std::collections::BTreeSet;

use aws_sdk_ecs::{
    Client, config,
    types::{
        Deployment, DeploymentController, DeploymentControllerType, DeploymentRolloutState,
        DeploymentStrategy, LoadBalancer, Service as Described, StabilityStatus, TaskSet,
    },
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{DateTime, error::metadata::ProvideErrorMetadata};
use aws_types::SdkConfig;
use domain::time::Timestamp;

use crate::{
    alarms::timestamp,
    client::endpoint,
    trouble::{code, trouble},
};

#[cfg(test)]
mod tests;

/// What one page holds at most (`ListClusters`, `ListServices`: `maxResults`).
const PAGE: i32 = 100;
/// Services in one call (`DescribeServices$services`).
const SERVICES_MAX: usize = 10;
/// What ECS calls a call that is not allowed.
const DENIED: &str = "AccessDeniedException";
/// A cluster that was deleted after it was listed.
const GONE: [&str; 2] = ["ClusterNotFoundException", "ClusterNotFound"];

/// The ECS services of the client's region and account.
#[derive(Debug, Clone)]
pub struct Ecs {
    client: Client,
}

/// What was found, and what could not be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Services with target groups.
    pub services: Vec<Service>,
    /// Why some, or all, could not be looked at: each reason once.
    pub unseen: BTreeSet<String>,
}

/// An ECS service with target groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its cluster's name.
    pub cluster: String,
    /// ARNs of the target groups that its tasks are in, or will be.
    pub groups: BTreeSet<String>,
    /// ARNs of the rules whose weights its deployments write.
    pub rules: BTreeSet<String>,
    /// Who moves traffic when it is deployed.
    pub mover: Mover,
    /// Whether it is being deployed.
    pub progress: Progress,
}

/// Who moves traffic when a service is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mover {
    /// Nobody: tasks are replaced within their target group.
    Nobody,
    /// ECS itself, by a strategy of this name.
    Ecs(String),
    /// `CodeDeploy`.
    CodeDeploy,
    /// A controller that AWS does not know more of.
    Other,
}

/// Whether a service is being deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is not.
    Idle,
    /// It is.
    UnderWay {
        /// The task definition that is brought in, with its revision.
        tasks: String,
        /// Since when.
        since: Option<Timestamp>,
    },
}

impl Ecs {
    /// Services that are reached with this configuration.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let mut builder = config::Builder::from(config);
        if let Some(url) = endpoint("ECS") {
            builder = builder.endpoint_url(url);
        }
        Self {
            client: Client::from_conf(builder.build()),
        }
    }

    /// Every service that has target groups.
    pub async fn services(&self) -> Found {
        let mut found = Found::default();
        for cluster in self.clusters(&mut found).await {
            let names = self.names(&cluster, &mut found).await;
            for names in names.chunks(SERVICES_MAX) {
                let call = self.client.describe_services().cluster(&cluster);
                let answer = call.set_services(Some(names.to_vec())).send().await;
                let answer = found.seen("DescribeServices", answer);
                let described = answer.and_then(|answer| answer.services);
                let services = described.unwrap_or_default();
                found
                    .services
                    .extend(services.iter().filter_map(Service::read));
            }
        }
        found
    }

    async fn clusters(&self, found: &mut Found) -> Vec<String> {
        let mut pages = self.client.list_clusters().max_results(PAGE);
        let mut clusters = Vec::new();
        while let Some(page) = found.seen("ListClusters", pages.clone().send().await) {
            clusters.extend(page.cluster_arns.unwrap_or_default());
            let Some(next) = page.next_token else { break };
            pages = pages.next_token(next);
        }
        clusters
    }

    async fn names(&self, cluster: &str, found: &mut Found) -> Vec<String> {
        let pages = self.client.list_services().cluster(cluster);
        let mut pages = pages.max_results(PAGE);
        let mut names = Vec::new();
        while let Some(page) = found.seen("ListServices", pages.clone().send().await) {
            names.extend(page.service_arns.unwrap_or_default());
            let Some(next) = page.next_token else { break };
            pages = pages.next_token(next);
        }
        names
    }
}

impl Found {
    /// An answer, or none, for which the reason is kept.
    fn seen<T, E: ProvideErrorMetadata>(
        &mut self,
        call: &'static str,
        answer: Result<T, SdkError<E, HttpResponse>>,
    ) -> Option<T> {
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        let code = code(&error).unwrap_or_default();
        if GONE.contains(&code) {
            return None;
        }
        self.unseen.insert(if code == DENIED {
            format!("who asks lacks ecs:{call}")
        } else {
            trouble(call, &error).what
        });
        None
    }
}

impl Service {
    /// What matters of a service; none if no load balancer has to do with it, or if it is deleted.
    fn read(service: &Described) -> Option<Self> {
        if service.status() == Some("INACTIVE") {
            return None;
        }
        // `CodeDeploy` and other controllers keep the load balancers in the task sets.
        let of_sets = service.task_sets().iter().flat_map(TaskSet::load_balancers);
        let balancers: Vec<&LoadBalancer> =
            service.load_balancers().iter().chain(of_sets).collect();
        let advanced = || {
            let all = balancers.iter();
            all.filter_map(|balancer| balancer.advanced_configuration())
        };
        let mut groups: BTreeSet<String> = balancers
            .iter()
            .filter_map(|balancer| balancer.target_group_arn().map(str::to_owned))
            .collect();
        let alternate = advanced().filter_map(|more| more.alternate_target_group_arn());
        groups.extend(alternate.map(str::to_owned));
        let rules = advanced().filter_map(|more| more.production_listener_rule());
        let rules: BTreeSet<String> = rules.map(str::to_owned).collect();
        (!groups.is_empty()).then(|| Self {
            name: service.service_name().unwrap_or_default().to_owned(),
            cluster: tail(service.cluster_arn()).to_owned(),
            groups,
            rules,
            mover: mover(service),
            progress: progress(service),
        })
    }
}

fn mover(service: &Described) -> Mover {
    let controller = service
        .deployment_controller()
        .map(DeploymentController::r#type);
    match controller {
        Some(DeploymentControllerType::Ecs) | None => {}
        Some(DeploymentControllerType::CodeDeploy) => return Mover::CodeDeploy,
        Some(_) => return Mover::Other,
    }
    let strategy = service.deployment_configuration();
    match strategy.and_then(|deployment| deployment.strategy()) {
        Some(DeploymentStrategy::Rolling) | None => Mover::Nobody,
        Some(other) => Mover::Ecs(other.as_str().to_owned()),
    }
}

/// A deployment that failed stays in the list until its tasks are gone, and goes nowhere.
fn progress(service: &Described) -> Progress {
    let goes_on = |deployment: &&Deployment| {
        deployment.rollout_state() != Some(&DeploymentRolloutState::Failed)
    };
    let deployments: Vec<&Deployment> = service.deployments().iter().filter(goes_on).collect();
    let sets = service.task_sets();
    let moving = deployments.len() > 1
        || deployments.iter().any(|deployment| {
            deployment.rollout_state() == Some(&DeploymentRolloutState::InProgress)
        })
        || sets.len() > 1
        || sets
            .iter()
            .any(|set| set.stability_status() == Some(&StabilityStatus::Stabilizing));
    if !moving {
        return Progress::Idle;
    }
    // What is brought in is the primary deployment, but the youngest task set: there the primary one is what serves.
    let brought = deployments
        .iter()
        .find(|deployment| deployment.status() == Some("PRIMARY"))
        .map(|deployment| (deployment.created_at(), deployment.task_definition()));
    let youngest = || {
        let sets = sets.iter();
        let sets = sets.map(|set| (set.created_at(), set.task_definition()));
        sets.max_by_key(|(created, _)| created.map_or(0, DateTime::secs))
    };
    let (since, tasks) = brought.or_else(youngest).unwrap_or_default();
    Progress::UnderWay {
        tasks: tail(tasks.or_else(|| service.task_definition())).to_owned(),
        since: since.and_then(timestamp),
    }
}

/// What an ARN ends with: `…:cluster/prod`, `…:task-definition/shop:7`.
fn tail(arn: Option<&str>) -> &str {
    let arn = arn.unwrap_or_default();
    arn.rsplit('/').next().unwrap_or(arn)
}
