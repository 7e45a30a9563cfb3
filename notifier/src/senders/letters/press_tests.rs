//! Sheets as they come from the press: nothing lost, nothing where it should not be, and PDF/UA-1.

use super::*;
use crate::senders::letters::layout::{HEIGHT, Laid, MM, Part, WIDTH, lay};
use schemas::{further::Further, id::derived};

#[path = "../../../tests/common/mod.rs"]
#[expect(dead_code, reason = "the tests beside the crate use the rest of it")]
mod common;

fn sheet(language: Language, body: Vec<Block>) -> Sheet {
    Sheet {
        id: derived(&["letter", language.as_str()]),
        language,
        city: "Kortrijk".into(),
        sender: vec!["Grote Markt 54".into(), "8500 Kortrijk".into()],
        to: lines("An Peeters", &post()),
        date: "Kortrijk, maandag 30 november 2026".into(),
        subject: "Wij hebben uw melding ontvangen (0123 4566)".into(),
        body,
        foot: vec![Block::Words("Richt de camera op de code.".into()), Block::Words("Vriendelijke groet".into())],
        reference: Reference::from_number(123_456),
        link: "https://hallo.example/nl/t/abcdefghijklmnopqrstuvwxyz".into(),
        accent: rgb("#0b3d5c"),
        at: "2026-11-30T09:00:00Z".parse().unwrap(),
        address_left_mm: 110.0,
        address_top_mm: 45.0,
    }
}

fn post() -> Post {
    Post { street: "Dorp 1 bus 2".into(), postcode: "8500".into(), town: "Kortrijk".into(), country: None }
}

fn faces() -> Faces {
    Faces::read(None, None).unwrap()
}

