//! Where words go: an incoming webhook of Slack, and a topic.

use std::time::Duration;

use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use aws_smithy_types::body::SdkBody;
use engine::{
    ports::Clock as _,
    trouble::{Chance, Trouble},
};
use serde_json::Value;

use crate::{clock::Clock, secrets::Secrets, trouble::trouble};

/// How long Slack has for an answer.
const SLACK_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

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

impl Outlets for Named {
    async fn slack(&self, body: &Value) -> Result<Delivery, Trouble> {
        let Some(parameter) = &self.slack else {
            return Ok(Delivery::NoOutlet);
        };
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
        let answer = tokio::time::timeout(SLACK_ANSWERS_WITHIN, self.connector.call(request)).await;
        match answer {
            Ok(Ok(answer)) => of_status(answer.status().as_u16()),
            Ok(Err(_)) => Err(Trouble::passing("Slack was not reached")),
            Err(_) => Err(Trouble::passing("Slack did not answer in time")),
        }
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
fn of_status(status: u16) -> Result<Delivery, Trouble> {
    let chance = match status {
        200..=299 => return Ok(Delivery::Sent),
        429 | 500..=599 => Chance::Passing,
        _ => Chance::Lasting,
    };
    Err(Trouble {
        chance,
        what: format!("Slack answered with status {status}"),
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
        let check = |status| of_status(status).map_err(|trouble| trouble.chance);
        assert_eq!(check(200), Ok(Delivery::Sent));
        for passing in [429, 500, 503] {
            assert_eq!(check(passing), Err(Chance::Passing), "{passing}");
        }
        for lasting in [301, 400, 403, 404, 410] {
            assert_eq!(check(lasting), Err(Chance::Lasting), "{lasting}");
        }
    }
}
