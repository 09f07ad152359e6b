//! What is measured: our function as it is packaged, and the same handler in Python and in Node.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A process that handles the event.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
    /// Where it runs: the folder of its code, as in Lambda.
    home: PathBuf,
    /// The bytes of the zip that Lambda would be given.
    pub(crate) zip: Option<u64>,
}

/// What can be measured here, ours first, and why the rest cannot.
#[derive(Debug)]
pub(crate) struct Variants {
    pub(crate) found: Vec<Variant>,
    pub(crate) left_out: Vec<String>,
    /// What the table does not say: versions, and what a zip leaves out.
    pub(crate) notes: Vec<String>,
}

impl Variant {
    /// The command, in nothing but the environment that Lambda gives.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear();
        command.envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.environment.iter().copied());
        command.current_dir(&self.home);
        command
    }
}

/// Builds what must be built and looks for the rest.
pub(crate) fn variants() -> Result<Variants, String> {
    let zipper = zipper();
    let zip = |paths: &[&Path]| zipper.as_deref().and_then(|python| zipped(python, paths));
    let alarm = build()?;
    let mut all = Variants {
        found: vec![Variant {
            name: "alarm (Rust)",
            zip: zip(&[&alarm]),
            program: alarm,
            arguments: Vec::new(),
            environment: Vec::new(),
            home: PathBuf::from("."),
        }],
        left_out: Vec::new(),
        notes: Vec::new(),
    };
    match python(&zip) {
        Ok((variant, note)) => {
            all.found.push(variant);
            all.notes.push(note);
        }
        Err(why) => all.left_out.push(format!("Python is left out: {why}")),
    }
    match node(&zip) {
        Ok((variant, note)) => {
            all.found.push(variant);
            all.notes.push(note);
        }
        Err(why) => all.left_out.push(format!("Node is left out: {why}")),
    }
    if zipper.is_none() {
        let why = "zip sizes are left out: there is no Python to zip with";
        all.left_out.push(why.to_owned());
    }
    Ok(all)
}

/// The function, built as `.ci/package` builds it; where it is.
fn build() -> Result<PathBuf, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--locked", "--package", "alarm"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir("..")
        .output()
        .map_err(|why| format!("cargo does not run: {why}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo does not say where the function is".to_owned())
}

/// Where `tests/bench/install` puts things; benchmarks run in the folder of their package.
fn tools() -> PathBuf {
    env::var_os("TOOLS").map_or_else(|| PathBuf::from("../.tools"), PathBuf::from)
}

fn whole(path: &Path) -> Result<PathBuf, String> {
    let missing = |_| format!("{} is missing; run tests/bench/install", path.display());
    // A virtual environment's Python knows where it is by its name, so links are not followed.
    path.metadata().map_err(missing)?;
    std::path::absolute(path).map_err(|why| why.to_string())
}

fn python(zip: &dyn Fn(&[&Path]) -> Option<u64>) -> Result<(Variant, String), String> {
    let program = whole(&tools().join("bench/bin/python"))?;
    let home = whole(Path::new("bench"))?;
    let version = version(&program)?;
    let variant = Variant {
        name: "Python, boto3",
        program,
        arguments: ["-m", "awslambdaric", "alarm.handler"]
            .map(str::to_owned)
            .to_vec(),
        // Lambda's task folder cannot be written to.
        environment: vec![("PYTHONDONTWRITEBYTECODE", "1")],
        home,
        zip: zip(&[Path::new("bench/alarm.py")]),
    };
    let packages = [
        "boto3",
        "botocore",
        "s3transfer",
        "jmespath",
        "dateutil",
        "urllib3",
        "six.py",
    ];
    let site = site_packages();
    let paths: Vec<PathBuf> = packages.iter().map(|name| site.join(name)).collect();
    let mut paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    paths.push(Path::new("bench/alarm.py"));
    let note = match zip(&paths) {
        Some(bytes) => format!(
            "{version}; Lambda's brings a boto3, and with one of its own the zip has {} KiB",
            bytes / 1024
        ),
        None => version,
    };
    Ok((variant, note))
}

/// The folder of the packages, whose name has Python's version in it.
fn site_packages() -> PathBuf {
    let lib = tools().join("bench/lib");
    let homes = fs::read_dir(&lib)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    homes
        .map(|home| home.path().join("site-packages"))
        .find(|site| site.is_dir())
        .unwrap_or(lib)
}

fn node(zip: &dyn Fn(&[&Path]) -> Option<u64>) -> Result<(Variant, String), String> {
    let modules = whole(&tools().join("bench-node/node_modules"))?;
    let program = PathBuf::from("node");
    let version = version(&program)?;
    let bundle = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench/alarm.cjs");
    let output = Command::new(modules.join(".bin/esbuild"))
        .arg("bench/alarm.mjs")
        .args([
            "--bundle",
            "--minify",
            "--platform=node",
            "--format=cjs",
            "--log-level=warning",
        ])
        .arg(format!("--outfile={}", bundle.display()))
        .env("NODE_PATH", &modules)
        .output()
        .map_err(|why| format!("esbuild does not run: {why}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let runtime = whole(Path::new("bench/runtime.mjs"))?;
    let variant = Variant {
        name: "Node, SDK v3, bundled",
        program,
        arguments: vec![runtime.display().to_string(), bundle.display().to_string()],
        environment: Vec::new(),
        home: PathBuf::from("."),
        zip: zip(&[&bundle]),
    };
    Ok((variant, format!("Node {version}")))
}

/// What a program says its version is.
fn version(program: &Path) -> Result<String, String> {
    let output = Command::new(program).arg("--version").output();
    let output = output.map_err(|why| format!("{} does not run: {why}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{} does not run", program.display()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A Python to zip with, as `.ci/package` does.
fn zipper() -> Option<PathBuf> {
    let own = tools().join("bench/bin/python");
    [own, PathBuf::from("python3")]
        .into_iter()
        .find(|python| version(python).is_ok())
}

fn zipped(python: &Path, paths: &[&Path]) -> Option<u64> {
    let output = Command::new(python)
        .arg("bench/zipped.py")
        .args(paths)
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}
