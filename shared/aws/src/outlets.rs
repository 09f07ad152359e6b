//! Where words go: an incoming webhook of Slack, and a topic.

use std::time::Duration;

use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, SharedHttpConnector},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use engine::{
    ports::Clock as _,
    trouble::{Chance, Trouble},
};
use serde_json::{Value, json};

use crate::{clock::Clock, secrets::Secrets, teller::Heard, trouble::trouble};

/// How long Slack has for an answer.
const SLACK_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// What a webhook says to a message without a text.
const NO_TEXT: [&str; 2] = ["no_text", "missing_text_or_fallback_or_attachments"];

/// Longer than any word that Slack answers with.
const WORD_CHARS_MAX: usize = 60;

/// A message on its way to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// At most 100 plain characters (SNS, `Publish`).
    pub subject: String,
    /// The whole text.
    pub text: String,
    /// What subscribers may filter by.
    pub attributes: Vec<(&'static str, String)>,
}

/// What became of a message that met no trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It was taken.
    Sent,
    /// Nobody has named such an outlet.
    NoOutlet,
}

/// Where words go.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Outlets {
    /// Sends the body of a webhook's request to Slack.
    async fn slack(&self, body: &Value) -> Result<Delivery, Trouble>;

    /// Whether Slack would take a message; none is posted.
    async fn listens(&self) -> Heard;

    /// Publishes to the topic.
    async fn topic(&self, post: &Post) -> Result<Delivery, Trouble>;
}

/// The outlets that the environment names.
#[derive(Debug)]
pub struct Named {
    connector: SharedHttpConnector,
    secrets: Secrets,
    sns: aws_sdk_sns::Client,
    /// The name of the parameter with the webhook's address.
    slack: Option<String>,
    /// The topic's ARN.
    topic: Option<String>,
}

impl Named {
    /// Outlets by the name of the parameter that holds the webhook's address, and by the topic's ARN.
    #[must_use]
    pub const fn new(
        connector: SharedHttpConnector,
        secrets: Secrets,
        sns: aws_sdk_sns::Client,
        slack: Option<String>,
        topic: Option<String>,
    ) -> Self {
        Self {
            connector,
            secrets,
            sns,
            slack,
            topic,
        }
    }
}

impl Named {
    /// Posts to the webhook: the status, and the word that is answered.
    async fn post(&self, parameter: &str, body: &Value) -> Result<(u16, String), Trouble> {
        let address = self.secrets.get(parameter, Clock.now()).await?;
        // The address is the secret: no error of what is done with it is shown.
        let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
        let set = request
            .set_method("POST")
            .is_ok()
            .then(|| request.set_uri(address.expose().to_owned()).ok())
            .flatten();
        if set.is_none() {
            return Err(Trouble::lasting(format!(
                "the parameter {parameter} holds no address of a webhook"
            )));
        }
        request
            .headers_mut()
            .insert("content-type", "application/json");
        let answered = async {
            let answer = self.connector.call(request).await?;
            let status = answer.status().as_u16();
            // A body that breaks off takes nothing away.
            let mut body = ByteStream::new(answer.into_body());
            let said = body.next().await.and_then(Result::ok);
            Ok::<_, ConnectorError>((status, word(said.as_deref().unwrap_or_default())))
        };
        match tokio::time::timeout(SLACK_ANSWERS_WITHIN, answered).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(_)) => Err(Trouble::passing("Slack was not reached")),
            Err(_) => Err(Trouble::passing("Slack did not answer in time")),
        }
    }
}

/// The word that Slack answers with (`ok`, `no_text`, `no_service`); anything else is not repeated.
fn word(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let said = said.trim();
    let letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    if said.len() <= WORD_CHARS_MAX && said.chars().all(letter) {
        said.to_owned()
    } else {
        String::new()
    }
}

impl Outlets for Named {
    async fn slack(&self, body: &Value) -> Result<Delivery, Trouble> {
        let Some(parameter) = &self.slack else {
            return Ok(Delivery::NoOutlet);
        };
        let (status, _) = self.post(parameter, body).await?;
        of_status(status, "").map(|()| Delivery::Sent)
    }

    /// A message without a text is refused, and by that a webhook is known: it says that there is no text, one that
    /// was taken away says that there is no service (Slack, "Handling errors" of incoming webhooks).
    async fn listens(&self) -> Heard {
        let Some(parameter) = &self.slack else {
            return Heard::Unnamed;
        };
        // Whoever asks may have mended it a moment ago.
        self.secrets.forget(parameter);
        let heard = match self.post(parameter, &json!({})).await {
            Ok((_, said)) if NO_TEXT.contains(&said.as_str()) => Ok(()),
            Ok((status, said)) => of_status(status, &said),
            Err(trouble) => Err(trouble),
        };
        heard.map_or_else(|trouble| Heard::Trouble(trouble.what), |()| Heard::Answers)
    }

