//! A report as Markdown.

use super::{Block, Report};

impl Report {
    /// As Markdown (GitHub's, for its tables).
    #[must_use]
    pub fn markdown(&self) -> String {
        let blocks = self.blocks.iter().map(block);
        let blocks: Vec<String> = blocks.filter(|block| !block.is_empty()).collect();
        format!("# {}\n\n{}\n", plain(&self.title), blocks.join("\n\n"))
    }
}

fn block(block: &Block) -> String {
    let list = |items: Vec<String>| items.join("\n");
    match block {
        Block::Heading(heading) => format!("## {heading}"),
        Block::Text(text) => plain(text),
        Block::Facts(facts) => list(
            facts
                .iter()
                .map(|(name, value)| format!("- **{name}**: {}", plain(value)))
                .collect(),
        ),
        Block::List(items) => list(items.iter().map(|i| format!("- {}", plain(i))).collect()),
        Block::Table(head, rows) => {
            let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
            let mut lines = vec![
                row(head.iter().map(|name| plain(name)).collect()),
                row(head.iter().map(|_| "---".to_owned()).collect()),
            ];
            lines.extend(
                rows.iter()
                    .map(|r| row(r.iter().map(|c| plain(c)).collect())),
            );
            list(lines)
        }
        Block::Command(command) => format!("```sh\n{command}\n```"),
        // The table below it says the same.
        Block::Weights(_) => String::new(),
    }
}

/// Text that is read as it stands, in one line: people and hooks write what they like into a ledger.
fn plain(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut plain = String::with_capacity(text.len());
    for (at, letter) in letters.iter().copied().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied();
        let after = letters.get(at.saturating_add(1)).copied();
        let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_mark = match letter {
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' => true,
            '_' => !(is_inside(before) && is_inside(after)),
            '<' => after != Some(' '),
            '&' => is_inside(after) || after == Some('#'),
            '#' | '>' | '-' | '+' => before.is_none(),
            _ => false,
        };
        if letter.is_control() {
            plain.push(' ');
            continue;
        }
        if is_mark {
            plain.push('\\');
        }
        plain.push(letter);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_somebody_wrote_is_text_and_no_markup() {
        for (text, written) in [
            ("error_rate < 5%", "error_rate < 5%"),
            ("<b>bold</b> & *more*", r"\<b>bold\</b> & \*more\*"),
            ("a | b\n# c", r"a \| b # c"),
            ("# no heading", r"\# no heading"),
            ("[link](to)", r"\[link\](to)"),
            ("_so_ `that`", r"\_so\_ \`that\`"),
        ] {
            assert_eq!(plain(text), written);
        }
    }
}
