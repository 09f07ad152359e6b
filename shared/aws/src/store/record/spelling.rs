//! Values that are kept as the text that they are shown as, and read back only if they are one.

use std::{fmt, marker::PhantomData};

use domain::{
    ledger::Chain,
    name::{AlarmArn, ItemName, MetricName, Person, PhaseName, RouteName},
    time::{SignedDuration, Timestamp},
    traffic::Weight,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected, Visitor},
};

/// A type whose text says all of it.
pub(super) trait Spelling: fmt::Display + Sized {
    /// What a text should be.
    const EXPECTED: &'static str;

    /// Reads what `Display` writes.
    fn read(text: &str) -> Option<Self>;
}

/// A value that is kept as its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spelt<T>(pub(super) T);

impl<T: Spelling> Serialize for Spelt<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: Spelling> Deserialize<'de> for Spelt<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Reader(PhantomData)).map(Self)
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: Spelling> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

macro_rules! spelling {
    ($($type:ident: $expected:literal, $read:expr;)+) => {
        $(impl Spelling for $type {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Option<Self> {
                $read(text)
            }
        })+
    };
}

spelling! {
    Timestamp: "an instant in RFC 3339", |text: &str| text.parse().ok();
    SignedDuration: "a duration in ISO 8601", |text: &str| text.parse().ok();
    RouteName: "a route's name", |text| Self::new(text).ok();
    MetricName: "a metric's name", |text| Self::new(text).ok();
    ItemName: "a checklist item's name", |text| Self::new(text).ok();
    PhaseName: "a phase's name", |text| Self::new(text).ok();
    Person: "a person", |text| Some(Self::new(text));
    AlarmArn: "an alarm's ARN", |text| Some(Self::new(text));
    Chain: "a ledger's end", Self::parse;
}

/// A weight, kept as its number of tenths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Permille(pub(super) Weight);

impl Serialize for Permille {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.0.permille())
    }
}

impl<'de> Deserialize<'de> for Permille {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let permille = u16::deserialize(deserializer)?;
        let weight = Weight::from_permille(permille).ok_or_else(|| {
            D::Error::invalid_value(
                Unexpected::Unsigned(permille.into()),
                &"tenths of a percent, at most 1000",
            )
        })?;
        Ok(Self(weight))
    }
}
