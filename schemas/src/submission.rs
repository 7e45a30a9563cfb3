//! What a channel hands in, and the one check that every channel's reports go through: the same
//! fields, the same limits, the same words about what is wrong.

use crate::{
    city::{AnswerType, City},
    fault::Invalid,
    place::{GivenPlace, Place},
    report::{Answers, Contact, Kind, Language, Tell, Urgency},
    slug::CategoryId,
    text,
    way::{Post, Way},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The longest story, in characters. Longer ones are refused, never cut.
pub const MAX_WORDS: usize = 5_000;
/// The most photos of one report.
pub const MAX_PHOTOS: usize = 5;

/// A report as a channel submits it: the body of `POST /api/v1/reports` and of the CloudEvents
/// type `eu.voordeur.report.submitted`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// What kind of matter; the category's own kind when left out.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// A category of the city's tree, `group/name`; see `GET /api/v1/categories`.
    pub category: String,
    /// The person's words, 1 to 5,000 characters.
    #[schemars(length(min = 1, max = 5000))]
    pub words: String,
    /// Where it is.
    #[serde(default)]
    pub place: Option<GivenPlace>,
    /// Answers to the category's extra questions, by question id.
    #[serde(default)]
    pub answers: Answers,
    /// Who tells it; leave out to stay anonymous.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// The language to answer in; the city's first language when left out, or when the city does not speak it.
    #[serde(default)]
    pub language: Option<Language>,
    /// How the person wants to be told: `email` (needs `contact.email`), `sms` (a mobile `contact.phone`),
    /// `letter` (`contact.post`), `call` (`contact.phone`), `push` (a device that is registered afterwards by
    /// `POST /api/v1/push/devices`) or `nothing`. A way that the city does not go is refused.
    #[serde(default)]
    pub tell: Option<Tell>,
    /// Ids of photos sent before by `POST /api/v1/photos`, at most 5.
    #[serde(default)]
    #[schemars(length(max = 5))]
    pub photos: Vec<Uuid>,
}

/// A submission that passed every check: clean, bounded, and about something that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What kind of matter.
    pub kind: Kind,
    /// What it is about; exists in the city.
    pub category: CategoryId,
    /// Clean words.
    pub words: String,
    /// Clean place; empty when unknown.
    pub place: Place,
    /// Answers of the right types.
    pub answers: Answers,
    /// The category's urgency, raised by an answer if need be.
    pub urgency: Urgency,
    /// Who, or nobody.
    pub contact: Option<Contact>,
    /// In which language.
    pub language: Language,
    /// How to tell.
    pub tell: Tell,
    /// Photos.
    pub photos: Vec<Uuid>,
}

/// Whether `email` can be written to: one `@`, a dotted domain, no spaces or controls, at most 254
/// characters (RFC 5321 §4.5.3.1.3). Whether it exists only a mail can tell.
pub fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    email.len() <= 254
        && (1..=64).contains(&local.len())
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && email.chars().all(|c| {
            !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')' | '\\')
        })
        && domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Whether `phone` looks like a telephone number: 6 to 15 digits (ITU-T E.164 allows 15).
pub fn is_phone(phone: &str) -> bool {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    (6..=15).contains(&digits)
        && phone.chars().enumerate().all(|(i, c)| c.is_ascii_digit() || " ./-()".contains(c) || (c == '+' && i == 0))
}

