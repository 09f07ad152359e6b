//! Sends one message one way.

use aws::{
    outlets::{Method, Outlets, Posted, Topic, Unsent},
    store::outbox::Book,
};
use serde_json::{Value, json};

use crate::{
    Desk, Presses,
    forms::{amazon_q, cloud_event, pager_duty, plain},
    news::News,
    offer::Offer,
    report,
    route::Place,
    slack::{self, Links},
};

/// Where a message is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Where the message is, if it can be found again.
    pub(crate) posted: Option<Posted>,
    /// Where the one message of the rollout is.
    pub(crate) root: Option<Posted>,
}

/// Sends a message; what was done of it before something failed is said with the failure. `root` is the one message of
/// the rollout, `posted` the message itself, if they are there already.
pub(crate) async fn send<O: Outlets, B: Book, K>(
    desk: &Desk<O, B, K>,
    place: &Place,
    news: &News,
    root: Option<Posted>,
    posted: Option<Posted>,
) -> Result<Sent, (Sent, Unsent)> {
    let outlets = &desk.outlets;
    let sent = match place {
        Place::SlackChannel(channel) => {
            return in_thread(desk, channel, news, root, posted).await;
        }
        Place::SlackPerson(id) => personally(outlets, id, news).await,
        Place::SlackWebhook => {
            let body = slack::message(news, Links::Everybodys);
            outlets.hook(&body).await
        }
        Place::Topic(topic) => outlets.publish(topic, &plain::post(news, &[])).await,
        Place::Emails(all) => {
            outlets
                .publish(&Topic::Messages, &plain::post(news, all))
                .await
        }
        Place::AmazonQ(arn) => {
            let topic = Topic::Of(arn.clone());
            outlets.publish(&topic, &amazon_q::post(news)).await
        }
        Place::Phone(number) => outlets.text(number, &plain::phone(news)).await,
        Place::Webhook(url) => {
            outlets
                .call(url, &news.name(), &cloud_event::event(news))
                .await
        }
        Place::PagerDuty(service) => page(outlets, service, news).await,
        Place::Reports(folder) => report::keep(desk, folder, news).await,
    };
    match sent {
        Ok(()) => Ok(Sent::default()),
        Err(unsent) => Err((Sent::default(), unsent)),
    }
}

async fn page<O: Outlets>(outlets: &O, service: &str, news: &News) -> Result<(), Unsent> {
    for event in pager_duty::events(news) {
        outlets.page(service, &event).await?;
    }
    Ok(())
}

/// A message to one who may decide, with links of their own.
async fn personally<O: Outlets>(outlets: &O, id: &str, news: &News) -> Result<(), Unsent> {
    let is_theirs = |offer: &&Offer| offer.slack.as_deref() == Some(id);
    let links = match news.offers.iter().find(is_theirs) {
        Some(offer) => Links::Personal(offer),
        None => Links::None,
    };
    let body = addressed(slack::message(news, links), [("channel", json!(id))]);
    outlets.bot(Method::Post, &body).await.map(|_| ())
}

/// The one message of the rollout, what happened in its thread, and the one message as it should be now.
async fn in_thread<O: Outlets, B, K>(
    desk: &Desk<O, B, K>,
    channel: &str,
    news: &News,
    root: Option<Posted>,
    posted: Option<Posted>,
) -> Result<Sent, (Sent, Unsent)> {
    let outlets = &desk.outlets;
    let mut sent = Sent { posted, root };
    let shown = news
        .rollout
        .as_ref()
        .map(|rollout| slack::root(news, rollout));
    let mut is_new = false;
    if let (None, Some(shown)) = (&sent.root, &shown) {
        let body = addressed(shown.clone(), [("channel", json!(channel))]);
        match outlets.bot(Method::Post, &body).await {
            Ok(root) => sent.root = Some(root),
            Err(unsent) => return Err((sent, unsent)),
        }
        is_new = true;
    }
    if sent.posted.is_none() {
        let links = match desk.presses {
            Presses::Heard => Links::Buttons,
            Presses::Unheard => Links::None,
        };
        let body = addressed(slack::message(news, links), [("channel", json!(channel))]);
        let body = match &sent.root {
            Some(root) => {
                let broadcast = slack::is_for_all(&news.message);
                let thread = [
                    ("thread_ts", json!(root.ts)),
                    ("reply_broadcast", json!(broadcast)),
                ];
                addressed(body, thread)
            }
            None => body,
        };
        match outlets.bot(Method::Post, &body).await {
            Ok(posted) => sent.posted = Some(posted),
            Err(unsent) => return Err((sent, unsent)),
        }
    }
    if let (Some(root), Some(shown), false) = (&sent.root, shown, is_new) {
        let place = [("channel", json!(root.channel)), ("ts", json!(root.ts))];
        if let Err(unsent) = outlets.bot(Method::Update, &addressed(shown, place)).await {
            // The message itself is said: only the next try changes what stands above it.
            return Err((sent, unsent));
        }
    }
    Ok(sent)
}

/// A body with where it goes.
fn addressed<const N: usize>(mut body: Value, place: [(&str, Value); N]) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.extend(place.map(|(name, value)| (name.to_owned(), value)));
    }
    body
}
