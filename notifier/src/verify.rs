//! Proving that an address is theirs: somebody asks for something at an address, a message with a link and a code goes
//! there, and only what comes back by one of them counts. Until then nothing else is ever sent to it.
//!
//! Whoever asks is told the same for every address: known or not, stopped or not, asked for too often or not.

mod apply;
mod words;

pub use words::ProofWords;

use crate::{mine::may_be_wanted, senders};
use schemas::{
    Timestamp, Uuid,
    city::{City, Proving, in_language},
    letter::{Lane, Letter, Topic},
    notice::{Due, Scope},
    person::{OwnPlace, Person},
    phone,
    proof::{Proof, Target, WantedPlace, Wants},
    report::Language,
    submission::is_email,
    trace::Trace,
    way::{Address, Way},
};
use std::{sync::Arc, time::Duration};
use store::{AddressKey, AddressKeys, ProofTokens, Store, Tx};

/// The subject of the letter that has the message sent.
pub(crate) const SUBJECT: &str = "notice.proof";

/// The most that one message lets somebody follow.
pub const MOST_FOLLOWS: usize = 60;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where they want to be told; only [`Verify::ways`].
    pub address: Address,
    /// In which language the message is.
    pub language: Language,
    /// Whose choices the address is added to; `None`: whoever it belongs to, or somebody new.
    pub person: Option<Uuid>,
    /// What they want.
    pub wants: Wants,
}

/// How far a proof is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The code, or the link, can be used.
    Open,
    /// Its time is over.
    Expired,
    /// Too many wrong codes were tried; the link still works.
    TooMany,
    /// It was used.
    Done,
}

/// A proof as its pages show it.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The address, masked.
    pub address: String,
    /// By which way the message went.
    pub way: Way,
    /// How far it is.
    pub stage: Stage,
    /// What they asked to hear of.
    pub follows: Vec<Target>,
    /// The places that they asked to hear about, as [`place_name`] calls them.
    pub places: Vec<String>,
    /// Whether it adds the address to the choices of somebody.
    pub adds: bool,
}

/// What became of a code or a link that was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// They proved it; what they asked for is done.
    Done(Box<Person>),
    /// The code is wrong; so many more may be tried.
    Wrong(u32),
    /// It is of no use any more.
    Not(Stage),
}

/// Has people prove their addresses.
pub struct Verify {
    store: Store,
    city: Arc<City>,
    keys: AddressKeys,
    tokens: ProofTokens,
    available: Vec<&'static str>,
}

impl Verify {
    /// For the people of `city`, by the senders named `available` (see [`crate::Senders::names`]).
    pub async fn open(store: &Store, city: &Arc<City>, available: Vec<&'static str>) -> Result<Self, store::Error> {
        let (keys, tokens) = (store.address_keys().await?, store.proof_tokens().await?);
        Ok(Self { store: store.clone(), city: city.clone(), keys, tokens, available })
    }

    /// The ways by which an address can be proven here.
    pub fn ways(&self) -> Vec<Way> {
        let can = |way: &Way| senders::preferred(*way, &self.available).is_some();
        [Way::Email, Way::Sms].into_iter().filter(can).collect()
    }

    /// The address that somebody typed: of a mailbox, or of a mobile telephone. `None` when it is neither, or when
    /// nobody can be told that way here.
    pub fn read(&self, typed: &str) -> Option<Address> {
        let typed = typed.trim();
        let address = if typed.contains('@') {
            is_email(typed).then(|| Address::Email(typed.to_owned()))
        } else {
            phone::read(typed, &self.city.country).filter(|phone| phone.mobile).map(|phone| Address::Sms(phone.e164))
        };
        address.filter(|address| self.ways().contains(&address.way()))
    }

