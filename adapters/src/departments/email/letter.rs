//! One dispatch as a mail (RFC 5322): the same words as text and as HTML, in the language of the
//! department. The same dispatch gives the same Message-ID, whenever it is sent.

use super::words::{self, ANSWERS, Words};
use crate::{links::Links, mail::reply::ReplyAddress};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use schemas::{
    Timestamp, Uuid,
    case::Role,
    city::{City, in_language},
    dispatch::Dispatch,
    report::{Contact, Language, Urgency},
    text,
};
use std::time::SystemTime;

/// What our Message-IDs begin with.
const OURS: &str = "voordeur.";

/// The Message-ID of the mail about `dispatch`, without its angle brackets. Nobody can guess it, so
/// whoever answers to it was written to.
pub(super) fn message_id(links: &Links, dispatch: Uuid, domain: &str) -> String {
    format!("{OURS}{}@{domain}", links.reply_token(dispatch))
}

/// The dispatch that a Message-ID of ours stands for.
pub(super) fn dispatch_of(links: &Links, message_id: &str) -> Option<Uuid> {
    let local = message_id.trim().trim_matches(['<', '>']).split('@').next()?;
    links.read_reply(
        local.get(..OURS.len()).filter(|start| start.eq_ignore_ascii_case(OURS)).and(local.get(OURS.len()..))?,
    )
}

/// What stands on the mail's envelope and head.
pub(super) struct Envelope<'a> {
    pub(super) from: &'a Address,
    pub(super) to: &'a [Address],
    pub(super) cc: &'a [Address],
    pub(super) reply_to: Option<&'a Address>,
    pub(super) at: Timestamp,
}

/// One dispatch, and what it is shown with.
pub(super) struct Sheet<'a> {
    pub(super) dispatch: &'a Dispatch,
    pub(super) city: &'a City,
    pub(super) language: Language,
    /// The department's name.
    pub(super) department: &'a str,
    pub(super) links: &'a Links,
    pub(super) replies: Option<&'a ReplyAddress>,
}

