//! What an operator types for a report of a rollout on AWS.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use domain::plan::people::Locale;

use super::remote::{Target, target};

/// `tidegate report`
#[derive(Debug, Args)]
#[command(
    after_help = "It says what the ledger and the rollout's head say, and lists as questions\n\
     what they do not. A rollout that has not ended gets an interim report. Times are\n\
     in the zone of the plan's calendar.\n\n\
     Examples:\n  \
        tidegate report shop#7\n  \
        tidegate report shop --out shop.md\n  \
        tidegate report shop#7 --html --lang ja --out shop.html\n\n\
     Exit codes: 0 reported, 1 it cannot be, or the ledger does not verify, 2 the\n\
     command cannot be understood or the file cannot be written."
)]
pub struct Report {
    /// A rollout (shop#7), or a service (shop): its newest rollout
    #[arg(value_name = "ROLLOUT", value_parser = target)]
    pub rollout: Target,
    /// A page that stands by itself, in place of Markdown
    #[arg(long)]
    pub html: bool,
    /// Write it into a file [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// In which language
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub lang: Lang,
}

/// A language, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// Japanese
    Ja,
}

impl From<Lang> for Locale {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::Ja => Self::Ja,
        }
    }
}
