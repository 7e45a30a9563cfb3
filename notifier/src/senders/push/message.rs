//! What stands in a push message: a title, a sentence or two, and the page that it opens.

use crate::senders::Parcel;
use schemas::{Uuid, id::derived, report::Urgency, text, way::Address};
use serde_json::{Value, json};
use std::time::Duration;

/// The most letters of a title; devices show fewer.
const TITLE: usize = 100;
/// The most letters of the text: even of four bytes each, title, text and link stay below 3 KB.
const TEXT: usize = 400;

/// How much it presses (RFC 8030 §5.3): a device that saves its battery takes only what presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    Low,
    Normal,
    High,
}

impl Press {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// One message.
#[derive(Debug)]
pub(super) struct Message<'a> {
    /// Its notice.
    pub(super) notice: Uuid,
    /// One line.
    pub(super) title: String,
    /// What happened.
    pub(super) text: String,
    /// The page that it opens.
    pub(super) link: &'a str,
    /// The language of title and text.
    pub(super) language: &'static str,
    /// 32 letters and digits, the same for all that takes the place of each other at one device; `None`: it takes
    /// the place of nothing and nothing takes its place.
    pub(super) topic: Option<String>,
    /// How much it presses.
    pub(super) urgency: Press,
    /// How long the other side keeps it for a device that is off.
    pub(super) keep: Duration,
    /// Where the device says that it shows it.
    pub(super) shown: String,
}

impl<'a> Message<'a> {
    /// The message that tells `parcel`.
    pub(super) fn of(parcel: &'a Parcel, keep: Duration, shown: String) -> Self {
        let device = match &parcel.to {
            Address::Push(device) => device.identity(),
            _ => String::new(),
        };
        let (title, text) = title_and_text(&parcel.subject, &parcel.short, &parcel.link);
        // Not the id of the case: what several devices have in common is no business of a push service.
        let topic = || derived(&["push topic", &parcel.case_id.to_string(), &device]).simple().to_string();
        Self {
            notice: parcel.notice,
            title,
            text,
            link: &parcel.link,
            language: parcel.language.as_str(),
            topic: parcel.is_status.then(topic),
            urgency: match parcel.urgency {
                _ if parcel.critical => Press::High,
                Urgency::Emergency | Urgency::High => Press::High,
                Urgency::Normal => Press::Normal,
                Urgency::Low => Press::Low,
            },
            keep,
            shown,
        }
    }

    /// By which a device knows what takes the place of what it shows.
    pub(super) fn tag(&self) -> String {
        self.topic.clone().unwrap_or_else(|| self.notice.simple().to_string())
    }

    /// What a browser is told, in the shape of Declarative Web Push, which some show without any script.
    pub(super) fn notification(&self) -> Value {
        json!({"web_push": 8030, "shown": self.shown, "notification": {
            "title": self.title, "body": self.text, "navigate": self.link, "lang": self.language, "dir": "auto",
            "tag": self.tag(),
        }})
    }
}

/// What a device shows of a message: its title, and its text.
pub(crate) fn title_and_text(subject: &str, words: &str, link: &str) -> (String, String) {
    (short(subject, TITLE), short(&without_link(words, link), TEXT))
}

/// `text` without the sentence that holds `link`: the message itself opens the page.
fn without_link(text: &str, link: &str) -> String {
    let Some(at) = text.find(link).filter(|_| !link.is_empty()) else { return text.to_owned() };
    let (before, after) = (&text[..at], &text[at + link.len()..]);
    let sentence = [". ", "? ", "! "].iter().filter_map(|end| before.rfind(end)).max();
    // The first byte of each is the mark that ends the sentence, and stays.
    let kept = sentence.map_or("", |end| &before[..=end]);
    let rest = after.trim_start_matches(['.', '!', '?']);
    format!("{kept} {rest}")
}

/// One clean line of at most `most` letters.
fn short(words: &str, most: usize) -> String {
    let line = text::clean_line(words);
    if text::length(&line) <= most {
        return line;
    }
    let cut: String = line.chars().take(most - 1).collect();
    format!("{}…", cut.trim_end())
}

