//! Exit codes: what a script can rely on.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub enum Exit {
    /// Everything as asked; a simulated rollout was completed.
    Ok,
    /// The plan has problems, or a ledger does not verify.
    Problems,
    /// The command cannot be understood, or a file cannot be read or written.
    Usage,
    /// A simulated rollout was rolled back.
    RolledBack,
    /// What was asked for on AWS is decided, and the weights were not yet read back so.
    Unconverged,
    /// A simulated rollout did not end: it holds, or its scenario ended first.
    Held,
    /// Stopped with Ctrl-C, or by a signal.
    Stopped,
}

/// The codes, as `--help` shows them.
pub const TABLE: &str = "  0    everything as asked; a simulated rollout was completed
  1    the plan, the scenario or the ledger has problems (on standard error);
       on AWS: refused, or not done
  2    the command cannot be understood, or a file cannot be read or written
  3    the simulated rollout was rolled back;
       on AWS: decided, but the weights are not yet read back; the sweep goes on
  4    the simulated rollout did not end: it holds, or its time was over
  130  stopped with Ctrl-C";

/// The codes of what is asked of a rollout on AWS.
#[cfg(feature = "aws")]
pub const REMOTE_TABLE: &str = "  0    done, and the weights were read back as decided
  1    refused, or not done (the reason is on standard error)
  2    the command cannot be understood, or a file cannot be read
  3    decided, but the weights are not yet read back; the sweep goes on with it";

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Problems => 1,
            Self::Usage => 2,
            Self::RolledBack | Self::Unconverged => 3,
            Self::Held => 4,
            Self::Stopped => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(table: &str) -> Vec<u8> {
        let first = table.lines().map(|line| line.split_whitespace().next());
        first.filter_map(|word| word?.parse().ok()).collect()
    }

    #[cfg(feature = "aws")]
    #[test]
    fn every_code_of_a_change_is_in_its_table() {
        let all = [Exit::Ok, Exit::Problems, Exit::Usage, Exit::Unconverged];
        assert_eq!(listed(REMOTE_TABLE), all.map(Exit::code));
    }

    #[test]
    fn every_code_is_in_the_table() {
        let all = [
            Exit::Ok,
            Exit::Problems,
            Exit::Usage,
            Exit::RolledBack,
            Exit::Held,
            Exit::Stopped,
        ];
        assert_eq!(listed(TABLE), all.map(Exit::code));
    }
}
