//! The one spelling of a line: what is written, and the refusal of everything else.
//!
//! It is JSON. It is read here, and not by a library, because a library forgives: spaces, keys in another
//! order, `\u0061` for `a`. A line that is read here and written again is the same, byte for byte.

use super::Why;

/// A line that is being written.
pub(super) struct Writing(String);

impl Writing {
    /// An object that says what it is.
    pub(super) fn object(kind: &str) -> Self {
        Self(beginning(kind))
    }

    pub(super) fn number(mut self, key: &str, number: u64) -> Self {
        self.key(key);
        self.0.push_str(&number.to_string());
        self
    }

    pub(super) fn text(mut self, key: &str, text: &str) -> Self {
        self.key(key);
        self.quoted(text);
        self
    }

    pub(super) fn texts(mut self, key: &str, texts: &[String]) -> Self {
        self.key(key);
        self.0.push('[');
        for (n, text) in texts.iter().enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            self.quoted(text);
        }
        self.0.push(']');
        self
    }

    /// The line, with the newline that ends it.
    pub(super) fn end(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }

    fn key(&mut self, key: &str) {
        for part in [",\"", key, "\":"] {
            self.0.push_str(part);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.0.push('"');
        for c in text.chars() {
            match escape(c) {
                Some(escape) => self.0.push_str(&escape),
                None => self.0.push(c),
            }
        }
        self.0.push('"');
    }
}

fn beginning(kind: &str) -> String {
    format!("{{\"type\":\"{kind}\"")
}

/// What follows several texts, one after the other.
fn behind<'a>(text: &'a str, parts: [&str; 3]) -> Option<&'a str> {
    let mut parts = parts.into_iter();
    parts.try_fold(text, |rest, part| rest.strip_prefix(part))
}

/// How a character is written that cannot stand for itself.
fn escape(c: char) -> Option<String> {
    let text = match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\0'..' ' => return Some(format!("\\u{:04x}", u32::from(c))),
        _ => return None,
    };
    Some(text.to_owned())
}

/// A line without the newline that ends it, if it is a text.
pub(super) fn line(line: &[u8]) -> Result<&str, Why> {
    let Some(line) = line.strip_suffix(b"\n") else {
        return Err(Why::CutOff);
    };
    std::str::from_utf8(line).map_err(|error| spelling(error.valid_up_to(), "UTF-8"))
}

fn spelling(at: usize, expected: impl Into<String>) -> Why {
    Why::Spelling {
        at,
        expected: expected.into(),
    }
}

/// A line that is being read.
pub(super) struct Reading<'a> {
    line: &'a str,
    rest: &'a str,
}

impl<'a> Reading<'a> {
    /// Whether a line says that it is of a kind.
    pub(super) fn is(line: &str, kind: &str) -> bool {
        behind(line, ["{\"type\":\"", kind, "\""]).is_some()
    }

    /// An object of a kind.
    pub(super) fn object(line: &'a str, kind: &str) -> Result<Self, Why> {
        match behind(line, ["{\"type\":\"", kind, "\""]) {
            Some(rest) => Ok(Self { line, rest }),
            None => Err(spelling(0, format!("`{}`", beginning(kind)))),
        }
    }

    pub(super) fn number(&mut self, key: &str) -> Result<u64, Why> {
        self.key(key)?;
        let end = self.rest.bytes().position(|byte| !byte.is_ascii_digit());
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let padded = digits.starts_with('0') && digits.len() > 1;
        match digits.parse() {
            Ok(number) if !padded => {
                self.rest = rest;
                Ok(number)
            }
            Ok(_) | Err(_) => Err(self.expected("a whole number")),
        }
    }

    pub(super) fn text(&mut self, key: &str) -> Result<String, Why> {
        self.key(key)?;
        self.quoted()
    }

    pub(super) fn texts(&mut self, key: &str) -> Result<Vec<String>, Why> {
        self.key(key)?;
        self.literal("[")?;
        let mut texts = Vec::new();
        if self.literal("]").is_ok() {
            return Ok(texts);
        }
        loop {
            texts.push(self.quoted()?);
            if self.literal("]").is_ok() {
                return Ok(texts);
            }
            self.literal(",")?;
        }
    }

    /// The end of the object, and of the line.
    pub(super) fn end(mut self) -> Result<(), Why> {
        self.literal("}")?;
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.expected("the end of the line"))
        }
    }

    fn quoted(&mut self) -> Result<String, Why> {
        self.literal("\"")?;
        let mut text = String::new();
        loop {
            let special = |byte| byte < b' ' || byte == b'"' || byte == b'\\';
            let end = self.rest.bytes().position(special);
            let (plain, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            text.push_str(plain);
            self.rest = rest;
            if let Some(rest) = rest.strip_prefix('"') {
                self.rest = rest;
                return Ok(text);
            }
            text.push(self.escaped()?);
        }
    }

    /// A character that was written as [`escape`] writes it.
    fn escaped(&mut self) -> Result<char, Why> {
        let all = ('\0'..' ').chain(['"', '\\']);
        for c in all {
            let rest = escape(c).and_then(|escape| self.rest.strip_prefix(&escape));
            if let Some(rest) = rest {
                self.rest = rest;
                return Ok(c);
            }
        }
        Err(self.expected("a character of a text, or the quote that ends it"))
    }

    fn key(&mut self, key: &str) -> Result<(), Why> {
        match behind(self.rest, [",\"", key, "\":"]) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.expected(&format!("`,\"{key}\":`"))),
        }
    }

    fn literal(&mut self, text: &str) -> Result<(), Why> {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.expected(&format!("`{text}`"))),
        }
    }

    fn expected(&self, what: &str) -> Why {
        spelling(self.line.len().saturating_sub(self.rest.len()), what)
    }
}
