//! The command as an operator types it: every text and every exit code, on streams that are no terminal.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the texts, with hashes"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod history;
mod play;
mod remote;
mod usage;

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use cli::console::{Console, Device, Randomness, Surroundings};

/// Where the tree's plans are, from the folder that tests run in.
const PLANS: &str = "../infra/plans";

/// What a command left behind.
struct Done {
    code: u8,
    out: String,
    err: String,
}

impl Done {
    /// Everything that a person sees, and the exit code.
    fn text(&self) -> String {
        format!("{}{}exit code {}\n", self.out, self.err, self.code)
    }
}

/// Runs a command with nobody at a terminal, on the first of December 2026.
fn run(arguments: &[&str]) -> Done {
    run_with("", arguments)
}

/// Runs a command, with something on standard input.
fn run_with(input: impl AsRef<[u8]>, arguments: &[&str]) -> Done {
    run_on(&cli::remote::REAL, input, arguments)
}

/// Runs a command, with something in the place of AWS.
fn run_on(cloud: &impl cli::remote::Cloud, input: impl AsRef<[u8]>, arguments: &[&str]) -> Done {
    let mut input = input.as_ref();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let surroundings = Surroundings {
        stdin: Device::Other,
        stdout: Device::Other,
        stderr: Device::Other,
        no_color: false,
        dumb: false,
        now: "2026-12-01T09:00:00Z".parse().unwrap(),
        temporary: std::env::temp_dir(),
        random: Randomness::Fixed([7; 32]),
    };
    let mut console = Console::new(&mut input, &mut out, &mut err, surroundings);
    let all = ["tidegate"].into_iter().chain(arguments.iter().copied());
    let code = cli::run_on(all, &mut console, cloud).code();
    Done {
        code,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

/// A file of this test's own, until it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        // Tests of one process run side by side, and some use the same name.
        static MADE: AtomicU64 = AtomicU64::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("tidegate-{}-{made}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// A text that names the file, as every machine would say it.
    fn anywhere(&self, text: &str) -> String {
        text.replace(self.path(), "FILE")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
