//! Addresses and numbers that nobody has, and that answer as providers do: delivered, bounced, a complaint, STOP,
//! no answer. So a city can see, without any provider, what becomes of a notice in each case. Only where the operator
//! says so (`[sandbox] magic`); everybody else's address goes to the sender itself.
//!
//! What "the provider" says later comes in as every receipt does: a letter of its own, after the answer or before it.

use super::{Parcel, Question, Sender};
use async_trait::async_trait;
use bus::LaneSettings;
use schemas::{
    Uuid,
    device::Device,
    id::derived,
    letter::{Lane, Letter, Topic},
    notice::{Heard, HeardState},
    trace::Trace,
    verdict::{Fault, Verdict},
    way::Address,
};
use std::{sync::Arc, time::Duration};
use store::{ProviderNumber, Store};

/// The domain of the mail addresses, and of the push services; nobody can ever have it (RFC 2606 §2).
pub const DOMAIN: &str = "sandbox.voordeur.invalid";
/// What the tokens of apps begin with.
pub const TOKEN: &str = "sandbox-";
/// Numbers that the plan of North America keeps for stories (555-01XX), by their last two digits.
const NUMBERS: &str = "+120255501";
/// What the receipts of this file begin with.
const RECEIPT: &str = "sandbox ";

/// What an address does with what is sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Magic {
    /// It is taken, and arrives.
    Delivered,
    /// It is taken, and comes back: there is no such address.
    Bounced,
    /// It is taken, and comes back: the mailbox is full, the telephone is off.
    Full,
    /// It arrives, and is called spam.
    Complained,
    /// It arrives, and the answer is STOP.
    Stopped,
    /// Nobody answers whether it was taken.
    Timeout,
    /// It is not taken: there is no such address.
    Refused,
    /// It is not taken now; later neither.
    Busy,
}

impl Magic {
    /// Each, with its word and the last two digits of its number.
    pub const ALL: [(Self, &str, &str); 8] = [
        (Self::Delivered, "delivered", "01"),
        (Self::Bounced, "bounced", "02"),
        (Self::Full, "full", "03"),
        (Self::Complained, "complained", "04"),
        (Self::Stopped, "stopped", "05"),
        (Self::Timeout, "timeout", "06"),
        (Self::Refused, "refused", "07"),
        (Self::Busy, "busy", "08"),
    ];

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| *known == word).map(|(magic, ..)| magic)
    }

    /// What `address` does; `None` when it is somebody's.
    pub fn of(address: &Address) -> Option<Self> {
        match address {
            Address::Email(email) => {
                let email = email.to_ascii_lowercase();
                let (local, domain) = email.rsplit_once('@')?;
                // `bounced+an@…` and `bounced+bo@…` are two people.
                let word = local.split('+').next().unwrap_or_default();
                (domain == DOMAIN).then(|| Self::named(word)).flatten()
            }
            Address::Sms(number) => {
                let digits = number.strip_prefix(NUMBERS)?;
                Self::ALL.into_iter().find(|(_, _, known)| *known == digits).map(|(magic, ..)| magic)
            }
            Address::Push(Device::Web { endpoint, .. }) => {
                let host = endpoint.strip_prefix("https://")?.split('/').next()?;
                Self::named(host.strip_suffix(DOMAIN)?.strip_suffix('.')?)
            }
            Address::Push(Device::Fcm { token }) => Self::named(token.strip_prefix(TOKEN)?.split('-').next()?),
            // People telephone, and letters are made of paper.
            Address::Push(Device::Apns { .. }) | Address::Letter { .. } | Address::Call(_) => None,
        }
    }

    /// What is heard afterwards, in the words of a provider; nothing when that says nothing.
    fn heard(self) -> Option<(HeardState, &'static str)> {
        match self {
            Self::Delivered => Some((HeardState::Delivered, "delivered")),
            Self::Bounced => Some((HeardState::Dead, "5.1.1 there is no such address")),
            Self::Full => Some((HeardState::Failed, "5.2.2 there is no room")),
            Self::Complained => Some((HeardState::Complained, "it was called spam")),
            Self::Stopped => Some((HeardState::Stopped, "STOP")),
            Self::Timeout | Self::Refused | Self::Busy => None,
        }
    }
}

/// A sender that answers for the addresses of the sandbox, and hands everything else to another one.
pub struct Sandbox {
    inner: Arc<dyn Sender>,
    name: &'static str,
    store: Store,
}

