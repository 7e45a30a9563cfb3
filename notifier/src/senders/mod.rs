//! Every way to hand a notice to a person. One file per sender, one line in [`preferred`] and
//! [`Senders::build`].

pub mod desk;
pub(crate) mod heard;
pub mod letterbox;
pub mod letters;
pub mod mail;
pub mod push;
pub mod sandbox;
pub mod sms;
mod tls;

use crate::{links::NoticeLinks, paper::Block};
use async_trait::async_trait;
use bus::{LaneSettings, http};
use desk::DeskConfig;
use letters::LettersConfig;
use mail::MailConfig;
use push::PushConfig;
use schemas::{
    Timestamp, Uuid,
    city::City,
    notice::Heard,
    reference::Reference,
    report::{Language, Urgency},
    verdict::Verdict,
    way::{Address, Way},
};
use serde::Deserialize;
use sms::SmsConfig;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::ProviderNumber;
use tokio_util::sync::CancellationToken;

/// One notice, ready to be handed over.
#[derive(Clone)]
pub struct Parcel {
    /// The notice; what the outside dedupes by derives from it.
    pub notice: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// What the resident calls it.
    pub reference: Reference,
    /// Who is told: as in [`schemas::notice::Notice::person`].
    pub person: String,
    /// The version of the case that it tells; a higher one says more.
    pub version: i64,
    /// Where it goes.
    pub to: Address,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same words as HTML.
    pub html: String,
    /// What matters, in one or two sentences with the link: for what has little room.
    pub short: String,
    /// The words as blocks, without the person's name: for what is printed or said. Empty for other ways.
    pub paper: Vec<Block>,
    /// The page about it.
    pub link: String,
    /// The language of all of it.
    pub language: Language,
    /// It matters for somebody's safety.
    pub critical: bool,
    /// How much the matter itself presses.
    pub urgency: Urgency,
    /// It says how the case is: a newer one says all of it.
    pub is_status: bool,
    /// Whether whoever gets it may say by the links of its notice that they want no more. There are none in what
    /// somebody asked for a moment ago.
    pub may_stop: bool,
    /// When the notice was planned: the same on every retry.
    pub at: Timestamp,
}

/// A question to the other side: what became of a parcel.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The notice.
    pub notice: Uuid,
    /// Where it went.
    pub to: &'a Address,
    /// The receipt of its [`Verdict::Done`]; nothing when nobody knows whether it left.
    pub receipt: Option<&'a str>,
}

/// A way to hand a notice to a person.
#[async_trait]
pub trait Sender: Send + Sync {
    /// Hands `parcel` over. One parcel, one verdict; the lane's loop owns the retries.
    async fn send(&self, parcel: &Parcel) -> Verdict;

    /// How the lane of this sender is worked.
    fn lane(&self) -> LaneSettings {
        LaneSettings::default()
    }

    /// The numbers that the other side gave to a parcel, as its receipts will write them; `receipt` is that
    /// of a [`Verdict::Done`]. Nothing when its receipts name our notice, or when there are none.
    fn numbers(&self, notice: Uuid, receipt: &str) -> Vec<ProviderNumber> {
        let _ = (notice, receipt);
        Vec::new()
    }

    /// What handing a parcel over cost, in millionths of a euro; `receipt` as for [`Sender::numbers`]. `None`:
    /// nothing, or nobody knows.
    fn cost(&self, receipt: &str) -> Option<i64> {
        let _ = receipt;
        None
    }

    /// How long a receipt of a parcel may take, whose `receipt` is that of a [`Verdict::Done`], or nothing when
    /// nobody knows whether it left. When none came in that time, the person is told the next way. `None`:
    /// silence says nothing.
    fn receipt_within(&self, receipt: Option<&str>) -> Option<Duration> {
        let _ = receipt;
        None
    }

    /// How the lane `ask.<sender>` is worked, by which [`Sender::ask`] is called; `None` when the other side answers
    /// no questions.
    fn asking(&self) -> Option<LaneSettings> {
        None
    }

