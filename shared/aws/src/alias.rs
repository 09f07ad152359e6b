//! Lambda aliases: two versions behind one name, and a revision that refuses what is old.
//!
//! `UpdateAlias` takes the `RevisionId` that was read and refuses every other with `PreconditionFailedException`. The
//! alias's `Description` carries the epoch, behind whatever the team has written there.

use std::collections::HashMap;

use aws_sdk_lambda::{
    Client,
    config::Config,
    operation::{get_alias::GetAliasOutput, update_alias::UpdateAliasError},
    types::AliasRoutingConfiguration,
};
use aws_smithy_types::retry::RetryConfig;
use domain::{
    plan::route::LambdaAliasRoute,
    target::{Carrier, Goal, Leftover, Propagation, Seen},
    time::Timestamp,
    traffic::{Epoch, Weight},
};
use engine::{
    ports::{FenceToken, RouteRef, Target, Write},
    trouble::{Trouble, WriteError},
};
use serde::{Deserialize, Serialize};

use crate::trouble::{NoAnswer, answered, if_there, trouble};

/// The longest description of an alias (`UpdateAlias$Description`).
const DESCRIPTION_CHARS_MAX: usize = 256;
const MARK: &str = "tidegate epoch=";

/// Routes that are aliases of functions.
#[derive(Debug, Clone)]
pub struct Alias {
    client: Client,
}

/// What a write shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Token {
    revision: String,
    /// What the team has written into the description.
    description: String,
}

/// What an alias serves, before anything is started; for `tidegate doctor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// The version that gets what the other does not.
    pub version: String,
    /// The other version and its share, from 0 to 1, if there is one.
    pub other: Option<(String, f64)>,
}

impl Alias {
    /// Routes that are reached with this client.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// What the alias is now.
    pub async fn read(
        &self,
        route: RouteRef<'_>,
        alias: &LambdaAliasRoute,
    ) -> Result<Target, Trouble> {
        let output = self.get(alias).await?;
        let weight = share(alias, &output)?;
        let description = output.description().unwrap_or_default();
        let (team, epoch) = split(description);
        let seen = Seen {
            weight,
            base: weight,
            carrier: Carrier::Ready,
            leftover: if additional(&output).next().is_some() {
                Leftover::Some
            } else {
                Leftover::None
            },
            // Where none is written, none of ours has been: older than every decision.
            epoch: Some(epoch.unwrap_or_default()),
            propagation: Propagation::Done,
            settle: route.route.settle(),
        };
        let token = Token {
            revision: output.revision_id().unwrap_or_default().to_owned(),
            description: team.to_owned(),
        };
        let fence = serde_json::to_string(&token)
            .map_err(|_| Trouble::lasting("a revision could not be kept"))?;
        Ok(Target {
            seen,
            fence: FenceToken(fence),
        })
    }

    /// What the alias serves; none if there is no such function or alias.
    pub async fn served(&self, alias: &LambdaAliasRoute) -> Result<Option<Served>, Trouble> {
        let output = if_there(self.get(alias).await)?;
        Ok(output.map(|output| Served {
            version: output.function_version().unwrap_or_default().to_owned(),
            other: additional(&output)
                .next()
                .map(|(version, share)| (version.to_owned(), share)),
        }))
    }

    async fn get(&self, alias: &LambdaAliasRoute) -> Result<GetAliasOutput, NoAnswer> {
        let answer = self
            .client
            .get_alias()
            .function_name(&alias.function)
            .name(&alias.alias)
            .send()
            .await;
        answered("GetAlias", "ResourceNotFound", answer)
    }

    /// Makes the alias what a write wants, if its revision is the one that was read.
    pub async fn write(
        &self,
        _route: RouteRef<'_>,
        alias: &LambdaAliasRoute,
        write: &Write,
        now: impl Fn() -> Timestamp,
    ) -> Result<(), WriteError> {
        let token: Token = serde_json::from_str(&write.fence.0).map_err(|_| {
            WriteError::Trouble(Trouble::lasting("the token is none of a Lambda alias"))
        })?;
        let (version, weight) = match write.goal {
            Goal::Prepared | Goal::Restored => (&alias.stable, Weight::ZERO),
            Goal::Weight(weight) => (&alias.stable, weight),
            Goal::Finished => (&alias.canary, Weight::ZERO),
        };
        let request = self
            .client
            .update_alias()
            .function_name(&alias.function)
            .name(&alias.alias)
            .function_version(version)
            .routing_config(routing(&alias.canary, weight))
            .description(described(&token.description, write.epoch))
            .revision_id(token.revision);
        if now() >= write.deadline {
            let late = Trouble::passing("UpdateAlias was not sent: its time was up");
            return Err(WriteError::Trouble(late));
        }
        let once = Config::builder().retry_config(RetryConfig::disabled());
        match request.customize().config_override(once).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateAliasError::PreconditionFailedException(_)) => Err(WriteError::Fenced),
                _ => Err(WriteError::Trouble(trouble("UpdateAlias", &error))),
            },
        }
    }
}

