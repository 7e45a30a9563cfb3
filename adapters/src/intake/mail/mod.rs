//! E-mail as a door: a mail that answers nothing becomes a report, one within the conversation about a case joins
//! it, and what no person wrote becomes neither (RFC 3834).
//!
//! Who reads mail asks [`Door::receive`] for what nobody else understands, and commits what it gives with everything
//! else of that visit: the same mail twice is one report.

pub(crate) mod place;
mod read;

use super::{IntakeError, IntakeTools, guard::Clues, hex, photo, prepare};
use crate::mail::{message, message::Incoming, reply::ReplyAddress};
use bytes::Bytes;
use read::Letter as Read;
use schemas::{
    Timestamp, Uuid,
    fault::Invalid,
    further::Word,
    id::derived,
    left_out::LeftOut,
    letter::Letter,
    place::Place,
    reference::Reference,
    reply::wrote_with,
    report::{Contact, Language, Tell},
    slug::{CategoryId, Channel, Slug},
    submission::{Checked, MAX_PHOTOS, MAX_WORDS, Submission},
    tongue,
    trace::Trace,
    way::{Address, Way},
};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{AddressKeys, MailIn, MailInWhat, NewReport};

/// The channel of reports that come by mail.
pub const CHANNEL: &str = "email";
/// Mails within a conversation join its case for so long.
pub const THREAD: Duration = Duration::from_hours(180 * 24);
/// What a category needs of the likelihood to be taken from the words.
const SURE: f64 = 0.6;
const DAY: Duration = Duration::from_hours(24);

/// The category that words are likely about, with its share of the likelihood from 0 to 1; `None` when they say too
/// little.
pub type Suggest = Arc<dyn Fn(&str) -> Option<(CategoryId, f64)> + Send + Sync>;

/// Settings of this door, as `[mail_door]` of the configuration has them.
#[derive(Debug, Clone)]
pub struct Config {
    /// After an acknowledgement to an address, no other goes there for so long.
    pub acknowledge_every: Duration,
    /// The most mails of one address that become reports or words of a case within a day.
    pub most_a_day: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { acknowledge_every: Duration::from_hours(1), most_a_day: 20 }
    }
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let wrong = |field: &str, range: &str| Invalid::new(field, "out_of_range", format!("write {range}"));
        let mut faults = Vec::new();
        if !(Duration::from_secs(60)..=Duration::from_hours(7 * 24)).contains(&self.acknowledge_every) {
            faults.push(wrong("mail_door.acknowledge_every_minutes", "1 to 10080"));
        }
        if !(1..=500).contains(&self.most_a_day) {
            faults.push(wrong("mail_door.most_a_day", "1 to 500"));
        }
        faults
    }

    /// The door. What comes from one of the `own` addresses, or from an address of `replies`, is the city's own.
    pub async fn build(
        self,
        tools: &IntakeTools,
        photos: &photo::Desk,
        suggest: Suggest,
        own: &[String],
        replies: Option<&ReplyAddress>,
    ) -> Result<Door, store::Error> {
        Ok(Door {
            config: self,
            channel: Slug::new(CHANNEL).expect("`email` is a slug"),
            keys: tools.store.address_keys().await?,
            tools: tools.clone(),
            photos: photos.clone(),
            suggest,
            own: own.iter().map(|address| address.to_lowercase()).collect(),
            replies: replies.cloned(),
        })
    }
}

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    config: Config,
    channel: Channel,
    keys: AddressKeys,
    tools: IntakeTools,
    photos: photo::Desk,
    suggest: Suggest,
    own: Vec<String>,
    replies: Option<ReplyAddress>,
}

/// What was received in one visit and is not committed yet.
#[derive(Debug, Default)]
pub struct Visit {
    mails: HashMap<Uuid, MailIn>,
}

