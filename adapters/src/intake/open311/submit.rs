//! `POST requests`: a form becomes a report, exactly once.

use super::{
    CHANNEL, Door,
    form::{self, Reader, Reading, rename},
    media::Fetched,
};
use crate::intake::{Accepted, IntakeError, Receipt, accept, attempt, form::FormData, guard::Clues, photo};
use schemas::{
    Uuid,
    api_key::{ApiKey, KeyKind},
    fault::Invalid,
    report::{Language, Report},
    slug::{Channel, Slug},
    trace::Trace,
};
use std::net::IpAddr;

/// A form as it came in.
#[derive(Debug)]
pub struct Posted<'a> {
    /// The form, with the files of its field `media`.
    pub form: FormData,
    /// The key that came with it.
    pub key: Option<&'a ApiKey>,
    /// The language when the form names none.
    pub language: Language,
    /// Where it came from; counts where no key says for whom.
    pub peer: Option<IpAddr>,
    /// The walk it begins.
    pub trace: Trace,
}

/// What became of it.
#[derive(Debug)]
pub enum Taken {
    /// Stored now, or before.
    Kept {
        /// What was given.
        receipt: Receipt,
        /// Whether it is a new one.
        new: bool,
        /// What the client calls the person.
        account_id: Option<String>,
    },
    /// Good, and not kept: it came with a key for tests.
    Tried(Receipt),
    /// The client can put it right: 400.
    Invalid(Vec<Invalid>),
    /// The rows cannot be reached; nothing was stored.
    Failed(store::Error),
}

impl From<IntakeError> for Taken {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Invalid(faults) => Self::Invalid(faults.into_iter().map(rename).collect()),
            IntakeError::Store(error) => Self::Failed(error),
        }
    }
}

fn receipt(report: Report) -> Receipt {
    Receipt { id: report.id, reference: report.reference, token: report.token, received_at: report.received_at }
}

impl Door {
    /// The channel of a key; that of this door without one.
    fn channel(key: Option<&ApiKey>) -> Channel {
        key.map_or_else(|| Slug::new(CHANNEL).expect("`open311` is a slug"), |key| key.channel.clone())
    }

    /// Takes one form.
    pub async fn receive(&self, posted: Posted<'_>) -> Taken {
        let Posted { form, key, language, peer, trace } = posted;
        let clues = Clues { peer: peer.filter(|_| key.is_none()), ..Clues::default() };
        let config = &self.0.config;
        let channel = Self::channel(key);
        let tells_itself = config.tells_itself.contains(&channel);
        let reader = Reader { city: &self.0.tools.city, own_id: &config.own_id, tells_itself, language };
        let reading = match reader.read(form) {
            Ok(reading) => reading,
            Err(faults) => return Taken::Invalid(faults),
        };
        // Everything that can be wrong is, before anything is fetched or kept.
        if let Err(faults) = reading.submission.clone().check(&self.0.tools.city) {
            return Taken::Invalid(faults.into_iter().map(rename).collect());
        }
        let done = match key.map(|key| key.kind) {
            Some(KeyKind::Test) => self.attempt(reading).await,
            kind => self.keep_report(&channel, reading, kind.is_some(), clues, trace).await,
        };
        done.unwrap_or_else(Taken::from)
    }

    async fn attempt(&self, reading: Reading) -> Result<Taken, IntakeError> {
        for (i, file) in reading.files.into_iter().enumerate() {
            self.0.photos.attempt(&self.0.tools, file.bytes).await.map_err(|error| refused(i, error))?;
        }
        let checked = reading.submission.check(&self.0.tools.city).map_err(IntakeError::Invalid)?;
        Ok(Taken::Tried(attempt(&self.0.tools, &checked).await?))
    }

    /// `known`: it came with a key. For strangers nothing is fetched, or the city would be a means to have anybody called.
    async fn keep_report(
        &self,
        channel: &Channel,
        reading: Reading,
        known: bool,
        clues: Clues,
        trace: Trace,
    ) -> Result<Taken, IntakeError> {
        let tools = &self.0.tools;
        let name = self.name(channel, &reading, tools.clock.now()).await?;
        let Reading { mut submission, media, files, account_id, .. } = reading;
        if let Some(report) = name.kept {
            return Ok(Taken::Kept { receipt: receipt(report), new: false, account_id });
        }
        let mut photos = Vec::new();
        for (i, file) in files.into_iter().enumerate() {
            let id: Uuid = tools.ids.new_id();
            self.0.photos.receive(tools, id, file.bytes).await.map_err(|error| refused(i, error))?;
            photos.push(id);
        }
        let fetched = if known { self.fetch(media).await } else { Fetched { photos: Vec::new(), lost: media } };
        photos.extend(fetched.photos);
        let language = submission.language.unwrap_or_default();
        submission.words = form::with_lines(&tools.city.further, &submission.words, &fetched.lost, language);
        submission.photos = photos;
        let checked = submission.check(&tools.city).map_err(IntakeError::Invalid)?;
        let receipt = match accept(tools, channel, Some(&name.source), checked, clues, trace).await? {
            Accepted::New(receipt) => return Ok(Taken::Kept { receipt, new: true, account_id }),
            Accepted::Again(receipt) => receipt,
            // Sent twice at the same moment; the photos of this one are thrown away in a day.
            Accepted::Conflict => match tools.store.report_by_source(channel, &name.source).await? {
                Some(report) => receipt(report),
                None => {
                    let (table, column, key) = ("report", "source_id", name.source);
                    return Err(store::Error::Inconsistent { table, column, key }.into());
                }
            },
        };
        Ok(Taken::Kept { receipt, new: false, account_id })
    }
}

/// Why the `i`-th file is not taken.
fn refused(i: usize, error: photo::Error) -> IntakeError {
    match error.refused() {
        Ok(why) => IntakeError::Invalid(vec![why.invalid(&format!("/photos/{i}"))]),
        Err(error) => IntakeError::Store(error),
    }
}