fn words_of(laid: &Laid) -> String {
    laid.lines.iter().filter(|line| line.part.is_some()).map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn body() -> Vec<Block> {
    vec![
        Block::Words("Dag An,".into()),
        Block::Words("Wij komen kijken. ".repeat(12)),
        Block::Quote("een <b>regel</b>\nen {{nog}} een".into()),
        Block::Fact("Wie".into(), "Wegen".into()),
        Block::Fact("Wanneer".into(), "vrijdag 4 december 2026".into()),
        Block::Link("Volg het".into(), "https://hallo.example/nl/t/secret".into()),
    ]
}

#[test]
fn the_address_stands_in_the_window_alone_and_everything_on_the_paper() {
    let faces = faces();
    let long = Sheet {
        to: lines(&"Maatschappij voor ".repeat(12), &Post { country: Some("Frankrijk".into()), ..post() }),
        ..sheet(Language::NL, body())
    };
    for sheet in [sheet(Language::NL, body()), long] {
        let laid = lay(&sheet, Words(&Further::default(), sheet.language), &faces);
        // Of an A4 folded in three, in a C5/6 or DL envelope with its window at the right: what shows.
        let (left, top, right, bottom) = (105.0 * MM, 43.0 * MM, 195.0 * MM, 69.0 * MM);
        let inside: Vec<&str> = laid
            .lines
            .iter()
            .filter(|line| line.page == 0 && line.y > top && line.y - line.size < bottom)
            .map(|line| {
                let end = line.x + faces.regular.width(&line.text, line.size);
                assert!(line.x >= left && end <= right && line.y <= bottom, "{line:?} shows in part");
                line.text.as_str()
            })
            .collect();
        assert!((3..=5).contains(&inside.len()), "{inside:?}");
        assert!(inside.contains(&"Dorp 1 bus 2") && inside.contains(&"8500 Kortrijk"), "{inside:?}");
        for line in &laid.lines {
            let face = if line.bold { &faces.bold } else { &faces.regular };
            assert!(
                line.x + face.width(&line.text, line.size) <= WIDTH - 14.0 * MM && line.y < HEIGHT - 5.0 * MM,
                "{line:?}"
            );
        }
    }
}

#[test]
fn long_words_go_on_on_the_next_sheet_and_nothing_is_lost() {
    let faces = faces();
    let long: Vec<Block> = (0..60).map(|n| Block::Words(format!("Alinea {n}: {}", "woord ".repeat(20)))).collect();
    let laid = lay(&sheet(Language::NL, long), Words(&Further::default(), Language::NL), &faces);
    assert!(laid.pages >= 4, "{}", laid.pages);
    let words = words_of(&laid);
    assert!((0..60).all(|n| words.contains(&format!("Alinea {n}:"))));
    assert_eq!(words.matches("woord").count(), 1200);
    assert!(laid.lines.iter().filter(|line| line.part.is_none()).count() == laid.pages, "each sheet has its number");
    let (part, bars) = laid.code.as_ref().unwrap();
    assert!(matches!(laid.parts[*part], Part::Code(_)) && bars.iter().all(|bar| bar.page == bars[0].page));
    assert!(!pdf::write(&sheet(Language::NL, Vec::new()), &laid, &faces).unwrap().is_empty());
}

#[test]
fn the_file_is_tagged_says_its_language_and_is_the_same_each_time() {
    let faces = faces();
    for language in Language::BUILT_IN {
        let sheet = sheet(language, body());
        let laid = lay(&sheet, Words(&Further::default(), sheet.language), &faces);
        let words = words_of(&laid);
        assert!(words.contains("een <b>regel</b>") && words.contains("en {{nog}} een"), "{words}");
        assert!(!words.contains("secret"), "nothing on paper can be pressed");
        assert!(words.contains(&sheet.reference.to_string()) && words.contains(": "), "{words}");
        let file = pdf::write(&sheet, &laid, &faces).unwrap();
        assert_eq!(file, pdf::write(&sheet, &laid, &faces).unwrap());
        let text = String::from_utf8_lossy(&file);
        assert!(text.starts_with("%PDF-1.7"));
        let lang = format!("/Lang({})", language.as_str());
        let lang = [lang.clone(), lang.replace("/Lang(", "/Lang (")];
        assert!(lang.iter().any(|lang| text.contains(lang)), "{language:?}");
        for there in ["<pdfuaid:part>1</pdfuaid:part>", "/MarkInfo", "/StructTreeRoot", "/DisplayDocTitle true"] {
            assert!(text.contains(there), "{there}");
        }
    }
}

#[test]
fn characters_that_the_font_lacks_do_not_keep_a_letter_back() {
    let faces = faces();
    let odd = vec![Block::Words("\u{1f600} smile \u{202e} 漢字 é".into()), Block::Quote("\u{e000}\u{11}".into())];
    let sheet = Sheet { to: lines("漢字 O’Neil", &post()), ..sheet(Language::EN, odd) };
    let laid = lay(&sheet, Words(&Further::default(), sheet.language), &faces);
    assert!(words_of(&laid).contains("smile") && words_of(&laid).contains("O’Neil"));
    pdf::write(&sheet, &laid, &faces).unwrap();
}

#[tokio::test]
async fn a_letter_is_printed_in_the_words_it_was_planned_with() {
    use schemas::{
        event::What,
        id::{Clock, Ids},
        notice::{Because, Notice},
        place::Place,
        report::{Answers, Contact, Kind, Report, Tell, Urgency},
        slug::{CategoryId, Slug},
        trace::Trace,
        way::Way,
    };
    const RECEIVED: &str = "templates/received/mail.nl.hbs";
    let saying = |words: &str| {
        let words = format!("subject: {words}\n\n{words} {{{{reference}}}}.\n");
        let city = Arc::new(common::city_with(&[(RECEIVED, &words)]));
        let templates = Arc::new(Templates::read(&city).0.unwrap());
        (city, templates)
    };
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::new(|| "2026-11-23T12:00:00Z".parse().unwrap());
    let options = store::Options { clock: clock.clone(), ids: Ids::new(clock), publish_events: false };
    let url = format!("sqlite:{}", folder.path().join("x.db").display());
    let store = Store::open(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    let report = Report {
        id: store.ids().new_id(),
        reference: store.references(1).await.unwrap()[0],
        channel: Slug::new("desk").unwrap(),
        source_id: None,
        kind: Kind::Report,
        category: CategoryId::new("wegen/put").unwrap(),
        words: "Een put".into(),
        place: Place::default(),
        answers: Answers::new(),
        urgency: Urgency::Normal,
        language: Language::NL,
        tell: Tell::Letter,
        photos: Vec::new(),
        token: store.ids().token(),
        received_at: store.clock().now(),
    };
    let case = report.id;
    let contact = Some(Contact { post: Some(post()), ..Contact::default() });
    let new = store::NewReport {
        report,
        contact,
        digest: "0".repeat(64),
        route: false,
        trace: Trace::start(),
        noticed: Default::default(),
    };
    store.accept(new).await.unwrap();
    let event = store.timeline(case, true).await.unwrap().remove(0);
    assert_eq!(event.what, What::Received);

    let (old, new) = (saying("Oud"), saying("Nieuw"));
    let version = old.1.version("received", Language::NL).unwrap();
    let notice = |name: &str, pinned: Option<String>| Notice {
        id: derived(&[name]),
        case_id: case,
        event_id: event.id,
        version: event.version,
        template: "received".into(),
        template_version: pinned,
        person: name.to_owned(),
        sender: NAME.into(),
        way: Way::Letter,
        device: None,
        language: Language::NL,
        reasons: vec![Because::Reporter],
        state: NoticeState::Planned,
        planned_at: store.clock().now(),
        due_at: None,
    };
    let kept = store::TemplateVersion {
        version: version.name.clone(),
        template: "received".into(),
        language: Language::NL,
        texts: version.texts.clone(),
        since: store.clock().now(),
    };
    let mut tx = store.begin().await.unwrap();
    tx.keep_templates(&[kept]).await.unwrap();
    tx.plan_notices(&[notice("pinned", Some(version.name.clone())), notice("free", None)]).await.unwrap();
    tx.commit().await.unwrap();

    let config = LettersConfig { sender: vec!["Grote Markt 54".into()], ..LettersConfig::default() };
    let press = Press::open(&config, &store, &new.0, &new.1, "https://hallo.example").await.unwrap();
    for (name, subject) in [("pinned", "Oud"), ("free", "Nieuw")] {
        let view = store.notice(derived(&[name])).await.unwrap().unwrap();
        let sheet = press.sheet(&view, None, &post()).await.unwrap();
        let Block::Words(first) = &sheet.body[0] else { panic!("{:?}", sheet.body) };
        assert_eq!((sheet.subject.as_str(), first.split(' ').next()), (subject, Some(subject)), "{name}");
    }
}
