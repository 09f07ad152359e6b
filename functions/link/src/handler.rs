//! `link`: the only function that faces the internet. It shows pages and hands on what is answered; it can change nothing.
//!
//! Its log has the method, the status and the beginning of a link's name: never a path, a query or a body.

mod amazon;
mod house;
mod url;

use std::time::Duration;

use engine::trouble::Trouble;
use futures_util::future::join;
use pages::{
    Answered, Known, Needs, Opened, Reply, Request, Visit, answer, open, unavailable, unsent,
};
use serde_json::{Value, json};
use token::{Audience, answer::Envelope};

pub use amazon::Amazon;
pub use house::House;

/// How long measurements are waited for: a page without charts is better than none.
const TRENDS_WITHIN: Duration = Duration::from_secs(4);

/// Answers one request of the Function URL.
pub async fn handle<H: House>(house: &H, audience: &Audience, payload: &Value) -> Value {
    let request = match url::read(payload) {
        Ok(request) => request,
        Err(why) => {
            tracing::warn!(error = why.0, "no request");
            return json!({ "statusCode": 400, "headers": { "cache-control": "no-store" }, "body": "" });
        }
    };
    let mut log = Log {
        method: method(&request),
        link: None,
    };
    let reply = respond(house, audience, &request, &mut log).await;
    tracing::info!(
        method = log.method,
        status = reply.status,
        link = log.link,
        "answered"
    );
    url::write(if request.method == "HEAD" {
        reply.without_body()
    } else {
        reply
    })
}

/// What may be logged of a request.
struct Log {
    method: &'static str,
    link: Option<String>,
}

/// A method by a name of ours: what somebody else wrote is not logged.
fn method(request: &Request) -> &'static str {
    match request.method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "other",
    }
}

async fn respond<H: House>(
    house: &H,
    audience: &Audience,
    request: &Request,
    log: &mut Log,
) -> Reply {
    let verifier = match house.verifier().await {
        Ok(verifier) => verifier,
        Err(trouble) => return unread(&trouble, "the keys cannot be read"),
    };
    match open(request, &verifier, audience, house.now()) {
        Err(reply) => reply,
        Ok(Opened::Link(visit)) => {
            log.link = Some(visit.claims.id.to_string());
            link(house, &visit).await
        }
        Ok(Opened::Slack(interaction)) => {
            let envelope = Envelope::Slack(interaction);
            match house.publish(&envelope).await {
                Ok(()) => Reply::accepted(),
                Err(trouble) => {
                    tracing::error!(error = %trouble, "what came from Slack was not handed on");
                    unavailable(None)
                }
            }
        }
    }
}

async fn link<H: House>(house: &H, visit: &Visit) -> Reply {
    let known = match known(house, visit).await {
        Ok(known) => known,
        Err(trouble) => return unread(&trouble, "what is known cannot be read"),
    };
    let attempt = match house.attempt() {
        Ok(attempt) => attempt,
        Err(trouble) => return unread(&trouble, "there is no name for an attempt"),
    };
    match answer(visit, &known, attempt, house.now()) {
        Answered::Page(reply) => reply,
        Answered::Publish { answer, then } => match house.publish(&Envelope::Link(*answer)).await {
            Ok(()) => then,
            Err(trouble) => {
                tracing::error!(error = %trouble, "an answer was not handed on");
                unsent(visit, &known, house.now())
            }
        },
    }
}

/// The head and the link's record must be there; history and charts may be missing.
async fn known<H: House>(house: &H, visit: &Visit) -> Result<Known, Trouble> {
    let id = &visit.claims.rollout;
    let (rollout, record) = join(house.load(id), house.record(&visit.claims.id)).await;
    let mut known = Known {
        rollout: rollout?,
        record: record?,
        ..Known::default()
    };
    let (Needs::All, Some(rollout)) = (visit.needs(), &known.rollout) else {
        return Ok(known);
    };
    let trends = tokio::time::timeout(TRENDS_WITHIN, house.trends(rollout));
    let (told, trends) = join(house.told(id), trends).await;
    known.ledger = told.unwrap_or_else(|trouble| {
        tracing::warn!(error = %trouble, "a page without history");
        Vec::new()
    });
    known.trends = trends.unwrap_or_else(|_| {
        tracing::warn!("a page without measurements: they were not there in time");
        Vec::new()
    });
    Ok(known)
}

fn unread(trouble: &Trouble, what: &'static str) -> Reply {
    tracing::error!(error = %trouble, "{what}");
    unavailable(None)
}

#[cfg(test)]
mod tests;
