//! What somebody does with the link below a notice.

use super::{Answer, Town, attribute};
use axum::{body::Body, http::Request};
use notifier::NoticeLinks;
use schemas::{
    Uuid,
    notice::{Because, Notice, NoticeState, Scope},
    report::{Contact, Language, Report},
    way::{Address, Way},
};
use store::{AddressKey, NewReport};

impl Town {
    /// A report by somebody with this address, and the path of the link in a notice about it.
    pub(super) async fn noticed(&self, words: &str, email: &str) -> (Report, String) {
        let contact = Contact { email: Some(email.to_owned()), ..Contact::default() };
        let (report, notice) = self.noticed_at(words, contact, Way::Email).await;
        let links = NoticeLinks::open(&self.store, "").await.unwrap();
        (report, links.one_click(notice))
    }

    /// A report by somebody with this contact, and the notice about it that goes this way.
    pub(super) async fn noticed_at(&self, words: &str, contact: Contact, way: Way) -> (Report, Uuid) {
        let mut report = self.report(words).await;
        let mut tx = self.store.begin().await.unwrap();
        report.id = schemas::id::derived(&["noticed", words]);
        report.reference = self.store.references(1).await.unwrap()[0];
        report.token = format!("token{words}");
        let contact = Some(contact);
        let (digest, trace) = (String::new(), schemas::trace::Trace::start());
        tx.accept(&[NewReport {
            report: report.clone(),
            contact,
            digest,
            route: false,
            trace,
            noticed: Default::default(),
        }])
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let event = self.store.timeline(report.id, false).await.unwrap().remove(0);
        let notice = Notice {
            id: schemas::id::derived(&["notice", words]),
            case_id: report.id,
            event_id: event.id,
            version: event.version,
            template: "received".into(),
            person: "reporter".into(),
            sender: if way == Way::Email { "mail".into() } else { way.to_string() },
            way,
            device: None,
            language: Language::FR,
            template_version: None,
            reasons: vec![Because::Reporter],
            state: if way == Way::Email { NoticeState::Sent } else { NoticeState::Planned },
            planned_at: super::now(),
            due_at: None,
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.plan_notices(std::slice::from_ref(&notice)).await.unwrap();
        tx.commit().await.unwrap();
        (report, notice.id)
    }

    /// What is not told to this address.
    async fn stops(&self, email: &str) -> Vec<(Scope, String)> {
        let key = self.store.address_keys().await.unwrap().of(&Address::Email(email.to_owned()));
        let found = self.store.suppressions(&[AddressKey { way: Way::Email, key }]).await.unwrap();
        found.into_iter().map(|found| (found.scope, found.target)).collect()
    }

    pub(super) async fn wish(&self, path: &str, site: Option<&str>, body: &str) -> Answer {
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site).header("origin", "https://elders.example");
        }
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

#[tokio::test]
async fn one_click_stops_this_case_and_nothing_else() {
    let town = Town::open().await;
    let (report, link) = town.noticed("een", "jo@example.org").await;
    // As mail providers do it: a form, no cookie; or from a browser, from elsewhere.
    for (site, body) in [(None, "List-Unsubscribe=One-Click"), (Some("cross-site"), ""), (None, "x")] {
        let answer = town.wish(&link, site, body).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie"), answer.location()), (200, "", ""));
    }
    let multipart = Request::post(&link).header("content-type", "multipart/form-data; boundary=x");
    let body = "--x\r\ncontent-disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    assert_eq!(town.ask(multipart.body(Body::from(body)).unwrap()).await.status, 200);
    assert_eq!(town.stops("JO@example.org").await, [(Scope::Case, report.id.to_string())]);
    assert_eq!(town.stops("an@example.org").await, []);
    let mut other = link.clone();
    other.replace_range(10..11, if &link[10..11] == "a" { "b" } else { "a" });
    for wrong in [other.as_str(), "/u/x", "/u/%00"] {
        assert_eq!(town.wish(wrong, None, "").await.status, 404, "{wrong}");
        assert_eq!(town.get(wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn the_page_changes_nothing_until_a_button_is_pressed() {
    let town = Town::open().await;
    let (report, link) = town.noticed("twee", "jo@example.org").await;
    let case = (Scope::Case, report.id.to_string());
    let on = town.get(&link).await;
    let here = format!("/fr{link}");
    assert_eq!((on.status.as_u16(), on.location()), (303, here.as_str()), "in the language of the notice");
    for language in ["nl", "fr", "en"] {
        let page = town.get(&format!("/{language}{link}")).await;
        assert_eq!((page.status.as_u16(), page.header("x-robots-tag")), (200, "noindex, nofollow"));
        let html = page.text();
        assert!(html.contains(&report.reference.to_string()) && html.contains("value=\"this\""), "{html}");
        assert!(html.contains("value=\"nothing\"") && !html.contains("value=\"again\""), "{html}");
        assert!(!html.contains("jo@example.org") && !html.contains(&report.token), "who holds it learns little");
    }
    assert_eq!(town.stops("jo@example.org").await, []);
    let html = town.get(&here).await.text();
    assert_eq!(attribute(&html, "<form", "action"), here);

    let say = async |wish: &str| {
        let answer = town.wish(&here, Some("same-origin"), &format!("wish={wish}")).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, here.as_str()), "{wish}");
        town.get(&here).await.text()
    };
    assert!(say("this").await.contains("plus de messages sur ce num"));
    assert_eq!(town.stops("jo@example.org").await, std::slice::from_ref(&case));
    let html = say("nothing").await;
    assert!(html.contains("value=\"again\"") && !html.contains("value=\"nothing\""));
    assert_eq!(town.stops("jo@example.org").await, [(Scope::All, String::new()), case]);
    assert!(say("again").await.contains("value=\"this\""));
    assert_eq!(town.stops("jo@example.org").await, []);
    assert_eq!(town.wish(&here, Some("same-origin"), "wish=x").await.status, 400);
    assert_eq!(town.wish(&here, Some("cross-site"), "wish=nothing").await.status, 403, "a page of somebody else");
    let unknown = store::NoticeTokens::new([1; 32]).wish(Uuid::nil());
    assert_eq!(town.get(&format!("/nl/u/{unknown}")).await.status, 404);
}
