//! `tidegate history`: an exported ledger, as a person reads it, and whether it verifies.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
    path::Path,
};

use domain::{
    ledger::{
        Chain, Hash, Line,
        export::{
            self, Reader, Refused, Whole,
            heads::{self, Head},
        },
    },
    name::RolloutId,
    time::Timestamp,
};

use crate::{
    args::History,
    console::{Console, Ink, Paint},
    exit::Exit,
    failure::Failure,
    file, json,
    layout::{COLUMNS, fill},
    words,
};

/// Prints a ledger, or whether it verifies.
pub(crate) fn run(what: &History, console: &mut Console<'_>) -> Result<Exit, Failure> {
    if what.json && !what.verify {
        return Err(Failure::Argument(
            "an exported ledger is JSON already; with --verify, --json says whether it verifies"
                .to_owned(),
        ));
    }
    let (name, bytes) = read(&what.file, console)?;
    let reading = Reading::of(&bytes, what.end);
    if what.json {
        let answer = json::Verification::new(&name, &reading, what.end.is_some());
        json::line(console.out, &answer)?;
        return Ok(if reading.ended.is_ok() {
            Exit::Ok
        } else {
            Exit::Problems
        });
    }
    let paint = console.paint();
    if !what.verify {
        reading.print(console.out, paint)?;
    }
    let whole = reading
        .ended
        .map_err(|refused| Failure::Ledger(format!("{name}:{refused}")))?;
    let went = through(what, &whole.rollout, &reading.lines)?;
    if what.verify {
        let good = paint.text(Ink::Good, "ok");
        let entries = entries(whole.end.seq);
        writeln!(console.out, "{good} {name}: {}, {entries}", whole.rollout)?;
    } else {
        let entries = entries(whole.end.seq);
        writeln!(console.out, "\n{entries}, and the chain of hashes verifies")?;
    }
    let end = paint.text(Ink::Faint, &format!("ends at {}", whole.end));
    writeln!(console.out, "{end}")?;
    if let Some(went) = went {
        writeln!(console.out, "{}", paint.text(Ink::Faint, &went))?;
    } else if what.end.is_none() {
        let hint = "that nothing was cut off behind it, only `--end` or `--heads` can tell";
        writeln!(console.out, "{}", paint.text(Ink::Faint, hint))?;
    }
    Ok(Exit::Ok)
}

/// The file's name, as it is said, and what is in it.
fn read(path: &Path, console: &mut Console<'_>) -> Result<(String, Vec<u8>), Failure> {
    if path.as_os_str() != "-" {
        return Ok((path.display().to_string(), file::bytes(path)?));
    }
    let mut bytes = Vec::new();
    let input = console.input.read_to_end(&mut bytes);
    input.map_err(Failure::Input)?;
    Ok(("standard input".to_owned(), bytes))
}

/// Compares a ledger that has verified with the heads that were archived of it, if they are given.
pub(crate) fn through(
    what: &History,
    rollout: &RolloutId,
    ledger: &[Line],
) -> Result<Option<String>, Failure> {
    let Some(path) = &what.heads else {
        return Ok(None);
    };
    let name = path.display();
    let heads = heads::read(&file::bytes(path)?);
    let heads = heads.map_err(|refused| Failure::Ledger(format!("{name}:{refused}")))?;
    let heads: Vec<Head> = heads
        .into_iter()
        .filter(|head| head.rollout == *rollout)
        .collect();
    let Some(furthest) = heads.iter().max_by_key(|head| head.end.seq) else {
        return Err(Failure::Ledger(format!(
            "{name}: no head of {rollout} is in it"
        )));
    };
    for head in &heads {
        let fits = head.fits(ledger);
        fits.map_err(|against| Failure::Ledger(format!("{rollout}: {against}")))?;
    }
    let (seq, at) = (furthest.end.seq, &furthest.at);
    Ok(Some(format!(
        "goes through {seq}, where {name} says it was on {at}"
    )))
}

pub(crate) fn entries(count: u64) -> String {
    let entries = if count == 1 { "entry" } else { "entries" };
    format!("{} {entries}", words::grouped(count))
}

/// A file, as far as it verifies.
pub(crate) struct Reading {
    /// Whose ledger it says it is.
    pub(crate) rollout: Option<RolloutId>,
    /// Its entries, up to where it is broken.
    pub(crate) lines: Vec<Line>,
    /// How the reading ended.
    pub(crate) ended: Result<Whole, Refused>,
}

