//! What a request is, before anything is read for it.

use domain::{
    plan::people::Locale,
    time::{SignedDuration, Timestamp, earlier},
};
use token::{
    Action, Audience, Claims, Refused, Verifier,
    answer::{Attempt, Interaction, REASON_CHARS_MAX},
    code, in_path, slack_signature,
};

use crate::{
    form::Pairs,
    http::{BODY_BYTES_MAX, Reply, Request},
    words::{self, Nothing},
};

/// Where Slack sends what somebody pressed.
const SLACK: &str = "/slack";

/// What stands behind `?` in the address of a report: the view link's own address, and this.
pub const REPORT: &str = "report=1";

/// What a browser calls a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// A request that is something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Somebody opened a link, or answered on its page.
    Link(Box<Visit>),
    /// Something that may come from Slack.
    Slack(Interaction),
}

/// Somebody at a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// What the link says.
    pub claims: Claims,
    pub(crate) expired: Option<Timestamp>,
    pub(crate) path: Path,
    /// The language that was asked for.
    pub(crate) locale: Option<Locale>,
    pub(crate) wants: Wants,
    pub(crate) pace: Pace,
}

/// Whether a page that changes by itself is looked at again by itself. Who reads slowly can stop it (WCAG 2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Live,
    Still,
}

/// What a page is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// How the rollout stands, and what has become of the link.
    State,
    /// Its ledger and its measurements too.
    All,
}

impl Visit {
    /// What has to be read for an answer.
    #[must_use]
    pub const fn needs(&self) -> Needs {
        match (&self.wants, self.expired) {
            (Wants::Look | Wants::Report, None) => Needs::All,
            // What became of an answer is asked every two seconds.
            (Wants::Look | Wants::Report | Wants::Outcome(..) | Wants::Answer(_), _) => {
                Needs::State
            }
        }
    }

    /// The language that was asked for, if one was.
    #[must_use]
    pub const fn locale(&self) -> Option<Locale> {
        self.locale
    }
}

/// The address of a link's page, which opens it: it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Path(pub(crate) String);

impl std::fmt::Debug for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Path(hidden)")
    }
}

impl Path {
    pub(crate) fn token(&self) -> &str {
        in_path(&self.0).unwrap_or_default()
    }
}

/// What somebody wants of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wants {
    /// To look.
    Look,
    /// To read the rollout's report.
    Report,
    /// To know what became of an answer, asked for the so-many-th time.
    Outcome(Attempt, u32),
    /// To answer.
    Answer(Typed),
}

/// What a form held.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Typed {
    /// Something that could be a code.
    pub(crate) code: Option<String>,
    pub(crate) reason: String,
    pub(crate) items: Vec<String>,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Typed({} items)", self.items.len())
    }
}

/// Finds out what a request is, or answers it at once. Nothing is read for it, and nothing is changed by it.
pub fn open(
    request: &Request,
    verifier: &Verifier,
    audience: &Audience,
    now: Timestamp,
) -> Result<Opened, Reply> {
    let locale = locale(request);
    let nothing = |nothing| words::nothing(locale.unwrap_or_default(), nothing);
    if request.body.len() > BODY_BYTES_MAX {
        return Err(nothing(Nothing::TooLong));
    }
    if request.path == SLACK {
        return slack(request, now).map(Opened::Slack);
    }
    let allowed: &[&str] = match in_path(&request.path) {
        Some(_) => &["GET", "HEAD", "POST"],
        None => &["GET", "HEAD"],
    };
    if !allowed.contains(&request.method.as_str()) {
        let reply = nothing(Nothing::Method);
        return Err(reply.with("allow", allowed.join(", ")));
    }
    let Some(token) = in_path(&request.path) else {
        return Err(nothing(if request.path == "/" {
            Nothing::Front
        } else {
            Nothing::NoPage
        }));
    };
    let (claims, expired) = match verifier.verify(token, audience, now) {
        Ok(claims) => (claims, None),
        Err(Refused::Expired { at }) => {
            // It is signed: what it was good for may be said, as of when it was.
            let then = earlier(at, SignedDuration::from_secs(1));
            let claims = verifier.verify(token, audience, then);
            (claims.map_err(|why| nothing(why.into()))?, Some(at))
        }
        Err(why) => return Err(nothing(why.into())),
    };
    let wants = match request.method.as_str() {
        "POST" => Wants::Answer(form(request).map_err(nothing)?),
        _ if claims.action == Action::View && request.asked("report").is_some() => Wants::Report,
        _ => look_for(request),
    };
    Ok(Opened::Link(Box::new(Visit {
        claims,
        expired,
        path: Path(request.path.clone()),
        locale,
        wants,
        pace: match request.asked("still") {
            Some(_) => Pace::Still,
            None => Pace::Live,
        },
    })))
}

