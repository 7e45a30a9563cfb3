//! What somebody chose about themselves: where they are told and in which order, what they follow, and what they do
//! not want to hear of. Whoever holds the link with the token of a person is that person.

use crate::verify::is_offered;
use schemas::{
    Timestamp, Uuid,
    city::City,
    notice::{Scope, Suppressed},
    person::{Follow, KnownAddress, OwnPlace, Person, Suppression},
    proof::{Target, WantedPlace},
    report::Report,
};
use std::{collections::HashMap, sync::Arc};
use store::{AddressKey, Store, Tx};

/// How an address of somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// They are told there.
    Proven,
    /// They have still to prove it.
    Waiting,
    /// What was sent there came back.
    Broken,
}

/// An address of somebody.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// Its way, and its key.
    pub key: AddressKey,
    /// The address, masked.
    pub masked: String,
    /// How it stands.
    pub stand: Stand,
}

/// Everything that somebody chose.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Who.
    pub person: Person,
    /// Where they are told, the one that is tried first at the top; then what they have still to prove.
    pub addresses: Vec<Mailbox>,
    /// What they follow.
    pub follows: Vec<Target>,
    /// Where they want to hear what happens.
    pub places: Vec<OwnPlace>,
    /// What they do not want to hear of.
    pub silences: Vec<Target>,
    /// The reports of the cases among these.
    pub reports: HashMap<Uuid, Report>,
}

/// What somebody changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// This address is tried earlier, or later.
    Move {
        /// Which.
        key: AddressKey,
        /// Earlier.
        up: bool,
    },
    /// Nothing more at this address.
    Drop {
        /// Which.
        key: AddressKey,
        /// Also when it is the last: then they are forgotten.
        sure: bool,
    },
    /// They follow this; only what anybody may follow.
    Follow(Target),
    /// They do not any more.
    Unfollow(Target),
    /// They want to hear what happens there.
    AddPlace(WantedPlace),
    /// They call this place of theirs something else, or nothing.
    NamePlace(Uuid, Option<String>),
    /// They do not want to hear what happens there any more.
    DropPlace(Uuid),
    /// They want to hear nothing of this, by whatever way.
    Silence(Target),
    /// They do again.
    Speak(Target),
    /// Everything about them goes.
    Forget,
}

/// What became of a [`Deed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It is done, or was so before.
    Kept,
    /// It is their last address: they have to be sure.
    Last,
    /// They are forgotten; the link leads nowhere any more.
    Gone,
    /// They have as many places as one may have.
    Full,
}

/// Reads and keeps what people chose about themselves.
pub struct Mine {
    store: Store,
    city: Arc<City>,
}

impl Mine {
    /// What the people of `city` chose.
    pub fn new(store: &Store, city: &Arc<City>) -> Self {
        Self { store: store.clone(), city: city.clone() }
    }

    async fn person(&self, token: &str) -> Result<Option<Person>, store::Error> {
        // Ours are 26 letters; anything else needs no look at the rows.
        if token.is_empty() || token.len() > 64 || !token.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        self.store.person_by_token(token).await
    }

    /// What the link with `token` leads to; nothing when it is none of ours, or when they are forgotten.
    pub async fn look(&self, token: &str) -> Result<Option<Opened>, store::Error> {
        let Some(person) = self.person(token).await? else { return Ok(None) };
        let known = self.store.addresses(&[person.id]).await?;
        let keys: Vec<AddressKey> = known.iter().map(key_of).collect();
        let stops = if keys.is_empty() { Vec::new() } else { self.store.suppressions(&keys).await? };
        let is_broken = |key: &AddressKey| {
            let fact = |stop: &&Suppression| !stop.reason.is_wish() && stop.scope == Scope::All;
            stops.iter().filter(fact).any(|stop| stop.way == key.way && stop.key == key.key)
        };
        let mut addresses: Vec<Mailbox> = known
            .iter()
            .map(|known| {
                let key = key_of(known);
                let stand = match known.verified_at {
                    None => Stand::Waiting,
                    Some(_) if is_broken(&key) => Stand::Broken,
                    Some(_) => Stand::Proven,
                };
                Mailbox { key, masked: known.address.masked(), stand }
            })
            .collect();
        let since = self.store.clock().now().checked_sub(self.city.proving.link()).unwrap_or(person.made_at);
        for proof in self.store.waiting_proofs(person.id, since).await? {
            let key = AddressKey { way: proof.address.way(), key: proof.key };
            if addresses.iter().all(|known| known.key != key) {
                addresses.push(Mailbox { key, masked: proof.address.masked(), stand: Stand::Waiting });
            }
        }
        let follows = self.store.follows(person.id).await?;
        let follows: Vec<Target> =
            follows.into_iter().map(|follow| Target { scope: follow.scope, target: follow.target }).collect();
        let wishes = stops.iter().filter(|stop| stop.reason.is_wish());
        let mut silences: Vec<Target> =
            wishes.map(|stop| Target { scope: stop.scope, target: stop.target.clone() }).collect();
        silences.sort_unstable();
        silences.dedup();
        let cases = follows.iter().chain(&silences).filter(|target| target.scope == Scope::Case);
        let mut cases: Vec<Uuid> = cases.filter_map(|target| target.target.parse().ok()).collect();
        cases.sort_unstable();
        cases.dedup();
        let mut tx = self.store.begin().await?;
        let reports = if cases.is_empty() { HashMap::new() } else { tx.reports(&cases).await? };
        drop(tx);
        let places = self.store.places(person.id).await?;
        Ok(Some(Opened { person, addresses, follows, places, silences, reports }))
    }

