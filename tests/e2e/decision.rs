//! A person decides by the link that Slack was sent, in a browser.

use std::time::Duration;

use serde_json::Value;

use crate::{
    bed::Bed,
    driver::{Browser, ENTER, Scripts},
    slack::Slack,
};

/// From a decision to the message: the table's stream, the function, and a busy machine.
const TOLD: Duration = Duration::from_mins(2);

/// A link of a message, and the code that stands beside it.
pub(crate) struct Link {
    address: String,
    code: String,
}

/// What a plan must have so that its first phase asks Aiko.
pub(crate) fn with_approval(plan: &str) -> String {
    let phase = "{ name: canary,   weight: 5%,   bake: 0s, within: 30m }";
    assert!(plan.contains(phase), "{plan}");
    let asks = "{ name: canary, weight: 5%, bake: 0s, within: 30m, \
                approval: { from: [leads], needed: 1, expires: 30m, otherwise: rollback } }";
    let half = "  - { name: half,     weight: 50%,  bake: 0s, within: 30m }\n";
    let plan = plan.replace(phase, asks).replace(half, "");
    format!("{plan}\ngroups: {{ leads: [aiko] }}\n")
}

/// The links of the message in which a rollout asks to go on.
pub(crate) fn asked(slack: &Slack, rollout: &str) -> Value {
    let title = format!("{rollout}: phase canary (1 of 2) needs approval to go on");
    slack.until(TOLD, |message| {
        let text = message["text"].as_str().unwrap_or_default();
        text.contains(&title)
    })
}

/// The first link of a message that is called so: its address, its name, and its code in backticks.
pub(crate) fn link(message: &Value, called: &str) -> Link {
    let blocks = message["blocks"].as_array().into_iter().flatten();
    let texts = blocks.filter_map(|block| block.pointer("/text/text")?.as_str());
    let end = format!("|{called}> · code `");
    for line in texts.flat_map(str::lines) {
        let Some((address, code)) = line.split_once(&end) else {
            continue;
        };
        return Link {
            address: address.trim_start_matches('<').to_owned(),
            code: code.trim_end_matches('`').to_owned(),
        };
    }
    panic!("no link to {called} in {message:#}");
}

impl Link {
    /// What stands in no log: the token.
    pub(crate) fn token(&self) -> &str {
        self.address.rsplit('/').next().unwrap_or_default()
    }

    /// Opens the page, types the code and presses the one button there is; what is said when it has had its effect.
    pub(crate) fn answer(&self, bed: &Bed, name: &str) -> String {
        let browser = Browser::start(name, Scripts::On);
        browser.go(&here(bed, &self.address));
        browser.tab_to("input code");
        browser.press(&self.code);
        browser.press(ENTER);
        let said = browser.text(".notice.good");
        browser.picture(name);
        said
    }
}

/// An address of a message on emulated AWS, which has no TLS and all hosts at one port.
pub(crate) fn here(bed: &Bed, address: &str) -> String {
    let port = bed.endpoint().rsplit(':').next().unwrap_or_default();
    let rest = address.strip_prefix("https://");
    let (host, path) = rest
        .and_then(|rest| rest.split_once('/'))
        .unwrap_or_else(|| panic!("a link is https: {address}"));
    format!("http://{host}:{port}/{path}")
}
