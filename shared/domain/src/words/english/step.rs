//! What happens next, in a sentence or two.

use super::{English, missing};
use crate::{
    judge::{Finding, Verdict},
    name::ItemName,
    plan::{Finish, calendar::Shut, gate::Otherwise},
    rollout::Hold,
    time::{Spell, Timestamp},
    waiting::Waiting,
    words::{
        account::{Scene, groups},
        language::{After, Step},
    },
};

/// What a person types behind a command that needs a reason.
const BECAUSE: &str = "--reason '…'";

pub(super) fn of(english: &English<'_>, scene: &Scene<'_>, step: &Step) -> String {
    let at = |at: Timestamp| english.at(at);
    match step {
        Step::FirstPhase => "The first phase begins when every route is ready.".to_owned(),
        Step::IfTrouble { within } => if_trouble(scene, Spell(*within)),
        Step::SetThenHold { bake, until } => set_then_hold(Spell(*bake), &at(*until)),
        Step::Begins(phase) => format!("Phase {phase} begins now."),
        Step::Hold { until, overdue } => hold(english, *until, *overdue),
        Step::Then(after) => then(after),
        Step::Back { by } => format!(
            "All traffic goes back to stable now, by {} at the latest. The next message says when it is there.",
            at(*by)
        ),
        Step::HooksThen(hooks) => format!("Then these hooks run: {}.", hooks.join(", ")),
        Step::CloseByHand => {
            "If no message follows, close the routes yourself: `tidegate rollback --direct PLAN`."
                .to_owned()
        }
        Step::Decide { due, otherwise } => decide(english, scene, *due, *otherwise),
        Step::NothingHeld => "It is only told: nothing is held because of it.".to_owned(),
        Step::HookAgain => "The hook is run again within a minute.".to_owned(),
        Step::GoesBack => "Traffic goes back to stable. The next message says more.".to_owned(),
        Step::Switch => "The next message says when it is done.".to_owned(),
        Step::FindCause => format!(
            "Find the cause. {} shows how it stands, and the ledger has all the evidence.",
            scene.command("status")
        ),
        Step::Retry => format!(
            "When you are ready, {} starts the same plan again.",
            scene.command("retry")
        ),
        Step::StillBack { until } => format!(
            "Until {}, {} still sends all traffic back to the old side.",
            at(*until),
            scene.command_with("rollback", BECAUSE)
        ),
        Step::RemoveOld => {
            "After that the old side is not needed any more and can be removed.".to_owned()
        }
        Step::Watch { until, then } => watch(&at(*until), *then),
        Step::TriedAgain => "It is tried again every minute.".to_owned(),
        Step::Unwatched => unwatched(scene),
        Step::Mend => "It is tried again until what refuses it is mended.".to_owned(),
        Step::RollbackLate => format!(
            "It is tried again every minute. Look now: {}.",
            scene.command("status")
        ),
        Step::GoesOnIn(number) => format!("It goes on as #{number}."),
        Step::Wait(waiting) => wait(english, scene, waiting),
    }
}

fn if_trouble(scene: &Scene<'_>, within: Spell) -> String {
    format!(
        "If something goes wrong, all traffic goes back to stable within {within}, and you are told. By hand: {}.",
        scene.command_with("rollback", BECAUSE)
    )
}

fn set_then_hold(bake: Spell, until: &str) -> String {
    format!(
        "The weights are being set. Once they are in effect the phase is held for at least {bake}, until {until} at the earliest."
    )
}

fn hold(english: &English<'_>, until: Timestamp, overdue: Option<Timestamp>) -> String {
    let held = format!(
        "These weights are held until {} at least.",
        english.at(until)
    );
    match overdue {
        Some(overdue) => format!("{held} It is overdue at {}.", english.at(overdue)),
        None => held,
    }
}

fn then(after: &After) -> String {
    match after {
        After::Approval(needed, groups) => {
            let groups = groups.join(" or ");
            format!("When its gate passes, approval is asked: {needed} of {groups}.")
        }
        After::Phase(name) => format!("When its gate passes, phase {name} begins."),
        After::Watch(lasts) => {
            format!(
                "When its gate passes, the rollout is watched for {}.",
                Spell(*lasts)
            )
        }
        After::Finish => "When its gate passes, the rollout is finished.".to_owned(),
    }
}

fn decide(
    english: &English<'_>,
    scene: &Scene<'_>,
    due: Option<Timestamp>,
    otherwise: Otherwise,
) -> String {
    let ways = format!(
        "A person decides: {} accepts it and goes on, {} sends traffic back.",
        scene.command_with("resume", BECAUSE),
        scene.command_with("rollback", BECAUSE)
    );
    format!("{ways}{}", unanswered(english, due, otherwise))
}

