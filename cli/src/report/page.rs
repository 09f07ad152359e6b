//! The page around the charts.

use domain::{
    ledger::Entry,
    time::{Spell, since},
    words::Tone,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use pages::chart::Size;

use super::{
    Report,
    series::{Charts, Drawn, Span, together},
};
use crate::{console::Ink, words};

impl Report<'_> {
    /// The whole page.
    pub(crate) fn page(&self) -> String {
        let title = format!("{}: {}", self.plan.service, self.summary.outcome);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) }
                    style { (PreEscaped(include_str!("style.css"))) }
                }
                body {
                    main {
                        (self.header())
                        (self.numbers())
                        (self.charts())
                        (self.ledger())
                        (self.footer())
                    }
                }
            }
        };
        page.into_string()
    }

    fn header(&self) -> Markup {
        let (ink, outcome) = words::outcome(&self.summary.outcome);
        let zone = &self.plan.calendar.zone;
        let summary = self.summary;
        html! {
            header {
                h1 { (self.plan.service) " " span class=(class(ink)) { (outcome) } }
                p class="faint" {
                    (words::date(summary.started, zone)) " to "
                    (words::date(summary.ended, zone)) " (" (words::zone(zone)) ")"
                }
            }
        }
    }

    fn numbers(&self) -> Markup {
        html! {
            dl class="numbers" {
                @for number in words::numbers(self.summary) {
                    div {
                        dt { (number.label) }
                        dd { strong { (number.value) } small { (number.note) } }
                    }
                }
            }
        }
    }

    fn charts(&self) -> Markup {
        let together = together(self.plan, self.summary);
        let names = together.iter().map(|routes| {
            let names: Vec<&str> = routes.iter().map(|route| route.as_str()).collect();
            names.join(", ")
        });
        let colors = ["canary", "second", "trouble", "stable"].iter().cycle();
        let routes = names.zip(colors);
        let whole = Span::whole(self.summary);
        html! {
            section {
                h2 { "Canary's share" }
                p class="legend" {
                    @for (route, class) in routes { span class=(class) { (route) } " " }
                    span class="stable" { "as clients saw it" }
                    (self.marks())
                }
                (self.both(Drawn::Weights, whole, "the canary's share of each route over time"))
            }
            section {
                h2 { "Failed requests" }
                p class="legend" { (sides()) (self.marks()) }
                (self.both(Drawn::Errors, whole, "failed requests of canary and stable over time"))
            }
            section {
                h2 { "Latency, 95th percentile" }
                p class="legend" { (sides()) (self.marks()) }
                (self.both(Drawn::Latency, whole, "latency of canary and stable over time"))
            }
            @if let Some(span) = Span::of_rollback(self.summary) {
                section {
                    h2 { "The minutes around the rollback" }
                    p class="legend" { (sides()) (self.marks()) }
                    (self.both(Drawn::Weights, span, "the canary's share around the rollback"))
                    (self.both(Drawn::Errors, span, "failed requests around the rollback"))
                }
            }
        }
    }

    fn marks(&self) -> Markup {
        html! {
            @if self.summary.trouble_began.is_some() {
                " " span class="mark trouble" { "trouble began" }
            }
            @if self.summary.restored.is_some() {
                " " span class="mark back" { "rollback" }
            }
        }
    }

    /// The same chart for a wide and for a narrow screen; one of them is shown.
    fn both(&self, what: Drawn, span: Span, label: &str) -> Markup {
        let of = |size| {
            let charts = Charts {
                plan: self.plan,
                summary: self.summary,
                span,
                size,
            };
            PreEscaped(charts.svg(what))
        };
        html! {
            figure class="wide" role="img" aria-label=(label) { (of(Size::Wide)) }
            figure class="narrow" role="img" aria-label=(label) { (of(Size::Narrow)) }
        }
    }

    fn ledger(&self) -> Markup {
        html! {
            section {
                h2 { "Ledger" }
                ol class="ledger" {
                    @for entry in &self.summary.ledger { (self.entry(entry)) }
                }
            }
        }
    }

    fn entry(&self, entry: &Entry) -> Markup {
        let after = Spell(since(entry.at, self.summary.started)).to_string();
        let zone = &self.plan.calendar.zone;
        let when = words::short_date(entry.at, zone);
        let class = domain::words::tone(&entry.fact).map_or("quiet", tone_class);
        html! {
            li class=(class) {
                time datetime=(entry.at) title={ (after) " after the start" } { (when) }
                div {
                    (words::localised(&words::entry(&words::brief(entry)), zone))
                    @if entry.before != entry.after {
                        span class="weights" { (entry.before) " → " (entry.after) }
                    }
                    @if !entry.evidence.is_empty() {
                        ul {
                            @for finding in &entry.evidence { li { (finding) } }
                        }
                    }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        html! {
            footer {
                "Simulated by Tidegate " (env!("CARGO_PKG_VERSION")) " with seed " (self.seed)
                ", plan " code { (words::short_hash(&self.plan.hash.to_string())) } ". "
                @if let Some(last) = self.summary.ledger.last() {
                    "The ledger ends with " code { (words::short_hash(&last.hash.to_string())) } "."
                }
            }
        }
    }
}

fn sides() -> Markup {
    html! {
        span class="canary" { "canary" } " " span class="stable" { "stable" } " "
        span class="limit" { "limits of the plan" }
    }
}

const fn class(ink: Ink) -> &'static str {
    match ink {
        Ink::Good => "good",
        Ink::Ask => "ask",
        Ink::Bad => "bad",
        Ink::Canary => "canary",
        Ink::Strong | Ink::Faint => "faint",
    }
}

const fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Note => "note",
        Tone::Good => "good",
        Tone::Ask => "ask",
        Tone::Bad => "bad",
    }
}
