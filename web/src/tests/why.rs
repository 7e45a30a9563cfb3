//! Why somebody was told, and why not, as they read it.

use super::{Town, attribute};
use schemas::{
    event::What,
    notice::{Because, Notice, NoticeState},
    report::Language,
    way::Way,
};
use store::{NewPaper, NoticeEnd, Pressed};

#[tokio::test]
async fn a_reporter_reads_why_they_heard_nothing() {
    let town = Town::open().await;
    let report = town.report("een put in de weg").await;
    let department = town.fetcher();
    town.case(&report, schemas::case::Status::Accepted, vec![What::Accepted { department, acknowledges: false }]).await;
    let track = town.get(&format!("/nl/t/{}", report.token)).await.text();
    let here = format!("/nl/t/{}/why", report.token);
    assert!(track.contains(&format!("href=\"{here}\"")), "{track}");
    for (language, nothing, step) in [
        ("nl", "U koos om geen berichten te krijgen.", "Over deze stap sturen wij geen bericht."),
        ("fr", "Vous avez choisi de ne pas recevoir de messages.", "Pour cette étape, nous n’envoyons pas de message."),
        ("en", "You chose to get no messages.", "About this step we send no message."),
    ] {
        let page = town.get(&here.replace("/nl/", &format!("/{language}/"))).await;
        assert_eq!((page.status.as_u16(), page.header("x-robots-tag")), (200, "noindex, nofollow"));
        let html = page.text();
        assert!(html.contains(nothing) && html.contains(step), "{html}");
        assert!(html.contains(&report.reference.to_string()));
    }
    for wrong in ["/nl/t/x/why", "/nl/u/x/why", "/xx/t/x/why"] {
        assert_eq!(town.get(wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn whoever_got_a_message_reads_why() {
    let town = Town::open().await;
    let (report, link) = town.noticed("drie", "jo.peeters@example.org").await;
    let html = town.get(&format!("/fr{link}/why")).await.text();
    for part in [
        "Nous vous avons envoyé ce message, par e-mail.",
        "Parce que vous nous en avez parlé.",
        "Par e-mail : j…@e….org",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("peeters") && !html.contains(&report.token), "who holds it learns little");
    assert!(html.contains(&format!("href=\"/fr{link}\"")));
    assert_eq!(attribute(&html, "<time", "datetime"), super::now().to_string());
}

#[tokio::test]
async fn every_state_and_reason_has_words() {
    let town = Town::open().await;
    let (report, link) = town.noticed("vier", "jo@example.org").await;
    let event = town.store.timeline(report.id, false).await.unwrap().remove(0);
    let at = super::now();
    let reasons = vec![
        Because::Reporter,
        Because::Follows { scope: schemas::notice::Scope::Topic, target: "wegen".into() },
        Because::Follows { scope: schemas::notice::Scope::Case, target: report.id.to_string() },
        Because::Follows { scope: schemas::notice::Scope::Area, target: "nowhere".into() },
        Because::Follows { scope: schemas::notice::Scope::All, target: String::new() },
        Because::Place { place: report.id, district: Some("nowhere".into()), street: None },
        Because::Place { place: report.id, district: None, street: Some("<b>".into()) },
        Because::Place { place: report.id, district: None, street: None },
        Because::Asked,
        Because::Instead { of: Way::Sms, why: "550 <script>".into() },
        Because::Quiet { until: at },
        Because::Together { until: at },
        Because::Digest { until: at },
        Because::Critical,
    ];
    let facts =
        schemas::notice::Suppressed::ALL.map(|by| Because::Suppressed { by, scope: schemas::notice::Scope::All });
    let notices = NoticeState::ALL.into_iter().zip(Way::ALL.into_iter().cycle()).map(|(state, way)| Notice {
        id: schemas::id::derived(&["why", state.as_str()]),
        case_id: report.id,
        event_id: event.id,
        version: 1,
        template: "received".into(),
        template_version: None,
        person: "reporter".into(),
        sender: "letterbox".into(),
        way,
        device: None,
        language: Language::NL,
        reasons: reasons.iter().cloned().chain(facts.clone()).collect(),
        state,
        planned_at: at,
        due_at: None,
    });
    let notices: Vec<_> = notices.collect();
    let mut tx = town.store.begin().await.unwrap();
    tx.plan_notices(&notices).await.unwrap();
    for (at, state) in schemas::notice::HeardState::ALL.into_iter().enumerate() {
        let (provider, number, why) = ("mail".to_owned(), None, Some("550 <jo@example.org>".to_owned()));
        let heard =
            schemas::notice::Heard { notice: Some(notices[0].id), provider, number, state, why, at: super::now() };
        tx.hear(schemas::id::derived(&["heard", &at.to_string()]), &heard).await.unwrap();
    }
    tx.commit().await.unwrap();
    for language in ["nl", "fr", "en"] {
        let page = town.get(&format!("/{language}{link}/why")).await;
        assert_eq!(page.status, 200);
        let html = page.text();
        assert!(!html.contains("550") && !html.contains("<script>"), "the provider's words are for the desk");
        assert_eq!(html.matches("leg__how--").count(), 1 + NoticeState::ALL.len());
    }
}

#[tokio::test]
async fn a_letter_that_waits_for_the_print_room_says_so() {
    let town = Town::open().await;
    let (report, link) = town.noticed("vijf", "jo@example.org").await;
    let event = town.store.timeline(report.id, false).await.unwrap().remove(0);
    let notice = Notice {
        id: schemas::id::derived(&["why", "paper"]),
        case_id: report.id,
        event_id: event.id,
        version: event.version,
        template: "received".into(),
        template_version: None,
        person: "reporter".into(),
        sender: "letters".into(),
        way: Way::Letter,
        device: None,
        language: Language::NL,
        reasons: vec![Because::Reporter, Because::Asked],
        state: NoticeState::Planned,
        planned_at: super::now(),
        due_at: None,
    };
    let end = NoticeEnd { id: notice.id, state: NoticeState::Sent, at: super::now(), receipt: None, why: None };
    let mut tx = town.store.begin().await.unwrap();
    tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
    tx.settle_notices(&[end]).await.unwrap();
    tx.commit().await.unwrap();
    let (person, reference) = ("reporter".to_owned(), report.reference);
    let paper = NewPaper { notice: notice.id, case_id: report.id, reference, person, passing: true };
    town.store.put_paper(&paper).await.unwrap();
    let says = async |nl: &str, en: &str| {
        for (language, part) in [("nl", nl), ("en", en)] {
            let html = town.get(&format!("/{language}{link}/why")).await.text();
            assert!(html.contains(part) && !html.contains("stuurden u dit bericht, via brief"), "{part}: {html}");
        }
    };
    says("Deze brief wacht tot hij gedrukt wordt.", "This letter is waiting to be printed.").await;
    let batch = town.store.open_paper_batch("/srv/print", 9).await.unwrap().unwrap();
    says("Deze brief wacht tot hij gedrukt wordt.", "This letter is waiting to be printed.").await;
    let mut tx = town.store.begin().await.unwrap();
    let pressed = Pressed { notice: notice.id, made: Ok((1, "0".repeat(64))) };
    assert!(tx.close_paper_batch(batch.id, &[pressed]).await.unwrap());
    tx.commit().await.unwrap();
    says("Hij moet nog op de post.", "It still has to go in the post.").await;
    let mut tx = town.store.begin().await.unwrap();
    assert!(tx.paper_batch_sent(batch.id).await.unwrap());
    tx.commit().await.unwrap();
    assert!(town.get(&format!("/en{link}/why")).await.text().contains("We sent you this message, by letter"));
}