/// What a mail came to.
#[derive(Debug)]
pub enum Outcome {
    /// A report, to be kept with its row.
    Report(Box<NewReport>, MailIn),
    /// Words about a case that is there; to be posted, and its row kept.
    Wrote(Letter, MailIn),
    /// It was received before.
    Again,
    /// It becomes nothing: a word that says why, for the operator.
    Not(&'static str),
}

impl Door {
    /// Takes `mail`, whose bytes are these and which came at `at`. Nothing is stored but photos, which nobody sees
    /// until their report is committed. The same mail gives the same report, however often it is asked.
    ///
    /// # Errors
    /// The rows cannot be reached: the mail has to be received again.
    pub async fn receive(
        &self,
        mail: &Incoming,
        bytes: &Bytes,
        visit: &mut Visit,
        at: Timestamp,
    ) -> Result<Outcome, store::Error> {
        let whole = bytes.clone();
        // Megabytes of anything: other work goes on meanwhile.
        let read = tokio::task::spawn_blocking(move || read::read(&whole)).await;
        // A mail that the parser stumbles over is one that a person looks at.
        let Ok(read) = read else { return Ok(Outcome::Not("unreadable")) };
        match (&mail.what, read.nobody, &read.from) {
            (message::What::Automatic { .. }, _, _) => return Ok(Outcome::Not("automatic")),
            (message::What::Report(_), _, _) => return Ok(Outcome::Not("report")),
            (_, Some(why), _) => return Ok(Outcome::Not(why)),
            (_, _, Some(from)) if self.is_own(from) => return Ok(Outcome::Not("own")),
            _ => {}
        }
        let Some(from) = read.from.clone() else { return Ok(Outcome::Not("no_address")) };
        if visit.mails.contains_key(&mail.key) || self.tools.store.mails_in(&[mail.key]).await?.contains_key(&mail.key)
        {
            return Ok(Outcome::Again);
        }
        let sender = self.keys.of(&Address::Email(from.clone()));
        let mut lately = self.tools.store.mails_of(&sender, at - DAY).await?;
        lately.extend(visit.mails.values().filter(|mail| mail.sender == sender).cloned());
        if lately.len() >= self.config.most_a_day {
            return Ok(Outcome::Not("too_many"));
        }
        let row = |report, what, left_out| MailIn { key: mail.key, report, sender: sender.clone(), what, left_out, at };
        if let Some(report) = self.conversation(mail, &read, &from, &sender, visit).await? {
            let id = derived(&["written by mail", &report.to_string(), &mail.key.to_string()]);
            let language = tongue::guess(&read.words, &self.tools.city.languages);
            let (words, pictures) = (read.words, read.pictures);
            let (words, photos) = self.with_photos(mail, words, pictures, language.unwrap_or_default()).await?;
            let Some(letter) = wrote_with(report, id, &words, photos, Trace::start(), at) else {
                return Ok(Outcome::Not("empty"));
            };
            let row = row(report, MailInWhat::Wrote, Vec::new());
            visit.mails.insert(row.key, row.clone());
            return Ok(Outcome::Wrote(letter, row));
        }
        if read.subject.is_empty() && read.words.is_empty() && read.pictures.is_empty() {
            return Ok(Outcome::Not("empty"));
        }
        let (checked, left_out) = match self.submit(mail, read, from).await? {
            Ok(submitted) => submitted,
            Err(why) => return Ok(Outcome::Not(why)),
        };
        let name = mail.key.to_string();
        let new =
            match prepare(&self.tools, &self.channel, Some(&name), checked, Clues::default(), Trace::start()).await {
                Ok(new) => new,
                // The photos are its own, so only another report of this mail can have them.
                Err(IntakeError::Invalid(_)) => return Ok(Outcome::Again),
                Err(IntakeError::Store(error)) => return Err(error),
            };
        let quiet =
            lately.iter().any(|mail| mail.what == MailInWhat::Report && mail.at > at - self.config.acknowledge_every);
        let what = if quiet { MailInWhat::Silent } else { MailInWhat::Report };
        let row = row(new.report.id, what, left_out);
        visit.mails.insert(row.key, row.clone());
        Ok(Outcome::Report(Box::new(new), row))
    }

    /// What somebody adds to a case in `mail`: the words, with the names of what was not taken, and the photos, kept.
    ///
    /// # Errors
    /// The rows cannot be reached.
    pub(crate) async fn added(
        &self,
        mail: &Incoming,
        bytes: &Bytes,
        language: Language,
    ) -> Result<(String, Vec<Uuid>), store::Error> {
        let whole = bytes.clone();
        let read = tokio::task::spawn_blocking(move || read::read(&whole)).await;
        let pictures = read.map(|read| read.pictures).unwrap_or_default();
        let message::What::Words { text, .. } = &mail.what else { return Ok((String::new(), Vec::new())) };
        self.with_photos(mail, text.clone(), pictures, language).await
    }

    async fn with_photos(
        &self,
        mail: &Incoming,
        words: String,
        pictures: Vec<Vec<u8>>,
        language: Language,
    ) -> Result<(String, Vec<Uuid>), store::Error> {
        let photos = self.take_photos(mail, pictures, &mut Place::default(), &mut Vec::new()).await?;
        let words = match &mail.what {
            // Everything that came along is there to be seen.
            message::What::Words { files, .. } if files.len() <= photos.len() => words,
            message::What::Words { files, .. } => format!("{words}\n\n[{}]", files.join(", ")),
            _ => words,
        };
        let is_wordless = words.trim().is_empty() && !photos.is_empty();
        Ok((if is_wordless { self.tools.city.further.say(language, &WORDLESS).into_owned() } else { words }, photos))
    }

    /// Whether the city itself wrote it.
    fn is_own(&self, from: &str) -> bool {
        let from = from.to_lowercase();
        self.own.contains(&from) || self.replies.as_ref().is_some_and(|replies| replies.token(&from).is_some())
    }

