//! The house rules, held by tests: arrows between crates, manifests, length, names, orphans, stray text.
//!
//! A rule is a function from a path and its text to what is wrong with it, so that each rule can be
//! shown to fail on a bad sample. The tests run the rules over every file that git would keep.

mod arrows;
mod manifest;
mod orphans;
mod source;
mod text;

use std::{fmt, fs, path::Path};

/// The folder that holds the workspace, from where cargo runs a test: the folder of its package. A path
/// fixed when the test was built would be another clone's if two clones share a build cache.
const ROOT: &str = "..";

/// One place where a rule is broken.
#[derive(Debug)]
struct Finding {
    path: String,
    line: usize,
    wrong: String,
    remedy: &'static str,
}

impl Finding {
    fn new(path: &str, line: usize, wrong: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            line,
            wrong: wrong.into(),
            remedy,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            wrong,
            remedy,
        } = self;
        write!(f, "{path}:{line}: {wrong}; {remedy}")
    }
}

/// A file of the tree; the text of a binary file is empty.
struct File {
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|kind| kind == "rs")
    }
}

/// Every file that git keeps or would keep, in the order of their paths.
fn tree() -> Vec<File> {
    let walk = ignore::WalkBuilder::new(ROOT)
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .parents(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Path::cmp)
        .build();
    walk.filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(ROOT).ok()?.to_str()?;
            let text = String::from_utf8(fs::read(entry.path()).ok()?).unwrap_or_default();
            Some(File {
                path: path.replace('\\', "/"),
                text,
            })
        })
        .collect()
}

/// Runs a rule over the files whose path ends like that, and fails with everything that is wrong.
fn hold(suffix: &str, rule: impl Fn(&str, &str) -> Vec<Finding>) {
    let files: Vec<File> = tree()
        .into_iter()
        .filter(|file| file.path.ends_with(suffix))
        .collect();
    assert!(
        !files.is_empty(),
        "no file ends with `{suffix}`, so the rule holds nothing"
    );
    report(files.iter().flat_map(|file| rule(&file.path, &file.text)));
}

fn report(findings: impl IntoIterator<Item = Finding>) {
    let lines: Vec<String> = findings.into_iter().map(|one| one.to_string()).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

/// Shows that a rule finds exactly these lines of a sample, and nothing else.
fn finds(
    rule: impl Fn(&str, &str) -> Vec<Finding>,
    path: &str,
    sample: &str,
    expected_lines: &[usize],
) {
    let findings = rule(path, sample);
    let lines: Vec<usize> = findings.iter().map(|finding| finding.line).collect();
    assert_eq!(lines, expected_lines, "{findings:#?}");
}

/// The lines of a text with their numbers, from 1.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(n, line)| (n + 1, line))
}
