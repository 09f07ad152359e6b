//! What an address of a plan may reach: the open net, and nothing of ours.
//!
//! A name is looked up once, and the connection goes to what was looked up and found to be public: between a check
//! and a connection nobody can give the name another address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};

use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    dns::{DnsFuture, ResolveDns, ResolveDnsError},
    http::{HttpConnectorSettings, SharedHttpConnector},
};

use crate::exchange::ANSWERS_WITHIN;

/// Which addresses web hooks may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the open net, under TLS.
    OpenNet,
    /// Any: for tests, which have a server on their own machine.
    Anywhere,
}

impl Reach {
    /// Whether an address may be called; the address may hold a secret, and is not repeated.
    pub(super) fn allows(self, url: &str) -> Result<(), &'static str> {
        match self {
            Self::Anywhere => return Ok(()),
            Self::OpenNet => {}
        }
        let Some(rest) = url.strip_prefix("https://") else {
            return Err("the web hook's address does not begin with `https://`");
        };
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err("the web hook's address has a user in it");
        }
        match literal(authority) {
            Some(address) if !is_public(address) => {
                Err("the web hook's address is not one of the open net")
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The address that a host is, if it is one and no name: no name is looked up for it.
fn literal(authority: &str) -> Option<IpAddr> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, _) = rest.split_once(']')?;
        return host.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let host = authority.split(':').next().unwrap_or_default();
    host.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// Connections to public addresses only.
#[must_use]
pub fn open_net() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(ANSWERS_WITHIN)
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_with_resolver(PublicOnly);
    SharedHttpConnector::new(connector)
}

/// Looks names up, and answers with what is public of it.
#[derive(Debug, Clone)]
struct PublicOnly;

impl ResolveDns for PublicOnly {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let name = name.to_owned();
        DnsFuture::new(async move {
            let found = tokio::task::spawn_blocking(move || (name, 443).to_socket_addrs())
                .await
                .map_err(ResolveDnsError::new)?
                .map_err(ResolveDnsError::new)?;
            all_public(found.map(|address| address.ip()))
        })
    }
}

/// A name that also has an address of ours has none: it was made to lead here.
fn all_public(found: impl Iterator<Item = IpAddr>) -> Result<Vec<IpAddr>, ResolveDnsError> {
    let found: Vec<IpAddr> = found.collect();
    if found.is_empty() || !found.iter().copied().all(is_public) {
        return Err(ResolveDnsError::new("no address of the open net"));
    }
    Ok(found)
}

/// Whether an address is one of the open net (IANA, special-purpose address registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped (`::ffff:0:0/96`), translated (`64:ff9b::/96`) or 6to4
/// (`2002::/16`).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    match (address.segments(), address.octets()) {
        ([0x64, 0xff9b, 0, 0, 0, 0, ..], [.., a, b, c, d])
        | ([0x2002, ..], [_, _, a, b, c, d, ..]) => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127 | 224..=255, ..] => true,
        [100, second, ..] => (64..=127).contains(&second),
        [169, second, ..] => second == 254,
        [172, second, ..] => (16..=31).contains(&second),
        [192, second, third, _] => {
            second == 168 || matches!((second, third), (0, 0 | 2) | (88, 99))
        }
        [198, second, third, _] => matches!(second, 18 | 19) || (second, third) == (51, 100),
        [203, second, third, _] => (second, third) == (0, 113),
        _ => false,
    };
    !special
}

/// Global unicast is `2000::/3`; documentation and protocol assignments in it are not.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0xdb8 | 0..=0x1ff, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_net_is_called() {
        let check = |url: &str| Reach::OpenNet.allows(url).is_ok();
        for good in [
            "https://hooks.example.com/t?x=1",
            "https://hooks.example.com:8443",
            "https://93.184.215.14/t",
            "https://[2606:2800:21f:cb07::1]/t",
        ] {
            assert!(check(good), "{good}");
        }
        for wrong in [
            "http://hooks.example.com/t",
            "ftp://hooks.example.com/t",
            "https://user@hooks.example.com/t",
            "https://user:word@127.0.0.1/t",
            "https://127.0.0.1/t",
            "https://10.0.0.7:8080/t",
            "https://169.254.169.254/latest/meta-data",
            "https://169.254.170.2/v2/credentials",
            "https://192.168.1.1?x",
            "https://172.31.255.255#x",
            "https://100.64.0.1",
            "https://0.0.0.0",
            "https://[::1]/t",
            "https://[fe80::1]/t",
            "https://[fd00:ec2::254]/latest",
            "https://[::ffff:127.0.0.1]/t",
            "https://[64:ff9b::a9fe:a9fe]/t",
            "https://[2002:7f00:1::]/t",
        ] {
            assert!(!check(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_name_that_leads_to_us_has_no_address() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let check = |all: &[&str]| all_public(all.iter().map(|text| ip(text))).is_ok();
        assert!(check(&["93.184.215.14"]));
        assert!(!check(&["93.184.215.14", "10.0.0.1"]));
        assert!(!check(&["169.254.169.254"]));
        assert!(!check(&[]));
    }

    /// `localhost` is a name like any other, and leads to this machine.
    #[test]
    fn a_connection_goes_to_what_was_looked_up() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let found = runtime.block_on(PublicOnly.resolve_dns("localhost"));
        assert!(found.is_err());
    }
}
