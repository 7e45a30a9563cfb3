//! What is noticed about a report at the door: a trap that was filled in, a form that came back too soon, a sender on
//! the block list, the same words again and again. Such a report is kept and answered like any other, and held until
//! somebody looked; nobody outside can tell. What may be about somebody's safety is never held.

use super::{IntakeTools, hex};
use hmac::{Hmac, Mac as _};
use schemas::{
    Timestamp,
    block::{BlockKind, domains_of, networks_of},
    fault::Invalid,
    held::Reason,
    id::Clock,
    phone,
    report::{Contact, Urgency},
    slug::Channel,
    submission::Checked,
    way::Address,
};
use sha2::Sha256;
use std::{fmt, net::IpAddr, sync::Arc, time::Duration};
use store::{AddressKeys, Hold, Noticed, Sighting, Store};
use tokio::sync::OnceCell;

/// Within so long the same words count.
pub const LATELY: Duration = Duration::from_hours(1);
/// Shorter words than this are said by many people for good reasons: "lamp defect".
const MANY_SAY: usize = 30;
/// So much later a form may come back than the clock of this process shows: processes have clocks of their own.
const SLACK: Duration = Duration::from_secs(5);

/// Settings, as `[abuse]` of the configuration has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// A form that comes back sooner is held; zero: none is.
    pub form_delay: Duration,
    /// So often one sender may say the same within an hour; what comes after is held. 0: as often as they like.
    pub alike_one: usize,
    /// So often it may be said by all together.
    pub alike_all: usize,
    /// What nobody looked at is released after so many working days.
    pub release_days: u32,
    /// What is held for longer alarms.
    pub alarm_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            form_delay: Duration::from_secs(3),
            alike_one: 3,
            alike_all: 20,
            release_days: 1,
            alarm_after: Duration::from_hours(8),
        }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let rows = [
            ("form_delay_seconds", self.form_delay <= Duration::from_secs(60), "0 to 60"),
            ("alike_one", self.alike_one <= 1_000, "0 to 1000"),
            ("alike_all", self.alike_all <= 1_000, "0 to 1000"),
            ("release_days", (1..=10).contains(&self.release_days), "1 to 10"),
            ("alarm_hours", (1..=240).contains(&(self.alarm_after.as_secs() / 3600)), "1 to 240"),
        ];
        let wrong = rows.into_iter().filter(|(_, good, _)| !good);
        wrong
            .map(|(name, _, range)| Invalid::new(format!("abuse.{name}"), "out_of_range", format!("write {range}")))
            .collect()
    }

    /// Why words of this many letters and digits are too many alike, after they were said `all` times by anybody and
    /// `one` times by the same within the hour. Pure.
    fn is_alike(&self, length: usize, all: u64, one: u64) -> bool {
        let reaches = |said: u64, most: usize| most > 0 && said >= most as u64;
        reaches(one, self.alike_one) || (length >= MANY_SAY && reaches(all, self.alike_all))
    }
}

/// What a door knows beside the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clues {
    /// Where it came from, if whoever is there speaks for themselves and not for a channel.
    pub peer: Option<IpAddr>,
    /// A field was filled in that people do not see.
    pub trap: bool,
    /// It came back sooner than a person fills in a form.
    pub fast: bool,
}

/// The guard of the doors of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Guard {
    config: Config,
    secrets: Arc<OnceCell<Secrets>>,
}

struct Secrets {
    addresses: AddressKeys,
    /// Of sightings.
    said: [u8; 32],
    /// Of forms.
    shown: [u8; 32],
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({:?})", self.config)
    }
}

fn mac(secret: &[u8; 32], parts: &[&str]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a secret of any length");
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    mac
}

