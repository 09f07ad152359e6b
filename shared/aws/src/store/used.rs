//! What has become of a link, as `approval` keeps it: `LINK#<id>` / `USED`.

use domain::time::Timestamp;
use engine::trouble::Trouble;
use token::{
    TokenId,
    answer::{Attempt, Settled},
};

use super::{
    Store,
    item::{self, Item},
    key::Key,
};

impl Store {
    /// How many codes of a link were tried, and what became of the last answer. One round trip.
    pub async fn link_record(&self, id: &TokenId) -> Result<(u32, Option<Settled>), Trouble> {
        let key = Key {
            pk: format!("LINK#{}", id.hex()),
            sk: "USED".to_owned(),
        };
        match self.get(&key).await? {
            Some(item) => read(&item),
            None => Ok((0, None)),
        }
    }
}

/// A link that was tried and not settled yet has a count alone.
fn read(item: &Item) -> Result<(u32, Option<Settled>), Trouble> {
    let tries = item::number(item, "tries")?;
    let tries = u32::try_from(tries).unwrap_or(u32::MAX);
    let Some(attempt) = item::optional(item, "attempt") else {
        return Ok((tries, None));
    };
    let attempt = Attempt::parse(attempt);
    let outcome = serde_json::from_str(item::text(item, "outcome")?).ok();
    let at: Option<Timestamp> = item::text(item, "settled_at")?.parse().ok();
    match (attempt, outcome, at) {
        (Some(attempt), Some(outcome), Some(at)) => Ok((
            tries,
            Some(Settled {
                attempt,
                outcome,
                at,
            }),
        )),
        _ => Err(item::malformed(item, "does not say what became of a link")),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use token::answer::Outcome;

    use super::*;

    fn item(attributes: &[(&str, &str)]) -> Item {
        let texts = attributes.iter().map(|(name, text)| {
            let value = AttributeValue::S((*text).to_owned());
            ((*name).to_owned(), value)
        });
        let tries = AttributeValue::N("2".to_owned());
        texts.chain([("tries".to_owned(), tries)]).collect()
    }

    #[test]
    fn a_record_says_what_became_of_a_link() {
        assert_eq!(read(&item(&[])), Ok((2, None)));
        let written = [
            ("attempt", "abababababababab"),
            ("outcome", r#"{"wrong-code":{"left":3}}"#),
            ("settled_at", "2026-11-25T12:00:00Z"),
        ];
        let (_, settled) = read(&item(&written)).unwrap();
        assert_eq!(
            settled.map(|settled| settled.outcome),
            Some(Outcome::WrongCode { left: 3 })
        );
        for (at, wrong) in [(0, "x"), (1, r#""gone""#), (2, "yesterday")] {
            let mut spoilt = written;
            spoilt[at].1 = wrong;
            assert!(read(&item(&spoilt)).is_err(), "{wrong}");
        }
    }
}
