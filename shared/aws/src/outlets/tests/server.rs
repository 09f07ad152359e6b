//! A server on this machine that answers as badly as it was told to.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

/// How a server answers every call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reply {
    /// So, and then the connection is closed.
    Says(&'static str),
    /// Not at all: the connection is closed.
    HangsUp,
    /// Not at all: the connection stays open.
    SaysNothing,
}

impl Reply {
    /// Its first line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Says(text) => text.lines().next().unwrap(),
            Self::HangsUp => "hangs up",
            Self::SaysNothing => "says nothing",
        }
    }
}

/// A server that runs until the test has ended.
pub(super) struct Server {
    base: String,
    calls: Arc<AtomicU32>,
}

impl Server {
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// How often it was called: once the caller has its answer, nobody calls any more.
    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

pub(super) fn serve(reply: Reply) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            if read(&stream).is_none() {
                continue;
            }
            counted.fetch_add(1, Ordering::SeqCst);
            match reply {
                Reply::Says(text) => {
                    let _gone = (&stream).write_all(text.as_bytes());
                }
                Reply::HangsUp => {}
                Reply::SaysNothing => open.push(stream),
            }
        }
    });
    Server { base, calls }
}

/// Reads a request to its end; none if there is no whole one.
fn read(stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(found) = line.to_lowercase().strip_prefix("content-length: ") {
            length = found.trim().parse().ok()?;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()
}
