//! Samples and plans that are in the tree are run by something.

use super::{File, Finding, report, tree};

/// Where every file must be named by a test, a function or the command line.
const HOMES: [&str; 2] = ["events/", "infra/plans/"];

/// Where the name counts.
const READERS: [&str; 3] = ["tests/", "cli/", "functions/"];

fn orphans(files: &[File]) -> Vec<Finding> {
    let within =
        |file: &File, folders: &[&str]| folders.iter().any(|folder| file.path.starts_with(folder));
    let readers: Vec<&File> = files
        .iter()
        .filter(|file| within(file, &READERS) && file.is_rust())
        .collect();
    files
        .iter()
        .filter(|file| within(file, &HOMES))
        .filter(|file| {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            !readers.iter().any(|reader| names(&reader.text, name))
        })
        .map(|file| {
            Finding::new(
                &file.path,
                1,
                "no test, function or command names this file",
                "run it in a test, or delete it",
            )
        })
        .collect()
}

/// Whether a source names the file, and not just another one that ends like it.
fn names(source: &str, file: &str) -> bool {
    source.match_indices(file).any(|(at, _)| {
        let before = source[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
    })
}

#[test]
fn every_sample_is_run() {
    report(orphans(&tree()));
}

#[test]
fn an_orphan_is_found() {
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let files = [
        file("events/alarm.lonely.json", "{}"),
        file("events/alarm.known.json", "{}"),
        file("infra/plans/known.yaml", ""),
        file("shared/plan/src/lib.rs", "alarm.lonely.json"),
        file(
            "tests/it/main.rs",
            "alarm.known.json known.yaml not.alarm.lonely.json",
        ),
    ];
    let found: Vec<String> = orphans(&files).into_iter().map(|f| f.path).collect();
    assert_eq!(found, ["events/alarm.lonely.json"]);
}
