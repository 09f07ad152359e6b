//! Japanese, in です・ます.
//!
//! One word for one thing, as the teams' own documents have it:
//!
//! | English | Japanese |
//! |---|---|
//! | rollout | ロールアウト |
//! | phase | フェーズ |
//! | canary, stable | 新システム, 旧システム |
//! | traffic, weights | トラフィック配分 |
//! | rollback, back on stable | ロールバック, 旧システムに切り戻し |
//! | gate | ゲート |
//! | approve, reject | 承認, 却下 |
//! | hold | 保留 |
//! | to be held (a phase), watch | 維持, 監視 |
//! | incident | インシデント |
//! | condition, threshold | 条件, 閾値 |
//! | route | ルート |
//! | freeze | 変更凍結 |
//! | hook | フック |

mod refusal;
mod step;
mod title;
mod waiting;

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{
    Tone,
    account::Scene,
    instant,
    language::{Label, Language, Planned, Step, Unwell, Value},
};
use crate::{
    decide::Refusal,
    judge::{Doubt, Role, Verdict},
    name::PhaseName,
    plan::{
        gate::{Condition, Limit},
        severity::Severity,
    },
    quantity::{Dimension, Quantity},
    rollout::{Cause, IncidentSource, Status, alarm_name},
    time::{SignedDuration, Timestamp},
    traffic::{Weight, Weights},
    waiting::Waiting,
};

/// Japanese, with times in a zone.
#[derive(Debug)]
pub(super) struct Japanese<'a> {
    pub(super) zone: &'a TimeZone,
}

impl Language for Japanese<'_> {
    fn title(&self, scene: &Scene<'_>) -> String {
        title::of(self, scene)
    }

    fn label(&self, label: &Label) -> String {
        let name = match label {
            Label::PhaseOfPlan(number, name) => return format!("フェーズ{number} {name}"),
            Label::ResultOf(name) => return format!("{name} の維持時間"),
            Label::NextPhase(name) => return format!("次のフェーズ {name}"),
            Label::Service => "サービス",
            Label::Plan => "プラン",
            Label::StartedBy => "開始者",
            Label::StartedAt => "開始日時",
            Label::Follows => "前回",
            Label::Least => "予定所要時間",
            Label::Routes => "対象ルート",
            Label::Watch => "移行後の監視",
            Label::Deciders => "承認者",
            Label::SendsBack => "ロールバック条件",
            Label::Channels => "通知先",
            Label::Phase => "フェーズ",
            Label::Traffic => "トラフィック配分",
            Label::By => "実施者",
            Label::Reason => "理由",
            Label::Alarms => "アラーム",
            Label::Cause => "原因",
            Label::Detected => "検知日時",
            Label::Decided => "ロールバック日時",
            Label::Affected => "影響範囲",
            Label::BackBy => "切り戻し期限",
            Label::InEffectFrom => "適用日時",
            Label::Held => "維持時間",
            Label::Watched => "監視時間",
            Label::ApprovedBy => "承認済み",
            Label::Confirmed => "確認済み項目",
            Label::Requires => "通過条件",
            Label::Duration => "所要時間",
            Label::CompletedAt => "完了日時",
            Label::Phases => "完了フェーズ",
            Label::ClosedIncidents => "解決済みのインシデント",
            Label::OpenIncidents => "未解決のインシデント",
            Label::Severity => "重大度",
            Label::DecideBy => "判断期限",
            Label::Told => "連絡先",
            Label::Unmeasured => "測定できない条件",
            Label::Said => "エラー内容",
            Label::Current => "現在",
            Label::Threshold => "閾値",
            Label::Stable => "旧システム",
            Label::Samples => "サンプル数",
        };
        name.to_owned()
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => text.clone(),
            Value::List(items) => items.join("、"),
            Value::ListOfMore(items, more) => format!("{}、ほか{more}件", items.join("、")),
            Value::Span(lasts) => span(*lasts),
            Value::Least(least, None) => format!("最短{}", span(*least)),
            Value::Least(least, Some(ends)) => {
                format!("最短{}（早くて {} に完了）", span(*least), self.at(*ends))
            }
            Value::Time(at) => self.at(*at),
            Value::Traffic { before, after } => traffic(before, after),
            Value::Share(weights) => {
                format!("新システムで処理されたリクエスト（トラフィックの {weights}）")
            }
            Value::Phase { name, number, of } => phase(name, *number, *of),
            Value::Planned(planned) => self.planned(planned),
            Value::Held { lasted, least } => {
                format!("{}（最短{}）", span(*lasted), span(*least))
            }
            Value::Confirmed(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|(item, by)| format!("{item}（{by}）"))
                    .collect();
                items.join("、")
            }
            Value::Threshold(condition) => threshold(condition),
            Value::Cause(cause) => why(cause),
            Value::Severity(severity) => severity_word(*severity).to_owned(),
            Value::Sources(sources) if sources.is_empty() => "なし".to_owned(),
            Value::Sources(sources) => {
                let sources: Vec<String> = sources.iter().map(source).collect();
                sources.join("、")
            }
            Value::Retried(number) => format!("#{number}（ロールバック済み）の再実行です"),
            Value::TookOver(number) => format!("#{number} の配分を引き継ぎます"),
            Value::SendsBack {
                alarms,
                conditions,
                more,
            } => sends_back(alarms, conditions, *more),
            Value::Unwell(alarms) => {
                let alarms: Vec<String> = alarms
                    .iter()
                    .map(|(name, how)| format!("{name}（{}）", unwell(*how)))
                    .collect();
                alarms.join("、")
            }
        }
    }

    fn verdict(&self, role: Role, verdict: &Verdict) -> String {
        match (verdict, role) {
            (Verdict::Pass, Role::Require) => "合格".to_owned(),
            (Verdict::Fail, Role::Require) => "不合格".to_owned(),
            (Verdict::Pass, Role::Rollback | Role::Incident(_)) => "問題なし".to_owned(),
            (Verdict::Fail, Role::Rollback | Role::Incident(_)) => "異常".to_owned(),
            (Verdict::Inconclusive(doubt), _) => format!("判定保留、{}", missing(*doubt)),
            (Verdict::Error(why), _) => format!("測定エラー、{why}"),
        }
    }

    fn flag(&self, tone: Tone) -> Option<&'static str> {
        match tone {
            Tone::Note | Tone::Good => None,
            Tone::Ask => Some("【要対応】"),
            Tone::Bad => Some("【緊急】"),
        }
    }

    fn step(&self, scene: &Scene<'_>, step: &Step) -> String {
        step::of(self, scene, step)
    }

    fn refusal(&self, refusal: &Refusal) -> String {
        refusal::refusal(self, refusal)
    }

    fn waiting(&self, waiting: &Waiting, _now: Timestamp) -> String {
        waiting::waiting(self, waiting)
    }
}

