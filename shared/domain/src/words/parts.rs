//! What messages are made of, for pages that show it by itself.

use jiff::tz::TimeZone;

use super::{
    Evidence,
    english::English,
    evidence,
    japanese::{self, Japanese},
    language::{Language, Value},
};
use crate::{
    decide::Refusal,
    judge::Finding,
    plan::{gate::Condition, people::Locale, severity::Severity},
    rollout::{Cause, IncidentSource, Status},
    time::{SignedDuration, Timestamp},
    waiting::Waiting,
};

/// Words for what is known, in a language and with times in a zone.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The language.
    pub locale: Locale,
    /// The zone, which is named with every time.
    pub zone: &'a TimeZone,
}

impl Parts<'_> {
    /// `Tue 3 Mar 2026 09:00 JST`
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        self.value(&Value::Time(at))
    }

    /// `1h 30m`
    #[must_use]
    pub fn span(&self, lasts: SignedDuration) -> String {
        self.value(&Value::Span(lasts))
    }

    /// Why traffic goes back.
    #[must_use]
    pub fn cause(&self, cause: &Cause) -> String {
        self.value(&Value::Cause(cause.clone()))
    }

    /// How bad an incident is.
    #[must_use]
    pub fn severity(&self, severity: Severity) -> String {
        self.value(&Value::Severity(severity))
    }

    /// What opened an incident.
    #[must_use]
    pub fn source(&self, source: &IncidentSource) -> String {
        self.value(&Value::Sources(vec![source.clone()]))
    }

    /// `> 1% for 2m`: a condition without its metric.
    #[must_use]
    pub fn threshold(&self, condition: &Condition) -> String {
        self.value(&Value::Threshold(condition.clone()))
    }

    /// A measurement against its threshold.
    #[must_use]
    pub fn evidence(&self, finding: &Finding) -> Evidence {
        match self.locale {
            Locale::En => evidence::of(&English { zone: self.zone }, finding),
            Locale::Ja => evidence::of(&Japanese { zone: self.zone }, finding),
        }
    }

    /// Where a rollout stands.
    #[must_use]
    pub const fn status(&self, status: &Status) -> &'static str {
        match self.locale {
            Locale::En => status.name(),
            Locale::Ja => japanese::standing(status),
        }
    }

    /// What is waited for, until when, and what happens then, in few words.
    #[must_use]
    pub fn waiting(&self, waiting: &Waiting, now: Timestamp) -> String {
        match self.locale {
            Locale::En => English { zone: self.zone }.waiting(waiting, now),
            Locale::Ja => Japanese { zone: self.zone }.waiting(waiting, now),
        }
    }

    /// Why something that a person asked for is not done: a sentence without its full stop.
    #[must_use]
    pub fn refusal(&self, refusal: &Refusal) -> String {
        match self.locale {
            Locale::En => English { zone: self.zone }.refusal(refusal),
            Locale::Ja => Japanese { zone: self.zone }.refusal(refusal),
        }
    }

    fn value(&self, value: &Value) -> String {
        match self.locale {
            Locale::En => English { zone: self.zone }.value(value),
            Locale::Ja => Japanese { zone: self.zone }.value(value),
        }
    }
}
