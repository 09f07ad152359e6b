//! Text → a tree of nodes, each with its place. YAML's surprises end here.
//!
//! Anchors, tags, several documents and keys that are no text are refused; scalars stay as they are
//! written, because what a value means is decided by the place it stands in and not by how it looks.

use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput};

use crate::{
    node::{Entry, Kind, Node, Scalar},
    problem::{Code, Fault, Place, Report, Span, is_hidden, quote},
    source::Source,
};

/// The largest file that is read; the largest of the plans in this repository has a tenth of it.
pub(crate) const FILE_BYTES_MAX: usize = 256 * 1024;
/// The deepest nesting that is read; a plan needs seven.
const DEPTH_MAX: usize = 16;
/// The longest key.
const KEY_CHARS_MAX: usize = 128;

/// Reading cannot go on; the reason is in the report.
struct Stop;

/// Reads the one document of a file.
pub(crate) fn read(text: &str, report: &mut Report) -> Option<Node> {
    if text.len() > FILE_BYTES_MAX {
        let place = Source::new("").whole();
        report.error(
            &place,
            Fault::new(
                Code::FileTooLarge,
                format!("the file has {} KiB", text.len().div_ceil(1024)),
                format!("at most {} KiB", FILE_BYTES_MAX / 1024),
                "make a plan for each service",
            ),
        );
        return None;
    }
    // Some editors begin a file with a byte order mark; it is not part of the plan.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Source::new(text);
    if refuse_hidden(&source, report) {
        return None;
    }
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        source: &source,
        report,
    };
    reader.document().ok()
}

/// A plan is reviewed by people: what they cannot see must not be in it.
fn refuse_hidden(source: &Source<'_>, report: &mut Report) -> bool {
    let hidden = source
        .text
        .char_indices()
        .filter(|(_, c)| is_hidden(*c) && !matches!(c, '\n' | '\r' | '\t'));
    let mut any = false;
    for (at, c) in hidden {
        any = true;
        let place = Place {
            path: "".into(),
            span: source.span(at, at + c.len_utf8()),
        };
        report.error(
            &place,
            Fault::new(
                Code::HiddenCharacter,
                format!("a character that cannot be seen: U+{:04X}", u32::from(c)),
                "only characters that a reviewer can see",
                "delete it",
            ),
        );
    }
    any
}

struct Reader<'a, 'r> {
    events: Parser<'a, StrInput<'a>>,
    source: &'r Source<'a>,
    report: &'r mut Report,
}

