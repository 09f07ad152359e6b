//! What a visitor is answered: a page, or something to publish and then a page.

use domain::{ledger::Line, plan::people::Locale, time::Timestamp};
use maud::html;
use token::{
    Action,
    answer::{Answer, Attempt, Outcome, Settled},
};

use crate::{
    decision::{Decision, Notice, notice},
    http::Reply,
    known::Known,
    open::{Pace, REPORT, Typed, Visit, Wants},
    page::{Refresh, Shell},
    report::{Subject, report},
    standing::Standing,
    status::Scene,
    words::{Label, Language, language, unavailable},
};

/// How often a page of an answer looks again, and how often at most: for a minute.
const LOOK_AGAIN_SECS: u32 = 2;
const LOOKS_MAX: u32 = 30;

/// How often a page of an active rollout looks again.
const REFRESH_SECS: u32 = 30;

/// What a visitor is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// A page.
    Page(Reply),
    /// Somebody has answered: publish it, and send the browser on; if that fails, [`unsent`].
    Publish {
        /// What is handed on.
        answer: Box<Answer>,
        /// What is replied when it is.
        then: Reply,
    },
}

/// Answers somebody at a link. `attempt` is the name of what they send, if they send something.
#[must_use]
pub fn answer(visit: &Visit, known: &Known, attempt: Attempt, now: Timestamp) -> Answered {
    let at = At::new(visit, known, now);
    match &visit.wants {
        Wants::Look => Answered::Page(at.page(at.notice(), None, None)),
        Wants::Report => Answered::Page(at.report()),
        Wants::Outcome(attempt, turn) => Answered::Page(at.outcome(attempt, *turn)),
        Wants::Answer(typed) => {
            if at.standing != Standing::Open {
                return Answered::Page(at.page(at.notice(), None, None));
            }
            let Some(code) = &typed.code else {
                return Answered::Page(at.again(typed, Label::NoCode, 422));
            };
            Answered::Publish {
                then: Reply::see_other(at.address(&format!("a={attempt}"))),
                answer: Box::new(Answer {
                    token: visit.path.token().to_owned(),
                    code: code.clone(),
                    attempt,
                    reason: typed.reason.clone(),
                    items: at.items(typed),
                }),
            }
        }
    }
}

/// What is replied when an answer could not be handed on.
#[must_use]
pub fn unsent(visit: &Visit, known: &Known, now: Timestamp) -> Reply {
    let at = At::new(visit, known, now);
    match &visit.wants {
        Wants::Answer(typed) => at.again(typed, Label::Unsent, 503),
        Wants::Look | Wants::Report | Wants::Outcome(..) => at.page(at.notice(), None, None),
    }
}

/// A visitor, and what is known.
struct At<'a> {
    visit: &'a Visit,
    known: &'a Known,
    now: Timestamp,
    locale: Locale,
    standing: Standing,
}

impl<'a> At<'a> {
    fn new(visit: &'a Visit, known: &'a Known, now: Timestamp) -> Self {
        let plan = known.rollout.as_ref().map(|rollout| rollout.plan.locale);
        Self {
            visit,
            known,
            now,
            locale: visit.locale.or(plan).unwrap_or_default(),
            standing: Standing::of(visit, known.rollout.as_ref(), &known.record, now),
        }
    }

