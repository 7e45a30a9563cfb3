//! Who is on the block list: what they send is held, and nobody tells them.

use crate::submission::is_email;
use jiff::Timestamp;
use serde::Serialize;
use std::net::IpAddr;

/// The widest networks that may be blocked, in bits: a slip of the hand is no country.
const WIDEST: (u8, u8) = (12, 24);

/// What is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockKind {
    /// One e-mail address; known by its key alone.
    Email,
    /// A domain, with what is below it: every address that ends so.
    Domain,
    /// One telephone number; known by its key alone.
    Phone,
    /// Addresses of the internet (RFC 4632), where the sender's is known: the form, and the API without a key.
    Network,
}

impl BlockKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Email, Self::Domain, Self::Phone, Self::Network];

    /// The kind in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Domain => "domain",
            Self::Phone => "phone",
            Self::Network => "network",
        }
    }

    /// Reads [`BlockKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One line of the block list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// What.
    pub kind: BlockKind,
    /// The domain or network itself, the key of an address or a number.
    pub key: String,
    /// Until when.
    pub until: Timestamp,
    /// Why, in the words of who blocked.
    pub reason: String,
    /// Who blocked.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// A domain as the list writes it: lower case, at least two labels. `None` when `text` is none.
pub fn domain(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('@').trim_end_matches('.').to_lowercase();
    is_email(&format!("a@{text}")).then_some(text)
}

/// The domains that stand for `email`: its own, and each that is above it with at least two labels.
pub fn domains_of(email: &str) -> Vec<String> {
    let Some((_, own)) = email.trim().rsplit_once('@') else { return Vec::new() };
    let own = own.trim_end_matches('.').to_lowercase();
    let labels: Vec<&str> = own.split('.').take(32).collect();
    (0..labels.len().saturating_sub(1)).map(|from| labels[from..].join(".")).collect()
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) & u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)).into()),
        IpAddr::V6(v6) => {
            IpAddr::V6((u128::from(v6) & u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)).into())
        }
    }
}

/// A network as the list writes it, its first address and its length: `203.0.113.0/24`. An address alone is a network
/// of one (of a /64 in IPv6: what one household has).
///
/// # Errors
/// What to write instead.
pub fn network(text: &str) -> Result<String, String> {
    let wrong =
        || format!("`{text}` is no network: write an address, or an address and a length such as 203.0.113.0/24");
    let (address, bits) = match text.trim().split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
        None => (text.trim(), None),
    };
    let address = address.parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
    let (widest, most, alone) = if address.is_ipv4() { (WIDEST.0, 32, 32) } else { (WIDEST.1, 128, 64) };
    let bits = bits.unwrap_or(alone);
    if bits > most {
        return Err(wrong());
    }
    if bits < widest {
        return Err(format!("`{text}` is too wide: block at most a /{widest} at once"));
    }
    Ok(format!("{}/{bits}", masked(address, bits)))
}

/// Every network of the list that `address` may be in, as the list writes them.
pub fn networks_of(address: IpAddr) -> Vec<String> {
    let address = address.to_canonical();
    let (widest, most) = if address.is_ipv4() { (WIDEST.0, 32) } else { (WIDEST.1, 128) };
    (widest..=most).map(|bits| format!("{}/{bits}", masked(address, bits))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn networks_are_written_one_way() {
        for (text, expected) in [
            ("203.0.113.77", Ok("203.0.113.77/32")),
            (" 203.0.113.77/24 ", Ok("203.0.113.0/24")),
            ("::ffff:203.0.113.77", Ok("203.0.113.77/32")),
            ("2001:DB8::1", Ok("2001:db8::/64")),
            ("2001:db8:0:1::/48", Ok("2001:db8::/48")),
            ("0.0.0.0/0", Err("too wide")),
            ("10.0.0.0/8", Err("too wide")),
            ("::/0", Err("too wide")),
            ("203.0.113.0/33", Err("no network")),
            ("203.0.113", Err("no network")),
            ("/24", Err("no network")),
            ("", Err("no network")),
        ] {
            match (network(text), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{text}: {why}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_domain_stands_for_what_is_below_it() {
        assert_eq!(domains_of("An@Mail.Spam.Example"), ["mail.spam.example", "spam.example"]);
        assert!(domains_of("nobody").is_empty());
        assert!(domains_of("a@localhost").is_empty());
        assert_eq!(domain(" @Spam.Example. ").as_deref(), Some("spam.example"));
        for bad in ["", "example", "a b.example", "spam..example", "@"] {
            assert_eq!(domain(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_in_the_networks_that_are_written_of_it(n in any::<u128>(), is_six in any::<bool>(), cut in 0_u8..=104) {
            let address: IpAddr =
                if is_six { IpAddr::V6(n.into()) } else { IpAddr::V4((n as u32).into()) }.to_canonical();
            let most = if address.is_ipv4() { 32 } else { 128 };
            let widest = if address.is_ipv4() { WIDEST.0 } else { WIDEST.1 };
            let bits = (widest + cut).min(most);
            let written = network(&format!("{address}/{bits}")).unwrap();
            prop_assert!(networks_of(address).contains(&written));
        }
    }
}
