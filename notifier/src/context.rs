//! The words that a mail may use: one typed context per event, with samples. Pure.
//!
//! What the resident wrote is not among them: whoever fills in somebody else's address must not be
//! able to make the city mail that person their words.

use crate::wording;
use schemas::{
    broadcast::{self, Broadcast},
    case::Status,
    city::{ArticleText, City, in_language},
    event::{CaseEvent, What},
    left_out::{self, LeftOut},
    notice::Because,
    report::{Language, Report},
    slug::DepartmentId,
    text,
};
use serde::Serialize;
use std::borrow::Cow;

mod samples;
mod second_line;
mod typed;

pub use samples::{Sample, samples};
pub(crate) use typed::name;

use second_line::SecondLine;
use typed::{MOST_OF_ARTICLE, MOST_OF_LINE, MOST_OF_NAME, MOST_OF_PHONE, cut, line_of, short_of, words_of};

/// Everything that is known when a notice is rendered.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What is told.
    pub about: About<'a>,
    /// The name of who is told.
    pub name: Option<&'a str>,
    /// The page where they say what they do not want to hear any more.
    pub wishes: &'a str,
    /// The page where they read why they are told.
    pub why: &'a str,
    /// The page where they choose how they are told.
    pub choices: &'a str,
    /// What was not taken of the mail that is acknowledged.
    pub left_out: &'a [LeftOut],
}

/// What is told.
#[derive(Clone, Copy)]
pub enum About<'a> {
    /// An event of a case.
    Case {
        /// The event.
        event: &'a CaseEvent,
        /// The report it is about.
        report: &'a Report,
        /// Whether they told the city of it; otherwise they follow it.
        is_theirs: bool,
        /// Who leads the case now.
        lead: Option<&'a DepartmentId>,
        /// The article that answers it, in the language it is there in.
        article: Option<(Language, &'a ArticleText)>,
    },
    /// A broadcast.
    Broadcast {
        /// Its words.
        broadcast: &'a Broadcast,
        /// Why this person is told.
        because: Option<&'a Because>,
    },
}

impl Facts<'_> {
    /// The template that tells it.
    pub fn template(&self) -> &'static str {
        match self.about {
            About::Case { event, .. } => event.what.word(),
            About::Broadcast { .. } => broadcast::TEMPLATE,
        }
    }
}

/// The words of every mail.
#[derive(Debug, Serialize)]
pub struct Common<'a> {
    /// The person's name, when it looks like one.
    pub name: Option<String>,
    /// `your report`.
    pub matter: Cow<'static, str>,
    /// `Your report`, at the start of a sentence.
    #[serde(rename = "Matter")]
    pub matter_capital: String,
    /// The spoken reference, in two groups.
    pub reference: String,
    /// The category's name.
    pub category: Cow<'a, str>,
    /// Where it is: an address, or a position.
    pub place: Option<String>,
    /// The day it was received, in words.
    pub received_on: String,
    /// The tracking page.
    pub link: String,
    /// The page where they say what they do not want to hear any more.
    pub wishes: &'a str,
    /// The page where they read why they are told.
    pub why: &'a str,
    /// The page where they choose how they are told.
    pub choices: &'a str,
    /// The city's name.
    pub city: &'a str,
    /// The telephone number of the front door.
    pub phone: &'a str,
    /// Where they go who are not content with how it ended.
    #[serde(flatten)]
    pub second_line: SecondLine<'a>,
}

