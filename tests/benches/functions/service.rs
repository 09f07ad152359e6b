//! Lambda's Runtime API: hands out one event at a time, and notes when.
//!
//! What a process is measured by are the moments in which it asks for its next event and in which it has answered one.

use std::{
    io::Error,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::wire::{Answer, Request, serve};

/// Much longer than the slowest start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long an event may take, as the function is told.
const EVENT_LASTS: Duration = Duration::from_secs(10);

/// What a process does.
#[derive(Debug)]
enum Said {
    /// It asks for its next event.
    Asked(Instant),
    /// It has answered.
    Answered(Instant, Vec<u8>),
    /// It says that it failed.
    Failed(String),
}

/// The Runtime API of one process.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    events: Sender<String>,
    said: Receiver<Said>,
}

impl Service {
    /// One more, at an address of its own.
    pub(crate) fn new() -> Result<Self, Error> {
        let (events, waiting) = channel();
        let (tell, said) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let answer = move |request: &Request| respond(request, &waiting, &tell);
        Ok(Self {
            address: serve(answer)?,
            events,
            said,
        })
    }

    /// Waits until the process asks for its next event.
    pub(crate) fn asked(&self) -> Result<Instant, String> {
        match self.next()? {
            Said::Asked(at) => Ok(at),
            Said::Failed(why) => Err(why),
            Said::Answered(..) => Err("it answered what it was not asked".to_owned()),
        }
    }

    /// Hands an event to a process that has asked for it; how long it took to answer, and what it said.
    pub(crate) fn handle(&self, event: &str) -> Result<(Duration, Vec<u8>), String> {
        let given = Instant::now();
        let gone = |_| "nobody waits for an event".to_owned();
        self.events.send(event.to_owned()).map_err(gone)?;
        match self.next()? {
            Said::Answered(at, body) => Ok((at.duration_since(given), body)),
            Said::Failed(why) => Err(why),
            Said::Asked(_) => Err("it asked for another event before it answered".to_owned()),
        }
    }

    fn next(&self) -> Result<Said, String> {
        self.said.recv_timeout(PATIENCE).map_err(|error| {
            let why = match error {
                RecvTimeoutError::Timeout => "it says nothing any more",
                RecvTimeoutError::Disconnected => "its Runtime API has ended",
            };
            why.to_owned()
        })
    }
}

/// The answer to one request of a runtime client ("Using the Lambda runtime API").
fn respond(
    request: &Request,
    waiting: &Mutex<Receiver<String>>,
    tell: &Sender<Said>,
) -> Option<Answer> {
    let now = Instant::now();
    if request.method == "GET" && request.path.ends_with("/invocation/next") {
        tell.send(Said::Asked(now)).ok()?;
        let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        return waiting.recv().ok().map(next_event);
    }
    let said = if request.path.ends_with("/response") {
        Said::Answered(now, request.body.clone())
    } else {
        Said::Failed(String::from_utf8_lossy(&request.body).into_owned())
    };
    tell.send(said).ok()?;
    Some(Answer {
        status: 202,
        headers: Vec::new(),
        body: String::new(),
    })
}

fn next_event(event: String) -> Answer {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut answer = Answer::well("application/json", event);
    answer.headers.extend([
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        ),
        (
            "lambda-runtime-deadline-ms",
            now.saturating_add(EVENT_LASTS).as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:alarm".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0".to_owned(),
        ),
    ]);
    answer
}