impl Guard {
    /// The guard with these settings.
    pub fn new(config: Config) -> Self {
        Self { config, secrets: Arc::default() }
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    async fn secrets(&self, store: &Store) -> Result<&Secrets, store::Error> {
        let make = async || {
            Ok(Secrets {
                addresses: store.address_keys().await?,
                said: store.secret("sightings").await?,
                shown: store.secret("forms").await?,
            })
        };
        self.secrets.get_or_try_init(make).await
    }

    /// The mark of a form that is shown now, under its `token`: when that was, signed. It counts for this form alone.
    pub async fn mark(&self, store: &Store, clock: &Clock, token: &str) -> Result<String, store::Error> {
        let secrets = self.secrets(store).await?;
        let at = clock.now().as_microsecond().to_string();
        let sign = mac(&secrets.shown, &[token, &at]).finalize().into_bytes();
        Ok(format!("{at}.{}", hex(&sign)))
    }

    /// When the form with this `token` was shown, if `mark` is one of ours.
    async fn shown(&self, store: &Store, token: &str, mark: &str) -> Result<Option<Timestamp>, store::Error> {
        let secrets = self.secrets(store).await?;
        let Some((at, sign)) = mark.split_once('.') else { return Ok(None) };
        let Ok(sign) = data_encoding::HEXLOWER.decode(sign.as_bytes()) else { return Ok(None) };
        if mac(&secrets.shown, &[token, at]).verify_slice(&sign).is_err() {
            return Ok(None);
        }
        Ok(at.parse().ok().and_then(|at| Timestamp::from_microsecond(at).ok()))
    }

    /// Whether `mark` is that of the form with this `token`.
    pub async fn is_mark(&self, store: &Store, token: &str, mark: &str) -> Result<bool, store::Error> {
        Ok(self.shown(store, token, mark).await?.is_some())
    }

    /// Whether a form comes back at `now` sooner than a person fills it in. One that nobody was shown is as fast as any.
    pub async fn is_fast(
        &self,
        store: &Store,
        now: Timestamp,
        token: Option<&str>,
        mark: Option<&str>,
    ) -> Result<bool, store::Error> {
        if self.config.form_delay.is_zero() {
            return Ok(false);
        }
        let (Some(token), Some(mark)) = (token, mark) else { return Ok(true) };
        let Some(shown) = self.shown(store, token, mark).await? else { return Ok(true) };
        Ok(now < shown - SLACK || now < shown + self.config.form_delay)
    }

    /// What is noticed about a report.
    pub(crate) async fn notice(
        &self,
        tools: &IntakeTools,
        channel: &Channel,
        checked: &Checked,
        clues: Clues,
    ) -> Result<Noticed, store::Error> {
        // People of the city say what somebody told them.
        if tools.city.staff_channels.contains(channel) {
            return Ok(Noticed::default());
        }
        let secrets = self.secrets(&tools.store).await?;
        let now = tools.clock.now();
        let addresses = addresses(checked.contact.as_ref(), &tools.city.country);
        let blocked = tools.store.blocked(&keys(secrets, &addresses, clues.peer), now).await?;
        let said = plain(&checked.words);
        let sighting = Sighting {
            words: hex(&mac(&secrets.said, &["words", checked.category.as_str(), &said]).finalize().into_bytes()),
            peer: peer(clues.peer, addresses.first())
                .map(|peer| hex(&mac(&secrets.said, &["peer", &peer]).finalize().into_bytes())),
        };
        let most = self.config.alike_one.max(self.config.alike_all);
        let (all, one) = tools.store.said_lately(&sighting, now - LATELY, most).await?;
        let reasons: Vec<Reason> = [
            (clues.trap, Reason::Trap),
            (clues.fast, Reason::Fast),
            (!blocked.is_empty(), Reason::Blocked),
            (self.config.is_alike(said.chars().count(), all, one), Reason::Alike),
        ]
        .into_iter()
        .filter_map(|(is, reason)| is.then_some(reason))
        .collect();
        for reason in &reasons {
            metrics::counter!("voordeur_noticed_total", "reason" => reason.as_str()).increment(1);
        }
        let until = tools.city.calendar.working_time_after(now, self.config.release_days);
        let passes = is_urgent(tools, checked);
        let hold = (!reasons.is_empty()).then_some(Hold { reasons, until, passes });
        Ok(Noticed { hold, sighting: Some(sighting) })
    }
}

/// Whether a report may be about somebody's safety: by its urgency, its category, or its words.
fn is_urgent(tools: &IntakeTools, checked: &Checked) -> bool {
    checked.urgency == Urgency::Emergency
        || tools.city.category(&checked.category).is_some_and(|category| category.critical)
        || !tools.city.emergency_numbers(&checked.words).is_empty()
}

/// The addresses that somebody left by which they can be known.
fn addresses(contact: Option<&Contact>, country: &str) -> Vec<Address> {
    let Some(contact) = contact else { return Vec::new() };
    let email = contact.email.clone().map(Address::Email);
    let phone = contact.phone.as_deref().and_then(|text| phone::read(text, country));
    email.into_iter().chain(phone.map(|phone| Address::Sms(phone.e164))).collect()
}

/// What a block of them would be called.
fn keys(secrets: &Secrets, addresses: &[Address], peer: Option<IpAddr>) -> Vec<(BlockKind, String)> {
    let mut keys = Vec::new();
    for address in addresses {
        if let Address::Email(email) = address {
            keys.push((BlockKind::Email, secrets.addresses.of(address)));
            keys.extend(domains_of(email).into_iter().map(|domain| (BlockKind::Domain, domain)));
        } else {
            keys.push((BlockKind::Phone, secrets.addresses.of(address)));
        }
    }
    keys.extend(peer.into_iter().flat_map(networks_of).map(|network| (BlockKind::Network, network)));
    keys
}

/// Who says it: where they are, or by which address they can be known.
fn peer(peer: Option<IpAddr>, address: Option<&Address>) -> Option<String> {
    match (peer.map(|peer| peer.to_canonical()), address) {
        // What one household has (RFC 6177 §2).
        (Some(IpAddr::V6(v6)), _) => Some(format!("net {:x}", u128::from(v6) >> 64)),
        (Some(v4), _) => Some(format!("net {v4}")),
        (None, Some(address)) => Some(format!("{} {}", address.way().as_str(), address.normal())),
        (None, None) => None,
    }
}

/// Letters and digits alone, so that a blank more or a capital makes no other words of it.
fn plain(words: &str) -> String {
    words.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
