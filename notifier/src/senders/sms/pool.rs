//! Several gateways: whose turn it is, who is left out for a while, who has room in this minute.

use super::{config::SmsConfig, micros, request::Gateway, smpp::Session, text};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};
use schemas::{
    Timestamp, Uuid,
    id::derived,
    verdict::{Fault, Verdict},
};
use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// So many failures in a row, and a gateway is left out.
const FAILURES: u32 = 3;
/// For so long the first time, twice as long each time that it fails again.
const OUT_FIRST: Duration = Duration::from_secs(30);
/// At most so long.
const OUT_MOST: Duration = Duration::from_mins(10);

/// How a gateway is spoken to.
pub(super) enum Line {
    Http(Box<Gateway>),
    Smpp(Box<Session>),
}

/// One of the city's gateways.
pub(super) struct Member {
    pub name: String,
    pub line: Line,
    pub transliterate: bool,
    /// Millionths of a euro.
    pub price_per_part: Option<i64>,
    pub receipt_within: Option<Duration>,
    /// Whether words that people send go to whoever leads conversations.
    pub door: bool,
    weight: u32,
    budget: Option<DefaultDirectRateLimiter>,
    health: Mutex<Health>,
    /// How it has been of late when it was asked what became of messages.
    asked: Mutex<Health>,
}

/// How a gateway has been of late, as this process saw it.
#[derive(Debug, Default)]
struct Health {
    failures: u32,
    out_until: Option<Timestamp>,
}

impl Health {
    fn out_for(&self, now: Timestamp) -> Option<Duration> {
        self.out_until?.duration_since(now).try_into().ok().filter(|wait: &Duration| !wait.is_zero())
    }

    fn fail(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            let times = 1_u32 << (self.failures - FAILURES).min(10);
            self.out_until = Some(now + (OUT_FIRST * times).min(OUT_MOST));
        }
    }
}

impl Member {
    pub(super) fn new(config: &SmsConfig, line: Line, receipt_within: Option<Duration>) -> Self {
        let budget = config.parts_per_minute.and_then(NonZeroU32::new);
        Self {
            name: config.name().to_owned(),
            line,
            transliterate: config.transliterate,
            price_per_part: config.price_per_part.map(micros),
            receipt_within,
            door: config.door,
            weight: config.weight,
            budget: budget.map(|parts| RateLimiter::direct(Quota::per_minute(parts))),
            health: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// How long this gateway is still left out.
    pub(super) fn out_for(&self, now: Timestamp) -> Option<Duration> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).out_for(now)
    }

    /// Whether it is left out of questions at `now`.
    pub(super) fn asks_nothing(&self, now: Timestamp) -> bool {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).out_for(now).is_some()
    }

    /// Remembers whether it answered a question.
    pub(super) fn note_answer(&self, answered: bool, now: Timestamp) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if answered { *asked = Health::default() } else { asked.fail(now) }
    }

    /// Takes room for `parts` in this minute; the error is how long until there is some.
    pub(super) fn take_room(&self, parts: usize) -> Result<(), Duration> {
        let (Some(budget), Some(parts)) = (&self.budget, u32::try_from(parts).ok().and_then(NonZeroU32::new)) else {
            return Ok(());
        };
        match budget.check_n(parts) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_yet)) => Err(not_yet.wait_time_from(budget.clock().now())),
            // More parts than a whole minute has room for: `check` asks for more room than any message needs.
            Err(_) => Err(Duration::from_mins(1)),
        }
    }

    /// Remembers how it went. What the gateway says of one number or one message is no failure of the gateway.
    pub(super) fn note(&self, verdict: &Verdict, now: Timestamp) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Verdict::Later { counts: false, after, .. } => {
                health.out_until = Some(now + after.unwrap_or(OUT_FIRST).min(OUT_MOST));
            }
            Verdict::Later { .. } | Verdict::Unknown { .. } | Verdict::Never { fault: Fault::Ours, .. } => {
                health.fail(now);
            }
            Verdict::Done { .. } | Verdict::Never { .. } => *health = Health::default(),
        }
    }

    /// `words` as this gateway gets them.
    pub(super) fn encode(&self, words: &str) -> text::Sms {
        text::encode(words, self.transliterate)
    }
}

