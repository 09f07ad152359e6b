//! Where words go: Slack, `PagerDuty`, web hooks, topics and telephones, each in its file.
//!
//! An outlet sends what it is given and says what became of it. What is said where, and when it is tried again, is not
//! decided here.

mod open_net;
mod pager_duty;
mod slack_bot;
mod slack_webhook;
#[cfg(test)]
mod tests;
mod topic;
mod web_hook;

use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_types::SdkConfig;
use domain::{plan::people::Folder, time::SignedDuration};
use engine::{ports::Clock as _, trouble::Trouble};
use serde_json::Value;

use crate::{
    archive::{Added, Bucket, Kind, Lock, Vault as _},
    clock::Clock,
    ports::optional,
    secrets::{Secret, Secrets},
    teller::Heard,
};

use crate::{exchange::ANSWERS_WITHIN, slack_api::is_bot};

pub use open_net::{Reach, open_net};

/// A message on its way to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// At most 100 plain characters (SNS, `Publish`); none where the text is for a program.
    pub subject: Option<String>,
    /// The whole text.
    pub text: String,
    /// What subscribers may filter by.
    pub attributes: Vec<(&'static str, String)>,
    /// The mail addresses that it is for; subscriptions of the topic filter by `email`.
    pub emails: Vec<String>,
}

/// Something that is kept in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name below the folder.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The whole text.
    pub text: String,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The deployment's own for messages.
    Messages,
    /// The one of this ARN.
    Of(String),
}

/// What Slack is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slack {
    /// Nobody has named anything.
    Unnamed,
    /// An incoming webhook: one channel, whatever is asked for.
    Webhook,
    /// A bot's token.
    Bot,
}

/// A method of Slack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A new message.
    Post,
    /// A message that is there is changed.
    Update,
}

impl Method {
    /// Its name in Slack's Web API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Post => "chat.postMessage",
            Self::Update => "chat.update",
        }
    }
}

/// Where a message is in Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The channel's id.
    pub channel: String,
    /// Its name in the channel.
    pub ts: String,
}

/// Why something was not sent, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{trouble}")]
pub struct Unsent {
    /// What went wrong.
    pub trouble: Trouble,
    /// How long whoever refused it wants to be left alone.
    pub again_in: Option<SignedDuration>,
}

impl From<Trouble> for Unsent {
    fn from(trouble: Trouble) -> Self {
        Self {
            trouble,
            again_in: None,
        }
    }
}

/// Where words go.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Outlets {
    /// What Slack is reached by.
    async fn slack(&self) -> Result<Slack, Trouble>;

    /// Posts to Slack's incoming webhook.
    async fn hook(&self, body: &Value) -> Result<(), Unsent>;

    /// Calls a method of Slack's as the bot.
    async fn bot(&self, method: Method, body: &Value) -> Result<Posted, Unsent>;

    /// Whether Slack would take a message; none is posted.
    async fn listens(&self) -> Heard;

    /// Publishes to a topic.
    async fn publish(&self, topic: &Topic, post: &Post) -> Result<(), Unsent>;

    /// Sends a text message to a telephone.
    async fn text(&self, number: &str, text: &str) -> Result<(), Unsent>;

    /// Sends an event to a service of `PagerDuty`; its key is put in.
    async fn page(&self, service: &str, event: &Value) -> Result<(), Unsent>;

    /// Calls a web hook with an event of `CloudEvents`; `delivery` is the same for the same message.
    async fn call(&self, url: &str, delivery: &str, body: &Value) -> Result<(), Unsent>;

    /// Keeps a text in a bucket, unless one of that name is there.
    async fn keep(&self, folder: &Folder, object: Object) -> Result<(), Unsent>;
}

/// Which outlets there are, and where their secrets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The parameter with the webhook's address or the bot's token.
    pub slack: Option<String>,
    /// Where Slack's Web API is.
    pub slack_api: String,
    /// The topic for messages.
    pub topic: Option<String>,
    /// The parameter with `PagerDuty`'s keys, by service.
    pub pager_duty: Option<String>,
    /// Where `PagerDuty`'s Events API is.
    pub pager_duty_api: String,
    /// The parameter with the keys that web hooks are signed with.
    pub webhook: Option<String>,
}

impl Default for Settings {
    /// No outlet.
    fn default() -> Self {
        Self {
            slack: None,
            slack_api: "https://slack.com/api".to_owned(),
            topic: None,
            pager_duty: None,
            pager_duty_api: "https://events.pagerduty.com".to_owned(),
            webhook: None,
        }
    }
}

