//! A mail of somebody who writes to the city: who, what words, which pictures, and what cannot be taken. Pure.
//! MIME of any quality comes to something; what cannot be read is words that say nothing.

use crate::mail::{html, message, trim};
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use schemas::{left_out::LeftOut, submission::is_email, text};
use std::io::Cursor;

/// The most parts of a mail that are looked at.
const MOST_PARTS: usize = 200;
/// The most pictures that are looked at: more than a report may have, so that the rest can be counted.
const MOST_PICTURES: usize = 30;
/// A mail that went through so many servers goes in a circle (RFC 5321 §6.3).
const MOST_HOPS: usize = 50;
/// A picture within the text that has fewer bytes, or a shorter side, belongs to a signature.
const LOGO_BYTES: usize = 6 * 1024;
const LOGO_SIDE: u32 = 120;

/// What programs that send for nobody call themselves.
const NOBODY: &[&str] = &[
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "nepasrepondre",
    "ne-pas-repondre",
    "nietbeantwoorden",
    "niet-beantwoorden",
    "geenantwoord",
    "mailer-daemon",
    "postmaster",
    "bounce",
    "bounces",
    "listserv",
    "majordomo",
];

/// What answering and sending on puts before a subject, in our languages and those of the programs.
const PREFIXES: &[&str] = &["re", "fw", "fwd", "antw", "aw", "tr", "rv", "réf", "ref", "doorst", "wg", "sv", "i"];

/// A mail as the door reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Letter {
    /// The name of who wrote it, if they have one.
    pub name: Option<String>,
    /// Their address; `None` when there is none that can be written to.
    pub from: Option<String>,
    /// The subject, without what answering puts before it.
    pub subject: String,
    /// What they wrote, without what they quote and without their signature.
    pub words: String,
    /// Pictures, as they came.
    pub pictures: Vec<Vec<u8>>,
    /// What else came along.
    pub left_out: Vec<LeftOut>,
    /// Why nobody wrote it, if so: a word for the operator.
    pub nobody: Option<&'static str>,
}

/// Reads a mail, or the beginning of one that was too long.
pub(super) fn read(bytes: &[u8]) -> Letter {
    let Some(message) = MessageParser::default().parse(bytes) else { return Letter::default() };
    let from = message.from().and_then(|from| from.first());
    let address = from.and_then(|from| from.address()).map(str::trim).filter(|address| is_email(address));
    let name = from.and_then(|from| from.name()).map(text::clean_line).filter(|name| !name.is_empty());
    let mut letter = Letter {
        name: name.filter(|name| text::length(name) <= 100 && !name.contains('@')),
        from: address.map(str::to_owned),
        subject: bare(&text::clean_line(message.subject().unwrap_or_default())),
        words: words(&message),
        nobody: nobody(&message, address),
        ..Letter::default()
    };
    for (id, part) in message.parts.iter().enumerate().take(MOST_PARTS) {
        let id = u32::try_from(id).unwrap_or(u32::MAX);
        // Pictures within the text count as part of it, too.
        let is_shown = part.is_text() && (message.text_body.contains(&id) || message.html_body.contains(&id));
        if !is_shown {
            letter.take(part);
        }
    }
    letter
}

/// The words: without quotes and signature, or all of them when nothing else is left (somebody sends on what they
/// got); of a mail that only holds another, those of that.
fn words(message: &Message<'_>) -> String {
    let body = message::body(message);
    let inner = || {
        let inner = message.parts.iter().filter_map(MessagePart::message).next()?;
        let subject = text::clean_line(inner.subject().unwrap_or_default());
        Some(format!("{subject}\n\n{}", message::body(inner)))
    };
    let trimmed = text::clean(&trim::trim(&body));
    if !trimmed.is_empty() {
        return trimmed;
    }
    let whole = text::clean(&body);
    if !whole.is_empty() {
        return whole;
    }
    inner().map_or_else(|| rescued(message), |inner| text::clean(&inner))
}

/// The words of a mail of several parts whose frame is broken: what stands in parts of text, as it stands there.
fn rescued(message: &Message<'_>) -> String {
    if !message.content_type().is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("multipart")) {
        return String::new();
    }
    let raw = String::from_utf8_lossy(message.raw_message()).replace("\r\n", "\n");
    let Some((_, body)) = raw.split_once("\n\n") else { return String::new() };
    let (mut words, mut head, mut in_head, mut begun) = (String::new(), String::new(), false, false);
    for line in html::head(body, 256 * 1024).lines() {
        if line.starts_with("--") && line.len() > 2 && !line.starts_with("-- ") {
            if !begun {
                // What stands above the first part is for programs that know none.
                words.clear();
            }
            (head, in_head, begun) = (String::new(), true, true);
        } else if in_head && line.is_empty() {
            in_head = false;
        } else if in_head {
            head.push_str(&line.to_ascii_lowercase());
        } else if !head.contains("base64") && (!head.contains("content-type") || head.contains("text/plain")) {
            words.push_str(line);
            words.push('\n');
        }
    }
    text::clean(&trim::trim(&words))
}

