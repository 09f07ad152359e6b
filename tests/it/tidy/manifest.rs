//! Manifests: versions in one place, with a reason, and one table of lints for all.

use super::{Finding, finds, hold, numbered};

/// A dependency as a manifest writes it.
pub(super) struct Dependency<'a> {
    pub(super) line: usize,
    pub(super) name: &'a str,
    /// The right side of `name = …`, or nothing for a dependency with a table of its own.
    value: &'a str,
    /// Whether the line above is a comment.
    explained: bool,
    /// Whether only tests need it.
    pub(super) of_tests: bool,
}

/// Every dependency of every kind, in the order of the text.
pub(super) fn dependencies(text: &str) -> Vec<Dependency<'_>> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut of_tests = false;
    let mut depth = 0;
    let mut above = "";
    for (number, line) in numbered(text) {
        let line = line.trim();
        let explained = above.starts_with('#');
        above = line;
        if depth == 0 && line.starts_with('[') {
            let table = line.trim_matches(['[', ']']);
            inside = table.ends_with("dependencies");
            of_tests = table.starts_with("dev-dependencies");
            if let Some((_, name)) = table.rsplit_once("dependencies.") {
                found.push(Dependency {
                    line: number,
                    name,
                    value: "",
                    explained,
                    of_tests,
                });
            }
            continue;
        }
        let starts_here = depth == 0;
        depth += line.matches(['[', '{']).count();
        depth = depth.saturating_sub(line.matches([']', '}']).count());
        if !inside || !starts_here || line.starts_with('#') {
            continue;
        }
        if let Some((key, value)) = line.split_once('=') {
            let name = key.trim();
            let (name, value) = match name.split_once('.') {
                Some((name, "workspace")) => (name, "workspace = true"),
                Some((name, _)) => (name, ""),
                None => (name, value.trim()),
            };
            found.push(Dependency {
                line: number,
                name,
                value,
                explained,
                of_tests,
            });
        }
    }
    found
}

/// A member takes lints and versions from the workspace.
fn member(path: &str, text: &str) -> Vec<Finding> {
    // The root has the table itself.
    if path == "Cargo.toml" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut lines = text.lines().map(str::trim);
    let inherits = lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    if !inherits {
        findings.push(Finding::new(
            path,
            1,
            "the lints of the workspace do not hold here",
            "add `[lints]` with `workspace = true`",
        ));
    }
    findings.extend(
        dependencies(text)
            .into_iter()
            .filter(|dependency| !dependency.value.contains("workspace = true"))
            .map(|dependency| {
                Finding::new(
                    path,
                    dependency.line,
                    format!("`{}` is not the workspace's", dependency.name),
                    "name it in the root's [workspace.dependencies] and write `{ workspace = true }`",
                )
            }),
    );
    findings
}

/// What comes from outside has a reason; our own crates are their own reason.
fn reasons(path: &str, text: &str) -> Vec<Finding> {
    if path != "Cargo.toml" {
        return Vec::new();
    }
    dependencies(text)
        .into_iter()
        .filter(|dependency| !dependency.explained && !dependency.value.contains("path ="))
        .map(|dependency| {
            Finding::new(
                path,
                dependency.line,
                format!("nobody says why `{}` is needed", dependency.name),
                "write a comment on the line above",
            )
        })
        .collect()
}

#[test]
fn members_take_lints_and_versions_from_the_workspace() {
    hold("Cargo.toml", member);
}

#[test]
fn every_dependency_has_a_reason() {
    hold("Cargo.toml", reasons);
}

#[test]
fn a_member_of_its_own_mind_is_found() {
    let sample = "[package]\nname = \"x\"\n[dependencies]\na = { workspace = true }\nb = \"1\"\n";
    finds(member, "x/Cargo.toml", sample, &[1, 5]);
    let sample = "[lints]\nworkspace = true\n[dev-dependencies]\na.workspace = true\n\
        b = { workspace = true, features = [\n    \"c = d\",\n] }\n[dependencies.e]\nversion = \"1\"\n";
    finds(member, "x/Cargo.toml", sample, &[8]);
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let sample =
        "[workspace.dependencies]\nours = { path = \"ours\" }\n# Why.\na = \"1\"\nb = \"1\"\n";
    finds(reasons, "Cargo.toml", sample, &[5]);
}
