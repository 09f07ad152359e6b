//! An operator at a terminal: `tidegate`, with an AWS identity of their own.

use std::{path::PathBuf, process::Command};

use crate::{bed::Bed, stack::Binaries};

/// Who types, and what the command must know.
pub(crate) struct Operator {
    tidegate: PathBuf,
    endpoint: String,
    function: String,
}

impl Operator {
    pub(crate) fn new(bed: &Bed, binaries: &Binaries, function: &str) -> Self {
        Self {
            tidegate: binaries.tidegate.clone(),
            endpoint: bed.endpoint().to_owned(),
            function: function.to_owned(),
        }
    }

    /// Types a command that does as it is asked; what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.tidegate)
            .args(arguments)
            .env_clear()
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("TIDEGATE_CONTROL", &self.function)
            .output()
            .expect("the command was just built");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "tidegate {}: {}\n{printed}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        printed
    }
}
