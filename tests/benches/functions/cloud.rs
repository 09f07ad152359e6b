//! The two services that `alarm` calls, on loopback: a table, and a listener with one rule of ours.
//!
//! An emulator takes milliseconds a call and would hide what the clients cost, so this answers at once. It is true to
//! what one rollback needs: items are kept as they were written and only if their condition holds, a rule that was
//! deleted is gone, and a call that it does not know is refused, so that a handler that does something else fails.

use std::{
    collections::BTreeMap,
    io::Error,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    balancer::{self, Listener},
    wire::{Answer, Request, serve},
};

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) service: &'static str,
    pub(crate) name: String,
    /// What a query or a read was of.
    pub(crate) of: &'static str,
    began: Instant,
    ended: Instant,
}

impl Call {
    /// Whether this call waited for another to end.
    pub(crate) fn waited_for(&self, other: &Self) -> bool {
        self.began >= other.ended
    }
}

type Items = BTreeMap<(String, String), Value>;

#[derive(Debug, Default)]
struct State {
    items: Items,
    listener: Listener,
    /// What both are set back to before each event.
    beginning: Option<(Items, Listener)>,
    calls: Vec<Call>,
    takes: Duration,
}

/// A table and a load balancer; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Cloud {
    state: Arc<Mutex<State>>,
    pub(crate) table: SocketAddr,
    pub(crate) balancer: SocketAddr,
}

impl Cloud {
    /// An empty table, and this listener.
    pub(crate) fn new(listener: Listener) -> Result<Self, Error> {
        let state = State {
            listener,
            ..State::default()
        };
        let state = Arc::new(Mutex::new(state));
        Ok(Self {
            table: served(&state, "DynamoDB", dynamodb)?,
            balancer: served(&state, "ELBv2", elbv2)?,
            state,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every call takes so long from now on.
    pub(crate) fn takes(&self, duration: Duration) {
        self.state().takes = duration;
    }

    /// What there is now is what every event finds.
    pub(crate) fn begin_here(&self) {
        let mut state = self.state();
        state.beginning = Some((state.items.clone(), state.listener.clone()));
    }

    /// Everything is as it was, and no call has been made.
    pub(crate) fn begin_again(&self) {
        let mut state = self.state();
        if let Some((items, listener)) = state.beginning.clone() {
            (state.items, state.listener) = (items, listener);
        }
        state.calls.clear();
    }

    /// The calls that were made, in the order in which they came.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let mut calls = self.state().calls.clone();
        calls.sort_by_key(|call| call.began);
        calls
    }

    /// Whether traffic is back on stable, and the head and the ledger say so.
    pub(crate) fn is_restored(&self) -> bool {
        let state = self.state();
        let head = state.items.iter().find(|((_, sk), _)| sk == "HEAD");
        let status = head.map(|(_, item)| &item["status"]["S"]);
        let entries = |items: &Items| items.keys().filter(|(_, sk)| sk.starts_with("EV#")).count();
        let before = state
            .beginning
            .as_ref()
            .map_or(0, |(items, _)| entries(items));
        !state.listener.has_own
            && status == Some(&json!("guarding"))
            && entries(&state.items) == before.saturating_add(2)
    }
}

/// What is to be answered, under which name it was called, and what it was of.
type Answered = (Answer, String, &'static str);

fn served(
    state: &Arc<Mutex<State>>,
    service: &'static str,
    answer: fn(&mut State, &Request) -> Answered,
) -> Result<SocketAddr, Error> {
    let lock = Arc::clone(state);
    let respond = move |request: &Request| {
        let began = Instant::now();
        let takes = lock.lock().unwrap_or_else(PoisonError::into_inner).takes;
        thread::sleep(takes);
        let mut state = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, name, of) = answer(&mut state, request);
        let ended = Instant::now();
        state.calls.push(Call {
            service,
            name,
            of,
            began,
            ended,
        });
        Some(answer)
    };
    serve(respond)
}

fn dynamodb(state: &mut State, request: &Request) -> Answered {
    let target = request.header("x-amz-target").unwrap_or_default();
    let name = target.rsplit('.').next().unwrap_or_default().to_owned();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let (answer, of) = match name.as_str() {
        "Query" if body.get("IndexName").is_some() => (Some(guarded(&state.items)), "index"),
        "Query" => (head_and_plan(&state.items, &body), "head and plan"),
        "GetItem" => (item(&state.items, &body), "head"),
        "TransactWriteItems" => (transact(&mut state.items, &body), "commit"),
        _ => (None, ""),
    };
    let answer = match answer {
        Some(answer) => Answer::well("application/x-amz-json-1.0", answer.to_string()),
        None => Answer {
            status: 400,
            ..Answer::well(
                "application/x-amz-json-1.0",
                json!({ "__type": "ValidationException", "message": format!("{name}: {body}") })
                    .to_string(),
            )
        },
    };
    (answer, name, of)
}

/// The index of active rollouts. There is one, and the alarm guards it.
fn guarded(items: &Items) -> Value {
    let active: Vec<Value> = items
        .values()
        .filter(|item| item.get("active").is_some())
        .map(|item| json!({ "pk": item["pk"], "alarms": item["alarms"] }))
        .collect();
    json!({ "Count": active.len(), "ScannedCount": active.len(), "Items": active })
}

fn head_and_plan(items: &Items, body: &Value) -> Option<Value> {
    let partition = body["ExpressionAttributeValues"][":pk"]["S"].as_str()?;
    let found: Vec<&Value> = items
        .iter()
        .filter(|((pk, sk), _)| pk == partition && matches!(sk.as_str(), "HEAD" | "PLAN"))
        .map(|(_, item)| item)
        .collect();
    Some(json!({ "Count": found.len(), "ScannedCount": found.len(), "Items": found }))
}

fn key(of: &Value) -> Option<(String, String)> {
    let text = |name: &str| Some(of[name]["S"].as_str()?.to_owned());
    Some((text("pk")?, text("sk")?))
}

fn item(items: &Items, body: &Value) -> Option<Value> {
    let found = items.get(&key(&body["Key"])?);
    Some(found.map_or_else(|| json!({}), |item| json!({ "Item": item })))
}

/// All or nothing. The two conditions that a commit has: the item is new, or the head has not moved.
fn transact(items: &mut Items, body: &Value) -> Option<Value> {
    let actions = body["TransactItems"].as_array()?;
    let mut puts = Vec::new();
    for action in actions {
        let put = action.get("Put")?;
        let (item, key) = (&put["Item"], key(&put["Item"])?);
        let expected = &put["ExpressionAttributeValues"][":expected"];
        let holds = match put["ConditionExpression"].as_str() {
            Some(text) if text.contains(":expected") => items
                .get(&key)
                .is_some_and(|old| old["revision"] == *expected),
            Some(_) => !items.contains_key(&key),
            None => true,
        };
        if !holds {
            return None;
        }
        puts.push((key, item.clone()));
    }
    items.extend(puts);
    Some(json!({}))
}

fn elbv2(state: &mut State, request: &Request) -> Answered {
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let (answer, name) = balancer::answer(&mut state.listener, &form);
    (answer, name, "")
}
