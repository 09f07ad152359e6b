//! A report as a page that stands by itself: no script, and nothing from anywhere else.

use domain::judge::Window;
use maud::{Markup, html};

use super::{Block, Drawing, Report};
use crate::{curves::Curves, page::document, status::LINES, words::language};

impl Report {
    /// As a page.
    #[must_use]
    pub fn html(&self) -> String {
        document(language(self.locale), &self.title, &self.inside())
    }

    /// What stands in the page.
    pub(crate) fn inside(&self) -> Markup {
        html! {
            h1 { (self.title) }
            @for block in &self.blocks { (self.block(block)) }
        }
    }

    fn block(&self, block: &Block) -> Markup {
        match block {
            Block::Heading(heading) => html! { h2 { (heading) } },
            Block::Text(text) => html! { p { (text) } },
            Block::Facts(facts) => html! {
                dl class="facts" {
                    @for (name, value) in facts { (crate::status::fact(name, value)) }
                }
            },
            Block::List(items) => html! { ul { @for item in items { li { (item) } } } },
            Block::Table(head, rows) => html! {
                table role="table" {
                    thead role="rowgroup" {
                        tr role="row" {
                            @for name in head { th role="columnheader" scope="col" { (name) } }
                        }
                    }
                    tbody role="rowgroup" {
                        @for row in rows {
                            tr role="row" {
                                @for (name, cell) in head.iter().zip(row) {
                                    td role="cell" data-label=(name) { (cell) }
                                }
                            }
                        }
                    }
                }
            },
            Block::Command(command) => html! { p { code { (command) } } },
            Block::Weights(drawing) => self.drawn(drawing),
        }
    }

    fn drawn(&self, drawing: &Drawing) -> Markup {
        let curves = Curves {
            zone: &drawing.zone,
            locale: self.locale,
            window: Window {
                from: drawing.from,
                to: drawing.to,
            },
        };
        html! {
            p class="legend" {
                @for (steps, class) in drawing.steps.iter().zip(LINES.iter().cycle()) {
                    span class=(class) { (steps.routes.join(", ")) } " "
                }
            }
            (curves.weights(&drawing.steps, &drawing.label))
        }
    }
}
