//! Arrows point one way: functions and cli to aws and sim, those to engine, engine and plan to domain.

use std::{env, io, process::Command};

use super::{Finding, ROOT, finds, hold, manifest::dependencies, report};

/// Each crate, and the crates of the workspace that it may name.
const ARROWS: [(&str, &[&str]); 8] = [
    ("shared/domain", &[]),
    ("shared/token", &["domain"]),
    ("shared/pages", &["domain", "token"]),
    ("shared/plan", &["domain"]),
    ("shared/engine", &["domain"]),
    ("shared/sim", &["domain", "engine"]),
    ("shared/aws", &["domain", "engine", "plan", "token"]),
    (
        "cli",
        &["aws", "domain", "engine", "pages", "plan", "sim", "token"],
    ),
];

/// What a function may name: everything but the simulator and other functions.
const FUNCTION_ARROWS: &[&str] = &["aws", "domain", "engine", "pages", "plan", "token"];

/// What the tests of functions and of pages may name besides: they run and show what happens in the box.
const BOX_TESTS: &[&str] = &["plan", "sim"];

/// Crates that must not come in by any way: a name, or the beginning of one up to `-` or `_`.
const STRANGERS: [(&str, &[&str]); 3] = [
    (
        "domain",
        &[
            "aws", "futures", "hyper", "rand", "reqwest", "serde", "tokio",
        ],
    ),
    ("engine", &["aws", "hyper", "reqwest", "tokio"]),
    (
        "token",
        &["aws", "futures", "hyper", "rand", "reqwest", "tokio"],
    ),
];

/// The arrows of one member's manifest; `ours` are the names of the workspace's crates.
fn wrong_arrows(ours: &[&str], path: &str, text: &str) -> Vec<Finding> {
    let folder = path.trim_end_matches("/Cargo.toml");
    // The tests may look at everything.
    if folder == "tests" || folder == "Cargo.toml" {
        return Vec::new();
    }
    let known = ARROWS.iter().find(|(name, _)| *name == folder);
    let allowed = match known {
        Some((_, allowed)) => *allowed,
        None if folder.starts_with("functions/") => FUNCTION_ARROWS,
        None => {
            return vec![Finding::new(
                path,
                1,
                format!("`{folder}` has no place among the arrows"),
                "decide what it may depend on and add it to ARROWS",
            )];
        }
    };
    let in_tests: &[&str] = if folder.starts_with("functions/") || folder == "shared/pages" {
        BOX_TESTS
    } else {
        &[]
    };
    dependencies(text)
        .into_iter()
        .filter(|dependency| ours.contains(&dependency.name))
        .filter(|dependency| !allowed.contains(&dependency.name))
        .filter(|dependency| !(dependency.of_tests && in_tests.contains(&dependency.name)))
        .map(|dependency| {
            Finding::new(
                path,
                dependency.line,
                format!("`{folder}` must not depend on `{}`", dependency.name),
                "move the code to where the arrows allow it, or pass what is needed as an argument",
            )
        })
        .collect()
}

/// The crates in a list of `cargo tree`, one in a line, that are not welcome.
fn strangers<'a>(tree: &'a str, unwelcome: &[&str]) -> Vec<&'a str> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| {
            let family = name.split(['-', '_']).next().unwrap_or(name);
            unwelcome.contains(&family)
        })
        .collect()
}

/// Every crate that `package` needs to run, itself first.
fn cargo_tree(package: &str) -> io::Result<String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(["--package", package])
        .current_dir(ROOT)
        .output()?;
    assert!(
        output.status.success(),
        "cargo tree failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn arrows_point_one_way() {
    let ours: Vec<&str> = ARROWS
        .iter()
        .filter_map(|(folder, _)| folder.rsplit('/').next())
        .chain(["tests"])
        .collect();
    hold("Cargo.toml", |path, text| wrong_arrows(&ours, path, text));
}

#[test]
fn the_core_knows_nothing_of_aws_or_async() {
    let mut findings = Vec::new();
    for (package, unwelcome) in STRANGERS {
        let tree = cargo_tree(package).expect("cargo runs here");
        findings.extend(strangers(&tree, unwelcome).into_iter().map(|name| {
            Finding::new(
                &format!("shared/{package}/Cargo.toml"),
                1,
                format!("`{name}` is in the tree of `{package}`"),
                "find who brings it with `cargo tree -i` and keep it at the edge",
            )
        }));
    }
    report(findings);
}

#[test]
fn a_wrong_arrow_is_found() {
    let rule = |path: &str, text: &str| wrong_arrows(&["domain", "plan", "sim"], path, text);
    let sample = "[dependencies]\ndomain = { workspace = true }\nsim = { workspace = true }\n";
    finds(rule, "shared/plan/Cargo.toml", sample, &[3]);
    finds(rule, "shared/domain/Cargo.toml", sample, &[2, 3]);
    finds(rule, "functions/alarm/Cargo.toml", sample, &[3]);
    let of_tests = sample.replace("[dep", "[dev-dep");
    finds(rule, "functions/alarm/Cargo.toml", &of_tests, &[]);
    finds(rule, "shared/plan/Cargo.toml", &of_tests, &[3]);
    finds(rule, "shared/drawer/Cargo.toml", sample, &[1]);
    finds(rule, "tests/Cargo.toml", sample, &[]);
}

#[test]
fn a_stranger_is_found_by_its_family() {
    let tree = "domain v0.1.0 (here)\naws-sdk-sns v1\nserde_core v1\nrandom v1\ntokio v1\n";
    let found = strangers(tree, &["aws", "rand", "serde", "tokio"]);
    assert_eq!(found, ["aws-sdk-sns", "serde_core", "tokio"]);
}
