//! A mail that came in, as far as it says something about a dispatch: MIME of any quality becomes
//! a few words. Never fails: what cannot be read is a mail that says nothing.

use super::{
    bounce::{self, Report},
    html, trim,
};
use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders as _, PartType};
use schemas::{Uuid, id::derived, text};
use sha2::{Digest as _, Sha256};

/// The most names of attachments that are told.
const MOST_FILES: usize = 5;
/// The most addresses and references that are looked at.
const MOST_NAMES: usize = 200;

/// A mail that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The same for every copy of the mail: from its Message-ID, or from its bytes if it has none.
    pub key: Uuid,
    /// Every address that it came to, as far as it says so; of a complaint, the address that the mail it is
    /// about came from by its envelope, too.
    pub to: Vec<String>,
    /// The Message-IDs it is about: what it answers, and in a report of a mail server the returned
    /// mail's own.
    pub about: Vec<String>,
    /// The address that it says it is from, in lower case: anybody can write that.
    pub from: Option<String>,
    /// Its subject, one line.
    pub subject: String,
    /// What it is.
    pub what: What,
}

/// What a mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Somebody writes.
    Words {
        /// What they wrote, without what they quote and without their signature; may be empty.
        text: String,
        /// Names of what they sent along.
        files: Vec<String>,
    },
    /// A program answers: out of office, "we received your mail" (RFC 3834).
    Automatic {
        /// What it says, at most 500 characters.
        text: String,
    },
    /// A mail server reports.
    Report(Report),
}

/// A mail of which nothing can be read.
pub(crate) fn unreadable(bytes: &[u8]) -> Incoming {
    let what = What::Words { text: String::new(), files: Vec::new() };
    Incoming { key: key_of(bytes, None), to: Vec::new(), about: Vec::new(), from: None, subject: String::new(), what }
}

/// Reads a mail, or the beginning of one that was too long.
pub fn read(bytes: &[u8]) -> Incoming {
    let Some(message) = MessageParser::default().parse(bytes) else { return unreadable(bytes) };
    let mut about: Vec<String> = [message.in_reply_to(), message.references()].into_iter().flat_map(texts).collect();
    about.truncate(MOST_NAMES);
    let mut to = recipients(&message);
    let report = report(&message, &mut about, &mut to);
    let body = body(&message);
    let subject: String = text::clean_line(message.subject().unwrap_or_default()).chars().take(200).collect();
    let what = match report.or_else(|| plain_report(&message, &subject, &body, &mut about)) {
        Some(report) => What::Report(report),
        None if is_automatic(&message, &subject) => {
            What::Automatic { text: trim::trim(&body).chars().take(500).collect() }
        }
        None => What::Words { text: text::clean(&trim::trim(&body)), files: files(&message) },
    };
    let from = message.from().and_then(|from| from.first()).and_then(|from| from.address());
    let from = from.map(|from| from.trim().to_lowercase());
    Incoming { key: key_of(bytes, message.message_id()), to, about, from, subject, what }
}

/// The key of the mail that is called so ([`Incoming::key`]).
pub(crate) fn key_of_id(message_id: &str) -> Uuid {
    derived(&["mail", message_id])
}

fn key_of(bytes: &[u8], message_id: Option<&str>) -> Uuid {
    match message_id.map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => key_of_id(id),
        None => {
            let digest = Sha256::digest(bytes);
            derived(&["mail bytes", &data_encoding::HEXLOWER.encode(&digest)])
        }
    }
}

