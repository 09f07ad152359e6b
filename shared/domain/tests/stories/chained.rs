//! The ledger's lines: every field of an entry is in its hash, and a hash reads back.

use domain::{
    ledger::{Broken, Chain, Hash, Line, verify},
    name::RolloutId,
};

use crate::{
    plans::plan,
    story::{Do, Measure, Story, start_of, to_first_bake},
};

/// A ledger whose last entry has evidence.
fn ledger() -> (Vec<Line>, Chain) {
    let mut story = Story::begin(start_of(plan()));
    for (time, what) in to_first_bake() {
        story.step(time, &what);
    }
    story.step("0:20", &Do::Measured(Measure::Bad));
    (story.lines, story.rollout.chain)
}

#[test]
fn every_field_of_an_entry_is_in_its_hash() {
    let edits: [fn(&mut Line); 10] = [
        |line| line.seq += 1,
        |line| line.epoch += 1,
        |line| line.at.push('0'),
        |line| line.actor.push('x'),
        |line| line.kind.push('x'),
        |line| line.what.push('x'),
        |line| line.evidence[0].push('x'),
        |line| line.before.push('x'),
        |line| line.after.push('x'),
        |line| line.previous.push('0'),
    ];
    let (lines, _) = ledger();
    let last = lines.last().unwrap();
    for (index, edit) in edits.into_iter().enumerate() {
        let mut edited = last.clone();
        edit(&mut edited);
        assert_ne!(edited.digest(), last.digest(), "edit {index}");
    }
}

#[test]
fn letters_that_move_from_one_field_to_the_next_are_found() {
    let (lines, _) = ledger();
    let last = lines.last().unwrap();
    let mut moved = last.clone();
    let letter = moved.kind.pop().unwrap();
    moved.what.insert(0, letter);
    assert_ne!(moved.digest(), last.digest());
}

#[test]
fn a_line_says_the_weights_before_and_after() {
    let (lines, _) = ledger();
    let said: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line.before.as_str(), line.after.as_str()))
        .collect();
    let [first, .., last] = said[..] else {
        panic!("{said:?}");
    };
    assert_eq!((first, last), (("web=0%", "web=0%"), ("web=5%", "web=0%")));
}

fn beginning() -> Chain {
    Chain::of(&start_of(plan()).id)
}

#[test]
fn what_is_broken_is_said() {
    let (lines, end) = ledger();
    let verify = |lines: &[Line], end| verify(beginning(), lines, end);
    assert_eq!(verify(&lines, Some(end)), Ok(end));
    let last = end.seq;
    let cut = &lines[..lines.len() - 1];
    let truncated = Broken::Truncated {
        expected: last,
        found: last - 1,
    };
    assert_eq!(verify(cut, Some(end)), Err(truncated));
    assert_eq!(verify(cut, None).map(|end| end.seq), Ok(last - 1));
    let gap = Broken::Gap {
        expected: 1,
        found: 2,
    };
    assert_eq!(verify(&lines[1..], Some(end)), Err(gap));
    let mut changed = lines.clone();
    changed[0].actor = "mallory".to_owned();
    assert_eq!(verify(&changed, Some(end)), Err(Broken::Changed(1)));
    changed[0].hash = changed[0].digest().to_string();
    assert_eq!(verify(&changed, Some(end)), Err(Broken::Unchained(2)));
}

#[test]
fn one_rollouts_ledger_is_not_anothers() {
    let (lines, end) = ledger();
    let other = RolloutId {
        number: 2,
        ..start_of(plan()).id
    };
    assert_eq!(
        verify(Chain::of(&other), &lines, Some(end)),
        Err(Broken::Foreign)
    );
}

#[test]
fn a_ledger_that_was_written_anew_is_found_by_its_end() {
    let (mut lines, end) = ledger();
    let mut previous = beginning().hash.to_string();
    for line in &mut lines {
        line.epoch += 1;
        line.previous = previous;
        line.hash = line.digest().to_string();
        previous = line.hash.clone();
    }
    assert!(verify(beginning(), &lines, None).is_ok());
    assert_eq!(
        verify(beginning(), &lines, Some(end)),
        Err(Broken::Rewritten(end.seq))
    );
}

#[test]
fn a_hash_reads_back_and_nothing_else_does() {
    let (_, end) = ledger();
    let text = end.hash.to_string();
    assert_eq!(Hash::parse(&text), Some(end.hash));
    assert_eq!(format!("{:?}", end.hash), text);
    for wrong in [
        &text[1..],
        &text.to_uppercase(),
        &text.replace('a', "é"),
        "+1",
    ] {
        assert_eq!(Hash::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn an_end_reads_back_and_nothing_else_does() {
    let (_, end) = ledger();
    let (text, hash) = (end.to_string(), end.hash);
    assert_eq!(Chain::parse(&text), Some(end));
    for wrong in [
        format!("0{text}"),
        format!("+{text}"),
        format!("{text} "),
        format!(":{hash}"),
        hash.to_string(),
        "7".to_owned(),
    ] {
        assert_eq!(Chain::parse(&wrong), None, "{wrong}");
    }
}
