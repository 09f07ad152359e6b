//! Aliases behind their revision, against emulated Lambda.

use aws::alias::{Alias, Served};
use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{FunctionCode, Runtime},
};
use domain::{
    name::{RolloutId, RouteName},
    plan::route::{LambdaAliasRoute, Route},
    target::{Goal, Seen},
    time::Timestamp,
    traffic::{Epoch, Weight},
};
use engine::{
    ports::{RouteRef, Target, Write},
    trouble::{Trouble, WriteError},
};
use expect_test::{Expect, expect};

use crate::bed::Bed;

/// A function of one test with versions 1 and 2, and its alias `live`.
pub(crate) struct Function {
    client: Client,
    adapter: Alias,
    owner: RolloutId,
    name: RouteName,
    route: Route,
}

fn percent(percent: u16) -> Goal {
    Goal::Weight(Weight::from_permille(percent * 10).unwrap())
}

/// The end record of a zip archive without files.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

impl Function {
    pub(crate) async fn new(bed: &Bed, function: &str) -> Self {
        let client = bed.clients().lambda;
        let code = FunctionCode::builder().zip_file(Blob::new(EMPTY_ZIP));
        client
            .create_function()
            .function_name(function)
            .role("arn:aws:iam::000000000000:role/none")
            .runtime(Runtime::Providedal2023)
            .handler("bootstrap")
            .code(code.build())
            .send()
            .await
            .unwrap();
        let made = Self {
            adapter: Alias::new(client.clone()),
            client,
            owner: RolloutId::parse("shop#7").unwrap(),
            name: RouteName::new("api").unwrap(),
            route: Route::LambdaAlias(LambdaAliasRoute {
                function: function.to_owned(),
                alias: "live".to_owned(),
                stable: "1".to_owned(),
                canary: "2".to_owned(),
            }),
        };
        made.publish("1").await;
        made.publish("2").await;
        let alias = made.client.create_alias().function_name(function);
        let alias = alias.name("live").function_version("1");
        alias
            .description("what customers call")
            .send()
            .await
            .unwrap();
        made
    }

    /// A version is published only if something has changed since the last.
    async fn publish(&self, expected: &str) {
        let function = &self.alias().function;
        let change = self.client.update_function_configuration();
        let change = change.function_name(function).description(expected);
        change.send().await.unwrap();
        let publish = self.client.publish_version().function_name(function);
        let version = publish.send().await.unwrap().version;
        assert_eq!(version.as_deref(), Some(expected));
    }

    fn alias(&self) -> &LambdaAliasRoute {
        match &self.route {
            Route::LambdaAlias(alias) => alias,
            Route::Alb(_) | Route::Route53(_) => panic!("a function's route is an alias"),
        }
    }

    fn route(&self) -> RouteRef<'_> {
        RouteRef {
            owner: &self.owner,
            name: &self.name,
            route: &self.route,
            guards: &[],
        }
    }

    async fn read(&self) -> Result<Target, Trouble> {
        self.adapter.read(self.route(), self.alias()).await
    }

    async fn seen(&self) -> Seen {
        self.read().await.unwrap().seen
    }

    async fn send(&self, target: &Target, goal: Goal, epoch: u64) -> Result<(), WriteError> {
        let write = Write {
            goal,
            epoch: Epoch(epoch),
            fence: target.fence.clone(),
            deadline: Timestamp::MAX,
        };
        let (route, alias) = (self.route(), self.alias());
        self.adapter
            .write(route, alias, &write, Timestamp::now)
            .await
    }

    async fn set(&self, goal: Goal, epoch: u64) -> Result<(), WriteError> {
        let target = self.read().await.map_err(WriteError::Trouble)?;
        self.send(&target, goal, epoch).await
    }

    /// The alias as somebody sees it in the console.
    async fn check(&self, expected: Expect) {
        let alias = self
            .client
            .get_alias()
            .function_name(&self.alias().function);
        let alias = alias.name("live").send().await.unwrap();
        let weights = alias.routing_config();
        let weights = weights.and_then(|routing| routing.additional_version_weights());
        let version = alias.function_version().unwrap_or_default();
        let text = format!(
            "{version} {:?} {:?}",
            weights.cloned().unwrap_or_default(),
            alias.description().unwrap_or_default()
        );
        expected.assert_eq(&text);
    }
}

