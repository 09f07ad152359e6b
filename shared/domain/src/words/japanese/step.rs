//! What happens next, in a sentence or two.

use super::{Japanese, hook, missing, source, span};
use crate::{
    judge::{Finding, Verdict},
    name::ItemName,
    plan::{Finish, calendar::Shut, gate::Otherwise},
    rollout::Hold,
    time::{SignedDuration, Timestamp},
    waiting::Waiting,
    words::{
        account::{Scene, groups},
        language::{After, Step},
    },
};

/// What a person types behind a command that needs a reason.
const BECAUSE: &str = "--reason '…'";

pub(super) fn of(japanese: &Japanese<'_>, scene: &Scene<'_>, step: &Step) -> String {
    let at = |at: Timestamp| japanese.at(at);
    match step {
        Step::FirstPhase => {
            "すべてのルートの準備ができ次第、最初のフェーズを開始します。".to_owned()
        }
        Step::IfTrouble { within } => if_trouble(scene, *within),
        Step::SetThenHold { bake, until } => set_then_hold(*bake, &at(*until)),
        Step::Begins(phase) => format!("フェーズ {phase} を開始します。"),
        Step::Hold { until, overdue } => hold(japanese, *until, *overdue),
        Step::Then(after) => then(after),
        Step::Back { by } => format!(
            "全トラフィックを旧システムに戻しています（遅くとも {} まで）。完了したら通知します。",
            at(*by)
        ),
        Step::HooksThen(names) => format!("その後、フックを実行します：{}。", hooks(names)),
        Step::CloseByHand => {
            "完了の通知が届かない場合は、手動で閉じてください：`tidegate rollback --direct PLAN`"
                .to_owned()
        }
        Step::Decide { due, otherwise } => decide(japanese, scene, *due, *otherwise),
        Step::NothingHeld => "お知らせのみです。ロールアウトは保留されません。".to_owned(),
        Step::HookAgain => "1分以内にフックを再実行します。".to_owned(),
        Step::GoesBack => "ロールバックします。詳細は次の通知をご覧ください。".to_owned(),
        Step::Switch => "完了したら通知します。".to_owned(),
        Step::FindCause => format!(
            "原因を調査してください。状況は {} で、判断の根拠は台帳で確認できます。",
            scene.command("status")
        ),
        Step::Retry => format!(
            "準備ができたら {} で同じプランを再実行できます。",
            scene.command("retry")
        ),
        Step::StillBack { until } => format!(
            "{} までは {} で全トラフィックを旧システムに戻せます。",
            at(*until),
            scene.command_with("rollback", BECAUSE)
        ),
        Step::RemoveOld => "その後、旧システムは不要になるため撤去できます。".to_owned(),
        Step::Watch { until, then } => watch(&at(*until), *then),
        Step::TriedAgain => "1分ごとに再試行します。".to_owned(),
        Step::Unwatched => unwatched(scene),
        Step::Mend => "原因が解消されるまで再試行を続けます。".to_owned(),
        Step::RollbackLate => format!(
            "1分ごとに再試行しています。すぐに状況を確認してください：{}",
            scene.command("status")
        ),
        Step::GoesOnIn(number) => format!("以降は #{number} として続行します。"),
        Step::Wait(waiting) => wait(japanese, scene, waiting),
    }
}

fn hooks(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| hook(name)).collect();
    names.join("、")
}

fn if_trouble(scene: &Scene<'_>, within: SignedDuration) -> String {
    format!(
        "問題が発生した場合は{}以内に自動でロールバックし、通知します。手動の場合：{}",
        span(within),
        scene.command_with("rollback", BECAUSE)
    )
}

fn set_then_hold(bake: SignedDuration, until: &str) -> String {
    format!(
        "配分を変更しています。適用後、最短{}（早くて {until} まで）この配分を維持します。",
        span(bake)
    )
}