impl Sandbox {
    /// Stands before the sender `inner`, which is called `name`.
    pub fn new(inner: Arc<dyn Sender>, name: &'static str, store: &Store) -> Self {
        Self { inner, name, store: store.clone() }
    }

    /// Has "the provider" say it: the same thing twice is heard once.
    async fn say(&self, notice: Uuid, state: HeardState, why: &str) -> Result<(), store::Error> {
        let at = self.store.clock().now();
        let provider = format!("sandbox.{}", self.name);
        let id = derived(&["heard", &provider, &notice.to_string(), state.as_str()]);
        let heard = Heard { notice: Some(notice), provider, number: None, state, why: Some(why.to_owned()), at };
        let letter = Letter::new(id, Lane::notifier(), Topic::NoticeHeard, "notice.heard", &heard, Trace::start(), at);
        let mut tx = self.store.begin().await?;
        tx.post(&[letter]).await?;
        tx.commit().await
    }
}

#[async_trait]
impl Sender for Sandbox {
    async fn send(&self, parcel: &Parcel) -> Verdict {
        let Some(magic) = Magic::of(&parcel.to) else { return self.inner.send(parcel).await };
        if let Some((state, why)) = magic.heard()
            && let Err(error) = self.say(parcel.notice, state, why).await
        {
            return Verdict::later(format!("the receipt could not be written: {error}"));
        }
        match magic {
            Magic::Timeout => Verdict::Unknown { why: "the sandbox did not answer in time; it may have it".to_owned() },
            Magic::Refused => Verdict::never(Fault::Address, "the sandbox says that there is no such address"),
            Magic::Busy => Verdict::later("the sandbox says to come back later"),
            _ => Verdict::receipt(format!("{RECEIPT}{}", parcel.notice.simple())),
        }
    }

    fn lane(&self) -> LaneSettings {
        self.inner.lane()
    }

    fn numbers(&self, notice: Uuid, receipt: &str) -> Vec<ProviderNumber> {
        if receipt.starts_with(RECEIPT) { Vec::new() } else { self.inner.numbers(notice, receipt) }
    }

    fn cost(&self, receipt: &str) -> Option<i64> {
        if receipt.starts_with(RECEIPT) { None } else { self.inner.cost(receipt) }
    }

    fn receipt_within(&self, receipt: Option<&str>) -> Option<Duration> {
        self.inner.receipt_within(receipt.filter(|receipt| !receipt.starts_with(RECEIPT)))
    }

    fn asking(&self) -> Option<LaneSettings> {
        self.inner.asking()
    }

    fn can_ask(&self, receipt: Option<&str>) -> bool {
        receipt.is_none_or(|receipt| !receipt.starts_with(RECEIPT)) && self.inner.can_ask(receipt)
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Vec<Heard>, String> {
        // Whoever is behind the sandbox was told nothing.
        if Magic::of(question.to).is_some() { Ok(Vec::new()) } else { self.inner.ask(question).await }
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_addresses_of_the_sandbox_answer() {
        let web = |host: &str| {
            let endpoint = format!("https://{host}/x");
            Address::Push(Device::Web { endpoint, p256dh: "p".into(), auth: "a".into(), key: "k".into() })
        };
        for (magic, word, digits) in Magic::ALL {
            for address in [
                Address::Email(format!("{word}@{DOMAIN}")),
                Address::Email(format!("{}+An@{}", word.to_uppercase(), DOMAIN.to_uppercase())),
                Address::Sms(format!("{NUMBERS}{digits}")),
                web(&format!("{word}.{DOMAIN}")),
                Address::Push(Device::Fcm { token: format!("{TOKEN}{word}-0123456789") }),
            ] {
                assert_eq!(Magic::of(&address), Some(magic), "{}", address.kept());
            }
            let number = schemas::phone::read(&format!("{NUMBERS}{digits}"), "BE").unwrap();
            assert!(number.mobile, "the form takes it as the number of a mobile telephone");
        }
        for address in [
            Address::Email(format!("somebody@{DOMAIN}")),
            Address::Email(format!("delivered@{DOMAIN}.example")),
            Address::Email("delivered@example.org".into()),
            Address::Sms("+32470123456".into()),
            Address::Sms(format!("{NUMBERS}99")),
            web(DOMAIN),
            web(&format!("delivered.{DOMAIN}.example")),
            Address::Push(Device::Apns { token: "00".repeat(32) }),
            Address::Call(format!("{NUMBERS}01")),
        ] {
            assert_eq!(Magic::of(&address), None, "{}", address.kept());
        }
    }
}
