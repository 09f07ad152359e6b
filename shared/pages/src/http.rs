//! A request and a reply, as far as pages care.

use std::{collections::BTreeMap, fmt};

use crate::form::Pairs;

/// The largest body that is looked at.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// What somebody asked for over HTTP.
///
/// `Debug` shows nothing that opens anything.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, as it came.
    pub path: String,
    /// What came behind `?`.
    pub query: String,
    /// Headers by their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body, base64 already taken off.
    pub body: Vec<u8>,
}

impl Request {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.trim())
    }

    /// The query's first value of a name.
    pub(crate) fn asked(&self, name: &str) -> Option<String> {
        Pairs::of(self.query.as_bytes()).first(name)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, bytes) = (&self.method, self.body.len());
        write!(f, "Request({method}, {bytes} bytes)")
    }
}

/// What is answered over HTTP.
///
/// `Debug` shows the status alone: a page holds its own address.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200, 404, …
    pub status: u16,
    /// Headers, with their names in small letters.
    pub headers: Vec<(&'static str, String)>,
    /// The page.
    pub body: String,
}

/// What every reply says of itself, whatever is in it.
///
/// Nothing may be kept, sent on, framed, or found by a search engine, and a page may load nothing.
const EVERYWHERE: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("x-robots-tag", "noindex, nofollow"),
];

impl Reply {
    /// A reply with a page under a content security policy.
    pub(crate) fn html(status: u16, policy: String, body: String) -> Self {
        let mut reply = Self::bare(status, body);
        let html = "text/html; charset=utf-8".to_owned();
        reply.headers.push(("content-security-policy", policy));
        reply.headers.push(("content-type", html));
        reply
    }

    /// A reply that nobody reads.
    pub(crate) fn empty(status: u16) -> Self {
        let mut reply = Self::bare(status, String::new());
        let policy = "default-src 'none'; frame-ancestors 'none'".to_owned();
        reply.headers.push(("content-security-policy", policy));
        let plain = "text/plain; charset=utf-8".to_owned();
        reply.headers.push(("content-type", plain));
        reply
    }

    /// What a program is answered whose request is looked at later.
    #[must_use]
    pub fn accepted() -> Self {
        Self::empty(200)
    }

    /// Sends the browser on, with GET.
    pub(crate) fn see_other(to: String) -> Self {
        Self::empty(303).with("location", to)
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same without its body, for HEAD.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.body.clear();
        self
    }

    fn bare(status: u16, body: String) -> Self {
        let headers = EVERYWHERE.map(|(name, value)| (name, value.to_owned()));
        Self {
            status,
            headers: headers.into(),
            body,
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({})", self.status)
    }
}
