//! What happened, in one line.

use super::{Japanese, hook, phase, severity_word, share, source, span, why};
use crate::{
    ledger::{AfterFailure, Fact, Mute, Spent, Stall, Terms},
    name::PhaseName,
    plan::gate::Otherwise,
    rollout::{IncidentSource, Origin, Question, Status},
    time::SignedDuration,
    traffic::Weight,
    words::account::Scene,
};

pub(super) fn of(japanese: &Japanese<'_>, scene: &Scene<'_>) -> String {
    let on = |name: &PhaseName| on(scene, name);
    match scene.fact() {
        Fact::Started { origin, .. } => started(*origin),
        Fact::AlarmsOverridden { .. } => "アラームに異常がある状態で開始しました".to_owned(),
        Fact::Prepared => "すべてのルートの準備ができました".to_owned(),
        Fact::PhaseEntered { phase, .. } => format!("{}を開始しました（{}）", on(phase), to(scene)),
        Fact::InEffect { phase, .. } => format!("{}が適用されました（{}）", on(phase), to(scene)),
        Fact::GatePassed { phase, .. } => format!("{}のゲートを通過しました", on(phase)),
        Fact::Stalled(stall) => stalled(scene, stall),
        Fact::GateFailed { what, spent, then } => gate_failed(what, *spent, *then),
        Fact::ApprovalAsked { phase, .. } => format!("{}の承認をお願いします", on(phase)),
        Fact::Approved {
            phase,
            have,
            needed,
        } => approved(&on(phase), *have, *needed),
        Fact::Rejected { phase, .. } => format!("{}が却下されました", on(phase)),
        Fact::ApprovalExpired { phase, then } => not_approved(&on(phase), *then),
        Fact::Checked { item } => format!("{item} が確認されました"),
        Fact::Overdue { phase, within } => overdue(&on(phase), *within),
        Fact::HookSucceeded { hook: name } => format!("フック {} が完了しました", hook(name)),
        Fact::HookFailed {
            hook,
            failures,
            then,
            ..
        } => hook_failed(hook, *failures, *then),
        Fact::IncidentOpened {
            source, severity, ..
        } => opened(source, severity_word(*severity)),
        Fact::IncidentOverdue { source, then } => undecided(source, *then),
        Fact::Escalated { what, level, .. } => escalated(what, *level),
        Fact::Reminded { what, .. } => format!("{}の判断をまだお待ちしています", question(what)),
        Fact::RiskOver { source: of } => format!("{} の許容期限が過ぎました", source(of)),
        Fact::IncidentAccepted { source, terms } => accepted(japanese, source, terms.as_ref()),
        Fact::IncidentRecovered { source: of } => format!("{} が正常に戻りました", source(of)),
        Fact::AlarmSilent { source, why } => silent(source, *why),
        Fact::AlarmSpoke { source: of } => format!("{} の状態を再び確認できました", source(of)),
        Fact::Paused { .. } => "一時停止しました".to_owned(),
        Fact::Resumed { .. } => "再開しました".to_owned(),
        Fact::Promoted { phase } => format!("{}の残りの維持時間を省略しました", on(phase)),
        Fact::PromotedFull { .. } => "すべてのゲートを省略して最終フェーズに進みます".to_owned(),
        Fact::WeightSet { .. } => format!("配分を手動で変更しました（{}）", to(scene)),
        Fact::CalendarOverridden { until, .. } => overridden(&japanese.at(*until)),
        Fact::RollbackBegan { cause, .. } => {
            format!("ロールバックを開始しました（{}）", why(cause))
        }
        Fact::TrafficRestored { took } => restored(*took),
        Fact::RollbackConfirmed => "ロールバックが確定しました".to_owned(),
        Fact::RollbackLate { within } => format!("{}以内に切り戻せていません", span(*within)),
        Fact::ChangeStuck { tries } => format!("配分を{tries}回試しても変更できていません"),
        Fact::RouteObstructed { route, .. } => format!("{route} を変更できませんでした"),
        Fact::DriftFound {
            route,
            found,
            desired,
        } => drift(route.as_str(), *found, *desired),
        Fact::DriftGone { route } => format!("{route} が正しい配分に戻りました"),
        Fact::HandClosed { route, found } => format!("{route} が手動で {found} に下げられました"),
        Fact::LateWriteUndone { route, found } => undone(route.as_str(), *found),
        Fact::WatchBegan { lasts, .. } => watching(*lasts),
        Fact::FinishAwaited { .. } => watched(scene, "新システムへの切り替え作業をお願いします"),
        Fact::FinishBegan { .. } => watched(scene, "新システムへの完全移行を開始しました"),
        Fact::Completed { .. } => "新システムへの完全移行が完了しました".to_owned(),
        Fact::Superseded { by } => format!("ロールアウト #{by} に引き継がれました"),
        Fact::Retried => "失敗した処理を再試行します".to_owned(),
    }
}

/// `フェーズ half（2/3）`
fn on(scene: &Scene<'_>, name: &PhaseName) -> String {
    let (name, number, of) = scene.place(name);
    format!("フェーズ {}", phase(&name, number, of))
}

