//! A zone of the emulator's Route 53, with a rollout's route in it.

use aws::route53::Route53;
use aws_sdk_route53::{
    Client,
    types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType},
};
use domain::{
    name::{AlarmArn, RolloutId, RouteName},
    plan::{
        route::{RecordType, Route, Route53Route},
        severity::{AlarmGuard, InsufficientData, Severity},
    },
    target::{Goal, Seen},
    time::{SignedDuration, Timestamp},
    traffic::{Epoch, Weight},
};
use engine::{
    ports::{RouteRef, Target, Write},
    trouble::{Trouble, WriteError},
};

use crate::bed::Bed;

/// A zone of one test, and a rollout's route in it.
pub(crate) struct Zone {
    client: Client,
    pub(crate) adapter: Route53,
    pub(crate) owner: RolloutId,
    pub(crate) name: RouteName,
    pub(crate) route: Route,
    pub(crate) guards: Vec<AlarmGuard>,
}

pub(crate) fn alarm(name: &str) -> AlarmArn {
    AlarmArn::new(&format!(
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"
    ))
}

pub(crate) fn percent(percent: u16) -> Goal {
    Goal::Weight(Weight::from_permille(percent * 10).unwrap())
}

pub(crate) fn plain(
    name: &str,
    kind: RrType,
    set: &str,
    weight: i64,
    value: &str,
) -> ResourceRecordSet {
    let value = ResourceRecord::builder().value(value).build().unwrap();
    let record = ResourceRecordSet::builder().name(name).r#type(kind);
    let record = record.set_identifier(set).weight(weight).ttl(60);
    record.resource_records(value).build().unwrap()
}

impl Zone {
    /// A zone in which `www.<domain>` has A records of both sides, everything on stable.
    pub(crate) async fn new(bed: &Bed, domain: &str) -> Self {
        let name = format!("www.{domain}");
        let zone = Self::bare(bed, domain, &name, [RecordType::A]).await;
        zone.put(&[
            plain(&name, RrType::A, "Legacy", 255, "192.0.2.1"),
            plain(&name, RrType::A, "New", 0, "192.0.2.2"),
        ])
        .await;
        zone
    }

    pub(crate) async fn bare(
        bed: &Bed,
        domain: &str,
        name: &str,
        types: impl IntoIterator<Item = RecordType>,
    ) -> Self {
        let client = bed.clients().route53;
        let created = client
            .create_hosted_zone()
            .name(domain)
            .caller_reference(domain)
            .send()
            .await
            .unwrap();
        let id = created.hosted_zone.unwrap().id;
        Self {
            adapter: Route53::new(client.clone()),
            client,
            owner: RolloutId::parse("shop#7").unwrap(),
            name: RouteName::new("web").unwrap(),
            route: Route::Route53(Route53Route {
                zone: id.trim_start_matches("/hostedzone/").to_owned(),
                name: name.to_owned(),
                types: types.into_iter().collect(),
                stable: "Legacy".to_owned(),
                canary: "New".to_owned(),
                ttl: SignedDuration::from_secs(60),
            }),
            guards: vec![AlarmGuard {
                arn: alarm("new-5xx"),
                severity: Severity::Critical,
                insufficient_data: InsufficientData::Hold,
            }],
        }
    }

    pub(crate) fn records(&self) -> &Route53Route {
        match &self.route {
            Route::Route53(records) => records,
            Route::Alb(_) | Route::LambdaAlias(_) => panic!("a zone's route is of records"),
        }
    }

    pub(crate) fn route(&self) -> RouteRef<'_> {
        RouteRef {
            owner: &self.owner,
            name: &self.name,
            route: &self.route,
            guards: &self.guards,
        }
    }

    /// Somebody else writes records.
    pub(crate) async fn put(&self, records: &[ResourceRecordSet]) {
        self.change(ChangeAction::Upsert, records).await;
    }

    pub(crate) async fn change(&self, action: ChangeAction, records: &[ResourceRecordSet]) {
        let changes = records.iter().map(|record| {
            let change = Change::builder().action(action.clone());
            change.resource_record_set(record.clone()).build().unwrap()
        });
        let batch = ChangeBatch::builder().set_changes(Some(changes.collect()));
        self.client
            .change_resource_record_sets()
            .hosted_zone_id(&self.records().zone)
            .change_batch(batch.build().unwrap())
            .send()
            .await
            .unwrap();
    }

    /// Everything in the zone but what Route 53 puts there itself.
    pub(crate) async fn listed(&self) -> Vec<ResourceRecordSet> {
        let listed = self.client.list_resource_record_sets();
        let listed = listed.hosted_zone_id(&self.records().zone).send().await;
        let mut records = listed.unwrap().resource_record_sets;
        records.retain(|record| !matches!(record.r#type, RrType::Ns | RrType::Soa));
        records
    }

    /// `A Legacy 255, A New 0`, and what the fence says besides what is never the same.
    pub(crate) async fn show(&self) -> String {
        let mut lines = Vec::new();
        for record in self.listed().await {
            let value = record.resource_records().first().map(|r| r.value.clone());
            let value = value.unwrap_or_default();
            let kind = record.r#type.as_str().to_owned();
            if let Some(weight) = record.weight {
                let set = record.set_identifier.unwrap_or_default();
                lines.push(format!("{kind} {set} {weight}"));
            } else {
                let changing = |s: &&str| !s.contains("write=") && !s.contains("at=");
                let strings: Vec<&str> = value.split("\" \"").filter(changing).collect();
                lines.push(format!("{kind} {}", strings.join("\" \"")));
            }
        }
        lines.join("\n")
    }

    pub(crate) async fn read(&self) -> Result<Target, Trouble> {
        let now = Timestamp::now();
        self.adapter.read(self.route(), self.records(), now).await
    }

    pub(crate) async fn seen(&self) -> Seen {
        self.read().await.unwrap().seen
    }

    /// A write that shows what was read before.
    pub(crate) async fn send(
        &self,
        target: &Target,
        goal: Goal,
        epoch: u64,
    ) -> Result<(), WriteError> {
        let write = Write {
            goal,
            epoch: Epoch(epoch),
            fence: target.fence.clone(),
            deadline: Timestamp::MAX,
        };
        let (route, records) = (self.route(), self.records());
        self.adapter
            .write(route, records, &write, Timestamp::now)
            .await
    }

    /// Reads and writes.
    pub(crate) async fn set(&self, goal: Goal, epoch: u64) -> Result<(), WriteError> {
        let target = self.read().await.map_err(WriteError::Trouble)?;
        self.send(&target, goal, epoch).await
    }
}
