//! Columns: labels on the left, and beside them lists that are broken where a line is full.

use std::io::{self, Write};

use crate::console::{Ink, Paint};

/// What every terminal has.
pub(crate) const COLUMNS: usize = 80;

/// Lines whose text begins in the same column.
pub(crate) struct Margin {
    /// Spaces before the label.
    pub(crate) indent: usize,
    /// Columns of the label.
    pub(crate) label: usize,
    /// Whether labels are faint.
    pub(crate) paint: Paint,
}

impl Margin {
    /// A label and a list, with as many in a line as fit; nothing for an empty list.
    pub(crate) fn list(
        &self,
        out: &mut dyn Write,
        label: &str,
        items: &[String],
    ) -> io::Result<()> {
        let room = COLUMNS.saturating_sub(self.indent + self.label);
        let last = items.len().saturating_sub(1);
        let items = items.iter().enumerate().map(|(n, item)| {
            let comma = if n == last { "" } else { "," };
            format!("{item}{comma}")
        });
        self.lines(out, label, &fill(items, room))
    }

    /// A label and a sentence, broken between words.
    pub(crate) fn sentence(&self, out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
        let room = COLUMNS.saturating_sub(self.indent + self.label);
        let words = text.split(' ').map(str::to_owned);
        self.lines(out, label, &fill(words, room))
    }

    fn lines(&self, out: &mut dyn Write, label: &str, lines: &[String]) -> io::Result<()> {
        for (n, line) in lines.iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            let label = format!("{label:<width$}", width = self.label);
            let label = self.paint.text(Ink::Faint, &label);
            let indent = " ".repeat(self.indent);
            writeln!(out, "{indent}{label}{line}")?;
        }
        Ok(())
    }
}

/// Puts as many pieces in a line as fit, with a space between them.
pub(crate) fn fill(pieces: impl IntoIterator<Item = String>, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + piece.chars().count() <= room => {
                line.push(' ');
                line.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    lines
}

/// A text that is at most so wide; what is cut off is an ellipsis.
pub(crate) fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(room.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_broken_where_a_line_is_full() {
        let margin = Margin {
            indent: 60,
            label: 10,
            paint: Paint::Plain,
        };
        let mut out = Vec::new();
        let items = ["one", "two", "three"].map(str::to_owned);
        margin.list(&mut out, "needs", &items).unwrap();
        margin.list(&mut out, "nothing", &[]).unwrap();
        let text = String::from_utf8(out).unwrap();
        let space = " ".repeat(60);
        assert_eq!(
            text,
            format!("{space}needs     one, two,\n{space}          three\n")
        );
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
    }
}
