//! Links in the table: one item each, which goes some days after the link has expired.

use aws_sdk_dynamodb::{
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use domain::time::{SignedDuration, Timestamp, later};
use engine::trouble::Trouble;
use token::{
    TokenId,
    answer::{Attempt, Outcome, Settled},
    code::{Guess, TRIES},
};

use super::{
    Store,
    item::{self, Item},
    key::Key,
};
use crate::{
    links::{LinkRecord, Links, Try},
    trouble::trouble,
};

#[cfg(test)]
mod tests;

/// The version of a link's record.
const VERSION: u64 = 1;

/// How many different codes were tried.
const COUNT: &str = "tries";
/// Those codes, each as its guess.
const GUESSES: &str = "guesses";
/// The answer that something became of last.
const ATTEMPT: &str = "attempt";
/// What became of it, as JSON.
const OUTCOME: &str = "outcome";
/// When.
const SETTLED_AT: &str = "settled_at";
/// When the table may forget it, in seconds since 1970.
const EXPIRES: &str = "expires";

/// How long a record outlives its link, so that whoever opens an old one is told what became of it.
const OUTLIVES: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Store {
    /// An update of a link's record, which also says its version.
    fn update_link(&self, id: &TokenId, expression: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::link(id).attributes()))
            .update_expression(format!("{expression}, #v = :v"))
            .expression_attribute_names("#v", "v")
            .expression_attribute_values(":v", item::numeric(&VERSION))
            .expression_attribute_names("#expires", EXPIRES)
    }
}

impl Links for Store {
    /// One round trip.
    async fn read(&self, id: &TokenId) -> Result<LinkRecord, Trouble> {
        match self.get(&Key::link(id)).await? {
            Some(item) => record(&item),
            None => Ok(LinkRecord::default()),
        }
    }

    /// One round trip, and what it counts is durable before it is answered.
    async fn take_try(
        &self,
        id: &TokenId,
        guess: Guess,
        expires: Timestamp,
    ) -> Result<Try, Trouble> {
        let expires = later(expires, OUTLIVES).as_second();
        let updated = self
            .update_link(
                id,
                "ADD #tries :one, #guesses :guesses SET #expires = :expires",
            )
            .condition_expression(
                "attribute_not_exists(#guesses) OR (size(#guesses) < :most AND NOT contains(#guesses, :guess))",
            )
            .expression_attribute_names("#tries", COUNT)
            .expression_attribute_names("#guesses", GUESSES)
            .expression_attribute_values(":one", item::numeric(&1))
            .expression_attribute_values(":most", item::numeric(&TRIES))
            .expression_attribute_values(":guess", AttributeValue::S(guess.hex()))
            .expression_attribute_values(":guesses", AttributeValue::Ss(vec![guess.hex()]))
            .expression_attribute_values(":expires", item::numeric(&expires))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match updated {
            Ok(new) => left(&new.attributes.unwrap_or_default()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    let old = failed.item.clone().unwrap_or_default();
                    if guesses(&old).contains(&guess.hex()) {
                        left(&old)
                    } else {
                        item::check_version(&old, VERSION).map(|()| Try::Locked)
                    }
                }
                Some(_) | None => Err(trouble("UpdateItem", &error)),
            },
        }
    }

    /// One round trip. The newest answer replaces the one before.
    async fn settle(&self, id: &TokenId, settled: &Settled) -> Result<(), Trouble> {
        let outcome = serde_json::to_string(&settled.outcome).map_err(|error| {
            Trouble::lasting(format!("an outcome could not be written: {error}"))
        })?;
        // An answer that was no try has made no record yet.
        let expires = later(settled.at, OUTLIVES).as_second();
        self.update_link(
            id,
            "SET #attempt = :attempt, #outcome = :outcome, #at = :at, #expires = if_not_exists(#expires, :expires)",
        )
        .expression_attribute_names("#attempt", ATTEMPT)
        .expression_attribute_names("#outcome", OUTCOME)
        .expression_attribute_names("#at", SETTLED_AT)
        .expression_attribute_values(":attempt", AttributeValue::S(settled.attempt.to_string()))
        .expression_attribute_values(":outcome", AttributeValue::S(outcome))
        .expression_attribute_values(":at", AttributeValue::S(settled.at.to_string()))
        .expression_attribute_values(":expires", item::numeric(&expires))
        .send()
        .await
        .map_err(|error| trouble("UpdateItem", &error))?;
        Ok(())
    }
}

fn guesses(item: &Item) -> &[String] {
    match item.get(GUESSES) {
        Some(AttributeValue::Ss(guesses)) => guesses,
        _ => &[],
    }
}

fn left(item: &Item) -> Result<Try, Trouble> {
    item::check_version(item, VERSION)?;
    let tried = u32::try_from(guesses(item).len()).unwrap_or(u32::MAX);
    Ok(Try::Taken {
        left: TRIES.saturating_sub(tried),
    })
}

fn record(item: &Item) -> Result<LinkRecord, Trouble> {
    item::check_version(item, VERSION)?;
    let tries = u32::try_from(guesses(item).len()).unwrap_or(u32::MAX);
    let settled = match item::optional(item, ATTEMPT) {
        None => None,
        Some(attempt) => Some(settled(item, attempt)?),
    };
    Ok(LinkRecord { tries, settled })
}

fn settled(item: &Item, attempt: &str) -> Result<Settled, Trouble> {
    let wrong = |attribute| item::malformed(item, format!("has an `{attribute}` that is none"));
    let outcome: Outcome =
        serde_json::from_str(item::text(item, OUTCOME)?).map_err(|_| wrong(OUTCOME))?;
    Ok(Settled {
        attempt: Attempt::parse(attempt).ok_or_else(|| wrong(ATTEMPT))?,
        outcome,
        at: item::text(item, SETTLED_AT)?
            .parse()
            .map_err(|_| wrong(SETTLED_AT))?,
    })
}
