//! Hooks: each try ends as the scenario says.

use std::collections::BTreeMap;

use domain::{
    event::HookOutcome,
    name::{EventKey, HookName},
    plan::hook::Hook,
};
use engine::ports::Hooks;

use super::World;
use crate::scenario::HookEnd;

/// What is left of each hook's script, and what became of each run.
#[derive(Debug)]
pub(super) struct Desk {
    scripts: BTreeMap<String, Vec<HookEnd>>,
    next: BTreeMap<String, usize>,
    /// Calls with one key are one run, so its end is given again.
    ended: BTreeMap<EventKey, HookEnd>,
}

impl Desk {
    pub(super) fn new(scripts: BTreeMap<String, Vec<HookEnd>>) -> Self {
        Self {
            scripts,
            next: BTreeMap::new(),
            ended: BTreeMap::new(),
        }
    }

    fn look(&mut self, name: &HookName, key: &EventKey) -> HookEnd {
        if let Some(end) = self.ended.get(key) {
            return *end;
        }
        let next = self.next.entry(name.to_string()).or_default();
        let script = self.scripts.get(name.as_str());
        let end = script.and_then(|script| script.get(*next)).copied();
        let end = end.unwrap_or(HookEnd::Succeeded);
        *next = next.saturating_add(1);
        if end != HookEnd::Running {
            self.ended.insert(key.clone(), end);
        }
        end
    }
}

impl Hooks for World {
    async fn run(&self, name: &HookName, _hook: &Hook, key: &EventKey) -> HookOutcome {
        let (name, key) = (name.clone(), key.clone());
        let end = self
            .call(
                "hooks.run",
                |trouble| trouble,
                move |state, _| Ok(state.hooks.look(&name, &key)),
            )
            .await;
        match end {
            Ok(HookEnd::Succeeded) => HookOutcome::Succeeded,
            Ok(HookEnd::Failed) => HookOutcome::Failed("it exited with 1".to_owned()),
            // Without an answer it may be at work: the next look, with the same key, tells.
            Ok(HookEnd::Running) | Err(_) => HookOutcome::Running,
        }
    }
}
