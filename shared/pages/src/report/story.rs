//! What a ledger's lines say, put together.

use domain::{
    ledger::Line,
    time::{SignedDuration, Timestamp, since},
};

/// What a ledger says of a rollout.
pub(super) struct Story<'a> {
    pub(super) lines: &'a [Line],
    pub(super) phases: Vec<Phase<'a>>,
    /// The line that decided on the last rollback.
    pub(super) back: Option<&'a Line>,
    /// When what led to it was found.
    pub(super) found: Option<Timestamp>,
    /// How long before that it had begun, as far as its source says: the alarm, or the window that was measured.
    pub(super) detect: Option<SignedDuration>,
    pub(super) decide: Option<SignedDuration>,
    pub(super) restore: Option<SignedDuration>,
    pub(super) confirm: Option<SignedDuration>,
    /// When it ended, or traffic was back.
    pub(super) ended: Option<Timestamp>,
}

/// A phase that was entered.
pub(super) struct Phase<'a> {
    pub(super) name: &'a str,
    pub(super) entered: &'a Line,
    pub(super) effective: Option<Timestamp>,
    pub(super) passed: Option<&'a Line>,
}

/// When a line was written.
pub(super) fn time(line: &Line) -> Option<Timestamp> {
    line.at.parse().ok()
}

/// Whether people are told of a line: of all but what only fills in the ledger.
pub(crate) fn is_told(line: &Line) -> bool {
    line.kind != "prepared"
}

/// Whether a person did it, and not the plan, an alarm or somebody unknown.
pub(super) fn is_persons(line: &Line) -> bool {
    let actor = line.actor.as_str();
    actor != "tidegate" && actor != "somebody else" && !actor.starts_with("alarm ")
}

/// From how many samples of the canary a decision was made: the most of any of its measurements.
pub(super) fn samples(line: &Line) -> Option<&str> {
    let counts = line.evidence.iter().filter_map(|finding| {
        let (before, _) = finding.rsplit_once(" samples)")?;
        let count = before.rsplit(' ').next()?;
        let number: u64 = count.parse().ok()?;
        Some((number, count))
    });
    counts.max().map(|(_, count)| count)
}

impl<'a> Story<'a> {
    /// Puts a ledger together.
    pub(super) fn of(lines: &'a [Line]) -> Self {
        let back = lines.iter().rfind(|line| line.kind == "rollback-began");
        let mut story = Self {
            lines,
            phases: phases(lines),
            back,
            found: None,
            detect: None,
            decide: None,
            restore: None,
            confirm: None,
            ended: lines
                .iter()
                .rfind(|line| ["completed", "superseded"].contains(&line.kind.as_str()))
                .and_then(time),
        };
        if let Some(back) = back {
            story.go_back(back);
        }
        story
    }

    fn go_back(&mut self, back: &'a Line) {
        let Some(decided) = time(back) else { return };
        // What no incident was opened for was found when it was decided.
        let found = found(self.lines, back).or_else(|| (!is_persons(back)).then_some(back));
        self.found = found.and_then(time);
        self.decide = self.found.map(|found| since(decided, found));
        let begun = found.and_then(begun);
        let detected = begun.zip(self.found);
        self.detect = detected.map(|(begun, found)| since(found, begun));
        let after = |kind: &str| {
            let mut later = self.lines.iter().filter(|line| line.seq > back.seq);
            later.find(|line| line.kind == kind).and_then(time)
        };
        let (restored, confirmed) = (after("traffic-restored"), after("rollback-confirmed"));
        self.restore = restored.map(|at| since(at, decided));
        self.confirm = confirmed.map(|at| since(at, decided));
        self.ended = confirmed.or(restored);
    }

    /// Whether there is a line of a kind.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.lines.iter().any(|line| line.kind == kind)
    }

    /// The lines of some kinds.
    pub(super) fn of_kinds(&self, kinds: &'a [&str]) -> impl Iterator<Item = &'a Line> {
        let is_one = |line: &&Line| kinds.contains(&line.kind.as_str());
        self.lines.iter().filter(is_one)
    }
}

/// The entry of the breach that was open when it was decided to go back: the one that the decision names, or the
/// oldest.
fn found<'a>(lines: &'a [Line], back: &Line) -> Option<&'a Line> {
    let open = open_after(lines.iter().take_while(|line| line.seq < back.seq));
    let named = open.iter().find(|(source, _)| back.what.contains(source));
    let oldest = open.first().filter(|_| is_persons(back));
    named.or(oldest).map(|(_, line)| *line)
}

/// The breaches that are open at the end of some lines.
pub(super) fn still_open(lines: &[Line]) -> Vec<String> {
    let open = open_after(lines.iter()).into_iter();
    open.map(|(source, _)| source.to_owned()).collect()
}

/// The breaches that are open after some lines, each with the entry that says so. A rollback ends them all.
fn open_after<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<(&'a str, &'a Line)> {
    let mut open: Vec<(&str, &Line)> = Vec::new();
    for line in lines {
        match line.kind.as_str() {
            "incident-opened" => open.extend(opened(line).map(|source| (source, line))),
            "incident-recovered" | "risk-over" => {
                open.retain(|(source, _)| !line.what.starts_with(source));
            }
            "rollback-began" => open.clear(),
            _ => {}
        }
    }
    open
}

/// What opened an incident, if a line says that one was opened.
fn opened(line: &Line) -> Option<&str> {
    let (_, source) = line.what.split_once("incident: ")?;
    Some(source.split("; ").next().unwrap_or(source))
}

/// When what a line speaks of had begun, if it says so.
fn begun(line: &Line) -> Option<Timestamp> {
    let (_, after) = line.what.rsplit_once("; it had begun by ")?;
    let end = after.find(';').unwrap_or(after.len());
    after.get(..end)?.parse().ok()
}

fn phases(lines: &[Line]) -> Vec<Phase<'_>> {
    let mut phases: Vec<Phase<'_>> = Vec::new();
    for line in lines {
        let what = line.what.as_str();
        if line.kind == "phase-entered" {
            let name = what.strip_prefix("phase ");
            if let Some(name) = name.and_then(|name| name.strip_suffix(" entered")) {
                phases.push(Phase {
                    name,
                    entered: line,
                    effective: None,
                    passed: None,
                });
            }
        } else if line.kind == "in-effect" {
            let at = what
                .rsplit_once(" from ")
                .and_then(|(_, at)| at.parse().ok());
            if let Some(phase) = phases.last_mut() {
                phase.effective = at;
            }
        } else if line.kind == "gate-passed"
            && let Some(phase) = phases.last_mut()
        {
            phase.passed = Some(line);
        }
    }
    phases
}
