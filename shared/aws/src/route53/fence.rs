//! The fencing record: the TXT record `_tidegate.<name>` that stands beside the weights and moves with them.
//!
//! Every batch that changes weights deletes the record that was read and creates another, so a batch that was sent for
//! an older decision fails whole. It says whose the weights are, so that an alarm finds them without the store.

use std::collections::BTreeSet;

use domain::{
    name::{RolloutId, RouteName},
    plan::route::{RecordType, Route53Route},
    time::{SignedDuration, Timestamp},
    traffic::Epoch,
};
use engine::ports::RouteRef;

use super::record::Record;
use crate::marks;

/// Nobody asks for it but us, and we ask Route 53 itself.
const FENCE_TTL_SECS: i64 = 60;
/// One string of a TXT record (RFC 1035, 3.3).
const STRING_CHARS_MAX: usize = 255;
/// The version of the format; a reader refuses a newer one.
const VERSION: u32 = 1;
const FIRST_WORD: &str = "tidegate ";

/// What a fencing record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) epoch: Epoch,
    /// What no other write has: two writes of one epoch must not leave the same record.
    pub(super) write: String,
    /// When it was sent.
    pub(super) at: Timestamp,
    pub(super) owner: RolloutId,
    pub(super) route: RouteName,
    pub(super) types: BTreeSet<RecordType>,
    pub(super) stable: String,
    pub(super) canary: String,
    pub(super) ttl: SignedDuration,
    /// The marks of its critical alarms.
    pub(super) guards: Vec<String>,
}

/// Why a TXT record cannot be read as a fence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadFence {
    /// Somebody else's.
    #[error("it was not written by Tidegate")]
    Foreign,
    /// Written by a later release.
    #[error("it was written by a newer Tidegate, in version {0}")]
    Newer(u32),
    /// Changed by a hand, or cut off.
    #[error("`{0}` is missing or cannot be read")]
    Lacks(&'static str),
}

/// Where the fence of a name stands.
pub(super) fn name_of(name: &str) -> String {
    format!("_tidegate.{name}")
}

impl Fence {
    /// The fence of a write.
    pub(super) fn of(
        route: RouteRef<'_>,
        records: &Route53Route,
        epoch: Epoch,
        write: String,
        at: Timestamp,
    ) -> Self {
        Self {
            epoch,
            write,
            at,
            owner: route.owner.clone(),
            route: route.name.clone(),
            types: records.types.clone(),
            stable: records.stable.clone(),
            canary: records.canary.clone(),
            ttl: records.ttl,
            guards: marks::guards(route.guards),
        }
    }

    /// The record that says so.
    pub(super) fn record(&self, name: &str) -> Record {
        let strings = self.strings();
        let quoted: Vec<String> = strings.iter().map(|string| quote(string)).collect();
        Record::text(name_of(name), quoted.join(" "), FENCE_TTL_SECS)
    }

    fn strings(&self) -> Vec<String> {
        let types: Vec<String> = self.types.iter().map(ToString::to_string).collect();
        let mut strings = vec![
            format!("{FIRST_WORD}{VERSION}"),
            format!("epoch={}", self.epoch),
            format!("write={}", self.write),
            format!("at={}", self.at),
            format!("owner={}", self.owner),
            format!("route={}", self.route),
            format!("types={}", types.join(",")),
            format!("stable={}", self.stable),
            format!("canary={}", self.canary),
            format!("ttl={}", self.ttl.as_secs()),
        ];
        let mut guards = String::new();
        for guard in &self.guards {
            if "guards=".len() + guards.len() + 1 + guard.len() > STRING_CHARS_MAX {
                strings.push(format!("guards={guards}"));
                guards.clear();
            }
            if !guards.is_empty() {
                guards.push(' ');
            }
            guards.push_str(guard);
        }
        if !guards.is_empty() {
            strings.push(format!("guards={guards}"));
        }
        strings
    }

    /// Reads a record's value. Keys that are not known were added within this version and change nothing.
    pub(super) fn parse(value: &str) -> Result<Self, BadFence> {
        let strings = unquote(value).ok_or(BadFence::Foreign)?;
        let version = strings.first().and_then(|s| s.strip_prefix(FIRST_WORD));
        let version: u32 = version
            .and_then(|version| version.parse().ok())
            .ok_or(BadFence::Foreign)?;
        if version > VERSION {
            return Err(BadFence::Newer(version));
        }
        let all = |key: &'static str| {
            let pairs = strings.iter().filter_map(|string| string.split_once('='));
            pairs
                .filter(move |(k, _)| *k == key)
                .map(|(_, value)| value)
        };
        let one = |key: &'static str| all(key).next().ok_or(BadFence::Lacks(key));
        let number = |key: &'static str| one(key)?.parse().map_err(|_| BadFence::Lacks(key));
        Ok(Self {
            epoch: Epoch(number("epoch")?),
            write: one("write")?.to_owned(),
            at: one("at")?.parse().map_err(|_| BadFence::Lacks("at"))?,
            owner: RolloutId::parse(one("owner")?).ok_or(BadFence::Lacks("owner"))?,
            route: RouteName::new(one("route")?).map_err(|_| BadFence::Lacks("route"))?,
            types: types(one("types")?).ok_or(BadFence::Lacks("types"))?,
            stable: one("stable")?.to_owned(),
            canary: one("canary")?.to_owned(),
            ttl: i64::try_from(number("ttl")?)
                .map(SignedDuration::from_secs)
                .map_err(|_| BadFence::Lacks("ttl"))?,
            guards: all("guards")
                .flat_map(|marks| marks.split(' ').map(str::to_owned))
                .collect(),
        })
    }
}

