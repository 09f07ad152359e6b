//! What links are made with: the private key, what codes are made from, and where links lead.

use domain::time::Timestamp;
use engine::trouble::Trouble;
use token::{Audience, Signer, code::CodeKey};

use crate::{
    client::{SetupError, variable},
    ports::optional,
    secrets::Secrets,
};

/// What links are made with.
#[derive(Debug)]
pub struct Keys {
    /// The host of the page that they lead to.
    pub host: String,
    /// The deployment that they are for.
    pub audience: Audience,
    /// What signs them.
    pub signer: Signer,
    /// What makes their names and codes.
    pub codes: CodeKey,
}

/// Has the keys, or knows that there are none.
#[expect(
    async_fn_in_trait,
    reason = "the functions run on one thread; no future needs to be Send"
)]
pub trait Keyring {
    /// The keys as they are at `now`; none where links are not set up.
    async fn keys(&self, now: Timestamp) -> Result<Option<Keys>, Trouble>;
}

/// Keys in parameters.
#[derive(Debug)]
pub struct Parameters {
    secrets: Secrets,
    named: Option<Place>,
}

#[derive(Debug)]
struct Place {
    host: String,
    audience: Audience,
    signing: String,
    code: String,
}

impl Parameters {
    /// The parameters that the environment names; links are off unless it names a host and both of them.
    pub fn from_environment(secrets: Secrets) -> Result<Self, SetupError> {
        let host = optional("TIDEGATE_LINK_HOST");
        let signing = optional("TIDEGATE_SIGNING_PARAMETER");
        let code = optional("TIDEGATE_CODE_PARAMETER");
        let (Some(host), Some(signing), Some(code)) = (host, signing, code) else {
            return Ok(Self {
                secrets,
                named: None,
            });
        };
        let audience = audience()?;
        let named = Place {
            host,
            audience,
            signing,
            code,
        };
        Ok(Self {
            secrets,
            named: Some(named),
        })
    }
}

/// The deployment that the environment names: links are made for it, and it takes no others.
pub fn audience() -> Result<Audience, SetupError> {
    let name = "TIDEGATE_AUDIENCE";
    let found = variable(name)?;
    Audience::parse(&found).map_err(|_| SetupError::Wrong {
        name,
        expected: "`<account>/<region>/<deployment>`",
        found,
    })
}

impl Keyring for Parameters {
    /// Two round trips at most every five minutes.
    async fn keys(&self, now: Timestamp) -> Result<Option<Keys>, Trouble> {
        let Some(place) = &self.named else {
            return Ok(None);
        };
        let secrets = &self.secrets;
        let signer = secrets.parsed(&place.signing, now, Signer::parse).await?;
        let codes = secrets.parsed(&place.code, now, CodeKey::parse).await?;
        Ok(Some(Keys {
            host: place.host.clone(),
            audience: place.audience.clone(),
            signer,
            codes,
        }))
    }
}
