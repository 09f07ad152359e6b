//! What is waited for, in few words: for a page's list of what is known.

use super::{Japanese, hook, source};
use crate::{
    plan::{calendar::Shut, gate::Otherwise},
    rollout::Hold,
    time::Timestamp,
    waiting::Waiting,
};

/// What is waited for, until when, and what happens then.
pub(in crate::words) fn waiting(japanese: &Japanese<'_>, waiting: &Waiting) -> String {
    let at = |time: Timestamp| japanese.at(time);
    match waiting {
        Waiting::Nothing => "ロールアウトは終了しています".to_owned(),
        Waiting::Write { .. } => "配分の変更".to_owned(),
        Waiting::Effect { until: None } => "配分の適用".to_owned(),
        Waiting::Effect { until: Some(until) } => format!("配分の適用（{}）", at(*until)),
        Waiting::Bake { until } => format!("維持時間の経過（{} まで）", at(*until)),
        Waiting::Evidence { lacking } if lacking.is_empty() => "最初の測定".to_owned(),
        Waiting::Evidence { lacking } => {
            let metrics = lacking.iter().map(|finding| &finding.condition.metric);
            format!("判断の根拠：{}", list(metrics))
        }
        Waiting::Checklist { open } => format!("確認項目：{}", list(open)),
        Waiting::Approval {
            have,
            needed,
            until,
            otherwise,
        } => format!(
            "承認（{needed}名中{have}名）{}",
            unanswered(japanese, *until, *otherwise)
        ),
        Waiting::Calendar(shut) => calendar(japanese, shut),
        Waiting::Hook { name } => format!("フック {}", hook(name)),
        Waiting::Person { hold } => format!("担当者の判断（{}）", held(*hold)),
        Waiting::Incident {
            source: of,
            until,
            otherwise,
        } => format!(
            "インシデントの判断：{}{}",
            source(of),
            unanswered(japanese, *until, *otherwise)
        ),
        Waiting::Drift { routes } => {
            let all = routes.iter();
            let all = all.map(|(route, weight)| format!("{route}（{weight}）"));
            format!("外部から変更された配分の修正：{}", list(all))
        }
        Waiting::Alarm { name } => format!("アラーム {name} の状態"),
        Waiting::Finish => "切り替え作業と `tidegate finish`".to_owned(),
        Waiting::Guard { until } => format!("切り戻しの確定（{} まで）", at(*until)),
        Waiting::Sweep => "次の巡回（1分以内）".to_owned(),
    }
}

fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    let all: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    all.join("、")
}

fn unanswered(japanese: &Japanese<'_>, until: Option<Timestamp>, otherwise: Otherwise) -> String {
    let Some(until) = until else {
        return String::new();
    };
    let then = match otherwise {
        Otherwise::Hold => "保留を続けます",
        Otherwise::Rollback => "ロールバックします",
    };
    format!("。{} までに判断がない場合は{then}", japanese.at(until))
}

fn calendar(japanese: &Japanese<'_>, shut: &Shut) -> String {
    let why = match &shut.freeze {
        Some(name) => format!("変更凍結 {name} の終了"),
        None => "変更可能な時間帯".to_owned(),
    };
    match shut.opens {
        Some(opens) => format!("{why}（{}）", japanese.at(opens)),
        None => why,
    }
}

const fn held(hold: Hold) -> &'static str {
    match hold {
        Hold::Paused => "一時停止中",
        Hold::WeightSet => "配分が手動で設定されました",
        Hold::HandClosed => "配分が手動で下げられました",
        Hold::GateFailed => "ゲートが不合格です",
        Hold::HookFailed => "フックが失敗しました",
        Hold::Overdue => "フェーズが予定時間を超過しています",
        Hold::Rejected => "承認者が却下しました",
        Hold::ApprovalExpired => "期限内に承認がありませんでした",
    }
}
