//! The cells, made from the calls that really happen, and the table of what became of them.

use std::{collections::BTreeMap, env, fmt::Write as _, sync::LazyLock, time::Instant};

use domain::{
    rollout::LATE_WRITE_BOUND,
    time::{SignedDuration, since},
};
use expect_test::{Expect, expect};
use sim::{FaultKind, World};

use super::{
    bench::Handed,
    cell::{At, Cell, Foreign, Landing, Sender, Trouble, faults},
    checks::Broken,
    crew,
    flow::Flow,
    kind::Kind,
    run::{Ran, Reference, refer, run},
};

/// Every flow on every kind of route.
fn pairs() -> Vec<(Flow, Kind)> {
    let flows = Flow::ALL.into_iter();
    flows
        .flat_map(|flow| Kind::ALL.into_iter().map(move |kind| (flow, kind)))
        .collect()
}

/// What every flow does without trouble.
pub(crate) type References = BTreeMap<(Flow, Kind), Reference>;

pub(crate) static REFERENCES: LazyLock<References> = LazyLock::new(|| {
    let pairs = pairs();
    let found = crew::each(&pairs, |(flow, kind)| refer(*flow, *kind, &|world| world));
    pairs.into_iter().zip(found).collect()
});

/// A cell that has been run, with the little that is kept of it.
pub(crate) struct Done {
    pub(crate) cell: Cell,
    pub(crate) broken: Vec<Broken>,
    recovered: SignedDuration,
    rolled_back: Option<SignedDuration>,
    exposed: SignedDuration,
    /// The calls from the trouble to the end of the recovery, each with its number.
    following: Vec<(usize, &'static str)>,
    ledger: String,
}

impl Done {
    fn of(cell: &Cell, ran: Ran) -> Self {
        let first = match cell.trouble {
            Trouble::Fault(at) => at.call + 1,
            Trouble::None | Trouble::Double(..) | Trouble::Between(..) | Trouble::Landing(_) => 1,
        };
        Self {
            cell: cell.clone(),
            recovered: ran.recovered.unwrap_or_default(),
            rolled_back: ran.rolled_back,
            exposed: ran.exposed,
            following: (1..)
                .zip(ran.calls.iter().map(|call| call.call))
                .take(ran.recovered_by)
                .skip(first - 1)
                .collect(),
            ledger: if ran.broken.is_empty() {
                String::new()
            } else {
                ran.ledger
            },
            broken: ran.broken,
        }
    }
}

/// Runs cells against the world as it is.
fn run_all(cells: &[Cell]) -> Vec<Done> {
    crew::each(cells, |cell| {
        let reference = &REFERENCES[&(cell.flow, cell.kind)];
        match crew::caught(|| run(cell, Some(reference), &|world: World| world)) {
            Ok(ran) => Done::of(cell, ran),
            Err(said) => Done {
                cell: cell.clone(),
                broken: vec![Broken {
                    rule: "it does not panic",
                    said,
                }],
                recovered: SignedDuration::ZERO,
                rolled_back: None,
                exposed: SignedDuration::ZERO,
                following: Vec::new(),
                ledger: String::new(),
            },
        }
    })
}

/// Which cells are asked for.
#[derive(Debug, Clone)]
struct Filter(Option<String>);

impl Filter {
    fn from_env() -> Self {
        Self(env::var("CELL").ok())
    }

    fn takes(&self, cell: &Cell) -> bool {
        let Self(wanted) = self;
        wanted
            .as_ref()
            .is_none_or(|wanted| cell.to_string().starts_with(wanted))
    }

