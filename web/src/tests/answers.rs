//! Answers from the knowledge base: the pages, and a case that was answered at once.

use super::{Answer, Town, attribute, now, pages::check};
use axum::{body::Body, http::Request};
use schemas::{
    case::Status,
    event::What,
    report::{Language, Report},
    slug::Slug,
};
use store::{GivenAnswer, NewAnswer};

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

impl Town {
    /// A case that `article` answered.
    async fn answered(&self, article: &str) -> Report {
        let report = self.report("Mijn kaart is weg").await;
        let what = What::Answered { department: self.fetcher(), article: slug(article) };
        self.case(&report, Status::Solved, vec![what]).await;
        let mut tx = self.store.begin().await.unwrap();
        let answer = NewAnswer { case_id: report.id, article: slug(article), language: Language::NL };
        tx.add_answers(&[answer]).await.unwrap();
        tx.commit().await.unwrap();
        report
    }

    async fn submit(&self, path: &str, body: &'static str) -> Answer {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }

    async fn helped(&self, report: &Report) -> Option<bool> {
        self.store.answer(report.id).await.unwrap().unwrap().helped
    }
}

#[tokio::test]
async fn every_article_has_a_page_in_every_language() {
    let town = Town::open().await;
    for language in Language::BUILT_IN {
        let lang = language.as_str();
        let list = town.get(&format!("/{lang}/answers")).await;
        assert_eq!(list.status, 200);
        check("answers", &list.text(), lang);
        assert!(!town.city.articles.is_empty());
        for article in &town.city.articles {
            let path = format!("/{lang}/answers/{}", article.slug);
            assert!(list.text().contains(&format!("href=\"{path}\"")), "{path} is not in the list");
            let page = town.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            check(&path, &page.text(), lang);
            // Its links lead to pages that are there.
            let inside = page.text();
            let inside = inside.split("class=\"sheet article\"").nth(1).unwrap().split("</div>").next().unwrap();
            for link in inside.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert_eq!(town.get(&format!("/{link}")).await.status, 200, "{path}: /{link}");
            }
        }
        assert!(town.get(&format!("/{lang}")).await.text().contains(&format!("href=\"/{lang}/answers\"")));
    }
    for missing in ["/nl/answers/zzz", "/nl/answers/%2e%2e", "/xx/answers"] {
        assert_eq!(town.get(missing).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn an_old_or_untranslated_article_says_so() {
    let town = Town::open_in(|files| {
        files.retain(|name, _| !name.starts_with("knowledge/") && name != "rules/25-answers.yaml");
        let old = "---\ntitle: Oud\nvalid_until: 2026-11-22\n---\n\nNIET MEER\n";
        files.insert("knowledge/oud.nl.md".into(), old.into());
        files.insert("knowledge/nieuw.nl.md".into(), "---\ntitle: Nieuw <b>\n---\n\nEen **antwoord**.\n".into());
    })
    .await;
    assert_eq!(town.city.expired(town.city.calendar.date(now())).len(), 1);
    let list = town.get("/fr/answers").await.text();
    assert!(list.contains("lang=\"nl\">Nieuw &lt;b&gt;") && !list.contains("Oud"), "{list}");
    let page = town.get("/fr/answers/nieuw").await.text();
    check("nieuw", &page, "fr");
    assert!(
        page.contains("qu&#x27;en néerlandais") && page.contains("lang=\"nl\">\n<p>Een <strong>antwoord"),
        "{page}"
    );
    let gone = town.get("/nl/answers/oud").await;
    assert_eq!(gone.status, 410);
    check("oud", &gone.text(), "nl");
    assert!(gone.text().contains("tel:1777") && !gone.text().contains("NIET MEER"));

    let empty = Town::open_in(|files| {
        files.retain(|name, _| !name.starts_with("knowledge/") && name != "rules/25-answers.yaml");
    })
    .await;
    let list = empty.get("/nl/answers").await.text();
    check("empty", &list, "nl");
    assert!(list.contains("nog geen antwoorden"));
}

#[tokio::test]
async fn an_answer_that_helps_is_counted_and_changes_nothing() {
    let town = Town::open().await;
    let report = town.answered("identiteitskaart-kwijt").await;
    for language in Language::BUILT_IN {
        let path = format!("/{}/t/{}", language.as_str(), report.token);
        let html = town.get(&path).await.text();
        check(&path, &html, language.as_str());
        let (_, text) = town.city.article("identiteitskaart-kwijt").unwrap().text(language);
        assert!(html.contains("DOC STOP") && html.contains(&text.html(language, 3)), "{html}");
    }
    let page = format!("/nl/t/{}", report.token);
    let html = town.get(&page).await.text();
    assert!(html.contains("We hebben een antwoord voor u"));
    let action = attribute(&html, "class=\"answer__yes\"", "action").to_owned();
    for _ in 0..2 {
        let answer = town.submit(&action, "").await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, page.as_str()));
        assert_eq!(town.helped(&report).await, Some(true));
    }
    assert_eq!(town.get(&action).await.location(), page, "a reload leads back");
    let html = town.get(&page).await.text();
    check(&page, &html, "nl");
    assert!(html.contains("Fijn dat dit u hielp") && !html.contains("answer__yes"));
    assert_eq!(town.store.case(report.id).await.unwrap().unwrap().status, Status::Solved);
    assert_eq!(town.submit("/nl/t/aaaaaaaaaaaaaaaaaaaaaaaaaa/helped", "").await.status, 404);
    let plain = town.report("put").await;
    assert_eq!(town.submit(&format!("/nl/t/{}/helped", plain.token), "").await.status, 404, "nothing answered it");
}

#[tokio::test]
async fn an_answer_that_does_not_help_opens_the_case_once() {
    let town = Town::open().await;
    let report = town.answered("identiteitskaart-kwijt").await;
    let page = format!("/nl/t/{}", report.token);
    let html = town.get(&page).await.text();
    let action = attribute(&html, "</h3>", "action").to_owned();
    let long = Box::leak(format!("words={}", "x".repeat(2_001)).into_boxed_str());
    let wrong = town.submit(&action, long).await;
    assert_eq!(wrong.status, 422);
    check("too long", &wrong.text(), "nl");
    assert!(wrong.text().contains(&long[6..]) && wrong.text().contains("contest-error"), "nothing typed is lost");
    assert_eq!(town.helped(&report).await, None);

    for _ in 0..2 {
        let answer = town.submit(&action, "words=Ook+mijn+rijbewijs").await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("{page}?again=1").as_str()));
    }
    let case = town.store.case(report.id).await.unwrap().unwrap();
    assert_eq!((case.status, case.version), (Status::Routed, 3), "twice is once");
    assert_eq!(town.helped(&report).await, Some(false));
    town.submit(&format!("/nl/t/{}/helped", report.token), "").await;
    let given = GivenAnswer { article: slug("identiteitskaart-kwijt"), helped: Some(false) };
    assert_eq!(town.store.answer(report.id).await.unwrap(), Some(given), "a case that is open stays counted so");
    let html = town.get(&page).await.text();
    check(&page, &html, "nl");
    assert!(html.contains("Ook mijn rijbewijs") && !html.contains("answer__yes"));
}

#[tokio::test]
async fn an_answer_whose_article_is_gone_can_still_be_contested() {
    let town = Town::open().await;
    let report = town.answered("opgeheven").await;
    let html = town.get(&format!("/en/t/{}", report.token)).await.text();
    check("gone", &html, "en");
    assert!(html.contains("/contest\"") && html.contains("We had an answer for you right away"));
}
