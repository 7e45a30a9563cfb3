//! How often one address may ask.

use crate::{Rate, app::App, client, problem::Problem};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};
use schemas::Uuid;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
};

type Limiter = RateLimiter<u128, DefaultKeyedStateStore<u128>, DefaultClock>;

/// After so many checks, addresses that have been quiet are forgotten.
const FORGET_EVERY: u64 = 4096;

/// The limits of a site.
pub struct Limits {
    writes: Option<Limiter>,
    reads: Option<Limiter>,
    proofs: Option<Limiter>,
    keys: Option<Limiter>,
    checks: AtomicU64,
}

/// The address that a request is counted under.
#[derive(Clone, Copy)]
pub(crate) struct Caller(u128);

impl Caller {
    /// The same as a number.
    pub(crate) fn number(self) -> u128 {
        self.0
    }
}

/// The address that a request came from, seen through trusted proxies.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Limits {
    /// Limits by `rate`; 0 = none.
    pub fn new(rate: Rate) -> Self {
        let limiter = |per_minute| NonZeroU32::new(per_minute).map(|n| RateLimiter::keyed(Quota::per_minute(n)));
        Self {
            writes: limiter(rate.writes_per_minute),
            reads: limiter(rate.reads_per_minute),
            proofs: NonZeroU32::new(rate.proofs_per_hour).map(|n| RateLimiter::keyed(Quota::per_hour(n))),
            keys: limiter(rate.per_key_per_minute),
            checks: AtomicU64::new(0),
        }
    }

    /// Counts one request of `caller`; the seconds to wait when it is one too many.
    pub(crate) fn count(&self, caller: Caller, write: bool) -> Result<(), u64> {
        let Some(limiter) = (if write { &self.writes } else { &self.reads }) else { return Ok(()) };
        self.check(limiter, caller)
    }

    /// Counts one message that `caller` has sent to an address they name; the seconds to wait when it is one too many.
    pub(crate) fn count_proof(&self, caller: Caller) -> Result<(), u64> {
        self.proofs.as_ref().map_or(Ok(()), |limiter| self.check(limiter, caller))
    }

    /// Counts one call with the key `id`; the seconds to wait when it is one too many.
    pub(crate) fn count_key(&self, id: Uuid) -> Result<(), u64> {
        self.keys.as_ref().map_or(Ok(()), |limiter| self.check(limiter, Caller(id.as_u128())))
    }

    fn check(&self, limiter: &Limiter, caller: Caller) -> Result<(), u64> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            for limiter in [&self.writes, &self.reads, &self.proofs, &self.keys].into_iter().flatten() {
                limiter.retain_recent();
            }
        }
        limiter.check_key(&caller.0).map_err(|not_until| {
            let wait = not_until.wait_time_from(limiter.clock().now());
            wait.as_secs().saturating_add(1)
        })
    }
}

/// Refuses what is too much. Departments and gateways are not counted: they have a key, and only a wrong
/// key counts. Where channels come in, whoever reads the key counts.
pub async fn limit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    // Without a peer there is no socket: a test, or another program in this process.
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(address)| address.ip());
    let address = client::address(peer, request.headers(), &app.site.config.trusted_proxies);
    let caller = Caller(client::bucket(address));
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(Peer(address));
    let path = request.uri().path();
    // One mail provider speaks for thousands of people, and the telephones of a network come by few addresses; their
    // links are such as nobody guesses. A map takes a dozen tiles at one movement of a hand.
    let free = ["/api/v1/departments/", "/api/v1/push/shown/", "/hooks/", "/assets/", "/map/", "/u/"]
        .iter()
        .any(|start| path.starts_with(start));
    // People of the city are counted each for themselves, by whoever looks whether they are logged in.
    let free = free || by_key(path) || crate::staff::is_here(path);
    let write = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !free && let Err(seconds) = app.limits.count(caller, write) {
        return refuse(seconds);
    }
    next.run(request).await
}

/// Where programs come in with a key of their channel.
fn by_key(path: &str) -> bool {
    matches!(path, "/api/v1/reports" | "/api/v1/photos") || path.starts_with(crate::api::open311::BASE)
}

/// 429 with `Retry-After`; becomes a page for people further out.
pub(crate) fn refuse(seconds: u64) -> Response {
    metrics::counter!("voordeur_rate_limited_total").increment(1);
    let mut response = Problem::of(StatusCode::TOO_MANY_REQUESTS).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