fn types(list: &str) -> Option<BTreeSet<RecordType>> {
    let one = |name: &str| match name {
        "A" => Some(RecordType::A),
        "AAAA" => Some(RecordType::Aaaa),
        "CNAME" => Some(RecordType::Cname),
        "HTTPS" => Some(RecordType::Https),
        _ => None,
    };
    list.split(',').map(one).collect()
}

/// A string as Route 53 writes it: in quotes, everything but printable ASCII in octal (TXT record type).
fn quote(string: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in string.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => quoted.extend(format!("\\{byte:03o}").chars()),
        }
    }
    quoted.push('"');
    quoted
}

/// The strings of a value; none if it is no list of quoted strings.
fn unquote(value: &str) -> Option<Vec<String>> {
    let mut strings = Vec::new();
    let mut bytes = value.bytes().peekable();
    loop {
        while bytes.next_if_eq(&b' ').is_some() {}
        match bytes.next() {
            None => return Some(strings),
            Some(b'"') => {}
            Some(_) => return None,
        }
        let mut string = Vec::new();
        loop {
            match bytes.next()? {
                b'"' => break,
                b'\\' => string.push(escaped(&mut bytes)?),
                byte => string.push(byte),
            }
        }
        strings.push(String::from_utf8(string).ok()?);
    }
}

/// What stands after a backslash: three octal digits, or a character that stands for itself.
fn escaped(bytes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let digit = |byte: u8| matches!(byte, b'0'..=b'7').then(|| u32::from(byte - b'0'));
    let first = bytes.next()?;
    let Some(high) = digit(first) else {
        return Some(first);
    };
    let (middle, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
    u8::try_from(high * 64 + middle * 8 + low).ok()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn fence() -> Fence {
        Fence {
            epoch: Epoch(12),
            write: "00c0ffee00c0ffee".to_owned(),
            at: "2026-11-25T21:00:00Z".parse().unwrap(),
            owner: RolloutId::parse("shop#7").unwrap(),
            route: RouteName::new("apex").unwrap(),
            types: [RecordType::A, RecordType::Aaaa].into(),
            stable: "Legacy \"blue\" = old".to_owned(),
            canary: "新".to_owned(),
            ttl: SignedDuration::from_secs(60),
            guards: vec!["ba7816bf".to_owned(), "01234567".to_owned()],
        }
    }

    #[test]
    fn a_fence_reads_back_as_itself() {
        let record = fence().record("www.example.com");
        expect!["_tidegate.www.example.com"].assert_eq(&record.name);
        expect![[r#""tidegate 1" "epoch=12" "write=00c0ffee00c0ffee" "at=2026-11-25T21:00:00Z" "owner=shop#7" "route=apex" "types=A,AAAA" "stable=Legacy \"blue\" = old" "canary=\346\226\260" "ttl=60" "guards=ba7816bf 01234567""#]]
            .assert_eq(&record.values[0]);
        assert_eq!(Fence::parse(&record.values[0]), Ok(fence()));
    }

    #[test]
    fn many_guards_are_many_strings_of_255_characters_at_most() {
        let guards: Vec<String> = (0..100).map(|n| format!("{n:08x}")).collect();
        let many = Fence {
            guards: guards.clone(),
            ..fence()
        };
        let strings = many.strings();
        assert!(strings.iter().all(|s| s.len() <= STRING_CHARS_MAX));
        assert_eq!(
            strings.iter().filter(|s| s.starts_with("guards=")).count(),
            4
        );
        let value = many.record("x.y").values.remove(0);
        assert_eq!(Fence::parse(&value).unwrap().guards, guards);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let check = |value: &str| Fence::parse(value).unwrap_err().to_string();
        let whole = fence().record("x.y").values.remove(0);
        let without = whole.replace("\"owner=shop#7\" ", "");
        let newer = whole.replace("tidegate 1", "tidegate 2");
        expect!["it was not written by Tidegate"].assert_eq(&check("\"v=spf1 -all\""));
        expect!["it was not written by Tidegate"].assert_eq(&check("\"tidegate 1"));
        expect!["`owner` is missing or cannot be read"].assert_eq(&check(&without));
        expect!["it was written by a newer Tidegate, in version 2"].assert_eq(&check(&newer));
        let added = format!("{whole} \"colour=green\"");
        assert_eq!(Fence::parse(&added), Ok(fence()));
    }
}
