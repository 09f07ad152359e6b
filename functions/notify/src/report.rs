//! The report of a rollout that has ended: kept in the bucket that its plan names, once and for good.

use std::time::Duration;

use aws::{
    archive::Kind,
    outlets::{Object, Outlets, Unsent},
    store::outbox::Book,
};
use domain::{
    ledger::{Chain, Hash},
    plan::people::Folder,
};
use engine::trouble::Trouble;
use pages::report::{Course, Report, Subject, report, still_open};

use crate::{Desk, news::News};

/// Whether an entry ends a rollout, as far as anybody waits for its end.
pub(crate) fn is_end(kind: &str) -> bool {
    ["completed", "rollback-confirmed", "superseded"].contains(&kind)
}

/// Where the report that belongs to a message is kept, if its plan names a place and it tells of an end.
pub(crate) fn folder(news: &News) -> Option<&Folder> {
    let plan = &news.rollout.as_ref()?.plan;
    plan.reports
        .as_ref()
        .filter(|_| is_end(&news.told.line.kind))
}

/// The name of the page; a rollout that goes back after it was completed has two.
pub(crate) fn page_name(news: &News) -> String {
    format!("{}.html", name(news))
}

fn name(news: &News) -> String {
    let (id, seq) = (&news.told.rollout, news.told.line.seq);
    format!("{}/{}-{seq}", id.service, id.number)
}

/// How long it may take: what is late is tried again, and the message that waits for it is sent.
const WITHIN: Duration = Duration::from_secs(10);

/// Keeps the report, as a page and as Markdown.
pub(crate) async fn keep<O: Outlets, B: Book, K>(
    desk: &Desk<O, B, K>,
    folder: &Folder,
    news: &News,
) -> Result<(), Unsent> {
    let kept = async {
        let made = made(&desk.store, news).await?;
        let page = Object {
            name: page_name(news),
            kind: Kind::Page,
            text: made.html(),
        };
        let text = Object {
            name: format!("{}.md", name(news)),
            kind: Kind::Markdown,
            text: made.markdown(),
        };
        desk.outlets.keep(folder, page).await?;
        desk.outlets.keep(folder, text).await
    };
    let late = || Trouble::passing(format!("it was not kept within {} s", WITHIN.as_secs()));
    let kept = tokio::time::timeout(WITHIN, kept).await;
    kept.unwrap_or_else(|_| Err(late().into()))
}

/// The report of the rollout as it ended, whatever has become of it since.
async fn made(store: &impl Book, news: &News) -> Result<Report, Trouble> {
    let Some(rollout) = &news.rollout else {
        return Err(Trouble::lasting("the rollout cannot be read"));
    };
    let mut lines = store.ledger(&rollout.id).await?;
    lines.retain(|line| line.seq <= news.told.line.seq);
    let hash = lines
        .last()
        .filter(|line| line.seq == news.told.line.seq)
        .and_then(|line| Hash::parse(&line.hash));
    let Some(hash) = hash else {
        return Err(Trouble::passing("the ledger does not reach to its end yet"));
    };
    let locale = rollout.plan.locale;
    let now = Subject::of(rollout, locale);
    let course = course(&news.told.line.kind);
    let incidents = if rollout.chain.seq == news.told.line.seq {
        now.incidents
    } else {
        // What was open then stands in the ledger alone.
        still_open(&lines)
    };
    let subject = Subject {
        course,
        cause: now.cause.filter(|_| course == Course::RolledBack),
        incidents,
        end: Chain {
            seq: news.told.line.seq,
            hash,
        },
        ..now
    };
    Ok(report(&subject, &lines, locale, news.at))
}

/// How a rollout has ended with an entry.
fn course(kind: &str) -> Course {
    match kind {
        "completed" => Course::Completed,
        "superseded" => Course::Superseded,
        _ => Course::RolledBack,
    }
}
