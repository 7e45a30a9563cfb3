//! Identifiers and time. Both are handed in, never taken from the air, so that a test can hold
//! them still: [`Clock`] tells the time, [`Ids`] makes new identifiers and secrets.

use jiff::Timestamp;
use rand::Rng as _;
use std::sync::Arc;
use uuid::Uuid;

/// Tells the time, cut to whole microseconds: PostgreSQL and SQLite both keep those exactly.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks `now` each time it is read.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now, in whole microseconds.
    pub fn now(&self) -> Timestamp {
        from_micros((self.0)().as_microsecond())
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// The moment `micros` microseconds after 1970-01-01T00:00Z, clamped to what can be written down.
pub fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// Makes identifiers: UUIDv7 for new things (RFC 9562 §5.7), UUIDv5 for derived ones (§5.5), and
/// unguessable tokens for secret links.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
}

impl Ids {
    /// Identifiers stamped by `clock`.
    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }

    /// A new, time-sortable identifier.
    pub fn new_id(&self) -> Uuid {
        let now = self.clock.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        let random: [u8; 10] = rand::rng().random();
        uuid::Builder::from_unix_timestamp_millis(seconds * 1000 + u64::from(nanos / 1_000_000), &random).into_uuid()
    }

    /// 128 random bits as 26 characters of `a-z2-7`: long enough that nobody guesses it, without
    /// letters that change in a mail client or over the telephone.
    pub fn token(&self) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let random: [u8; 26] = rand::rng().random();
        random.iter().map(|b| char::from(ALPHABET[usize::from(b & 31)])).collect()
    }
}

/// The namespace of every identifier that Voordeur derives.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0d_6c1e_1777_5a11_9d0e_766f_6f72_6465);

/// The identifier that follows from `parts`: the same parts give the same identifier, on every
/// machine and on every retry. Parts are joined with a unit separator, so `["a","b"]` and
/// `["ab"]` differ.
///
/// What follows from a time-sorted identifier sorts beside it: the first such part lends its 48
/// bits of time (UUIDv8, RFC 9562 §5.8), so that the rows of one case lie together in every index
/// and writing them touches a few pages instead of one each. Without one it is a plain UUIDv5.
pub fn derived(parts: &[&str]) -> Uuid {
    let name = Uuid::new_v5(&NAMESPACE, parts.join("\u{1f}").as_bytes());
    let parent =
        parts.iter().filter_map(|part| Uuid::try_parse(part).ok()).find(|id| matches!(id.get_version_num(), 7 | 8));
    let Some(parent) = parent else { return name };
    let mut bytes = name.into_bytes();
    bytes[..6].copy_from_slice(&parent.as_bytes()[..6]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_stable_and_apart() {
        assert_eq!(derived(&["a", "b"]), derived(&["a", "b"]));
        assert_ne!(derived(&["a", "b"]), derived(&["ab"]));
    }

    #[test]
    fn what_follows_from_a_time_sorted_id_sorts_beside_it() {
        let at = |second| Ids::new(Clock::new(move || Timestamp::from_second(second).unwrap())).new_id();
        let (early, late) = (at(1_700_000_000), at(1_700_000_001));
        let follows = |id: Uuid, what| derived(&[what, &id.to_string()]);
        assert_ne!(follows(early, "a"), follows(early, "b"));
        assert!(follows(early, "a").max(follows(early, "b")) < late);
        let grandchild = follows(follows(early, "a"), "b");
        assert_eq!(grandchild.as_bytes()[..6], early.as_bytes()[..6]);
        assert_eq!((follows(early, "a").get_version_num(), derived(&["a"]).get_version_num()), (8, 5));
    }

    #[test]
    fn new_ids_sort_by_time() {
        let early = Ids::new(Clock::new(|| Timestamp::from_second(1_700_000_000).unwrap()));
        let late = Ids::new(Clock::new(|| Timestamp::from_second(1_700_000_001).unwrap()));
        assert!(early.new_id() < late.new_id());
        assert_eq!(early.token().len(), 26);
        assert_ne!(early.token(), early.token());
    }
}
