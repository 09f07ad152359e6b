//! Why something that a person asked for is not done.

use super::{Japanese, source, standing};
use crate::{
    decide::Refusal,
    name::{PhaseName, RouteName},
    rollout::{IncidentSource, Status},
    traffic::Weight,
};

/// One sentence without its full stop.
pub(in crate::words) fn refusal(japanese: &Japanese<'_>, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Ended { status } => {
            format!("ロールアウトは終了しています（{}）", standing(status))
        }
        Refusal::Followed { by } => {
            format!("後続のロールアウト #{by} があるため、切り戻しは #{by} に対して行ってください")
        }
        Refusal::NotNow { verb, status } => format!(
            "現在の状態（{}）では `{verb}` を実行できません",
            standing(status)
        ),
        Refusal::InFlight => {
            "配分を変更している最中です。数秒後にもう一度お試しください".to_owned()
        }
        Refusal::NoReason { verb } => {
            format!("`{verb}` には理由が必要です。理由は台帳に記録されます")
        }
        Refusal::NothingHeld => "保留されていないため、再開する必要はありません".to_owned(),
        Refusal::NothingFailed => "再試行できる失敗はありません".to_owned(),
        Refusal::StartsAnew => {
            "ロールバック済みです。再実行すると新しいロールアウトになります".to_owned()
        }
        Refusal::OtherPhase { asked, current } => format!(
            "フェーズ {asked} についての操作ですが、現在は{}",
            where_it_is(current.as_ref())
        ),
        Refusal::OtherPlan => {
            "表示されたプランと、ロールアウトが実行しているプランが異なります".to_owned()
        }
        Refusal::MovedOn { status, phase } => moved_on(status, phase.as_ref()),
        Refusal::NotAnApprover { who, may } => {
            format!("{who} さんはこのフェーズの承認者ではありません。承認できる人：{may}")
        }
        Refusal::OwnRollout { who } => format!(
            "{who} さんはこのロールアウトの開始者のため承認できません。別の承認者の承認が必要です"
        ),
        Refusal::UnknownIncident { asked, open } => {
            format!("インシデント `{asked}` はありません。{}", others(open))
        }
        Refusal::IncidentOver { open } => over(open),
        Refusal::UnknownItem(item) => {
            format!("このフェーズのチェックリストに項目 `{item}` はありません")
        }
        Refusal::UnknownRoute(route) => format!("プランにルート `{route}` はありません"),
        Refusal::Inexpressible {
            route,
            wanted,
            below,
            above,
        } => format!(
            "{route} では {wanted} を設定できません。設定できる近い値は {below} と {above} です"
        ),
        Refusal::FastTrackOver(until) => format!(
            "フェーズなしで戻せる期限（{}）を過ぎています。逆向きのロールアウトを開始してください",
            japanese.at(*until)
        ),
        Refusal::NotTheNewStable { route, base } => not_stable(route, *base),
        Refusal::Past(at) => format!("{} は過ぎています", japanese.at(*at)),
        Refusal::RouteLeftBehind(route) => format!(
            "ルート `{route}` にはトラフィックが流れており、新しいプランでは内容が異なります。先にロールバックしてください"
        ),
        Refusal::UnsoundPlan(why) => format!("プランに矛盾があります（{why}）"),
        Refusal::AlarmsNotWell(alarms) => format!(
            "アラームの状態が正常でないため開始していません（{alarms}）。理由を付けると開始できます"
        ),
    }
}

fn not_stable(route: &RouteName, base: Option<Weight>) -> String {
    let share = base.map_or_else(|| "不明".to_owned(), |base| base.to_string());
    format!(
        "Tidegate のルールを外すと、{route} で新システムに流れる割合は {share} です。先に新システムを正式な振り分け先にしてください"
    )
}

fn where_it_is(phase: Option<&PhaseName>) -> String {
    phase.map_or_else(
        || "どのフェーズも始まっていません".to_owned(),
        |phase| format!("フェーズ {phase} です"),
    )
}

fn moved_on(status: &Status, phase: Option<&PhaseName>) -> String {
    let phase = phase.map_or_else(String::new, |phase| format!("フェーズ {phase}、"));
    format!(
        "表示された後にロールアウトが進んでいます（現在：{phase}{}）",
        standing(status)
    )
}

fn over(open: &[IncidentSource]) -> String {
    let others = others(open);
    format!("表示されたインシデントは許容済みまたは解決済みです。{others}")
}

fn others(open: &[IncidentSource]) -> String {
    if open.is_empty() {
        return "判断待ちのインシデントはありません".to_owned();
    }
    let open: Vec<String> = open.iter().map(source).collect();
    format!("判断待ちのインシデント：{}", open.join("、"))
}