impl Submission {
    /// Cleans and checks everything, and names every fault at once.
    pub fn check(self, city: &City) -> Result<Checked, Vec<Invalid>> {
        let mut faults = Vec::new();
        let category = CategoryId::new(self.category.trim()).ok().and_then(|id| city.category(&id));
        if category.is_none() {
            faults.push(Invalid::new(
                "/category",
                "unknown",
                "this city has no such category: choose one of GET /api/v1/categories, for instance \"wegen/put\"",
            ));
        }
        let words = text::clean(&self.words);
        let length = text::length(&words);
        if length == 0 {
            faults.push(Invalid::new("/words", "required", "say in a few words what it is about"));
        } else if length > MAX_WORDS {
            faults.push(Invalid::new(
                "/words",
                "too_long",
                format!("these are {length} characters, at most {MAX_WORDS} fit: shorten it, or add a photo"),
            ));
        }
        let place = place::check(self.place, city, &mut faults);
        let contact = check_contact(self.contact, &mut faults);
        let tell = match self.tell {
            Some(tell) => {
                match not_offered(tell, city) {
                    Some(fault) => faults.push(fault),
                    None => faults.extend(no_address(tell, contact.as_ref(), city)),
                }
                tell
            }
            None if contact.as_ref().is_some_and(|c| c.email.is_some()) => Tell::Email,
            None => Tell::Nothing,
        };
        if self.photos.len() > MAX_PHOTOS {
            faults.push(Invalid::new(
                "/photos",
                "too_many",
                format!("these are {} photos, at most {MAX_PHOTOS} fit in one report", self.photos.len()),
            ));
        }
        // A photo given twice is one photo.
        let mut photos: Vec<Uuid> = Vec::new();
        for photo in self.photos {
            if !photos.contains(&photo) {
                photos.push(photo);
            }
        }
        let language = self
            .language
            .filter(|language| city.languages.contains(language))
            .unwrap_or_else(|| city.languages.first().copied().unwrap_or_default());
        let (mut urgency, mut kind) = (Urgency::Normal, self.kind.unwrap_or(Kind::Report));
        let mut answers = Answers::new();
        if let Some(category) = category {
            urgency = category.urgency;
            kind = self.kind.unwrap_or(category.kind);
            if !category.anonymous && contact.as_ref().is_none_or(|c| c.email.is_none() && c.phone.is_none()) {
                faults.push(Invalid::new(
                    "/contact",
                    "required",
                    "this matter cannot be handled without knowing who to answer: give an e-mail address or a telephone number",
                ));
            }
            for (id, value) in self.answers {
                // What a form sends for a question that was left open.
                if value.is_null()
                    || value.as_str().is_some_and(|text| text.trim().is_empty())
                    || value == serde_json::json!([])
                {
                    continue;
                }
                match check_answer(city, category, &id, value) {
                    Ok((value, raise)) => {
                        if raise {
                            urgency = Urgency::Emergency;
                        }
                        answers.insert(id, value);
                    }
                    Err(fault) => faults.push(fault),
                }
            }
        }
        match (category, faults.is_empty()) {
            (Some(category), true) => Ok(Checked {
                kind,
                category: category.id.clone(),
                words,
                place,
                answers,
                urgency,
                contact,
                language,
                tell,
                photos,
            }),
            _ => Err(faults),
        }
    }
}

/// Why nobody is told as they ask here: the city has no sender that goes this way.
fn not_offered(tell: Tell, city: &City) -> Option<Invalid> {
    if tell.way().is_none_or(|way| city.offers(way)) {
        return None;
    }
    let known: Vec<&str> =
        Tell::ALL.into_iter().filter(|tell| tell.way().is_none_or(|way| city.offers(way))).map(Tell::as_str).collect();
    let message = format!("this city tells nobody by `{}`: choose one of {}", tell.as_str(), known.join(", "));
    Some(Invalid::new("/tell", "not_offered", message))
}

/// What is missing to tell somebody as they ask.
fn no_address(tell: Tell, contact: Option<&Contact>, city: &City) -> Option<Invalid> {
    // A device can only be registered with the secret link of the report, which is not there yet.
    let way = tell.way().filter(|way| *way != Way::Push)?;
    if contact.is_some_and(|contact| contact.address(way, &city.country).is_some()) {
        return None;
    }
    let (field, message) = match tell {
        Tell::Email => ("/contact/email", "an e-mail address is needed to tell you by e-mail"),
        Tell::Sms => ("/contact/phone", "a mobile number is needed to send you text messages"),
        Tell::Letter => ("/contact/post", "street, postcode and town are needed to send you letters"),
        Tell::Call => ("/contact/phone", "a telephone number is needed to call you"),
        Tell::Push | Tell::Nothing => return None,
    };
    let message = format!("{message}: fill it in, or choose \"nothing\" for tell");
    Some(Invalid::new(field, "required", message))
}

