//! A Lambda alias: it exists and serves stable alone.

use aws::alias::Served;
use domain::plan::route::LambdaAliasRoute;

use super::{super::Account, Check};

/// Looks at a Lambda alias.
pub(super) async fn look(what: &str, route: &LambdaAliasRoute, account: &impl Account) -> Check {
    match account.alias(route).await {
        Ok(Some(alias)) => served(what, route, &alias),
        Ok(None) => {
            let says = format!("there is no alias {} of {}", route.alias, route.function);
            Check::problem(what, says, "are the names right, and the region?")
        }
        Err(trouble) => Check::unseen(what, &trouble),
    }
}

fn served(what: &str, route: &LambdaAliasRoute, alias: &Served) -> Check {
    if let Some((version, share)) = alias.other.as_ref().filter(|(_, share)| *share > 0.0) {
        let says = format!("version {version} gets {}% already", share * 100.0);
        return Check::problem(
            what,
            says,
            "unless a rollout is running: let the alias serve stable alone",
        );
    }
    if alias.version != route.stable {
        let says = format!(
            "the alias serves version {}, the plan's stable is {}",
            alias.version, route.stable
        );
        return Check::problem(what, says, "put right the alias, or the plan");
    }
    Check::ok(what, format!("serves version {} alone", route.stable))
}
