//! What an operator types about the keys of links.

use clap::{Args, Subcommand};
use token::Kid;

/// `tidegate keys`
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "A link is signed by notify with a private key, and verified by link and approval\n\
        with public keys. The keys are parameters of Systems Manager, encrypted; they are\n\
        never printed, and Terraform never sees them.\n\n\
        Examples:\n  \
        tidegate keys new                       once; prints what Terraform wants to know\n  \
        tidegate keys rotate                    sign with a new key from now on\n  \
        tidegate keys retire 2026-11-26         a week later\n  \
        tidegate keys retire 2026-11-26 --now   its private key has leaked\n\n\
        Exit codes: 0 done, 1 it is not, 2 the command cannot be understood."
)]
pub struct Keys {
    /// What is done with them.
    #[command(subcommand)]
    pub change: Change,
    /// Where they are.
    #[command(flatten)]
    pub places: Places,
}

/// What is done with keys.
#[derive(Debug, Subcommand)]
pub enum Change {
    /// Make the first keys; what is there is never overwritten
    New(New),
    /// Make a new key, let every function know it, and sign with it from then on
    Rotate(Rotate),
    /// Take no links any more that an old key has signed
    Retire(Retire),
}

/// `tidegate keys new`
#[derive(Debug, Args)]
pub struct New {
    /// What the key is called [default: the date]
    #[arg(long, value_name = "KID", value_parser = kid)]
    pub kid: Option<Kid>,
}

/// `tidegate keys rotate`
#[derive(Debug, Args)]
pub struct Rotate {
    /// What the new key is called [default: the date]
    #[arg(long, value_name = "KID", value_parser = kid)]
    pub kid: Option<Kid>,
    /// Do not wait until every function knows it: for some minutes links may be refused
    #[arg(long)]
    pub now: bool,
}

/// `tidegate keys retire`
#[derive(Debug, Args)]
pub struct Retire {
    /// What the old key is called
    #[arg(value_name = "KID", value_parser = kid)]
    pub kid: Kid,
    /// Although links that it signed may be out: they are refused
    #[arg(long)]
    pub now: bool,
}

/// The parameters that keys are kept in.
#[derive(Debug, Args)]
pub struct Places {
    /// The name of the stack: keys are in /tidegate/NAME/
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "tidegate",
        help_heading = "Parameters"
    )]
    pub deployment: String,
    /// The private key [default: /tidegate/NAME/signing]
    #[arg(
        long,
        global = true,
        value_name = "PARAMETER",
        help_heading = "Parameters"
    )]
    pub signing: Option<String>,
    /// The public keys [default: /tidegate/NAME/verifying]
    #[arg(
        long,
        global = true,
        value_name = "PARAMETER",
        help_heading = "Parameters"
    )]
    pub verifying: Option<String>,
    /// The key of codes [default: /tidegate/NAME/code]
    #[arg(
        long,
        global = true,
        value_name = "PARAMETER",
        help_heading = "Parameters"
    )]
    pub code: Option<String>,
    /// Your own key to encrypt them with, each time anew [default: AWS's for parameters]
    #[arg(long, global = true, value_name = "KEY", help_heading = "Parameters")]
    pub kms_key: Option<String>,
}

impl Places {
    /// Where the private key is.
    #[must_use]
    pub fn signing(&self) -> String {
        self.place(self.signing.as_deref(), "signing")
    }

    /// Where the public keys are.
    #[must_use]
    pub fn verifying(&self) -> String {
        self.place(self.verifying.as_deref(), "verifying")
    }

    /// Where the key of codes is.
    #[must_use]
    pub fn code(&self) -> String {
        self.place(self.code.as_deref(), "code")
    }

    fn place(&self, named: Option<&str>, what: &str) -> String {
        let usual = || format!("/tidegate/{}/{what}", self.deployment);
        named.map_or_else(usual, str::to_owned)
    }
}

fn kid(text: &str) -> Result<Kid, String> {
    Kid::new(text).map_err(|error| error.to_string())
}