    /// Whether the other side can be asked what became of a parcel; `receipt` as for [`Sender::receipt_within`].
    fn can_ask(&self, receipt: Option<&str>) -> bool {
        let _ = receipt;
        false
    }

    /// Asks the other side. Nothing when it knows nothing of that parcel; the error, a sentence, says why it could
    /// not be asked.
    async fn ask(&self, question: &Question<'_>) -> Result<Vec<Heard>, String> {
        let _ = question;
        Ok(Vec::new())
    }

    /// Whether [`Sender::listen`] does anything.
    fn listens(&self) -> bool {
        false
    }

    /// Holds what has to be held open to send and to hear, until `stop`; it stops after the last parcel.
    async fn listen(&self, stop: CancellationToken) {
        let _ = stop;
    }

    /// Says goodbye to the other side; called once, when the process stops.
    async fn close(&self) {}
}

/// How the senders of this installation are set up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SenderConfig {
    /// The mail server; without one, what would have been mailed goes to the letterbox.
    pub mail: Option<MailConfig>,
    /// The SMS gateways; without one nobody is told by text message.
    pub sms: Vec<SmsConfig>,
    /// How devices are reached; without it nobody is told by push message.
    pub push: Option<PushConfig>,
    /// Letters on paper; without them nobody is written to, but by hand when nothing else reaches them.
    pub letters: Option<LettersConfig>,
    /// How people of the city tell residents by telephone; whether that is set up or not, it is the last way of
    /// whoever cannot be told by another.
    pub desk: DeskConfig,
    /// Whether the addresses of the sandbox answer by themselves ([`sandbox::Magic`]).
    pub magic: bool,
    /// How senders call the outside by HTTP.
    pub http: http::Config,
}

impl SenderConfig {
    /// The names of the senders that this sets up, as [`Senders::names`] has them.
    pub fn names(&self) -> Vec<&'static str> {
        let mail = self.mail.iter().map(|_| mail::NAME);
        let sms = self.sms.iter().take(1).map(|_| sms::NAME);
        let push = self.push.iter().map(|_| push::NAME);
        let letters = self.letters.iter().map(|_| letters::NAME);
        [desk::NAME, letterbox::NAME].into_iter().chain(letters).chain(mail).chain(push).chain(sms).collect()
    }

    /// The ways by which people may ask to be told: those that a sender goes by. A desk writes no letters for
    /// the asking, and telephones for it where [`DeskConfig::offered`] says so, or where the letterbox stands in
    /// for everything.
    pub fn offers(&self) -> Vec<Way> {
        let names = self.names();
        let may_ask = |way: &Way| match preferred(*way, &names) {
            Some(desk::NAME) => *way == Way::Call && (self.desk.offered || is_sandbox(&names)),
            // The letterbox cannot stand in for a device: none can be registered.
            _ if *way == Way::Push => self.push.is_some(),
            sender => sender.is_some(),
        };
        Way::ALL.into_iter().filter(may_ask).collect()
    }

    /// What is wrong with these settings, each as a sentence that names the setting.
    pub fn check(&self, city: &City) -> Vec<String> {
        let mail = self.mail.iter().flat_map(|mail| mail.check(city));
        let sms = SmsConfig::check_all(&self.sms);
        let push = self.push.iter().flat_map(PushConfig::check);
        let letters = self.letters.iter().flat_map(LettersConfig::check);
        mail.chain(sms).chain(push).chain(letters).chain(self.desk.check(city)).collect()
    }
}

/// Senders that reach people without anybody of the city.
const OUTSIDE: [&str; 4] = [letters::NAME, mail::NAME, push::NAME, sms::NAME];

/// Whether nothing leaves this house.
fn is_sandbox(available: &[&str]) -> bool {
    !available.iter().any(|name| OUTSIDE.contains(name))
}

