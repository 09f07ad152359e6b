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
        let audience = variable("TIDEGATE_AUDIENCE")?;
        let audience = Audience::parse(&audience).map_err(|_| SetupError::Wrong {
            name: "TIDEGATE_AUDIENCE",
            expected: "`<account>/<region>/<deployment>`",
            found: audience,
        })?;
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

impl Keyring for Parameters {
    /// Two round trips at most every five minutes.
    async fn keys(&self, now: Timestamp) -> Result<Option<Keys>, Trouble> {
        let Some(place) = &self.named else {
            return Ok(None);
        };
        // What is wrong with a key's text is told without the text.
        let wrong = |name: &str, why: String| {
            Trouble::lasting(format!("the parameter {name} holds no key: {why}"))
        };
        let signing = self.secrets.get(&place.signing, now).await?;
        let signer = Signer::parse(signing.expose())
            .map_err(|why| wrong(&place.signing, why.to_string()))?;
        let code = self.secrets.get(&place.code, now).await?;
        let codes =
            CodeKey::parse(code.expose()).map_err(|why| wrong(&place.code, why.to_string()))?;
        Ok(Some(Keys {
            host: place.host.clone(),
            audience: place.audience.clone(),
            signer,
            codes,
        }))
    }
}
