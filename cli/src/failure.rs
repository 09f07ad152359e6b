//! Why a command stopped before its end.

use std::io::{self, ErrorKind};

use crate::{console::Console, exit::Exit, file::FileError};

/// Why a command stopped before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file that was named cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Something that was typed cannot be used.
    #[error("{0}")]
    Argument(String),
    /// A scenario cannot be used.
    #[error("scenario {0}")]
    Scenario(String),
    /// A ledger is not as it was exported.
    #[error("{0}")]
    Ledger(String),
    /// Standard input cannot be read.
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    /// AWS was asked, and what was wanted is not done. What to do next is part of the text.
    #[cfg(feature = "aws")]
    #[error("{0}")]
    Remote(String),
    /// What is built in cannot be used.
    #[error("the built-in {0}; this build of tidegate is broken")]
    Embedded(String),
    /// Output cannot be written.
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
}

impl Failure {
    /// Says it, with all that caused it, and gives the exit code.
    pub(crate) fn report(&self, console: &mut Console<'_>) -> Exit {
        let exit = match self {
            // Whoever read it has seen enough: `tidegate show … | head`.
            Self::Output(error) if error.kind() == ErrorKind::BrokenPipe => return Exit::Ok,
            Self::File(_) | Self::Argument(_) | Self::Input(_) | Self::Output(_) => Exit::Usage,
            Self::Scenario(_) | Self::Ledger(_) | Self::Embedded(_) => Exit::Problems,
            #[cfg(feature = "aws")]
            Self::Remote(_) => Exit::Problems,
        };
        let mut text = self.to_string();
        // A transparent error says itself already; its own source is what is new.
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        // There is nowhere left to say that this cannot be said.
        let _ = console.complain(&text);
        exit
    }
}