impl Settings {
    /// What the environment names.
    #[must_use]
    pub fn from_environment() -> Self {
        let none = Self::default();
        Self {
            slack: optional("TIDEGATE_SLACK_PARAMETER"),
            slack_api: optional("TIDEGATE_SLACK_API").unwrap_or(none.slack_api),
            topic: optional("TIDEGATE_TOPIC"),
            pager_duty: optional("TIDEGATE_PAGERDUTY_PARAMETER"),
            pager_duty_api: optional("TIDEGATE_PAGERDUTY_API").unwrap_or(none.pager_duty_api),
            webhook: optional("TIDEGATE_WEBHOOK_PARAMETER"),
        }
    }
}

/// The outlets that the settings name.
#[derive(Debug)]
pub struct Named {
    connector: SharedHttpConnector,
    /// Connections for what a plan says, to public addresses only.
    open_net: SharedHttpConnector,
    reach: Reach,
    secrets: Secrets,
    sns: aws_sdk_sns::Client,
    /// What the clients of buckets are made from.
    config: SdkConfig,
    settings: Settings,
    /// How long whoever is sent something has for an answer.
    patience: Duration,
}

impl Named {
    /// Outlets over these connections and clients.
    #[must_use]
    pub fn new(
        connector: SharedHttpConnector,
        secrets: Secrets,
        sns: aws_sdk_sns::Client,
        config: &SdkConfig,
        settings: Settings,
    ) -> Self {
        Self {
            connector,
            open_net: open_net(),
            reach: Reach::OpenNet,
            secrets,
            sns,
            config: config.clone(),
            settings,
            patience: ANSWERS_WITHIN,
        }
    }

    /// The same, waiting for an answer at most so long.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same, whose web hooks may reach other addresses.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    async fn slack_secret(&self) -> Result<(&str, Secret), Trouble> {
        let Some(parameter) = &self.settings.slack else {
            return Err(Trouble::lasting("nobody has named Slack"));
        };
        let secret = self.secrets.get(parameter, Clock.now()).await?;
        Ok((parameter, secret))
    }
}

impl Outlets for Named {
    async fn slack(&self) -> Result<Slack, Trouble> {
        if self.settings.slack.is_none() {
            return Ok(Slack::Unnamed);
        }
        let (_, secret) = self.slack_secret().await?;
        Ok(if is_bot(&secret) {
            Slack::Bot
        } else {
            Slack::Webhook
        })
    }

    async fn hook(&self, body: &Value) -> Result<(), Unsent> {
        let (parameter, address) = self.slack_secret().await?;
        self.post_to_webhook(parameter, &address, body).await
    }

    async fn bot(&self, method: Method, body: &Value) -> Result<Posted, Unsent> {
        let (_, token) = self.slack_secret().await?;
        self.ask_bot(&token, method, body).await
    }

    async fn listens(&self) -> Heard {
        let Some(parameter) = &self.settings.slack else {
            return Heard::Unnamed;
        };
        // Whoever asks may have mended it a moment ago.
        self.secrets.forget(parameter);
        let heard = match self.slack_secret().await {
            Ok((_, secret)) if is_bot(&secret) => self.bot_listens(&secret).await,
            Ok((parameter, secret)) => self.webhook_listens(parameter, &secret).await,
            Err(trouble) => Err(trouble.into()),
        };
        heard.map_or_else(
            |unsent| Heard::Trouble(unsent.trouble.what),
            |()| Heard::Answers,
        )
    }

    async fn publish(&self, topic: &Topic, post: &Post) -> Result<(), Unsent> {
        self.publish_to(topic, post).await
    }

    async fn text(&self, number: &str, text: &str) -> Result<(), Unsent> {
        self.text_to(number, text).await
    }

    async fn page(&self, service: &str, event: &Value) -> Result<(), Unsent> {
        self.page_service(service, event).await
    }

    async fn call(&self, url: &str, delivery: &str, body: &Value) -> Result<(), Unsent> {
        self.call_hook(url, delivery, body).await
    }

    async fn keep(&self, folder: &Folder, object: Object) -> Result<(), Unsent> {
        let (bucket, prefix) = (folder.bucket.clone(), folder.prefix.clone());
        let bucket = Bucket::new(&self.config, bucket, prefix, Lock::None);
        let Object { name, kind, text } = object;
        // What is there under this name was made from the same ledger.
        match bucket.add(&name, kind, text, Clock.now()).await {
            Ok(Added::Done | Added::Known) => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }
}
