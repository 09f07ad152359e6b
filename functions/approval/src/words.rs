//! What is said to whoever decided by link or by a button in Slack.

use domain::{
    decide::Refusal,
    name::{Person, RolloutId},
    plan::people::Locale,
    words::Parts,
};
use jiff::tz::TimeZone;
use token::{Action, Refused, answer::Why};

/// Why nothing is even asked of the rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum No<'a> {
    /// The link, or the value of the button, is not taken.
    Link(Refused),
    /// There is no such rollout.
    UnknownRollout(&'a RolloutId),
    /// Another rollout has the routes.
    Taken,
    /// It concerns a phase, and was asked outside of every one.
    Phaseless,
    /// What was ticked is no item.
    UnknownItem,
    /// It accepts an incident and names none.
    Nameless,
    /// It decides nothing.
    OnlyShows,
    /// The button's value is another button's.
    OtherButton,
    /// Whoever pressed it is in another workspace than the deployment's.
    OtherTeam,
    /// The plan does not know who pressed it.
    UnknownPerson(&'a Person),
}

/// What is known of a decision that is not seen through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is decided.
    Decided,
    /// Others are quicker.
    Contended,
    /// Nothing.
    Nothing,
}

fn why(en: impl Into<String>, ja: impl Into<String>) -> Why {
    Why {
        en: en.into(),
        ja: ja.into(),
    }
}

/// Why the rollout does not take it.
pub(crate) fn refusal(refusal: &Refusal) -> Why {
    let said = |locale| {
        let zone = &TimeZone::UTC;
        Parts { locale, zone }.refusal(refusal)
    };
    why(said(Locale::En), said(Locale::Ja))
}

/// Why it is not even asked.
pub(crate) fn no(no: &No<'_>) -> Why {
    match no {
        No::Link(refused) => why(refused.to_string(), link(*refused)),
        No::UnknownRollout(id) => why(
            format!("there is no rollout {id}"),
            format!("ロールアウト {id} はありません"),
        ),
        No::Taken => why(
            "another rollout owns the service or one of the routes",
            "別のロールアウトがサービスまたはルートを使用しています",
        ),
        No::Phaseless => why(
            "it was asked outside of every phase",
            "どのフェーズにも属さない操作です",
        ),
        No::UnknownItem => why(
            "an item that was ticked is none of a checklist",
            "チェックした項目はチェックリストにありません",
        ),
        No::Nameless => why(
            "it names no incident",
            "対象のインシデントが指定されていません",
        ),
        No::OnlyShows => why(
            "this link shows and decides nothing",
            "このリンクは閲覧専用です",
        ),
        No::OtherButton => why(
            "the button does not do what its value says",
            "ボタンの種類と内容が一致しません",
        ),
        No::OtherTeam => why(
            "this button is for another Slack workspace",
            "別の Slack ワークスペース用のボタンです",
        ),
        No::UnknownPerson(user) => why(
            format!(
                "the plan knows no {user}, neither in `people` nor in a group; ask somebody it knows"
            ),
            format!(
                "プランの `people` にもグループにも {user} の登録がありません。登録済みの担当者に依頼してください"
            ),
        ),
    }
}

fn link(refused: Refused) -> String {
    match refused {
        Refused::Malformed => "リンクの一部が欠けています".to_owned(),
        Refused::Newer { version } => {
            format!("リンクの形式（バージョン {version}）は新しいため読み取れません")
        }
        Refused::UnknownKey => "使われていない鍵で署名されたリンクです".to_owned(),
        Refused::BadSignature => "リンクの署名が正しくありません".to_owned(),
        Refused::OtherAudience => "別の環境のリンクです".to_owned(),
        Refused::Expired { at } => {
            let parts = Parts {
                locale: Locale::Ja,
                zone: &TimeZone::UTC,
            };
            format!("リンクの有効期限が切れています（{}）", parts.time(at))
        }
        Refused::NotYet => "リンクの作成時刻が未来になっています".to_owned(),
    }
}

/// What is known so far.
pub(crate) fn known(known: Known) -> Why {
    match known {
        Known::Decided => why(
            "it is decided, and the weights have not been read back yet",
            "決定されましたが、配分の反映はまだ確認できていません",
        ),
        Known::Contended => why(
            "others keep changing the rollout; it is tried again",
            "ほかの変更と競合しています。再試行しています",
        ),
        Known::Nothing => why(
            "it is not known yet whether it was decided; it is tried again",
            "決定されたかどうか確認できていません。再試行しています",
        ),
    }
}

/// What there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// It is done.
    Done(Action),
    /// It is not done, and why.
    Refused(&'a Why),
    /// It is tried on.
    Unsure,
    /// Slack did not open the form in time.
    NoForm,
}

/// One sentence, escaped as Slack wants it.
pub(crate) fn of(said: &Said<'_>, locale: Locale) -> String {
    match (said, locale) {
        (Said::Done(action), _) => done(*action, locale).to_owned(),
        (Said::Refused(why), Locale::En) => format!("Nothing was done: {}.", escaped(&why.en)),
        (Said::Refused(why), Locale::Ja) => format!("実行されませんでした：{}。", escaped(&why.ja)),
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
        (Action::Hold, Locale::Ja) => "ロールアウトを保留しました。配分はそのままです。",
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
        (Action::Accept, Locale::En) => Form {
            title: "Accept the incident",
            does: "for 4 hours the incident does not hold the rollout.",
            why: "Why is that all right?",
            submit: "Accept",
            close: "Cancel",
        },
        (Action::Accept, Locale::Ja) => Form {
            title: "インシデントの許容",
            does: "インシデントを4時間許容します。その間は、このインシデントによる保留を解除します。",
            why: "許容できる理由",
            submit: "許容する",
            close: "キャンセル",
        },
        (
            Action::Reject | Action::Rollback | Action::Approve | Action::Hold | Action::View,
            Locale::En,
        ) => Form {
            title: "Reject",
            does: "the rollout does not go on from this phase.",
            why: "Why?",
            submit: "Reject",
            close: "Cancel",
        },
        (
            Action::Reject | Action::Rollback | Action::Approve | Action::Hold | Action::View,
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
