//! Made-up news of every kind, for checking templates and showing them.

use super::{About, Facts};
use schemas::{
    Timestamp, Uuid,
    broadcast::{self, Audience, Broadcast, Draft, Heads, State},
    case::Status,
    city::{ArticleText, City},
    event::{CaseEvent, What},
    left_out::LeftOut,
    place::Place,
    reference::Reference,
    report::{Answers, Contact, Kind, Language, Report, Tell, Urgency},
    slug::{CategoryId, DepartmentId, Slug},
};
use std::collections::BTreeMap;

/// The events that are told, one sample of each: with everything that may be there, and with only
/// what always is. Department names come from `city`.
pub fn samples(city: &City, full: bool) -> Vec<Sample> {
    let department = || city.fallback.clone();
    let some = |text: &str| full.then(|| text.to_owned());
    let words = "Line one.\nLine two.";
    let events = [
        What::Received,
        What::Routed {
            department: department(),
            informed: Vec::new(),
            rule: "sample".into(),
            ruleset: "0".into(),
            priority: Urgency::Normal,
            due_on: full.then(|| jiff::civil::date(2026, 11, 30)),
            rerouted_from: full.then(department),
            instead_of: None,
        },
        What::Planned { department: department(), on: jiff::civil::date(2026, 11, 30), text: some(words) },
        What::Note { department: department(), text: words.into() },
        What::Solved {
            department: department(),
            text: some(words),
            evidence: some("https://example.org/photo.jpg").into_iter().collect(),
        },
        What::Declined { department: department(), reason: words.into() },
        What::Answered { department: department(), article: Slug::new("sample").expect("a slug") },
        What::Referred {
            department: department(),
            to: "Sample".into(),
            phone: some("1777"),
            url: some("https://example.org"),
            text: some(words),
        },
        What::Asked { department: department(), text: words.into() },
        What::Slipping {
            department: department(),
            was: jiff::civil::date(2026, 11, 30),
            expected: full.then(|| jiff::civil::date(2026, 12, 7)),
            news_by: full.then(|| jiff::civil::date(2026, 12, 14)),
            text: some(words),
        },
        What::Reopened { text: some(words), of: None },
        What::Merged {
            main: Uuid::nil(),
            into: Reference::from_number(123_457),
            status: if full { Status::Solved } else { Status::Planned },
        },
        What::Split { from: Reference::from_number(123_457) },
        What::Accepted { department: department(), acknowledges: true },
    ];
    let mut samples: Vec<_> = events.into_iter().map(|what| Sample::new(what, full, department())).collect();
    let told = Sample::new(What::Received, full, department());
    samples.push(Sample { broadcast: Some(sample_broadcast(full, told.event.at)), ..told });
    samples
}

fn sample_broadcast(full: bool, at: Timestamp) -> Broadcast {
    let words = |language: Language| {
        let short = full.then(|| "Sample".to_owned());
        (language, broadcast::Words { subject: "Sample".into(), text: "Line one.\n\nLine two.".into(), short })
    };
    let languages = if full { &Language::BUILT_IN[..] } else { &[Language::NL] };
    let words = languages.iter().map(|language| words(*language)).collect();
    Broadcast {
        id: Uuid::nil(),
        reference: Reference::from_number(123_456),
        draft: Draft { words, audience: Audience::default(), critical: full, at: None },
        state: State::Running,
        made_by: "An".into(),
        made_at: at,
        approved_by: Some("Bo".into()),
        approved_at: Some(at),
        expected: None,
        changed_by: None,
        changed_at: None,
        step: 1,
        cursor: None,
        planned_at: None,
        ended_at: None,
        heads: Heads::default(),
        slots: BTreeMap::new(),
    }
}

/// A made-up event with its report, for checking templates and showing them.
pub struct Sample {
    /// The broadcast that is told; then the rest only says when, to whom, and under which number.
    pub broadcast: Option<Broadcast>,
    /// The event that is told.
    pub event: CaseEvent,
    /// The report it is about.
    pub report: Report,
    /// Who is told.
    pub contact: Contact,
    /// Who leads.
    pub lead: Option<DepartmentId>,
    /// The article that answers it.
    pub article: Option<ArticleText>,
}

impl Sample {
    fn new(what: What, full: bool, department: DepartmentId) -> Self {
        let reference = Reference::from_number(123_456);
        let at = Timestamp::from_second(1_795_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
        let event =
            CaseEvent { critical: false, id: Uuid::nil(), case_id: Uuid::nil(), reference, version: 2, at, what };
        let report = Report {
            id: Uuid::nil(),
            reference,
            channel: Slug::new("web").expect("a slug"),
            source_id: None,
            kind: Kind::Report,
            category: CategoryId::new("sample/sample").expect("a category"),
            words: "Sample".into(),
            place: Place { address: full.then(|| "Grote Markt 54".to_owned()), ..Place::default() },
            answers: Answers::new(),
            urgency: Urgency::Normal,
            language: Language::NL,
            tell: Tell::Email,
            photos: Vec::new(),
            token: "abcdefghijklmnopqrstuvwxyz".into(),
            received_at: at,
        };
        let contact = Contact {
            name: full.then(|| "Jo Voorbeeld".to_owned()),
            email: Some("jo@example.org".into()),
            phone: None,
            post: None,
        };
        let article = full.then(|| ArticleText {
            title: "Sample".into(),
            words: Vec::new(),
            markdown: "Line **one**.\n\n- Line two.".into(),
        });
        Self { broadcast: None, event, report, contact, lead: full.then_some(department), article }
    }

    /// The template that tells it.
    pub fn word(&self) -> &'static str {
        self.facts().template()
    }

    /// The facts of this sample.
    pub fn facts(&self) -> Facts<'_> {
        let about = match &self.broadcast {
            Some(broadcast) => About::Broadcast { broadcast, because: None },
            None => About::Case {
                event: &self.event,
                report: &self.report,
                is_theirs: true,
                lead: self.lead.as_ref(),
                article: self.article.as_ref().map(|article| (Language::NL, article)),
            },
        };
        Facts {
            about,
            name: self.contact.name.as_deref(),
            wishes: "https://example.org/nl/u/abc",
            why: "https://example.org/nl/u/abc/why",
            choices: "https://example.org/nl/u/abc/choices",
            left_out: if self.contact.name.is_some() { &[LeftOut::Heic, LeftOut::Pdf] } else { &[] },
        }
    }
}
