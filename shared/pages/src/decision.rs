//! The page of a link: what is asked, on what evidence, and the form.

use domain::{plan::phase::Phase, rollout::Status};
use maud::{Markup, html};
use token::{Action, answer::REASON_CHARS_MAX};

use crate::{
    open::{Pace, Typed, Visit},
    standing::{Standing, shown_incident},
    status::{Scene, fact},
    words::Label,
};

/// What stands above everything else.
pub(crate) struct Notice {
    /// How it is coloured.
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// A link's page.
pub(crate) struct Decision<'a> {
    pub(crate) scene: Scene<'a>,
    pub(crate) visit: &'a Visit,
    pub(crate) standing: Standing,
    pub(crate) notice: Option<Notice>,
    /// What was typed already, if a form was sent that was no answer.
    pub(crate) typed: Option<&'a Typed>,
    /// Where the form is sent.
    pub(crate) to: String,
    /// Where the report is.
    pub(crate) report: String,
    /// The same page at the other pace.
    pub(crate) paced: String,
}

impl Decision<'_> {
    fn say(&self, label: Label) -> &'static str {
        self.scene.say(label)
    }

    /// The page's heading.
    pub(crate) fn title(&self) -> String {
        let claims = &self.visit.claims;
        let rollout = claims.rollout.to_string();
        match self.standing {
            Standing::Open => {
                let language = self.scene.language;
                language.question(claims.action, &rollout, claims.phase.as_ref())
            }
            Standing::View
            | Standing::Expired(_)
            | Standing::Used(_)
            | Standing::Locked
            | Standing::Gone
            | Standing::MovedOn
            | Standing::Agreed
            | Standing::Moot => rollout,
        }
    }

    /// The whole page.
    pub(crate) fn page(&self) -> Markup {
        let scene = &self.scene;
        // Whoever has an old link sees where the rollout stands, and no more.
        let whole = !matches!(self.standing, Standing::Expired(_));
        html! {
            h1 { (self.title()) }
            (notice(self.notice.as_ref()))
            @if self.standing == Standing::Open {
                (self.asked())
                (scene.summary())
                (scene.evidence())
                (self.form())
            } @else {
                (self.pace())
                @if self.standing == Standing::View {
                    p { a href=(self.report) { (self.say(Label::Report)) } }
                }
                h2 { (self.say(Label::CurrentState)) }
                (scene.summary())
                @if whole { (scene.evidence()) }
            }
            @if whole {
                (scene.incidents())
                (scene.people())
                (scene.charts())
                (scene.history())
            }
        }
    }

    /// Whether the page looks again by itself, and how to change that.
    fn pace(&self) -> Markup {
        let (said, change) = match self.visit.pace {
            Pace::Live => (self.say(Label::Refreshes), self.say(Label::Stop)),
            Pace::Still => ("", self.say(Label::Live)),
        };
        html! {
            @if self.standing == Standing::View && self.scene.rollout.status.is_active() {
                p class="faint" { (said) " " a href=(self.paced) { (change) } }
            }
        }
    }

    /// What is asked, of whom, until when.
    fn asked(&self) -> Markup {
        let claims = &self.visit.claims;
        let language = self.scene.language;
        let until = self.scene.time(claims.expires);
        html! {
            p class="lead" { (language.does(claims.action, self.scene.rollout, self.incident().as_deref())) }
            dl class="facts" {
                @if let Some(next) = self.next().filter(|_| claims.action == Action::Approve) {
                    (fact(
                        self.say(Label::NextPhase),
                        &format!("{}: {}", next.name, language.next(next)),
                    ))
                }
            }
            p class="faint" { (language.made_for(claims.approver.as_str(), &until)) }
        }
    }

    /// The incident that the link is about.
    fn incident(&self) -> Option<String> {
        let source = shown_incident(&self.visit.claims, self.scene.rollout)?;
        Some(self.scene.parts().source(source))
    }

    fn next(&self) -> Option<&Phase> {
        let rollout = self.scene.rollout;
        rollout.plan.phases.get(rollout.phase?.checked_add(1)?)
    }

    fn form(&self) -> Markup {
        let action = self.visit.claims.action;
        let language = self.scene.language;
        let danger = match action {
            Action::Rollback | Action::Reject => "danger",
            Action::Approve | Action::Hold | Action::Accept | Action::View => "",
        };
        let tries = self.scene.known.record.tries;
        html! {
            section class="answer" {
                h2 { (self.say(Label::Answer)) }
                form method="post" action=(self.to) autocomplete="off" {
                    (self.items())
                    p {
                        label for="code" { (self.say(Label::Code)) }
                        input id="code" name="code" type="text" required maxlength="12" size="10"
                            autocomplete="off" autocapitalize="characters" spellcheck="false"
                            inputmode="text" enterkeyhint="done" aria-describedby="code-hint";
                    }
                    p id="code-hint" class="hint" {
                        (self.say(Label::CodeHint))
                        @if tries > 0 { " " (language.left(self.scene.known.record.left())) }
                    }
                    (self.reason())
                    button type="submit" class=(danger) { (language.act(action)) }
                }
            }
            (self.others())
        }
    }

    /// The items that nobody has confirmed yet; only who agrees confirms.
    fn items(&self) -> Markup {
        let phase = self.scene.rollout.current_phase();
        let gate = self.scene.rollout.gate.as_ref();
        let open: Vec<_> = phase
            .filter(|_| self.visit.claims.action == Action::Approve)
            .map_or(&[][..], |phase| phase.checklist.as_slice())
            .iter()
            .filter(|item| !gate.is_some_and(|gate| gate.checked.contains_key(&item.name)))
            .collect();
        let ticked = |name: &str| {
            self.typed
                .is_some_and(|typed| typed.items.iter().any(|item| item == name))
        };
        html! {
            @if !open.is_empty() {
                fieldset {
                    legend { (self.say(Label::ToConfirm)) }
                    @for item in open {
                        @let name = item.name.as_str();
                        label class="tick" {
                            input type="checkbox" name="item" value=(name) checked[ticked(name)];
                            " " (item.text)
                        }
                    }
                }
            }
        }
    }

    fn reason(&self) -> Markup {
        let (label, needed) = match self.visit.claims.action {
            Action::Reject | Action::Accept => (Label::Reason, true),
            Action::Rollback | Action::Hold => (Label::ReasonOptional, false),
            Action::Approve | Action::View => return html! {},
        };
        html! {
            p {
                label for="reason" { (self.say(label)) }
                textarea id="reason" name="reason" rows="2" maxlength=(REASON_CHARS_MAX) required[needed] {
                    (self.typed.map_or("", |typed| typed.reason.as_str()))
                }
            }
        }
    }

    /// What can be answered besides, and what that does.
    fn others(&self) -> Markup {
        let this = self.visit.claims.action;
        let rollout = self.scene.rollout;
        let asked = rollout.status == Status::AwaitingApproval;
        let others: Vec<Action> = Action::ALL
            .into_iter()
            .filter(|action| *action != this)
            .filter(|action| match action {
                Action::Approve | Action::Reject => asked,
                Action::Accept => rollout.holding_incidents().next().is_some(),
                Action::Rollback | Action::Hold => true,
                Action::View => false,
            })
            .collect();
        let language = self.scene.language;
        html! {
            section {
                h2 { (self.say(Label::Others)) }
                p class="faint" { (self.say(Label::OthersHint)) }
                dl class="others" {
                    @for action in others {
                        div {
                            dt { (language.act(action)) }
                            dd {
                                (language.does(action, rollout, None)) " "
                                @if let Some(command) = command(action, rollout.id.to_string().as_str()) {
                                    code { (command) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A notice as it stands on the page.
pub(crate) fn notice(notice: Option<&Notice>) -> Markup {
    html! {
        @if let Some(notice) = notice {
            p class={ "notice " (notice.class) } role="status" { (notice.text) }
        }
    }
}

/// What an operator types instead.
fn command(action: Action, rollout: &str) -> Option<String> {
    let verb = match action {
        Action::Rollback => "rollback",
        Action::Hold => "pause",
        Action::Approve | Action::Reject | Action::Accept | Action::View => return None,
    };
    Some(format!("tidegate {verb} {rollout} --reason '…'"))
}
