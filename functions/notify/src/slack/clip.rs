//! Foreign words in Slack's markup: escaped, and cut where that breaks nothing.

/// What stands where something was cut.
const CUT: char = '…';

/// Foreign words must not become links or mentions (Slack, "Formatting text for app surfaces").
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match entity(c) {
            Some(entity) => safe.push_str(entity),
            None => safe.push(c),
        }
    }
    safe
}

const fn entity(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

/// Foreign words, escaped and no longer than that: cut between two characters, and between no two parts of an entity.
pub(crate) fn clipped(text: &str, max: usize) -> String {
    cut(&escaped(text), max)
}

/// The same for what is escaped already.
pub(crate) fn cut(escaped: &str, max: usize) -> String {
    if escaped.chars().count() <= max {
        return escaped.to_owned();
    }
    let mut safe = String::new();
    let mut chars = 0;
    for piece in pieces(escaped) {
        let longer = chars + piece.chars().count();
        // The mark that something is missing has its place too.
        if longer >= max {
            break;
        }
        chars = longer;
        safe.push_str(piece);
    }
    safe.push(CUT);
    safe
}

/// The characters of an escaped text, its entities whole.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let first = text.chars().next()?;
        let whole = ["&amp;", "&lt;", "&gt;"]
            .into_iter()
            .find(|entity| text.starts_with(entity));
        let length = whole.map_or(first.len_utf8(), str::len);
        let (piece, rest) = text.split_at_checked(length)?;
        text = rest;
        Some(piece)
    })
}

/// Lines in as few texts as hold them; a line is never parted.
pub(crate) fn packed(lines: impl IntoIterator<Item = String>, max: usize) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut chars = 0;
    for line in lines {
        let length = line.chars().count();
        match texts.last_mut() {
            Some(text) if chars + 1 + length <= max => {
                text.push('\n');
                text.push_str(&line);
                chars += 1 + length;
            }
            Some(_) | None => {
                texts.push(line);
                chars = length;
            }
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_cut_between_entities() {
        assert_eq!(clipped("a<b", 6), "a&lt;b");
        assert_eq!(clipped("a<b>", 6), "a&lt;…");
        assert_eq!(clipped("a<b>", 5), "a…");
        assert_eq!(clipped("<<<<", 8), "&lt;…");
        assert_eq!(clipped("█████", 3), "██…");
        assert_eq!(clipped("", 3), "");
        for max in 1..40 {
            let text = clipped("a & b < c > d &amp; e", max);
            assert!(text.chars().count() <= max, "{max}: {text}");
            let loose = text
                .replace("&amp;", "")
                .replace("&lt;", "")
                .replace("&gt;", "");
            assert!(!loose.contains(['&', '<', '>']), "{max}: {text}");
        }
    }

    #[test]
    fn lines_are_packed_whole() {
        let lines = ["aaa", "bb", "c", "dddddd"].map(str::to_owned);
        assert_eq!(packed(lines, 6), ["aaa\nbb", "c", "dddddd"]);
        assert_eq!(packed([], 6), Vec::<String>::new());
    }
}