/// The words of one event, beside [`Common`].
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Words<'a> {
    /// `received`
    Received {
        /// What was not taken of their mail, in words: kinds alone, never a name that somebody chose.
        left_out: Option<String>,
        /// The number to call first, where the words are about a danger.
        emergency: Option<&'a str>,
        /// By when they hear who has taken it on, in words.
        acknowledge_on: Option<String>,
    },
    /// `accepted`
    Accepted {
        /// Who has taken it on.
        department: &'a str,
        /// Where to call them.
        department_phone: Option<&'a str>,
    },
    /// `routed`
    Routed {
        /// Who has it now.
        department: &'a str,
        /// Where to call them.
        department_phone: Option<&'a str>,
        /// By when, in words.
        due_on: Option<String>,
        /// Who said it was not theirs.
        previous: Option<&'a str>,
        /// The department that had it is there no more.
        replaced: bool,
    },
    /// `planned`
    Planned {
        /// Who comes.
        department: &'a str,
        /// When, in words.
        on: String,
        /// What they add.
        text: Option<String>,
    },
    /// `note`
    Note {
        /// Who wrote it.
        department: &'a str,
        /// The note.
        text: String,
    },
    /// `solved`
    Solved {
        /// Who says so.
        department: &'a str,
        /// What was done.
        text: Option<String>,
        /// Whether there are photos or documents on the tracking page.
        evidence: bool,
    },
    /// `declined`
    Declined {
        /// Who decided.
        department: &'a str,
        /// Why.
        reason: String,
    },
    /// `answered`
    Answered {
        /// The article's title.
        title: Option<String>,
        /// The article.
        text: Option<String>,
        /// Whether the article is not there in the language of the mail.
        untranslated: bool,
    },
    /// `referred`
    Referred {
        /// Who decided.
        department: &'a str,
        /// Who does it.
        to: String,
        /// Where to call them.
        to_phone: Option<String>,
        /// Where they are on the web.
        to_url: Option<String>,
        /// What else to tell.
        text: Option<String>,
    },
    /// `asked`
    Asked {
        /// Who asks.
        department: &'a str,
        /// The question.
        text: String,
    },
    /// `slipping`
    Slipping {
        /// Who has it.
        department: &'a str,
        /// The day that was promised, in words.
        was: String,
        /// The day that is expected now, in words.
        expected: Option<String>,
        /// By when they hear again, in words.
        news_by: Option<String>,
        /// What the department adds.
        text: Option<String>,
    },
    /// `reopened`
    Reopened {
        /// Who looks at it again.
        department: Option<&'a str>,
        /// Somebody else says so than who is told.
        other: bool,
    },
    /// `merged`
    Merged {
        /// The number of the case that it goes on in.
        into: String,
        /// Whether that was solved already.
        solved: bool,
    },
    /// `split`
    Split {
        /// The number of the case that it was part of.
        from: String,
    },
    /// `broadcast`
    Broadcast {
        /// One line.
        subject: String,
        /// What is told.
        text: String,
        /// What a text message says, when that is not the subject.
        short: Option<String>,
        /// Why they are told, in a sentence.
        reason: String,
        /// Whether it is about somebody's safety.
        critical: bool,
        /// Whether it is not there in the language of the mail.
        untranslated: bool,
    },
}

/// The context of one mail.
#[derive(Debug, Serialize)]
pub struct MailContext<'a> {
    /// The words of every mail.
    #[serde(flatten)]
    pub common: Common<'a>,
    /// The words of this event.
    #[serde(flatten)]
    pub words: Words<'a>,
}

