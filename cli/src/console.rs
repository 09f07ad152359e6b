//! Where a command writes, and what is known of the other end.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use anstyle::{AnsiColor, Style};
use clap::ColorChoice;
use domain::time::Timestamp;

/// What stands at the other end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// A person's terminal.
    Terminal,
    /// A file, a pipe, nothing.
    Other,
}

impl Device {
    /// What the standard library's `is_terminal` says.
    #[must_use]
    pub const fn of(is_terminal: bool) -> Self {
        if is_terminal {
            Self::Terminal
        } else {
            Self::Other
        }
    }
}

/// Where bytes come from that nobody can guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Randomness {
    /// The machine.
    Machine,
    /// Always the same, for tests.
    Fixed([u8; 32]),
}

impl Randomness {
    /// Enough bytes for a key.
    pub(crate) fn seed(self) -> io::Result<[u8; 32]> {
        match self {
            Self::Fixed(bytes) => Ok(bytes),
            Self::Machine => {
                let mut bytes = [0; 32];
                let drawn = getrandom::fill(&mut bytes);
                drawn.map_err(|error| io::Error::other(error.to_string()))?;
                Ok(bytes)
            }
        }
    }
}

/// What a command would else ask the process for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Surroundings {
    /// Where keys come from.
    pub stdin: Device,
    /// Where results go.
    pub stdout: Device,
    /// Where problems go.
    pub stderr: Device,
    /// Whether `NO_COLOR` is set (no-color.org).
    pub no_color: bool,
    /// Whether the terminal understands no control sequences.
    pub dumb: bool,
    /// The real time.
    pub now: Timestamp,
    /// Where files go that nobody asked to keep.
    pub temporary: PathBuf,
    /// What keys are made from.
    pub random: Randomness,
}

/// The streams of a command.
pub struct Console<'a> {
    /// Standard input.
    pub input: &'a mut dyn Read,
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// What is known of them.
    pub surroundings: Surroundings,
    color: ColorChoice,
}

impl<'a> Console<'a> {
    /// Streams whose colours are chosen by what stands at the other end.
    pub fn new(
        input: &'a mut dyn Read,
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
        surroundings: Surroundings,
    ) -> Self {
        Self {
            input,
            out,
            err,
            surroundings,
            color: ColorChoice::Auto,
        }
    }

    /// Takes a person's choice.
    pub fn choose(&mut self, color: ColorChoice) {
        self.color = color;
    }

    /// How standard output is painted.
    #[must_use]
    pub fn paint(&self) -> Paint {
        self.paint_for(self.surroundings.stdout)
    }

    /// How standard error is painted.
    #[must_use]
    pub fn paint_err(&self) -> Paint {
        self.paint_for(self.surroundings.stderr)
    }

    fn paint_for(&self, device: Device) -> Paint {
        match self.color {
            ColorChoice::Always => Paint::Colors,
            ColorChoice::Never => Paint::Plain,
            ColorChoice::Auto => {
                let plain = self.surroundings.no_color || self.surroundings.dumb;
                if device == Device::Terminal && !plain {
                    Paint::Colors
                } else {
                    Paint::Plain
                }
            }
        }
    }

    /// Says what went wrong.
    pub fn complain(&mut self, what: &dyn std::fmt::Display) -> io::Result<()> {
        let label = self.paint_err().text(Ink::Bad, "error:");
        writeln!(self.err, "{label} {what}")
    }
}

/// Whether text has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Paint {
    /// With ANSI colours.
    Colors,
    /// Plain text.
    Plain,
}

/// What a piece of text is, and so how it looks: everywhere the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ink {
    /// A heading or a name.
    Strong,
    /// Beside the point.
    Faint,
    /// The canary and its share.
    Canary,
    /// As it should be.
    Good,
    /// Somebody should look.
    Ask,
    /// Wrong.
    Bad,
}

impl Ink {
    /// The style of this ink. Only the terminal's own eight colours, so that its theme decides.
    #[must_use]
    pub const fn style(self) -> Style {
        let plain = Style::new();
        match self {
            Self::Strong => plain.bold(),
            Self::Faint => plain.dimmed(),
            Self::Canary => plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))),
            Self::Good => plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
            Self::Ask => plain.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
            Self::Bad => plain
                .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)))
                .bold(),
        }
    }
}

impl Paint {
    /// A piece of text in an ink.
    #[must_use]
    pub fn text(self, ink: Ink, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colors => {
                let style = ink.style();
                format!("{style}{text}{style:#}")
            }
        }
    }
}
