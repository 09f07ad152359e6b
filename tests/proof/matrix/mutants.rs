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

/// A mutant that so many cells have noticed is not put through the next flow.
const ENOUGH: usize = 100;

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
        if noticed.cells >= ENOUGH {
            break;
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
        RightIsEnough     189 of 1011 cells; advance/route53/10:crash-after
            I6 what is acknowledged was so (189), re-exposed after a rollback (10), I2 a confirmed rollback is closed (1), the world is what was decided (1)
        SkipRestore       935 of 1295 cells; advance/owned/1<alarm
            an answer is true (935), it comes to rest (935), the world is what was decided (935), it ends as without trouble (467)
        NoFence             6 of 1356 cells; advance/route53/10<alarm
            re-exposed after a rollback (5), it ends as without trouble (1)
        NoHeadCheck         6 of 1264 cells; advance/in-place/9<alarm
            it ends as without trouble (4), re-exposed after a rollback (2)
        StaleReads         79 of 2395 cells; rollback/owned/1:crash-after
            it is back in time (79)
        AcceptStale       105 of 851 cells; advance/owned/3<same
            I10 the ledger verifies (105), it ends as without trouble (45), I4 a rollback is not undone (44), I7 one intent, in its epoch (42), one event has one effect (40), an answer is true (24), I11 no weight without words (22), I3 no phase is skipped or cut short (12), I1 nothing rises after a rollback (10), re-exposed after a rollback (1)
        LoseEntries       133 of 133 cells; advance/owned/none
            I10 the ledger verifies (133), I11 no weight without words (133), it ends as without trouble (54), an answer is true (12)
        SplitCommit       100 of 1066 cells; advance/owned/8:timeout-after
            I10 the ledger verifies (100), it ends as without trouble (79), I11 no weight without words (56)
        ForgetKey         116 of 1254 cells; start/alias/3:timeout-after
            an answer is true (116)
        NoIntent          146 of 186 cells; advance/owned/none
            it ends as without trouble (86), it comes to rest (60), the world is what was decided (40)
        ForgedApprovals   180 of 280 cells; advance/owned/none
            I5 the gated phase has its approval (180), it ends as without trouble (108)
        LeaseBlocks       101 of 943 cells; advance/owned/6:crash-after
            it comes to rest (101), it ends as without trouble (101), the world is what was decided (83), an answer is true (65), it is back in time (4)
        AlarmsNeverRead    24 of 1214 cells; rollback/owned/1<supersede
            an answer is true (24), it is back in time (24)
        AlarmsAssumed       2 of 1264 cells; start/alias/1:timeout-before
            no data is never a pass (2)
        WritesRetried       0 of 1264 cells; what is sent again is one more late write: refused by a fence, put right by the guard
            nobody
        QueueLetsGo       120 of 1064 cells; advance/owned/8<supersede
            an answer is true (120), it is back in time (32)
        NoSweep           114 of 114 cells; advance/owned/none
            it comes to rest (114), it ends as without trouble (54), the world is what was decided (6)
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
