//! How messages read, as people of the city see it on the operator's address.

use super::{Town, pages::check};
use crate::{Preview, preview_router};
use axum::http::{Request, header};
use notifier::Templates;
use schemas::{
    case::Status,
    event::What,
    report::{Contact, Tell},
    submission::Submission,
    trace::Trace,
    way::Way,
};
use std::sync::Arc;

impl Town {
    /// The pages, with a price for text messages.
    fn with_preview(self, cases: bool) -> Self {
        let preview = Preview {
            store: self.store.clone(),
            city: self.city.clone(),
            templates: Arc::new(Templates::read(&self.city).0.unwrap()),
            public_url: "https://voordeur.example".to_owned(),
            transliterate: true,
            price_per_part: Some(0.065),
            cases,
        };
        Self { router: preview_router(preview).unwrap(), ..self }
    }

    async fn look(&self, path: &str) -> super::Answer {
        let call = Request::get(path).header(header::HOST, "127.0.0.1:1778").body(axum::body::Body::empty());
        self.ask(call.unwrap()).await
    }
}

#[tokio::test]
async fn every_message_is_there_by_each_way_in_each_language() {
    let town = Town::open().await.with_preview(false);
    let start = town.look("/preview").await;
    assert_eq!((start.status.as_u16(), start.location()), (307, "/preview/nl"));
    for ui in ["nl", "fr", "en"] {
        let index = town.look(&format!("/preview/{ui}")).await;
        assert_eq!(index.status, 200);
        let html = index.text();
        check(&format!("/preview/{ui}"), &html, ui);
        let links: Vec<String> = html
            .split("href=\"")
            .filter_map(|rest| rest.split('"').next())
            .filter(|href| href.matches('/').count() == 5 && href.starts_with("/preview/"))
            .map(str::to_owned)
            .collect();
        // Twelve messages by five ways, the digest by one, the proof by two; three languages.
        assert_eq!(links.len(), (15 * 5 + 1 + 2) * 3, "{links:?}");
        for link in links.iter().step_by(if ui == "nl" { 1 } else { 17 }) {
            for path in [link.clone(), format!("{link}?bare=yes")] {
                let page = town.look(&path).await;
                assert_eq!(page.status, 200, "{path}");
                check(&path, &page.text(), ui);
                assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"));
            }
        }
    }
    let page = town.look("/preview/en/solved/sms/fr").await.text();
    for part in ["It costs 0.", "Plain language: ", "lang=\"fr\"", "Text message"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<form") && !page.contains("<iframe"), "no real cases here: {page}");
    let style = format!("/assets{}", page.split("href=\"/assets").nth(1).unwrap().split('"').next().unwrap());
    assert_eq!(town.look(&style).await.status, 200);
    for wrong in [
        "/preview/de",
        "/preview/nl/solved/pigeon/nl",
        "/preview/nl/solved/email/de",
        "/preview/nl/nothing/email/nl",
        "/preview/nl/digest/sms/nl",
        "/preview/mail/nothing/nl",
        "/preview/nl/%3Cscript%3E/email/nl",
    ] {
        assert_eq!(town.look(wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn real_data_is_shown_only_where_the_operator_says_so_and_stays_text() {
    let town = Town::open().await;
    let hostile = "<script>alert(1)</script> \"&";
    let tools = adapters::intake::IntakeTools::new(town.store.clone(), town.city.clone());
    let contact = Contact { name: Some(hostile.into()), email: Some("jo@example.org".into()), ..Contact::default() };
    let submission = Submission {
        category: "wegen/put".into(),
        words: "Een put".into(),
        contact: Some(contact),
        tell: Some(Tell::Email),
        ..Submission::default()
    };
    let checked = submission.check(&town.city).unwrap();
    let accepted =
        adapters::intake::accept(&tools, &"api".parse().unwrap(), None, checked, Default::default(), Trace::start())
            .await;
    let adapters::intake::Accepted::New(receipt) = accepted.unwrap() else { panic!("it is new") };
    let report = town.store.report(receipt.id).await.unwrap().unwrap();
    let (reference, token) = (report.reference.digits(), report.token.clone());
    let reason = format!("{hostile} </pre></iframe>");
    town.case(&report, Status::Declined, vec![What::Declined { department: town.fetcher(), reason }]).await;
    let town = town.with_preview(false);
    let path = format!("/preview/nl/declined/email/nl?case={reference}");
    assert!(!town.look(&path).await.text().contains("alert(1)"), "not unless it is allowed");
    let town = town.with_preview(true);
    for way in Way::ALL {
        let path = format!("/preview/nl/declined/{}/nl?case={reference}", way.as_str());
        let html = town.look(&path).await.text();
        check(&path, &html, "nl");
        assert!(html.contains(&format!("Zoals het voor {reference} wordt gemaakt.")), "{html}");
        assert!(!html.contains(&token) && !html.contains("jo@example.org"), "{html}");
        let in_full = matches!(way, Way::Email | Way::Letter | Way::Call);
        assert!(!html.contains("<script") && (!in_full || html.contains("&lt;script&gt;alert(1)")), "{html}");
    }
    let mail = town.look(&format!("/preview/mail/declined/nl?case={reference}")).await;
    let policy = mail.header("content-security-policy");
    assert!(policy.contains("sandbox") && policy.contains("frame-ancestors 'self'"), "{policy}");
    assert!(mail.text().contains("&lt;script&gt;alert(1)") && !mail.text().contains("<script>"), "{}", mail.text());
    assert!(!mail.text().contains(&token));
    for (case, told) in [
        ("1234", "Dit is geen nummer van een melding."),
        ("%22%3E%3Cscript%3E", "Dit is geen nummer van een melding."),
        ("0123-4566", "Er is geen melding met dit nummer."),
    ] {
        let page = town.look(&format!("/preview/nl/solved/email/nl?case={case}")).await;
        assert_eq!(page.status, 422);
        check(case, &page.text(), "nl");
        assert!(page.text().contains(told) && page.text().contains("aria-invalid=\"true\""), "{}", page.text());
    }
    let page = town.look(&format!("/preview/en/solved/email/nl?case={reference}")).await;
    assert!(page.status == 422 && page.text().contains("This did not happen to that report."), "{}", page.text());
}

#[tokio::test]
async fn no_name_of_somebody_else_leads_there() {
    let town = Town::open().await.with_preview(true);
    for (host, status) in [("evil.example", 421), ("evil.example:1778", 421), ("localhost:1778", 200), ("[::1]", 200)] {
        let call = Request::get("/preview/nl").header(header::HOST, host).body(axum::body::Body::empty()).unwrap();
        assert_eq!(town.ask(call).await.status.as_u16(), status, "{host}");
    }
}