    /// The report that a mail is about: by the mails that it answers, ours or their own, or by the reference in its
    /// subject. Only for who reported it, by their address: what a mail is called others may know, too.
    async fn conversation(
        &self,
        mail: &Incoming,
        read: &Read,
        from: &str,
        sender: &str,
        visit: &Visit,
    ) -> Result<Option<Uuid>, store::Error> {
        let keys: Vec<Uuid> = mail.about.iter().map(|id| message::key_of_id(id)).collect();
        let own = keys.iter().filter_map(|key| visit.mails.get(key)).find(|mail| mail.sender == sender);
        if let Some(known) = own {
            return Ok(Some(known.report));
        }
        let known = self.tools.store.mails_in(&keys).await?;
        if let Some(known) = keys.iter().filter_map(|key| known.get(key)).find(|mail| mail.sender == sender) {
            return Ok(Some(known.report));
        }
        // Ours are called by the id of a notice, or of a case.
        let ids: Vec<Uuid> = mail.about.iter().filter_map(|id| id.split('@').next()?.parse().ok()).take(50).collect();
        let mut cases = ids.clone();
        if !ids.is_empty() {
            let notices = self.tools.store.begin().await?.notices(&ids).await?;
            cases.extend(notices.values().map(|row| row.notice.case_id));
        }
        if let Some(reference) = reference(&read.subject)
            && let Some(report) = self.tools.store.report_by_reference(reference).await?
        {
            cases.push(report.id);
        }
        if cases.is_empty() {
            return Ok(None);
        }
        let contacts = self.tools.store.contacts_by_ids(&cases).await?;
        let is_theirs = |case: &&Uuid| {
            let email = contacts.get(case).and_then(|contact| contact.email.as_deref());
            email.is_some_and(|email| email.to_lowercase() == from.to_lowercase())
        };
        Ok(cases.iter().find(is_theirs).copied())
    }

    /// The mail as a checked submission, and what of it is not taken; or a word that says why it cannot be one.
    async fn submit(
        &self,
        mail: &Incoming,
        read: Read,
        from: String,
    ) -> Result<Result<(Checked, Vec<LeftOut>), &'static str>, store::Error> {
        let city = &self.tools.city;
        let (mut words, cut) = read::story(&read.subject, &read.words, MAX_WORDS);
        let language = tongue::guess(&words, &city.languages).or(city.languages.first().copied()).unwrap_or_default();
        let sure = (self.suggest)(&words).filter(|(_, share)| *share >= SURE).map(|(category, _)| category);
        let general = city.general_category().map(|category| category.id.clone());
        if words.is_empty() {
            words = city.further.say(language, &WORDLESS).into_owned();
        }
        let mut left_out = read.left_out;
        left_out.extend(cut.then_some(LeftOut::Words));
        let mut place = place::of_words(read::searched(&words), city);
        let photos = self.take_photos(mail, read.pictures, &mut place, &mut left_out).await?;
        let contact = Contact { name: read.name, email: Some(from), phone: None, post: None };
        let tell = if city.offers(Way::Email) { Tell::Email } else { Tell::Nothing };
        let submission = |category: &CategoryId| Submission {
            category: category.to_string(),
            words: words.clone(),
            place: (!place.is_empty()).then(|| place.clone().into()),
            contact: Some(contact.clone()),
            language: Some(language),
            tell: Some(tell),
            photos: photos.clone(),
            ..Submission::default()
        };
        let tried = sure.iter().chain(&general).map(|category| submission(category).check(city));
        let good = tried.filter_map(Result::ok).next();
        Ok(good.map(|checked| (checked, left_out)).ok_or("refused"))
    }

    /// Stores the pictures that are photos, at most as many as a report may have, and says of the others why not. A
    /// photo that knows where it was taken says where it is, if nothing else does.
    async fn take_photos(
        &self,
        mail: &Incoming,
        pictures: Vec<Vec<u8>>,
        place: &mut Place,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Vec<Uuid>, store::Error> {
        let mut photos = Vec::new();
        for picture in pictures {
            let picture = Bytes::from(picture);
            let id = derived(&["photo", &mail.key.to_string(), &hex(&Sha256::digest(&picture))]);
            if photos.contains(&id) {
                continue;
            }
            if photos.len() == MAX_PHOTOS {
                left_out.push(LeftOut::TooMany);
                continue;
            }
            match self.photos.receive(&self.tools, id, picture).await {
                Ok(taken_at) => {
                    photos.push(id);
                    place.point = place.point.or(taken_at);
                }
                Err(error) => {
                    left_out.push(match error.refused()? {
                        photo::Refused::Heic => LeftOut::Heic,
                        photo::Refused::TooLarge { .. } | photo::Refused::TooManyPixels { .. } => LeftOut::TooLarge,
                        photo::Refused::Empty | photo::Refused::Damaged => LeftOut::Damaged,
                        photo::Refused::NotAPhoto { .. } => LeftOut::Other,
                        photo::Refused::Malware => LeftOut::Malware,
                    });
                }
            }
        }
        Ok(photos)
    }
}

/// What stands for words where somebody sent photos alone.
pub(crate) static WORDLESS: Word =
    Word::new("photos-without-words", ["Foto’s zonder woorden", "Photos sans texte", "Photos without words"]);

/// The reference that stands in a subject, as people write it.
fn reference(subject: &str) -> Option<Reference> {
    let plain: Vec<char> = subject.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '\u{a0}' | '\u{202f}')).collect();
    let runs = plain.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let digits = runs.filter(|run| run.len() == 8 && run[0].is_ascii_digit());
    digits.filter_map(|run| Reference::parse(&run.iter().collect::<String>()).ok()).next()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
