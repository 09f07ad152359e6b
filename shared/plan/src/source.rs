//! The text of a plan, and where in it something is.

use crate::problem::{Place, Span};

/// The text with what is needed to say where something is.
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    /// The byte that each character begins at.
    chars: Vec<usize>,
    /// The byte that each line begins at.
    pub(crate) lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let chars = text.char_indices().map(|(byte, _)| byte).collect();
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Self { text, chars, lines }
    }

    pub(crate) fn byte(&self, index: usize) -> usize {
        self.chars.get(index).copied().unwrap_or(self.text.len())
    }

    pub(crate) fn line_column(&self, byte: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|begins| *begins <= byte).max(1);
        let begins = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self
            .text
            .get(begins..byte)
            .map_or(0, |part| part.chars().count());
        (line, column + 1)
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        let (line, column) = self.line_column(start);
        let (end_line, end_column) = self.line_column(end.max(start));
        Span {
            line,
            column,
            end_line,
            end_column,
            bytes: (start, end.max(start)),
        }
    }

    /// A parser's span without the white space that it may end with.
    pub(crate) fn span_of(&self, span: saphyr_parser::Span) -> Span {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        let length = self
            .text
            .get(start..end)
            .map_or(0, |part| part.trim_end().len());
        self.span(start, start + length)
    }

    /// The whole plan, which is pointed at by the file's first character.
    pub(crate) fn whole(&self) -> Place {
        Place {
            path: "".into(),
            span: self.span(0, self.byte(1)),
        }
    }
}

/// The beginning of a text, to point at when nothing better is known.
pub(crate) fn beginning(text: &str) -> Place {
    Source::new(text).whole()
}
