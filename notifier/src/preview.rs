//! How each message reads, by each way and in each language: made of a sample, or of what really happened to a case.

use crate::{
    context::{self, About, Facts, Sample},
    digest::Digest,
    paper,
    plain::{self, Reading},
    render::{RenderError, Rendered, Templates},
    senders::{
        push,
        sms::text::{self, Sms},
    },
    verify::ProofWords,
};
use schemas::{
    city::City,
    event::{CaseEvent, What},
    reference::Reference,
    report::{Contact, Language, Report},
    slug::DepartmentId,
    way::Way,
};
use store::Store;

/// Several pieces of news in one mail.
const DIGEST: &str = "digest";
/// What asks somebody to prove an address.
const PROOF: &str = "proof";
/// Every way.
const ALL: [Way; 5] = Way::ALL;

/// How a message reads one way in one language.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// One line, where the way has one.
    pub subject: Option<String>,
    /// What people read or hear.
    pub words: String,
    /// The same as HTML, as a mail has it.
    pub html: String,
    /// How it travels as a text message.
    pub sms: Option<Sms>,
    /// How plain it is; `None` when there are no words.
    pub reading: Option<Reading>,
}

/// What really happened to a case.
#[derive(Debug, Clone)]
pub struct Real {
    /// The newest event of its kind.
    pub event: CaseEvent,
    /// The report, without the token of its page: who has that speaks for the reporter.
    pub report: Report,
    contact: Option<Contact>,
    lead: Option<DepartmentId>,
}

/// What is known of a case.
#[derive(Debug)]
pub enum Found {
    /// There is no report with this reference.
    NoReport,
    /// This did not happen to it.
    NotHappened,
    /// This is what it is made of.
    Real(Box<Real>),
}

/// The newest event of the case `reference` that the message `word` tells.
pub async fn find(store: &Store, reference: Reference, word: &str) -> Result<Found, store::Error> {
    let Some(mut report) = store.report_by_reference(reference).await? else { return Ok(Found::NoReport) };
    let timeline = store.timeline(report.id, false).await?;
    let Some(event) = timeline.into_iter().rev().find(|event| event.what.word() == word) else {
        return Ok(Found::NotHappened);
    };
    let contact = store.contacts_by_ids(&[report.id]).await?.remove(&report.id);
    let lead = store.case(report.id).await?.and_then(|case| case.lead);
    report.token = "…".to_owned();
    Ok(Found::Real(Box::new(Real { event, report, contact, lead })))
}

/// The names of all messages, in the order in which people meet them.
pub fn words(city: &City) -> Vec<&'static str> {
    let samples = context::samples(city, true);
    samples.iter().map(Sample::word).chain([DIGEST, PROOF]).collect()
}

/// The ways that the message `word` goes.
pub fn ways(word: &str) -> &'static [Way] {
    match word {
        DIGEST => &[Way::Email],
        PROOF => &[Way::Email, Way::Sms],
        _ => &ALL,
    }
}

/// Shows messages in the words of one city.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// The words.
    pub templates: &'a Templates,
    /// Whose they are.
    pub city: &'a City,
    /// What links begin with.
    pub public_url: &'a str,
    /// Whether letters that the cheap alphabet of text messages lacks are written by others.
    pub transliterate: bool,
}

impl Stage<'_> {
    /// The message `word`, made of a sample with all that may be there (`full`) or only what is always there, or of
    /// what is `real`. `None` when there is no such message, or it does not go this way.
    ///
    /// # Errors
    /// The template that cannot be filled; `voordeur check` finds it, too.
    pub fn show(
        &self,
        word: &str,
        way: Way,
        language: Language,
        full: bool,
        real: Option<&Real>,
    ) -> Result<Option<Shown>, RenderError> {
        if !ways(word).contains(&way) {
            return Ok(None);
        }
        let samples = context::samples(self.city, full);
        let (made, said) = match word {
            DIGEST => (self.digest(&samples, language)?, None),
            PROOF => (self.proof(language)?, None),
            _ => {
                let Some(sample) = samples.iter().find(|sample| sample.word() == word) else { return Ok(None) };
                let facts = self.facts(sample, language, real);
                let made = self.templates.render(self.city, self.public_url, &facts, language)?;
                let nameless = Facts { name: None, ..facts };
                let said = (way == Way::Call)
                    .then(|| self.templates.paper(self.city, self.public_url, &nameless, language, false));
                (made, said.transpose()?.map(|parts| paper::said(&parts.concat(), language)))
            }
        };
        Ok(Some(self.by(way, made, said, language)))
    }

    fn facts<'f>(&'f self, sample: &'f Sample, language: Language, real: Option<&'f Real>) -> Facts<'f> {
        let Some(real) = real else { return sample.facts() };
        let article = match &real.event.what {
            What::Answered { article, .. } => self.city.article(article).map(|article| article.text(language)),
            _ => None,
        };
        let (event, report, lead) = (&real.event, &real.report, real.lead.as_ref());
        Facts {
            about: About::Case { event, report, is_theirs: true, lead, article },
            name: real.contact.as_ref().and_then(|contact| contact.name.as_deref()),
            left_out: &[],
            // The links that only the person themselves may have stay those of the sample.
            ..sample.facts()
        }
    }

    fn digest(&self, samples: &[Sample], language: Language) -> Result<Rendered, RenderError> {
        let items = samples.iter().take(2);
        let items = items.map(|sample| self.templates.render(self.city, self.public_url, &sample.facts(), language));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let of = samples.first().map(Sample::facts);
        let link = |link: fn(&Facts<'_>) -> String| of.as_ref().map(link).unwrap_or_default();
        let (wishes, why) = (link(|facts| facts.wishes.to_owned()), link(|facts| facts.why.to_owned()));
        let choices = link(|facts| facts.choices.to_owned());
        let name = of.as_ref().and_then(|facts| facts.name);
        let digest = Digest { name, items: &items, wishes: &wishes, why: &why, choices: &choices };
        self.templates.render_digest(self.city, &digest, language)
    }

    fn proof(&self, language: Language) -> Result<Rendered, RenderError> {
        let link = format!("{}/{}/proven/abc", self.public_url.trim_end_matches('/'), language.as_str());
        let words = ProofWords { what: None, adds: false, code: "123456", link: &link };
        self.templates.render_proof(self.city, &words, language)
    }

    fn by(&self, way: Way, made: Rendered, said: Option<String>, language: Language) -> Shown {
        let Rendered { subject, text, html, short, link } = made;
        let sms = (way == Way::Sms).then(|| text::encode(&short, self.transliterate));
        let (subject, words) = match way {
            Way::Email | Way::Letter => (Some(subject), text),
            Way::Sms => (None, sms.as_ref().map(|sms| sms.text.clone()).unwrap_or_default()),
            Way::Push => {
                let (title, body) = push::title_and_text(&subject, &short, &link);
                (Some(title), body)
            }
            Way::Call => (None, said.unwrap_or(short)),
        };
        Shown { reading: plain::judge(&words, language), subject, words, html, sms }
    }
}