impl Reading {
    fn of(bytes: &[u8], end: Option<Chain>) -> Self {
        let mut reading = Self {
            rollout: None,
            lines: Vec::new(),
            ended: Reader::default().end(None),
        };
        reading.ended = reading.take(bytes).and_then(|reader| reader.end(end));
        reading
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Reader, Refused> {
        let mut reader = Reader::default();
        for line in export::lines(bytes) {
            let (next, entry) = reader.take(line)?;
            self.rollout = next.rollout().cloned();
            self.lines.extend(entry);
            reader = next;
        }
        Ok(reader)
    }

    fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        match &self.rollout {
            Some(rollout) => tell(rollout, &self.lines, out, paint),
            None => Ok(()),
        }
    }
}

/// Prints a ledger's entries below their rollout's name.
pub(crate) fn tell(
    rollout: &RolloutId,
    lines: &[Line],
    out: &mut dyn Write,
    paint: Paint,
) -> io::Result<()> {
    let name = paint.text(Ink::Strong, &rollout.to_string());
    writeln!(out, "{name}  (times in UTC)\n")?;
    for line in lines {
        print(line, out, paint)?;
    }
    Ok(())
}

/// Columns of a time and the space behind it.
const TIME: usize = 21;

/// When, who, what; below it the weights if they changed, and the evidence.
fn print(line: &Line, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
    let time = paint.text(Ink::Faint, &format!("{:<TIME$}", time(&line.at)));
    let what: Vec<String> = line.what.split(' ').map(brief).collect();
    let mut texts = wrap(&format!("{}: {}", line.actor, what.join(" ")), TIME);
    if let Some(change) = change(&line.before, &line.after) {
        let change = wrap(&change, TIME).into_iter();
        texts.extend(change.map(|text| paint.text(Ink::Canary, &text)));
    }
    for finding in &line.evidence {
        for (n, text) in wrap(finding, TIME + 2).into_iter().enumerate() {
            let dot = if n == 0 { "· " } else { "  " };
            texts.push(paint.text(Ink::Faint, &format!("{dot}{text}")));
        }
    }
    for (n, text) in texts.iter().enumerate() {
        if n == 0 {
            writeln!(out, "{time}{text}")?;
        } else {
            writeln!(out, "{:TIME$}{text}", "")?;
        }
    }
    Ok(())
}

/// A word; of a hash its beginning.
fn brief(word: &str) -> String {
    if Hash::parse(word).is_some() {
        words::short_hash(word)
    } else {
        word.to_owned()
    }
}

fn time(at: &str) -> String {
    match at.parse::<Timestamp>() {
        Ok(at) => at.strftime("%F %T").to_string(),
        Err(_) => visible(at),
    }
}

fn wrap(text: &str, indent: usize) -> Vec<String> {
    fill(
        visible(text).split(' ').map(str::to_owned),
        COLUMNS - indent,
    )
}

/// A text from a file that anybody may have written, without what would steer a terminal.
fn visible(text: &str) -> String {
    let mut visible = String::new();
    for c in text.chars() {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            let _ = write!(visible, "{}", c.escape_default());
        } else {
            visible.push(c);
        }
    }
    visible
}

/// `0% → 5%`, or each route that has changed: `apex 0% → 5%, web 0% → 25%`.
fn change(before: &str, after: &str) -> Option<String> {
    let (before, after) = (shares(before), shares(after));
    let moves: Vec<(&str, String)> = after
        .iter()
        .map(|(route, now)| (*route, before.get(route).copied().unwrap_or("0%"), *now))
        .filter(|(_, was, now)| was != now)
        .map(|(route, was, now)| (route, format!("{was} → {now}")))
        .collect();
    let (_, first) = moves.first()?;
    if moves.len() == after.len() && moves.iter().all(|(_, how)| how == first) {
        return Some(first.clone());
    }
    let each: Vec<String> = moves
        .iter()
        .map(|(route, how)| format!("{route} {how}"))
        .collect();
    Some(each.join(", "))
}

/// The shares in a line's weights: `route=weight`, separated by spaces.
fn shares(weights: &str) -> BTreeMap<&str, &str> {
    let shares = weights.split(' ');
    shares.filter_map(|share| share.split_once('=')).collect()
}