/// The language that the address asks for; else the plan's, which is not known yet.
fn locale(request: &Request) -> Option<Locale> {
    match request.asked("lang")?.as_str() {
        "en" => Some(Locale::En),
        "ja" => Some(Locale::Ja),
        _ => None,
    }
}

fn look_for(request: &Request) -> Wants {
    let attempt = request.asked("a").and_then(|text| Attempt::parse(&text));
    match attempt {
        Some(attempt) => {
            let turn = request.asked("w").and_then(|text| text.parse().ok());
            Wants::Outcome(attempt, turn.unwrap_or(0))
        }
        None => Wants::Look,
    }
}

fn form(request: &Request) -> Result<Typed, Nothing> {
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(FORM) {
        return Err(Nothing::NoForm);
    }
    if !is_from_here(request) {
        return Err(Nothing::ElseWhere);
    }
    let pairs = Pairs::of(&request.body);
    let reason = pairs.first("reason").unwrap_or_default();
    let reason = reason.trim().chars().take(REASON_CHARS_MAX).collect();
    let code = pairs.first("code").unwrap_or_default();
    Ok(Typed {
        code: code::has_shape(&code).then_some(code),
        reason,
        items: pairs.all("item").map(str::to_owned).collect(),
    })
}

/// Whether a form was sent from one of our own pages.
///
/// A page under `Referrer-Policy: no-referrer` sends `Origin: null` with its own forms (Fetch, "append a request
/// Origin header"), as a page of somebody else's may; `Sec-Fetch-Site` tells the two apart in every browser that has
/// it. What nobody can forge from elsewhere is the code.
fn is_from_here(request: &Request) -> bool {
    let site = request.header("sec-fetch-site");
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    match (request.header("origin"), request.header("host")) {
        (None | Some("null"), _) => true,
        (Some(_), None) => false,
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
    }
}

/// What may come from Slack: only `approval` can tell.
fn slack(request: &Request, now: Timestamp) -> Result<Interaction, Reply> {
    if request.method != "POST" {
        return Err(Reply::empty(405).with("allow", "POST".to_owned()));
    }
    let timestamp = request.header(slack_signature::TIMESTAMP_HEADER);
    let signature = request.header(slack_signature::SIGNATURE_HEADER);
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else {
        return Err(Reply::empty(400));
    };
    let body = String::from_utf8(request.body.clone()).map_err(|_| Reply::empty(400))?;
    if !is_signature(signature) || body.is_empty() {
        return Err(Reply::empty(400));
    }
    let sent = timestamp
        .parse()
        .ok()
        .filter(|_| timestamp.len() <= 12 && timestamp.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or_else(|| Reply::empty(400))?;
    if now.duration_since(sent).abs() > slack_signature::SKEW_MAX {
        return Err(Reply::empty(400));
    }
    Ok(Interaction {
        timestamp: timestamp.to_owned(),
        signature: signature.to_owned(),
        body,
    })
}

/// `v0=` and 64 hexadecimal digits.
fn is_signature(text: &str) -> bool {
    text.strip_prefix("v0=").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

impl From<Refused> for Nothing {
    fn from(why: Refused) -> Self {
        match why {
            Refused::Malformed => Self::Malformed,
            Refused::BadSignature | Refused::UnknownKey | Refused::Newer { .. } => Self::NotOurs,
            Refused::OtherAudience => Self::OtherDeployment,
            Refused::NotYet | Refused::Expired { .. } => Self::NotYet,
        }
    }
}
