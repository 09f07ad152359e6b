//! Whether the matrix can fail: each promise broken in turn, and the first cell that notices.

use std::{cmp::Reverse, collections::BTreeMap, time::Instant};

use expect_test::{Expect, expect};
use sim::World;

use super::{
    cell::{Cell, Sender, Trouble},
    checks::Broken,
    crew,
    flow::Flow,
    kind::Kind,
    run::{Reference, refer, run},
    table::{REFERENCES, betweens, landings, none, singles},
};
use crate::mutant::{Mutant, Mutated};

/// What the mutants are put through: a raise and a rollback on every kind of route, and on one kind a start and an
/// approval, which have keys.
fn pairs() -> impl Iterator<Item = (Flow, Kind)> {
    let everywhere = [Flow::Advance, Flow::Rollback].into_iter();
    let pairs = everywhere.flat_map(|flow| Kind::ALL.map(|kind| (flow, kind)));
    pairs.chain([(Flow::Start, Kind::Alias), (Flow::Approve, Kind::Owned)])
}

/// The cells of a flow behind broken ports, from the calls that are made there.
fn cells(mutant: Mutant, flow: Flow, kind: Kind) -> (Reference, Vec<Cell>) {
    let ports = |world: World| Mutated::new(world, mutant);
    let reference = refer(flow, kind, &ports).towards(&REFERENCES[&(flow, kind)]);
    let mut cells = vec![none((flow, kind))];
    cells.extend(singles(flow, kind, &reference));
    cells.extend(betweens(flow, kind, &reference));
    // One fate of the sender is enough here: what is told is whether anybody notices.
    let landings = landings(flow, kind, &reference, &ports).into_iter();
    cells.extend(landings.filter(|cell| match &cell.trouble {
        Trouble::Landing(landing) => landing.sender == Sender::Dies,
        Trouble::None | Trouble::Fault(_) | Trouble::Double(..) | Trouble::Between(..) => true,
    }));
    (reference, cells)
}

/// What noticed a mutant.
#[derive(Debug, Default)]
struct Noticed {
    cells: usize,
    of: usize,
    /// The first of the cells.
    first: Option<String>,
    /// How many cells each rule was broken in.
    rules: BTreeMap<&'static str, usize>,
}

impl Noticed {
    fn add(&mut self, cell: &Cell, broken: Vec<Broken>) {
        self.of += 1;
        if broken.is_empty() {
            return;
        }
        self.cells += 1;
        self.first.get_or_insert_with(|| cell.to_string());
        for one in broken {
            *self.rules.entry(one.rule).or_default() += 1;
        }
    }

    /// Two lines: how many cells and the first, then the rules, the most often broken first.
    fn lines(&self, mutant: Mutant, why_unnoticed: Option<&str>) -> String {
        let (cells, of) = (self.cells, self.of);
        let told = self.first.as_deref().or(why_unnoticed).unwrap_or_default();
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|(_, count)| Reverse(**count));
        let rules: Vec<String> = rules
            .into_iter()
            .map(|(rule, count)| format!("{rule} ({count})"))
            .collect();
        let rules = match rules.join(", ") {
            none if none.is_empty() => "nobody".to_owned(),
            rules => rules,
        };
        format!("{mutant:15} {cells:>5} of {of} cells; {told}\n    {rules}\n")
    }
}

fn put_through(mutant: Mutant) -> Noticed {
    let mut noticed = Noticed::default();
    for (flow, kind) in pairs() {
        let (reference, cells) = cells(mutant, flow, kind);
        let broken = crew::each(&cells, |cell| {
            let ports = |world: World| Mutated::new(world, mutant);
            let ran = crew::caught(|| run(cell, Some(&reference), &ports).broken);
            ran.unwrap_or_else(|said| {
                let rule = "it does not panic";
                vec![Broken { rule, said }]
            })
        });
        for (cell, broken) in cells.iter().zip(broken) {
            noticed.add(cell, broken);
        }
    }
    noticed
}

/// Those that nothing here notices, and why that is as it should be.
const UNNOTICED: [(Mutant, &str); 1] = [(
    Mutant::WritesRetried,
    "what is sent again is one more late write: refused by a fence, put right by the guard",
)];