    /// Whether a cell is needed to make one that is asked for.
    fn leads(&self, cell: &Cell) -> bool {
        let Self(wanted) = self;
        let name = cell.to_string();
        wanted
            .as_ref()
            .is_none_or(|wanted| name.starts_with(wanted) || wanted.starts_with(&name))
    }
}

pub(crate) fn none((flow, kind): (Flow, Kind)) -> Cell {
    let trouble = Trouble::None;
    Cell {
        flow,
        kind,
        trouble,
    }
}

/// Every fault at every call of a flow.
pub(crate) fn singles(flow: Flow, kind: Kind, reference: &Reference) -> Vec<Cell> {
    let calls = reference.calls.iter().zip(1..);
    calls
        .flat_map(|(name, call)| {
            faults(name).iter().map(move |fault| {
                let trouble = Trouble::Fault(At {
                    call,
                    fault: *fault,
                });
                Cell {
                    flow,
                    kind,
                    trouble,
                }
            })
        })
        .collect()
}

/// Everything that can come in between, before every call of a flow.
pub(crate) fn betweens(flow: Flow, kind: Kind, reference: &Reference) -> Vec<Cell> {
    (1..=reference.calls.len())
        .flat_map(|call| {
            Foreign::for_flow(flow).map(move |foreign| {
                let trouble = Trouble::Between(call, foreign);
                Cell {
                    flow,
                    kind,
                    trouble,
                }
            })
        })
        .collect()
}

/// A second fault at each call that follows the first one's, up to the end of the recovery. Whoever makes the call
/// dies; or a write has its effect unheard; or a read fails at once, which is a time-out but for three seconds.
fn doubles(single: &Done) -> Vec<Cell> {
    let Trouble::Fault(first) = single.cell.trouble else {
        return Vec::new();
    };
    let seconds = single.following.iter().copied();
    seconds
        .flat_map(|(call, name)| {
            let fails = if faults(name).contains(&FaultKind::TimeoutAfter) {
                FaultKind::TimeoutAfter
            } else {
                FaultKind::Throttle
            };
            [FaultKind::CrashAfter, fails].map(|fault| Cell {
                flow: single.cell.flow,
                kind: single.cell.kind,
                trouble: Trouble::Double(first, At { call, fault }),
            })
        })
        .collect()
}

/// How long after a write the alarm's event comes.
const ALARM_COMES_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// Every write of a forward flow, landing before every call from the alarm's event to the confirmation.
pub(crate) fn landings<P: Handed>(
    flow: Flow,
    kind: Kind,
    reference: &Reference,
    ports: &dyn Fn(World) -> P,
) -> Vec<Cell> {
    let forward = match flow {
        Flow::Start | Flow::Advance | Flow::Approve | Flow::Repair | Flow::Complete => true,
        Flow::Sweep
        | Flow::Drift
        | Flow::Hand
        | Flow::Rollback
        | Flow::Blind
        | Flow::Command
        | Flow::Polled
        | Flow::Guard => false,
    };
    let calls = reference.calls.iter().zip(&reference.at).zip(1..);
    let writes = calls.filter(|((name, _), _)| forward && **name == "router.write");
    let senders = [Sender::Dies, Sender::GivesUp].into_iter();
    writes
        .flat_map(|((_, at), write)| {
            senders.clone().flat_map(move |sender| {
                let never = Landing {
                    write,
                    sender,
                    boundary: 0,
                    delay: SignedDuration::from_hours(2),
                    alarm: at.saturating_add(ALARM_COMES_AFTER),
                };
                boundaries(flow, kind, reference, never, ports)
            })
        })
        .collect()
}

/// The same write landing at each boundary, found by a run in which it has not landed by the end.
fn boundaries<P: Handed>(
    flow: Flow,
    kind: Kind,
    reference: &Reference,
    never: Landing,
    ports: &dyn Fn(World) -> P,
) -> Vec<Cell> {
    let cell = |landing| Cell {
        flow,
        kind,
        trouble: Trouble::Landing(landing),
    };
    let ran = run(&cell(never), Some(reference), ports);
    let sent = ran.calls[never.write - 1].at;
    let comes = ran.began + never.alarm;
    let lands_by = sent + LATE_WRITE_BOUND;
    let until = ran.calls.iter().take(ran.confirmed_by);
    until
        .filter(|call| comes <= call.at && call.at <= lands_by)
        .map(|call| {
            cell(Landing {
                boundary: usize::try_from(call.number).unwrap_or(0),
                delay: since(call.at, sent),
                ..never
            })
        })
        .collect()
}

/// A line of the table.
#[derive(Debug, Default)]
struct Row {
    calls: usize,
    single: usize,
    between: usize,
    double: usize,
    landing: usize,
    recovered: SignedDuration,
    rolled_back: SignedDuration,
    exposed: SignedDuration,
}

impl Row {
    fn add(&mut self, done: &Done) {
        let count = match done.cell.trouble {
            Trouble::None => return,
            Trouble::Fault(_) => &mut self.single,
            Trouble::Between(..) => &mut self.between,
            Trouble::Double(..) => &mut self.double,
            Trouble::Landing(_) => &mut self.landing,
        };
        *count += 1;
        self.recovered = self.recovered.max(done.recovered);
        self.rolled_back = self.rolled_back.max(done.rolled_back.unwrap_or_default());
        self.exposed = self.exposed.max(done.exposed);
    }
}

fn table(done: &[Done]) -> String {
    let mut rows: BTreeMap<(Flow, Kind), Row> = BTreeMap::new();
    for one in done {
        let row = rows.entry((one.cell.flow, one.cell.kind)).or_default();
        row.add(one);
    }
    let mut sum = Row::default();
    let mut text = format!(
        "{:9} {:9} {:>5} {:>6} {:>7} {:>6} {:>7} {:>9} {:>9} {:>7}\n",
        "flow",
        "route",
        "calls",
        "single",
        "between",
        "double",
        "landing",
        "recovered",
        "gone back",
        "exposed"
    );
    for ((flow, kind), row) in &mut rows {
        row.calls = REFERENCES[&(*flow, *kind)].calls.len();
        line(&mut text, flow.name(), kind.name(), row);
        sum.calls += row.calls;
        sum.single += row.single;
        sum.between += row.between;
        sum.double += row.double;
        sum.landing += row.landing;
        sum.recovered = sum.recovered.max(row.recovered);
        sum.rolled_back = sum.rolled_back.max(row.rolled_back);
        sum.exposed = sum.exposed.max(row.exposed);
    }
    line(&mut text, "all", "", &sum);
    text
}

fn line(text: &mut String, flow: &str, kind: &str, row: &Row) {
    let seconds = |span: SignedDuration| format!("{:.1}", span.as_secs_f64());
    let written = writeln!(
        text,
        "{flow:9} {kind:9} {:>5} {:>6} {:>7} {:>6} {:>7} {:>9} {:>9} {:>7}",
        row.calls,
        row.single,
        row.between,
        row.double,
        row.landing,
        seconds(row.recovered),
        seconds(row.rolled_back),
        seconds(row.exposed),
    );
    written.expect("a string takes everything");
}

/// The failures that are shown whole.
const SHOWN: usize = 3;

fn complain(done: &[Done]) {
    let failed: Vec<&Done> = done.iter().filter(|one| !one.broken.is_empty()).collect();
    if failed.is_empty() {
        return;
    }
    let mut text = String::new();
    for (index, one) in failed.iter().enumerate() {
        let said: Vec<String> = one.broken.iter().map(ToString::to_string).collect();
        let name = &one.cell;
        let _written = writeln!(
            text,
            "CELL='{name}' cargo test -p tests --test proof matrix: {}",
            said.join("; ")
        );
        if index < SHOWN {
            let _written = writeln!(text, "{}", one.ledger);
        }
    }
    panic!("{} of {} cells fail\n{text}", failed.len(), done.len());
}

/// Everything that is asked for, run; second faults are made from how the first ones went.
fn run_matrix(filter: &Filter) -> Vec<Done> {
    let takes = |cells: Vec<Cell>| cells.into_iter().filter(|cell| filter.takes(cell));
    let mut first = Vec::new();
    let mut others = Vec::new();
    for ((flow, kind), reference) in &*REFERENCES {
        first.push(none((*flow, *kind)));
        first.extend(singles(*flow, *kind, reference));
        others.extend(takes(betweens(*flow, *kind, reference)));
        others.extend(takes(landings(*flow, *kind, reference, &|world| world)));
    }
    first.retain(|cell| filter.leads(cell));
    let mut done = run_all(&first);
    others.extend(done.iter().flat_map(|single| takes(doubles(single))));
    done.extend(run_all(&others));
    done
}

/// What the table says: a new call of any flow changes it, and so does whatever makes something slower.
fn pinned() -> Expect {
    expect![[r#"
        flow      route     calls single between double landing recovered gone back exposed
        start     owned        17     59     119   1214     112     120.3      59.7     0.0
        start     in-place     14     48      98    826      68     120.5      60.1    59.5
        start     route53      17     59     119    648     114     119.8      59.7     0.0
        start     alias        17     59     119   1238      92     120.3      59.7     0.0
        sweep     owned         6     19      36      0       0       0.0       0.6     0.0
        sweep     in-place      6     19      36      0       0       0.0       0.5     0.0
        sweep     route53       6     19      36      0       0       0.0       0.6     0.0
        sweep     alias         6     19      36      0       0       0.0       0.6     0.0
        advance   owned        12     41      72    656      41     121.1       0.6     0.0
        advance   in-place     12     41      72    656      69     121.1       0.7    59.6
        advance   route53      12     41      72    252      42     120.6       0.9     0.0
        advance   alias        12     41      72    674      31     121.0       0.8     0.0
        approve   owned        14     50     112    906      43     121.3       0.7     0.0
        approve   in-place     14     50     112    906      71     121.3       1.0    59.2
        approve   route53      14     50     112    418      44     120.8       0.8     0.0
        approve   alias        14     50     112    918      33     121.1       0.7     0.0
        drift     owned         7     23      42    124       0     120.4       0.6     0.0
        drift     in-place      7     23      42    124       0     120.3       0.6     0.0
        drift     route53       7     23      42    124       0     120.4       0.6     0.0
        drift     alias         7     23      42    124       0     120.4       0.6     0.0
        repair    owned        11     38      88    260      43      40.7       0.6     0.0
        repair    in-place     11     38      88    260      71      40.6       0.7    60.0
        repair    route53       9     31      72     20      47      40.0       0.8     0.0
        repair    alias        11     38      88    272      33      40.5       0.7     0.0
        hand      owned         7     23      42    124       0     120.4       0.6     0.0
        hand      in-place      7     23      42    124       0     120.3       0.6     0.0
        hand      route53       7     23      42    124       0     120.4       0.6     0.0
        hand      alias         7     23      42    124       0     120.4       0.6     0.0
        complete  owned        13     45      78    748     144     121.2       1.1    59.2
        complete  in-place     10     34      60    454      69     120.9       0.9    59.4
        complete  route53      10     34      60    454      67     120.8       0.7     0.0
        complete  alias        10     34      60    472      31     120.9       0.7     0.0
        rollback  owned         8     28      48    308       0      30.6      30.6     0.0
        rollback  in-place      8     28      48    308       0      30.6      30.6     0.0
        rollback  route53       8     28      48    308       0      30.6      30.7     0.0
        rollback  alias         8     28      48    320       0      30.7      30.9     0.0
        blind     owned         9     29      54      0       0       0.0      45.3     0.0
        blind     in-place      6     18      36      0       0       0.0      45.6     0.0
        blind     route53       9     29      54      0       0       0.0      45.3     0.0
        blind     alias         6     18      36      0       0       0.0      45.7     0.0
        command   owned         7     25      56    246       0      40.6      40.6     0.0
        command   in-place      7     25      56    246       0      40.5      40.5     0.0
        command   route53       7     25      56    246       0      40.6      40.6     0.0
        command   alias         7     25      56    258       0      40.6      40.6     0.0
        polled    owned        14     50      84    832       0     121.2     120.8     0.0
        polled    in-place     14     50      84    832       0     121.2     120.7     0.0
        polled    route53      12     42      72    624       0     121.3     120.8     0.0
        polled    alias        12     42      72    642       0     121.0     120.8     0.0
        guard     owned         8     29      48    324       0     120.6       0.2     0.0
        guard     in-place      7     25      42    198       0     120.4       0.2     0.0
        guard     route53       6     21      36    102       0     120.3       0.3     0.0
        guard     alias         6     21      36    190       0     120.3       0.2     0.0
        all                   503   1727    3335  19228    1265     121.3     120.8    60.0
    "#]]
}

#[test]
fn every_cell_holds() {
    let begun = Instant::now();
    let filter = Filter::from_env();
    let done = run_matrix(&filter);
    let text = table(&done);
    let title = format!(
        "Fault matrix: {} cells in {:.0} s; seconds of virtual time are the slowest",
        done.len(),
        begun.elapsed().as_secs_f64()
    );
    crate::report::show(&title, &text);
    complain(&done);
    if filter.0.is_none() {
        pinned().assert_eq(&text);
    }
}