/// The sender that goes this `way`, out of the `available` ones, best first. The letterbox stands in for mail
/// where there is no mail server, and for every way where none of [`OUTSIDE`] is set up. People of the city
/// telephone, and write letters where none are printed.
pub fn preferred(way: Way, available: &[&str]) -> Option<&'static str> {
    let real: Option<&'static str> = match way {
        Way::Email => Some(mail::NAME),
        Way::Sms => Some(sms::NAME),
        Way::Push => Some(push::NAME),
        Way::Call => Some(desk::NAME),
        Way::Letter => Some(letters::NAME),
    };
    let stands_in = available.contains(&letterbox::NAME) && (is_sandbox(available) || way == Way::Email);
    let by_hand = way == Way::Letter && available.contains(&desk::NAME);
    real.filter(|name| available.contains(name))
        .or(stands_in.then_some(letterbox::NAME))
        .or(by_hand.then_some(desk::NAME))
}

/// The senders that are set up, by name.
#[derive(Clone)]
pub struct Senders(BTreeMap<&'static str, Arc<dyn Sender>>);

impl Senders {
    /// Builds every sender that `config` sets up, and the letterbox. The error is a sentence that
    /// names the wrong setting. `links` make what people say by their notices find its way.
    pub fn build(
        config: &SenderConfig,
        city: &City,
        store: &store::Store,
        links: &NoticeLinks,
    ) -> Result<Self, String> {
        let mut senders: BTreeMap<&'static str, Arc<dyn Sender>> = BTreeMap::new();
        senders.insert(letterbox::NAME, Arc::new(letterbox::Letterbox::new(store.clone())));
        senders.insert(desk::NAME, Arc::new(desk::Desk::build(&config.desk, city, store)?));
        if let Some(letters) = &config.letters {
            senders.insert(letters::NAME, Arc::new(letters::Letters::build(letters, store)?));
        }
        if let Some(mail) = &config.mail {
            senders.insert(mail::NAME, Arc::new(mail::Mail::build(mail, city, links)?));
        }
        if !config.sms.is_empty() {
            let http = config.http.clone().build().map_err(|error| error.to_string())?;
            let sms = sms::Sms::build(&config.sms, http, store.clock().clone())?.hearing(city, store);
            senders.insert(sms::NAME, Arc::new(sms));
        }
        if let Some(push) = &config.push {
            let http = config.http.clone().build().map_err(|error| error.to_string())?;
            senders.insert(push::NAME, Arc::new(push::Push::build(push, http, store.clock().clone(), links)?));
        }
        if config.magic {
            // What people of the city do by hand is not played.
            for (name, sender) in senders.iter_mut().filter(|(name, _)| **name != desk::NAME) {
                *sender = Arc::new(sandbox::Sandbox::new(sender.clone(), name, store));
            }
        }
        Ok(Self(senders))
    }

    /// The names of the senders, for [`crate::plan`] and for one lane `send.<name>` each.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    /// The sender of this name.
    pub fn get(&self, name: &str) -> Option<Arc<dyn Sender>> {
        self.0.get(name).cloned()
    }

    /// Says goodbye to every other side.
    pub async fn close(&self) {
        for sender in self.0.values() {
            sender.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ways_that_a_sender_goes_are_offered() {
        let mail = || Some("smtp://127.0.0.1".parse().expect("an address"));
        let called = || DeskConfig { offered: true, ..DeskConfig::default() };
        for (config, offered) in [
            (SenderConfig::default(), &[Way::Email, Way::Sms, Way::Letter, Way::Call][..]),
            (SenderConfig { mail: mail(), ..SenderConfig::default() }, &[Way::Email]),
            (
                SenderConfig { mail: mail(), letters: Some(LettersConfig::default()), ..SenderConfig::default() },
                &[Way::Email, Way::Letter],
            ),
            (SenderConfig { mail: mail(), desk: called(), ..SenderConfig::default() }, &[Way::Email, Way::Call]),
        ] {
            assert_eq!(config.offers(), offered, "{config:?}");
        }
    }
}
