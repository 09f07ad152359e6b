//! Whatever comes over a wire ends with an answer: every sample of `events/`, with something changed in it anywhere.

use std::{cell::Cell, fs, path::Path, sync::LazyLock};

use domain::{name::RolloutId, rollout::Rollout, time::Timestamp};
use engine::trouble::Trouble;
use link::House;
use pages::{Record, Told, Trend};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value, json};
use token::{
    Audience, Kid, Signer, TokenId, Verifier,
    answer::{Attempt, Envelope},
};

static ALARMS: LazyLock<Vec<Value>> = LazyLock::new(|| samples("alarm"));
static ENTRIES: LazyLock<Vec<Value>> = LazyLock::new(|| samples("notify"));
static COMMANDS: LazyLock<Vec<Value>> = LazyLock::new(|| samples("control"));
static REQUESTS: LazyLock<Vec<Value>> = LazyLock::new(|| samples("link"));
static ANSWERS: LazyLock<Vec<Value>> = LazyLock::new(|| samples("approval"));

/// One change: where, what, and how much of a text is left.
type Change = (Index, Value, Index);

/// What is put into a payload to break it.
fn shard() -> impl Strategy<Value = Value> {
    let deep = (0..200).fold(json!(1), |inside, _| json!([inside]));
    let known = vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("\0\n\u{202e}"),
        json!("arn:aws:cloudwatch:::alarm:"),
        json!("x".repeat(70_000)),
        json!([]),
        json!({}),
        deep,
    ];
    prop_oneof![
        6 => select(known),
        1 => any::<String>().prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::from),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    vec((any::<Index>(), shard(), any::<Index>()), 1..4)
}

/// How many values there are in a value, itself among them.
fn size(value: &Value) -> usize {
    let inside: usize = match value {
        Value::Array(all) => all.iter().map(size).sum(),
        Value::Object(all) => all.values().map(size).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    inside + 1
}

/// The value of a number, counted from the outside in.
fn nth(value: &mut Value, mut number: usize) -> Option<&mut Value> {
    if number == 0 {
        return Some(value);
    }
    number -= 1;
    let inside: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(all) => Box::new(all.iter_mut()),
        Value::Object(all) => Box::new(all.values_mut()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    for one in inside {
        let length = size(one);
        if number < length {
            return nth(one, number);
        }
        number -= length;
    }
    None
}

fn mangle(value: &mut Value, changes: &[Change]) {
    for (at, shard, cut) in changes {
        let count = size(value);
        let Some(one) = nth(value, at.index(count)) else {
            continue;
        };
        // A text is cut off as often as it is replaced: much of what is read is text in text.
        let text = one
            .as_str()
            .filter(|text| !text.is_empty() && cut.index(2) == 0);
        *one = match text {
            Some(text) => {
                let end = cut.index(text.chars().count());
                Value::String(text.chars().take(end).collect())
            }
            None => shard.clone(),
        };
    }
}

fn samples(folder: &str) -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(Path::new("../events").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    texts
        .filter_map(|text| serde_json::from_str(&text).ok())
        .collect()
}

/// A house in which nobody lives: nothing can come of a request but a page, or words of Slack that somebody else checks.
struct Empty {
    handed_on: Cell<u32>,
}

impl House for Empty {
    async fn verifier(&self) -> Result<Verifier, Trouble> {
        let kid = Kid::new("2026-11").unwrap();
        let public = Signer::generate(kid.clone(), [9; 32]).public().unwrap();
        Ok(Verifier::new(kid, public))
    }

    async fn load(&self, _: &RolloutId) -> Result<Option<Rollout>, Trouble> {
        Ok(None)
    }

    async fn record(&self, _: &TokenId) -> Result<Record, Trouble> {
        Ok(Record::default())
    }

    async fn told(&self, _: &RolloutId) -> Result<Vec<Told>, Trouble> {
        Ok(Vec::new())
    }

    async fn trends(&self, _: &Rollout) -> Vec<Trend> {
        Vec::new()
    }

    async fn publish(&self, envelope: &Envelope) -> Result<(), Trouble> {
        assert!(
            matches!(envelope, Envelope::Slack(_)),
            "an answer on no link of ours"
        );
        self.handed_on.set(self.handed_on.get() + 1);
        Ok(())
    }

    fn attempt(&self) -> Result<Attempt, Trouble> {
        Ok(Attempt::of([1; 8]))
    }

    fn now(&self) -> Timestamp {
        "2026-01-13T10:07:00Z".parse().unwrap()
    }
}

fn served(payload: &Value) -> Value {
    let house = Empty {
        handed_on: Cell::new(0),
    };
    let audience = Audience::new("123456789012", "eu-west-1", "tidegate").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let reply = runtime.block_on(link::handle(&house, &audience, payload));
    assert!(house.handed_on.get() <= 1);
    reply
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn an_alarms_event_gets_an_answer(which in any::<Index>(), changes in changes()) {
        let mut payload = which.get(&ALARMS).clone();
        mangle(&mut payload, &changes);
        match aws::alarm_event::parse(&payload) {
            Ok(incoming) => prop_assert!(incoming.len() <= 10),
            Err(poison) => prop_assert!(!poison.to_string().is_empty()),
        }
    }

    #[test]
    fn a_kept_entry_gets_an_answer(which in any::<Index>(), changes in changes()) {
        let mut payload = which.get(&ENTRIES).clone();
        mangle(&mut payload, &changes);
        let records = payload["Records"].as_array().cloned().unwrap_or_default();
        for record in records {
            if let Err(trouble) = aws::store::entries_of_image(&record["dynamodb"]["NewImage"]) {
                prop_assert!(!trouble.what.is_empty());
            }
        }
    }

    #[test]
    fn a_request_to_control_gets_an_answer(which in any::<Index>(), changes in changes()) {
        let mut payload = which.get(&COMMANDS).clone();
        mangle(&mut payload, &changes);
        if let Err(failure) = aws::control::read(&payload) {
            prop_assert!(!failure.to_string().is_empty());
        }
    }

    #[test]
    fn a_request_of_a_browser_gets_a_page(which in any::<Index>(), changes in changes()) {
        let mut payload = which.get(&REQUESTS).clone();
        mangle(&mut payload, &changes);
        let reply = served(&payload);
        let status = reply["statusCode"].as_u64().unwrap_or_default();
        prop_assert!((200..500).contains(&status), "{status}");
        prop_assert_eq!(&reply["headers"]["cache-control"], "no-store");
    }

    #[test]
    fn what_was_handed_on_is_read_or_refused(which in any::<Index>(), changes in changes()) {
        let payload = which.get(&ANSWERS).clone();
        let text = payload["Records"][0]["Sns"]["Message"].as_str().unwrap_or_default();
        let mut message: Value = serde_json::from_str(text).unwrap_or_default();
        mangle(&mut message, &changes);
        if let Ok(envelope) = serde_json::from_value::<Envelope>(message) {
            let again = serde_json::to_value(&envelope).unwrap();
            prop_assert_eq!(serde_json::from_value::<Envelope>(again).unwrap(), envelope);
        }
    }
}
