//! Hooks: effects outside Tidegate, by name.

use domain::{
    plan::{
        gate::Otherwise,
        hook::{Hook, HookFailure, HookTarget},
    },
    time::SignedDuration,
};
use serde_json::{Value, json};

use crate::{
    arn::Function,
    decode::Leaf,
    leaf::{Text, Whole, spell},
    node::Scalar,
    problem::{Code, Fault, Report, quote},
    record::{record, words},
};

words! { HookFailure, "what a failure does" {
    "hold" = Self::Gate(Otherwise::Hold),
    "rollback" = Self::Gate(Otherwise::Rollback),
    "ignore" = Self::Ignore,
} }

record! {
    /// An effect outside Tidegate.
    HookText as "a hook", one of ["lambda", "webhook", "ssm"] {
        /// A Lambda function that is invoked, by name or ARN.
        optional lambda: Function,
        /// A web address that is called; the call is signed.
        optional webhook: HttpsUrl,
        /// A Systems Manager automation document that is run, by name.
        optional ssm: Text<128>,
        /// How long one run may take.
        default("5m") timeout: SignedDuration,
        /// How often it is tried before it has failed.
        default("1") attempts: Whole<1, 10>,
        /// What a failure does: `hold`, `rollback` or `ignore`.
        default("hold") on_failure: HookFailure,
    }
}

/// An address that begins with `https://` and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpsUrl(pub(crate) String);

/// Hosts whose addresses are secrets: whoever knows one can write to the channel behind it.
const SECRET_HOSTS: [&str; 3] = ["hooks.slack.com", "discord.com", "outlook.office.com"];

impl Leaf for HttpsUrl {
    const EXPECTED: &'static str = "an address, such as https://hooks.example.com/tidegate";
    const EXAMPLE: &'static str = "https://hooks.example.com/tidegate";

    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let text = scalar.text.as_str();
        let bad = |mend: &str| {
            let found = format!("{} is no such address", quote(text));
            Err(Fault::new(Code::BadAddress, found, Self::EXPECTED, mend))
        };
        let Some(rest) = text.strip_prefix("https://") else {
            return bad("begin with `https://`");
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let secret = |found: &str, mend: &str| {
            Err(Fault::new(
                Code::Secret,
                found,
                "no secret in a plan, which many people read",
                mend,
            ))
        };
        if host.contains('@') {
            return secret(
                "this address holds a password",
                "delete what stands before the `@`; calls are signed instead",
            );
        }
        if SECRET_HOSTS.contains(&host) {
            return secret(
                "this address is a secret: whoever knows it can write to the channel",
                "name the channel under `notify`, and keep the address in the secret store",
            );
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if host.is_empty()
            || !host.chars().all(plain)
            || text.len() > 2048
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return bad("write `https://`, a host and a path, without spaces");
        }
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https://[A-Za-z0-9.:-]+([/?#].*)?$", "maxLength": 2048 })
    }
}

impl HookText {
    /// The hook, if it is whole.
    pub(crate) fn hook(&self, report: &mut Report) -> Option<Hook> {
        let timeout = self.timeout.as_ref()?;
        let (least, most) = (SignedDuration::from_secs(1), SignedDuration::from_hours(24));
        if !(least..=most).contains(&timeout.value) {
            let fault = Fault::new(
                Code::OutOfRange,
                format!(
                    "{} is no timeout that a hook can have",
                    quote(&spell(timeout.value))
                ),
                "1s to 24h",
                "write `5m`",
            );
            report.error(&timeout.place, fault);
        }
        let run = self
            .lambda
            .as_ref()
            .map(|at| HookTarget::Lambda(at.value.0.clone()))
            .or_else(|| {
                self.webhook
                    .as_ref()
                    .map(|at| HookTarget::Webhook(at.value.0.clone()))
            })
            .or_else(|| {
                self.ssm
                    .as_ref()
                    .map(|at| HookTarget::Ssm(at.value.0.clone()))
            })?;
        Some(Hook {
            run,
            timeout: timeout.value,
            attempts: self.attempts.as_ref()?.value.small(),
            on_failure: self.on_failure.as_ref()?.value,
        })
    }
}
