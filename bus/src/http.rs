//! The one HTTP client: rustls, time-outs, no redirects, no proxies from the environment, and no
//! way into the city's own networks unless the operator names them. The address is checked after
//! the name was looked up and before anything connects, so that no name can point inside.
//!
//! It stands here because those who call the outside, `notifier` and `adapters`, never see each other.

use jiff::fmt::rfc2822;
use reqwest::{
    Certificate, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{HeaderMap, RETRY_AFTER},
};
use schemas::{
    Timestamp,
    fault::Invalid,
    verdict::{Fault, Verdict},
};
use serde::Deserialize;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use url::{Host, Url};

/// The most bytes of an answer that [`head`] reads.
const MAX_ANSWER: usize = 64 * 1024;
/// The longest `Retry-After` that is believed.
const MAX_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// Settings of the client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long connecting may take, TLS included, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long one call may take altogether, in milliseconds.
    pub timeout_ms: u64,
    /// Private or loopback networks that may be called all the same: `10.1.0.0/16`, `127.0.0.1`.
    pub private_networks: Vec<String>,
    /// Certificates to trust beside the system's own, PEM: for a private authority.
    pub ca_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self { connect_timeout_ms: 5_000, timeout_ms: 20_000, private_networks: Vec::new(), ca_file: None }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults: Vec<Invalid> = self
            .private_networks
            .iter()
            .filter(|text| Network::parse(text).is_none())
            .map(|text| {
                let message = format!("`{text}` is not a network: write for instance 10.1.0.0/16 or 127.0.0.1");
                Invalid::new("http.private_networks", "malformed", message)
            })
            .collect();
        if self.connect_timeout_ms == 0 || self.timeout_ms == 0 {
            faults.push(Invalid::new("http.timeout_ms", "out_of_range", "a time-out of 0 lets nothing through"));
        }
        faults
    }

    /// The client.
    ///
    /// # Errors
    /// When the TLS library is unusable, or `ca_file` holds no certificates.
    pub fn build(self) -> Result<Client, Error> {
        let allowed: Arc<[Network]> = self.private_networks.iter().filter_map(|n| Network::parse(n)).collect();
        let trusted = match &self.ca_file {
            Some(file) => certificates(file)?,
            None => Vec::new(),
        };
        let inner = reqwest::Client::builder()
            .tls_certs_merge(trusted)
            .user_agent(concat!("voordeur/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_millis(self.connect_timeout_ms))
            .timeout(Duration::from_millis(self.timeout_ms))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Guard { allowed: allowed.clone() }))
            .build()
            .map_err(Error::Build)?;
        Ok(Client { inner, allowed, timeout: Duration::from_millis(self.timeout_ms) })
    }
}

/// The certificates in `file`.
fn certificates(file: &Path) -> Result<Vec<Certificate>, Error> {
    let name = file.display();
    let pem = std::fs::read(file).map_err(|error| Error::Authority(format!("{name} cannot be read: {error}")))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::Authority(format!("there are no certificates in {name}: write them in PEM"))),
    }
}

/// Why there is no client, or why an address is not called.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The TLS library or its certificates are unusable.
    #[error("the HTTP client cannot start: {0}")]
    Build(#[source] reqwest::Error),
    /// `http.ca_file` cannot be read, or holds no certificates.
    #[error("http.ca_file: {0}")]
    Authority(String),
    /// Neither `http` nor `https`, or no host.
    #[error("{0} is not an http or https address")]
    NotHttp(String),
    /// A private or loopback network that the operator did not name.
    #[error("{0} is inside a private network: name it in http.private_networks to allow it")]
    Private(String),
}

/// The client. Cheap to clone; shares its connections.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    allowed: Arc<[Network]>,
    timeout: Duration,
}

impl Client {
    /// A POST to `url`, refused when its host is an address we may not call. Hosts with a name are
    /// checked when the name is looked up.
    pub fn post(&self, url: &Url) -> Result<reqwest::RequestBuilder, Error> {
        self.may_call(url)?;
        Ok(self.inner.post(url.clone()))
    }

    /// A GET, as [`Client::post`].
    pub fn get(&self, url: &Url) -> Result<reqwest::RequestBuilder, Error> {
        self.may_call(url)?;
        Ok(self.inner.get(url.clone()))
    }

    /// A PUT, as [`Client::post`].
    pub fn put(&self, url: &Url) -> Result<reqwest::RequestBuilder, Error> {
        self.may_call(url)?;
        Ok(self.inner.put(url.clone()))
    }

    /// A DELETE, as [`Client::post`].
    pub fn delete(&self, url: &Url) -> Result<reqwest::RequestBuilder, Error> {
        self.may_call(url)?;
        Ok(self.inner.delete(url.clone()))
    }

    /// How long one call may take altogether.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    fn may_call(&self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::NotHttp(url.to_string()));
        }
        let address = match url.host() {
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            None => return Err(Error::NotHttp(url.to_string())),
        };
        if may_reach(address, &self.allowed) { Ok(()) } else { Err(Error::Private(address.to_string())) }
    }
}

