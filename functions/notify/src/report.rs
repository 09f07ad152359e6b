//! The report of a rollout that has ended: kept in the bucket that its plan names, once and for good.

use aws::{
    archive::Kind,
    outlets::{Object, Outlets, Unsent},
    store::outbox::Book,
};
use domain::plan::people::Folder;
use engine::trouble::Trouble;
use pages::report::{Report, Subject, report};

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

/// Keeps the report, as a page and as Markdown.
pub(crate) async fn keep<O: Outlets, B: Book, K>(
    desk: &Desk<O, B, K>,
    folder: &Folder,
    news: &News,
) -> Result<(), Unsent> {
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
}

async fn made(store: &impl Book, news: &News) -> Result<Report, Trouble> {
    let Some(rollout) = &news.rollout else {
        return Err(Trouble::lasting("the rollout cannot be read"));
    };
    let mut lines = store.ledger(&rollout.id).await?;
    // What came in after the head was read is in neither.
    lines.retain(|line| line.seq <= rollout.chain.seq);
    let locale = rollout.plan.locale;
    let subject = Subject::of(rollout, locale);
    Ok(report(&subject, &lines, locale, news.at))
}
