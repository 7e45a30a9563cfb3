//! A form of GeoReport v2 (`POST requests`), read: what it says in our words, and by what it is known again.

use crate::intake::{
    form::{FormData, FormFile},
    hex,
};
use schemas::{
    city::{AnswerType, Category, City, Question, in_language},
    fault::Invalid,
    further::{Further, Word},
    place::{GivenPlace, Point},
    report::{Answers, Contact, Language, Tell},
    slug::CategoryId,
    submission::{MAX_PHOTOS, MAX_WORDS, Submission},
    text,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use url::Url;

/// The most fields of a form.
pub const MAX_FIELDS: usize = 300;
/// The most characters of a client's own number.
const MAX_OWN_ID: usize = 200;

/// Attributes that clients fill in by themselves, and that stand elsewhere in our words: the place, the person, what it
/// is about, their number of it.
const TECHNICAL: [&str; 9] =
    ["easting", "northing", "closest_address", "category", "group", "name", "email", "external_id", "fixmystreet_id"];

/// A form that was read.
#[derive(Debug)]
pub struct Reading {
    /// The same in our words.
    pub submission: Submission,
    /// Photos to be fetched.
    pub media: Vec<Url>,
    /// Photos that came along.
    pub files: Vec<FormFile>,
    /// The client's own number of it.
    pub own_id: Option<String>,
    /// SHA-256 of what it says, hex: addresses of photos are not in it, since they are signed anew each time.
    pub digest: String,
    /// What the client calls the person; given back.
    pub account_id: Option<String>,
}

/// How forms are read here.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The city.
    pub city: &'a City,
    /// The attribute of a client's own number.
    pub own_id: &'a str,
    /// Whether the client tells its people itself.
    pub tells_itself: bool,
    /// The language to read it in when it names none.
    pub language: Language,
}

/// The first value of `name` that says something.
fn first<'a>(form: &'a FormData, name: &str) -> Option<&'a str> {
    let mut mine = form.fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim());
    mine.find(|value| !value.is_empty())
}

/// The code in `attribute[code]`, `attribute[code][]` or `attribute[code][0]`.
fn attribute(name: &str) -> Option<&str> {
    let (code, rest) = name.strip_prefix("attribute[")?.split_once(']')?;
    let inside = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let good = rest.is_empty() || inside.is_some_and(|inside| inside.chars().all(|c| c.is_ascii_digit()));
    (good && !code.is_empty()).then_some(code)
}

/// Every attribute that says something, by code.
fn attributes(form: &FormData) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &form.fields {
        if let (Some(code), value) = (attribute(name), value.trim())
            && !value.is_empty()
        {
            all.entry(code).or_default().push(value);
        }
    }
    all
}

impl Reader<'_> {
    /// Reads a form; every fault is named by its parameter.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, form: FormData) -> Result<Reading, Vec<Invalid>> {
        let mut faults = Vec::new();
        if form.fields.len() > MAX_FIELDS {
            let message = format!("these are {} fields, at most {MAX_FIELDS} are read", form.fields.len());
            return Err(vec![Invalid::new("attribute", "too_many", message)]);
        }
        let city = self.city;
        let code = first(&form, "service_code").unwrap_or_default();
        let category = CategoryId::new(code).ok().and_then(|id| city.category(&id));
        if category.is_none() {
            let message = if code.is_empty() {
                "say what it is about: a service_code of GET services"
            } else {
                "this city has no such service: choose one of GET services"
            };
            faults.push(Invalid::new("service_code", "unknown", message));
        }
        let given = attributes(&form);
        let language = first(&form, "lang").and_then(Language::parse).unwrap_or(self.language);
        let (answers, mut more) = match category {
            Some(category) => self.answers(category, &given, &mut faults),
            None => Default::default(),
        };
        let description = first(&form, "description").unwrap_or_default();
        more.retain(|(_, said)| !description.contains(said));
        let more: Vec<String> = more.into_iter().map(|(code, said)| format!("{code}: {said}")).collect();
        let media = media(&form, &mut faults);
        if form.files.len() + media.len() > MAX_PHOTOS {
            let message = format!("at most {MAX_PHOTOS} photos fit in one request");
            faults.push(Invalid::new("media_url", "too_many", message));
        }
        let words = words(description, category, language, &more);
        if let Some(fault) = no_room(&self.city.further, &words, &media, language) {
            faults.push(fault);
        }
        let owned = |name: &str| first(&form, name).map(str::to_owned);
        let own_id = own_id(&form, &given, self.own_id, &mut faults);
        let place = place(&form, &given, &mut faults);
        let submission = Submission {
            kind: None,
            category: code.to_owned(),
            words,
            place,
            answers,
            contact: contact(&form),
            language: Some(language),
            tell: self.tells_itself.then_some(Tell::Nothing),
            photos: Vec::new(),
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let digest = digest(&form, &given, own_id.as_deref());
        Ok(Reading { submission, media, own_id, digest, account_id: owned("account_id"), files: form.files })
    }

    /// Answers to the questions of `category`, and what was given beyond them: code and words.
    fn answers(
        &self,
        category: &Category,
        given: &BTreeMap<&str, Vec<&str>>,
        faults: &mut Vec<Invalid>,
    ) -> (Answers, Vec<(String, String)>) {
        let (mut answers, mut more) = (Answers::new(), Vec::new());
        for (code, values) in given {
            let asked = category.questions.iter().any(|id| id == code);
            match self.city.question(code).filter(|_| asked) {
                Some(question) => match answer(question, values) {
                    Some(value) => _ = answers.insert((*code).to_owned(), value),
                    None => faults.push(not_an_answer(question, code)),
                },
                None if TECHNICAL.contains(code) || *code == self.own_id => {}
                // A client whose list of attributes is older than ours; what it says is kept.
                None => more.push((text::clean_line(code), values.join(", "))),
            }
        }
        (answers, more)
    }
}

