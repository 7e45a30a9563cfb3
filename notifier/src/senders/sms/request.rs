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
    text::clean_line,
    verdict::{Fault, Verdict},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
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
        let secret = |secret: &Option<SecretString>| secret.as_ref().map(|s| Cow::Owned(s.expose_secret().to_owned()));
        let text = |text: &Option<String>| text.as_ref().map(|text| Cow::Owned(text.clone()));
        let digits = to.trim_start_matches('+');
        let value = |place: &str| match place {
            "to" => Some(Cow::Owned(to.to_owned())),
            "to_digits" => Some(Cow::Owned(digits.to_owned())),
            "to_00" => Some(Cow::Owned(format!("00{digits}"))),
            "from" => Some(Cow::Owned(self.from.clone())),
            "text" => Some(Cow::Owned(sms.text.clone())),
            "reference" => Some(Cow::Owned(notice.simple().to_string())),
            "coding" => Some(Cow::Owned(self.profile.coding.of(sms.alphabet).to_owned())),
            "receipts" => text(&self.receipts),
            "url" => text(&self.url),
            "user" => text(&self.user),
            "password" => secret(&self.password),
            "key" => secret(&self.key),
            _ => None,
        };
        // What stands in an address is written as part of its path; the address of the gateway itself is one.
        let in_url = |place: &str| {
            let value: Cow<'_, str> = value(place)?;
            let escaped = || form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20");
            Some(if place == "url" { value.clone() } else { Cow::Owned(escaped()) })
        };
        let wrong = |what: &str| format!("the SMS gateway cannot be asked: {what}");
        let url = fill(&self.profile.url, in_url).ok_or_else(|| wrong("its address is not complete"))?;
        let mut url: Url = url.parse().map_err(|error| wrong(&format!("its address is none: {error}")))?;
        let fields = filled(&Value::Object(self.profile.fields.clone()), &value).unwrap_or_default();
        let pairs = || {
            let fields = fields.as_object().into_iter().flatten();
            fields.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        };
        let call = match self.profile.form {
            Shape::Query => {
                url.query_pairs_mut().extend_pairs(pairs());
                http.get(&url)
            }
            Shape::Form => {
                let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs()).finish();
                let kind = "application/x-www-form-urlencoded; charset=utf-8";
                http.post(&url).map(|call| call.header(CONTENT_TYPE, kind).body(body))
            }
            Shape::Json => {
                http.post(&url).map(|call| call.header(CONTENT_TYPE, "application/json").body(fields.to_string()))
            }
        };
        let mut call = call.map_err(|error| wrong(&error.to_string()))?;
        for (name, template) in &self.profile.headers {
            let header = fill(template, value).and_then(|value| {
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