impl Japanese<'_> {
    fn at(&self, at: Timestamp) -> String {
        instant::japanese(at, self.zone)
    }

    /// `新システム 5%、2026年3月3日(火) 09:00 JST から最短1日、その後 leads の承認（1名）`
    fn planned(&self, Planned { phase, from }: &Planned) -> String {
        let begins = from.map_or_else(String::new, |from| format!("{} から", self.at(from)));
        let mut said = format!(
            "{}、{begins}最短{}",
            share(&phase.weights),
            span(phase.bake)
        );
        if let Some(approval) = &phase.approval {
            let groups: Vec<String> = approval.from.iter().map(ToString::to_string).collect();
            let groups = groups.join(" または ");
            let _ = write!(said, "、その後 {groups} の承認（{}名）", approval.needed);
        }
        said
    }
}

/// `half（2/3）`
fn phase(name: &PhaseName, number: usize, of: usize) -> String {
    format!("{name}（{number}/{of}）")
}

/// `新システム 5%`, or each route with its own.
fn share(weights: &Weights) -> String {
    format!("新システム {weights}")
}

/// `新システム 5% → 50%、旧システム 95% → 50%`; each route by itself if they differ.
fn traffic(before: &Weights, after: &Weights) -> String {
    if let (Some(before), Some(after)) = (before.uniform(), after.uniform()) {
        return split(before, after);
    }
    let routes: Vec<String> = after
        .iter()
        .map(|(route, weight)| format!("{route}: {}", split(before.get(route), weight)))
        .collect();
    routes.join("／")
}

fn split(before: Weight, after: Weight) -> String {
    if before == after {
        return format!("新システム {after}、旧システム {}", after.rest());
    }
    format!(
        "新システム {before} → {after}、旧システム {} → {}",
        before.rest(),
        after.rest()
    )
}

/// `1日5時間`: at most two parts, as in English.
pub(super) fn span(span: SignedDuration) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "日"), (3_600, "時間"), (60, "分"), (1, "秒")];
    let mut secs = span.as_secs().max(0);
    if secs == 0 {
        let millis = span.as_millis().max(0);
        return if millis > 0 {
            format!("{millis}ミリ秒")
        } else {
            "0秒".to_owned()
        };
    }
    let mut said = String::new();
    let first = UNITS.iter().position(|(unit, _)| secs >= *unit);
    for (unit, name) in UNITS.iter().skip(first.unwrap_or_default()).take(2) {
        let count = secs / unit;
        secs %= unit;
        if count > 0 {
            let _ = write!(said, "{count}{name}");
        }
    }
    said
}