/// One answer; nothing when the values are none that the question has.
fn answer(question: &Question, values: &[&str]) -> Option<Value> {
    let option = |value: &str| {
        let named = |option: &&String| {
            let names = question.option_names.get(*option);
            names.is_some_and(|names| names.values().any(|name| name.to_lowercase() == value.to_lowercase()))
        };
        let mut all = question.options.iter();
        all.clone().find(|option| *option == value).or_else(|| all.find(named)).cloned()
    };
    match (question.answer, values) {
        (AnswerType::Bool, [value]) => match value.to_lowercase().as_str() {
            "true" | "1" | "yes" | "ja" | "oui" => Some(Value::Bool(true)),
            "false" | "0" | "no" | "nee" | "non" => Some(Value::Bool(false)),
            _ => None,
        },
        (AnswerType::Choice, [value]) => option(value).map(Value::String),
        (AnswerType::Multi, values) => {
            let one = |value: &&str| match option(value) {
                Some(option) => Some(vec![option]),
                None => value.split(',').map(|part| option(part.trim())).collect(),
            };
            let mut all: Vec<String> = values.iter().map(one).collect::<Option<Vec<_>>>()?.concat();
            all.sort();
            all.dedup();
            Some(all.into())
        }
        (AnswerType::Text, values) => Some(values.join(", ").into()),
        (AnswerType::Bool | AnswerType::Choice, _) => None,
    }
}

fn not_an_answer(question: &Question, code: &str) -> Invalid {
    let options = match question.answer {
        AnswerType::Bool => "true, false".to_owned(),
        _ => question.options.join(", "),
    };
    let message = format!("choose one of {options}: see the attributes of GET services/<service_code>");
    Invalid::new(format!("attribute[{code}]"), "not_an_option", message)
}

fn number(form: &FormData, name: &str, faults: &mut Vec<Invalid>) -> Option<f64> {
    let text = first(form, name)?;
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    if number.is_none() {
        let message = "write degrees (WGS 84) with a point, for instance 50.8279";
        faults.push(Invalid::new(name, "malformed", message));
    }
    number
}

fn place(form: &FormData, given: &BTreeMap<&str, Vec<&str>>, faults: &mut Vec<Invalid>) -> Option<GivenPlace> {
    let before = faults.len();
    let (lat, lon) = (number(form, "lat", faults), number(form, "long", faults));
    let point = match (lat, lon) {
        (Some(lat), Some(lon)) => Some(Point { lat, lon }),
        (None, None) => None,
        (lat, _) if faults.len() == before => {
            let missing = if lat.is_none() { "lat" } else { "long" };
            faults.push(Invalid::new(missing, "required", "lat and long go together: give both, or neither"));
            None
        }
        _ => None,
    };
    let closest = || given.get("closest_address").and_then(|values| values.first()).copied();
    let address = first(form, "address_string")
        .or_else(|| first(form, "address"))
        .or_else(closest)
        .map(str::to_owned)
        .or_else(|| first(form, "address_id").map(|id| format!("address_id {id}")));
    (point.is_some() || address.is_some()).then_some(GivenPlace { address, point, ..GivenPlace::default() })
}

fn contact(form: &FormData) -> Option<Contact> {
    let names: Vec<&str> = ["first_name", "last_name"].iter().filter_map(|name| first(form, name)).collect();
    let contact = Contact {
        name: (!names.is_empty()).then(|| names.join(" ")),
        email: first(form, "email").map(str::to_owned),
        phone: first(form, "phone").map(str::to_owned),
        post: None,
    };
    (!contact.is_empty()).then_some(contact)
}

