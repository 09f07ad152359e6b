//! Any text: no promise without an issue, no path of one machine, no registry of one company, no drawer.

use super::{Finding, finds, hold, numbered};

/// Names that say nothing of what is inside, so that anything ends up there.
const DRAWERS: [&str; 9] = [
    "util", "utils", "common", "helper", "helpers", "misc", "types", "prelude", "shared",
];

/// What `shared/` holds. A crate more needs a decision, not a folder.
const SHARED: [&str; 7] = ["aws", "domain", "engine", "pages", "plan", "sim", "token"];

/// Where home directories are. The parts are apart so that this file passes.
const MACHINE_ROOTS: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

/// Words by which a build is sent to another registry than the public one.
const OTHER_REGISTRIES: [&str; 4] = [
    concat!("arti", "factory"),
    concat!("index", "-url"),
    concat!("replace", "-with"),
    concat!("/ne", "xus/"),
];

fn drawers(path: &str, _: &str) -> Vec<Finding> {
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.first() == Some(&"shared") {
        let home = parts.get(1).copied().unwrap_or_default();
        if !SHARED.contains(&home) {
            return vec![Finding::new(
                path,
                1,
                format!("`shared` holds {}, and not `{home}`", SHARED.join(", ")),
                "put it into the crate that needs it",
            )];
        }
        parts.remove(0);
    }
    parts
        .into_iter()
        .filter(|part| DRAWERS.contains(&part.split('.').next().unwrap_or(part)))
        .map(|part| {
            Finding::new(
                path,
                1,
                format!("`{part}` names a drawer"),
                "name it after what is inside",
            )
        })
        .collect()
}

fn promises(path: &str, text: &str) -> Vec<Finding> {
    let markers = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let kept = |rest: &str| {
        let issue = rest
            .strip_prefix("(#")
            .and_then(|rest| rest.split_once(')'));
        issue.is_some_and(|(number, _)| number.parse::<u32>().is_ok())
    };
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut findings = Vec::new();
    for (line, content) in numbered(text) {
        for marker in markers {
            let broken = content.match_indices(marker).any(|(at, _)| {
                let (before, rest) = (&content[..at], &content[at + marker.len()..]);
                !before.ends_with(word) && !rest.starts_with(word) && !kept(rest)
            });
            if broken {
                findings.push(Finding::new(
                    path,
                    line,
                    format!("`{marker}` without an issue"),
                    "do it now, or open an issue and write its number as `(#12)`",
                ));
            }
        }
    }
    findings
}

fn machine_paths(path: &str, text: &str) -> Vec<Finding> {
    let goes_on = |c: char| c.is_alphanumeric() || "_-.~*/)}".contains(c);
    let mut findings = Vec::new();
    for (line, content) in numbered(text) {
        for root in MACHINE_ROOTS {
            // In `https://host/home/` or `$X/root/` the root is not where the path starts.
            let starts = |(at, _): (usize, &str)| !content[..at].ends_with(goes_on);
            if content.match_indices(root).any(starts) {
                findings.push(Finding::new(
                    path,
                    line,
                    format!("a path in `{root}` exists on one machine only"),
                    "make it relative, or take it from the environment",
                ));
            }
        }
    }
    findings
}

/// Where the public index is kept, as lock files name it.
const PUBLIC_INDEX: &str = "registry+https://github.com/rust-lang";

fn registries(path: &str, text: &str) -> Vec<Finding> {
    // What a lock file may say of where a package came from: the public index.
    let is_lock = path.ends_with("Cargo.lock");
    numbered(text)
        .filter(|(_, content)| {
            let source = content.trim().strip_prefix("source = \"");
            let locked_elsewhere =
                is_lock && source.is_some_and(|source| !source.starts_with(PUBLIC_INDEX));
            locked_elsewhere || OTHER_REGISTRIES.iter().any(|word| content.contains(word))
        })
        .map(|(line, _)| {
            Finding::new(
                path,
                line,
                "this is not the public registry",
                "keep mirrors in the machine's own configuration",
            )
        })
        .collect()
}

#[test]
fn nothing_is_named_like_a_drawer() {
    hold("", drawers);
}

#[test]
fn every_promise_has_an_issue() {
    hold("", promises);
}

#[test]
fn no_path_belongs_to_one_machine() {
    hold("", machine_paths);
}

#[test]
fn packages_come_from_public_registries() {
    hold("", registries);
}

#[test]
fn a_drawer_is_found() {
    for path in [
        "cli/src/utils.rs",
        "shared/domain/src/common/mod.rs",
        "shared/engine/shared/a.rs",
        "shared/drawer/src/lib.rs",
        "tests/it/helpers.test.rs",
    ] {
        finds(drawers, path, "", &[1]);
    }
    finds(drawers, "shared/aws/src/router/alb.rs", "", &[]);
}

#[test]
fn a_promise_without_an_issue_is_found() {
    let sample = "// @: later\n// @(#12): fine\n// @(#soon)\n// @S and A@\n// see @\n";
    let sample = sample.replace('@', concat!("TO", "DO"));
    finds(promises, "x.rs", &sample, &[1, 3, 5]);
    finds(promises, "x.md", concat!("FIX", "ME(me)"), &[1]);
}

#[test]
fn a_path_of_one_machine_is_found() {
    for root in MACHINE_ROOTS {
        let sample = format!("a = \"{root}me\"\nhttps://host{root}\n{root}me\n$DIR{root}\n");
        finds(machine_paths, "x.toml", &sample, &[1, 3]);
    }
}

#[test]
fn another_registry_is_found() {
    for word in OTHER_REGISTRIES {
        finds(registries, "x.toml", &format!("\n{word} = 1\n"), &[2]);
    }
    let locked = format!(
        "source = \"{PUBLIC_INDEX}/x\"\nsource = \"registry+https://mirror.example/index\"\n\
         source = \"git+https://host/x\"\n"
    );
    finds(registries, "Cargo.lock", &locked, &[2, 3]);
}
