//! What somebody at a department does with the link in a mail.

use super::{Answer, Town, attribute, links, now};
use adapters::answers::AnswersWorker;
use axum::{body::Body, http::Request};
use bus::Effects as _;
use schemas::{Uuid, case::Status, event::What, letter::Lane, report::Report};
use std::time::Duration;

/// The link of the case of `report`, as [`Town::case`] dispatched it.
fn link(report: &Report) -> String {
    format!("/nl/work/{}", links().token(Uuid::from_u128(report.id.as_u128().wrapping_sub(1))))
}

impl Town {
    /// A form, as a browser sends it from `site`.
    async fn fill(&self, path: &str, site: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .body(Body::from(body.finish()))
            .unwrap();
        self.ask(request).await
    }

    async fn says(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.fill(path, "same-origin", fields).await
    }

    /// Hears what waits; gives how many answers that were.
    async fn hear(&self) -> usize {
        let letters = self.store.take(&Lane::updates(), 100, Duration::from_secs(60)).await.unwrap();
        let worker = AnswersWorker::new(self.city.clone(), self.store.clock().clone());
        let mut tx = self.store.begin().await.unwrap();
        worker.apply(&mut tx, &letters).await.unwrap();
        tx.settle(&store::Settlement { done: letters.iter().map(|l| l.id).collect(), ..Default::default() })
            .await
            .unwrap();
        tx.commit().await.unwrap();
        letters.len()
    }

    async fn words(&self, report: &Report) -> Vec<String> {
        let events = self.store.timeline(report.id, false).await.unwrap();
        events.iter().map(|event| event.what.word().to_owned()).collect()
    }
}

/// The page, with the equal signs that templates escape.
fn read(answer: &Answer) -> String {
    answer.text().replace("&#x3D;", "=")
}

async fn town() -> (Town, Report) {
    let town = Town::open().await;
    let report = town.report("Diepe put voor de school").await;
    town.case(&report, Status::Routed, Vec::new()).await;
    (town, report)
}

#[tokio::test]
async fn the_walk_by_links() {
    let (town, report) = town().await;
    let link = link(&report);
    let page = town.get(&link).await;
    assert_eq!((page.status.as_u16(), page.header("x-robots-tag")), (200, "noindex, nofollow"));
    assert!(page.text().contains("Diepe put voor de school") && page.text().contains(&report.reference.to_string()));
    for (say, button) in [("accept", "Ja, we nemen het op"), ("done", "Ja, het is klaar"), ("reject", "niet van ons")] {
        assert!(read(&page).contains(&format!("{link}?say={say}")), "{say}");
        assert!(town.get(&format!("{link}?say={say}")).await.text().contains(button), "{say}");
    }

    let form = town.get(&format!("{link}?say=plan")).await.text();
    let seen = attribute(&form, "name=\"seen\"", "value");
    assert_eq!((attribute(&form, "id=\"answer\"", "action"), seen), (link.as_str(), "1"));
    let sent =
        town.says(&link, &[("say", "plan"), ("seen", seen), ("on", "2026-12-03"), ("text", "Met de kraan")]).await;
    assert_eq!((sent.status.as_u16(), sent.location()), (303, format!("{link}?said=plan").as_str()));
    // Tapped twice: one answer.
    town.says(&link, &[("say", "plan"), ("seen", seen), ("on", "2026-12-03"), ("text", "Met de kraan")]).await;
    assert_eq!(town.hear().await, 1);
    let told = town.get(sent.location()).await.text();
    assert!(told.contains("Genoteerd: u hebt een dag gekozen") && told.contains("3 december"), "{told}");
    let case = town.store.case(report.id).await.unwrap().unwrap();
    assert_eq!((case.status, case.planned_on), (Status::Planned, Some("2026-12-03".parse().unwrap())));

    // Done, by mistake; then put right.
    let say = [("say", "done"), ("seen", "2"), ("text", "Dicht"), ("evidence", "https://dienst.example/1.jpg")];
    assert_eq!(town.says(&link, &say).await.status, 303);
    town.hear().await;
    let closed = read(&town.get(&link).await);
    assert!(closed.contains("Dit dossier is afgesloten") && closed.contains(&format!("{link}?say=plan")), "{closed}");
    assert_eq!(town.words(&report).await.last().unwrap(), "solved");
    let events = town.store.timeline(report.id, false).await.unwrap();
    let What::Solved { text, evidence, .. } = &events.last().unwrap().what else { panic!() };
    assert_eq!((text.as_deref(), evidence.len()), (Some("Dicht"), 1));
}

#[tokio::test]
async fn looking_changes_nothing_and_nobody_else_may_press() {
    let (town, report) = town().await;
    let link = link(&report);
    let before = town.words(&report).await;
    for say in ["accept", "plan", "done", "ask", "note", "internal_note", "reject", "", "nonsense"] {
        let address = format!("{link}?say={say}");
        assert_eq!(town.get(&address).await.status, 200);
        let head = Request::head(&address).body(Body::empty()).unwrap();
        assert_eq!(town.ask(head).await.status, 200);
    }
    let forged = town.fill(&link, "cross-site", &[("say", "accept"), ("seen", "1")]).await;
    assert_eq!(forged.status, 403);
    assert_eq!((town.hear().await, town.words(&report).await), (0, before));
}

