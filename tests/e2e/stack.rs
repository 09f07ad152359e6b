//! The stack as a team has it: Terraform, its provider, and the functions built and zipped as Lambda wants them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::bed::{Bed, tools};

/// The functions, each a crate and a binary.
const FUNCTIONS: [&str; 7] = [
    "control", "advance", "alarm", "notify", "link", "approval", "archive",
];

/// Where the address of Slack's webhook is kept.
pub(crate) const SLACK_PARAMETER: &str = "/tidegate/slack";

/// What was built.
pub(crate) struct Binaries {
    functions: Vec<PathBuf>,
    /// What an operator types.
    pub(crate) tidegate: PathBuf,
}

/// A copy of the module and of what stands around it, in a folder that goes with this value.
pub(crate) struct Stack {
    folder: PathBuf,
    endpoint: String,
}

impl Stack {
    /// Lays the stack out and initialises Terraform; the functions must be built.
    pub(crate) fn new(bed: &Bed, binaries: &Binaries) -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("e2e-{}", std::process::id()));
        let stack = Self {
            folder: folder.clone(),
            endpoint: bed.endpoint().to_owned(),
        };
        copy(
            Path::new("../infra/terraform"),
            &folder.join("infra/terraform"),
        );
        copy(Path::new("e2e/stack"), &folder);
        for function in &binaries.functions {
            stack.zip(function);
        }
        let mut init = vec!["init".to_owned()];
        init.extend(plugins().map(|path| format!("-plugin-dir={}", path.display())));
        let output = stack.terraform(&init);
        assert!(
            output.status.success(),
            "{}\nIf the provider could not be fetched: unpack registry.terraform.io/hashicorp/aws somewhere, and name \
             the folder that holds it in TF_PLUGIN_DIR",
            said(&output)
        );
        stack
    }

    /// What `make package` does, for a binary of this machine.
    fn zip(&self, binary: &Path) {
        let name = binary.file_name().expect("a binary has a name");
        let home = self.folder.join("zips");
        let content = home.join(name);
        fs::create_dir_all(&content).expect("the folder is ours");
        fs::copy(binary, content.join("bootstrap")).expect("the binary was just built");
        // Zips what is named, with its mode, from where it stands.
        let done = Command::new(
            tools()
                .join("bed/bin/python")
                .canonicalize()
                .expect("the bed is installed"),
        )
        .args(["-m", "zipfile", "-c", "../../zips/package.zip", "bootstrap"])
        .current_dir(&content)
        .output()
        .expect("the bed runs in the same Python");
        assert!(done.status.success(), "{}", said(&done));
        let zip = home.join(name).with_extension("zip");
        fs::rename(home.join("package.zip"), zip).expect("both are in one folder");
        fs::remove_dir_all(content).expect("the folder is ours");
    }

    /// Writes a file into the folder; its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, content).expect("the folder is ours");
        path.to_string_lossy().into_owned()
    }

    /// Makes the world as the module says.
    pub(crate) fn apply(&self) {
        self.well(&["apply", "-auto-approve"]);
    }

    /// What Terraform would change; nothing if the world is as the module says.
    pub(crate) fn drift(&self) -> Option<String> {
        let output = self.terraform(&["plan", "-detailed-exitcode"]);
        match output.status.code() {
            Some(0) => None,
            Some(2) => Some(said(&output)),
            _ => panic!("{}", said(&output)),
        }
    }

    /// An output of the module.
    pub(crate) fn output(&self, name: &str) -> Value {
        let output = self.well(&["output", "-json", name]);
        serde_json::from_slice(&output.stdout).expect("`-json` is JSON")
    }

    /// Takes everything away.
    pub(crate) fn destroy(&self) {
        self.well(&["destroy", "-auto-approve"]);
    }

    fn well(&self, arguments: &[&str]) -> Output {
        let output = self.terraform(arguments);
        assert!(output.status.success(), "{}", said(&output));
        output
    }

    fn terraform(&self, arguments: &[impl AsRef<str>]) -> Output {
        let (command, rest) = arguments.split_first().expect("a command");
        let mut terraform = Command::new("terraform");
        terraform.arg(command.as_ref());
        if command.as_ref() != "output" {
            terraform.args(["-input=false", "-no-color"]);
        }
        terraform
            .args(rest.iter().map(AsRef::as_ref))
            .current_dir(&self.folder)
            // A machine's own settings may name a registry mirror, and a team's may name an account.
            .env_remove("TF_CLI_CONFIG_FILE")
            .env_remove("AWS_PROFILE")
            .env("TF_VAR_zips", "zips")
            .env("TF_VAR_slack_parameter", SLACK_PARAMETER)
            .env("TF_VAR_report_bucket", crate::kept::BUCKET)
            .env("CHECKPOINT_DISABLE", "1")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .output()
            .unwrap_or_else(|why| {
                panic!("terraform does not run ({why}); install it, 1.7 or newer")
            })
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // What was applied dies with the bed.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The functions and the command, built for this machine.
pub(crate) fn build() -> Binaries {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // All of them at once share what the tests were built with.
    build.args([
        "build",
        "--locked",
        "--workspace",
        "--bins",
        "--message-format",
        "json-render-diagnostics",
    ]);
    let output = build.current_dir("..").output().expect("cargo runs here");
    assert!(output.status.success(), "{}", said(&output));
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(path) = message["executable"].as_str() {
            found.push(PathBuf::from(path));
        }
    }
    let (functions, mut others): (Vec<PathBuf>, Vec<PathBuf>) = found
        .into_iter()
        .partition(|path| FUNCTIONS.iter().any(|name| path.ends_with(name)));
    assert_eq!(functions.len(), FUNCTIONS.len(), "{functions:?}");
    let tidegate = others.pop().expect("the command is a binary");
    Binaries {
        functions,
        tidegate,
    }
}

/// The folder that holds `registry.terraform.io/hashicorp/aws` unpacked, if this machine has one; `.ci/terraform` looks
/// in the same places.
fn plugins() -> Option<PathBuf> {
    let named = env::var_os("TF_PLUGIN_DIR").map(PathBuf::from);
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".terraform.d/plugins"));
    let usual = [
        "/usr/local/share/terraform/plugins",
        "/usr/share/terraform/plugins",
    ]
    .map(PathBuf::from);
    let unpacked = fs::read_dir("/opt").into_iter().flatten();
    named
        .into_iter()
        .chain(home)
        .chain(usual)
        .chain(unpacked.filter_map(|entry| Some(entry.ok()?.path())))
        .find(|place| place.join("registry.terraform.io/hashicorp/aws").is_dir())
}

/// Copies a folder, without what Terraform keeps for itself.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|why| panic!("{}: {why}", to.display()));
    for entry in fs::read_dir(from).unwrap_or_else(|why| panic!("{}: {why}", from.display())) {
        let entry = entry.expect("the folder can be read");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == ".terraform" {
            continue;
        }
        if source.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(&source, &target).unwrap_or_else(|why| panic!("{}: {why}", source.display()));
        }
    }
}

/// Everything that a command said.
fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