/// The description, or the name of what it is about when there is none (GeoReport asks for none), and what was given
/// beyond the questions below it.
fn words(description: &str, category: Option<&Category>, language: Language, more: &[String]) -> String {
    let mut words = text::clean(description);
    if words.is_empty()
        && let Some(category) = category
    {
        words = in_language(&category.names, language).to_owned();
    }
    if !more.is_empty() && !words.is_empty() {
        words = format!("{words}\n\n{}", more.join("\n"));
    }
    words
}

/// Addresses of photos, each once.
fn media(form: &FormData, faults: &mut Vec<Invalid>) -> Vec<Url> {
    let mut media: Vec<Url> = Vec::new();
    let named = |name: &str| matches!(name, "media_url" | "media_url[]");
    for (_, text) in form.fields.iter().filter(|(name, value)| named(name) && !value.trim().is_empty()) {
        let url = Url::parse(text.trim()).ok().filter(|url| {
            let plain = url.username().is_empty() && url.password().is_none();
            plain && matches!(url.scheme(), "http" | "https") && url.as_str().len() <= 2_000
        });
        match url {
            Some(url) if !media.contains(&url) => media.push(url),
            Some(_) => {}
            None => {
                let message = "write the whole address of one photo, with http:// or https://";
                faults.push(Invalid::new("media_url", "malformed", message));
            }
        }
    }
    media
}

/// What stands in the words about a photo that was not fetched.
pub(crate) static NOT_FETCHED: Word = Word::new(
    "photo-not-fetched",
    [
        "Foto die we niet hebben opgehaald: { $url }",
        "Photo que nous n'avons pas récupérée: { $url }",
        "Photo that we did not fetch: { $url }",
    ],
);

/// `words`, with a line for each photo that was not fetched.
pub fn with_lines(further: &Further, words: &str, lost: &[Url], language: Language) -> String {
    let lines: Vec<String> =
        lost.iter().map(|url| further.fill(language, &NOT_FETCHED, &[("url", url.as_str())])).collect();
    if lines.is_empty() { words.to_owned() } else { format!("{words}\n\n{}", lines.join("\n")) }
}

/// Whatever becomes of the photos, their addresses must fit.
fn no_room(further: &Further, words: &str, media: &[Url], language: Language) -> Option<Invalid> {
    let (plain, length) = (text::length(words), text::length(&with_lines(further, words, media, language)));
    (length > MAX_WORDS && !media.is_empty() && plain <= MAX_WORDS).then(|| {
        let room = MAX_WORDS.saturating_sub(length - plain);
        let message = format!("beside the addresses of photos at most {room} characters fit: shorten it");
        Invalid::new("description", "too_long", message)
    })
}

fn own_id(
    form: &FormData,
    given: &BTreeMap<&str, Vec<&str>>,
    named: &str,
    faults: &mut Vec<Invalid>,
) -> Option<String> {
    let of = |code: &str| given.get(code).and_then(|values| values.first()).copied();
    let id = of(named).or_else(|| of("external_id")).or_else(|| first(form, "external_id"))?;
    if text::length(id) > MAX_OWN_ID {
        let message = format!("your own number of a request has at most {MAX_OWN_ID} characters");
        faults.push(Invalid::new(format!("attribute[{named}]"), "too_long", message));
    }
    Some(id.to_owned())
}

fn digest(form: &FormData, given: &BTreeMap<&str, Vec<&str>>, own_id: Option<&str>) -> String {
    const SAID: [&str; 13] = [
        "service_code",
        "description",
        "lat",
        "long",
        "address_string",
        "address",
        "address_id",
        "email",
        "phone",
        "first_name",
        "last_name",
        "device_id",
        "account_id",
    ];
    let said = SAID.map(|name| first(form, name));
    // A report whose page changes its address is the same one.
    let given: BTreeMap<_, _> = given.iter().filter(|(code, _)| **code != "report_url").collect();
    hex(&Sha256::digest(serde_json::json!([said, given, own_id]).to_string()))
}

/// A fault of a submission under the name of its parameter.
pub fn rename(fault: Invalid) -> Invalid {
    let field = match fault.field.as_str() {
        "/category" => "service_code".to_owned(),
        "/words" => "description".to_owned(),
        "/place/address" => "address_string".to_owned(),
        "/place/point" | "/place/point/lat" => "lat".to_owned(),
        "/place/point/lon" => "long".to_owned(),
        "/contact" | "/contact/email" => "email".to_owned(),
        "/contact/phone" => "phone".to_owned(),
        "/contact/name" => "first_name".to_owned(),
        field if field.starts_with("/photos") => "media_url".to_owned(),
        field => match field.strip_prefix("/answers/") {
            Some(code) => format!("attribute[{code}]"),
            None => field.trim_start_matches('/').to_owned(),
        },
    };
    Invalid { field, ..fault }
}