    async fn topic(&self, post: &Post) -> Result<Delivery, Trouble> {
        let Some(topic) = &self.topic else {
            return Ok(Delivery::NoOutlet);
        };
        let mut publish = self
            .sns
            .publish()
            .topic_arn(topic)
            .subject(&post.subject)
            .message(&post.text);
        for (name, value) in &post.attributes {
            let attribute = aws_sdk_sns::types::MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build();
            // The type is given, which is all that can be missing.
            let Ok(attribute) = attribute else { continue };
            publish = publish.message_attributes(*name, attribute);
        }
        match publish.send().await {
            Ok(_) => Ok(Delivery::Sent),
            Err(error) => Err(trouble("Publish", &error)),
        }
    }
}

/// What Slack's status says: too many messages and its own failures pass, everything else of ours does not.
fn of_status(status: u16, said: &str) -> Result<(), Trouble> {
    let chance = match status {
        200..=299 => return Ok(()),
        429 | 500..=599 => Chance::Passing,
        _ => Chance::Lasting,
    };
    let said = if said.is_empty() {
        String::new()
    } else {
        format!(" ({said})")
    };
    Err(Trouble {
        chance,
        what: format!("Slack answered with status {status}{said}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Answer, Script, run};

    #[test]
    fn what_nobody_has_named_is_not_said_to_be_sent() {
        let no_answers: [Answer; 0] = [];
        let script = Script::new(no_answers);
        let config = script.config();
        let secrets = Secrets::new(aws_sdk_ssm::Client::new(&config));
        let sns = aws_sdk_sns::Client::new(&config);
        let named = Named::new(script.connector(), secrets, sns, None, None);
        let post = Post {
            subject: "shop#1: paused".to_owned(),
            text: String::new(),
            attributes: Vec::new(),
        };
        assert_eq!(run(named.slack(&Value::Null)), Ok(Delivery::NoOutlet));
        assert_eq!(run(named.topic(&post)), Ok(Delivery::NoOutlet));
        assert_eq!(script.asked().len(), 0);
    }

    #[test]
    fn slack_is_asked_again_only_where_that_can_help() {
        let check = |status| of_status(status, "").map_err(|trouble| trouble.chance);
        assert_eq!(check(200), Ok(()));
        for passing in [429, 500, 503] {
            assert_eq!(check(passing), Err(Chance::Passing), "{passing}");
        }
        for lasting in [301, 400, 403, 404, 410] {
            assert_eq!(check(lasting), Err(Chance::Lasting), "{lasting}");
        }
    }

    /// What is heard of a webhook that answers so.
    fn heard(answer: Answer) -> (Heard, Script) {
        let parameter = json!({ "Parameter": { "Value": "https://hooks.example.com/secret" } });
        let script = Script::new([Answer::Json(200, parameter), answer]);
        let config = script.config();
        let named = Named::new(
            script.connector(),
            Secrets::new(aws_sdk_ssm::Client::new(&config)),
            aws_sdk_sns::Client::new(&config),
            Some("/tidegate/slack".to_owned()),
            None,
        );
        (run(named.listens()), script)
    }

    #[test]
    fn a_webhook_that_was_just_mended_is_asked() {
        let parameter = |value| Answer::Json(200, json!({ "Parameter": { "Value": value } }));
        let text = |status, said: &str| {
            Answer::Text(status, ("content-type", "text/plain"), said.to_owned())
        };
        let script = Script::new([
            parameter("https://hooks.example.com/dead"),
            text(404, "no_service"),
            parameter("https://hooks.example.com/alive"),
            text(400, "no_text"),
        ]);
        let config = script.config();
        let named = Named::new(
            script.connector(),
            Secrets::new(aws_sdk_ssm::Client::new(&config)),
            aws_sdk_sns::Client::new(&config),
            Some("/tidegate/slack".to_owned()),
            None,
        );
        assert!(matches!(run(named.listens()), Heard::Trouble(_)));
        assert_eq!(run(named.listens()), Heard::Answers);
        assert_eq!(script.asked()[3].uri, "https://hooks.example.com/alive");
    }

    #[test]
    fn a_webhook_is_known_by_what_it_refuses_and_nothing_is_posted() {
        let text = |status, said: &str| {
            let plain = ("content-type", "text/plain");
            heard(Answer::Text(status, plain, said.to_owned())).0
        };
        assert_eq!(text(400, "no_text"), Heard::Answers);
        assert_eq!(text(500, NO_TEXT[1]), Heard::Answers);
        assert_eq!(text(200, "ok"), Heard::Answers);
        let said = |heard| match heard {
            Heard::Trouble(why) => why,
            Heard::Answers | Heard::Unnamed => panic!("it is not there"),
        };
        assert_eq!(
            said(text(404, "no_service")),
            "Slack answered with status 404 (no_service)"
        );
        assert_eq!(
            said(text(403, "https://hooks.example.com/secret is wrong")),
            "Slack answered with status 403"
        );
        let (refused, script) = heard(Answer::Refusal);
        assert_eq!(said(refused), "Slack was not reached");
        assert_eq!(script.asked()[1].body, b"{}");
    }
}
