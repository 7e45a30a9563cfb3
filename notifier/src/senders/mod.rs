//! Every way to hand a notice to a person. One file per sender, one line in [`preferred`] and
//! [`Senders::build`].

pub mod letterbox;
pub mod mail;

use async_trait::async_trait;
use bus::LaneSettings;
use mail::MailConfig;
use schemas::{
    Timestamp, Uuid,
    city::City,
    report::{Language, Tell},
    verdict::Verdict,
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// One notice, ready to be handed over.
#[derive(Clone)]
pub struct Parcel {
    /// The notice; what the outside dedupes by derives from it.
    pub notice: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The e-mail address of the person.
    pub email: String,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same words as HTML.
    pub html: String,
    /// The language of all of it.
    pub language: Language,
    /// When the notice was planned: the same on every retry.
    pub at: Timestamp,
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

    /// Says goodbye to the other side; called once, when the process stops.
    async fn close(&self) {}
}

/// How the senders of this installation are set up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SenderConfig {
    /// The mail server; without one, what would have been mailed goes to the letterbox.
    pub mail: Option<MailConfig>,
}

impl SenderConfig {
    /// What is wrong with these settings, each as a sentence that names the setting.
    pub fn check(&self, city: &City) -> Vec<String> {
        self.mail.iter().flat_map(|mail| mail.check(city)).collect()
    }
}

/// The sender that tells somebody who asked for `tell`, out of the `available` ones, best first.
pub fn preferred(tell: Tell, available: &[&str]) -> Option<&'static str> {
    let fitting: &[&'static str] = match tell {
        Tell::Email => &[mail::NAME, letterbox::NAME],
        Tell::Nothing => &[],
    };
    fitting.iter().copied().find(|name| available.contains(name))
}

/// The senders that are set up, by name.
#[derive(Clone)]
pub struct Senders(BTreeMap<&'static str, Arc<dyn Sender>>);

impl Senders {
    /// Builds every sender that `config` sets up, and the letterbox. The error is a sentence that
    /// names the wrong setting.
    pub fn build(config: &SenderConfig, city: &City, store: &store::Store) -> Result<Self, String> {
        let mut senders: BTreeMap<&'static str, Arc<dyn Sender>> = BTreeMap::new();
        senders.insert(letterbox::NAME, Arc::new(letterbox::Letterbox::new(store.clone())));
        if let Some(mail) = &config.mail {
            senders.insert(mail::NAME, Arc::new(mail::Mail::build(mail, city)?));
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