/// `< 0.1%`, `> 旧システムの1.1倍（2分間）`
fn threshold(condition: &Condition) -> String {
    let limit = match condition.limit {
        Limit::Fixed(quantity) => quantity.to_string(),
        Limit::Stable { factor_milli: 1000 } => "旧システム".to_owned(),
        Limit::Stable { factor_milli } => {
            let factor = Quantity::new(i64::from(factor_milli) * 1000, Dimension::Count);
            format!("旧システムの{factor}倍")
        }
    };
    let limit = format!("{} {limit}", condition.op.symbol());
    match condition.lasting {
        Some(lasting) => format!("{limit}（{}間）", span(lasting)),
        None => limit,
    }
}

fn sends_back(alarms: &[String], conditions: &[String], more: usize) -> String {
    let alarms = alarms.iter().map(|name| format!("アラーム {name}"));
    let mut parts: Vec<String> = alarms.chain(conditions.iter().cloned()).collect();
    if more > 0 {
        parts.push(format!("ほか{more}件"));
    }
    parts.join("、")
}

const fn unwell(how: Unwell) -> &'static str {
    match how {
        Unwell::Red => "ALARM 状態",
        Unwell::NoData => "データなし",
        Unwell::Unreadable => "読み取れません",
        Unwell::NotRead => "未確認",
    }
}

/// Where a rollout stands.
pub(super) const fn standing(status: &Status) -> &'static str {
    match status {
        Status::Starting => "準備中",
        Status::Entering(_) => "次のフェーズへの移行待ち",
        Status::Shifting => "配分を変更中",
        Status::Baking => "維持中",
        Status::AwaitingApproval => "承認待ち",
        Status::Watching => "監視中",
        Status::AwaitingFinish => "切り替え作業待ち",
        Status::Finishing => "完全移行中",
        Status::Completed { .. } => "完了",
        Status::RollingBack { .. } => "ロールバック中",
        Status::Guarding { .. } => "切り戻し済み（確認中）",
        Status::RolledBack { .. } => "ロールバック済み",
        Status::Superseded { .. } => "別のロールアウトに引き継ぎ済み",
    }
}

const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "Low（低）",
        Severity::Medium => "Medium（中）",
        Severity::High => "High（高）",
        Severity::Critical => "Critical（緊急）",
    }
}

fn source(source: &IncidentSource) -> String {
    match source {
        IncidentSource::Alarm(arn) => format!("アラーム {}", alarm_name(arn)),
        IncidentSource::Condition(condition) => condition.clone(),
    }
}

/// A hook by its name; the drain, which is no hook of the plan, has none of its own.
fn hook(name: &str) -> String {
    match name.strip_prefix("drain of ") {
        Some(route) => format!("{route} のドレイン設定"),
        None => name.to_owned(),
    }
}

/// What is missing.
fn missing(doubt: Doubt) -> String {
    match doubt {
        Doubt::TooSoon => "変更直後のため評価できません".to_owned(),
        Doubt::NoData => "データがありません".to_owned(),
        Doubt::TooFew { have, need } => format!("サンプル不足（{have}/{need}）"),
        Doubt::NoStable => "旧システムに比較できるデータがありません".to_owned(),
        Doubt::TooFewStable { have, need } => {
            format!("旧システムのサンプル不足（{have}/{need}）")
        }
    }
}

/// Why traffic goes back, in a few words. What English words a cause holds beside names stand, in Japanese, in the
/// message before it.
fn why(cause: &Cause) -> String {
    match cause {
        Cause::Alarm(arn) => format!("アラーム {} の発報", alarm_name(arn)),
        Cause::Condition(condition) => condition.clone(),
        Cause::Person(who, _) => format!("{who} による指示"),
        Cause::Aborted(who, _) => format!("{who} による中止"),
        Cause::IncidentOverdue(what) => {
            let what = match what.strip_prefix("alarm ") {
                Some(name) => format!("アラーム {name}"),
                None => what.clone(),
            };
            format!("{what} について期限内に判断がなかったため")
        }
        Cause::NotApproved(_) => "承認が得られなかったため".to_owned(),
        Cause::GateFailed(_) => "ゲートが不合格になったため".to_owned(),
        Cause::HookFailed(_) => "フックが失敗したため".to_owned(),
    }
}
