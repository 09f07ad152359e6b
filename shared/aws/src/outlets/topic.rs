//! SNS: topics, whose subscribers are mail addresses, queues and chat, and telephones.

use aws_sdk_sns::types::MessageAttributeValue;
use engine::trouble::Trouble;
use serde_json::Value;

use super::{Named, Post, Topic, Unsent};
use crate::trouble::trouble;

impl Named {
    /// Publishes to a topic.
    pub(super) async fn publish_to(&self, topic: &Topic, post: &Post) -> Result<(), Unsent> {
        let topic = match topic {
            Topic::Messages => self.settings.topic.as_deref(),
            Topic::Of(arn) => Some(arn.as_str()),
        };
        let Some(topic) = topic else {
            let what = "no topic for messages is named (TIDEGATE_TOPIC)";
            return Err(Trouble::lasting(what).into());
        };
        let mut publish = self
            .sns
            .publish()
            .topic_arn(topic)
            .set_subject(post.subject.clone())
            .message(&post.text);
        for (name, value) in &post.attributes {
            if let Some(value) = attribute("String", value) {
                publish = publish.message_attributes(*name, value);
            }
        }
        if !post.emails.is_empty() {
            // A subscription that filters by its address gets the message if it is among these.
            let all = Value::from(post.emails.clone()).to_string();
            if let Some(value) = attribute("String.Array", &all) {
                publish = publish.message_attributes("email", value);
            }
        }
        let sent = publish.send().await;
        sent.map_err(|error| trouble("Publish", &error))?;
        Ok(())
    }

    /// Sends a text message to a telephone.
    pub(super) async fn text_to(&self, number: &str, text: &str) -> Result<(), Unsent> {
        let publish = self.sns.publish().phone_number(number).message(text);
        // Costs more and arrives: it is told what cannot wait (SNS, "Publishing to a mobile phone").
        let publish = match attribute("String", "Transactional") {
            Some(kind) => publish.message_attributes("AWS.SNS.SMS.SMSType", kind),
            None => publish,
        };
        let sent = publish.send().await;
        sent.map_err(|error| trouble("Publish", &error))?;
        Ok(())
    }
}

/// The type is given, which is all that can be missing.
fn attribute(kind: &str, value: &str) -> Option<MessageAttributeValue> {
    let attribute = MessageAttributeValue::builder()
        .data_type(kind)
        .string_value(value);
    attribute.build().ok()
}