#[test]
fn an_alias_is_shifted_and_finished_and_keeps_what_the_team_wrote() {
    let bed = Bed::shared();
    bed.run(async {
        let function = Function::new(bed, "alias-finished").await;
        let seen = function.seen().await;
        assert_eq!((seen.weight, seen.epoch), (Weight::ZERO, Some(Epoch(0))));
        function.set(Goal::Prepared, 1).await.unwrap();
        assert!(function.seen().await.reaches(Goal::Prepared, Epoch(1)));
        function.set(percent(5), 2).await.unwrap();
        assert!(function.seen().await.reaches(percent(5), Epoch(2)));
        function
            .check(expect![[
                r#"1 {"2": 0.05} "what customers call tidegate epoch=2""#
            ]])
            .await;
        function.set(percent(100), 3).await.unwrap();
        assert!(function.seen().await.reaches(percent(100), Epoch(3)));
        function.set(Goal::Finished, 4).await.unwrap();
        assert!(function.seen().await.reaches(Goal::Finished, Epoch(4)));
        function
            .check(expect![[r#"2 {} "what customers call tidegate epoch=4""#]])
            .await;
    });
}

#[test]
fn a_write_that_shows_an_older_revision_is_refused() {
    let bed = Bed::shared();
    bed.run(async {
        let function = Function::new(bed, "alias-fenced").await;
        let before = function.read().await.unwrap();
        function.set(percent(25), 1).await.unwrap();
        let late = function.send(&before, percent(50), 1).await;
        assert_eq!(late, Err(WriteError::Fenced));
        let before = function.read().await.unwrap();
        function.set(Goal::Restored, 2).await.unwrap();
        for goal in [percent(50), Goal::Finished] {
            let late = function.send(&before, goal, 1).await;
            assert_eq!(late, Err(WriteError::Fenced), "{goal:?}");
        }
        function
            .check(expect![[r#"1 {} "what customers call tidegate epoch=2""#]])
            .await;
        assert!(function.seen().await.reaches(Goal::Restored, Epoch(2)));
    });
}

#[test]
fn a_third_version_is_neither_side_and_an_alias_that_is_not_there_cannot_be_read() {
    let bed = Bed::shared();
    bed.run(async {
        let function = Function::new(bed, "alias-third").await;
        function.publish("3").await;
        let alias = function.client.update_alias().function_name("alias-third");
        let alias = alias.name("live").function_version("3");
        alias.send().await.unwrap();
        let why = function.read().await.unwrap_err();
        let third = "the alias `live` of `alias-third` points to version 3, which is neither stable (1) nor the canary (2)";
        assert_eq!(why, Trouble::lasting(third));
        let alias = function.client.delete_alias().function_name("alias-third");
        alias.name("live").send().await.unwrap();
        let why = function.read().await.unwrap_err().what;
        assert!(why.starts_with("GetAlias: ResourceNotFoundException"), "{why}");
    });
}

#[test]
fn nothing_is_sent_to_an_alias_after_the_deadline() {
    let bed = Bed::shared();
    bed.run(async {
        let function = Function::new(bed, "alias-late").await;
        let write = Write {
            goal: percent(5),
            epoch: Epoch(1),
            fence: function.read().await.unwrap().fence,
            deadline: Timestamp::UNIX_EPOCH,
        };
        let (route, alias) = (function.route(), function.alias());
        let late = function
            .adapter
            .write(route, alias, &write, Timestamp::now)
            .await;
        let why = "UpdateAlias was not sent: its time was up";
        assert_eq!(late, Err(WriteError::Trouble(Trouble::passing(why))));
        assert_eq!(function.seen().await.weight, Weight::ZERO);
    });
}

#[test]
fn what_an_alias_serves_is_seen_before_anything_is_started() {
    let bed = Bed::shared();
    bed.run(async {
        let made = Function::new(bed, "served").await;
        let served = async || made.adapter.served(made.alias()).await.unwrap();
        let alone = Served {
            version: "1".to_owned(),
            other: None,
        };
        assert_eq!(served().await, Some(alone.clone()));
        made.set(percent(20), 1).await.unwrap();
        let shared = Served {
            other: Some(("2".to_owned(), 0.2)),
            ..alone
        };
        assert_eq!(served().await, Some(shared));
        let missing = LambdaAliasRoute {
            alias: "gone".to_owned(),
            ..made.alias().clone()
        };
        assert_eq!(made.adapter.served(&missing).await, Ok(None));
    });
}