/// What the mail says, before it becomes text or HTML.
struct Said {
    mark: Option<&'static str>,
    headline: String,
    /// What is new, when the department had the case before.
    news: Option<String>,
    words: String,
    facts: Vec<(String, String)>,
    /// Map and photos: what they are called, and our own addresses of them.
    links: Vec<(String, String)>,
    what_now: &'static str,
    answers: Vec<(&'static str, String)>,
    foot: Vec<&'static str>,
}

impl Sheet<'_> {
    /// The mail. Only ASCII comes out: words are encoded (RFC 2045, RFC 2047).
    pub(super) fn write(&self, envelope: &Envelope<'_>) -> Result<Vec<u8>, String> {
        let dispatch = self.dispatch;
        let domain = self.replies.map_or_else(|| envelope.from.domain(), ReplyAddress::domain);
        let raw =
            |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let mut builder = Message::builder()
            .message_id(Some(format!("<{}>", message_id(self.links, dispatch.id, domain))))
            .date(SystemTime::from(envelope.at))
            .from(Mailbox::new(Some(self.city.name(self.language).to_owned()), envelope.from.clone()))
            .subject(self.subject())
            .raw_header(raw("Content-Language", self.language.as_str()))
            // RFC 3834 §5, and the same for Exchange: no holiday replies.
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw("X-Auto-Response-Suppress", "OOF, AutoReply"));
        if matches!(dispatch.priority, Urgency::High | Urgency::Emergency) {
            builder = builder.raw_header(raw("Importance", "high"));
        }
        for address in envelope.to {
            builder = builder.to(Mailbox::new(None, address.clone()));
        }
        for address in envelope.cc {
            builder = builder.cc(Mailbox::new(None, address.clone()));
        }
        if let Some(reply_to) = envelope.reply_to {
            builder = builder.reply_to(Mailbox::new(None, reply_to.clone()));
        }
        if let Some(again) = &dispatch.again {
            // Mails about one case stand together in the reader's mailbox.
            let first = format!("<{}>", message_id(self.links, again.first, domain));
            builder = builder.in_reply_to(first.clone()).references(first);
        }
        let said = self.said();
        let parts = MultiPart::alternative()
            .boundary(format!("voordeur-{}", dispatch.id.simple()))
            .singlepart(SinglePart::plain(said.text()))
            .singlepart(SinglePart::html(said.html(self.language)));
        let message = builder.multipart(parts).map_err(|error| format!("the mail could not be written: {error}"))?;
        Ok(message.formatted())
    }

    /// `[1234-5678] Put in de weg, Grote Markt 1`: nothing that was typed makes a second line.
    fn subject(&self) -> String {
        let dispatch = self.dispatch;
        let mut subject = format!("[{}] {}", dispatch.reference, self.category());
        if !dispatch.place.is_empty() {
            subject = format!("{subject}, {}", dispatch.place.line());
        }
        if matches!(dispatch.priority, Urgency::High | Urgency::Emergency) {
            subject = format!("{}: {subject}", words::urgency(self.language, dispatch.priority).to_uppercase());
        }
        text::clean_line(&subject).chars().take(200).collect()
    }

    fn category(&self) -> String {
        let id = &self.dispatch.category;
        self.city.category(id).map_or_else(|| id.to_string(), |c| in_language(&c.names, self.language).to_owned())
    }

    fn said(&self) -> Said {
        let (dispatch, words) = (self.dispatch, Words::of(self.language));
        let link = self.links.work(dispatch.id, self.language.as_str());
        let informed = dispatch.role == Role::Informed;
        let headline = match (&dispatch.again, informed) {
            (Some(again), _) => words::again(self.language, again.why).to_owned(),
            (None, true) => format!("{}: {}", self.department, words.informed),
            (None, false) => format!("{}: {}", words.new, self.department),
        };
        let answer = |(say, label): (&str, &'static str)| (label, format!("{link}?say={say}"));
        let answers = if informed {
            vec![answer(("internal_note", words.only_note))]
        } else {
            ANSWERS.into_iter().zip(words.links).map(answer).collect()
        };
        let map = dispatch.place.point.map(|_| (words.map.to_owned(), format!("{link}#place")));
        let photos = dispatch.photos.iter().enumerate().filter_map(|(n, address)| {
            // The department's own address of it asks for a token; the link is one.
            let id = Uuid::parse_str(address.rsplit('/').next()?).ok()?;
            Some((format!("{} {}", words.photo, n + 1), format!("{link}/photos/{id}")))
        });
        let by_mail = if self.replies.is_some() { words.by_mail } else { words.not_by_mail };
        Said {
            mark: self.replies.map(|_| words.mark),
            headline,
            news: dispatch.again.as_ref().and_then(|again| again.text.clone()),
            words: dispatch.words.clone(),
            facts: self.facts(words),
            links: map.into_iter().chain(photos).collect(),
            what_now: words.what_now,
            answers,
            foot: vec![by_mail, words.secret],
        }
    }

    fn facts(&self, words: &Words) -> Vec<(String, String)> {
        let dispatch = self.dispatch;
        let language = self.language;
        let mut facts: Vec<(String, String)> = Vec::new();
        let mut fact = |name: &str, value: String| {
            if !value.is_empty() {
                facts.push((name.to_owned(), value));
            }
        };
        fact(words.reference, dispatch.reference.to_string());
        fact(words.category, self.category());
        fact(words.kind, words::kind(language, dispatch.kind).to_owned());
        fact(words.place, dispatch.place.line());
        for (id, value) in &dispatch.answers {
            if let Some((question, answer)) = self.answer(words, id, value) {
                fact(&question, answer);
            }
        }
        if let Some(contact) = &dispatch.contact {
            let Contact { name, email, phone, post } = contact;
            let post = post.as_ref().map(schemas::way::Post::line);
            let known = [name, email, phone, &post];
            fact(words.reporter, known.into_iter().flatten().cloned().collect::<Vec<_>>().join(", "));
        }
        fact(words.priority, words::urgency(language, dispatch.priority).to_owned());
        if let Some(due) = dispatch.due_on {
            fact(words.due, words::date(language, due));
        }
        fact(words.received, words::date(language, self.city.calendar.date(dispatch.received_at)));
        fact(words.rule, dispatch.rule.clone());
        facts
    }

    /// An answer to one of the category's questions, in words.
    fn answer(&self, words: &Words, id: &str, value: &serde_json::Value) -> Option<(String, String)> {
        let question = self.city.question(id)?;
        let option = |option: &str| match question.option_names.get(option) {
            Some(names) => in_language(names, self.language).to_owned(),
            None => option.replace('-', " "),
        };
        let answer = match value {
            serde_json::Value::Bool(yes) => if *yes { words.yes } else { words.no }.to_owned(),
            serde_json::Value::String(text) if question.options.is_empty() => text.clone(),
            serde_json::Value::String(text) => option(text),
            serde_json::Value::Array(list) => {
                list.iter().filter_map(|one| one.as_str()).map(option).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        Some((in_language(&question.texts, self.language).to_owned(), answer))
    }
}

impl Said {
    fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |text: &str| {
            out.push_str(text);
            out.push('\n');
        };
        if let Some(mark) = self.mark {
            line(mark);
            line("");
        }
        line(&self.headline);
        line("");
        if let Some(news) = &self.news {
            line(news);
            line("");
        }
        line(&self.words);
        line("");
        for (name, value) in self.facts.iter().chain(&self.links) {
            line(&format!("{name}: {value}"));
        }
        line("");
        line(self.what_now);
        for (label, href) in &self.answers {
            line(&format!("- {label}:\n  {href}"));
        }
        for foot in &self.foot {
            line("");
            line(foot);
        }
        out
    }

    fn html(&self, language: Language) -> String {
        let p = |text: &str, style: &str| format!("<p style=\"{style}\">{}</p>\n", escape(text).replace('\n', "<br>"));
        let mut out = format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"></head>\n\
             <body style=\"font:16px/1.5 Arial,sans-serif;color:#1a1a1a;max-width:640px\">\n",
            language.as_str()
        );
        if let Some(mark) = self.mark {
            out.push_str(&p(mark, "color:#595959;font-size:13px"));
        }
        out.push_str(&format!("<h1 style=\"font-size:20px\">{}</h1>\n", escape(&self.headline)));
        if let Some(news) = &self.news {
            out.push_str(&p(news, "font-weight:bold"));
        }
        out.push_str(&p(&self.words, "border-left:4px solid #0b3f94;padding-left:12px"));
        out.push_str("<table style=\"border-collapse:collapse\">\n");
        let link = |name: &str, href: &str| format!("<a href=\"{}\">{}</a>", escape(href), escape(name));
        // What was typed is only ever text: it may look like a link, and become none.
        let facts = self.facts.iter().map(|(name, value)| (name, escape(value)));
        for (name, value) in facts.chain(self.links.iter().map(|(name, href)| (name, link(name, href)))) {
            out.push_str(&format!(
                "<tr><th align=\"left\" valign=\"top\" style=\"padding:2px 16px 2px 0\">{}</th><td>{value}</td></tr>\n",
                escape(name)
            ));
        }
        out.push_str("</table>\n");
        out.push_str(&p(self.what_now, ""));
        for (label, href) in &self.answers {
            out.push_str(&format!(
                "<p><a href=\"{}\" style=\"display:inline-block;padding:10px 16px;border:2px solid #0b3f94;\
                 color:#0b3f94;text-decoration:none\">{}</a></p>\n",
                escape(href),
                escape(label)
            ));
        }
        for foot in &self.foot {
            out.push_str(&p(foot, "color:#595959;font-size:14px"));
        }
        out.push_str("</body></html>\n");
        out
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