fn check_contact(contact: Option<Contact>, faults: &mut Vec<Invalid>) -> Option<Contact> {
    let contact = contact?;
    let line = |value: Option<String>| value.map(|v| text::clean_line(&v)).filter(|v| !v.is_empty());
    let contact = Contact {
        name: line(contact.name),
        email: line(contact.email),
        phone: line(contact.phone),
        post: contact.post.and_then(|post| check_post(post, faults)),
    };
    if contact.name.as_ref().is_some_and(|n| text::length(n) > 100) {
        faults.push(Invalid::new("/contact/name", "too_long", "at most 100 characters"));
    }
    if contact.email.as_ref().is_some_and(|e| !is_email(e)) {
        faults.push(Invalid::new("/contact/email", "malformed", "an e-mail address looks like name@example.org"));
    }
    if contact.phone.as_ref().is_some_and(|p| !is_phone(p)) {
        faults.push(Invalid::new(
            "/contact/phone",
            "malformed",
            "a telephone number has 6 to 15 digits, for instance 056 12 34 56",
        ));
    }
    (!contact.is_empty()).then_some(contact)
}

/// A postal address, cleaned; one without a word is none.
fn check_post(post: Post, faults: &mut Vec<Invalid>) -> Option<Post> {
    let line = |value: String| text::clean_line(&value);
    let post = Post {
        street: line(post.street),
        postcode: line(post.postcode),
        town: line(post.town),
        country: post.country.map(line).filter(|country| !country.is_empty()),
    };
    if post == Post::default() {
        return None;
    }
    let lines = [
        ("street", post.street.as_str(), 100, "the street and the number, for instance Grote Markt 54"),
        ("postcode", &post.postcode, 12, "the postcode, for instance 8500"),
        ("town", &post.town, 60, "the town, for instance Kortrijk"),
        ("country", post.country.as_deref().unwrap_or("-"), 60, "the country, in at most 60 characters"),
    ];
    for (field, value, most, what) in lines {
        let field = format!("/contact/post/{field}");
        if value.is_empty() {
            faults.push(Invalid::new(field, "required", format!("a letter needs {what}")));
        } else if text::length(value) > most {
            faults.push(Invalid::new(field, "too_long", format!("at most {most} characters: {what}")));
        }
    }
    Some(post)
}

/// One answer, cleaned; and whether it raises the matter to an emergency.
fn check_answer(
    city: &City,
    category: &crate::city::Category,
    id: &str,
    value: serde_json::Value,
) -> Result<(serde_json::Value, bool), Invalid> {
    use serde_json::Value;
    let field = format!("/answers/{}", id.replace('~', "~0").replace('/', "~1"));
    let Some(question) = category.questions.iter().find(|q| q.as_str() == id).and_then(|_| city.question(id)) else {
        let known = category.questions.iter().map(|q| q.as_str()).collect::<Vec<_>>().join(", ");
        let known =
            if known.is_empty() { "this category asks no questions".to_owned() } else { format!("it asks: {known}") };
        return Err(Invalid::new(field, "unknown", format!("this category does not ask this: {known}")));
    };
    let one_of = |text: &str| question.options.iter().any(|option| option == text);
    let bad_choice =
        || Invalid::new(field.clone(), "not_an_option", format!("choose one of: {}", question.options.join(", ")));
    let value = match (question.answer, value) {
        (AnswerType::Bool, Value::Bool(yes)) => return Ok((Value::Bool(yes), yes && question.raises)),
        (AnswerType::Bool, _) => return Err(Invalid::new(field, "wrong_type", "answer true or false")),
        (AnswerType::Choice, Value::String(text)) if one_of(&text) => Value::String(text),
        (AnswerType::Choice, _) => return Err(bad_choice()),
        (AnswerType::Multi, Value::Array(items)) => {
            if items.len() > question.options.len() || !items.iter().all(|i| i.as_str().is_some_and(one_of)) {
                return Err(bad_choice());
            }
            Value::Array(items)
        }
        (AnswerType::Multi, _) => return Err(Invalid::new(field, "wrong_type", "answer a list of options")),
        (AnswerType::Text, Value::String(text)) => {
            let text = text::clean_line(&text);
            if text::length(&text) > 500 {
                return Err(Invalid::new(field, "too_long", "at most 500 characters"));
            }
            Value::String(text)
        }
        (AnswerType::Text, _) => return Err(Invalid::new(field, "wrong_type", "answer with text")),
    };
    Ok((value, false))
}

mod place;
#[cfg(test)]
mod tests;