/// The gateways in the order in which they are asked to take `notice`: each comes first as often as its
/// weight says, and the same notice always begins with the same one. Those of weight 0 come last, as they
/// stand in the configuration. (Weighted rendezvous hashing, Schindelhauer and Schomaker 2005.)
pub(super) fn in_turn(members: &[Member], notice: Uuid) -> Vec<&Member> {
    let distance = |member: &Member| {
        let hash = derived(&["sms gateway", &member.name, &notice.to_string()]).as_u128();
        // The 53 lowest bits: as many as a float holds. Never 0, whose logarithm there is none of.
        let share = ((hash & ((1 << 53) - 1)) as f64 + 1.0) / ((1_u64 << 53) as f64 + 1.0);
        -share.ln() / f64::from(member.weight)
    };
    let mut order: Vec<(f64, &Member)> = members.iter().map(|member| (distance(member), member)).collect();
    order.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    order.into_iter().map(|(_, member)| member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(settings: &[(&str, u32, Option<u32>)]) -> Vec<Member> {
        let member = |(name, weight, parts): &(&str, u32, Option<u32>)| {
            let config: SmsConfig = toml::from_str(&format!(
                "profile = 'ringring'\nkey = 'k'\nfrom = 'Kortrijk'\npublic_url = 'https://stad.example'\n\
                 name = '{name}'\nweight = {weight}"
            ))
            .unwrap();
            let config = SmsConfig { parts_per_minute: *parts, ..config };
            Member::new(&config, Line::Http(Box::new(Gateway::new(&config, config.profile().unwrap()))), None)
        };
        settings.iter().map(member).collect()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn each_comes_first_as_often_as_its_weight_says() {
        let members = members(&[("spare", 0, None), ("big", 300, None), ("small", 100, None)]);
        let mut first = std::collections::BTreeMap::<&str, u32>::new();
        for n in 0..2_000_u128 {
            let order: Vec<&str> = in_turn(&members, Uuid::from_u128(n)).iter().map(|m| m.name.as_str()).collect();
            assert_eq!(order[2], "spare");
            *first.entry(order[0]).or_default() += 1;
            let again: Vec<&str> = in_turn(&members, Uuid::from_u128(n)).iter().map(|m| m.name.as_str()).collect();
            assert_eq!(order, again);
        }
        assert!((1_400..1_600).contains(&first["big"]), "{first:?}");
    }

    #[test]
    fn who_fails_again_and_again_is_left_out_longer_each_time() {
        let members = members(&[("a", 100, None)]);
        let (a, down) = (&members[0], Verdict::later("down"));
        for _ in 0..2 {
            a.note(&down, at(0));
        }
        assert_eq!(a.out_for(at(0)), None, "twice may happen to anybody");
        a.note(&down, at(0));
        assert_eq!(a.out_for(at(0)), Some(OUT_FIRST));
        assert_eq!(a.out_for(at(30)), None, "it is tried again");
        a.note(&down, at(30));
        assert_eq!(a.out_for(at(30)), Some(OUT_FIRST * 2));
        for _ in 0..40 {
            a.note(&down, at(30));
        }
        assert_eq!(a.out_for(at(30)), Some(OUT_MOST));
        a.note(&Verdict::never(Fault::Address, "no such number"), at(30));
        assert_eq!(a.out_for(at(30)), None, "it answered");
        a.note(&Verdict::slow_down(Duration::from_secs(7), "too fast"), at(0));
        assert_eq!(a.out_for(at(0)), Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_minute_has_room_for_so_many_parts() {
        let members = members(&[("a", 100, Some(10)), ("b", 100, None)]);
        assert_eq!(members[0].take_room(7), Ok(()));
        let wait = members[0].take_room(7).unwrap_err();
        assert!(wait > Duration::from_secs(15) && wait <= Duration::from_secs(60), "{wait:?}");
        assert_eq!(members[0].take_room(3), Ok(()), "what did not fit took nothing");
        assert_eq!(members[1].take_room(1_000), Ok(()));
    }
}
