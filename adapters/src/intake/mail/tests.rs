//! Mails to the door, to the rows.

use super::*;
use crate::{
    clamd::{
        self, WhenDown,
        tests::{Plays, eicar, played},
    },
    intake::gps,
    testing::{self, Desk},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemas::report::Report;
use store::Accepted;

async fn door(tools: &IntakeTools) -> Door {
    door_with(tools, photo::Config::default()).await
}

async fn door_with(tools: &IntakeTools, photos: photo::Config) -> Door {
    let suggest: Suggest = Arc::new(|words: &str| {
        let category = |id: &str, share| Some((CategoryId::new(id).unwrap(), share));
        match words.to_lowercase() {
            low if low.contains("put") => category("wegen/put", 0.9),
            low if low.contains("misschien") => category("wegen/put", 0.4),
            low if low.contains("weg ermee") => category("wegen/bestaat-niet", 0.9),
            _ => None,
        }
    });
    let own = ["meldpunt@stad.example".to_owned()];
    let replies = ReplyAddress::parse("antwoord@stad.example").unwrap();
    let config = Config::default();
    assert_eq!(config.check(), []);
    config.build(tools, &photos.build(), suggest, &own, Some(&replies)).await.unwrap()
}

/// Hands mails over as one visit, and commits what they come to; a word for each.
async fn hand_over(door: &Door, mails: &[&str]) -> Vec<String> {
    let store = &door.tools.store;
    let (mut visit, mut words, mut reports, mut rows, mut letters) =
        (Visit::default(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for mail in mails {
        let bytes = Bytes::from(mail.as_bytes().to_vec());
        let read = message::read(&bytes);
        words.push(match door.receive(&read, &bytes, &mut visit, door.tools.clock.now()).await.unwrap() {
            Outcome::Report(new, row) => {
                reports.push(*new);
                rows.push(row);
                "report".to_owned()
            }
            Outcome::Wrote(letter, row) => {
                letters.push(letter);
                rows.push(row);
                "wrote".to_owned()
            }
            Outcome::Again => "again".to_owned(),
            Outcome::Not(why) => why.to_owned(),
        });
    }
    let mut tx = store.begin().await.unwrap();
    let accepted = tx.accept(&reports).await.unwrap();
    assert!(accepted.iter().all(|accepted| matches!(accepted, Accepted::New(_))), "{accepted:?}");
    tx.keep_mail_in(&rows).await.unwrap();
    tx.post(&letters).await.unwrap();
    tx.commit().await.unwrap();
    words
}

fn mail(id: &str, from: &str, head: &str, words: &str) -> String {
    format!(
        "Message-ID: <{id}@inbox.example>\r\nFrom: {from}\r\nTo: meldpunt@stad.example\r\n{head}\r\n\r\n{words}\r\n"
    )
}

async fn report_of(tools: &IntakeTools, id: &str) -> Report {
    let key = message::key_of_id(&format!("{id}@inbox.example")).to_string();
    tools.store.report_by_source(&testing::slug(CHANNEL), &key).await.unwrap().expect("a report")
}

async fn a_mail_of_a_blocked_sender_is_taken_like_any_other_and_held((_hands, _folder, tools): Desk) {
    let blocked = crate::abuse::Sender::Domain("inbox.example".to_owned());
    crate::abuse::block(&tools.store, "BE", &blocked, 30, "spam", "An").await.unwrap().unwrap();
    let door = door(&tools).await;
    let first = mail("one", "spam@inbox.example", "Subject: Koop nu", "Koop nu een put");
    let second = mail("two", "an@elsewhere.example", "Subject: Put", "Er ligt een grote put in onze straat.");
    assert_eq!(hand_over(&door, &[&first, &second]).await, ["report", "report"]);
    assert!(tools.store.is_hidden(report_of(&tools, "one").await.id).await.unwrap());
    assert!(!tools.store.is_hidden(report_of(&tools, "two").await.id).await.unwrap());
    let told = testing::waiting(&tools.store, &schemas::letter::Lane::notifier()).await;
    assert_eq!(told.len(), 1, "what is held is acknowledged when it is released");
    assert_eq!(hand_over(&door, &[&first]).await, ["again"]);
}

async fn a_mail_becomes_a_report((_hands, _folder, tools): Desk) {
    let door = door(&tools).await;
    let photo = gps::tests::photo(50_827_900, 3_264_900);
    let with_photo = format!(
        "Subject: Put in de weg\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
         Er ligt een grote put in onze straat.\r\n-- \r\nAn\r\n--b\r\nContent-Type: image/jpeg; name=put.jpg\r\n\
         Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b\r\nContent-Type: \
         application/pdf; name=brief.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF-1.7\r\n--b--",
        STANDARD.encode(&photo)
    );
    let first = mail("one", "An Peeters <An@inbox.example>", &with_photo, "");
    let second = mail("two", "bob@inbox.example", "Subject: Question", "Hello, when does the library open?");
    let third = mail("three", "c@inbox.example", "Subject: Hm", "Misschien iets.\nAdres: Grote Markt 54");
    let fourth = mail("four", "d@inbox.example", "Subject: Hm", "Weg ermee");
    assert_eq!(hand_over(&door, &[&first, &second, &third, &fourth]).await, ["report"; 4]);

    let report = report_of(&tools, "one").await;
    assert_eq!((report.category.as_str(), report.language, report.tell), ("wegen/put", Language::NL, Tell::Email));
    assert_eq!(report.words, "Put in de weg\n\nEr ligt een grote put in onze straat.");
    let point = report.place.point.expect("the photo knows");
    assert!((point.lat - 50.8279).abs() < 1e-6, "{point:?}");
    assert_eq!((report.photos.len(), report.channel.as_str()), (1, "email"));
    assert!(tools.store.photo_of(report.id, report.photos[0]).await.unwrap().is_some());
    let contact = tools.store.contacts_by_ids(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    assert_eq!((contact.email.as_deref(), contact.name.as_deref()), (Some("An@inbox.example"), Some("An Peeters")));
    let left_out = tools.store.left_out(&[report.id]).await.unwrap();
    assert_eq!(left_out[&report.id], [LeftOut::Pdf]);

    let report = report_of(&tools, "two").await;
    assert_eq!((report.category.as_str(), report.language), ("dienst/vraag", Language::EN));
    let report = report_of(&tools, "three").await;
    assert_eq!(report.category.as_str(), "dienst/vraag", "not sure enough");
    assert_eq!(report.place.address.as_deref(), Some("Grote Markt 54"));
    assert_eq!(report_of(&tools, "four").await.category.as_str(), "dienst/vraag", "what the city does not have");

    // The same mail comes again, in this visit or the next, with other headers of servers above it.
    let copy = format!("Received: by elsewhere\r\n{first}");
    assert_eq!(hand_over(&door, &[&copy, &first]).await, ["again", "again"]);
    let fresh = mail("five", "an@inbox.example", "Subject: x", "Nog een put");
    assert_eq!(hand_over(&door, &[&fresh, &fresh]).await, ["report", "again"]);
}

async fn malware_is_left_out_and_mails_wait_for_the_scanner((_hands, _folder, tools): Desk) {
    let scanned = async |plays, when_down| {
        let patience = Duration::from_secs(1);
        let clamd = clamd::Config { address: played(plays).await, when_down, patience };
        door_with(&tools, photo::Config { clamd: Some(clamd), ..photo::Config::default() }).await
    };
    let bad = [gps::tests::photo(50_827_900, 3_264_900), eicar()].concat();
    let head = format!(
        "Subject: Put\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nEen put\r\n\
         --b\r\nContent-Type: image/jpeg; name=put.jpg\r\nContent-Disposition: attachment\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--",
        STANDARD.encode(bad)
    );
    let mail = mail("one", "an@inbox.example", &head, "");
    let away = scanned(Plays::Rude, WhenDown::Refuse).await;
    let bytes = Bytes::from(mail.clone().into_bytes());
    let now = tools.clock.now();
    let error = away.receive(&message::read(&bytes), &bytes, &mut Visit::default(), now).await.unwrap_err();
    assert!(error.is_transient(), "the mail is received again: {error}");

    let there = scanned(Plays::Honest(10_000_000), WhenDown::Refuse).await;
    assert_eq!(hand_over(&there, &[&mail]).await, ["report"]);
    let report = report_of(&tools, "one").await;
    assert!(report.photos.is_empty() && report.words.contains("Een put"));
    assert_eq!(tools.store.left_out(&[report.id]).await.unwrap()[&report.id], [LeftOut::Malware]);
}

async fn a_conversation_is_one_case((_hands, _folder, tools): Desk) {
    let door = door(&tools).await;
    let an = "An <an@inbox.example>";
    let first = mail("one", an, "Subject: Put", "Een put");
    let at_once = mail("two", an, "Subject: Re: Put\r\nIn-Reply-To: <one@inbox.example>", "Aan de linkerkant");
    // In one visit, before anything is committed.
    assert_eq!(hand_over(&door, &[&first, &at_once]).await, ["report", "wrote"]);
    let report = report_of(&tools, "one").await;
    let by_id = format!("Subject: Re: put\r\nReferences: <x@y.example> <{}@stad.example>", report.id);
    let by_reference = format!("Subject: Over {}", report.reference);
    for (id, from, head, expected) in [
        ("three", "AN@inbox.example", "References: <a@b.example> <two@inbox.example>", "wrote"),
        ("four", an, by_id.as_str(), "wrote"),
        ("five", an, by_reference.as_str(), "wrote"),
        // Somebody else who knows what a mail is called has a matter of their own.
        ("six", "eve@inbox.example", "In-Reply-To: <one@inbox.example>", "report"),
        ("seven", "eve@inbox.example", by_id.as_str(), "report"),
        ("eight", "eve@inbox.example", by_reference.as_str(), "report"),
        ("nine", an, "In-Reply-To: <gone@inbox.example>", "report"),
    ] {
        assert_eq!(hand_over(&door, &[&mail(id, from, head, "Nog iets over de put")]).await, [expected], "{id}");
    }
    assert_eq!(hand_over(&door, &[&at_once]).await, ["again"]);
    let empty = mail("ten", an, "In-Reply-To: <one@inbox.example>", "");
    assert_eq!(hand_over(&door, &[&empty]).await, ["empty"]);
}

async fn what_no_person_wrote_becomes_nothing((_hands, _folder, tools): Desk) {
    let door = door(&tools).await;
    for (from, head, expected) in [
        ("an@inbox.example", "Auto-Submitted: auto-replied", "automatic"),
        ("an@inbox.example", "Precedence: bulk", "automatic"),
        ("an@inbox.example", "X-Auto-Response-Suppress: All", "automatic"),
        ("an@inbox.example", "Return-Path: <>", "automatic"),
        ("an@inbox.example", "Subject: Automatisch antwoord: put", "automatic"),
        ("an@inbox.example", "List-Id: <news.example>", "automatic"),
        ("an@inbox.example", "List-Unsubscribe: <mailto:x@y.example>", "list"),
        ("mailer-daemon@mx.example", "Subject: Undelivered", "automatic"),
        ("noreply@winkel.example", "Subject: x", "no_reply"),
        ("Meldpunt@stad.example", "Subject: x", "own"),
        ("antwoord+abc@stad.example", "Subject: x", "own"),
        ("nobody", "Subject: x", "no_address"),
        ("an@inbox.example", "Subject: ", "empty"),
    ] {
        let words = if expected == "empty" { "" } else { "Een put" };
        assert_eq!(hand_over(&door, &[&mail("m", from, head, words)]).await, [expected], "{from} {head}");
    }
    let absence = mail("m2", "an@inbox.example", "Subject: Absence de lumière rue de la Gare", "Il fait noir");
    assert_eq!(hand_over(&door, &[&absence]).await, ["report"], "that is no note of somebody who is away");
}

async fn an_address_is_answered_once_in_a_while((hands, _folder, tools): Desk) {
    let door = door(&tools).await;
    let quiet = async |id: &str| {
        let report = report_of(&tools, id).await.id;
        tools.store.begin().await.unwrap().unacknowledged(&[report]).await.unwrap().contains(&report)
    };
    let (a, b) = ("an@inbox.example", "bob@inbox.example");
    let write = async |id: &str, from: &str| hand_over(&door, &[&mail(id, from, "Subject: Put", "Een put")]).await;
    for (id, from) in [("1", a), ("2", a), ("3", b)] {
        assert_eq!(write(id, from).await, ["report"]);
        hands.pass(60);
    }
    assert_eq!((quiet("1").await, quiet("2").await, quiet("3").await), (false, true, false));
    hands.pass(3600);
    assert_eq!(write("4", a).await, ["report"]);
    assert!(!quiet("4").await, "an hour later");
    for n in 5..22 {
        assert_eq!(write(&n.to_string(), a).await, ["report"], "{n}");
    }
    assert_eq!(write("22", a).await, ["too_many"], "two programs that answer each other end here");
    assert_eq!(write("23", b).await, ["report"], "others are not kept out");
    hands.pass(24 * 3600);
    assert_eq!(write("22", a).await, ["report"], "a person may have it read again");
}

testing::both! {
    a_mail_of_a_blocked_sender_is_taken_like_any_other_and_held,
    a_mail_becomes_a_report,
    malware_is_left_out_and_mails_wait_for_the_scanner,
    a_conversation_is_one_case,
    what_no_person_wrote_becomes_nothing,
    an_address_is_answered_once_in_a_while,
}

#[test]
fn references_are_found_in_subjects() {
    let good = Reference::from_number(1_234_567);
    for subject in [format!("Re: {good}"), format!("({})", good.digits()), format!("nr {}.", good)] {
        assert_eq!(reference(&subject), Some(good), "{subject}");
    }
    for subject in ["Put", "12345678901", "0470 12 34 56", ""] {
        assert_eq!(reference(subject), None, "{subject}");
    }
}

#[test]
fn settings_are_bounded() {
    let wrong = Config { acknowledge_every: Duration::ZERO, most_a_day: 0 };
    let fields: Vec<_> = wrong.check().into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["mail_door.acknowledge_every_minutes", "mail_door.most_a_day"]);
}
