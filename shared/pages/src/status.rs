//! How a rollout stands: what every page of it shows below what it asks.

use domain::{
    judge::{Finding, Window},
    name::Person,
    plan::{gate::Condition, people::Locale},
    rollout::{IncidentState, Rollout},
    time::Timestamp,
    traffic::Weight,
    waiting,
    words::{Evidence, Mark, Parts, Tone},
};
use maud::{Markup, html};

use crate::{
    curves::{Curves, Steps, limits, steps, written},
    known::{Known, Told, Trend, span},
    words::{Label, Language},
};

/// The most entries of the ledger that a page shows, the newest first.
const ENTRIES_MAX: usize = 100;

/// As much of a hash as a person reads.
const HASH_DIGITS: usize = 12;

/// A rollout, and who looks at it when.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) language: &'static dyn Language,
    pub(crate) locale: Locale,
    pub(crate) rollout: &'a Rollout,
    pub(crate) known: &'a Known,
    pub(crate) now: Timestamp,
}

impl<'a> Scene<'a> {
    pub(crate) fn say(&self, label: Label) -> &'static str {
        self.language.label(label)
    }

    pub(crate) fn parts(&self) -> Parts<'a> {
        Parts {
            locale: self.locale,
            zone: &self.rollout.plan.calendar.zone,
        }
    }

    pub(crate) fn time(&self, at: Timestamp) -> String {
        self.parts().time(at)
    }

    /// What it waits for.
    pub(crate) fn awaited(&self) -> String {
        let waiting = waiting::of(self.rollout, self.now);
        self.parts().waiting(&waiting, self.now)
    }

    /// The phase with its number.
    pub(crate) fn place(&self) -> Option<String> {
        let phase = self.rollout.current_phase()?;
        let number = self.rollout.phase?.saturating_add(1);
        let of = self.rollout.plan.phases.len();
        Some(self.language.place(phase.name.as_str(), number, of))
    }

    /// Service, phase, status and weights.
    pub(crate) fn summary(&self) -> Markup {
        let rollout = self.rollout;
        let by = self
            .language
            .started(rollout.started_by.as_str(), &self.time(rollout.started_at));
        html! {
            dl class="facts" {
                (fact(self.say(Label::Service), rollout.plan.service.as_str()))
                (fact(self.say(Label::Started), &by))
                @if let Some(place) = self.place() { (fact(self.say(Label::Phase), &place)) }
                (fact(self.say(Label::Status), self.parts().status(&rollout.status)))
                @if let Some(cause) = rollout.status.cause() {
                    (fact(self.say(Label::Cause), &self.parts().cause(cause)))
                }
                (fact(self.say(Label::Awaited), &self.awaited()))
            }
            (self.weights())
        }
    }

    /// A bar for each route, or one for all.
    fn weights(&self) -> Markup {
        let weights = &self.rollout.desired;
        let bars: Vec<(Option<String>, Weight)> = match weights.uniform() {
            Some(weight) => vec![(None, weight)],
            None => weights
                .iter()
                .map(|(route, weight)| (Some(route.to_string()), weight))
                .collect(),
        };
        html! {
            section class="traffic" aria-label=(self.say(Label::Traffic)) {
                @for (route, weight) in bars {
                    @let said = self.split(weight);
                    p {
                        @if let Some(route) = route { strong { (route) } " " }
                        span { (said) }
                    }
                    svg class="bar" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" {
                        rect class="all" width="1000" height="20" {}
                        rect class="part" width=(weight.permille()) height="20" {}
                    }
                }
            }
        }
    }

    /// `canary 5%, stable 95%`
    fn split(&self, weight: Weight) -> String {
        let (canary, stable) = (self.say(Label::Canary), self.say(Label::Stable));
        format!("{canary} {weight} · {stable} {}", weight.rest())
    }

    /// What was measured for each condition, newest.
    pub(crate) fn evidence(&self) -> Markup {
        let rows: Vec<Markup> = self
            .rollout
            .required()
            .iter()
            .enumerate()
            .map(|(at, condition)| self.row(condition, self.finding(at, condition)))
            .collect();
        let back = self.rollout.rollback_conditions();
        html! {
            section {
                h2 { (self.say(Label::Evidence)) }
                @if rows.is_empty() {
                    p class="faint" { (self.say(Label::NoEvidence)) }
                } @else {
                    table role="table" {
                        thead role="rowgroup" {
                            tr role="row" {
                                @for label in [
                                    Label::Condition, Label::Verdict, Label::Now, Label::Threshold,
                                    Label::Stable, Label::Samples,
                                ] {
                                    th role="columnheader" scope="col" { (self.say(label)) }
                                }
                            }
                        }
                        tbody role="rowgroup" { @for row in rows { (row) } }
                    }
                }
                @if !back.is_empty() {
                    p class="faint" {
                        (self.say(Label::SendsBack)) ": "
                        @for (at, condition) in back.iter().enumerate() {
                            @if at > 0 { " · " }
                            (condition.metric) " " (self.parts().threshold(condition))
                        }
                    }
                }
            }
        }
    }

    fn finding(&self, at: usize, condition: &Condition) -> Option<&'a Finding> {
        let gate = self.rollout.gate.as_ref()?;
        let last = gate.tallies.get(at)?.last.as_ref()?;
        (last.condition == *condition).then_some(last)
    }

    fn row(&self, condition: &Condition, finding: Option<&Finding>) -> Markup {
        let said = finding.map(|finding| self.parts().evidence(finding));
        let (mark, word, verdict) = match &said {
            Some(Evidence { mark, verdict, .. }) => {
                let (mark, word) = match mark {
                    Mark::Good => ("good", Label::Good),
                    Mark::Bad => ("bad", Label::Bad),
                    Mark::Unknown => ("ask", Label::Unknown),
                };
                (mark, self.say(word), verdict.as_str())
            }
            None => (
                "ask",
                self.say(Label::Unknown),
                self.say(Label::NotMeasured),
            ),
        };
        let quantity = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
        let now = finding.and_then(|finding| finding.current);
        let stable = finding.and_then(|finding| finding.stable);
        let samples = finding.map(|finding| finding.samples.to_string());
        html! {
            tr role="row" {
                th role="rowheader" scope="row" { (condition.metric) }
                td role="cell" data-label=(self.say(Label::Verdict)) class=(mark) {
                    span class="mark" { (word) } " " (verdict)
                }
                td role="cell" data-label=(self.say(Label::Now)) { (quantity(now.map(|now| now.to_string()))) }
                td role="cell" data-label=(self.say(Label::Threshold)) { (self.parts().threshold(condition)) }
                td role="cell" data-label=(self.say(Label::Stable)) {
                    (quantity(stable.map(|stable| stable.to_string())))
                }
                td role="cell" data-label=(self.say(Label::Samples)) { (quantity(samples)) }
            }
        }
    }

    /// Breaches that people were told of.
    pub(crate) fn incidents(&self) -> Markup {
        html! {
            @if !self.rollout.incidents.is_empty() {
                section {
                    h2 { (self.say(Label::Incidents)) }
                    ul {
                        @for (source, incident) in &self.rollout.incidents {
                            li {
                                strong { (self.parts().source(source)) } " "
                                span { (self.parts().severity(incident.severity)) } ", "
                                (self.time(incident.opened))
                                @match &incident.state {
                                    IncidentState::Open { due: Some(due), otherwise } => {
                                        "; " (self.language.due(&self.time(*due), *otherwise))
                                    }
                                    IncidentState::Open { due: None, .. } => {}
                                    IncidentState::Accepted { by, .. } => {
                                        "; " (self.say(Label::Accepted)) " " (by)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Who has approved and confirmed what.
    pub(crate) fn people(&self) -> Markup {
        let phase = self.rollout.current_phase();
        let gate = self.rollout.gate.as_ref();
        html! {
            @if let Some(approval) = phase.and_then(|phase| phase.approval.as_ref()) {
                @let by: Vec<String> = gate.map_or_else(Vec::new, |gate| {
                    gate.approvals.iter().map(ToString::to_string).collect()
                });
                @let groups: Vec<String> = approval.from.iter().map(|group| {
                    let people = self.rollout.plan.groups.get(group).map_or(&[][..], Vec::as_slice);
                    let people: Vec<&str> = people.iter().map(Person::as_str).collect();
                    format!("{group} ({})", people.join(", "))
                }).collect();
                section {
                    h2 { (self.say(Label::Approvals)) }
                    p { (self.language.approvals(by.len(), approval.needed, &by)) }
                    p class="faint" { (self.language.may_approve(&groups)) }
                }
            }
            @if let Some(phase) = phase {
                @if !phase.checklist.is_empty() {
                    section {
                        h2 { (self.say(Label::Checklist)) }
                        ul class="checklist" {
                            @for item in &phase.checklist {
                                @let by = gate.and_then(|gate| gate.checked.get(&item.name));
                                li {
                                    (item.text) " "
                                    @if let Some(by) = by {
                                        span class="good" { (self.language.confirmed(by.as_str())) }
                                    } @else {
                                        span class="faint" { "–" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Weights and measurements over time.
    pub(crate) fn charts(&self) -> Markup {
        let zone = &self.rollout.plan.calendar.zone;
        let since_start = Curves {
            zone,
            locale: self.locale,
            window: Window {
                from: self.rollout.started_at,
                to: self.now,
            },
        };
        let phase = Curves {
            zone,
            locale: self.locale,
            window: span(self.rollout, self.now),
        };
        let steps = steps(self.known.ledger.iter().map(|told| &told.line));
        html! {
            @if !steps.is_empty() {
                section {
                    h2 { (self.say(Label::WeightsOverTime)) }
                    p class="legend" {
                        @for (steps, class) in steps.iter().zip(LINES.iter().cycle()) {
                            span class=(class) { (steps.routes.join(", ")) } " "
                        }
                    }
                    (since_start.weights(&steps, &self.told(&steps)))
                }
            }
            @for trend in &self.known.trends {
                section {
                    h2 { (trend.metric) " " small { (self.say(Label::OverThePhase)) } }
                    @if trend.canary.is_none() && trend.stable.is_none() {
                        p class="faint" { (self.say(Label::NotRead)) }
                    } @else {
                        p class="legend" {
                            span class="canary" { (self.say(Label::Canary)) } " "
                            span class="stable" { (self.say(Label::Stable)) } " "
                            @if !limits(trend, self.rollout).is_empty() {
                                span class="limit" { (self.say(Label::Limits)) }
                            }
                        }
                        (phase.trend(trend, self.rollout, &self.seen(trend)))
                    }
                }
            }
        }
    }

    /// A chart of weights for whoever does not see it.
    fn told(&self, steps: &[Steps]) -> String {
        let lines: Vec<String> = steps
            .iter()
            .map(|steps| {
                let shares: Vec<String> = steps
                    .shares
                    .iter()
                    .map(|(_, share)| format!("{share}%"))
                    .collect();
                format!("{} {}", steps.routes.join(", "), shares.join(" → "))
            })
            .collect();
        format!("{}: {}", self.say(Label::WeightsOverTime), lines.join("; "))
    }

    /// A chart of measurements for whoever does not see it.
    fn seen(&self, trend: &Trend) -> String {
        let written = written(trend.dimension);
        let last = |points: &Option<Vec<(Timestamp, f64)>>| {
            let (_, value) = points.as_ref()?.last()?;
            Some(written(*value))
        };
        let (canary, stable) = (last(&trend.canary), last(&trend.stable));
        let metric = trend.metric.as_str();
        self.language
            .chart(metric, canary.as_deref(), stable.as_deref())
    }

    /// What happened, the newest first.
    pub(crate) fn history(&self) -> Markup {
        html! {
            @if !self.known.ledger.is_empty() {
                section {
                    h2 { (self.say(Label::History)) }
                    @if !self.say(Label::InEnglish).is_empty() && self.rollout.plan.locale != self.locale {
                        p class="faint" { (self.say(Label::InEnglish)) }
                    }
                    ol class="ledger" reversed {
                        @for told in self.known.ledger.iter().rev().take(ENTRIES_MAX) { (self.entry(told)) }
                    }
                }
            }
        }
    }

    fn entry(&self, told: &Told) -> Markup {
        let line = &told.line;
        let when = line
            .at
            .parse()
            .map_or_else(|_| line.at.clone(), |at| self.time(at));
        let class = match &told.message {
            None => "quiet",
            Some((Tone::Note, _)) => "note",
            Some((Tone::Good, _)) => "good",
            Some((Tone::Ask, _)) => "ask",
            Some((Tone::Bad, _)) => "bad",
        };
        let title = told
            .message
            .as_ref()
            .filter(|_| self.rollout.plan.locale == self.locale)
            .map(|(_, title)| {
                let name = format!("{}: ", self.rollout.id);
                title.strip_prefix(&name).unwrap_or(title).to_owned()
            });
        html! {
            li class=(class) {
                time datetime=(line.at) { (when) }
                div {
                    @match title {
                        Some(title) => { (title) }
                        None => { span lang="en" { (localised(&line.what, &|at| self.time(at))) } }
                    }
                    " " span class="by" lang="en" { (line.actor) }
                    @if line.before != line.after {
                        " " span class="weights" { (line.before) " → " (line.after) }
                    }
                }
            }
        }
    }
}

/// The ledger's own words, with instants as people read them and no more of a hash than they do.
pub(crate) fn localised(text: &str, time: &dyn Fn(Timestamp) -> String) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';', '.']);
        let end = word.get(bare.len()..).unwrap_or_default();
        if let Ok(at) = bare.parse::<Timestamp>() {
            return format!("{}{end}", time(at));
        }
        let is_hash = bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        match bare.get(..HASH_DIGITS) {
            Some(begin) if is_hash => format!("{begin}…{end}"),
            Some(_) | None => word.to_owned(),
        }
    });
    let words: Vec<String> = words.collect();
    words.join(" ")
}

/// The classes of the routes' colours, in turn.
pub(crate) const LINES: [&str; 4] = ["canary", "second", "trouble", "stable"];

/// A name and what is known under it.
pub(crate) fn fact(label: &str, value: &str) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}