fn hold(japanese: &Japanese<'_>, until: Timestamp, overdue: Option<Timestamp>) -> String {
    let held = format!(
        "少なくとも {} までこの配分を維持します。",
        japanese.at(until)
    );
    match overdue {
        Some(overdue) => format!("{held}{} を過ぎると超過になります。", japanese.at(overdue)),
        None => held,
    }
}

fn then(after: &After) -> String {
    match after {
        After::Approval(needed, groups) => {
            let groups = groups.join(" または ");
            format!("ゲートを通過すると承認を依頼します（{groups} のうち{needed}名）。")
        }
        After::Phase(name) => format!("ゲートを通過するとフェーズ {name} に進みます。"),
        After::Watch(lasts) => format!("ゲートを通過すると{}監視します。", span(*lasts)),
        After::Finish => "ゲートを通過すると完全移行を行います。".to_owned(),
    }
}

fn unwatched(scene: &Scene<'_>) -> String {
    format!(
        "先には進みません。これらの条件による自動ロールバックも働きません（アラームによるロールバックは有効です）。1分ごとに測定を再試行しています。不安な場合はロールバックしてください：{}",
        scene.command_with("rollback", BECAUSE)
    )
}

fn decide(
    japanese: &Japanese<'_>,
    scene: &Scene<'_>,
    due: Option<Timestamp>,
    otherwise: Otherwise,
) -> String {
    let ways = format!(
        "判断をお願いします。許容して続行：{}、ロールバック：{}。",
        scene.command_with("resume", BECAUSE),
        scene.command_with("rollback", BECAUSE)
    );
    format!("{ways}{}", unanswered(japanese, due, otherwise))
}

fn unanswered(japanese: &Japanese<'_>, due: Option<Timestamp>, otherwise: Otherwise) -> String {
    let Some(due) = due else {
        return String::new();
    };
    let then = match otherwise {
        Otherwise::Hold => "保留を続けます",
        Otherwise::Rollback => "ロールバックします",
    };
    format!("{} までに判断がない場合は{then}。", japanese.at(due))
}

fn watch(until: &str, finish: Finish) -> String {
    match finish {
        Finish::Auto => format!(
            "少なくとも {until} までは旧システムを残します。その後、新システムへの完全移行を行います。"
        ),
        Finish::Manual => format!(
            "少なくとも {until} までは旧システムを残します。その後、切り替え作業をお願いします。"
        ),
    }
}

fn wait(japanese: &Japanese<'_>, scene: &Scene<'_>, waiting: &Waiting) -> String {
    match waiting {
        Waiting::Nothing => "ロールアウトは終了しています。".to_owned(),
        Waiting::Write { .. } => "配分を変更しています。".to_owned(),
        Waiting::Effect { until: None } => "配分の適用を待っています。".to_owned(),
        Waiting::Effect { until: Some(until) } => {
            format!("{} に配分の適用が完了します。", japanese.at(*until))
        }
        Waiting::Bake { until } => hold(japanese, *until, None),
        Waiting::Evidence { lacking } => evidence(lacking),
        Waiting::Checklist { open } => checklist(scene, open),
        Waiting::Approval {
            have,
            needed,
            until,
            otherwise,
        } => {
            let asked = approval(scene, *have, *needed);
            format!("{asked}{}", unanswered(japanese, *until, *otherwise))
        }
        Waiting::Calendar(shut) => calendar(japanese, scene, shut),
        Waiting::Hook { name } => format!("次にフック {} を実行します。", hook(name)),
        Waiting::Person { hold } => person(scene, *hold),
        Waiting::Incident {
            source: of,
            until,
            otherwise,
        } => {
            let ways = decide(japanese, scene, *until, *otherwise);
            format!("{} のため保留しています。{ways}", source(of))
        }
        Waiting::Drift { .. } => format!(
            "保留しています。変更元で元に戻すか、{} でプランの配分に戻してください。",
            scene.command_with("resume", BECAUSE)
        ),
        Waiting::Alarm { name } => {
            format!("アラーム {name} を読み取れてデータが揃うまで、先に進みません。")
        }
        Waiting::Finish => format!(
            "新システムを正式な振り分け先に切り替えてから、{} を実行してください。",
            scene.command("finish")
        ),
        Waiting::Guard { until } => format!(
            "{} まで、遅れて届く変更がないか監視し、あれば元に戻します。その後ロールバックが確定します。",
            japanese.at(*until)
        ),
        Waiting::Sweep => "1分以内に次に進みます。".to_owned(),
    }
}

