//! People: the groups that decide, and the places that are told.

use std::collections::BTreeMap;

use domain::{
    name::{GroupName, Person},
    plan::{
        gate::{FourEyes, Otherwise},
        people::{Channel, ChannelKind, Folder, Handles, Hours, Locale, Notify},
        severity::Severity,
    },
    time::{SignedDuration, Timestamp},
};
use jiff::civil::Time;
use serde_json::{Value, json};

use crate::{
    arn::TopicArn,
    decode::{At, Leaf, List, Named, Slot},
    guard::entries,
    hook::HttpsUrl,
    leaf::{Text, Whole},
    names::Names,
    node::Scalar,
    problem::{Code, Fault, Place, Report, quote},
    record::{record, words},
    written::named,
};

/// The most people in a group.
const PEOPLE_MAX: usize = 100;
/// The most groups.
pub(crate) const GROUPS_MAX: usize = 32;
/// The most places that are told.
const CHANNELS_MAX: usize = 32;

/// The plan's groups.
pub(crate) type Groups = Named<GroupName, List<Who, 1, PEOPLE_MAX>, 0, GROUPS_MAX>;
/// What people are called elsewhere.
pub(crate) type People = Named<Who, HandlesText, 0, PEOPLE_MAX>;
/// The places that are told.
pub(crate) type Channels = List<ChannelText, 0, CHANNELS_MAX>;

/// A person: an IAM principal, a Slack user id or a mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who(String);

impl Leaf for Who {
    const EXPECTED: &'static str = "a person: an IAM principal, a Slack user id or a mail address";
    const EXAMPLE: &'static str = "aiko@example.com";
    const FREE: bool = true;

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        Text::<256>::read(scalar).map(|text| Self(text.0))
    }

    fn schema() -> Value {
        <Text<256> as Leaf>::schema()
    }
}

record! {
    /// A decision by people before the next phase.
    ApprovalText as "an approval" {
        /// The groups whose members may approve.
        required from: List<GroupName, 1, GROUPS_MAX>,
        /// How many different people must approve.
        default("1") needed: Whole<1, 100>,
        /// How long they have, from when they are asked.
        optional expires: SignedDuration,
        /// What happens when they have not.
        default("hold") otherwise: Otherwise,
        /// Whether whoever started the rollout may be one of them. `required`: they may not. `waived`: they may.
        default("required") four_eyes: FourEyes,
    }
}

words! { FourEyes, "whether the starter may approve" { "required" = Self::Required, "waived" = Self::Waived, } }

record! {
    /// What one person is called elsewhere, so that they are one person wherever they decide.
    HandlesText as "an entry of `people`" {
        /// Their Slack user, by id: it stands in their profile under "Copy member ID".
        optional slack: SlackUser,
        /// Their IAM principal by ARN, or the end of it after a slash: the name of its sessions, or role and session.
        optional aws: Text<256>,
        /// Their mail address.
        optional email: MailAddress,
    }
}

record! {
    /// A place that is told.
    ChannelText as "an entry of `notify`", one of ["slack", "sns", "pagerduty", "email", "sms", "webhook", "amazon_q"] {
        /// A Slack channel.
        optional slack: SlackChannel,
        /// An SNS topic, by ARN.
        optional sns: TopicArn,
        /// A PagerDuty service, by name; its key is kept in the secret store.
        optional pagerduty: Text<128>,
        /// A mail address.
        optional email: MailAddress,
        /// A telephone number, with `+` and the country's code.
        optional sms: TelephoneNumber,
        /// A web address; the call is signed.
        optional webhook: HttpsUrl,
        /// An SNS topic that Amazon Q Developer reads in a chat, by ARN.
        optional amazon_q: TopicArn,
        /// The least severity it is told about; messages that are no incident count as low.
        default("low") from: Severity,
        /// When it is told, in the calendar's zone, or in UTC without a calendar; what is critical is told at any time.
        optional hours: HoursText,
        /// Until when it is told nothing but what is critical.
        optional silent_until: Instant,
    }
}

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HoursText(Hours);

