//! Japanese, in です・ます and with the words of the messages (`domain::words::japanese`).

use domain::{
    name::PhaseName,
    plan::{gate::Otherwise, people::Locale, phase::Phase},
    rollout::Rollout,
    time::{SignedDuration, Timestamp},
    words::Parts,
};
use jiff::tz::TimeZone;
use token::{ACCEPTED_FOR, Action, answer::Outcome};

use super::{Label, Language, Nothing};
use crate::standing::Standing;

/// Japanese.
#[derive(Debug)]
pub(super) struct Japanese;

impl Language for Japanese {
    fn code(&self) -> &'static str {
        "ja"
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::OtherLanguage => "English",
            Label::Service => "サービス",
            Label::Started => "開始",
            Label::Phase => "フェーズ",
            Label::NextPhase => "次のフェーズ",
            Label::Status => "状態",
            Label::Awaited => "待機中",
            Label::Traffic => "トラフィック配分",
            Label::Canary => "新システム",
            Label::Stable => "旧システム",
            Label::Cause => "原因",
            Label::Evidence => "判断の根拠",
            Label::NoEvidence => "このフェーズではまだ測定されていません。",
            Label::Condition => "条件",
            Label::Verdict => "判定",
            Label::Now => "現在",
            Label::Threshold => "閾値",
            Label::Samples => "サンプル数",
            Label::SendsBack => "ロールバック条件",
            Label::NotMeasured => "未測定",
            Label::Checklist => "チェックリスト",
            Label::ToConfirm => "ご自身で確認した項目にチェックを入れてください",
            Label::Approvals => "承認状況",
            Label::Incidents => "インシデント",
            Label::Accepted => "許容済み：",
            Label::WeightsOverTime => "新システムの配分",
            Label::OverThePhase => "このフェーズの推移",
            Label::Limits => "プランの閾値",
            Label::NotRead => "測定値を読み取れませんでした。ページを再読み込みしてください。",
            Label::History => "履歴",
            Label::Answer => "回答",
            Label::Code => "確認コード",
            Label::CodeHint => "通知メッセージのリンクの横に表示されている6文字です。",
            Label::NoCode => {
                "送信されていません。通知メッセージのリンクの横に表示されている6文字を入力してください。"
            }
            Label::Reason => "理由",
            Label::ReasonOptional => "理由（任意）",
            Label::Others => "その他の回答",
            Label::OthersHint => {
                "それぞれ通知メッセージに専用のリンクがあります。安全側の操作に承認は必要ありません。"
            }
            Label::Report => "報告書",
            Label::StatusPage => "状況ページ",
            Label::CurrentState => "現在の状況",
            Label::Pending => "回答を処理しています。このページは2秒ごとに更新されます。",
            Label::StillUnknown => {
                "回答の結果はまだ確認できていません。しばらくしてから再読み込みするか、通知のスレッドをご確認ください。\
                 もう一度回答しても問題ありません。"
            }
            Label::Unsent => {
                "回答を送信できませんでした。何も実行されていません。もう一度お試しください。"
            }
            Label::Refreshes => "このページは30秒ごとに更新されます。",
            Label::Stop => "自動更新を停止",
            Label::Live => "30秒ごとに自動更新",
            Label::InEnglish => "台帳の記録は英語です。",
            Label::Good => "良好",
            Label::Bad => "不良",
            Label::Unknown => "不明",
        }
    }

    fn nothing(&self, nothing: Nothing) -> (&'static str, &'static str) {
        match nothing {
            Nothing::Front => (
                "Tidegate",
                "ロールアウトの状況確認と判断を行うページです。お手元の通知メッセージのリンクを開いてください。",
            ),
            Nothing::NoPage => (
                "ページが見つかりません",
                "通知メッセージのリンクをそのまま開いてください。",
            ),
            Nothing::Method => (
                "この操作はできません",
                "このページでは、閲覧とフォームの送信のみ行えます。",
            ),
            Nothing::TooLong => (
                "送信内容が大きすぎます",
                "何も実行されていません。内容を短くしてください。",
            ),
            Nothing::NoForm => (
                "フォームではありません",
                "何も実行されていません。ブラウザでリンクを開いて回答してください。",
            ),
            Nothing::ElseWhere => (
                "別のページから送信されました",
                "何も実行されていません。通知メッセージのリンクを開いて回答してください。",
            ),
            Nothing::Malformed => (
                "リンクが途中で切れています",
                "メールソフトで改行された可能性があります。リンク全体をコピーするか、通知メッセージから開いてください。",
            ),
            Nothing::NotOurs => (
                "このリンクは無効です",
                "内容が変更されているか、使われなくなった鍵で署名されています。通知の再送を依頼するか、`tidegate` コマンドをご利用ください。",
            ),
            Nothing::OtherDeployment => (
                "別の環境のリンクです",
                "別のアカウント、リージョンまたは環境の Tidegate のために作成されたリンクのため、ここでは使えません。通知メッセージのアドレスで開いてください。",
            ),
            Nothing::NotYet => (
                "このリンクはまだ有効ではありません",
                "作成時刻が未来になっています。時計がずれている可能性があります。1分後にもう一度お試しください。",
            ),
            Nothing::Unread => (
                "現在ロールアウトを読み取れません",
                "何も実行されていません。数秒後にもう一度お試しください。すぐに切り戻す場合：`tidegate rollback`、またはプランを指定して `tidegate rollback --direct`",
            ),
        }
    }

    fn question(&self, action: Action, rollout: &str, phase: Option<&PhaseName>) -> String {
        let phase = phase.map_or_else(String::new, |phase| format!(" フェーズ {phase}"));
        match action {
            Action::Approve => format!("{rollout}{phase} の続行を承認しますか？"),
            Action::Reject => format!("{rollout}{phase} の続行を却下しますか？"),
            Action::Rollback => format!("{rollout} をロールバックしますか？"),
            Action::Hold => format!("{rollout} を保留しますか？"),
            Action::Accept => format!("{rollout} のインシデントを許容しますか？"),
            Action::View => rollout.to_owned(),
        }
    }

    fn act(&self, action: Action) -> &'static str {
        match action {
            Action::Approve => "承認する",
            Action::Reject => "却下する",
            Action::Rollback => "ロールバックする",
            Action::Hold => "保留する",
            Action::Accept => "許容する",
            Action::View => "閲覧する",
        }
    }

    fn does(&self, action: Action, rollout: &Rollout, incident: Option<&str>) -> String {
        let approval = rollout
            .current_phase()
            .and_then(|phase| phase.approval.as_ref());
        match action {
            Action::Approve => {
                let needed = approval.map_or(1, |approval| approval.needed);
                let next = rollout.phase.and_then(|phase| phase.checked_add(1));
                let next = next.and_then(|next| rollout.plan.phases.get(next));
                let then = match next {
                    Some(next) => format!("フェーズ {} を開始します（{}）", next.name, self.next(next)),
                    None => "ロールアウトを完了に進めます".to_owned(),
                };
                format!("続行に同意します。{needed}名の承認がそろうと、{then}。")
            }
            Action::Reject => match approval.map(|approval| approval.otherwise) {
                Some(Otherwise::Rollback) => {
                    "続行に同意しません。全トラフィックを直ちに旧システムに戻します。".to_owned()
                }
                Some(Otherwise::Hold) | None => {
                    "続行に同意しません。現在の配分のまま、再開されるまで先に進みません。".to_owned()
                }
            },
            Action::Rollback => format!(
                "{}以内に全トラフィックを旧システムに戻し、ロールアウトを終了します。",
                span(rollout.plan.rollback.within)
            ),
            Action::Hold => {
                "現在の配分のまま、再開されるまで先に進みません。アラームによるロールバックは引き続き行われます。".to_owned()
            }
            Action::Accept => {
                let which = incident.map_or_else(String::new, |name| format!("「{name}」"));
                let lasts = span(ACCEPTED_FOR);
                format!(
                    "インシデント{which}を{lasts}許容します。その間は、このインシデントによる保留を解除します。{lasts}後も解決していない場合は再び保留されます。"
                )
            }
            Action::View => "ロールアウトの状況を表示します。".to_owned(),
        }
    }

    fn made_for(&self, approver: &str, until: &str) -> String {
        format!("このリンクは {approver} さん用で、{until} まで有効です。")
    }

    fn standing(&self, standing: Standing, time: &dyn Fn(Timestamp) -> String) -> Option<String> {
        Some(match standing {
            Standing::Open | Standing::View => return None,
            Standing::Expired(at) => format!(
                "このリンクは {} に有効期限が切れたため使えません。新しい通知に新しいリンクがある場合があります。`tidegate` コマンドはいつでも使えます。",
                time(at)
            ),
            Standing::Used(at) => format!(
                "このリンクは {} に回答済みで、処理は完了しています。リンクが有効なのは1回だけです。",
                time(at)
            ),
            Standing::Locked => {
                "確認コードの誤りが続いたため、このリンクは使えなくなりました。別の回答のリンク、Slack のボタン、または `tidegate` コマンドをご利用ください。".to_owned()
            }
            Standing::Gone => "このロールアウトはもう存在しません。".to_owned(),
            Standing::MovedOn => {
                "リンクの作成後にロールアウトが進んだため、このリンクは使えません。現在の判断事項は最新の通知をご確認ください。".to_owned()
            }
            Standing::Agreed => "すでに承認済みです。これ以上の操作は必要ありません。".to_owned(),
            Standing::Moot => "現在、このリンクで判断することはありません。".to_owned(),
        })
    }

    fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Done => "完了しました。ご指示の内容が確定しました。".to_owned(),
            Outcome::WrongCode { left } => {
                format!("確認コードが違います。何も実行されていません。{}", self.left(*left))
            }
            Outcome::NoCode => {
                "入力された内容は確認コードではありません。何も実行されていません。確認コードは英数字6文字です。".to_owned()
            }
            Outcome::Locked => {
                "確認コードが違います。最後の試行だったため、このリンクは使えなくなりました。何も実行されていません。".to_owned()
            }
            Outcome::Refused { why } => format!("実行されませんでした：{}。", why.ja),
            Outcome::Unsure { why } => {
                format!("処理は続いていますが、結果はまだ確認できていません：{}。", why.ja)
            }
        }
    }

    fn left(&self, left: u32) -> String {
        format!("あと{left}回入力できます。")
    }

    fn place(&self, phase: &str, number: usize, of: usize) -> String {
        format!("{phase}（{number}/{of}）")
    }

    fn started(&self, by: &str, at: &str) -> String {
        format!("{by}、{at}")
    }

    fn approvals(&self, have: usize, needed: u32, by: &[String]) -> String {
        if by.is_empty() {
            format!("{needed}名中{have}名が承認")
        } else {
            format!("{needed}名中{have}名が承認：{}", by.join("、"))
        }
    }

    fn may_approve(&self, groups: &[String]) -> String {
        format!("承認できる人：{}", groups.join(" または "))
    }

    fn confirmed(&self, by: &str) -> String {
        format!("{by} さんが確認済み")
    }

    fn due(&self, by: &str, otherwise: Otherwise) -> String {
        match otherwise {
            Otherwise::Hold => format!("{by} までに判断がない場合は保留を続けます"),
            Otherwise::Rollback => format!("{by} までに判断がない場合はロールバックします"),
        }
    }

    fn next(&self, phase: &Phase) -> String {
        format!("新システム {}、最短{}", phase.weights, span(phase.bake))
    }

    fn chart(&self, metric: &str, canary: Option<&str>, stable: Option<&str>) -> String {
        let side = |name: &str, value: Option<&str>| match value {
            Some(value) => format!("{name}は最新 {value}"),
            None => format!("{name}はデータなし"),
        };
        format!(
            "{metric} の推移：{}、{}",
            side("新システム", canary),
            side("旧システム", stable)
        )
    }
}

fn span(lasts: SignedDuration) -> String {
    let parts = Parts {
        locale: Locale::Ja,
        zone: &TimeZone::UTC,
    };
    parts.span(lasts)
}
