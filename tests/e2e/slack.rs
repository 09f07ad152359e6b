//! Slack, as far as an incoming webhook goes: it keeps what it is sent.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::Value;

/// The path of the webhook's address: what must stand in no log.
pub(crate) const PLANTED: &str = "T0PLANTED/B0PLANTED/plantedsecretplanted";

/// A Slack of this test's own, on loopback.
pub(crate) struct Slack {
    address: String,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    messages: Mutex<Vec<Value>>,
    came: Condvar,
}

impl Slack {
    /// Listens until the process ends.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let kept = Arc::new(Kept::default());
        let to = Arc::clone(&kept);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let to = Arc::clone(&to);
                thread::spawn(move || answer(stream, &to));
            }
        });
        Self { address, kept }
    }

    /// The address of its webhook, which is a secret.
    pub(crate) fn webhook(&self) -> String {
        format!("http://{}/services/{PLANTED}", self.address)
    }

    /// Waits for a message.
    pub(crate) fn until(&self, within: Duration, is: impl Fn(&Value) -> bool) -> Value {
        let messages = self
            .kept
            .messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (messages, waited) = self
            .kept
            .came
            .wait_timeout_while(messages, within, |messages| !messages.iter().any(&is))
            .unwrap_or_else(PoisonError::into_inner);
        let found = messages.iter().find(|message| is(message)).cloned();
        found.unwrap_or_else(|| {
            panic!("no such message in {within:?} ({waited:?}), but {messages:#?}")
        })
    }
}

/// One request after the other on a connection; each is a message.
fn answer(stream: TcpStream, kept: &Kept) {
    let Ok(mut out) = stream.try_clone() else {
        return;
    };
    let mut lines = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            if lines.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        let mut body = vec![0; length];
        if lines.read_exact(&mut body).is_err() {
            return;
        }
        let message = serde_json::from_slice(&body).unwrap_or_default();
        let mut messages = kept.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
        drop(messages);
        kept.came.notify_all();
        let said = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";
        if out.write_all(said.as_bytes()).is_err() {
            return;
        }
    }
}