    /// Does what the person with `token` wants. Twice is once. `None` when the link is none of ours.
    pub async fn act(&self, token: &str, deed: Deed) -> Result<Option<Done>, store::Error> {
        let Some(person) = self.person(token).await? else { return Ok(None) };
        let mut tx = self.store.begin().await?;
        let known = tx.addresses(&[person.id]).await?;
        let mut done = Done::Kept;
        match deed {
            Deed::Move { key, up } => reorder(&mut tx, known, &key, up).await?,
            Deed::Drop { key, sure } => match known.iter().filter(|known| key_of(known) == key).count() {
                0 => tx.drop_waiting(person.id, &key).await?,
                _ if known.len() == 1 && !sure => return Ok(Some(Done::Last)),
                _ => {
                    if tx.forget_address(&key).await? == Some(true) {
                        done = Done::Gone;
                    }
                }
            },
            Deed::Follow(target) => {
                if self.may_follow(&mut tx, &target).await? {
                    tx.follow(&follow_of(person.id, target)).await?;
                }
            }
            Deed::Unfollow(target) => {
                tx.unfollow(&follow_of(person.id, target)).await?;
            }
            Deed::AddPlace(wanted) => {
                if !add_place(&mut tx, &self.city, person.id, &wanted, self.store.clock().now()).await? {
                    return Ok(Some(Done::Full));
                }
            }
            Deed::NamePlace(place, label) => {
                tx.name_place(person.id, place, label.as_deref()).await?;
            }
            Deed::DropPlace(place) => {
                tx.drop_place(person.id, place).await?;
            }
            Deed::Silence(target) => {
                let at = self.store.clock().now();
                for AddressKey { way, key } in known.iter().map(key_of) {
                    let Target { scope, target } = target.clone();
                    let reason = Suppressed::Unsubscribed;
                    tx.suppress(&Suppression { way, key, scope, target, reason, why: None, at, until: None }).await?;
                }
            }
            Deed::Speak(target) => self.speak(&mut tx, &known, &target).await?,
            Deed::Forget => {
                for key in known.iter().map(key_of) {
                    tx.forget_address(&key).await?;
                }
                tx.forget_unreachable(&person.id.to_string()).await?;
                tx.forget_waiting(person.id).await?;
                done = Done::Gone;
            }
        }
        tx.commit().await?;
        Ok(Some(done))
    }

    /// Lifts what they do not want; a fact about an address is not theirs to lift.
    async fn speak(&self, tx: &mut Tx, known: &[KnownAddress], target: &Target) -> Result<(), store::Error> {
        let keys: Vec<AddressKey> = known.iter().map(key_of).collect();
        for stop in tx.suppressions(&keys, self.store.clock().now()).await? {
            if stop.reason.is_wish() && stop.scope == target.scope && stop.target == target.target {
                let key = AddressKey { way: stop.way, key: stop.key };
                tx.lift(&key, target.scope, &target.target).await?;
            }
        }
        Ok(())
    }

    async fn may_follow(&self, tx: &mut Tx, target: &Target) -> Result<bool, store::Error> {
        if target.scope != Scope::Case {
            return Ok(is_offered(&self.city, target));
        }
        let Ok(case) = target.target.parse::<Uuid>() else { return Ok(false) };
        let report = tx.reports(&[case]).await?.remove(&case);
        Ok(report.is_some_and(|report| self.city.is_public(&report)) && tx.hidden_reports(&[case]).await?.is_empty())
    }
}

/// Whether somebody may have this place in `city`.
pub(crate) fn may_be_wanted(city: &City, wanted: &WantedPlace) -> bool {
    match &wanted.patch {
        Some(patch) => patch.check(&city.areas).is_ok(),
        None => city.areas.in_city(wanted.point),
    }
}

/// Keeps a place of somebody. `false` when they have as many as they may have, or when it is not in the city. The same
/// place again changes what it is called, and how much around it is meant.
pub(crate) async fn add_place(
    tx: &mut Tx,
    city: &City,
    person: Uuid,
    wanted: &WantedPlace,
    now: Timestamp,
) -> Result<bool, store::Error> {
    let place = OwnPlace::wanted(person, wanted, now);
    let known = tx.places(person).await?;
    let is_room = known.len() < OwnPlace::MOST || known.iter().any(|known| known.id == place.id);
    if !is_room || !may_be_wanted(city, wanted) {
        return Ok(false);
    }
    tx.put_place(&place).await
}

/// Puts the address before or after its neighbour.
async fn reorder(tx: &mut Tx, mut known: Vec<KnownAddress>, key: &AddressKey, up: bool) -> Result<(), store::Error> {
    let Some(at) = known.iter().position(|known| key_of(known) == *key) else { return Ok(()) };
    let to = if up { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to < known.len()) };
    let Some(to) = to else { return Ok(()) };
    known.swap(at, to);
    for (rank, known) in (0..).zip(&mut known) {
        known.rank = rank;
    }
    known.sort_by_key(key_of);
    for known in &known {
        tx.put_address(known).await?;
    }
    Ok(())
}

fn follow_of(person: Uuid, Target { scope, target }: Target) -> Follow {
    Follow { person, scope, target }
}

fn key_of(known: &KnownAddress) -> AddressKey {
    AddressKey { way: known.address.way(), key: known.key.clone() }
}
