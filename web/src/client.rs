//! Who is asking: the address of the client, seen through the proxies the operator trusts.

use axum::http::HeaderMap;
use std::{net::IpAddr, str::FromStr};

/// A network in CIDR notation (RFC 4632): `10.0.0.0/8`, `2001:db8::/32`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Why a text is not a [`Network`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network: write an address, or an address and a length such as `10.0.0.0/8`")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

fn number(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    }
}

impl Network {
    /// Whether `address` is inside. IPv4-mapped IPv6 addresses count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let ((mine, my_width), (theirs, their_width)) = (number(self.address), number(address.to_canonical()));
        let rest = u32::from(my_width - self.bits);
        my_width == their_width && mine.checked_shr(rest).unwrap_or(0) == theirs.checked_shr(rest).unwrap_or(0)
    }
}

/// The client behind `peer`: while the peer is a trusted proxy, the next entry of
/// `X-Forwarded-For` from the right. Entries further left were written by strangers and are never
/// believed.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let mut client = peer.to_canonical();
    let is_trusted = |address| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(client) {
        return client;
    }
    let entries: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for entry in entries.iter().rev() {
        let Ok(address) = entry.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// What one household or office counts as: an IPv4 address, or an IPv6 /64, since one customer
/// gets at least that much (RFC 6177 §2).
pub fn bucket(address: IpAddr) -> u128 {
    match address {
        // Tagged, so that no IPv4 address shares a bucket with an IPv6 network.
        IpAddr::V4(v4) => (1 << 127) | u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6) >> 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|n| n.parse().unwrap()).collect();
        address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn strangers_cannot_choose_their_address() {
        let cases: &[(&str, &[&str], &[&str], &str)] = &[
            ("9.9.9.9", &["1.1.1.1"], &[], "9.9.9.9"),
            ("9.9.9.9", &["1.1.1.1"], &["10.0.0.0/8"], "9.9.9.9"),
            ("10.0.0.1", &["1.1.1.1, 2.2.2.2"], &["10.0.0.0/8"], "2.2.2.2"),
            ("10.0.0.1", &["1.1.1.1, 2.2.2.2, 10.3.3.3"], &["10.0.0.0/8"], "2.2.2.2"),
            ("10.0.0.1", &["1.1.1.1", "2.2.2.2"], &["10.0.0.0/8"], "2.2.2.2"),
            ("10.0.0.1", &["1.1.1.1, nonsense"], &["10.0.0.0/8"], "10.0.0.1"),
            ("10.0.0.1", &[], &["10.0.0.0/8"], "10.0.0.1"),
            ("::ffff:10.0.0.1", &["2001:db8::1"], &["10.0.0.1"], "2001:db8::1"),
        ];
        for (peer, forwarded, trusted, expected) in cases {
            assert_eq!(seen(peer, forwarded, trusted), *expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn networks() {
        for bad in ["", "10.0.0.0/33", "x/8", "10.0.0.0/", "::/129"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!("::/0".parse::<Network>().unwrap().contains("2001:db8::1".parse().unwrap()));
        assert!(!"::/0".parse::<Network>().unwrap().contains("8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn one_household_one_bucket() {
        let bucket = |text: &str| bucket(text.parse().unwrap());
        assert_eq!(bucket("2001:db8::1"), bucket("2001:db8::ffff"));
        assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
        assert_ne!(bucket("1.2.3.4"), bucket("1.2.3.5"));
    }
}
