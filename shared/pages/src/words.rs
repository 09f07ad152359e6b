//! Every sentence of the pages, in each language.
//!
//! A language answers every method for every variant, so that a new label is a compile error in each. What messages say
//! already (verdicts, causes, times) is taken from `domain::words`.

mod english;
mod japanese;

use domain::{
    name::PhaseName,
    plan::{people::Locale, phase::Phase},
    rollout::Rollout,
    time::Timestamp,
};
use maud::html;
use token::{Action, answer::Outcome};

use crate::{http::Reply, page::Shell, standing::Standing};
use english::English;
use japanese::Japanese;

/// A language of the pages.
pub(crate) trait Language {
    /// The language's code.
    fn code(&self) -> &'static str;
    /// The name of something.
    fn label(&self, label: Label) -> &'static str;
    /// Why there is nothing to show: a title and a sentence.
    fn nothing(&self, nothing: Nothing) -> (&'static str, &'static str);
    /// What a link asks for, as the page's heading.
    fn question(&self, action: Action, rollout: &str, phase: Option<&PhaseName>) -> String;
    /// What stands on a button.
    fn act(&self, action: Action) -> &'static str;
    /// What an answer does; an incident is accepted under its name, if it is known which.
    fn does(&self, action: Action, rollout: &Rollout, incident: Option<&str>) -> String;
    /// Whom a link was made for and until when it is good.
    fn made_for(&self, approver: &str, until: &str) -> String;
    /// Why a link cannot be answered; nothing if it can.
    fn standing(&self, standing: Standing, time: &dyn Fn(Timestamp) -> String) -> Option<String>;
    /// What became of an answer.
    fn outcome(&self, outcome: &Outcome) -> String;
    /// How many codes may still be tried.
    fn left(&self, left: u32) -> String;
    /// `half (2 of 3)`
    fn place(&self, phase: &str, number: usize, of: usize) -> String;
    /// Who began it and when.
    fn started(&self, by: &str, at: &str) -> String;
    /// How many have approved, and who.
    fn approvals(&self, have: usize, needed: u32, by: &[String]) -> String;
    /// Who may approve.
    fn may_approve(&self, groups: &[String]) -> String;
    /// Who has confirmed something.
    fn confirmed(&self, by: &str) -> String;
    /// What an incident does and by when somebody should decide.
    fn due(&self, by: &str, otherwise: domain::plan::gate::Otherwise) -> String;
    /// A phase that comes next.
    fn next(&self, phase: &Phase) -> String;
    /// What a chart shows, for whoever does not see it.
    fn chart(&self, metric: &str, canary: Option<&str>, stable: Option<&str>) -> String;
}

/// The names of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    OtherLanguage,
    Service,
    Started,
    Phase,
    NextPhase,
    Status,
    Awaited,
    Traffic,
    Canary,
    Stable,
    Cause,
    Evidence,
    NoEvidence,
    Condition,
    Verdict,
    Now,
    Threshold,
    Samples,
    SendsBack,
    NotMeasured,
    Checklist,
    ToConfirm,
    Approvals,
    Incidents,
    Accepted,
    WeightsOverTime,
    OverThePhase,
    Limits,
    NotRead,
    History,
    Answer,
    Code,
    CodeHint,
    NoCode,
    Reason,
    ReasonOptional,
    Others,
    OthersHint,
    CurrentState,
    /// The way to the report.
    Report,
    /// The way back from it.
    StatusPage,
    Pending,
    StillUnknown,
    Unsent,
    Refreshes,
    Stop,
    Live,
    InEnglish,
    Good,
    Bad,
    Unknown,
}

/// Why there is nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// The front page.
    Front,
    /// No such page.
    NoPage,
    /// Something else than looking or answering.
    Method,
    /// Too much was sent.
    TooLong,
    /// What was sent is no form.
    NoForm,
    /// The form was sent from somebody else's page.
    ElseWhere,
    /// A link that is broken.
    Malformed,
    /// A link that none of our keys has signed.
    NotOurs,
    /// A link of another deployment.
    OtherDeployment,
    /// A link from the future.
    NotYet,
    /// What is known could not be read.
    Unread,
}

impl Nothing {
    const fn status(self) -> u16 {
        match self {
            Self::Front => 200,
            Self::NoPage | Self::Malformed => 404,
            Self::Method => 405,
            Self::TooLong => 413,
            Self::NoForm => 415,
            Self::ElseWhere | Self::NotOurs | Self::OtherDeployment | Self::NotYet => 403,
            Self::Unread => 503,
        }
    }
}

/// The language of a locale.
pub(crate) const fn language(locale: Locale) -> &'static dyn Language {
    match locale {
        Locale::En => &English,
        Locale::Ja => &Japanese,
    }
}

/// A page that says why there is nothing to show.
pub(crate) fn nothing(locale: Locale, nothing: Nothing) -> Reply {
    let language = language(locale);
    let (title, sentence) = language.nothing(nothing);
    let shell = Shell {
        language,
        title: title.to_owned(),
        kept: String::new(),
        refresh: None,
    };
    shell.reply(
        nothing.status(),
        &html! {
            h1 { (title) }
            p { (sentence) }
        },
    )
}

/// What is answered when what is known of the rollout cannot be read.
#[must_use]
pub fn unavailable(locale: Option<Locale>) -> Reply {
    nothing(locale.unwrap_or_default(), Nothing::Unread).with("retry-after", "5".to_owned())
}