/// Why nobody wrote it (RFC 3834 §2, and what programs do that never read it). Other marks of programs are found by
/// [`message::read`] before.
fn nobody(message: &Message<'_>, from: Option<&str>) -> Option<&'static str> {
    let has = |name: &'static str| message.header_raw(name).is_some();
    if has("List-Id") || has("List-Unsubscribe") || has("List-Post") || has("Feedback-ID") {
        return Some("list");
    }
    if message.headers_raw().filter(|(name, _)| name.eq_ignore_ascii_case("received")).count() > MOST_HOPS {
        return Some("loop");
    }
    let user = from.unwrap_or_default().split(['@', '+']).next().unwrap_or_default().to_lowercase();
    if NOBODY.contains(&user.as_str()) {
        return Some("no_reply");
    }
    from.is_none().then_some("no_address")
}

/// A subject without `Re:` and its like, however many.
fn bare(subject: &str) -> String {
    let mut rest = subject.trim();
    while let Some((before, after)) = rest.split_once(':') {
        let word = before.trim().trim_end_matches(|c: char| c == ']' || c == '[' || c.is_ascii_digit());
        if !PREFIXES.contains(&word.to_lowercase().as_str()) {
            break;
        }
        rest = after.trim();
    }
    rest.chars().take(200).collect()
}

impl Letter {
    fn take(&mut self, part: &MessagePart<'_>) {
        let (bytes, inline) = match &part.body {
            PartType::Binary(bytes) => (bytes.as_ref(), false),
            PartType::InlineBinary(bytes) => (bytes.as_ref(), true),
            PartType::Message(_) => return self.left_out.push(LeftOut::Mail),
            PartType::Text(text) | PartType::Html(text) => {
                // A part that is neither shown nor a file is an empty rest of one. A file that was cut off is text.
                let is_file = part.attachment_name().is_some() && !text.trim().is_empty();
                let declared = part.content_type().map(|kind| kind.ctype().to_ascii_lowercase()).unwrap_or_default();
                let left_out = match declared.as_str() {
                    "image" => LeftOut::Damaged,
                    "video" | "audio" => LeftOut::Film,
                    _ => LeftOut::Document,
                };
                return self.left_out.extend(is_file.then_some(left_out));
            }
            PartType::Multipart(_) => return,
        };
        let declared = part
            .content_type()
            .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase());
        let declared = declared.unwrap_or_default();
        let name = part.attachment_name().unwrap_or_default().to_lowercase();
        let inline = inline || part.content_id().is_some() || is_inline(part);
        match kind(bytes, &declared, &name) {
            Kind::Nothing => {}
            Kind::Picture if inline && is_logo(bytes) => {}
            Kind::Picture if self.pictures.len() < MOST_PICTURES => self.pictures.push(bytes.to_vec()),
            Kind::Picture => self.left_out.push(LeftOut::TooMany),
            Kind::Not(left_out) => self.left_out.push(left_out),
        }
    }
}

fn is_inline(part: &MessagePart<'_>) -> bool {
    part.content_disposition().is_some_and(mail_parser::ContentType::is_inline)
}

/// Whether a picture within the text belongs to a signature.
fn is_logo(bytes: &[u8]) -> bool {
    let size = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let size = size.and_then(|reader| reader.into_dimensions().ok());
    bytes.len() < LOGO_BYTES || size.is_some_and(|(width, height)| width.min(height) < LOGO_SIDE)
}

enum Kind {
    Picture,
    Not(LeftOut),
    /// Nothing that anybody sent: a signature, an empty part.
    Nothing,
}

/// What a file is: by its bytes, and where they do not say, by what it is said to be.
fn kind(bytes: &[u8], declared: &str, name: &str) -> Kind {
    let signed = ["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"];
    if bytes.is_empty() || signed.contains(&declared) {
        return Kind::Nothing;
    }
    if declared == "application/ms-tnef" || name == "winmail.dat" {
        return Kind::Not(LeftOut::Outlook);
    }
    let found = infer::get(bytes);
    let is = found.map_or(declared, |found| found.mime_type());
    match is.split('/').next().unwrap_or_default() {
        "image" => Kind::Picture,
        "video" | "audio" => Kind::Not(LeftOut::Film),
        "text" | "message" => Kind::Not(LeftOut::Document),
        _ if is == "application/pdf" => Kind::Not(LeftOut::Pdf),
        _ if found.is_some_and(|found| found.matcher_type() == infer::MatcherType::Doc) => Kind::Not(LeftOut::Document),
        // It is called a picture, and is none: the photo desk says what is wrong with it.
        _ if declared.starts_with("image/") => Kind::Picture,
        _ => Kind::Not(LeftOut::Other),
    }
}

/// The subject and the words as one story of at most `most` characters, and whether its end is left out.
pub(super) fn story(subject: &str, words: &str, most: usize) -> (String, bool) {
    let same = !subject.is_empty() && words.to_lowercase().starts_with(&subject.to_lowercase());
    let whole = if same { words.to_owned() } else { format!("{subject}\n\n{words}") };
    let whole = text::clean(&whole);
    if text::length(&whole) <= most {
        return (whole, false);
    }
    (format!("{} (…)", whole.chars().take(most.saturating_sub(4)).collect::<String>().trim_end()), true)
}

/// Only so much of words is looked at for a place.
pub(super) const SEARCHED: usize = 20_000;

/// The beginning of `words` that is looked at.
pub(super) fn searched(words: &str) -> &str {
    html::head(words, SEARCHED)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