    /// Keeps what somebody asks for, and has the message sent unless too many were. Returns the token of the page where
    /// the code is typed: the same kind for every address. What nobody may follow is left out.
    pub async fn ask(&self, request: Request) -> Result<String, store::Error> {
        let Request { address, language, person, mut wants } = request;
        wants.follows.retain(|target| is_offered(&self.city, target) || target.scope == Scope::Case);
        wants.follows.sort_unstable();
        wants.follows.dedup();
        wants.follows.truncate(MOST_FOLLOWS);
        wants.places.retain(|place| may_be_wanted(&self.city, place));
        wants.places.truncate(OwnPlace::MOST);
        let (id, now) = (self.store.ids().new_id(), self.store.clock().now());
        let key = AddressKey { way: address.way(), key: self.keys.of(&address) };
        let sender = senders::preferred(key.way, &self.available);
        let mut tx = self.store.begin().await?;
        let sent = sender.is_some() && self.may_send(&mut tx, &key, now).await?;
        let proof =
            Proof { id, person, address, language, wants, sent, tries: 0, asked_at: now, done_at: None, key: key.key };
        tx.put_proof(&proof).await?;
        if let Some(sender) = sender.filter(|_| sent) {
            let lane = Lane::sender(sender);
            let body = Due { notice: id };
            tx.post(&[Letter::new(id, lane, Topic::NoticeDue, SUBJECT, &body, Trace::start(), now)]).await?;
        } else {
            metrics::counter!("voordeur_proofs_held_total", "way" => key.way.as_str()).increment(1);
        }
        tx.commit().await?;
        Ok(self.tokens.page(id))
    }

    /// Whether one more message may go to an address.
    async fn may_send(&self, tx: &mut Tx, key: &AddressKey, now: Timestamp) -> Result<bool, store::Error> {
        let Proving { hour, day, sms, .. } = self.city.proving;
        let asked = tx.asked(key, ago(now, DAY), ago(now, HOUR)).await?;
        // Where they wanted nothing any more, or where things came back, a stranger gets one message a day sent at most.
        let is_stopped = tx.suppressions(std::slice::from_ref(key), now).await?.iter().any(|s| s.scope == Scope::All);
        let day = if is_stopped { 1 } else { day };
        let is_dear = key.way == Way::Sms && tx.asked_by(Way::Sms, ago(now, HOUR)).await? >= u64::from(sms);
        if is_dear {
            tracing::warn!(most = sms, "no more codes by text message in this hour: see `proof` in city.yaml");
        }
        Ok(!is_dear && asked.hour < u64::from(hour) && asked.day < u64::from(day))
    }

    /// Asks again for what the page with this token waits for. `None` when it is none of ours, or forgotten.
    pub async fn again(&self, page: &str) -> Result<Option<String>, store::Error> {
        let Some(proof) = self.by_page(page).await? else { return Ok(None) };
        let Proof { address, language, person, wants, .. } = proof;
        self.ask(Request { address, language, person, wants }).await.map(Some)
    }

    async fn by_page(&self, token: &str) -> Result<Option<Proof>, store::Error> {
        match self.tokens.read_page(token) {
            Some(id) => self.store.proof(id).await,
            None => Ok(None),
        }
    }

    async fn by_link(&self, token: &str) -> Result<Option<Proof>, store::Error> {
        match self.tokens.read_link(token) {
            Some(id) => self.store.proof(id).await,
            None => Ok(None),
        }
    }

    /// What the page where a code is typed shows. `None` when it is none of ours, or forgotten.
    pub async fn page(&self, token: &str) -> Result<Option<Waiting>, store::Error> {
        let proof = self.by_page(token).await?;
        Ok(proof.map(|proof| self.waiting(&proof, self.code_stage(&proof))))
    }

    /// What the page behind the link in a message shows. `None` when it is none of ours, or forgotten.
    pub async fn link(&self, token: &str) -> Result<Option<Waiting>, store::Error> {
        let proof = self.by_link(token).await?;
        Ok(proof.map(|proof| self.waiting(&proof, self.link_stage(&proof))))
    }

    fn waiting(&self, proof: &Proof, stage: Stage) -> Waiting {
        let (address, way) = (proof.address.masked(), proof.address.way());
        let places = proof.wants.places.iter().map(|place| place_name(&self.city, place, proof.language)).collect();
        Waiting { address, way, stage, follows: proof.wants.follows.clone(), places, adds: proof.person.is_some() }
    }

    fn code_stage(&self, proof: &Proof) -> Stage {
        let is_over = self.store.clock().now() >= proof.asked_at + self.city.proving.code();
        match proof {
            Proof { done_at: Some(_), .. } => Stage::Done,
            _ if is_over => Stage::Expired,
            Proof { tries, .. } if *tries >= Proving::TRIES => Stage::TooMany,
            _ => Stage::Open,
        }
    }

    fn link_stage(&self, proof: &Proof) -> Stage {
        let is_over = self.store.clock().now() >= proof.asked_at + self.city.proving.link();
        match proof.done_at {
            _ if is_over => Stage::Expired,
            Some(_) => Stage::Done,
            None => Stage::Open,
        }
    }