fn evidence(lacking: &[Finding]) -> String {
    if lacking.is_empty() {
        return "最初の測定を待っています。".to_owned();
    }
    let lacking: Vec<String> = lacking
        .iter()
        .map(|finding| format!("{}（{}）", finding.condition, short(&finding.verdict)))
        .collect();
    format!("次の条件を満たすと先に進みます：{}。", lacking.join("、"))
}

fn short(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "合格、測定の継続が必要".to_owned(),
        Verdict::Fail => "不合格".to_owned(),
        Verdict::Inconclusive(doubt) => missing(*doubt),
        Verdict::Error(why) => format!("測定エラー、{why}"),
    }
}

/// The phase that a command is about.
fn phase(scene: &Scene<'_>) -> String {
    let phase = scene.rollout.current_phase();
    phase.map_or_else(String::new, |phase| phase.name.to_string())
}

fn checklist(scene: &Scene<'_>, open: &[ItemName]) -> String {
    let items: Vec<String> = open.iter().map(ItemName::to_string).collect();
    format!(
        "未確認の項目：{}。確認コマンド：{}",
        items.join("、"),
        scene.command_with("check", &format!("{} ITEM", phase(scene)))
    )
}

fn approval(scene: &Scene<'_>, have: u32, needed: u32) -> String {
    let approval = scene
        .rollout
        .current_phase()
        .and_then(|phase| phase.approval.as_ref());
    let from = approval.map_or_else(Vec::new, |approval| groups(scene.rollout, approval));
    let phase = phase(scene);
    format!(
        "{needed}名中{have}名が承認済みです。承認者は {} です。承認：{}、却下：{}。",
        from.join(" または "),
        scene.command_with("approve", &phase),
        scene.command_with("reject", &format!("{phase} {BECAUSE}"))
    )
}

fn calendar(japanese: &Japanese<'_>, scene: &Scene<'_>, shut: &Shut) -> String {
    let why = match &shut.freeze {
        Some(name) => format!("変更凍結期間（{name}）のため、配分を上げません。"),
        None => "カレンダーの時間帯の外のため、配分を上げません。".to_owned(),
    };
    let opens = match shut.opens {
        Some(opens) => format!("{} に再開します。", japanese.at(opens)),
        None => "カレンダーが開くまで待ちます。".to_owned(),
    };
    let sooner = scene.command_with("override-calendar", &format!("--until TIME {BECAUSE}"));
    format!("{why}{opens}早める場合：{sooner}")
}

fn person(scene: &Scene<'_>, hold: Hold) -> String {
    let why = match hold {
        Hold::Paused => "一時停止中です",
        Hold::WeightSet => "配分が手動で変更されたため保留しています",
        Hold::HandClosed => "配分が手動で下げられたため保留しています",
        Hold::GateFailed => "ゲートが不合格のため保留しています",
        Hold::HookFailed => "フックが失敗したため保留しています",
        Hold::Overdue => "予定時間を超過したため保留しています",
        Hold::Rejected => "却下されたため保留しています",
        Hold::ApprovalExpired => "期限内に承認されなかったため保留しています",
    };
    format!(
        "{why}。判断をお願いします。続行：{}、ロールバック：{}。",
        scene.command_with("resume", BECAUSE),
        scene.command_with("rollback", BECAUSE)
    )
}
