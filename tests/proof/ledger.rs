//! A ledger of 10 000 entries as a file, and every way to spoil it: each is found.
//!
//! The reader takes a line at a time, and all that it keeps is its place. The lines before an edit are what they
//! were, so a verification of the edited file comes to the edited line in the same place as one of the good
//! file, and goes on from there: the rest of that very computation is what is tried here, from a place that was
//! kept. Some edits are tried on the whole file as well, and must be refused in the same words.
//! In `shared/domain/tests/stories/exported.rs` a small file is verified as a whole for each value of each byte.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]

use std::{fmt::Write as _, fs, sync::Arc, thread};

use domain::{
    ledger::{
        Actor, Broken, Chain, Draft, Entry, Fact, Line,
        export::{Reader, Refused, Why, entry, lines, verify, write},
    },
    name::{Person, RolloutId},
    time::Timestamp,
    traffic::{Epoch, Weights},
};
use expect_test::expect;
use sim::{Scenario, Simulation};

use crate::report::show;

const LENGTH: usize = 10_000;

/// A file in its lines, and the reader before each of them.
struct File {
    rollout: RolloutId,
    entries: Vec<Line>,
    /// Header, entries, end.
    lines: Vec<Vec<u8>>,
    places: Vec<Reader>,
    end: Chain,
}

/// What happens in the runs of these scenarios, over and over, with a person's awkward words in between.
fn file() -> File {
    let runs = [
        ("lightning-talk-circle", "bad"),
        ("lightning-talk-circle", "good"),
        ("triptrip", "hand"),
        ("triptrip", "slow-leak"),
    ];
    let mut drafts: Vec<(Draft, Timestamp)> = Vec::new();
    for (plan, scenario) in runs {
        drafts.extend(run(plan, scenario).into_iter().map(draft));
        drafts.push((awkward(), Timestamp::UNIX_EPOCH));
    }
    let rollout = RolloutId::parse("lightning-talk-circle#31").expect("a rollout");
    let mut chain = Chain::of(&rollout);
    let entries: Vec<Line> = drafts
        .iter()
        .cycle()
        .take(LENGTH)
        .map(|(draft, at)| chain.append(draft.clone(), *at).line())
        .collect();
    let text = write(&rollout, &entries).into_bytes();
    let lines: Vec<Vec<u8>> = lines(&text).map(<[u8]>::to_vec).collect();
    let mut places = vec![Reader::default()];
    for line in &lines {
        let place = places.last().cloned().unwrap_or_default();
        places.push(place.take(line).expect("it verifies").0);
    }
    let whole = verify(&text, Some(chain)).expect("it verifies");
    assert_eq!((&whole.rollout, lines.len()), (&rollout, LENGTH + 2));
    File {
        rollout,
        entries,
        lines,
        places,
        end: chain,
    }
}

fn run(plan: &str, scenario: &str) -> Vec<Entry> {
    let read = |name: String| fs::read_to_string(format!("../infra/plans/{name}")).expect("a file");
    let text = read(format!("{plan}.yaml"));
    let scenario = Scenario::parse(&read(format!("{plan}.{scenario}.scenario.yaml")));
    let plan = plan::parse(&text).expect("a plan").plan;
    let mut simulation = Simulation::new(Arc::new(plan), scenario.expect("a scenario"), 1);
    simulation.run();
    simulation.summary().ledger
}

fn draft(entry: Entry) -> (Draft, Timestamp) {
    let draft = Draft {
        epoch: entry.epoch,
        actor: entry.actor,
        fact: entry.fact,
        evidence: entry.evidence,
        before: entry.before,
        after: entry.after,
    };
    (draft, entry.at)
}

fn awkward() -> Draft {
    Draft {
        epoch: Epoch(u64::MAX),
        actor: Actor::Person(Person::new("Zoë \"7\" 東京")),
        fact: Fact::Paused {
            reason: "C:\\new\n\t\u{1}\u{7f}\u{2028} 🌊".to_owned(),
        },
        evidence: Vec::new(),
        before: Weights::default(),
        after: Weights::default(),
    }
}

/// One way to spoil the file, how often it was tried, and where it was not found.
struct Row {
    what: &'static str,
    tried: usize,
    missed: Vec<String>,
}

impl Row {
    const fn new(what: &'static str) -> Self {
        Self {
            what,
            tried: 0,
            missed: Vec::new(),
        }
    }

    fn count(&mut self, found: bool, place: impl FnOnce() -> String) {
        self.tried += 1;
        if !found {
            self.missed.push(place());
        }
    }
}

