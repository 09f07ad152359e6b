//! Why AWS gave no answer, and what to do next: each error that a person meets at three in the morning.

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Nothing says which region.
    #[error("no AWS region is known")]
    NoRegion,
    /// The profile that was named is not there.
    #[error("there is no profile `{0}` in your AWS configuration")]
    NoProfile(String),
    /// There are no credentials, or they cannot be had.
    #[error("no AWS credentials could be had")]
    NoCredentials(String),
    /// They were good once.
    #[error("your AWS credentials have expired")]
    Expired(String),
    /// AWS does not know who it is.
    #[error("AWS does not take your credentials")]
    Unknown(String),
    /// AWS knows who it is, and says no.
    #[error("you may not call {call} on {on}")]
    Denied {
        /// The action, as a policy names it.
        call: &'static str,
        /// Its resource.
        on: String,
        /// What AWS says.
        said: String,
    },
    /// There is no such function.
    #[error("there is no function `{function}` in {region}")]
    NoFunction {
        /// Its name.
        function: String,
        /// Where it was looked for.
        region: String,
    },
    /// Too much is asked of it.
    #[error("`{0}` is asked too much at this moment")]
    Busy(String),
    /// The request was not sent.
    #[error("AWS cannot be reached in {region}")]
    Unreachable {
        /// Where it was looked for.
        region: String,
        /// What is wrong with the network.
        said: String,
    },
    /// The request was sent, and no answer came in time.
    #[error("`{0}` did not answer in time")]
    Silent(String),
    /// The function itself failed.
    #[error("`{function}` failed before it could answer")]
    Broken {
        /// Its name.
        function: String,
        /// What Lambda says.
        said: String,
    },
    /// It answered something that this version does not read.
    #[error("`{function}` answered something that this version of tidegate cannot read")]
    Garbled {
        /// Its name.
        function: String,
        /// Where reading stopped.
        said: String,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// Whether a request can have had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It cannot.
    None,
    /// It may have.
    Possible,
}

/// Whether asking again in a moment can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hope {
    /// It can.
    Some,
    /// Somebody must do something first.
    None,
}

impl Unanswered {
    /// What AWS says of it, where that is more than what is said already.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::NoCredentials(said)
            | Self::Expired(said)
            | Self::Unknown(said)
            | Self::Denied { said, .. }
            | Self::Unreachable { said, .. }
            | Self::Broken { said, .. }
            | Self::Garbled { said, .. } => (!said.is_empty()).then_some(said),
            Self::NoRegion
            | Self::NoProfile(_)
            | Self::NoFunction { .. }
            | Self::Busy(_)
            | Self::Silent(_)
            | Self::Other(_) => None,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::NoRegion => "name it with --region, or set AWS_REGION".to_owned(),
            Self::NoProfile(_) => {
                "`aws configure list-profiles` lists them; choose one with --profile".to_owned()
            }
            Self::NoCredentials(_) => {
                "sign in (`aws sso login`, or the environment variables), or \
                 choose a profile with --profile"
                    .to_owned()
            }
            Self::Expired(_) => {
                "sign in again (`aws sso login`), and repeat the command".to_owned()
            }
            Self::Unknown(_) => {
                "`aws sts get-caller-identity` says whether they work; else sign in again"
                    .to_owned()
            }
            Self::Denied { call, .. } => {
                format!("ask for the right {call} on it, or choose a profile with --profile")
            }
            Self::NoFunction { .. } => {
                "is it another --region, --profile or --function? If Tidegate \
                 is not there yet, see infra/terraform"
                    .to_owned()
            }
            Self::Busy(_) => "repeat the command in a few seconds".to_owned(),
            Self::Unreachable { .. } => {
                "look at your network and at --region, and repeat the command".to_owned()
            }
            Self::Silent(_) => "look how it stands with `tidegate status`; if traffic must go \
                 back now: `tidegate rollback --direct PLAN`"
                .to_owned(),
            Self::Broken { function, .. } => format!(
                "its log is /aws/lambda/{function}; if traffic must go back now: \
                 `tidegate rollback --direct PLAN`"
            ),
            Self::Garbled { .. } => {
                "install the version of tidegate that the functions have".to_owned()
            }
            Self::Other(_) => "repeat the command; `tidegate doctor PLAN` looks at more".to_owned(),
        }
    }

    /// Whether the request can have had its effect.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        match self {
            // A connection that broke, too, may have brought the request before.
            Self::Unreachable { .. }
            | Self::Silent(_)
            | Self::Broken { .. }
            | Self::Garbled { .. }
            | Self::Other(_) => Effect::Possible,
            Self::NoRegion
            | Self::NoProfile(_)
            | Self::NoCredentials(_)
            | Self::Expired(_)
            | Self::Unknown(_)
            | Self::Denied { .. }
            | Self::NoFunction { .. }
            | Self::Busy(_) => Effect::None,
        }
    }

    /// Whether asking again in a moment can help.
    #[must_use]
    pub const fn hope(&self) -> Hope {
        match self {
            Self::Busy(_)
            | Self::Unreachable { .. }
            | Self::Silent(_)
            | Self::Broken { .. }
            | Self::Other(_) => Hope::Some,
            Self::NoRegion
            | Self::NoProfile(_)
            | Self::NoCredentials(_)
            | Self::Expired(_)
            | Self::Unknown(_)
            | Self::Denied { .. }
            | Self::NoFunction { .. }
            | Self::Garbled { .. } => Hope::None,
        }
    }
}
