//! Which ways a message is told: the plan's channels that want it, or the deployment's own where a plan has none.
//!
//! All of it follows from the entry and the plan, the hours too, so that a message that is tried again goes the same
//! ways as before.

use std::collections::BTreeSet;

use aws::{
    outlets::{Slack, Topic},
    store::{
        Told,
        outbox::{Slip, State, lane},
    },
};
use domain::{
    plan::{
        people::{Channel, ChannelKind, Folder},
        severity::Severity,
    },
    rollout::Rollout,
    time::Timestamp,
    words::Tone,
};

use crate::{forms::pager_duty, news::News, report};

/// One way to some people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lane {
    /// Its name in the outbox.
    pub(crate) key: String,
    /// Where it leads.
    pub(crate) place: Place,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The channel of Slack's incoming webhook.
    SlackWebhook,
    /// A channel of Slack, by name or id.
    SlackChannel(String),
    /// One person in Slack, by id.
    SlackPerson(String),
    /// A topic.
    Topic(Topic),
    /// A topic that Amazon Q Developer reads.
    AmazonQ(String),
    /// Mail addresses, through the topic for messages.
    Emails(Vec<String>),
    /// A service of `PagerDuty`.
    PagerDuty(String),
    /// A telephone.
    Phone(String),
    /// A web address.
    Webhook(String),
    /// A folder for reports.
    Reports(Folder),
}

/// What the deployment has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Means {
    /// What Slack is reached by.
    pub(crate) slack: Slack,
    /// The channel for a bot where a plan names none.
    pub(crate) channel: Option<String>,
    /// Whether there is a topic for messages.
    pub(crate) topic: Option<Topic>,
}

impl Lane {
    fn new(kind: &str, address: &str, place: Place) -> Self {
        Self {
            key: lane(kind, address),
            place,
        }
    }
}

/// How the names of lanes into buckets begin.
const REPORTS: &str = "reports";

/// Whether a lane leads into a bucket.
pub(crate) fn is_reports(key: &str) -> bool {
    key.split('/').next() == Some(REPORTS)
}

/// The messages whose reports are kept, by their numbers.
pub(crate) fn reported(slips: &[Slip]) -> BTreeSet<u64> {
    let kept = slips
        .iter()
        .filter(|slip| is_reports(&slip.lane) && slip.state == State::Sent);
    kept.map(|slip| slip.seq).collect()
}

/// What an outlet is called, by the name of a lane in it. The names are the same in every language.
pub(crate) fn outlet(key: &str) -> &'static str {
    match key.split('/').next().unwrap_or_default() {
        "slack" => "Slack",
        "pagerduty" => "PagerDuty",
        "sms" => "SMS",
        "email" => "E-mail",
        "webhook" => "Webhook",
        "amazon-q" => "Amazon Q",
        REPORTS => "S3",
        _ => "SNS",
    }
}

/// How much an entry weighs for routing: an incident what it is, a way back everything, a question something.
pub(crate) fn severity(told: &Told, tone: Tone) -> Severity {
    if let Some(severity) = told.severity {
        return severity;
    }
    let critical = [
        "rollback-began",
        "rollback-late",
        "change-stuck",
        "route-obstructed",
    ];
    match tone {
        _ if critical.contains(&told.line.kind.as_str()) => Severity::Critical,
        Tone::Bad => Severity::High,
        Tone::Ask => Severity::Medium,
        Tone::Note | Tone::Good => Severity::Low,
    }
}

/// Every way that a message is told.
pub(crate) fn lanes(news: &News, means: &Means) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    let channels = news
        .rollout
        .as_ref()
        .map_or(&[][..], |rollout| &rollout.plan.notify.channels);
    if channels.is_empty() {
        lanes.extend(own(means));
    }
    if let Some(rollout) = &news.rollout {
        planned(news, rollout, means, &mut lanes);
    }
    if let Some(folder) = report::folder(news) {
        let address = format!("{}/{}", folder.bucket, folder.prefix);
        lanes.push(Lane::new(REPORTS, &address, Place::Reports(folder.clone())));
    }
    if means.slack == Slack::Bot {
        let people = news.offers.iter().filter_map(|offer| offer.slack.as_ref());
        lanes.extend(people.map(|id| Lane::new("slack", id, Place::SlackPerson(id.clone()))));
    }
    let mut once: Vec<Lane> = Vec::new();
    for lane in lanes {
        if !once.iter().any(|other| other.key == lane.key) {
            once.push(lane);
        }
    }
    once
}

/// What the deployment has, for plans that say nothing.
fn own(means: &Means) -> impl Iterator<Item = Lane> {
    let slack = match (means.slack, &means.channel) {
        (Slack::Webhook, _) => Some(Lane::new("slack", "webhook", Place::SlackWebhook)),
        (Slack::Bot, Some(channel)) => Some(slack_channel(channel)),
        (Slack::Bot, None) | (Slack::Unnamed, _) => None,
    };
    let topic = means.topic.clone();
    let topic = topic.map(|topic| Lane::new("sns", "messages", Place::Topic(topic)));
    slack.into_iter().chain(topic)
}

fn slack_channel(name: &str) -> Lane {
    Lane::new("slack", name, Place::SlackChannel(name.to_owned()))
}

fn planned(news: &News, rollout: &Rollout, means: &Means, lanes: &mut Vec<Lane>) {
    let mut emails = Vec::new();
    for channel in &rollout.plan.notify.channels {
        if !hears(channel, news, rollout, news.at) {
            continue;
        }
        let to = channel.to.as_str();
        let lane = match channel.kind {
            ChannelKind::Slack => match means.slack {
                Slack::Unnamed => continue,
                Slack::Webhook => Lane::new("slack", "webhook", Place::SlackWebhook),
                Slack::Bot => slack_channel(to),
            },
            ChannelKind::Sns => Lane::new("sns", to, Place::Topic(Topic::Of(to.to_owned()))),
            ChannelKind::AmazonQ => Lane::new("amazon-q", to, Place::AmazonQ(to.to_owned())),
            ChannelKind::PagerDuty => Lane::new("pagerduty", to, Place::PagerDuty(to.to_owned())),
            ChannelKind::Sms => Lane::new("sms", to, Place::Phone(to.to_owned())),
            ChannelKind::Webhook => Lane::new("webhook", to, Place::Webhook(to.to_owned())),
            ChannelKind::Email => {
                emails.push(to.to_owned());
                continue;
            }
        };
        lanes.push(lane);
    }
    if !emails.is_empty() && means.topic.is_some() {
        lanes.push(Lane::new("email", "messages", Place::Emails(emails)));
    }
}

/// `PagerDuty` is told what opens an alert if it wants it, and what ends one in any case: to end one that was not
/// opened does nothing.
fn hears(channel: &Channel, news: &News, rollout: &Rollout, at: Timestamp) -> bool {
    let zone = &rollout.plan.calendar.zone;
    let wants = channel.hears(news.severity, at, zone);
    match channel.kind {
        ChannelKind::PagerDuty => match pager_duty::alerts(news) {
            pager_duty::Alerts::None => false,
            pager_duty::Alerts::Opens(_) => wants,
            pager_duty::Alerts::Ends(_) => true,
        },
        ChannelKind::Slack
        | ChannelKind::Sns
        | ChannelKind::Email
        | ChannelKind::Sms
        | ChannelKind::Webhook
        | ChannelKind::AmazonQ => wants,
    }
}
