//! What the mail says; and mails that really go out, to a real Postfix and a real Dovecot.

use super::*;
use crate::{
    mail::reply::ReplyAddress,
    testing::{self, now},
};
use schemas::{
    Uuid,
    case::Role,
    dispatch::{Again, AgainWhy},
    place::Point,
    report::{Contact, Urgency},
};

fn written(dispatch: &Dispatch, language: Language, replies: bool) -> String {
    let (city, links) = (testing::city(), Links::new([7; 32], "https://voordeur.example"));
    let replies = replies.then(|| ReplyAddress::parse("antwoord@stad.example").unwrap());
    let reply = replies.as_ref().map(|replies| replies.with(&links.reply_token(dispatch.id)).parse().unwrap());
    let sheet = letter::Sheet {
        dispatch,
        city: &city,
        language,
        department: "Wegen",
        links: &links,
        replies: replies.as_ref(),
    };
    let to = ["wegen@stad.example".parse().unwrap(), "nacht@stad.example".parse().unwrap()];
    let from = "meldpunt@stad.example".parse().unwrap();
    let envelope = letter::Envelope { from: &from, to: &to, cc: &[], reply_to: reply.as_ref(), at: now() };
    String::from_utf8(sheet.write(&envelope).unwrap()).unwrap()
}

/// The two bodies of a mail: text and HTML.
fn bodies(mail: &str) -> [String; 2] {
    let message = mail_parser::MessageParser::default().parse(mail).unwrap();
    [message.body_text(0).unwrap().into_owned(), message.body_html(0).unwrap().into_owned()]
}

#[test]
fn the_mail_says_everything_twice_in_the_same_words() {
    let mut dispatch = testing::dispatch("wegen", Role::Lead);
    dispatch.words = "Een put <b>voor</b> de deur\nvan nr. 5 & 7".to_owned();
    dispatch.place.point = Some(Point { lat: 50.8, lon: 4.7 });
    dispatch.contact = Some(Contact {
        name: Some("https://login.evil.example/stad".to_owned()),
        email: None,
        phone: None,
        post: None,
    });
    dispatch.photos = vec![format!("/api/v1/departments/wegen/photos/{}", Uuid::from_u128(5))];
    dispatch.due_on = Some("2026-12-03".parse().unwrap());
    dispatch.priority = Urgency::High;
    let links = Links::new([7; 32], "https://voordeur.example");
    for (language, parts) in [
        (Language::NL, ["Nieuw voor u: Wegen", "3 december 2026", "Dit is niet van ons", "AAN DE MELDER:"]),
        (Language::FR, ["Nouveau pour vous", "3 décembre 2026", "Ce n'est pas pour nous", "AU DEMANDEUR:"]),
        (Language::EN, ["New for you", "3 December 2026", "This is not ours", "TO THE REPORTER:"]),
    ] {
        let mail = written(&dispatch, language, true);
        assert!(mail.is_ascii());
        let link = links.work(dispatch.id, language.as_str());
        for body in bodies(&mail).map(|body| body.replace("&#39;", "'")) {
            for part in parts.iter().copied().chain(["1234 5671", "Grote Markt 1", "putten"]) {
                assert!(body.contains(part), "{part} in {body}");
            }
            for tail in ["?say=accept", "?say=plan", "?say=done", "?say=ask", "?say=note", "?say=reject", "#place"] {
                assert!(body.contains(&format!("{link}{tail}")), "{tail} in {body}");
            }
            assert!(body.contains(&format!("{link}/photos/{}", Uuid::from_u128(5))), "{body}");
            assert!(!body.contains("/api/v1/"), "an address that asks for a token is of no use in a mail");
        }
        let [_, html] = bodies(&mail);
        assert!(!html.contains("href=\"https://login.evil"), "{html}");
        assert!(html.contains("https://login.evil.example/stad"), "{html}");
        assert!(html.contains("Een put &lt;b&gt;voor&lt;/b&gt; de deur<br>van nr. 5 &amp; 7"), "{html}");
    }
}

