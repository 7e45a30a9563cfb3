//! One message as a gateway's profile wants it, and what the gateway's answer means.

use super::{
    config::SmsConfig,
    profile::{Means, Profile, Rule, Shape, fill},
    text::Sms,
};
use bus::http;
use reqwest::{
    RequestBuilder,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use schemas::{
    Uuid,
    notice::HeardState,
    text::clean_line,
    verdict::{Fault, Verdict},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use std::{borrow::Cow, time::Duration};
use url::{Url, form_urlencoded};

/// What is sent where: a profile and what the configuration fills it with.
pub(super) struct Gateway {
    profile: Profile,
    from: String,
    url: Option<String>,
    user: Option<String>,
    password: Option<SecretString>,
    key: Option<SecretString>,
    receipts: Option<String>,
}

impl Gateway {
    pub(super) fn new(config: &SmsConfig, profile: Profile) -> Self {
        Self {
            from: config.from.clone(),
            url: config.url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
            user: config.user.clone(),
            password: config.password.clone(),
            key: config.key.clone(),
            receipts: config.receipts(&profile),
            profile,
        }
    }

    /// Whether its receipts name our notice, and not a number of their own.
    pub(super) fn names_our_notice(&self) -> bool {
        self.profile.hook.as_ref().is_some_and(|hook| hook.receipt.reference.is_some())
    }

    /// The call that hands `sms` in. The error is a sentence for the operator.
    pub(super) fn request(
        &self,
        http: &http::Client,
        to: &str,
        sms: &Sms,
        notice: Uuid,
    ) -> Result<RequestBuilder, String> {
        let value = |place: &str| match place {
            "from" => Some(Cow::Borrowed(self.from.as_str())),
            "text" => Some(Cow::Borrowed(sms.text.as_str())),
            "coding" => Some(Cow::Borrowed(self.profile.coding.of(sms.alphabet))),
            "receipts" => self.receipts.as_deref().map(Cow::Borrowed),
            _ => self.value(place, to, notice),
        };
        self.call(http, (&self.profile.url, self.profile.form, &self.profile.fields), value)
    }

    /// The call that asks what became of a message, whose `number` is the gateway's; `None` when it cannot be
    /// asked about this one. The error is a sentence for the operator.
    pub(super) fn question(
        &self,
        http: &http::Client,
        to: &str,
        notice: Uuid,
        number: Option<&str>,
    ) -> Option<Result<RequestBuilder, String>> {
        let query = self.profile.query.as_ref().filter(|_| self.can_ask(number.is_some()))?;
        let value = |place: &str| match place {
            "number" => number.map(Cow::Borrowed),
            _ => self.value(place, to, notice),
        };
        Some(self.call(http, (&query.url, query.form, &query.fields), value))
    }

    /// Whether it can be asked what became of a message, where its number is known or is not.
    pub(super) fn can_ask(&self, knows_number: bool) -> bool {
        self.profile.query.is_some() && (knows_number || !self.profile.places_of_query().contains("number"))
    }

    /// What each place holds that any call may have.
    fn value<'a>(&'a self, place: &str, to: &'a str, notice: Uuid) -> Option<Cow<'a, str>> {
        let secret = |secret: &'a Option<SecretString>| secret.as_ref().map(|s| Cow::Borrowed(s.expose_secret()));
        let digits = to.trim_start_matches('+');
        match place {
            "to" => Some(Cow::Borrowed(to)),
            "to_digits" => Some(Cow::Borrowed(digits)),
            "to_00" => Some(Cow::Owned(format!("00{digits}"))),
            "reference" => Some(Cow::Owned(notice.simple().to_string())),
            "url" => self.url.as_deref().map(Cow::Borrowed),
            "user" => self.user.as_deref().map(Cow::Borrowed),
            "password" => secret(&self.password),
            "key" => secret(&self.key),
            _ => None,
        }
    }

    fn call<'a>(
        &self,
        http: &http::Client,
        (url, form, fields): (&str, Shape, &Map<String, Value>),
        value: impl Fn(&str) -> Option<Cow<'a, str>>,
    ) -> Result<RequestBuilder, String> {
        // What stands in an address is written as part of its path; the address of the gateway itself is one.
        let in_url = |place: &str| {
            let value: Cow<'_, str> = value(place)?;
            let escaped = || form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20");
            Some(if place == "url" { value.clone() } else { Cow::Owned(escaped()) })
        };
        let wrong = |what: &str| format!("the SMS gateway cannot be asked: {what}");
        let url = fill(url, in_url).ok_or_else(|| wrong("its address is not complete"))?;
        let mut url: Url = url.parse().map_err(|error| wrong(&format!("its address is none: {error}")))?;
        let fields = filled(&Value::Object(fields.clone()), &value).unwrap_or_default();
        let mut pairs = fields.as_object().into_iter().flatten();
        let mut pairs =
            std::iter::from_fn(|| pairs.find_map(|(name, value)| value.as_str().map(|value| (name.as_str(), value))))
                .peekable();
        let call = match form {
            Shape::Query => {
                // Nothing to add: then not even a question mark.
                if pairs.peek().is_some() {
                    url.query_pairs_mut().extend_pairs(pairs);
                }
                http.get(&url)
            }
            Shape::Form => {
                let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                let kind = "application/x-www-form-urlencoded; charset=utf-8";
                http.post(&url).map(|call| call.header(CONTENT_TYPE, kind).body(body))
            }
            Shape::Json => {
                http.post(&url).map(|call| call.header(CONTENT_TYPE, "application/json").body(fields.to_string()))
            }
        };
        let mut call = call.map_err(|error| wrong(&error.to_string()))?;
        for (name, template) in &self.profile.headers {
            let header = fill(template, &value).and_then(|value| {
                let mut value = HeaderValue::from_str(&value).ok()?;
                value.set_sensitive(true);
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
            });
            let (name, value) = header.ok_or_else(|| wrong(&format!("the header {name} cannot be written")))?;
            call = call.header(name, value);
        }
        if self.profile.basic {
            let password = self.password.as_ref().map(|password| password.expose_secret());
            call = call.basic_auth(self.user.as_deref().unwrap_or_default(), password);
        }
        Ok(call)
    }

    /// What its answer to a question says of the message: its state, and why. `Ok(None)` when it knows nothing of
    /// it, an error when it could not be asked.
    pub(super) fn said_of_it(&self, status: u16, body: &[u8]) -> Result<Option<(HeardState, String)>, String> {
        match status {
            200..=299 => {}
            404 | 410 => return Ok(None),
            _ => return Err(format!("the SMS gateway answered {status} to the question what became of a message")),
        }
        let Some(query) = &self.profile.query else { return Ok(None) };
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let receipt = self.profile.hook.as_ref().map(|hook| &hook.receipt);
        let own = (!query.states.is_empty()).then_some(&query.states);
        let Some(states) = own.or(receipt.map(|receipt| &receipt.states)) else { return Ok(None) };
        let Some(word) = said(&json, &query.status) else { return Ok(None) };
        let Some((_, state)) = states.iter().find(|(known, _)| known.eq_ignore_ascii_case(&word)) else {
            return Ok(None);
        };
        let code = query.code.as_ref().and_then(|at| said(&json, at));
        let dead = if query.dead.is_empty() { receipt.map(|r| r.dead.as_slice()) } else { Some(query.dead.as_slice()) };
        Ok(Some(state_and_why(*state, &word, code, dead.unwrap_or_default())))
    }

    /// What its answer means for a message of so many `parts`. `pause` is what it asks for.
    pub(super) fn judge(&self, status: u16, pause: Option<Duration>, body: &[u8], parts: usize) -> Verdict {
        let text = String::from_utf8_lossy(body);
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let answer = &self.profile.answer;
        let rule = answer.rules.iter().find(|rule| fits(rule, status, &json, &text));
        let means = rule.map_or_else(|| by_status(status), |rule| rule.means);
        let words = answer.words.iter().find_map(|at| said(&json, at));
        let words = words.or_else(|| json.is_null().then(|| first_line(&text)).flatten());
        let why = match words {
            Some(words) => format!("the SMS gateway answered {status}: {}", without_numbers(&words)),
            None => format!("the SMS gateway answered {status}"),
        };
        match means {
            Means::Sent => {
                let number = answer.number.as_ref().and_then(|at| said(&json, at));
                Verdict::receipt(receipt(parts, number.as_deref()))
            }
            Means::Later => pause.map_or_else(|| Verdict::later(&why), |pause| Verdict::slow_down(pause, &why)),
            Means::SlowDown => Verdict::slow_down(pause.unwrap_or(Duration::from_secs(30)), why),
            Means::Address => Verdict::never(Fault::Address, why),
            Means::Refused => Verdict::never(Fault::Refused, why),
            Means::Ours => Verdict::never(Fault::Ours, why),
            Means::Unknown => Verdict::Unknown { why: format!("{why}; it may have the message all the same") },
        }
    }
}

/// A state in a gateway's `word`, with the `code` of why, which may be one of those of numbers that do not exist.
pub(super) fn state_and_why(
    state: HeardState,
    word: &str,
    code: Option<String>,
    dead: &[String],
) -> (HeardState, String) {
    let is_dead = state == HeardState::Failed && code.as_ref().is_some_and(|code| dead.contains(code));
    let why = code.map_or_else(|| word.to_owned(), |code| format!("{word} {code}"));
    (if is_dead { HeardState::Dead } else { state }, without_numbers(&why))
}

/// `value` with every place in its texts filled; what cannot be filled is left out.
fn filled<'a>(value: &Value, of: &impl Fn(&str) -> Option<Cow<'a, str>>) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(fill(text, of)?),
        Value::Array(list) => list.iter().filter_map(|value| filled(value, of)).collect(),
        Value::Object(map) => map.iter().filter_map(|(name, value)| Some((name.clone(), filled(value, of)?))).collect(),
        other => other.clone(),
    })
}