fn unwatched(scene: &Scene<'_>) -> String {
    format!(
        "Nothing advances, and what these conditions would find does not send traffic back; alarms still do. It is measured \
         again every minute. If you do not trust the canary unseen: {}.",
        scene.command_with("rollback", BECAUSE)
    )
}

fn unanswered(english: &English<'_>, due: Option<Timestamp>, otherwise: Otherwise) -> String {
    let Some(due) = due else {
        return String::new();
    };
    let then = match otherwise {
        Otherwise::Hold => "the rollout goes on holding",
        Otherwise::Rollback => "traffic goes back",
    };
    format!(" Without a decision by {}, {then}.", english.at(due))
}

fn watch(until: &str, finish: Finish) -> String {
    match finish {
        Finish::Auto => format!(
            "Stable is kept until {until} at least. Then the canary is made the new stable."
        ),
        Finish::Manual => format!(
            "Stable is kept until {until} at least. Then your tooling makes the canary the new stable."
        ),
    }
}

fn wait(english: &English<'_>, scene: &Scene<'_>, waiting: &Waiting) -> String {
    match waiting {
        Waiting::Nothing => "The rollout has ended.".to_owned(),
        Waiting::Write { .. } => "The weights are being set now.".to_owned(),
        Waiting::Effect { until: None } => "The weights are coming into effect.".to_owned(),
        Waiting::Effect { until: Some(until) } => {
            format!(
                "The weights reach the last client at {}.",
                english.at(*until)
            )
        }
        Waiting::Bake { until } => hold(english, *until, None),
        Waiting::Evidence { lacking } => evidence(lacking),
        Waiting::Checklist { open } => checklist(scene, open),
        Waiting::Approval {
            have,
            needed,
            until,
            otherwise,
        } => {
            let asked = approval(scene, *have, *needed);
            format!("{asked}{}", unanswered(english, *until, *otherwise))
        }
        Waiting::Calendar(shut) => calendar(english, scene, shut),
        Waiting::Hook { name } => format!("Hook {name} runs next."),
        Waiting::Person { hold } => person(scene, *hold),
        Waiting::Incident {
            source,
            until,
            otherwise,
        } => {
            let ways = decide(english, scene, *until, *otherwise);
            format!("Nothing advances because of {source}. {ways}")
        }
        Waiting::Drift { .. } => format!(
            "Nothing advances. Put it right where it was changed, or {} sets the plan's weight again.",
            scene.command_with("resume", BECAUSE)
        ),
        Waiting::Alarm { name } => {
            format!("Nothing advances until alarm {name} can be read and has data.")
        }
        Waiting::Finish => format!(
            "Make the canary the new stable with your tooling, then {}.",
            scene.command("finish")
        ),
        Waiting::Guard { until } => format!(
            "Guarded until {}: a late write would be undone. Then the rollback is confirmed.",
            english.at(*until)
        ),
        Waiting::Sweep => "The rollout goes on within a minute.".to_owned(),
    }
}

fn evidence(lacking: &[Finding]) -> String {
    if lacking.is_empty() {
        return "The first measurements are awaited.".to_owned();
    }
    let lacking: Vec<String> = lacking
        .iter()
        .map(|finding| format!("{} ({})", finding.condition, short(&finding.verdict)))
        .collect();
    format!(
        "The rollout goes on when these pass: {}.",
        lacking.join("; ")
    )
}

fn short(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "passes, but more measurements are needed".to_owned(),
        Verdict::Fail => "fails".to_owned(),
        Verdict::Inconclusive(doubt) => missing(*doubt),
        Verdict::Error(why) => format!("could not be measured, {why}"),
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
        "Still to be confirmed: {}. {} confirms one.",
        items.join(", "),
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
        "{have} of {needed} approvals so far. From {}: {} to go on, {} if not.",
        from.join(" or "),
        scene.command_with("approve", &phase),
        scene.command_with("reject", &format!("{phase} {BECAUSE}"))
    )
}

fn calendar(english: &English<'_>, scene: &Scene<'_>, shut: &Shut) -> String {
    let why = match &shut.freeze {
        Some(name) => format!("in the freeze {name}"),
        None => "outside the calendar's windows".to_owned(),
    };
    let opens = match shut.opens {
        Some(opens) => format!("The rollout goes on at {}", english.at(opens)),
        None => "The rollout waits for the calendar to open".to_owned(),
    };
    let sooner = scene.command_with("override-calendar", &format!("--until TIME {BECAUSE}"));
    format!("No weight is raised {why}. {opens}; sooner with {sooner}.")
}

fn person(scene: &Scene<'_>, hold: Hold) -> String {
    format!(
        "Nothing advances: {hold}. A person decides: {} goes on, {} sends traffic back.",
        scene.command_with("resume", BECAUSE),
        scene.command_with("rollback", BECAUSE)
    )
}