#[test]
fn only_who_may_know_the_reporter_does() {
    let mut dispatch = testing::dispatch("wegen", Role::Lead);
    let contact = Contact {
        name: Some("An Peeters".to_owned()),
        email: Some("an@x.example".to_owned()),
        phone: None,
        post: None,
    };
    assert!(bodies(&written(&dispatch, Language::NL, true)).iter().all(|body| !body.contains("Melder:")));
    dispatch.contact = Some(contact);
    assert!(
        bodies(&written(&dispatch, Language::NL, true)).iter().all(|body| body.contains("An Peeters, an@x.example"))
    );
}

#[test]
fn the_head_threads_and_asks_for_no_automatic_answers() {
    let first = testing::dispatch("wegen", Role::Lead);
    let links = Links::new([7; 32], "https://voordeur.example");
    let id = |dispatch: Uuid| format!("<voordeur.{}@stad.example>", links.reply_token(dispatch));
    let mail = written(&first, Language::NL, true).replace("\r\n ", " ");
    for line in [
        format!("Message-ID: {}", id(first.id)),
        format!("Reply-To: antwoord+{}@stad.example", links.reply_token(first.id)),
        "Auto-Submitted: auto-generated".to_owned(),
        "X-Auto-Response-Suppress: OOF, AutoReply".to_owned(),
        "To: wegen@stad.example, nacht@stad.example".to_owned(),
        "Content-Language: nl".to_owned(),
    ] {
        assert!(mail.contains(&line), "{line} in {mail}");
    }
    assert!(!mail.contains("References:"));
    let again = Again { why: AgainWhy::Reminder, text: None, first: first.id, receipt: None };
    let second = Dispatch { id: Uuid::from_u128(9), again: Some(again), ..first.clone() };
    let mail = written(&second, Language::NL, true).replace("\r\n ", " ");
    assert!(mail.contains(&format!("References: {}", id(first.id))), "{mail}");
    assert!(mail.contains(&format!("Message-ID: {}", id(second.id))), "{mail}");
    assert!(bodies(&mail)[0].contains("Herinnering: we hoorden nog niets van u"));
    for found in [id(first.id), id(first.id).to_uppercase(), id(first.id).replace("@stad", "@elders")] {
        assert_eq!(letter::dispatch_of(&links, &found), Some(first.id), "{found}");
    }
    for wrong in ["", "<>", "é", "voordeur.", "<voordeur.abc@stad.example>", "<other@stad.example>"] {
        assert_eq!(letter::dispatch_of(&links, wrong), None, "{wrong}");
    }
}

#[test]
fn nothing_that_was_typed_makes_a_header() {
    let mut dispatch = testing::dispatch("wegen", Role::Lead);
    dispatch.place.address = Some("Markt 1\r\nBcc: all@x.example\r\n\r\n<script>".to_owned());
    let mail = written(&dispatch, Language::NL, true);
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(head.lines().all(|line| !line.starts_with("Bcc")), "{head}");
}

#[test]
fn who_is_only_informed_gets_no_buttons_and_no_mailbox_means_no_promise() {
    let dispatch = testing::dispatch("wegen", Role::Informed);
    let [text, _] = bodies(&written(&dispatch, Language::NL, false));
    assert!(text.contains("?say=internal_note") && !text.contains("?say=done"), "{text}");
    assert!(text.contains("komen niet in het dossier") && !text.contains(crate::mail::trim::MARK), "{text}");
}

#[test]
fn settings_are_read_strictly() {
    let check = |json: &str| serde_json::from_str::<Config>(json).map(|config| config.check().len()).unwrap_or(99);
    assert_eq!(check(r#"{"to": ["wegen@stad.example"], "cc": ["x@y.example"], "language": "fr"}"#), 0);
    for wrong in [
        r#"{"to": []}"#,
        r#"{"to": ["wegen"]}"#,
        r#"{"to": ["a@b.example"], "from": "x"}"#,
        r#"{"to": ["a@b.example"], "too": 1}"#,
    ] {
        assert_ne!(check(wrong), 0, "{wrong}");
    }
}
