//! Every sentence of a report, in each language.

use domain::plan::people::Locale;

use super::Course;

/// What stands in a report beside what the ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Service,
    Outcome,
    StartedBy,
    Started,
    Passed,
    Ended,
    AsOf,
    Cause,
    Plan,
    InEnglish,
    Runs,
    GoesBack,
    RolledBack,
    Completed,
    Superseded,
    Times,
    ToDetect,
    ToDecide,
    ToRestore,
    ToConfirm,
    BeginUnknown,
    NothingFound,
    NotYet,
    Affected,
    ReachUnknown,
    Phases,
    Phase,
    Entered,
    InEffect,
    GatePassed,
    NoPhase,
    Weights,
    Time,
    Before,
    After,
    Why,
    NoWeights,
    Evidence,
    Decision,
    Measured,
    NoEvidence,
    Decisions,
    Who,
    NoDecisions,
    Told,
    Message,
    NoMessages,
    Delivery,
    Incidents,
    NoIncidents,
    Questions,
    NoQuestions,
    Ledger,
    HowToVerify,
}

/// Something that the ledger does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open<'a> {
    /// Why the canary was bad.
    Root,
    /// Which gate should have caught it; the last one that passed.
    Gate(&'a str),
    /// How long it took to be found.
    Detection,
    /// Why traffic was back late.
    Late,
    /// How many requests failed.
    Failures,
    /// How many requests reached the canary.
    Reach,
    /// Who was not reached.
    Unanswered(&'a str),
    /// A decision past the plan.
    Past(&'a str),
    /// What did not go as it should.
    Trouble(&'a str),
    /// What is still open.
    Incidents,
}

/// What a report is.
pub(super) const fn title(locale: Locale, course: Course) -> &'static str {
    match (locale, course) {
        (Locale::En, Course::Runs) => "Interim report",
        (Locale::En, Course::GoesBack) => "Rollback report (interim)",
        (Locale::En, Course::RolledBack) => "Rollback report",
        (Locale::En, Course::Completed) => "Completion report",
        (Locale::En, Course::Superseded) => "Report of a superseded rollout",
        (Locale::Ja, Course::Runs) => "中間報告",
        (Locale::Ja, Course::GoesBack) => "ロールバック報告（中間）",
        (Locale::Ja, Course::RolledBack) => "ロールバック報告",
        (Locale::Ja, Course::Completed) => "完了報告",
        (Locale::Ja, Course::Superseded) => "引き継がれたロールアウトの報告",
    }
}

/// An incident: what, how bad, and when it was found.
pub(super) fn breach(locale: Locale, source: &str, severity: &str, opened: &str) -> String {
    match locale {
        Locale::En => format!("{source} ({severity}), {opened}"),
        Locale::Ja => format!("{source}、{severity}、{opened} に検知"),
    }
}

/// An incident that somebody lets pass.
pub(super) fn accepted(locale: Locale, what: &str, by: &str) -> String {
    match locale {
        Locale::En => format!("{what}; accepted by {by}"),
        Locale::Ja => format!("{what}。{by} さんが許容しました"),
    }
}

/// What is known of the requests that the canary answered.
pub(super) fn weighed(locale: Locale, count: &str) -> String {
    match locale {
        Locale::En => format!(
            "The measurement that led to the decision was made from {count} samples of the canary (requests, where the \
             metric is a load balancer's). The ledger does not say how many requests the canary answered in all."
        ),
        Locale::Ja => format!(
            "判断の根拠となった測定の新システムのサンプル数は {count} です（ロードバランサーのメトリクスではリクエスト数）。\
             新システムが応答したリクエストの総数は台帳にはありません。"
        ),
    }
}

/// A question for whoever looks back.
pub(super) fn ask(locale: Locale, open: &Open<'_>) -> String {
    match locale {
        Locale::En => english_question(open),
        Locale::Ja => japanese_question(open),
    }
}

fn english_question(open: &Open<'_>) -> String {
    match open {
        Open::Root => {
            "What was the root cause? The ledger knows only what was decided on.".to_owned()
        }
        Open::Gate(phase) => format!(
            "Which gate should have caught it? The gate of phase {phase} had passed before."
        ),
        Open::Detection => {
            "When did it begin? The ledger does not say, so the time to detect is unknown."
                .to_owned()
        }
        Open::Late => "Why was traffic not back within the plan's time?".to_owned(),
        Open::Failures => "How many requests failed, and whose were they?".to_owned(),
        Open::Reach => {
            "How many requests reached the canary, and how many of them failed?".to_owned()
        }
        Open::Unanswered(what) => format!("Who was not reached, and why? In the ledger: {what}"),
        Open::Past(what) => format!("Was this decision past the plan right? In the ledger: {what}"),
        Open::Trouble(what) => {
            format!("Why did this happen, and is it mended? In the ledger: {what}")
        }
        Open::Incidents => "What is done about the incidents that are still open?".to_owned(),
    }
}

fn japanese_question(open: &Open<'_>) -> String {
    match open {
        Open::Root => {
            "根本原因は何でしたか。台帳には、判断の根拠だけが記録されています。".to_owned()
        }
        Open::Gate(phase) => {
            format!(
                "どのゲートで検知すべきでしたか。直前にはフェーズ {phase} のゲートを通過しています。"
            )
        }
        Open::Detection => {
            "いつ始まりましたか。台帳に記録がないため、検知までの時間は不明です。".to_owned()
        }
        Open::Late => "プランの時間内にトラフィックが戻らなかったのはなぜですか。".to_owned(),
        Open::Failures => "失敗したリクエストは何件で、影響を受けたのは誰ですか。".to_owned(),
        Open::Reach => {
            "新システムに届いたリクエストは何件で、そのうち何件が失敗しましたか。".to_owned()
        }
        Open::Unanswered(what) => {
            format!("連絡が届かなかったのは誰で、なぜですか。台帳の記録：{what}")
        }
        Open::Past(what) => format!("プランを越えたこの判断は妥当でしたか。台帳の記録：{what}"),
        Open::Trouble(what) => format!("なぜ起こり、対処は済みましたか。台帳の記録：{what}"),
        Open::Incidents => "未解決のインシデントにどう対応しますか。".to_owned(),
    }
}

/// A word in a language.
pub(super) const fn say(locale: Locale, word: Word) -> &'static str {
    match locale {
        Locale::En => english(word),
        Locale::Ja => japanese(word),
    }
}

const fn english(word: Word) -> &'static str {
    match word {
        Word::Service => "Service",
        Word::Outcome => "Outcome",
        Word::StartedBy => "Started by",
        Word::Started => "Started",
        Word::Passed => "Phases passed",
        Word::Ended => "Ended",
        Word::AsOf => "As of",
        Word::Cause => "Cause",
        Word::Plan => "Plan (SHA-256)",
        Word::InEnglish => "",
        Word::Runs => "The rollout has not ended.",
        Word::GoesBack => "Traffic is going back to stable.",
        Word::RolledBack => "Rolled back: all traffic is on stable.",
        Word::Completed => "Completed: the canary is the new stable.",
        Word::Superseded => "Another rollout took over the routes.",
        Word::Times => "Times",
        Word::ToDetect => "To detect (from the alarm's change or the window's end)",
        Word::ToDecide => "To decide (found to decided)",
        Word::ToRestore => "To restore (decided to traffic back)",
        Word::ToConfirm => "To confirm (decided to confirmed)",
        Word::BeginUnknown => "unknown: the ledger does not say when it began",
        Word::NothingFound => "unknown: nothing had been found when a person decided",
        Word::NotYet => "not yet",
        Word::Affected => "Requests affected",
        Word::ReachUnknown => "Unknown: the ledger has no measurement of this decision.",
        Word::Phases => "Phases",
        Word::Phase => "Phase",
        Word::Entered => "Entered",
        Word::InEffect => "In effect",
        Word::GatePassed => "Gate passed",
        Word::NoPhase => "none",
        Word::Weights => "Canary's share over time",
        Word::Time => "Time",
        Word::Before => "Before",
        Word::After => "After",
        Word::Why => "By whom and why",
        Word::NoWeights => "No weight was changed.",
        Word::Evidence => "What was measured at each decision",
        Word::Decision => "Decision",
        Word::Measured => "Measured",
        Word::NoEvidence => "Nothing was measured.",
        Word::Decisions => "Who decided what",
        Word::Who => "Who",
        Word::NoDecisions => "No person decided anything.",
        Word::Told => "What people were told, and when",
        Word::Message => "In the ledger",
        Word::NoMessages => "Nothing.",
        Word::Delivery => {
            "Each of these is a message for the plan's channels. Which of them took it, and who has read it, the ledger does not say."
        }
        Word::Incidents => "Open incidents",
        Word::NoIncidents => "None.",
        Word::Questions => "Open questions for the post-mortem",
        Word::NoQuestions => "None: nothing in the ledger asks for one.",
        Word::Ledger => "The ledger",
        Word::HowToVerify => {
            "This report was made from the ledger, whose end is in this command. It verifies that nobody has changed the ledger since."
        }
    }
}