impl Leaf for HoursText {
    const EXPECTED: &'static str = "a part of the day, such as \"22:00-07:00\"";
    const EXAMPLE: &'static str = "\"22:00-07:00\"";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let hours = scalar.text.split_once('-').and_then(|(from, to)| {
            let (from, to) = (clock(from)?, clock(to)?);
            (from != to).then_some(Hours { from, to })
        });
        hours.map(Self).ok_or_else(|| {
            Fault::new(
                Code::BadDate,
                format!("{} is no part of the day", quote(&scalar.text)),
                Self::EXPECTED,
                "write two different times with two digits each, as in `\"22:00-07:00\"`",
            )
        })
    }

    fn schema() -> Value {
        let time = "([01][0-9]|2[0-3]):[0-5][0-9]";
        json!({ "type": "string", "pattern": format!("^{time}-{time}$") })
    }
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant(Timestamp);

impl Leaf for Instant {
    const EXPECTED: &'static str = "a date and time with its zone, such as 2026-12-28T09:00:00Z";
    const EXAMPLE: &'static str = "2026-12-28T09:00:00Z";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let at = scalar.text.parse().ok();
        at.map(Self).ok_or_else(|| {
            Fault::new(
                Code::BadDate,
                format!("{} is no point in time", quote(&scalar.text)),
                Self::EXPECTED,
                "write the date, `T`, the time and `Z` or an offset, as in `2026-12-28T18:00:00+09:00`",
            )
        })
    }

    fn schema() -> Value {
        let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$";
        json!({ "type": "string", "pattern": pattern })
    }
}

/// A folder of an S3 bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FolderText(pub(crate) Folder);

impl Leaf for FolderText {
    const EXPECTED: &'static str = "a bucket of S3, and a folder in it if you want one";
    const EXAMPLE: &'static str = "s3://my-reports/tidegate/";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        folder(&scalar.text).map(Self).ok_or_else(|| {
            Fault::new(
                Code::BadAddress,
                format!("{} is no such place", quote(&scalar.text)),
                Self::EXPECTED,
                "write `s3://`, the bucket's name and a folder, as in `s3://my-reports/tidegate/`",
            )
        })
    }

    fn schema() -> Value {
        let pattern = "^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?$";
        json!({ "type": "string", "pattern": pattern, "maxLength": 256 })
    }
}

/// A bucket has 3 to 63 small letters, digits, dots and hyphens (S3, "General purpose bucket naming rules").
fn folder(text: &str) -> Option<Folder> {
    let rest = text.strip_prefix("s3://").filter(|_| text.len() <= 256)?;
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let named = (3..=63).contains(&bucket.len())
        && bucket
            .bytes()
            .all(|byte| edge(byte) || b".-".contains(&byte))
        && bucket.bytes().next().is_some_and(edge)
        && bucket.bytes().next_back().is_some_and(edge);
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let parted = path.is_empty() || path.split('/').all(is_part);
    (named && parted).then(|| Folder {
        bucket: bucket.to_owned(),
        prefix: if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        },
    })
}

words! { Locale, "the language of messages" { "en" = Self::En, "ja" = Self::Ja, } }

