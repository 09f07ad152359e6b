//! What stands around a message where it is shown: buttons, links, and what happened to other messages.

use super::japanese;
use crate::{
    plan::people::Locale,
    rollout::Status,
    time::{SignedDuration, Spell},
};

/// Something short that is said beside a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phrase<'a> {
    /// A button: go on.
    Approve,
    /// A button: do not go on.
    Reject,
    /// A button: all traffic back to stable.
    RollBack,
    /// What rolling back does.
    RollBackDoes {
        /// Which rollout.
        rollout: &'a str,
        /// How long that takes at most.
        within: SignedDuration,
    },
    /// A button: not now.
    Cancel,
    /// A button: stay where it is.
    Hold,
    /// A button: let an incident be for so long.
    Accept(SignedDuration),
    /// A link to where the rollout is shown.
    StatusPage,
    /// A link to the report of a rollout that has ended, or the name of where it is kept.
    Report,
    /// A report is not where its plan says.
    ReportNotKept {
        /// Where it should be.
        address: &'a str,
        /// Whose it is.
        rollout: &'a str,
    },
    /// The code that belongs to a link.
    Code(&'a str),
    /// Links are personal.
    Personal,
    /// Those who decide have their links in messages to themselves.
    Privately,
    /// So many more may decide, whose links are not shown.
    MoreDeciders(usize),
    /// An outlet gave so many messages up, which said this.
    NotTaken {
        /// The outlet.
        outlet: &'a str,
        /// How many.
        count: usize,
        /// Their titles.
        titles: &'a str,
    },
    /// What was said was said so many times more.
    Again {
        /// How many.
        times: usize,
        /// What.
        title: &'a str,
    },
    /// The new side.
    Canary,
    /// Where a rollout stands.
    Standing(&'a Status),
}

/// A phrase in a language.
#[must_use]
pub fn phrase(locale: Locale, phrase: &Phrase<'_>) -> String {
    match locale {
        Locale::En => in_english(phrase),
        Locale::Ja => in_japanese(phrase),
    }
}

fn in_english(phrase: &Phrase<'_>) -> String {
    match phrase {
        Phrase::Approve => "Approve".to_owned(),
        Phrase::Reject => "Reject".to_owned(),
        Phrase::RollBack => "Roll back".to_owned(),
        Phrase::RollBackDoes { rollout, within } => format!(
            "All traffic of {rollout} goes back to stable, within {} at most, and the rollout ends.",
            Spell(*within)
        ),
        Phrase::Cancel => "Cancel".to_owned(),
        Phrase::Hold => "Hold".to_owned(),
        Phrase::Accept(lasts) => format!("Accept for {}", Spell(*lasts)),
        Phrase::StatusPage => "Status page".to_owned(),
        Phrase::Report => "Report".to_owned(),
        Phrase::ReportNotKept { address, rollout } => format!(
            "The report could not be kept at {address}. `tidegate report {rollout}` makes it."
        ),
        Phrase::Code(code) => format!("code {code}"),
        Phrase::Personal => {
            "Each link is for one person, and asks for the code that stands beside it.".to_owned()
        }
        Phrase::Privately => {
            "Those who decide also have a direct message with links of their own.".to_owned()
        }
        Phrase::MoreDeciders(1) => "One more may decide, with the commands above.".to_owned(),
        Phrase::MoreDeciders(count) => {
            format!("{count} more may decide, with the commands above.")
        }
        Phrase::NotTaken {
            outlet,
            count: 1,
            titles,
        } => format!("{outlet} did not take a message: {titles}"),
        Phrase::NotTaken {
            outlet,
            count,
            titles,
        } => format!("{outlet} did not take {count} messages: {titles}"),
        Phrase::Again { times: 1, title } => format!("Once more since: {title}"),
        Phrase::Again { times, title } => format!("{times} times more since: {title}"),
        Phrase::Canary => "canary".to_owned(),
        Phrase::Standing(status) => status.name().to_owned(),
    }
}

fn in_japanese(phrase: &Phrase<'_>) -> String {
    match phrase {
        Phrase::Approve => "承認する".to_owned(),
        Phrase::Reject => "却下する".to_owned(),
        Phrase::RollBack => "ロールバックする".to_owned(),
        Phrase::RollBackDoes { rollout, within } => format!(
            "{rollout} の全トラフィックを{}以内に旧システムに戻し、ロールアウトを終了します。",
            japanese::span(*within)
        ),
        Phrase::Cancel => "キャンセル".to_owned(),
        Phrase::Hold => "保留する".to_owned(),
        Phrase::Accept(lasts) => format!("{}許容する", japanese::span(*lasts)),
        Phrase::StatusPage => "状況ページ".to_owned(),
        Phrase::Report => "報告書".to_owned(),
        Phrase::ReportNotKept { address, rollout } => format!(
            "報告書を {address} に保存できませんでした。`tidegate report {rollout}` で作成できます。"
        ),
        Phrase::Code(code) => format!("コード {code}"),
        Phrase::Personal => {
            "リンクは本人専用です。開いたページで、横に表示されたコードを入力してください。"
                .to_owned()
        }
        Phrase::Privately => {
            "承認者には、本人専用のリンクをダイレクトメッセージでもお送りしています。".to_owned()
        }
        Phrase::MoreDeciders(count) => {
            format!("ほか {count} 名は、上記のコマンドで判断できます。")
        }
        Phrase::NotTaken {
            outlet,
            count,
            titles,
        } => format!("{outlet} に送信できなかった通知が {count} 件あります：{titles}"),
        Phrase::Again { times, title } => {
            format!("同じ内容の通知がさらに {times} 件ありました：{title}")
        }
        Phrase::Canary => "新システム".to_owned(),
        Phrase::Standing(status) => japanese::standing(status).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_said_as_many() {
        let check = |it: &Phrase<'_>, expected: &str| assert_eq!(phrase(Locale::En, it), expected);
        let lost = |count| Phrase::NotTaken {
            outlet: "Slack",
            count,
            titles: "shop#1: paused",
        };
        check(&lost(1), "Slack did not take a message: shop#1: paused");
        check(&lost(2), "Slack did not take 2 messages: shop#1: paused");
        let again = |times| Phrase::Again {
            times,
            title: "shop#1: paused",
        };
        check(&again(1), "Once more since: shop#1: paused");
        check(&again(3), "3 times more since: shop#1: paused");
        check(
            &Phrase::MoreDeciders(1),
            "One more may decide, with the commands above.",
        );
    }
}
