//! One action of a transaction, and its condition.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{
        AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};
use engine::trouble::Trouble;

use super::{item::Item, key::PK};

/// A condition expression with the names and values that it speaks of.
///
/// Every attribute goes by a `#name`, because many plain words are reserved (`DynamoDB`, "Reserved words").
#[derive(Debug, Clone)]
pub(super) struct Condition {
    text: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Condition {
    pub(super) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut names = HashMap::new();
        // A name that is given and not used is refused.
        if text.contains("#pk") {
            names.insert("#pk".to_owned(), PK.to_owned());
        }
        Self {
            text,
            names,
            values: HashMap::new(),
        }
    }

    pub(super) fn name(mut self, name: &str, attribute: &str) -> Self {
        self.names.insert(name.to_owned(), attribute.to_owned());
        self
    }

    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    pub(super) fn and(mut self, more: &str) -> Self {
        self.text.push_str(" AND ");
        self.text.push_str(more);
        self
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

/// One action of a transaction.
#[derive(Debug, Clone)]
pub(super) struct Action {
    what: What,
    condition: Option<Condition>,
}

#[derive(Debug, Clone)]
enum What {
    Put(Item),
    /// The key, and what is done.
    Update(Item, &'static str),
    /// The key.
    Delete(Item),
}

impl Action {
    const fn new(what: What) -> Self {
        Self {
            what,
            condition: None,
        }
    }

    pub(super) const fn put(item: Item) -> Self {
        Self::new(What::Put(item))
    }

    /// An update may speak of what its condition speaks of.
    pub(super) const fn update(key: Item, expression: &'static str) -> Self {
        Self::new(What::Update(key, expression))
    }

    pub(super) const fn delete(key: Item) -> Self {
        Self::new(What::Delete(key))
    }

    pub(super) fn on(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// The action as the SDK has it. A condition that fails brings the item that it failed on.
    pub(super) fn build(self, table: &str) -> Result<TransactWriteItem, Trouble> {
        let text = self.condition.as_ref().map(|on| on.text.clone());
        let names = self.condition.as_ref().map(|on| on.names.clone());
        let values = self.condition.as_ref().and_then(Condition::values);
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let item = TransactWriteItem::builder();
        let built: Result<_, BuildError> = match self.what {
            What::Put(fields) => Put::builder()
                .table_name(table)
                .set_item(Some(fields))
                .set_condition_expression(text)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(old)
                .build()
                .map(|put| item.put(put)),
            What::Update(key, expression) => Update::builder()
                .table_name(table)
                .set_key(Some(key))
                .update_expression(expression)
                .set_condition_expression(text)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(old)
                .build()
                .map(|update| item.update(update)),
            What::Delete(key) => Delete::builder()
                .table_name(table)
                .set_key(Some(key))
                .set_condition_expression(text)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(old)
                .build()
                .map(|delete| item.delete(delete)),
        };
        let built = built.map_err(|error| {
            Trouble::lasting(format!("TransactWriteItems could not be built: {error}"))
        })?;
        Ok(built.build())
    }
}