impl File {
    /// What the reader says, after everything before a line, of what stands in its stead.
    fn refusal(&self, line: usize, instead: &[u8]) -> Option<Refused> {
        let mut place = self.places[line].clone();
        for part in lines(instead) {
            match place.take(part) {
                Ok((next, _)) => place = next,
                Err(refused) => return Some(refused),
            }
        }
        None
    }

    /// Whether it is refused where the line stood, and nowhere later. Whose ledger it is, in the first line,
    /// shows in the second.
    fn refuses(&self, line: usize, instead: &[u8]) -> bool {
        let last = line.max(1) + 1;
        let refused = self.refusal(line, instead);
        refused.is_some_and(|refused| refused.line <= last)
    }

    /// The file with something in the stead of a line.
    fn whole(&self, line: usize, instead: &[u8]) -> Vec<u8> {
        let (before, after) = (&self.lines[..line], &self.lines[line + 1..]);
        [&before.concat(), instead, &after.concat()].concat()
    }

    /// Every byte of some lines, changed in each of the ways that belong to its place.
    fn edited(&self, of: impl Iterator<Item = usize>, ways: fn(usize) -> Vec<u8>, row: &mut Row) {
        for n in of {
            // An edit of the newline joins it with the line after it.
            let next = self.lines.get(n + 1).map_or(&[][..], Vec::as_slice);
            let mut bytes = [&self.lines[n], next].concat();
            let length = self.lines[n].len();
            for at in 0..length {
                let joined = n == 0 || at + 1 == length;
                let seen = if joined { bytes.len() } else { length };
                for flip in ways(at) {
                    bytes[at] ^= flip;
                    let found = self.refuses(n, &bytes[..seen]);
                    row.count(found, || format!("line {}, byte {at}, flip {flip}", n + 1));
                    bytes[at] ^= flip;
                }
            }
        }
    }

    fn every_byte(&self) -> Row {
        let mut row = Row::new("a byte changed: each of the file, in one bit");
        self.edited(0..self.lines.len(), |at| vec![1 << (at % 8)], &mut row);
        row
    }

    fn every_value(&self) -> Row {
        let mut row = Row::new("a byte changed: to each other value, in each 1000th line");
        self.edited(self.some(), |_| (1..=u8::MAX).collect(), &mut row);
        row
    }

    /// Each thousandth line, and the last.
    fn some(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.lines.len()).step_by(1000).chain([LENGTH + 1])
    }

    /// The edited files as a whole: they are refused in the same words.
    fn as_a_whole(&self) -> Row {
        let mut row = Row::new("a byte changed: the whole file verified, same words");
        for n in (0..self.lines.len()).step_by(97) {
            let mut line = self.lines[n].clone();
            let at = (n * 31) % (line.len() - 1);
            line[at] ^= 1 << (n % 8);
            let whole = verify(&self.whole(n, &line), Some(self.end)).err();
            let next = self.lines.get(n + 1).map_or(&[][..], Vec::as_slice);
            let found = whole.is_some() && whole == self.refusal(n, &[&line, next].concat());
            row.count(found, || format!("line {}, byte {at}: {whole:?}", n + 1));
        }
        row
    }

    fn dropped(&self) -> Row {
        let mut row = Row::new("a line dropped");
        for n in 0..self.lines.len() {
            let found = match self.lines.get(n + 1) {
                Some(next) => self.refuses(n, next),
                None => self.places[n].clone().end(None).is_err(),
            };
            row.count(found, || format!("line {}", n + 1));
        }
        row
    }

    fn doubled(&self) -> Row {
        let mut row = Row::new("a line doubled");
        for n in 0..self.lines.len() {
            row.count(self.refuses(n + 1, &self.lines[n]), || {
                format!("line {}", n + 1)
            });
        }
        row
    }

    /// Each line with one that comes so many lines later.
    fn swapped(&self, what: &'static str, apart: usize) -> Row {
        let mut row = Row::new(what);
        for (n, other) in self.lines.iter().skip(apart).enumerate() {
            row.count(self.refuses(n, other), || {
                format!("lines {} and {}", n + 1, n + 1 + apart)
            });
        }
        row
    }

    fn cut_off(&self) -> Row {
        let mut row = Row::new("the file cut off: after each byte");
        for (n, line) in self.lines.iter().enumerate() {
            let ends = self.places[n].clone().end(None);
            row.count(ends.is_err(), || format!("before line {}", n + 1));
            for length in 1..line.len() {
                let refused = self.refusal(n, &line[..length]);
                let found = refused.is_some_and(|refused| refused.why == Why::CutOff);
                row.count(found, || format!("line {}, after byte {length}", n + 1));
            }
        }
        row
    }

    /// Cut off after an entry, and given a new last line: good in itself, and not what is known of the end.
    fn shortened(&self) -> Row {
        let mut row = Row::new("entries cut off, the last line written anew, the end known");
        for kept in 0..LENGTH {
            // The last line is made of the last entry alone.
            let end = write(&self.rollout, &self.entries[kept.saturating_sub(1)..kept]);
            let end = end.lines().next_back().unwrap_or_default();
            let place = self.places[kept + 1].clone();
            let (ended, _) = place
                .take(format!("{end}\n").as_bytes())
                .expect("it verifies");
            assert!(
                ended.clone().end(None).is_ok(),
                "nobody can know of it without the end"
            );
            let refused = ended.end(Some(self.end)).map_err(|refused| refused.why);
            let truncated = Broken::Truncated {
                expected: self.end.seq,
                found: kept as u64,
            };
            row.count(refused == Err(Why::Broken(truncated)), || {
                format!("after {kept}")
            });
        }
        row
    }

    /// Whoever changes an entry can hash it anew, but then the next one does not follow.
    fn hashed_anew(&self) -> Row {
        let mut row = Row::new("an entry changed and hashed anew");
        for n in 1..=LENGTH {
            let mut forged = self.entries[n - 1].clone();
            forged.actor = "mallory".to_owned();
            forged.hash = forged.digest().to_string();
            let both = [entry(&forged).as_bytes(), &self.lines[n + 1]].concat();
            let refused = self.refusal(n, &both);
            let found = refused.is_some_and(|refused| refused.line == n + 2);
            row.count(found, || format!("entry {n}"));
        }
        row
    }
}