fn texts(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
        HeaderValue::TextList(list) => list.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// Every address of the headers that mail servers and people write recipients in.
fn recipients(message: &Message<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in message.headers_raw() {
        let name = name.to_ascii_lowercase();
        let known = ["to", "cc", "delivered-to", "x-original-to", "envelope-to", "resent-to", "x-envelope-to"];
        if known.contains(&name.as_str()) {
            let words = value.split([',', ';', '<', '>', ' ', '\t', '\r', '\n', '"']);
            found.extend(words.filter(|word| word.contains('@')).map(|word| word.to_lowercase()));
        }
        if found.len() >= MOST_NAMES {
            break;
        }
    }
    found.truncate(MOST_NAMES);
    found
}

/// The report of a mail server that speaks RFC 3464 or RFC 5965, and the Message-ID of the mail it is about.
/// Complaints come to one address for all mails: `to` gets the one that the mail was sent with.
fn report(message: &Message<'_>, about: &mut Vec<String>, to: &mut Vec<String>) -> Option<Report> {
    let mut found = None;
    for part in &message.parts {
        let Some(kind) = part.content_type() else { continue };
        let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase();
        match kind.as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                found = Some(bounce::read_status(&String::from_utf8_lossy(part.contents())));
            }
            "message/feedback-report" => {
                let (report, from) = bounce::read_feedback(&String::from_utf8_lossy(part.contents()));
                to.extend(from);
                found = Some(report);
            }
            // "It was read" is nothing that anybody waits for.
            "message/disposition-notification" => found = found.or(Some(Report::Arrived)),
            "message/rfc822" | "message/global" => {
                if let PartType::Message(inner) = &part.body {
                    about.extend(inner.message_id().map(str::to_owned));
                }
            }
            "text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers" => {
                about.extend(message_ids(&String::from_utf8_lossy(part.contents())));
            }
            _ => {}
        }
    }
    found
}

/// The report of a mail server that writes plain text with the mail below it.
fn plain_report(message: &Message<'_>, subject: &str, body: &str, about: &mut Vec<String>) -> Option<Report> {
    let failed = message.header_raw("X-Failed-Recipients").map(str::trim);
    let report = bounce::read_plain(is_daemon(message), subject, body, failed)?;
    about.extend(message_ids(body));
    Some(report)
}

/// The values of `Message-ID` in headers that stand in a text.
fn message_ids(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("message-id").then(|| value.trim().trim_matches(['<', '>']).to_owned())
        })
        .take(MOST_NAMES)
        .collect()
}

fn is_daemon(message: &Message<'_>) -> bool {
    let null = message.header_raw("Return-Path").is_some_and(|path| path.trim() == "<>");
    let from = message.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default();
    let user = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    null || matches!(user.as_str(), "mailer-daemon" | "postmaster" | "mail-daemon")
}

/// RFC 3834, and what programs did before it and still do.
fn is_automatic(message: &Message<'_>, subject: &str) -> bool {
    let header = |name: &'static str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    let starts = |value: Option<String>, words: &[&str]| {
        value.is_some_and(|value| words.iter().any(|word| value.starts_with(word)))
    };
    header("Auto-Submitted").is_some_and(|value| !value.starts_with("no"))
        || starts(header("Precedence"), &["bulk", "junk", "list", "auto_reply"])
        || header("X-Auto-Response-Suppress").is_some_and(|value| value != "none")
        || header("X-Autoreply").is_some()
        || header("X-Autorespond").is_some()
        || header("List-Id").is_some()
        || is_daemon(message)
        || starts(
            Some(subject.to_lowercase()),
            &[
                "automatisch antwoord",
                "automatic reply",
                "auto-reply",
                "autoreply",
                "réponse automatique",
                "out of office",
                "afwezig:",
                "afwezigheid:",
                "afwezigheidsbericht",
                "absence:",
                "absence :",
                "absence du bureau",
                "absent:",
                "absent :",
                "absent du bureau",
            ],
        )
}

/// The text of the mail: its plain text, or the HTML as text when there is nothing else.
pub(crate) fn body(message: &Message<'_>) -> String {
    let mut out = String::new();
    for part in message.text_bodies().take(20) {
        let text = match &part.body {
            PartType::Text(text) => text.to_string(),
            PartType::Html(page) => html::to_text(page),
            _ => continue,
        };
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&text);
        if out.len() > 256 * 1024 {
            out.truncate(html::head(&out, 256 * 1024).len());
            break;
        }
    }
    out
}

fn files(message: &Message<'_>) -> Vec<String> {
    message
        .attachments()
        .filter_map(|part| part.attachment_name())
        .map(|name| text::clean_line(name).chars().take(60).collect::<String>())
        .filter(|name| !name.is_empty())
        .take(MOST_FILES)
        .collect()
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
