//! What is said to whoever pressed a button in Slack, in the plan's language.

use domain::plan::people::Locale;
use token::Action;

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// It is done.
    Done(Action),
    /// It is not done, and why: a sentence in English.
    Refused(&'a str),
    /// It is tried on.
    Unsure,
    /// Slack did not open the form in time.
    NoForm,
}

/// One sentence, escaped as Slack wants it.
pub(crate) fn of(said: &Said<'_>, locale: Locale) -> String {
    match (said, locale) {
        (Said::Done(action), _) => done(*action, locale).to_owned(),
        (Said::Refused(why), Locale::En) => format!("Nothing was done: {}.", escaped(why)),
        (Said::Refused(why), Locale::Ja) => format!("実行されませんでした（{}）。", escaped(why)),
        (Said::Unsure, Locale::En) => {
            "It is not known yet whether it is done; it is tried again. The rollout's message will show it.".to_owned()
        }
        (Said::Unsure, Locale::Ja) => {
            "まだ完了を確認できていません。再試行しています。結果はロールアウトのメッセージでお知らせします。".to_owned()
        }
        (Said::NoForm, Locale::En) => {
            "Slack did not open the form in time and nothing was done; please press the button again.".to_owned()
        }
        (Said::NoForm, Locale::Ja) => {
            "入力画面を開けなかったため、何も実行されていません。もう一度ボタンを押してください。".to_owned()
        }
    }
}

const fn done(action: Action, locale: Locale) -> &'static str {
    match (action, locale) {
        (Action::Approve, Locale::En) => "Your approval is taken down.",
        (Action::Approve, Locale::Ja) => "承認を受け付けました。",
        (Action::Reject, Locale::En) => "Your rejection is taken down.",
        (Action::Reject, Locale::Ja) => "却下を受け付けました。",
        (Action::Rollback, Locale::En) => "The rollout is rolled back.",
        (Action::Rollback, Locale::Ja) => "ロールバックを実行しました。",
        (Action::Hold, Locale::En) => "The rollout is on hold; its weights stay.",
        (Action::Hold, Locale::Ja) => "ロールアウトを保留しました。重みはそのままです。",
        (Action::Accept, Locale::En) => "The incident is accepted for a while.",
        (Action::Accept, Locale::Ja) => "インシデントを一時的に許容しました。",
        (Action::View, Locale::En) => "There was nothing to do.",
        (Action::View, Locale::Ja) => "実行する操作はありません。",
    }
}

/// The words of the form that asks why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// What it is, in 24 characters at most.
    pub(crate) title: &'static str,
    /// What sending it does.
    pub(crate) does: &'static str,
    /// What is asked.
    pub(crate) why: &'static str,
    /// The button that sends it.
    pub(crate) submit: &'static str,
    /// The button that does not.
    pub(crate) close: &'static str,
}

/// The words of the form for a button.
pub(crate) const fn form(action: Action, locale: Locale) -> Form {
    match (action, locale) {
        (Action::Rollback, Locale::En) => Form {
            title: "Roll back",
            does: "all traffic goes back to stable.",
            why: "Why?",
            submit: "Roll back",
            close: "Cancel",
        },
        (Action::Rollback, Locale::Ja) => Form {
            title: "ロールバック",
            does: "すべてのトラフィックを安定版に戻します。",
            why: "理由",
            submit: "ロールバックする",
            close: "キャンセル",
        },
        (
            Action::Reject | Action::Approve | Action::Hold | Action::Accept | Action::View,
            Locale::En,
        ) => Form {
            title: "Reject",
            does: "the rollout does not go on from this phase.",
            why: "Why?",
            submit: "Reject",
            close: "Cancel",
        },
        (
            Action::Reject | Action::Approve | Action::Hold | Action::Accept | Action::View,
            Locale::Ja,
        ) => Form {
            title: "却下",
            does: "このフェーズから先へは進みません。",
            why: "理由",
            submit: "却下する",
            close: "キャンセル",
        },
    }
}

/// Slack takes these three letters for its own (Slack, "Escaping text").
fn escaped(text: &str) -> String {
    let text = text.trim_end_matches('.').replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
