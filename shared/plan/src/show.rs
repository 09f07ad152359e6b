//! Problems for a terminal and for tools.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::problem::{Problem, Severity};

/// Whether what is rendered has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Color {
    /// Plain text, for a file or a pipe.
    Never,
    /// ANSI colours, for a terminal.
    Always,
}

/// Renders problems as a person wants to read them: each with its line of the source and a caret below.
#[must_use]
pub fn render(problems: &[Problem], file_name: &str, source: &str, color: Color) -> String {
    let renderer = match color {
        Color::Never => Renderer::plain(),
        Color::Always => Renderer::styled(),
    };
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let lines: Vec<&str> = source.lines().collect();
    let mut shown: Vec<String> = problems
        .iter()
        .map(|problem| one(problem, file_name, &lines, &renderer))
        .collect();
    shown.push(String::new());
    shown.join("\n\n")
}

fn one(problem: &Problem, file_name: &str, lines: &[&str], renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = if problem.path.is_empty() {
        problem.found.clone()
    } else {
        format!("{}: {}", problem.path, problem.found)
    };
    let span = &problem.span;
    let line = lines.get(span.line - 1).copied().unwrap_or_default();
    let byte = |column: usize| {
        line.char_indices()
            .nth(column - 1)
            .map_or(line.len(), |(byte, _)| byte)
    };
    let end = if span.end_line == span.line {
        byte(span.end_column)
    } else {
        line.len()
    };
    let start = byte(span.column).min(end);
    let label = format!("expected {}", problem.expected);
    let snippet = Snippet::source(line)
        .line_start(span.line)
        .path(file_name)
        .annotation(AnnotationKind::Primary.span(start..end).label(&label));
    let group: Group<'_> = level
        .primary_title(&title)
        .id(problem.code.as_str())
        .element(snippet)
        .element(Level::HELP.message(&problem.mend));
    renderer.render(&[group])
}

/// Problems for a tool: an array with one object for each.
#[must_use]
pub fn to_json(problems: &[Problem]) -> Value {
    problems
        .iter()
        .map(|problem| {
            json!({
                "severity": problem.severity.to_string(),
                "code": problem.code.as_str(),
                "path": problem.path,
                "span": {
                    "line": problem.span.line,
                    "column": problem.span.column,
                    "end_line": problem.span.end_line,
                    "end_column": problem.span.end_column,
                },
                "found": problem.found,
                "expected": problem.expected,
                "mend": problem.mend,
            })
        })
        .collect()
}
