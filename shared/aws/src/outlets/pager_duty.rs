//! `PagerDuty`, Events API v2: events that open, acknowledge and resolve an alert.

use std::collections::BTreeMap;

use domain::time::SignedDuration;
use engine::trouble::{Chance, Trouble};
use serde_json::Value;

use super::{Named, Unsent};
use crate::clock::Clock;
use crate::exchange::{self, exchange};
use engine::ports::Clock as _;

/// `PagerDuty` asks for minutes between tries, not seconds (Events API v2, "Response codes & retry logic").
const AGAIN_IN: SignedDuration = SignedDuration::from_mins(2);

impl Named {
    /// Sends an event to a service, by the key that is kept under its name.
    pub(super) async fn page_service(&self, service: &str, event: &Value) -> Result<(), Unsent> {
        let Some(parameter) = &self.settings.pager_duty else {
            let what = "no parameter with PagerDuty's keys is named (TIDEGATE_PAGERDUTY_PARAMETER)";
            return Err(Trouble::lasting(what).into());
        };
        let kept = self.secrets.get(parameter, Clock.now()).await?;
        // The text is a secret: no error of reading it is shown.
        let keys: BTreeMap<String, String> = serde_json::from_str(kept.expose()).map_err(|_| {
            let form = r#"{ "<service>": "<routing key>" }"#;
            Trouble::lasting(format!("the parameter {parameter} is not {form}"))
        })?;
        let Some(key) = keys.get(service) else {
            let what = format!("the parameter {parameter} has no key for the service `{service}`");
            return Err(Trouble::lasting(what).into());
        };
        let mut event = event.clone();
        if let Some(fields) = event.as_object_mut() {
            fields.insert("routing_key".to_owned(), Value::from(key.as_str()));
        }
        let url = format!("{}/v2/enqueue", self.settings.pager_duty_api);
        let request = exchange::json(&url, event.to_string());
        let request = request.ok_or_else(|| Trouble::lasting("PagerDuty has no address"))?;
        let answer = exchange(&self.connector, "PagerDuty", request, self.patience).await?;
        answer.taken("PagerDuty", "").map_err(|unsent| Unsent {
            again_in: match unsent.trouble.chance {
                Chance::Passing => Some(unsent.again_in.unwrap_or_default().max(AGAIN_IN)),
                Chance::Lasting => None,
            },
            ..unsent
        })
    }
}