/// What it means for something that must not arrive twice, that a call gave no answer. The verdict is
/// [`Verdict::Unknown`] as soon as the other side may have it.
pub fn verdict(error: &reqwest::Error) -> Verdict {
    // The last cause says most; the outermost would also write the address down.
    let mut why = "nobody says why".to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(Error::Private(_)) = inner.downcast_ref() {
            return Verdict::never(Fault::Ours, inner.to_string());
        }
        why = inner.to_string();
        source = inner.source();
    }
    if error.is_builder() {
        Verdict::never(Fault::Ours, format!("this call cannot be made: {why}"))
    } else if error.is_connect() {
        Verdict::later(format!("their system cannot be reached: {why}"))
    } else if error.is_timeout() {
        Verdict::Unknown { why: "their system did not answer in time; it may have it".to_owned() }
    } else {
        Verdict::Unknown { why: format!("the connection broke, their system may have it: {why}") }
    }
}

/// How long the other side asks to be left alone, a day at most: `Retry-After` in seconds, or a date
/// (RFC 9110 §10.2.3).
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
            Duration::from_secs(u64::try_from(until.as_second() - now.as_second()).unwrap_or(0))
        }
    };
    Some(pause.min(MAX_PAUSE))
}

/// The first 64 KB of the body; what breaks off or is too long is simply not there.
pub async fn head(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        let room = MAX_ANSWER - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_ANSWER {
            break;
        }
    }
    body
}

/// Looks names up and drops the addresses that may not be called.
struct Guard {
    allowed: Arc<[Network]>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let (good, bad): (Vec<_>, Vec<_>) = found.into_iter().partition(|a| may_reach(a.ip(), &allowed));
            if good.is_empty() && !bad.is_empty() {
                return Err(Error::Private(name.as_str().to_owned()).into());
            }
            let addrs: Addrs = Box::new(good.into_iter());
            Ok(addrs)
        })
    }
}

fn may_reach(address: IpAddr, allowed: &[Network]) -> bool {
    let address = address.to_canonical();
    is_public(address) || allowed.iter().any(|network| network.contains(address))
}

/// Whether an address belongs to the open internet: none of the special-purpose ranges of the IANA
/// registries (RFC 6890), and no IPv6 form that carries an IPv4 address of one.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => {
            let s = v6.segments();
            let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
            match s {
                // NAT64 (RFC 6052) and 6to4 (RFC 3056) reach the IPv4 address inside.
                [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
                [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
                // Teredo, ORCHID, benchmarks, documentation (2001::/23 and 2001:db8::/32).
                [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
                // The only global unicast space there is: 2000::/3.
                [first, ..] => first & 0xe000 == 0x2000 && first != 0x3fff,
            }
        }
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation()
        || v4.is_multicast()
        || a == 0
        || a >= 240
        // Carrier-grade NAT, protocol assignments, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

/// A network in CIDR notation (RFC 4632), or one address.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.1.0.0/16`, or an address alone.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.trim().parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |b| b.parse().ok())?;
        (bits <= most).then_some(Self { address, bits })
    }

    /// Whether `address` is inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        let wide = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let ((mine, width), (theirs, their_width)) = (wide(self.address), wide(address));
        let rest = u32::from(width - self.bits);
        width == their_width && mine.checked_shr(rest).unwrap_or(0) == theirs.checked_shr(rest).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inside_is_reachable() {
        let inside = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2001::1",
            "2001:db8::1",
            "::7f00:1",
            "::",
        ];
        for text in inside {
            assert!(!may_reach(text.parse().unwrap(), &[]), "{text}");
        }
        for text in ["8.8.8.8", "193.191.1.1", "2a02:1800::1", "2001:4860:4860::8888", "64:ff9b::808:808"] {
            assert!(may_reach(text.parse().unwrap(), &[]), "{text}");
        }
        let allowed = [Network::parse("127.0.0.0/8").unwrap(), Network::parse("10.1.2.3").unwrap()];
        assert!(may_reach("127.9.9.9".parse().unwrap(), &allowed));
        assert!(may_reach("::ffff:10.1.2.3".parse().unwrap(), &allowed));
        assert!(!may_reach("10.1.2.4".parse().unwrap(), &allowed));
    }

    #[tokio::test]
    async fn names_that_point_inside_are_refused_at_look_up() {
        let client = Config::default().build().unwrap();
        let url = Url::parse("http://localhost:9/").unwrap();
        let error = client.post(&url).unwrap().send().await.unwrap_err();
        assert!(error.is_connect());
        assert!(format!("{error:?}").contains("Private"), "{error:?}");
        let literal = Url::parse("http://127.0.0.1:9/").unwrap();
        assert!(matches!(client.post(&literal), Err(Error::Private(_))));
        // An address in disguise is the same address: the URL parser reads it as one.
        assert!(matches!(client.post(&Url::parse("http://0x7f.1/").unwrap()), Err(Error::Private(_))));
        assert!(matches!(client.post(&Url::parse("ftp://example.org/").unwrap()), Err(Error::NotHttp(_))));
    }

    #[test]
    fn networks_are_checked() {
        let bad = Config { private_networks: vec!["10.0.0.0/33".into(), "x".into()], ..Config::default() };
        assert_eq!(bad.check().len(), 2);
        assert!(Config::default().check().is_empty());
        let of =
            |file: &str| Config { ca_file: Some(file.into()), ..Config::default() }.build().unwrap_err().to_string();
        assert!(of("/nowhere/ca.pem").starts_with("http.ca_file: /nowhere/ca.pem cannot be read"));
        assert!(of(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).contains("no certificates"));
    }
}