/// What an answer says in words, as ` (reason)`, of at most 200 letters; empty when it says nothing that can be
/// shown to an operator: push services may write the address of a device into it.
pub(super) fn words_of(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let at = ["/reason", "/error/details/0/errorCode", "/error/status", "/error", "/message"];
    let word = at.iter().find_map(|at| value.pointer(at).and_then(Value::as_str));
    word.filter(|word| !word.contains("://")).map(|word| format!(" ({})", short(word, 200))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::{Timestamp, device::Device, report::Language};

    fn parcel(short: &str) -> Parcel {
        Parcel {
            notice: derived(&["notice"]),
            case_id: derived(&["case"]),
            reference: schemas::reference::Reference::from_number(123_456),
            person: "reporter".into(),
            version: 2,
            to: Address::Push(Device::Fcm { token: "t".into() }),
            subject: "Uw melding is opgelost (1234 5671)".into(),
            text: String::new(),
            html: String::new(),
            short: short.into(),
            paper: Vec::new(),
            link: "https://hallo.example/nl/t/abc".into(),
            language: Language::NL,
            critical: false,
            urgency: Urgency::Normal,
            is_status: true,
            may_stop: true,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_sentence_that_only_leads_to_the_page_is_left_out() {
        for (short, text) in [
            (
                "K: opgelost, zegt Groen. Niet goed? Zeg het op https://hallo.example/nl/t/abc",
                "K: opgelost, zegt Groen. Niet goed?",
            ),
            ("K: Groen komt op 4 december. https://hallo.example/nl/t/abc", "K: Groen komt op 4 december."),
            ("Lees het op https://hallo.example/nl/t/abc.", ""),
            ("Kijk op https://hallo.example/nl/t/abc. Tot dan!", "Tot dan!"),
            ("Zonder link", "Zonder link"),
        ] {
            assert_eq!(Message::of(&parcel(short), Duration::ZERO, String::new()).text, text);
        }
    }

    #[test]
    fn it_is_clean_and_short_whatever_the_words_are() {
        let mut hostile = parcel(&"\u{1f6a7}\u{202e}\n\0\"".repeat(100_000));
        hostile.subject = "x\r\n".repeat(1_000_000);
        hostile.link = format!("https://hallo.example/{}", "a".repeat(200));
        let message = Message::of(&hostile, Duration::ZERO, String::new());
        let said = message.notification().to_string();
        assert!(said.len() <= 3_000, "{}", said.len());
        assert!(!said.contains('\u{202e}') && !said.contains("\\u0000") && !said.contains("\\n"), "{said}");
        assert!(message.text.ends_with('…'));
    }

    #[test]
    fn a_newer_status_takes_the_place_of_an_older_and_a_note_stays() {
        let (one, mut two) = (parcel("a"), parcel("b"));
        two.notice = derived(&["another"]);
        let topic = |parcel: &Parcel| Message::of(parcel, Duration::ZERO, String::new()).topic;
        assert_eq!(topic(&one), topic(&two));
        let letters = topic(&one).unwrap();
        assert!(letters.len() == 32 && letters.bytes().all(|b| b.is_ascii_alphanumeric()), "{letters}");
        two.to = Address::Push(Device::Fcm { token: "other".into() });
        assert_ne!(topic(&one), topic(&two), "two devices have nothing in common");
        two.is_status = false;
        assert_eq!(topic(&two), None);
        assert_eq!(Message::of(&two, Duration::ZERO, String::new()).tag(), two.notice.simple().to_string());
    }

    #[test]
    fn what_presses_says_so() {
        for (urgency, critical, expected) in [
            (Urgency::Low, false, "low"),
            (Urgency::Normal, false, "normal"),
            (Urgency::High, false, "high"),
            (Urgency::Emergency, false, "high"),
            (Urgency::Low, true, "high"),
        ] {
            let message = Parcel { urgency, critical, ..parcel("a") };
            assert_eq!(Message::of(&message, Duration::ZERO, String::new()).urgency.as_str(), expected);
        }
    }

    #[test]
    fn only_words_for_an_operator_are_kept() {
        for (body, expected) in [
            (r#"{"reason":"VapidPkHashMismatch"}"#, " (VapidPkHashMismatch)"),
            (r#"{"error":{"status":"NOT_FOUND","details":[{"errorCode":"UNREGISTERED"}]}}"#, " (UNREGISTERED)"),
            (r#"{"code":401,"error":"Unauthorized","message":"x"}"#, " (Unauthorized)"),
            (r#"{"message":"no such https://push.example/abc"}"#, ""),
            ("<html>", ""),
        ] {
            assert_eq!(words_of(body.as_bytes()), expected, "{body}");
        }
    }
}