/// The words of the mail that tells `facts` in `language`; `None` when the event is not told.
pub fn of<'a>(city: &'a City, public_url: &str, facts: &Facts<'a>, language: Language) -> Option<MailContext<'a>> {
    let (event, report, is_theirs, lead, article) = match facts.about {
        About::Case { event, report, is_theirs, lead, article } => (event, report, is_theirs, lead, article),
        About::Broadcast { broadcast, because } => {
            return Some(of_broadcast(city, public_url, facts, broadcast, because, language));
        }
    };
    let department =
        |id: &'a DepartmentId| city.department(id).map_or(id.as_str(), |d| in_language(&d.names, language));
    let optional = |text: &Option<String>| text.as_deref().map(words_of).filter(|t| !t.is_empty());
    let line = |text: &Option<String>, most| text.as_deref().map(|t| line_of(t, most)).filter(|t| !t.is_empty());
    let words = match &event.what {
        What::Received => Words::Received {
            left_out: left_out::in_words(&city.further, facts.left_out, language),
            emergency: city.emergency_numbers(&report.words).first().copied(),
            acknowledge_on: city
                .policy(report)
                .acknowledge
                .map(|term| wording::date(&city.further, term.due(&city.calendar, report.received_at), language)),
        },
        What::Accepted { department: id, acknowledges: true } => Words::Accepted {
            department: department(id),
            department_phone: city.department(id).and_then(|d| d.phone.as_deref()),
        },
        What::Routed { department: id, due_on, rerouted_from, instead_of, .. } => Words::Routed {
            department: department(id),
            department_phone: city.department(id).and_then(|d| d.phone.as_deref()),
            due_on: due_on.map(|day| wording::date(&city.further, day, language)),
            previous: rerouted_from.as_ref().map(department),
            replaced: instead_of.is_some(),
        },
        What::Planned { department: id, on, text } => Words::Planned {
            department: department(id),
            on: wording::date(&city.further, *on, language),
            text: optional(text),
        },
        What::Note { department: id, text } => Words::Note { department: department(id), text: words_of(text) },
        What::Solved { department: id, text, evidence } => {
            Words::Solved { department: department(id), text: optional(text), evidence: !evidence.is_empty() }
        }
        What::Declined { department: id, reason } => {
            Words::Declined { department: department(id), reason: words_of(reason) }
        }
        What::Answered { .. } => Words::Answered {
            title: article.map(|(_, article)| line_of(&article.title, MOST_OF_LINE)),
            text: article.map(|(_, article)| cut(text::clean(&article.plain()), MOST_OF_ARTICLE)),
            untranslated: article.is_some_and(|(written, _)| written != language),
        },
        What::Referred { department: id, to, phone, url, text } => Words::Referred {
            department: department(id),
            to: line_of(to, MOST_OF_NAME),
            to_phone: line(phone, MOST_OF_PHONE),
            // Half an address leads nowhere.
            to_url: line(url, MOST_OF_LINE).filter(|url| !url.ends_with('…')),
            text: optional(text),
        },
        What::Asked { department: id, text } => Words::Asked { department: department(id), text: words_of(text) },
        What::Slipping { department: id, was, expected, news_by, text } => Words::Slipping {
            department: department(id),
            was: wording::date(&city.further, *was, language),
            expected: expected.map(|day| wording::date(&city.further, day, language)),
            news_by: news_by.map(|day| wording::date(&city.further, day, language)),
            text: optional(text),
        },
        What::Reopened { of, .. } => Words::Reopened {
            department: lead.map(department),
            other: !is_theirs || of.unwrap_or(event.reference) != report.reference,
        },
        What::Merged { into, status, .. } => {
            Words::Merged { into: into.to_string(), solved: *status == Status::Solved }
        }
        What::Split { from } => Words::Split { from: from.to_string() },
        What::HandedOver { .. }
        | What::HandOverDelayed { .. }
        | What::HandOverFailed { .. }
        | What::Accepted { .. }
        | What::Rejected { .. }
        | What::InternalNote { .. }
        | What::PartSolved { .. }
        | What::Replied { .. }
        | What::Reminded { .. }
        | What::Escalated { .. }
        | What::Recategorised { .. }
        | What::Outdated { .. } => return None,
    };
    let matter = city.further.say(language, wording::matter(report.kind, is_theirs));
    let common = Common {
        name: facts.name.and_then(name),
        matter_capital: wording::capital(&matter),
        matter,
        reference: report.reference.to_string(),
        category: city
            .category(&report.category)
            .map_or(report.category.as_str(), |c| in_language(&c.names, language))
            .into(),
        place: Some(line_of(&report.place.line(), MOST_OF_LINE)).filter(|line| !line.is_empty()),
        received_on: wording::date(&city.further, city.calendar.date(report.received_at), language),
        // The tracking link lets its holder speak for the reporter.
        link: if is_theirs {
            format!("{public_url}/{}/t/{}", language.as_str(), report.token)
        } else {
            format!("{public_url}/{}/case/{}", language.as_str(), report.reference.digits())
        },
        wishes: facts.wishes,
        why: facts.why,
        choices: facts.choices,
        city: city.name(language),
        phone: &city.phone,
        second_line: SecondLine::of(city, event, report, is_theirs, language),
    };
    Some(MailContext { common, words })
}

/// The words of a broadcast. It is called a report nowhere, but has a number like one.
fn of_broadcast<'a>(
    city: &'a City,
    public_url: &str,
    facts: &Facts<'a>,
    broadcast: &Broadcast,
    because: Option<&Because>,
    language: Language,
) -> MailContext<'a> {
    let (written, words) = broadcast.words(language, &city.languages);
    let matter = city.further.say(language, &wording::MESSAGE);
    let words = Words::Broadcast {
        subject: short_of(&words.subject),
        text: words_of(&words.text),
        short: words.short.as_deref().map(short_of).filter(|short| !short.is_empty()),
        reason: wording::reason(because, city, language),
        critical: broadcast.draft.critical,
        untranslated: written != language,
    };
    let common = Common {
        name: facts.name.and_then(name),
        matter_capital: wording::capital(&matter),
        matter,
        reference: broadcast.reference.to_string(),
        category: city.further.say(language, &wording::FROM_THE_CITY),
        place: None,
        received_on: wording::date(
            &city.further,
            city.calendar.date(broadcast.starts_at().unwrap_or(broadcast.made_at)),
            language,
        ),
        link: format!("{public_url}/{}/message/{}", language.as_str(), broadcast.reference.digits()),
        wishes: facts.wishes,
        why: facts.why,
        choices: facts.choices,
        city: city.name(language),
        phone: &city.phone,
        second_line: SecondLine::default(),
    };
    MailContext { common, words }
}