const fn japanese(word: Word) -> &'static str {
    match word {
        Word::Service => "サービス",
        Word::Outcome => "結果",
        Word::StartedBy => "開始者",
        Word::Started | Word::Entered => "開始",
        Word::Passed => "通過したフェーズ",
        Word::Ended => "終了",
        Word::AsOf => "時点",
        Word::Cause => "原因",
        Word::Plan => "プラン（SHA-256）",
        Word::InEnglish => "台帳の記録は英語のまま示します。",
        Word::Runs => "ロールアウトは進行中です。",
        Word::GoesBack => "トラフィックを旧システムに戻しています。",
        Word::RolledBack => "ロールバック済み：全トラフィックは旧システムにあります。",
        Word::Completed => "完了：新システムに完全移行しました。",
        Word::Superseded => "別のロールアウトにルートが引き継がれました。",
        Word::Times => "所要時間",
        Word::ToDetect => "検知まで（アラームの変化または測定期間の終わりから）",
        Word::ToDecide => "判断まで（検知から判断）",
        Word::ToRestore => "復旧まで（判断からトラフィック復帰）",
        Word::ToConfirm => "確定まで（判断からロールバック確定）",
        Word::BeginUnknown => "不明：いつ始まったかは台帳にありません",
        Word::NothingFound => "不明：人が判断した時点で検知されたものはありませんでした",
        Word::NotYet => "未完了",
        Word::Affected => "影響を受けたリクエスト",
        Word::ReachUnknown => "不明：この判断の測定は台帳にありません。",
        Word::Phases | Word::Phase => "フェーズ",
        Word::InEffect => "反映",
        Word::GatePassed => "ゲート通過",
        Word::NoPhase => "なし",
        Word::Weights => "新システムの配分の推移",
        Word::Time => "時刻",
        Word::Before => "変更前",
        Word::After => "変更後",
        Word::Why => "誰が、なぜ",
        Word::NoWeights => "配分の変更はありません。",
        Word::Evidence => "各判断での測定",
        Word::Decision => "判断",
        Word::Measured => "測定",
        Word::NoEvidence => "測定はありません。",
        Word::Decisions => "誰が何を判断したか",
        Word::Who => "誰",
        Word::NoDecisions => "人による判断はありません。",
        Word::Told => "いつ何を連絡したか",
        Word::Message => "台帳の記録",
        Word::NoMessages => "なし。",
        Word::Delivery => {
            "それぞれ、プランで定めた連絡先への通知です。どの連絡先に届き、誰が読んだかは台帳にありません。"
        }
        Word::Incidents => "未解決のインシデント",
        Word::NoIncidents => "ありません。",
        Word::Questions => "振り返りで答えるべき問い",
        Word::NoQuestions => "ありません。台帳に問うべき点はありません。",
        Word::Ledger => "台帳",
        Word::HowToVerify => {
            "この報告は台帳から作成しました。次のコマンドには台帳の末尾があり、その後台帳が変更されていないことを検証できます。"
        }
    }
}