macro_rules! addresses {
    ($( $(#[$doc:meta])* $name:ident, $expected:literal, $example:literal, $pattern:literal, $is:expr; )+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct $name(String);

        impl Leaf for $name {
            const EXPECTED: &'static str = $expected;
            const EXAMPLE: &'static str = $example;

            fn read(scalar: &Scalar) -> Result<Self, Fault> {
                let is: fn(&str) -> bool = $is;
                if scalar.text.len() <= 256 && is(&scalar.text) {
                    return Ok(Self(scalar.text.clone()));
                }
                let found = format!("{} is no such address", quote(&scalar.text));
                let mend = concat!("write `", $example, "` or the like");
                Err(Fault::new(Code::BadAddress, found, $expected, mend))
            }

            fn schema() -> Value {
                json!({ "type": "string", "pattern": $pattern, "maxLength": 256 })
            }
        }
    )+ };
}

addresses! {
    /// A Slack channel, by name or id.
    SlackChannel, "a Slack channel, such as \"#releases\"", "\"#releases\"", "^[#CGD][^\\s#]{1,80}$",
        |text| text.len() > 1
            && text.starts_with(['#', 'C', 'G', 'D'])
            && !text.chars().skip(1).any(|c| c == '#' || c.is_whitespace());
    /// A Slack user, by id.
    SlackUser, "the id of a Slack user, such as U2CERLKJA", "U2CERLKJA", "^[UW][A-Z0-9]{2,40}$",
        |text| (3..=41).contains(&text.len())
            && text.starts_with(['U', 'W'])
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    /// A mail address.
    MailAddress, "a mail address", "on-call@example.com", "^[^\\s@]+@[^\\s@]+$",
        |text| text.split_once('@').is_some_and(|(who, host)| {
            !who.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
        });
    /// A telephone number in E.164 form.
    TelephoneNumber, "a telephone number with `+` and the country's code", "\"+819012345678\"", "^\\+[1-9][0-9]{6,14}$",
        |text| text.strip_prefix('+').is_some_and(|digits| {
            (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
}

impl ChannelText {
    fn channel(&self) -> Option<Channel> {
        let address = |kind, to: &str| Some((kind, to.to_owned()));
        let (kind, to) = if let Some(at) = &self.slack {
            address(ChannelKind::Slack, &at.value.0)
        } else if let Some(at) = &self.sns {
            address(ChannelKind::Sns, &at.value.0.text)
        } else if let Some(at) = &self.pagerduty {
            address(ChannelKind::PagerDuty, &at.value.0)
        } else if let Some(at) = &self.email {
            address(ChannelKind::Email, &at.value.0)
        } else if let Some(at) = &self.sms {
            address(ChannelKind::Sms, &at.value.0)
        } else if let Some(at) = &self.webhook {
            address(ChannelKind::Webhook, &at.value.0)
        } else {
            address(ChannelKind::AmazonQ, &self.amazon_q.as_ref()?.value.0.text)
        }?;
        Some(Channel {
            kind,
            to,
            from: self.from.as_ref()?.value,
            hours: self.hours.as_ref().map(|at| at.value.0),
            silent_until: self.silent_until.as_ref().map(|at| at.value.0),
        })
    }
}

/// The places that are told, each once.
#[expect(
    clippy::ref_option,
    reason = "a slot is a field of a record, and is lent as it is"
)]
pub(crate) fn notify(channels: &Slot<Channels>, report: &mut Report) -> Notify {
    let mut notify = Notify::default();
    for written in entries(channels) {
        let Some(channel) = written.value.channel() else {
            continue;
        };
        if notify
            .channels
            .iter()
            .any(|other| other.kind == channel.kind && other.to == channel.to)
        {
            let fault = Fault::new(
                Code::Repeated,
                format!("{} is told twice", quote(&channel.to)),
                "every place once, from its least severity upwards",
                "keep the entry with the lower `from`",
            );
            report.error(&written.place, fault);
        }
        notify.channels.push(channel);
    }
    notify
}

/// What people are called elsewhere; nothing stands for two of them.
#[expect(
    clippy::ref_option,
    reason = "a slot is a field of a record, and is lent as it is"
)]
pub(crate) fn people(written: &Slot<People>, report: &mut Report) -> BTreeMap<Person, Handles> {
    let mut people = BTreeMap::new();
    let mut taken: BTreeMap<String, Person> = BTreeMap::new();
    for (who, handles) in named(written) {
        let person = Person::new(&who.value.0);
        let Some(handles) = handles else { continue };
        let text = &handles.value;
        let slack = text.slack.as_ref().map(|at| (&at.value.0, &at.place));
        let aws = text.aws.as_ref().map(|at| (&at.value.0, &at.place));
        let email = text.email.as_ref().map(|at| (&at.value.0, &at.place));
        let own = (&who.value.0, &who.place);
        for (handle, place) in [Some(own), slack, aws, email].into_iter().flatten() {
            let other = taken.insert(handle.to_lowercase(), person.clone());
            if let Some(other) = other.filter(|other| *other != person) {
                let fault = Fault::new(
                    Code::Repeated,
                    format!("{} is {other} already", quote(handle)),
                    "every name and handle of one person only",
                    "correct one of the two, or make them one person",
                );
                report.error(place, fault);
            }
        }
        let handle = |found: Option<(&String, _)>| {
            found.map(|(handle, _): (&String, &Place)| handle.clone())
        };
        let handles = Handles {
            slack: handle(slack),
            aws: handle(aws),
            email: handle(email),
        };
        people.insert(person, handles);
    }
    people
}

/// The people of a group, each once, by whatever name.
pub(crate) fn members(
    group: &At<List<Who, 1, PEOPLE_MAX>>,
    names: &Names,
    report: &mut Report,
) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for who in &group.value.0 {
        let person = Person::new(&who.value.0);
        let same = |other: &Person| names.person(other) == names.person(&person);
        if people.iter().any(same) {
            let fault = Fault::new(
                Code::Repeated,
                format!("{} is in the group twice", quote(person.as_str())),
                "every person once",
                "delete one",
            );
            report.error(&who.place, fault);
        } else {
            people.push(person);
        }
    }
    people
}