#[tokio::test]
async fn what_is_missing_is_said_and_nothing_is_lost() {
    let (town, report) = town().await;
    let link = link(&report);
    let long = "x".repeat(2_001);
    for (fields, anchor, part) in [
        (&[("say", "reject"), ("text", " ")][..], "#text", "Schrijf een zin"),
        (&[("say", "plan"), ("text", "bewaar mij")], "#on", "Kies een dag"),
        (&[("say", "plan"), ("on", "2020-01-01"), ("text", "bewaar mij")], "#on", "vanaf vandaag"),
        (&[("say", "note"), ("text", &long)], "#text", "hoogstens 2000 tekens"),
        (&[("say", "done"), ("evidence", "javascript:x"), ("text", "bewaar mij")], "#evidence", "https://"),
    ] {
        let fields: Vec<_> = fields.iter().copied().chain([("seen", "1")]).collect();
        let answer = town.says(&link, &fields).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(page.contains(part) && page.contains(&format!("href=\"{anchor}\"")), "{fields:?}: {page}");
        assert!(!page.contains("javascript:x</"), "{page}");
        if fields.contains(&("text", "bewaar mij")) {
            assert!(page.contains("bewaar mij"), "{fields:?}");
        }
    }
    for nonsense in [&[("say", "shout"), ("seen", "1")][..], &[("say", "accept"), ("seen", "x")], &[]] {
        assert_eq!(town.says(&link, nonsense).await.status, 400);
    }
    assert_eq!(town.hear().await, 0);
}

#[tokio::test]
async fn a_link_opens_its_own_case_and_says_what_is_past() {
    let (town, report) = town().await;
    let good = link(&report);
    for wrong in ["/nl/work/x".to_owned(), good[..good.len() - 1].to_owned(), format!("{good}A")] {
        assert_eq!(town.get(&wrong).await.status, 404, "{wrong}");
        assert_eq!(town.says(&wrong, &[("say", "accept"), ("seen", "1")]).await.status, 404, "{wrong}");
    }
    assert_eq!(town.get(&format!("{good}/photos/{}", Uuid::from_u128(1))).await.status, 404);
    // Another department has it now.
    let mut tx = town.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    case.lead = Some("contactcentrum".parse().unwrap());
    tx.save_cases(&[case.clone()]).await.unwrap();
    tx.commit().await.unwrap();
    let page = read(&town.get(&good).await);
    assert!(page.contains("is nu bij Contactcentrum") && !page.contains("?say=done"), "{page}");
    let late = town.says(&good, &[("say", "done"), ("seen", "1")]).await;
    assert!(late.status == 200 && late.text().contains("is nu bij Contactcentrum"), "{}", late.text());
    assert_eq!(town.hear().await, 0);
    assert_eq!(town.says(&good, &[("say", "internal_note"), ("seen", "1"), ("text", "Was van ons")]).await.status, 303);
    assert_eq!(town.hear().await, 1);
    // Closed long ago.
    let mut tx = town.store.begin().await.unwrap();
    let mut case = tx.lock_cases(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    case.status = Status::Solved;
    case.closed_at = Some(now() - Duration::from_hours(91 * 24));
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    let page = read(&town.get(&good).await);
    assert!(page.contains("te oud") && !page.contains("?say="), "{page}");
}

#[tokio::test]
async fn only_where_the_city_lets_them_can_news_be_critical() {
    let (town, report) = town().await;
    let fetcher = town.fetcher();
    let note = format!("{}?say=note", link(&report));
    assert!(!town.get(&note).await.text().contains("name=\"critical\""));
    let fields = [("say", "note"), ("seen", "1"), ("text", "Blijf weg"), ("critical", "yes")];
    for (language, sentence) in [
        ("nl", "Dit kunt u hier niet aangeven."),
        ("fr", "Vous ne pouvez pas l’indiquer ici."),
        ("en", "You cannot say this here."),
    ] {
        let link = link(&report).replace("/nl/", &format!("/{language}/"));
        let answer = town.says(&link, &fields).await;
        let page = answer.text();
        assert_eq!((answer.status.as_u16(), town.hear().await), (422, 0));
        super::pages::check(&link, &page, language);
        assert!(
            page.contains(&format!("<a class=\"utrecht-link utrecht-link--html-a\" href=\"#critical\">{sentence}")),
            "{page}"
        );
        assert!(
            page.contains("aria-describedby=\"critical-hint critical-error\" aria-invalid=\"true\" checked"),
            "{page}"
        );
        assert!(page.contains("Blijf weg"), "their words stay: {page}");
    }

    let town = Town::open_in(|files| {
        let id = format!("  - id: {fetcher}\n");
        let text = files["departments.yaml"].replace(&id, &format!("{id}    may_be_critical: true\n"));
        files.insert("departments.yaml".to_owned(), text.as_str().into());
    })
    .await;
    let report = town.report("Water in de kelder").await;
    town.case(&report, Status::Routed, Vec::new()).await;
    let link = link(&report);
    for (say, asked) in [("note", true), ("plan", true), ("accept", false), ("internal_note", false)] {
        let page = read(&town.get(&format!("{link}?say={say}")).await);
        assert_eq!(page.contains("name=\"critical\""), asked, "{say}");
        assert_eq!(page.contains("Wie geen berichten wil, krijgt er ook nu geen."), asked, "{say}");
    }
    assert_eq!(town.says(&link, &fields).await.status, 303);
    assert_eq!(town.hear().await, 1);
    let events = town.store.timeline(report.id, false).await.unwrap();
    assert!(events.last().unwrap().critical, "{events:?}");
}
