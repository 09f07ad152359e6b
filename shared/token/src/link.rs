//! The address that a signed token is sent as.

use std::fmt;

use crate::claims::TokenId;

/// Where tokens are in the paths of the approval page.
const FOLDER: &str = "/d/";

/// A token that was signed: whoever has its text can open it.
///
/// `Display` and `Debug` show the beginning of its id and nothing of the text.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedLink {
    id: TokenId,
    token: String,
}

impl SignedLink {
    pub(crate) const fn new(id: TokenId, token: String) -> Self {
        Self { id, token }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &TokenId {
        &self.id
    }

    /// What may stand in a log: the first eight hexadecimal digits of its name.
    #[must_use]
    pub fn id_prefix(&self) -> String {
        self.id.to_string()
    }

    /// The token itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.token
    }

    /// The whole address at a host, for the one place that sends it.
    #[must_use]
    pub fn at(&self, host: &str) -> String {
        format!("https://{host}{FOLDER}{}", self.token)
    }
}

impl fmt::Display for SignedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.id)
    }
}

impl fmt::Debug for SignedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedLink({:?})", self.id)
    }
}

/// The token in the path of a request, if the path is a link's; whether it is a good one is the verifier's to say.
#[must_use]
pub fn in_path(path: &str) -> Option<&str> {
    path.strip_prefix(FOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_token() {
        let link = SignedLink::new(TokenId([0xab; 16]), "aaaa.bbbb".to_owned());
        let address = link.at("x.lambda-url.eu-west-1.on.aws");
        assert_eq!(address, "https://x.lambda-url.eu-west-1.on.aws/d/aaaa.bbbb");
        assert_eq!(in_path("/d/aaaa.bbbb"), Some(link.expose()));
        assert_eq!(in_path("/"), None);
        assert_eq!(in_path("/x/d/aaaa.bbbb"), None);
    }

    #[test]
    fn a_link_is_not_shown() {
        let link = SignedLink::new(TokenId([0xab; 16]), "aaaa.bbbb".to_owned());
        let shown = format!("{link} {link:?} {link:#?} {}", link.id_prefix());
        assert_eq!(
            shown,
            "abababab… SignedLink(abababab…) SignedLink(abababab…) abababab"
        );
    }
}
