//! What is asked of Slack to answer whoever pressed a button: a form that is opened, and a word to them alone.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use engine::{ports::Clock as _, trouble::Trouble};
use serde_json::{Value, json};

use crate::{
    clock::Clock,
    exchange::{self, Answer, exchange},
    secrets::{Secret, Secrets},
};

/// Where forms are opened (Slack, `views.open`).
const VIEWS_OPEN: &str = "https://slack.com/api/views.open";

/// How the addresses begin that Slack gives for answers (Slack, "Handling user interaction").
const RESPONSES: &str = "https://hooks.slack.com/";

/// How the token of a bot begins.
const BOT: &str = "xoxb-";

/// A form must be opened three seconds after the button was pressed; most of them are over.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// Whether a secret is a bot's token, and not the address of a webhook.
pub(crate) fn is_bot(secret: &Secret) -> bool {
    secret.expose().starts_with(BOT)
}

/// Whether a form was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// It is before whoever pressed the button.
    Opened,
    /// Nobody has set up a bot, and only a bot can open one.
    NoBot,
}

/// What is asked of Slack.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait SlackApi {
    /// Opens a form for whoever pressed a button, which must have been just now.
    async fn open(&self, trigger: &str, view: &Value) -> Result<Opened, Trouble>;

    /// Says something to them alone, at the address that came with the button.
    async fn say(&self, address: &str, text: &str) -> Result<(), Trouble>;
}

/// Slack itself.
#[derive(Debug)]
pub struct Slack {
    connector: SharedHttpConnector,
    secrets: Secrets,
    /// The name of the parameter with the bot's token, or with a webhook's address.
    parameter: Option<String>,
}

impl Slack {
    /// Slack by the name of the parameter that may hold a bot's token.
    #[must_use]
    pub const fn new(
        connector: SharedHttpConnector,
        secrets: Secrets,
        parameter: Option<String>,
    ) -> Self {
        Self {
            connector,
            secrets,
            parameter,
        }
    }

    /// Posts JSON. Neither address nor token is in any error.
    async fn post(
        &self,
        address: &str,
        token: Option<&Secret>,
        body: &Value,
    ) -> Result<Answer, Trouble> {
        let request = exchange::json(address, body.to_string()).and_then(|mut request| {
            if let Some(token) = token {
                let bearer = format!("Bearer {}", token.expose());
                let headers = request.headers_mut();
                headers.try_insert("authorization", bearer).ok()?;
            }
            Some(request)
        });
        let Some(request) = request else {
            let what = "the request to Slack could not be built";
            return Err(Trouble::lasting(what));
        };
        let answer = exchange(&self.connector, "Slack", request, ANSWERS_WITHIN).await;
        answer.map_err(|unsent| unsent.trouble)
    }
}

impl SlackApi for Slack {
    async fn open(&self, trigger: &str, view: &Value) -> Result<Opened, Trouble> {
        let Some(parameter) = &self.parameter else {
            return Ok(Opened::NoBot);
        };
        let secret = self.secrets.get(parameter, Clock.now()).await?;
        if !is_bot(&secret) {
            return Ok(Opened::NoBot);
        }
        let body = json!({ "trigger_id": trigger, "view": view });
        let answer = self.post(VIEWS_OPEN, Some(&secret), &body).await?;
        // Whether it was done stands in the body, under status 200 (Slack, "Web API").
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if said.get("ok") == Some(&Value::Bool(true)) {
            return Ok(Opened::Opened);
        }
        let error = said.get("error").and_then(Value::as_str);
        let word = match exchange::word(error.unwrap_or_default()) {
            "" => "no word",
            word => word,
        };
        let status = answer.status;
        Err(Trouble::lasting(format!(
            "views.open: Slack answered with status {status} ({word})"
        )))
    }

    async fn say(&self, address: &str, text: &str) -> Result<(), Trouble> {
        if !address.starts_with(RESPONSES) {
            return Err(Trouble::lasting(format!(
                "an answer goes only to {RESPONSES}, and another address came with the button"
            )));
        }
        let body = json!({
            "response_type": "ephemeral",
            "replace_original": false,
            "text": text,
        });
        let answer = self.post(address, None, &body).await?;
        answer.taken("Slack", "").map_err(|unsent| unsent.trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Answer, Script, run};

    fn slack(script: &Script, parameter: Option<&str>) -> Slack {
        let secrets = Secrets::new(aws_sdk_ssm::Client::new(&script.config()));
        Slack::new(script.connector(), secrets, parameter.map(str::to_owned))
    }

    fn secret(value: &str) -> Answer {
        Answer::Json(200, json!({ "Parameter": { "Value": value } }))
    }

    #[test]
    fn a_form_is_opened_by_a_bot_and_by_nobody_else() {
        let check = |answers: Vec<Answer>, parameter| {
            let script = Script::new(answers);
            let opened = run(slack(&script, parameter).open("1.2.3", &json!({ "type": "modal" })));
            (opened, script.asked())
        };
        assert_eq!(check(Vec::new(), None).0, Ok(Opened::NoBot));
        let webhook = secret("https://hooks.slack.com/services/T/B/x");
        assert_eq!(check(vec![webhook], Some("/slack")).0, Ok(Opened::NoBot));
        let ok = Answer::Json(200, json!({ "ok": true }));
        let (opened, asked) = check(vec![secret("xoxb-1"), ok], Some("/slack"));
        assert_eq!(opened, Ok(Opened::Opened));
        assert_eq!(asked[1].uri, VIEWS_OPEN);
        assert_eq!(asked[1].header("authorization"), Some("Bearer xoxb-1"));
        assert!(asked[1].says("\"trigger_id\":\"1.2.3\""));
        let late = Answer::Json(200, json!({ "ok": false, "error": "expired_trigger_id" }));
        let (opened, _) = check(vec![secret("xoxb-1"), late], Some("/slack"));
        assert_eq!(
            opened.unwrap_err().what,
            "views.open: Slack answered with status 200 (expired_trigger_id)"
        );
        let (opened, _) = check(vec![secret("xoxb-1"), Answer::Refusal], Some("/slack"));
        assert_eq!(opened, Err(Trouble::passing("Slack was not reached")));
    }

    #[test]
    fn an_answer_goes_to_slack_only() {
        let check = |address: &str, answers: Vec<Answer>| {
            let script = Script::new(answers);
            let said = run(slack(&script, None).say(address, "done"));
            (said.map_err(|trouble| trouble.what), script.asked().len())
        };
        let plain = |status| Answer::Text(status, ("content-type", "text/plain"), "ok".to_owned());
        let ours = "https://hooks.slack.com/actions/T/1/x";
        assert_eq!(check(ours, vec![plain(200)]), (Ok(()), 1));
        let moved = Err("Slack answered with status 302; redirects are not followed".to_owned());
        assert_eq!(check(ours, vec![plain(302)]), (moved, 1));
        for other in [
            "http://hooks.slack.com/actions/T/1/x",
            "https://hooks.slack.com.example.com/x",
            "https://hooks.slack.com@example.com/x",
            "https://169.254.169.254/",
        ] {
            assert_eq!(check(other, Vec::new()).1, 0, "{other}");
        }
    }
}
