//! A head in which something was changed anywhere: it is read or refused, and what is read can be decided on.

use domain::{decide::decide, event::Event};
use proptest::{collection::vec, sample::Index};
use serde_json::{Value, json};

use super::{kept::full, *};

/// What is put into a document to break it.
fn shard() -> impl Strategy<Value = Value> {
    let known = vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("\0\u{202e}"),
        json!("9999-12-31T23:59:59.999999999Z"),
        json!("-009999-01-02T01:59:59Z"),
        json!("rolled-back"),
        json!([]),
        json!({}),
    ];
    prop_oneof![
        4 => select(known),
        1 => any::<String>().prop_map(Value::String),
        1 => any::<u32>().prop_map(Value::from),
    ]
}

/// Every place in a value, as a JSON pointer.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(inside) => {
            for (number, one) in inside.iter().enumerate() {
                places(one, &format!("{at}/{number}"), all);
            }
        }
        Value::Object(inside) => {
            for (name, one) in inside {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(one, &format!("{at}/{name}"), all);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Puts something into a place, or takes away what stands there.
fn mangle(document: &mut Value, at: Index, shard: Value, takes: Index) {
    let mut all = Vec::new();
    places(document, "", &mut all);
    let place = at.get(&all).clone();
    let parent = place.rsplit_once('/');
    if let Some((parent, name)) = parent.filter(|_| takes.index(3) == 0)
        && let Some(fields) = document.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        fields.remove(name);
        return;
    }
    if let Some(one) = document.pointer_mut(&place) {
        *one = shard;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn a_head_that_was_changed_is_read_or_refused(
        status in select(vec![
            Status::Entering(Next::Phase(0)),
            Status::Baking,
            Status::AwaitingApproval,
            Status::Watching,
            full().status,
        ]),
        changes in vec((any::<Index>(), shard(), any::<Index>()), 1..4)
    ) {
        let head = Rollout { status, intent: None, ..full() };
        let mut document: Value = serde_json::from_str(&write(&head).unwrap()).unwrap();
        for (at, shard, takes) in changes {
            mangle(&mut document, at, shard, takes);
        }
        let text = document.to_string();
        match read(&text, shop(), plan()) {
            Ok(head) => {
                let again = read(&write(&head).unwrap(), shop(), plan()).unwrap();
                prop_assert_eq!(&again, &head);
                // Whoever comes by next decides on it; that it is refused is an answer too.
                if let Ok(decision) = decide(&head, &Event::Tick, "2026-01-13T12:00:00Z".parse().unwrap()) {
                    prop_assert!(write(&decision.next).is_ok());
                }
            }
            Err(why) => prop_assert!(!why.to_string().is_empty()),
        }
    }
}