    fn language(&self) -> &'static dyn Language {
        language(self.locale)
    }

    /// The link's own address with a query; the language goes along if it was chosen.
    fn address(&self, query: &str) -> String {
        let chosen = self
            .visit
            .locale
            .map(|_| format!("lang={}", self.language().code()));
        let query: Vec<String> = [query.to_owned()].into_iter().chain(chosen).collect();
        let query: Vec<String> = query.into_iter().filter(|part| !part.is_empty()).collect();
        let path = &self.visit.path.0;
        if query.is_empty() {
            return path.clone();
        }
        format!("{path}?{}", query.join("&"))
    }

    /// The items of the phase's checklist that were ticked; others are nobody's.
    fn items(&self, typed: &Typed) -> Vec<String> {
        let phase = self
            .known
            .rollout
            .as_ref()
            .and_then(|rollout| rollout.current_phase());
        let phase = phase.filter(|_| self.visit.claims.action == Action::Approve);
        let items = phase
            .map_or(&[][..], |phase| phase.checklist.as_slice())
            .iter();
        items
            .map(|item| item.name.to_string())
            .filter(|name| typed.items.contains(name))
            .collect()
    }

    /// Why the link cannot be answered, if it cannot.
    fn notice(&self) -> Option<Notice> {
        let zone = self
            .known
            .rollout
            .as_ref()
            .map(|rollout| rollout.plan.calendar.zone.clone());
        let zone = zone.unwrap_or(jiff::tz::TimeZone::UTC);
        let parts = domain::words::Parts {
            locale: self.locale,
            zone: &zone,
        };
        let text = self
            .language()
            .standing(self.standing, &|at| parts.time(at))?;
        let class = match self.standing {
            Standing::Used(_) | Standing::Agreed => "good",
            Standing::Open
            | Standing::View
            | Standing::Expired(_)
            | Standing::Locked
            | Standing::Gone
            | Standing::MovedOn
            | Standing::Moot => "ask",
        };
        Some(Notice { class, text })
    }

    /// What became of an answer.
    fn outcome(&self, attempt: &Attempt, turn: u32) -> Reply {
        let settled = self.known.record.settled.as_ref();
        if let Some(Settled { outcome, .. }) = settled.filter(|settled| settled.attempt == *attempt)
        {
            let class = match outcome {
                Outcome::Done => "good",
                Outcome::WrongCode { .. } | Outcome::NoCode | Outcome::Locked => "bad",
                Outcome::Refused { .. } | Outcome::Unsure { .. } => "ask",
            };
            let text = self.language().outcome(outcome);
            return self.page(Some(Notice { class, text }), None, None);
        }
        let is_over = match self.standing {
            Standing::Open | Standing::MovedOn | Standing::Moot | Standing::Agreed => false,
            Standing::View
            | Standing::Expired(_)
            | Standing::Used(_)
            | Standing::Locked
            | Standing::Gone => true,
        };
        if is_over {
            return self.page(self.notice(), None, None);
        }
        let pending = turn < LOOKS_MAX;
        let label = if pending {
            Label::Pending
        } else {
            Label::StillUnknown
        };
        let notice = Notice {
            class: "ask",
            text: self.language().label(label).to_owned(),
        };
        let refresh = pending.then(|| Refresh {
            secs: LOOK_AGAIN_SECS,
            to: Some(self.address(&format!("a={attempt}&w={}", turn.saturating_add(1)))),
        });
        let kept = format!("a={attempt}&");
        self.pending(&notice, refresh, kept)
    }

    /// The form again, with a sentence, and what was typed but the code.
    fn again(&self, typed: &Typed, label: Label, status: u16) -> Reply {
        let notice = Notice {
            class: "bad",
            text: self.language().label(label).to_owned(),
        };
        let mut reply = self.page(Some(notice), Some(typed), None);
        reply.status = status;
        reply
    }

    /// A page without a form: an answer is on its way.
    fn pending(&self, pending: &Notice, refresh: Option<Refresh>, kept: String) -> Reply {
        let title = self.visit.claims.rollout.to_string();
        let shell = Shell {
            language: self.language(),
            title: title.clone(),
            kept,
            refresh,
        };
        let summary = self.scene().map(|scene| scene.summary());
        shell.reply(
            200,
            &html! {
                h1 { (title) }
                (notice(Some(pending)))
                @if let Some(summary) = summary { (summary) }
            },
        )
    }

    /// The rollout's report as it is now, while the link is good.
    fn report(&self) -> Reply {
        let Some(rollout) = self
            .known
            .rollout
            .as_ref()
            .filter(|_| self.standing == Standing::View)
        else {
            return self.page(self.notice(), None, None);
        };
        let lines: Vec<Line> = self
            .known
            .ledger
            .iter()
            .map(|told| told.line.clone())
            .filter(|line| line.seq <= rollout.chain.seq)
            .collect();
        // A report of half a ledger would say that nothing more has happened.
        if lines.last().map_or(0, |line| line.seq) != rollout.chain.seq {
            return unavailable(Some(self.locale));
        }
        let subject = Subject::of(rollout, self.locale);
        let made = report(&subject, &lines, self.locale, self.now);
        let shell = Shell {
            language: self.language(),
            title: made.title().to_owned(),
            kept: format!("{REPORT}&"),
            refresh: None,
        };
        let back = html! {
            p { a href=(self.address("")) { (self.language().label(Label::StatusPage)) } }
        };
        shell.reply(200, &html! { (made.inside()) (back) })
    }

    fn scene(&self) -> Option<Scene<'a>> {
        Some(Scene {
            language: self.language(),
            locale: self.locale,
            rollout: self.known.rollout.as_ref()?,
            known: self.known,
            now: self.now,
        })
    }

    fn page(&self, said: Option<Notice>, typed: Option<&Typed>, refresh: Option<Refresh>) -> Reply {
        let status = match self.standing {
            Standing::Expired(_) | Standing::Gone => 410,
            Standing::Open
            | Standing::View
            | Standing::Used(_)
            | Standing::Locked
            | Standing::MovedOn
            | Standing::Agreed
            | Standing::Moot => 200,
        };
        let Some(scene) = self.scene() else {
            let title = self.visit.claims.rollout.to_string();
            let shell = Shell {
                language: self.language(),
                title: title.clone(),
                kept: String::new(),
                refresh: None,
            };
            let inside = html! { h1 { (title) } (notice(said.as_ref())) };
            return shell.reply(status, &inside);
        };
        let decision = Decision {
            scene,
            visit: self.visit,
            standing: self.standing,
            notice: said,
            typed,
            to: self.address(""),
            report: self.address(REPORT),
            paced: match self.visit.pace {
                Pace::Live => self.address("still=1"),
                Pace::Still => self.address(""),
            },
        };
        let live = self.visit.pace == Pace::Live;
        let lives = live && self.standing == Standing::View && scene.rollout.status.is_active();
        let shell = Shell {
            language: self.language(),
            title: decision.title(),
            kept: match self.visit.pace {
                Pace::Live => String::new(),
                Pace::Still => "still=1&".to_owned(),
            },
            refresh: refresh.or_else(|| {
                lives.then_some(Refresh {
                    secs: REFRESH_SECS,
                    to: None,
                })
            }),
        };
        shell.reply(status, &decision.page())
    }
}
