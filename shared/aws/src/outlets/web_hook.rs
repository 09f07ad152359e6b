//! Web hooks of the plan: a signed POST to an address of the open net, and no redirects.

use engine::{ports::Clock as _, trouble::Trouble};
use serde::Deserialize;
use serde_json::Value;

use super::{Named, Unsent, open_net::Reach};
use crate::exchange::exchange;
use crate::{clock::Clock, secrets::Secret, signed};

/// Two keys at a time: the one in use, and the one before it.
const KEYS_MAX: usize = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    keys: Vec<String>,
}

impl Named {
    /// Calls an address with an event of `CloudEvents`.
    pub(super) async fn call_hook(
        &self,
        url: &str,
        delivery: &str,
        body: &Value,
    ) -> Result<(), Unsent> {
        self.reach.allows(url).map_err(Trouble::lasting)?;
        let Some(parameter) = &self.settings.webhook else {
            let what = "no parameter with keys to sign with is named (TIDEGATE_WEBHOOK_PARAMETER)";
            return Err(Trouble::lasting(what).into());
        };
        let now = Clock.now();
        let kept = self.secrets.get(parameter, now).await?;
        let keys = keys(kept.expose()).ok_or_else(|| {
            let form = r#"{ "keys": ["current", "previous"] }, with one key or two"#;
            Trouble::lasting(format!("the parameter {parameter} is not {form}"))
        })?;
        let text = body.to_string();
        let sent = signed::Sent {
            delivery,
            kind: "application/cloudevents+json; charset=utf-8",
            body: &text,
        };
        // What is wrong with an address may be told by none of its parts.
        let request = signed::request(url, sent, &keys, now)
            .map_err(|_| Trouble::lasting("the web hook's address cannot be called"))?;
        let connector = match &self.reach {
            Reach::OpenNet => &self.open_net,
            Reach::Anywhere => &self.connector,
        };
        let answer = exchange(connector, "the web hook", request, self.patience).await?;
        answer.taken("the web hook", "")
    }
}

/// The keys of a parameter; the text is a secret, so what is wrong with it is not shown.
fn keys(text: &str) -> Option<Vec<Secret>> {
    let Keys { keys } = serde_json::from_str(text).ok()?;
    let good = (1..=KEYS_MAX).contains(&keys.len()) && keys.iter().all(|key| !key.is_empty());
    good.then(|| keys.iter().map(|key| Secret::new(key)).collect())
}
