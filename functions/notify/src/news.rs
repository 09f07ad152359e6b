//! What is told: an item of the ledger as one message, with the rollout as it stands and the links that go with it.

use aws::{keyring::Keys, store::Told};
use domain::{
    plan::{people::Locale, severity::Severity},
    rollout::Rollout,
    time::Timestamp,
    words::{Field, Message, Phrase, phrase},
};
use pages::REPORT;

use crate::{
    offer::{self, Button, Offer},
    report, route,
};

/// Whether a report is where it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    There,
    NotYet,
}

/// What is told.
#[derive(Debug, Clone)]
pub(crate) struct News {
    /// The item's number: that of its first entry.
    pub(crate) seq: u64,
    /// The entry that the message begins with.
    pub(crate) told: Told,
    pub(crate) message: Message,
    /// When it happened.
    pub(crate) at: Timestamp,
    pub(crate) severity: Severity,
    /// The rollout as it stands now, if it could be read.
    pub(crate) rollout: Option<Rollout>,
    /// The links of those who may decide, each their own.
    pub(crate) offers: Vec<Offer>,
    /// What can be pressed by whoever may.
    pub(crate) buttons: Vec<Button>,
    /// The address of the status page.
    pub(crate) page: Option<String>,
    /// The address of the report, of a rollout that has ended.
    pub(crate) report: Option<String>,
    /// What happened to other messages.
    pub(crate) notes: Vec<String>,
}

impl News {
    /// What an item tells, if it tells anything.
    pub(crate) fn of(
        entries: Vec<Told>,
        rollout: Option<Rollout>,
        keys: Option<&Keys>,
    ) -> Option<Self> {
        let seq = entries.first()?.line.seq;
        let (told, message) = in_one(entries)?;
        let at = told.line.at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let severity = route::severity(&told, message.tone);
        let mut news = Self {
            seq,
            told,
            message,
            at,
            severity,
            rollout,
            offers: Vec::new(),
            buttons: Vec::new(),
            page: None,
            report: None,
            notes: Vec::new(),
        };
        if let (Some(keys), Some(rollout)) = (keys, news.rollout.clone()) {
            let links = offer::links(&news, &rollout, keys);
            news.offers = links.offers;
            news.buttons = links.buttons;
            news.report = links
                .page
                .as_ref()
                .filter(|_| report::is_end(&news.told.line.kind))
                .map(|page| format!("{page}?{REPORT}"));
            news.page = links.page;
        }
        Some(news)
    }

    /// Says where the report is kept, or that it is not.
    pub(crate) fn say_where(&mut self, kept: Kept) {
        let Some(folder) = report::folder(self) else {
            return;
        };
        let address = folder.address(&report::page_name(self));
        match kept {
            Kept::There => {
                let label = self.say(&Phrase::Report);
                let value = address;
                self.message.fields.push(Field { label, value });
            }
            Kept::NotYet => {
                let rollout = self.told.rollout.to_string();
                let said = self.say(&Phrase::ReportNotKept {
                    address: &address,
                    rollout: &rollout,
                });
                self.notes.push(said);
            }
        }
    }

    /// The ways to pages about it: their names and addresses.
    pub(crate) fn ways(&self) -> Vec<(String, &str)> {
        let page = (Phrase::StatusPage, self.page.as_deref());
        let report = (Phrase::Report, self.report.as_deref());
        let ways = [page, report].into_iter();
        ways.filter_map(|(name, address)| Some((self.say(&name), address?)))
            .collect()
    }

    /// The language that it is told in.
    pub(crate) fn locale(&self) -> Locale {
        let plan = self.rollout.as_ref().map(|rollout| rollout.plan.locale);
        plan.unwrap_or_default()
    }

    /// Something short in that language.
    pub(crate) fn say(&self, it: &Phrase<'_>) -> String {
        phrase(self.locale(), it)
    }

    /// `shop#1/6`: the same whenever it is told.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.told.rollout, self.seq)
    }
}

/// What an item tells, in one message: the loudest of its entries, and the headings of the others below it.
///
/// An item carries many when a hundred alarms turn red at once. A record that comes again begins with its first entry
/// again, so what it tells must be sent whole or not at all.
fn in_one(entries: Vec<Told>) -> Option<(Told, Message)> {
    let mut all: Vec<(Told, Message)> = entries
        .into_iter()
        .filter_map(|mut told| {
            let message = told.message.take()?;
            Some((told, message))
        })
        .collect();
    let tones = all.iter().enumerate();
    let (loudest, _) = tones.max_by_key(|(_, (_, message))| message.tone)?;
    let (told, mut message) = all.remove(loudest);
    message.fields.extend(all.iter().map(|(_, other)| Field {
        label: String::new(),
        value: other.heading(),
    }));
    Some((told, message))
}