/// What the table says.
fn pinned() -> Expect {
    expect![[r#"
        SkipReadBack      141 of 1140 cells; advance/owned/10:timeout-before
            I6 what is acknowledged was so (141), the world is what was decided (111), it ends as without trouble (20), re-exposed after a rollback (14)
        RightIsEnough     189 of 1195 cells; advance/route53/10:crash-after
            I6 what is acknowledged was so (189), re-exposed after a rollback (10), I2 a confirmed rollback is closed (1), the world is what was decided (1)
        SkipRestore      2484 of 3128 cells; advance/owned/1<alarm
            it comes to rest (2484), the world is what was decided (2484), an answer is true (2481), the cell is real (1702), it ends as without trouble (1298)
        NoFence             6 of 1356 cells; advance/route53/10<alarm
            re-exposed after a rollback (5), it ends as without trouble (1)
        NoHeadCheck        49 of 1264 cells; advance/owned/8<alarm
            re-exposed after a rollback (45), it ends as without trouble (4)
        StaleReads         74 of 2395 cells; rollback/owned/1:crash-after
            it is back in time (74)
        AcceptStale       127 of 1264 cells; advance/owned/3<same
            I10 the ledger verifies (127), it ends as without trouble (71), I7 one intent, in its epoch (56), I11 no weight without words (47), one event has one effect (41), I4 a rollback is not undone (35), I3 no phase is skipped or cut short (30), an answer is true (22), re-exposed after a rollback (19), I1 nothing rises after a rollback (17)
        LoseEntries      1261 of 1264 cells; advance/owned/none
            I10 the ledger verifies (1261), I11 no weight without words (1217), it ends as without trouble (581), an answer is true (466), I5 the gated phase has its approval (157)
        SplitCommit       169 of 1575 cells; advance/owned/8:timeout-after
            I10 the ledger verifies (168), it ends as without trouble (126), I11 no weight without words (72), I5 the gated phase has its approval (8), an answer is true (7)
        ForgetKey         116 of 1254 cells; start/alias/3:timeout-after
            an answer is true (116)
        NoIntent          700 of 807 cells; advance/owned/none
            it comes to rest (450), it ends as without trouble (414), the cell is real (348), the world is what was decided (328)
        ForgedApprovals   524 of 1264 cells; advance/owned/none
            I5 the gated phase has its approval (524), it ends as without trouble (310)
        LeaseBlocks       135 of 1106 cells; advance/owned/6:crash-after
            it comes to rest (135), it ends as without trouble (127), an answer is true (99), the world is what was decided (92), the cell is real (44), it is back in time (4)
        AlarmsNeverRead    23 of 1214 cells; rollback/owned/2<supersede
            an answer is true (23), it is back in time (23)
        AlarmsAssumed       2 of 1264 cells; start/alias/1:timeout-before
            no data is never a pass (2)
        WritesRetried       0 of 1264 cells; what is sent again is one more late write: refused by a fence, put right by the guard
            nobody
        QueueLetsGo       159 of 1246 cells; advance/owned/8<supersede
            an answer is true (159), it is back in time (32), it ends as without trouble (1)
        NoSweep          1106 of 1106 cells; advance/owned/none
            it comes to rest (1106), it ends as without trouble (581), the world is what was decided (26), an answer is true (3), it is back in time (3), re-exposed after a rollback (2)
    "#]]
}

#[test]
fn every_broken_promise_is_noticed() {
    let begun = Instant::now();
    let mut text = String::new();
    for mutant in Mutant::ALL {
        let noticed = put_through(mutant);
        let unnoticed = UNNOTICED.iter().find(|(one, _)| *one == mutant);
        assert_eq!(
            noticed.cells == 0,
            unnoticed.is_some(),
            "{mutant}: {noticed:?}"
        );
        text.push_str(&noticed.lines(mutant, unnoticed.map(|(_, why)| *why)));
    }
    let title = format!(
        "Broken promises, and what noticed, with the first cell that did; {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    crate::report::show(&title, &text);
    pinned().assert_eq(&text);
}
