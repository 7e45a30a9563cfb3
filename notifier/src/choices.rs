//! How somebody wants to be told: in which language, how often, and when it has to be quiet. Whoever holds the
//! link that was sent to an address proves by it that the address is theirs; their choices count for everything
//! that is told there.

use crate::plan::REPORTER;
use crate::worker::contact_addresses;
use schemas::{
    Uuid,
    city::{City, Quiet},
    notice::Notice,
    person::{KnownAddress, Person, Rhythm},
    report::{Language, Report},
    way::Address,
};
use std::sync::Arc;
use store::{AddressKey, AddressKeys, NoticeTokens, Store, Tx};

/// What somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// In which language they are told.
    pub language: Language,
    /// How often they are mailed.
    pub rhythm: Rhythm,
    /// Quiet hours of their own; `None`: the city's.
    pub quiet: Option<Quiet>,
}

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The address, masked.
    pub address: String,
    /// What counts for it now.
    pub chosen: Chosen,
}

/// Reads and keeps choices.
pub struct Choices {
    store: Store,
    city: Arc<City>,
    keys: AddressKeys,
    tokens: NoticeTokens,
}

/// Where a notice went, and whose that is.
struct Place {
    address: Address,
    person: Option<Person>,
    /// What counts while nobody chose anything.
    language: Language,
}

impl Choices {
    /// The choices of the people of `city`.
    pub async fn open(store: &Store, city: &Arc<City>) -> Result<Self, store::Error> {
        let (keys, tokens) = (store.address_keys().await?, store.notice_tokens().await?);
        Ok(Self { store: store.clone(), city: city.clone(), keys, tokens })
    }

    /// What the link with `token` leads to; nothing when it is none of ours, or when the address is erased.
    pub async fn look(&self, token: &str) -> Result<Option<Opened>, store::Error> {
        let Some(id) = self.tokens.read_wish(token) else { return Ok(None) };
        let mut tx = self.store.begin().await?;
        let place = self.place(&mut tx, id).await?;
        Ok(place.map(|place| Opened { address: place.address.masked(), chosen: chosen(&place) }))
    }

    /// Keeps what was chosen by the link with `token`; returns what counted before. `None` when it is none of
    /// ours, or when the address is erased.
    pub async fn keep(&self, token: &str, new: Chosen) -> Result<Option<Chosen>, store::Error> {
        let Some(id) = self.tokens.read_wish(token) else { return Ok(None) };
        let mut tx = self.store.begin().await?;
        let Some(place) = self.place(&mut tx, id).await? else { return Ok(None) };
        let before = chosen(&place);
        if before == new {
            return Ok(Some(before));
        }
        self.settle(&mut tx, place, new).await?;
        tx.commit().await?;
        Ok(Some(before))
    }

    /// The person that the link with `token` speaks for; from now on they are one, if they chose nothing before. `None`
    /// when it is none of ours, or when the address is erased.
    pub async fn person(&self, token: &str) -> Result<Option<Person>, store::Error> {
        let Some(id) = self.tokens.read_wish(token) else { return Ok(None) };
        let mut tx = self.store.begin().await?;
        let Some(mut place) = self.place(&mut tx, id).await? else { return Ok(None) };
        if let Some(person) = place.person.take() {
            return Ok(Some(person));
        }
        let as_it_is = chosen(&place);
        let person = self.settle(&mut tx, place, as_it_is).await?;
        tx.commit().await?;
        Ok(Some(person))
    }

    /// What the link with the `token` of a person leads to; nothing when it is none of ours, or when they are forgotten.
    pub async fn look_person(&self, token: &str) -> Result<Option<Opened>, store::Error> {
        let Some(person) = self.store.person_by_token(token).await? else { return Ok(None) };
        let known = self.store.addresses(&[person.id]).await?;
        let address = known.first().map(|known| known.address.masked()).unwrap_or_default();
        Ok(Some(Opened { address, chosen: chosen_by(&person) }))
    }

    /// Keeps what was chosen by the link with the `token` of a person; returns what counted before.
    pub async fn keep_person(&self, token: &str, new: Chosen) -> Result<Option<Chosen>, store::Error> {
        let Some(person) = self.store.person_by_token(token).await? else { return Ok(None) };
        let before = chosen_by(&person);
        let Chosen { language, rhythm, quiet } = new;
        let mut tx = self.store.begin().await?;
        tx.put_person(&Person { language, rhythm, quiet, ..person }).await?;
        tx.commit().await?;
        Ok(Some(before))
    }

    async fn settle(&self, tx: &mut Tx, place: Place, new: Chosen) -> Result<Person, store::Error> {
        let now = self.store.clock().now();
        let is_new = place.person.is_none();
        let person = place.person.unwrap_or_else(|| Person {
            id: self.store.ids().new_id(),
            token: self.store.ids().token(),
            name: None,
            language: new.language,
            quiet: None,
            rhythm: Rhythm::AtOnce,
            made_at: now,
        });
        let Chosen { language, rhythm, quiet } = new;
        let person = Person { language, rhythm, quiet, ..person };
        tx.put_person(&person).await?;
        if is_new {
            let key = self.keys.of(&place.address);
            let (address, verified_at) = (place.address, Some(now));
            tx.put_address(&KnownAddress { person: person.id, address, key, rank: 0, verified_at }).await?;
        }
        Ok(person)
    }

    async fn place(&self, tx: &mut Tx, notice: Uuid) -> Result<Option<Place>, store::Error> {
        let Some(row) = tx.notices(&[notice]).await?.remove(&notice) else { return Ok(None) };
        let notice: Notice = row.notice;
        if notice.person != REPORTER {
            let Ok(id) = notice.person.parse::<Uuid>() else { return Ok(None) };
            let known = tx.addresses(&[id]).await?.into_iter();
            let address = known.map(|known| known.address).find(|address| address.way() == notice.way);
            let person = tx.people(&[id]).await?.remove(&id);
            let language = notice.language;
            return Ok(address.filter(|_| person.is_some()).map(|address| Place { address, person, language }));
        }
        let case = notice.case_id;
        let Some(contact) = tx.contacts(&[case]).await?.remove(&case) else { return Ok(None) };
        let report: Option<Report> = tx.reports(&[case]).await?.remove(&case);
        let address = contact_addresses(&contact, &self.city).find(|address| address.way() == notice.way);
        let (Some(address), Some(report)) = (address, report) else { return Ok(None) };
        let key = AddressKey { way: address.way(), key: self.keys.of(&address) };
        let owner = tx.addresses_by_keys(&[key]).await?.into_iter().find(|known| known.verified_at.is_some());
        let person = match owner {
            Some(known) => tx.people(&[known.person]).await?.remove(&known.person),
            None => None,
        };
        Ok(Some(Place { address, person, language: report.language }))
    }
}

fn chosen(place: &Place) -> Chosen {
    match &place.person {
        Some(person) => chosen_by(person),
        None => Chosen { language: place.language, rhythm: Rhythm::AtOnce, quiet: None },
    }
}

fn chosen_by(person: &Person) -> Chosen {
    Chosen { language: person.language, rhythm: person.rhythm, quiet: person.quiet }
}
