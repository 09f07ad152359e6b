//! Scenarios: what the world does to a rollout.

use domain::time::Timestamp;

/// What the world does to a rollout; by default nothing that could trouble it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// When it begins.
    pub start: Timestamp,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            // A Tuesday, ten in the morning in Tokyo.
            start: Timestamp::from_second(1_768_266_000).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// What is wrong with a scenario's text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ScenarioError {
    /// Counts from 1.
    pub line: u64,
    /// Counts from 1.
    pub column: u64,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Scenario {
    /// Reads a scenario file.
    pub fn parse(_text: &str) -> Result<Self, ScenarioError> {
        Ok(Self::default())
    }
}