    /// Somebody typed this code on the page with this token. `None` when the page is none of ours, or forgotten.
    pub async fn enter(&self, page: &str, code: &str) -> Result<Option<Answer>, store::Error> {
        let Some(proof) = self.by_page(page).await? else { return Ok(None) };
        let stage = self.code_stage(&proof);
        if stage != Stage::Open {
            return Ok(Some(Answer::Not(stage)));
        }
        let mut tx = self.store.begin().await?;
        // Every try is counted before it is judged: who tries many at once gets no more of them.
        let Some(tries) = tx.try_code(proof.id, Proving::TRIES).await? else {
            drop(tx);
            let now = self.store.proof(proof.id).await?;
            return Ok(now.map(|proof| Answer::Not(self.code_stage(&proof))));
        };
        // What was never sent can only be guessed.
        if !proof.sent || !self.tokens.is_code(proof.id, code) {
            tx.commit().await?;
            let left = Proving::TRIES.saturating_sub(tries);
            metrics::counter!("voordeur_proofs_wrong_total").increment(1);
            return Ok(Some(if left == 0 { Answer::Not(Stage::TooMany) } else { Answer::Wrong(left) }));
        }
        self.finish(tx, &proof).await.map(Some)
    }

    /// Somebody pressed the button behind the link with this token. Twice is once. `None` when it is none of ours, or
    /// forgotten.
    pub async fn confirm(&self, link: &str) -> Result<Option<Answer>, store::Error> {
        let Some(proof) = self.by_link(link).await? else { return Ok(None) };
        match self.link_stage(&proof) {
            Stage::Open => {
                let tx = self.store.begin().await?;
                self.finish(tx, &proof).await.map(Some)
            }
            // Whoever has the link has the address: their choices open again.
            Stage::Done => {
                let mut tx = self.store.begin().await?;
                let owner = self.owner(&mut tx, &proof).await?;
                Ok(Some(owner.map_or(Answer::Not(Stage::Done), |owner| Answer::Done(Box::new(owner)))))
            }
            stage => Ok(Some(Answer::Not(stage))),
        }
    }

    async fn finish(&self, mut tx: Tx, proof: &Proof) -> Result<Answer, store::Error> {
        if !tx.prove(proof.id, self.store.clock().now()).await? {
            return Ok(Answer::Not(Stage::Done));
        }
        let Some(person) = self.apply(&mut tx, proof).await? else {
            return Ok(Answer::Not(Stage::Expired));
        };
        tx.commit().await?;
        metrics::counter!("voordeur_proofs_done_total", "way" => proof.address.way().as_str()).increment(1);
        Ok(Answer::Done(Box::new(person)))
    }
}

fn ago(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_sub(time).unwrap_or(Timestamp::MIN)
}

/// What a topic or an area that somebody may follow is called; `None` for a case, and for what is not there any more.
pub fn name<'a>(city: &'a City, target: &'a Target, language: Language) -> Option<&'a str> {
    let id = target.target.as_str();
    let names = match target.scope {
        Scope::Topic => city.groups.iter().find(|group| group.id == id).map(|group| &group.names).or_else(|| {
            let category = city.categories.iter().find(|category| category.id.as_str() == id);
            category.map(|category| &category.names)
        }),
        Scope::Area => city.areas.get(id).map(|area| &area.names),
        Scope::Case | Scope::Place | Scope::All => None,
    };
    names.map(|names| in_language(names, language))
}

/// A place that somebody asked for, in words of the city: its street, or the districts that it lies in. What they call it is
/// left out: whoever gives the address of somebody else could have the city write their words to them.
pub(crate) fn place_name(city: &City, place: &WantedPlace, language: Language) -> String {
    if let Some(street) = &place.street {
        return street.clone();
    }
    let districts: Vec<&str> = match &place.patch {
        Some(patch) => {
            let outline = patch.outline();
            city.areas.meeting(&outline).map(|area| in_language(&area.names, language)).collect()
        }
        None => Vec::new(),
    };
    if districts.is_empty() { city.name(language).to_owned() } else { districts.join(", ") }
}

/// Whether anybody may follow this: a topic that has something public, or a district.
pub fn is_offered(city: &City, target: &Target) -> bool {
    let id = target.target.as_str();
    match target.scope {
        Scope::Topic => city.categories.iter().any(|category| {
            category.publicity == schemas::city::Publicity::Public
                && (category.id.as_str() == id || category.id.group() == id)
        }),
        Scope::Area => city.areas.get(id).is_some(),
        Scope::Case | Scope::Place | Scope::All => false,
    }
}
