//! A message as plain text, in whatever language it is.

use super::{Evidence, Field, Mark, Message};

impl Message {
    /// The title, behind what the reader should notice first.
    #[must_use]
    pub fn heading(&self) -> String {
        match &self.flag {
            Some(flag) => format!("{flag} {}", self.title),
            None => self.title.clone(),
        }
    }

    /// The message as plain text: its [`heading`](Self::heading), then its [`lines`](Self::lines).
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.heading();
        for line in self.lines() {
            text.push('\n');
            text.push_str(&line);
        }
        text
    }

    /// What stands below the title, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let fields = self.fields.iter().map(Field::text);
        let evidence = self.evidence.iter().map(Evidence::text);
        let next = self.next.iter().map(|step| format!("→ {step}"));
        fields.chain(evidence).chain(next).collect()
    }
}

impl Field {
    /// `Phase: half (2 of 3)`; what has no name stands alone.
    #[must_use]
    pub fn text(&self) -> String {
        if self.label.is_empty() {
            return self.value.clone();
        }
        format!("{}: {}", self.label, self.value)
    }
}

impl Evidence {
    /// `✗ error_rate: failed (now 4.2%, threshold < 0.1%, samples 1234)`
    #[must_use]
    pub fn text(&self) -> String {
        let mark = match self.mark {
            Mark::Good => '✓',
            Mark::Bad => '✗',
            Mark::Unknown => '?',
        };
        let values: Vec<String> = self
            .values
            .iter()
            .map(|Field { label, value }| format!("{label} {value}"))
            .collect();
        format!(
            "{mark} {}: {} ({})",
            self.metric,
            self.verdict,
            values.join(", ")
        )
    }
}
