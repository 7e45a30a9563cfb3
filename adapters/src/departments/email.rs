//! A department that works from its mailbox: each dispatch is a mail with everything it needs, with
//! links that answer without an account, and with an address of its own to reply to. What comes
//! back is read by [`mailbox`].
//!
//! A mail server cannot be asked whether it has a mail, so what may have arrived is sent again with
//! the same Message-ID, by which mail programs know it (DESIGN of all mail in this house).

mod hear;
mod letter;
pub mod mailbox;
pub mod sense;
pub mod spool;
mod words;

use super::{Adapter, Taken, Tools};
use crate::{happened, links::Links, mail::Mail};
use async_trait::async_trait;
use bus::{Breaker, LaneSettings, Retry, UnknownPolicy};
use lettre::Address;
use schemas::{
    city::{City, Department},
    dispatch::Dispatch,
    fault::Invalid,
    id::Clock,
    letter::Letter,
    report::{Language, Urgency},
    verdict::{Fault, Verdict},
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use store::Tx;

/// RFC 5321 §4.5.4.1 asks for 4 to 5 days.
const GIVE_UP_AFTER: Duration = Duration::from_hours(4 * 24);
/// How long an address that cannot have it yet (greylisting, a full mailbox) holds it back for the others.
const FOR_ALL_WITHIN: Duration = Duration::from_hours(1);
/// The most addresses of one department, copies included.
const MOST: usize = 20;

/// Settings in `departments.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who gets the mail: one mail to all of them.
    pub to: Vec<String>,
    /// Who gets a copy.
    #[serde(default)]
    pub cc: Vec<String>,
    /// The language of the mail; the city's own when left out.
    #[serde(default)]
    pub language: Option<Language>,
    /// The address in `From`; the one of `[mail]` when left out.
    #[serde(default)]
    pub from: Option<String>,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        if self.to.is_empty() {
            faults.push(Invalid::new("/to", "required", "write at least one address: to: [wegen@stad.example]"));
        }
        if self.to.len() + self.cc.len() > MOST {
            faults.push(Invalid::new("/to", "too_many", format!("at most {MOST} addresses: use a distribution list")));
        }
        let named = [("to", &self.to[..]), ("cc", &self.cc[..]), ("from", self.from.as_slice())];
        for (name, list) in named {
            for (at, address) in list.iter().enumerate() {
                let field = if name == "from" { "/from".to_owned() } else { format!("/{name}/{at}") };
                if !address.is_ascii() || address.parse::<Address>().is_err() {
                    let message = format!("`{address}` is not a mail address; write one like wegen@stad.example");
                    faults.push(Invalid::new(field, "malformed", message));
                }
            }
        }
        faults
    }

    /// The adapter; needs `[mail]` of the configuration.
    pub fn build(self, department: &Department, tools: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        let Some(mail) = tools.mail.clone() else {
            let message = "it gets its work by mail: set the mail server under [mail] in the configuration";
            return Err(vec![Invalid::new("", "no_mail", message)]);
        };
        let read = |list: &[String]| list.iter().map(|address| address.parse()).collect::<Result<Vec<Address>, _>>();
        let wrong = |_| vec![Invalid::new("/to", "malformed", "these are not all mail addresses")];
        let (to, cc) = (read(&self.to).map_err(wrong)?, read(&self.cc).map_err(wrong)?);
        let from = self.from.as_deref().map(str::parse).transpose().map_err(wrong)?;
        let language = self.language.or_else(|| tools.city.languages.first().copied()).unwrap_or_default();
        let lane = LaneSettings {
            concurrency: 2,
            retry: Retry { first: Duration::from_secs(30), max: Duration::from_hours(1), give_up_after: GIVE_UP_AFTER },
            // Greylisting looks like a failure, too, and says nothing of the server.
            breaker: Breaker { failures: 20, ..Breaker::default() },
            unknown: UnknownPolicy::SendAgain,
            deadline: mail.smtp.patience().whole(u32::try_from(to.len() + cc.len()).unwrap_or(u32::MAX))
                + Duration::from_secs(10),
            ..LaneSettings::default()
        };
        Ok(Arc::new(Email {
            from: from.unwrap_or_else(|| mail.smtp.from().clone()),
            to,
            cc,
            language,
            name: schemas::city::in_language(&department.names, language).to_owned(),
            lane,
            mail,
            city: tools.city.clone(),
            links: tools.links.clone(),
            clock: tools.clock.clone(),
        }))
    }
}

struct Email {
    from: Address,
    to: Vec<Address>,
    cc: Vec<Address>,
    language: Language,
    /// The department's name in its language.
    name: String,
    lane: LaneSettings,
    mail: Mail,
    city: Arc<City>,
    links: Links,
    clock: Clock,
}

impl Email {
    fn letter<'a>(&'a self, dispatch: &'a Dispatch) -> letter::Sheet<'a> {
        letter::Sheet {
            dispatch,
            city: &self.city,
            language: self.language,
            department: &self.name,
            links: &self.links,
            replies: self.mail.replies.as_ref(),
        }
    }
}

#[async_trait]
impl Adapter for Email {
    async fn deliver(&self, dispatch: &Dispatch, letter: &Letter) -> Verdict {
        let token = self.links.reply_token(dispatch.id);
        let reply = match self.mail.replies.as_ref().map(|replies| replies.with(&token).parse()).transpose() {
            Ok(reply) => reply,
            Err(error) => return Verdict::never(Fault::Ours, format!("the reply address cannot be written: {error}")),
        };
        let envelope = letter::Envelope {
            from: &self.from,
            to: &self.to,
            cc: &self.cc,
            reply_to: reply.as_ref().or(self.mail.smtp.reply_to()),
            at: self.clock.now(),
        };
        let bytes = match self.letter(dispatch).write(&envelope) {
            Ok(bytes) => bytes,
            Err(why) => return Verdict::never(Fault::Ours, why),
        };
        let everyone: Vec<Address> = self.to.iter().chain(&self.cc).cloned().collect();
        // What comes back goes where answers go, so that it finds its case.
        let may_wait = !matches!(dispatch.priority, Urgency::High | Urgency::Emergency);
        let for_all = may_wait && self.clock.now() < letter.posted_at + FOR_ALL_WITHIN;
        self.mail.smtp.send(reply.as_ref().unwrap_or(&self.from), &everyone, &bytes, for_all).await
    }

    async fn taken(&self, tx: &mut Tx, taken: &Taken<'_>) -> Result<(), store::Error> {
        // Without a mailbox nobody hears that it came back.
        if self.mail.replies.is_none() {
            return Ok(());
        }
        let to = self.to.iter().map(|address| address.to_string().to_lowercase()).collect();
        happened::keep(tx, taken.letter, taken.dispatch, to).await
    }

    fn lane(&self) -> LaneSettings {
        self.lane.clone()
    }
}

#[cfg(test)]
#[path = "email/tests.rs"]
mod tests;
