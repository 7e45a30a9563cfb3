//! What the desk does for somebody who calls: what they are not told, no more of it, again, or forget me.
//! Whoever has the address in hand speaks for it; that it is theirs, the desk has asked.

use schemas::{
    Timestamp, Uuid,
    audit::Deed,
    city::City,
    notice::{Scope, Suppressed},
    person::Suppression,
    phone,
    submission::is_email,
    text,
    way::{Address, Way},
};
use serde::Serialize;
use std::sync::Arc;
use store::{AddressKey, AddressKeys, Store};

/// How many contacts are looked through with one statement.
const PAGE: usize = 1000;
/// The most characters of what the desk writes down.
const MOST_WORDS: usize = 300;

/// The desk of one city.
pub struct Desk {
    store: Store,
    city: Arc<City>,
    keys: AddressKeys,
}

/// What somebody does not want to hear of any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Of what: a case, a topic, an area, or everything.
    pub scope: Scope,
    /// Which one: the id of a case, a category or group, an area; empty for everything.
    pub target: String,
    /// Who writes it down.
    pub by: String,
    /// In their own words, without the address.
    pub words: Option<String>,
    /// Until when; `None`: until somebody lifts it.
    pub until: Option<Timestamp>,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Reports whose contact had the address.
    pub reports: usize,
    /// Addresses of people who follow something.
    pub addresses: usize,
    /// People who are gone with their last address.
    pub people: usize,
    /// What the sandbox letterbox kept for it.
    pub items: u64,
}

/// The addresses that somebody names: a mail address, or a telephone number for messages and calls.
///
/// # Errors
/// A sentence that says which of them is wrong and how it is written.
pub fn addresses(email: Option<&str>, number: Option<&str>, city: &City) -> Result<Vec<Address>, String> {
    let mut found = Vec::new();
    if let Some(email) = email.map(str::trim) {
        if !is_email(email) {
            return Err("--email: this is no mail address; write it as jo@example.org".to_owned());
        }
        found.push(Address::Email(email.to_owned()));
    }
    if let Some(number) = number {
        let Some(phone) = phone::read(number, &city.country) else {
            return Err("--phone: this is no telephone number; write it as 0470 12 34 56 or +32 470 12 34 56".into());
        };
        if phone.mobile {
            found.push(Address::Sms(phone.e164.clone()));
        }
        found.push(Address::Call(phone.e164));
    }
    if found.is_empty() { Err("name the address: --email or --phone".to_owned()) } else { Ok(found) }
}

impl Desk {
    /// The desk of `city`.
    pub async fn open(store: &Store, city: &Arc<City>) -> Result<Self, store::Error> {
        Ok(Self { store: store.clone(), city: city.clone(), keys: store.address_keys().await? })
    }

    fn key(&self, address: &Address) -> AddressKey {
        AddressKey { way: address.way(), key: self.keys.of(address) }
    }

    fn keys(&self, addresses: &[Address]) -> Vec<AddressKey> {
        addresses.iter().map(|address| self.key(address)).collect()
    }

    /// What is not told to these addresses now, whatever the reason.
    pub async fn suppressed(&self, addresses: &[Address]) -> Result<Vec<Suppression>, store::Error> {
        self.store.suppressions(&self.keys(addresses)).await
    }

    /// Nothing more of this to these addresses.
    pub async fn stop(&self, addresses: &[Address], stop: &Stop) -> Result<(), store::Error> {
        let at = self.store.clock().now();
        let words = stop.words.as_deref().map(text::clean_line).filter(|words| !words.is_empty());
        let by = text::clean_line(&stop.by);
        let why: String = words.map_or(by.clone(), |words| format!("{by}: {words}")).chars().take(MOST_WORDS).collect();
        let mut tx = self.store.begin().await?;
        let keys = self.keys(addresses);
        // Their own words stay with what is stopped, and go with it.
        tx.audit_each(&by, Deed::NoticesStop, &named(&keys, Some((stop.scope, &stop.target))), "").await?;
        for AddressKey { way, key } in keys {
            let (scope, target, reason) = (stop.scope, stop.target.clone(), Suppressed::Desk);
            let why = Some(why.clone());
            tx.suppress(&Suppression { way, key, scope, target, reason, why, at, until: stop.until }).await?;
        }
        tx.commit().await
    }

    /// Tells these addresses again of what was stopped for `scope` and `target`, also where mails came back;
    /// returns how many suppressions that lifted. `by` says so.
    pub async fn lift(
        &self,
        addresses: &[Address],
        scope: Scope,
        target: &str,
        by: &str,
    ) -> Result<usize, store::Error> {
        let mut tx = self.store.begin().await?;
        let mut lifted = Vec::new();
        for key in self.keys(addresses) {
            if tx.lift(&key, scope, target).await? {
                lifted.push(key);
            }
        }
        tx.audit_each(by, Deed::NoticesLift, &named(&lifted, Some((scope, target))), "").await?;
        tx.commit().await?;
        Ok(lifted.len())
    }

    /// Forgets these addresses wherever somebody would be told at them. What they do not want stays known: its
    /// key does not tell the address. `by` says so; without, it only counts.
    pub async fn forget(&self, addresses: &[Address], by: Option<&str>) -> Result<Forgotten, store::Error> {
        let mut forgotten = Forgotten::default();
        for address in addresses {
            let key = self.key(address);
            let mut tx = self.store.begin().await?;
            forgotten.items += tx.forget_items(key.way, &address.line()).await?;
            if let Some(gone) = tx.forget_address(&key).await? {
                forgotten.addresses += 1;
                forgotten.people += usize::from(gone);
            }
            match by {
                Some(by) => {
                    // First of all: what is forgotten below is not forgotten without it.
                    tx.audit_each(by, Deed::NoticesForget, &named(std::slice::from_ref(&key), None), "").await?;
                    tx.commit().await?;
                }
                None => drop(tx),
            }
            let mut after = Uuid::nil();
            // A page per transaction: nobody waits long for the writer. Doing it twice does no harm.
            loop {
                let mut tx = self.store.begin().await?;
                let page = tx.contacts_after(after, PAGE).await?;
                let Some(last) = page.keys().max().copied() else { break };
                let theirs = |id: &Uuid| {
                    let known = page.get(id).and_then(|contact| contact.address(key.way, &self.city.country));
                    known.is_some_and(|known| self.keys.of(&known) == key.key)
                };
                let mut found: Vec<Uuid> = page.keys().copied().filter(theirs).collect();
                found.sort_unstable();
                // A number for messages is found again as one for calls.
                if key.way != Way::Call || !addresses.iter().any(|other| other.way() == Way::Sms) {
                    forgotten.reports += found.len();
                }
                if by.is_some() && !found.is_empty() {
                    tx.forget_contacts(&found, key.way).await?;
                    tx.commit().await?;
                }
                after = last;
            }
        }
        Ok(forgotten)
    }
}

/// These keys as the audit has them, with what was meant.
fn named(keys: &[AddressKey], of: Option<(Scope, &str)>) -> Vec<String> {
    let of = of.map(|(scope, target)| format!(" of {} {target}", scope.as_str())).unwrap_or_default();
    keys.iter().map(|AddressKey { way, key }| format!("{way} {key}{of}")).collect()
}