#[test]
fn whatever_is_done_to_ten_thousand_entries_is_found() {
    let file = file();
    let ways: [&(dyn Fn() -> Row + Sync); 10] = [
        &|| file.every_byte(),
        &|| file.every_value(),
        &|| file.as_a_whole(),
        &|| file.dropped(),
        &|| file.doubled(),
        &|| file.swapped("two neighbours swapped", 1),
        &|| file.swapped("two lines swapped that are 997 apart", 997),
        &|| file.cut_off(),
        &|| file.shortened(),
        &|| file.hashed_anew(),
    ];
    let rows: Vec<Row> = thread::scope(|scope| {
        let running = ways.map(|way| scope.spawn(way));
        let rows = running.into_iter().map(|one| one.join().expect("it ends"));
        rows.collect()
    });
    let bytes: usize = file.lines.iter().map(Vec::len).sum();
    let bytes_of_some: usize = file.some().map(|n| file.lines[n].len()).sum();
    let (mut table, mut told) = (String::new(), String::new());
    for Row {
        what,
        tried,
        missed,
    } in &rows
    {
        let first = missed.first();
        assert_eq!(first, None, "{what}: {} not found", missed.len());
        let _ = writeln!(table, "{what:<60}{tried:>9}  all found");
        let often = match *tried {
            once if once == bytes => "once a byte".to_owned(),
            times if times == 255 * bytes_of_some => "255 times a byte".to_owned(),
            times => times.to_string(),
        };
        let _ = writeln!(told, "{what:<60}{often:>16}");
    }
    show(
        &format!("A ledger of {LENGTH} entries, {bytes} bytes, spoilt:"),
        &table,
    );
    // How long the sentences of a ledger are is not for this test to hold: what depends on it is counted by the byte.
    expect![[r#"
        a byte changed: each of the file, in one bit                     once a byte
        a byte changed: to each other value, in each 1000th line    255 times a byte
        a byte changed: the whole file verified, same words                      104
        a line dropped                                                         10002
        a line doubled                                                         10002
        two neighbours swapped                                                 10001
        two lines swapped that are 997 apart                                    9005
        the file cut off: after each byte                                once a byte
        entries cut off, the last line written anew, the end known             10000
        an entry changed and hashed anew                                       10000
    "#]]
    .assert_eq(&told);
}

/// An independent judge of the spelling: it is JSON, it says what the entry says, and a text is written as any
/// writer of JSON would write it.
#[test]
fn the_file_is_json_lines() {
    let file = file();
    for (line, entry) in file.lines[1..=LENGTH].iter().zip(&file.entries) {
        let text = str::from_utf8(line).expect("a text");
        let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let evidence: Vec<&str> = entry.evidence.iter().map(String::as_str).collect();
        let expected = serde_json::json!({
            "type": "entry", "seq": entry.seq, "at": entry.at, "epoch": entry.epoch,
            "actor": entry.actor, "kind": entry.kind, "what": entry.what, "evidence": evidence,
            "before": entry.before, "after": entry.after,
            "previous": entry.previous, "hash": entry.hash,
        });
        assert_eq!(json, expected);
        let spelt = format!(
            "\"what\":{},\"evidence\":{},",
            json["what"], json["evidence"]
        );
        assert!(text.contains(&spelt), "{spelt} is not in {text}");
    }
}
