//! What a browser sends of a form, and behind `?` (`application/x-www-form-urlencoded`, WHATWG URL).

/// Names and values in their order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

/// As many as are looked at: the longest checklist has fewer items.
const PAIRS_MAX: usize = 256;

impl Pairs {
    /// Everything that can be read; what is broken is taken as it stands.
    pub(crate) fn of(text: &[u8]) -> Self {
        let pairs = text.split(|byte| *byte == b'&');
        let pairs = pairs.filter(|pair| !pair.is_empty()).take(PAIRS_MAX);
        Self(
            pairs
                .map(|pair| {
                    let at = pair.iter().position(|byte| *byte == b'=');
                    let (name, value) = pair.split_at(at.unwrap_or(pair.len()));
                    (decoded(name), decoded(value.get(1..).unwrap_or_default()))
                })
                .collect(),
        )
    }

    /// The first value of a name.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        self.all(name).next().map(str::to_owned)
    }

    /// Every value of a name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let pairs = self.0.iter().filter(move |(known, _)| known == name);
        pairs.map(|(_, value)| value.as_str())
    }
}

fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        bytes.push(match (first, more) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (other, _) => *other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let pairs = Pairs::of(b"code=7K2+M9Q&reason=a%26b%3D%E6%89%BF&item=x&item=y&empty=&bare");
        assert_eq!(pairs.first("code").as_deref(), Some("7K2 M9Q"));
        assert_eq!(pairs.first("reason").as_deref(), Some("a&b=承"));
        assert_eq!(pairs.all("item").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(pairs.first("empty").as_deref(), Some(""));
        assert_eq!(pairs.first("bare").as_deref(), Some(""));
        assert_eq!(pairs.first("none"), None);
    }

    #[test]
    fn what_is_broken_is_taken_as_it_stands() {
        let pairs = Pairs::of(b"&&=&a=%&b=%4&c=%zz&d=%ff");
        let value = |name| pairs.first(name).unwrap();
        assert_eq!(
            [value(""), value("a"), value("b"), value("c"), value("d")],
            ["", "%", "%4", "%zz", "\u{fffd}"]
        );
    }
}