/// `新システム 50%`
fn to(scene: &Scene<'_>) -> String {
    share(&scene.entry.after)
}

const fn then(otherwise: Otherwise) -> &'static str {
    match otherwise {
        Otherwise::Hold => "保留して判断を待ちます",
        Otherwise::Rollback => "ロールバックします",
    }
}

fn started(origin: Origin) -> String {
    match origin {
        Origin::Fresh => "ロールアウトを開始しました".to_owned(),
        Origin::Retry(number) => format!("ロールアウトを開始しました（#{number} の再実行）"),
        Origin::Superseded(number) => format!("ロールアウトを開始しました（#{number} を引き継ぎ）"),
    }
}

fn stalled(scene: &Scene<'_>, stall: &Stall) -> String {
    match stall {
        Stall::NoEvidence { phase } => gate_waits(scene, &on(scene, phase)),
        Stall::Unmeasured { .. } => "新システムを測定できていません".to_owned(),
        Stall::MeasuredAgain => "新システムの測定が再開しました".to_owned(),
        Stall::Calendar { phase, .. } => {
            format!("{}はカレンダーの制限により待機中です", on(scene, phase))
        }
    }
}

fn gate_waits(scene: &Scene<'_>, phase: &str) -> String {
    let what = if scene.rollout.status == Status::Watching {
        "監視"
    } else {
        phase
    };
    format!("{what}は予定時間を経過しましたが、次に進む根拠が揃っていません")
}

fn gate_failed(condition: &str, spent: Spent, otherwise: Otherwise) -> String {
    let how = match spent {
        Spent::Failures(times) => format!("{times}回不合格"),
        Spent::FailuresInARow(times) => format!("{times}回連続で不合格"),
        Spent::ErrorsInARow(times) => format!("{times}回連続で測定エラー"),
    };
    let then = then(otherwise);
    format!("ゲートが不合格になりました（{condition} が{how}）。{then}")
}

fn approved(phase: &str, have: u32, needed: u32) -> String {
    if have >= needed {
        format!("{phase}が承認されました")
    } else {
        format!("{phase}の承認は{needed}名中{have}名です")
    }
}

fn not_approved(phase: &str, otherwise: Otherwise) -> String {
    format!("{phase}が期限内に承認されませんでした。{}", then(otherwise))
}

fn overdue(phase: &str, within: SignedDuration) -> String {
    format!("{phase}が予定の{}を超過しました", span(within))
}

fn hook_failed(name: &str, failures: u32, after: AfterFailure) -> String {
    let times = match failures {
        0 | 1 => String::new(),
        many => format!("{many}回"),
    };
    let after = match after {
        AfterFailure::TriedAgain => "再試行します",
        AfterFailure::Ignored => "このフックなしで続行します",
        AfterFailure::Then(otherwise) => then(otherwise),
    };
    format!("フック {} が{times}失敗しました。{after}", hook(name))
}

fn opened(of: &IncidentSource, severity: &str) -> String {
    format!(
        "重大度 {severity}のインシデントが発生しました（{}）",
        source(of)
    )
}

fn undecided(of: &IncidentSource, otherwise: Otherwise) -> String {
    let then = match otherwise {
        Otherwise::Hold => "保留を続けます",
        Otherwise::Rollback => "ロールバックします",
    };
    format!(
        "{} について期限内に判断がありませんでした。{then}",
        source(of)
    )
}

fn escalated(what: &Question, level: usize) -> String {
    format!("{}の判断待ちです（レベル{level}に連絡）", question(what))
}

fn question(what: &Question) -> String {
    match what {
        Question::Incident(of) => format!("{} ", source(of)),
        Question::Overdue(phase) => format!("予定時間を超過したフェーズ {phase} "),
    }
}

fn accepted(japanese: &Japanese<'_>, of: &IncidentSource, terms: Option<&Terms>) -> String {
    let of = source(of);
    match terms {
        Some(terms) => format!("{of} が {} まで許容されました", japanese.at(terms.until)),
        None => format!("{of} が許容されました"),
    }
}

fn silent(of: &IncidentSource, why: Mute) -> String {
    let of = source(of);
    match why {
        Mute::NoData => format!("{of} のデータがないため、先に進めません"),
        Mute::Unreadable => format!("{of} を読み取れないため、先に進めません"),
    }
}

fn drift(route: &str, found: Weight, desired: Weight) -> String {
    format!("{route} の配分が {found} に変更されています（本来は {desired}）")
}

fn undone(route: &str, found: Weight) -> String {
    format!("ロールバック後に {route} が {found} になったため、元に戻しています")
}

fn overridden(until: &str) -> String {
    format!("{until} までカレンダーの制限を解除しました")
}

fn restored(took: SignedDuration) -> String {
    format!(
        "旧システムへの切り戻しが完了しました（決定から{}）",
        span(took)
    )
}

fn watching(lasts: SignedDuration) -> String {
    format!("全フェーズが完了しました。{}監視します", span(lasts))
}

/// What begins when the watch has passed, if there was one.
fn watched(scene: &Scene<'_>, begins: &str) -> String {
    if scene.is_end_of_watch() {
        format!("監視が完了しました。{begins}")
    } else {
        begins.to_owned()
    }
}