impl<'a> Reader<'a, '_> {
    fn document(&mut self) -> Result<Node, Stop> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Err(self.empty()),
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (event, span) => {
                    let node = self.node(event, span, &"".into(), None, 0)?;
                    return self.nothing_follows(node);
                }
            }
        }
    }

    fn nothing_follows(&mut self, node: Node) -> Result<Node, Stop> {
        if matches!(&node.kind, Kind::Scalar(scalar) if scalar.is_nothing()) {
            return Err(self.empty());
        }
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(node),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, span) => {
                    return Err(self.stop(
                        span,
                        Fault::new(
                            Code::SeveralDocuments,
                            "a second document begins",
                            "one plan in a file",
                            "delete the `---`, or put the second plan into its own file",
                        ),
                    ));
                }
            }
        }
    }

    fn empty(&mut self) -> Stop {
        let place = self.source.whole();
        self.report.error(
            &place,
            Fault::new(
                Code::EmptyFile,
                "there is nothing in the file",
                "a plan",
                "begin with `service:`, `routes:` and `phases:`",
            ),
        );
        Stop
    }

    fn next(&mut self) -> Result<(Event<'a>, saphyr_parser::Span), Stop> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, saphyr_parser::Span::default())),
        }
    }

    fn node(
        &mut self,
        event: Event<'a>,
        span: saphyr_parser::Span,
        path: &Arc<str>,
        heading: Option<&Place>,
        depth: usize,
    ) -> Result<Node, Stop> {
        if depth > DEPTH_MAX {
            return Err(self.stop(span, too_deep()));
        }
        let mut place = Place {
            path: Arc::clone(path),
            span: self.source.span_of(span),
        };
        let kind = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_marks(&place, anchor, tag.is_some());
                let (scalar, tight) = self.scalar(&text, style, place.span);
                place.span = tight;
                Kind::Scalar(scalar)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_marks(&place, anchor, tag.is_some());
                let (kind, end) = self.list(path, depth)?;
                place.span = self.brackets(place.span, end);
                kind
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_marks(&place, anchor, tag.is_some());
                let (kind, end) = self.map(path, depth)?;
                place.span = self.brackets(place.span, end);
                kind
            }
            Event::Alias(_) => {
                self.refuse_alias(&place);
                Kind::Refused
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Kind::Refused,
        };
        let heading = heading.map_or_else(|| place.clone(), Clone::clone);
        Ok(Node {
            place,
            heading,
            kind,
        })
    }

    /// From bracket to bracket, if both are in one line.
    fn brackets(&self, span: Span, end: saphyr_parser::Span) -> Span {
        let start = span.bytes.0;
        let rest = self.source.text.get(start..).unwrap_or_default();
        let all = self.source.span(start, self.source.byte(end.end.index()));
        if rest.starts_with(['[', '{']) && all.line == all.end_line {
            return all;
        }
        self.first_line(span)
    }

    /// The rest of the line that a list or mapping begins in, which is enough to point at it.
    fn first_line(&self, span: Span) -> Span {
        let start = span.bytes.0;
        let rest = self.source.text.get(start..).unwrap_or_default();
        let line = rest.split(['\n', '#']).next().unwrap_or_default();
        self.source.span(start, start + line.trim_end().len())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: Span) -> (Scalar, Span) {
        let plain = style == ScalarStyle::Plain;
        let (start, end) = span.bytes;
        let written = self.source.text.get(start..end).unwrap_or_default();
        // The parser says `~` for a value that is not there.
        let text = if plain && written.is_empty() {
            ""
        } else {
            text
        };
        // A block of text ends with a line break that nobody means.
        let text = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => text.trim_end_matches('\n'),
            ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => text,
        };
        let quotes = usize::from(!plain);
        let inner = written.get(quotes..written.len().saturating_sub(quotes));
        let verbatim = (inner == Some(text)).then_some(start + quotes);
        let scalar = Scalar {
            text: text.to_owned(),
            plain,
            verbatim,
        };
        let several_lines = span.line != span.end_line;
        (
            scalar,
            if several_lines {
                self.first_line(span)
            } else {
                span
            },
        )
    }

    fn list(&mut self, path: &Arc<str>, depth: usize) -> Result<(Kind, saphyr_parser::Span), Stop> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                return Ok((Kind::List(items), span));
            }
            let path = format!("{path}[{}]", items.len()).into();
            items.push(self.node(event, span, &path, None, depth + 1)?);
        }
    }

    fn map(&mut self, path: &Arc<str>, depth: usize) -> Result<(Kind, saphyr_parser::Span), Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd | Event::StreamEnd) {
                return Ok((Kind::Map(entries), span));
            }
            let key = self.node(event, span, path, None, depth + 1)?;
            let name = match &key.kind {
                Kind::Scalar(scalar) if scalar.text.chars().count() <= KEY_CHARS_MAX => {
                    scalar.text.clone()
                }
                Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) | Kind::Refused => {
                    self.bad_key(&key);
                    String::new()
                }
            };
            let place = Place {
                path: join(path, &name),
                span: key.place.span,
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, &place.path, Some(&place), depth + 1)?;
            if name.is_empty() {
                continue;
            }
            if let Some(first) = entries.iter().find(|entry| entry.key == name) {
                let line = first.place.span.line;
                self.twice(&place, &name, line);
            } else {
                entries.push(Entry {
                    key: name,
                    place,
                    value,
                });
            }
        }
    }

    fn bad_key(&mut self, key: &Node) {
        if matches!(key.kind, Kind::Refused) {
            return;
        }
        self.report.error(
            &key.place,
            Fault::new(
                Code::BadKey,
                "this cannot be a key",
                format!("a key of 1 to {KEY_CHARS_MAX} characters of text"),
                "write `key: value`",
            ),
        );
    }

    fn twice(&mut self, place: &Place, name: &str, line: usize) {
        self.report.error(
            place,
            Fault::new(
                Code::DuplicateKey,
                format!(
                    "{} is here a second time, first in line {line}",
                    quote(name)
                ),
                "every key once",
                "keep one of the two",
            ),
        );
    }

    fn refuse_marks(&mut self, place: &Place, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.refuse_alias(place);
        }
        if tagged {
            self.report.error(
                place,
                Fault::new(
                    Code::Tag,
                    "a YAML tag stands before this",
                    "a value without a tag: the plan says itself what each value is",
                    "delete the word that begins with `!`",
                ),
            );
        }
    }

    fn refuse_alias(&mut self, place: &Place) {
        self.report.error(
            place,
            Fault::new(
                Code::Anchor,
                "an anchor (`&name`) or an alias (`*name`)",
                "every value in full, so that a reviewer reads what will be done where it is done",
                "write the value out in both places; conditions for all phases go into `incidents`",
            ),
        );
    }

    fn stop(&mut self, span: saphyr_parser::Span, fault: Fault) -> Stop {
        let place = Place {
            path: "".into(),
            span: self.first_line(self.source.span_of(span)),
        };
        self.report.error(&place, fault);
        Stop
    }

    fn syntax(&mut self, error: &ScanError) -> Stop {
        let at = self.source.byte(error.marker().index());
        if error.info().contains("recursion") {
            return self.stop(saphyr_parser::Span::empty(*error.marker()), too_deep());
        }
        let line = self.source.line_column(at).0;
        let begins = self.source.lines.get(line - 1).copied().unwrap_or(0);
        let rest = self.source.text.get(begins..).unwrap_or_default();
        let content = rest
            .find(|c: char| !matches!(c, ' ' | '\t'))
            .unwrap_or(rest.len());
        if let Some(tab) = rest.get(..content).and_then(|indent| indent.find('\t')) {
            let place = Place {
                path: "".into(),
                span: self.source.span(begins + tab, begins + content),
            };
            let fault = Fault::new(
                Code::Tab,
                "a tab indents this line",
                "spaces: YAML does not take tabs for indentation",
                "put two spaces for each tab",
            );
            self.report.error(&place, fault);
            return Stop;
        }
        let end = self
            .source
            .text
            .get(at..)
            .and_then(|rest| rest.chars().next());
        let place = Place {
            path: "".into(),
            span: self.source.span(
                at,
                at + end.filter(|c| *c != '\n').map_or(0, char::len_utf8),
            ),
        };
        let fault = Fault::new(
            Code::YamlSyntax,
            format!("this is not YAML: {}", error.info().replace('\'', "`")),
            "YAML, as up to here",
            "look at the indentation, the brackets and the quotes here and in the line before; \
             text with `: `, ` #` or a leading `%`, `@` or `*` needs quotes",
        );
        self.report.error(&place, fault);
        Stop
    }
}

fn too_deep() -> Fault {
    Fault::new(
        Code::TooDeep,
        format!("more than {DEPTH_MAX} values inside each other"),
        "a plan, which needs seven at most",
        "look for a bracket or an indentation that is never closed",
    )
}

/// The path of a key in a mapping.
fn join(path: &str, key: &str) -> Arc<str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let key = if key.chars().all(plain) {
        key.to_owned()
    } else {
        let shown: String = key.escape_default().take(40).collect();
        return format!("{path}[\"{shown}\"]").into();
    };
    if path.is_empty() {
        key.into()
    } else {
        format!("{path}.{key}").into()
    }
}