fn fits(rule: &Rule, status: u16, json: &Value, text: &str) -> bool {
    let there = rule.at.as_ref().map(|at| said(json, at));
    (rule.status.is_empty() || rule.status.contains(&status))
        && rule.begins.as_ref().is_none_or(|begins| text.trim_start().starts_with(begins))
        && match there {
            None => true,
            Some(None) => false,
            Some(Some(said)) => (rule.is.is_empty() || rule.is.contains(&said)) && !rule.is_not.contains(&said),
        }
}

/// What an HTTP status says by itself.
fn by_status(status: u16) -> Means {
    match status {
        200..=299 => Means::Sent,
        // Our account is an operator's to put right; until then everything waits.
        401..=403 | 407 | 408 | 425 | 429 | 503 => Means::Later,
        300..=399 | 404 | 405 | 410 => Means::Ours,
        400..=499 => Means::Refused,
        _ => Means::Unknown,
    }
}

/// The text or number that stands `at` (JSON Pointer); nothing when it is empty.
pub(super) fn said(json: &Value, at: &str) -> Option<String> {
    match json.pointer(at)? {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// The first line of a plain text; a page is no words.
fn first_line(text: &str) -> Option<String> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    (!line.trim_start().starts_with('<')).then(|| clean_line(line))
}

/// What a gateway says, without numbers of people: operators read it, and it is kept.
pub(super) fn without_numbers(text: &str) -> String {
    let is_of_number = |c: char| c.is_ascii_digit() || "+()./ -".contains(c);
    let (mut out, mut run) = (String::new(), String::new());
    for c in text.chars().filter(|c| !c.is_control()).chain(['\0']) {
        if is_of_number(c) {
            run.push(c);
            continue;
        }
        let digits = run.chars().filter(char::is_ascii_digit).count();
        out.push_str(if digits > 6 { " (number) " } else { &run });
        run.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out.trim().chars().take(200).collect()
}

/// What is kept of a message that was taken: `2 parts`, and the gateway's number of it.
fn receipt(parts: usize, number: Option<&str>) -> String {
    let parts = format!("{parts} part{}", if parts == 1 { "" } else { "s" });
    match number {
        Some(number) => format!("{parts}: {}", clean_line(number).chars().take(100).collect::<String>()),
        None => parts,
    }
}

/// In how many parts the message of a `receipt` went.
pub(super) fn parts_in(receipt: &str) -> Option<usize> {
    receipt.split(' ').next()?.parse().ok()
}

/// The gateway's number in a `receipt`.
pub(super) fn number_in(receipt: &str) -> Option<&str> {
    receipt.split_once(": ").map(|(_, number)| number)
}