/// The second version and its weight, if there is one (`AliasRoutingConfiguration` has at most one).
fn additional(alias: &GetAliasOutput) -> impl Iterator<Item = (&str, f64)> {
    alias
        .routing_config()
        .and_then(AliasRoutingConfiguration::additional_version_weights)
        .into_iter()
        .flatten()
        .map(|(version, weight)| (version.as_str(), *weight))
}

/// The canary's share. A third version is somebody's deployment, which is neither taken for a side nor written over.
fn share(route: &LambdaAliasRoute, alias: &GetAliasOutput) -> Result<Weight, Trouble> {
    let first = alias.function_version().unwrap_or_default();
    let other = additional(alias).next();
    let versions = [Some(first), other.map(|(version, _)| version)];
    for version in versions.into_iter().flatten() {
        if version != route.stable && version != route.canary {
            return Err(Trouble::lasting(format!(
                "the alias `{}` of `{}` points to version {version}, which is neither stable ({}) nor the canary ({})",
                route.alias, route.function, route.stable, route.canary,
            )));
        }
    }
    let other = other.map_or(Weight::ZERO, |(_, weight)| nearest(weight));
    Ok(if first == route.canary {
        other.rest()
    } else {
        other
    })
}

/// The weight nearest to a share between 0 and 1.
fn nearest(share: f64) -> Weight {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0–1000, and a cast saturates"
    )]
    let permille = (share.clamp(0.0, 1.0) * 1000.0).round() as u16;
    Weight::from_permille(permille).unwrap_or_default()
}

/// An empty map takes the second version away; a map that is left out would leave it as it is.
fn routing(canary: &str, weight: Weight) -> AliasRoutingConfiguration {
    let mut weights = HashMap::new();
    if weight > Weight::ZERO {
        let share = f64::from(weight.permille()) / 1000.0;
        weights.insert(canary.to_owned(), share);
    }
    AliasRoutingConfiguration::builder()
        .set_additional_version_weights(Some(weights))
        .build()
}

/// What the team has written, and the epoch behind it.
fn split(description: &str) -> (&str, Option<Epoch>) {
    let Some((team, number)) = description.rsplit_once(MARK) else {
        return (description, None);
    };
    match number.parse() {
        Ok(number) => (team.trim_end(), Some(Epoch(number))),
        Err(_) => (description, None),
    }
}

/// The description with the epoch; what the team has written is cut where it leaves no room.
fn described(team: &str, epoch: Epoch) -> String {
    let mark = format!("{MARK}{epoch}");
    let room = DESCRIPTION_CHARS_MAX.saturating_sub(mark.len() + 1);
    let team: String = team.chars().take(room).collect();
    format!("{} {mark}", team.trim_end())
        .trim_start()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_team_wrote_stays_before_the_epoch() {
        let check = |team: &str, epoch| {
            let text = described(team, Epoch(epoch));
            assert!(text.chars().count() <= DESCRIPTION_CHARS_MAX, "{text}");
            let (before, read) = split(&text);
            assert_eq!(read, Some(Epoch(epoch)));
            before.to_owned()
        };
        assert_eq!(check("", 12), "");
        assert_eq!(check("live traffic", 12), "live traffic");
        assert_eq!(check("新しい tidegate epoch=", 1), "新しい tidegate epoch=");
        assert_eq!(check(&"x".repeat(300), u64::MAX), "x".repeat(220));
        assert_eq!(described("", Epoch(12)), "tidegate epoch=12");
    }

    #[test]
    fn a_description_without_an_epoch_is_the_teams_own() {
        for text in [
            "",
            "live",
            "tidegate epoch=",
            "tidegate epoch=3 (do not touch)",
        ] {
            assert_eq!(split(text), (text, None));
        }
    }

    #[test]
    fn a_share_is_read_from_either_side() {
        let route = LambdaAliasRoute {
            function: "f".to_owned(),
            alias: "live".to_owned(),
            stable: "7".to_owned(),
            canary: "8".to_owned(),
        };
        let read = |version: &str, other: Option<(&str, f64)>| {
            let weights = other.map(|(version, share)| [(version.to_owned(), share)].into());
            let routing = AliasRoutingConfiguration::builder()
                .set_additional_version_weights(weights)
                .build();
            let alias = GetAliasOutput::builder()
                .function_version(version)
                .routing_config(routing)
                .build();
            match share(&route, &alias) {
                Ok(weight) => weight.to_string(),
                Err(trouble) => trouble.what,
            }
        };
        assert_eq!(read("7", None), "0%");
        assert_eq!(read("7", Some(("8", 0.004))), "0.4%");
        assert_eq!(read("7", Some(("8", 0.29))), "29%");
        assert_eq!(read("8", None), "100%");
        assert_eq!(read("8", Some(("7", 0.25))), "75%");
        let third = "the alias `live` of `f` points to version 9, which is neither stable (7) nor the canary (8)";
        assert_eq!(read("9", None), third);
        assert_eq!(read("7", Some(("9", 0.0))), third);
    }
}
