//! What a resident does after telling: adding something, rating, a day for the calendar, and finding it again; and the
//! orders in which telling begins.

use super::{Town, attribute, form::png, pages::check};
use axum::http::StatusCode;
use schemas::{
    case::Status,
    letter::Lane,
    report::{Received, Why},
};
use std::time::Duration;
use store::Score;

impl Town {
    /// What the router is told that residents added: the words and how many photos.
    async fn wrote(&self) -> Vec<(String, usize)> {
        let letters = self.store.take(&Lane::router(), 50, Duration::from_secs(60)).await.unwrap();
        self.store.release(&letters.iter().map(|letter| letter.id).collect::<Vec<_>>()).await.unwrap();
        let said = letters.iter().filter_map(|letter| match letter.read::<Received>().ok()?.why {
            Why::Wrote { text, photos } => Some((text, photos.len())),
            _ => None,
        });
        said.collect()
    }
}

#[tokio::test]
async fn something_is_added_once_while_it_is_open() {
    let town = Town::open().await;
    let report = town.report("Een put").await;
    let path = format!("/nl/t/{}", report.token);
    assert!(!town.get(&path).await.text().contains("/add#add\""), "nobody has it yet");
    town.case(&report, Status::Accepted, Vec::new()).await;
    let html = town.get(&path).await.text();
    let form = html.split("<form").find(|form| form.contains("/add#add")).unwrap();
    let token = attribute(form, "name=\"token\"", "value").to_owned();
    let add = format!("{path}/add");
    let nothing = town.post(&add, &[("token", &token), ("words", " ")], &[]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    check(&add, &nothing.text(), "nl");
    let long = "x".repeat(3_000);
    let answer = town.post(&add, &[("token", &token), ("words", &long)], &[("put.png", &png())]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let html = answer.text();
    let kept = attribute(&html, "name=\"kept_photo\"", "value").to_owned();
    let fields = [("token", token.as_str()), ("words", "Nu ook <b>glas</b>"), ("kept_photo", &kept)];
    for _ in 0..2 {
        let answer = town.post(&add, &fields, &[]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, format!("{path}?added=1").as_str()));
    }
    assert_eq!(town.wrote().await, [("Nu ook <b>glas</b>".to_owned(), 1)], "a double click is one");
    let alone = town.post(&add, &[("token", "aaaaaaaaaaaaaaaaaaaaaaaaaa")], &[("put.png", &png())]).await;
    assert_eq!(alone.status, StatusCode::SEE_OTHER);
    assert_eq!(town.wrote().await.len(), 2, "photos alone are something");
    let file = town.post(&add, &[("token", &token)], &[("put.png", b"no photo")]).await;
    assert!(file.status == 422 && file.text().contains("put.png"), "{}", file.text());
    assert_eq!(town.get(&add).await.location(), path);
    assert_eq!(town.post("/nl/t/aaaaaaaaaaaaaaaaaaaaaaaaaa/add", &fields, &[]).await.status, StatusCode::NOT_FOUND);

    let closed = town.report("Iets anders").await;
    town.case(&closed, Status::Declined, Vec::new()).await;
    let path = format!("/en/t/{}", closed.token);
    assert!(!town.get(&path).await.text().contains("/add#add\""));
    let late = town.post(&format!("{path}/add"), &[("words", "still")], &[]).await;
    assert!(late.status == 422 && late.text().contains("still"), "their words are not lost: {}", late.text());
    assert_eq!(town.wrote().await.len(), 2);
}

#[tokio::test]
async fn thanks_are_said_with_one_tap() {
    let town = Town::open().await;
    let report = town.report("Een put").await;
    let path = format!("/nl/t/{}", report.token);
    let rate = format!("{path}/rate");
    town.case(&report, Status::Accepted, Vec::new()).await;
    assert!(!town.get(&path).await.text().contains("/rate\""));
    town.press(&rate, "score=good").await;
    assert_eq!(town.store.rating(report.id).await.unwrap(), None, "it is not solved");

    let solved = town.report("Een andere put").await;
    town.case(&solved, Status::Solved, Vec::new()).await;
    for lang in ["nl", "fr", "en"] {
        let path = format!("/{lang}/t/{}", solved.token);
        let html = town.get(&path).await.text();
        check(&path, &html, lang);
        assert_eq!(html.matches("name=\"score\"").count(), 3, "{html}");
    }
    let path = format!("/nl/t/{}", solved.token);
    for (said, kept) in [("good", Score::Good), ("good", Score::Good), ("poor", Score::Poor)] {
        let answer = town.press(&format!("{path}/rate"), &format!("score={said}")).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, format!("{path}#rate").as_str()));
        assert_eq!(town.store.rating(solved.id).await.unwrap(), Some(kept));
    }
    assert!(town.get(&path).await.text().contains("aria-pressed=\"true\""));
    assert_eq!(town.press(&format!("{path}/rate"), "score=7").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(town.press("/nl/t/aaaaaaaaaaaaaaaaaaaaaaaaaa/rate", "score=good").await.status, StatusCode::NOT_FOUND);
    let counts = town.store.ratings_of(&town.fetcher(), schemas::Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(counts, [(Score::Poor, 1)]);
}

#[tokio::test]
async fn the_day_goes_into_a_calendar() {
    let town = Town::open().await;
    let report = town.report("Een put").await;
    let path = format!("/nl/t/{}/calendar.ics", report.token);
    assert_eq!(town.get(&path).await.status, StatusCode::NOT_FOUND, "no day is known");
    town.case(&report, Status::Planned, Vec::new()).await;
    assert!(town.get(&format!("/nl/t/{}", report.token)).await.text().contains("/calendar.ics\""));
    let answer = town.get(&path).await;
    assert_eq!(answer.header("content-type"), "text/calendar; charset=utf-8; method=PUBLISH");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let text = answer.text();
    assert!(text.contains("DTSTART;VALUE=DATE:20261201\r\n") && text.contains("SUMMARY:"), "{text}");
    assert!(text.replace("\r\n ", "").contains(&format!("/nl/t/{}", report.token)), "{text}");
    let closed = town.report("Een put").await;
    town.case(&closed, Status::Solved, Vec::new()).await;
    assert_eq!(town.get(&format!("/nl/t/{}/calendar.ics", closed.token)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_lost_link_is_found_again_by_who_reads_the_mailbox() {
    let town = Town::open().await;
    for lang in ["nl", "fr", "en"] {
        let path = format!("/{lang}/track");
        check(&path, &town.get(&path).await.text(), lang);
    }
    let form = [
        ("category", "wegen/put"),
        ("words", "Een put voor de deur"),
        ("email", "An.Peeters@Example.org"),
        ("tell", "email"),
        ("near", "other"),
    ];
    let sent = town.post("/nl/report", &form, &[]).await;
    let token = sent.location().split('/').nth(3).unwrap().to_owned();
    let report = town.store.report_by_token(&token).await.unwrap().unwrap();
    let digits = report.reference.digits();
    // The same for a reference that fits, one that does not, and none.
    for (address, reference) in [("an.peeters", digits.as_str()), ("nobody", &digits), ("an.peeters", "")] {
        let said = format!("address={address}%40example.org&reference={reference}");
        let answer = town.press("/nl/track", &said).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let page = answer.location().to_owned();
        assert!(page.starts_with("/nl/prove/") && !town.get(&page).await.text().contains(&token));
        let proven = town.press(&page, &format!("code={}", town.code_of(&page).await)).await;
        let html = town.get(proven.location()).await.text();
        check("person", &html, "nl");
        assert_eq!(html.contains(&format!("/nl/t/{token}\"")), address == "an.peeters", "{html}");
    }
    for (said, wrong) in [
        ("address=nonsense", "address-error"),
        ("address=jo%40example.org&reference=12345678901", "reference-error"),
        ("", "address-error"),
    ] {
        let answer = town.press("/nl/track", said).await;
        assert!(answer.status == 422 && answer.text().contains(wrong), "{said}: {}", answer.text());
    }
}

#[tokio::test]
async fn telling_begins_as_one_likes() {
    let town = Town::open().await;
    for lang in ["nl", "fr", "en"] {
        for first in ["photo", "words", "place", "nonsense"] {
            let path = format!("/{lang}/begin?first={first}");
            let answer = town.get(&path).await;
            assert_eq!(answer.header("cache-control"), "private, no-store");
            check(&path, &answer.text(), lang);
        }
    }
    let empty = town.post("/nl/begin", &[("first", "words"), ("words", " ")], &[]).await;
    assert!(empty.status == 422 && empty.text().contains("words-error"), "{}", empty.text());

    // Words: what they are about is suggested, and why.
    let about = town.post("/nl/begin", &[("first", "words"), ("words", "Diepe put in de weg <b>")], &[]).await;
    let html = about.text();
    check("about", &html, "nl");
    assert!(about.status == 200 && html.contains("value=\"wegen/put\"") && html.contains("Omdat u schreef"), "{html}");
    assert!(html.contains("put in de weg &lt;b&gt;"));

    // A photo: it stays with what follows, through to the form.
    let about = town.post("/nl/begin", &[("first", "photo")], &[("put.png", &png())]).await;
    let html = about.text();
    check("about", &html, "nl");
    let photo = attribute(&html, "name=\"kept_photo\"", "value").to_owned();
    let token = attribute(&html, "name=\"token\"", "value").to_owned();
    let given = [("token", token.as_str()), ("kept_photo", &photo), ("words", "Een put"), ("first", "photo")];
    let unchosen = town.post("/nl/report", &given, &[]).await;
    assert!(unchosen.status == 422 && unchosen.text().contains(&photo), "{}", unchosen.text());
    let chosen: Vec<_> = given.iter().copied().chain([("category", "wegen/put")]).collect();
    let form = town.post("/nl/report", &chosen, &[]).await;
    let html = form.text();
    assert!(form.status == 200 && html.contains(&photo) && html.contains("Een put") && html.contains(&token), "{html}");
    assert_eq!(town.store.count().await.unwrap().reports, 0, "nothing is sent yet");

    // The place: it is looked up, and goes along.
    let about = town.post("/nl/begin", &[("first", "place"), ("address", "Grote Markt 12")], &[]).await;
    let html = about.text();
    check("about", &html, "nl");
    assert!(about.status == 200 && html.contains("name=\"address\" value=\"Grote Markt 12\""), "{html}");
    let bad = town.post("/nl/begin", &[("first", "photo")], &[("put.png", b"no photo")]).await;
    assert!(bad.status == 422 && bad.text().contains("photos-error"), "{}", bad.text());
}

#[tokio::test]
async fn answers_are_read_back_before_they_are_sent() {
    let town = Town::open().await;
    let form = [
        ("token", "abcdefghijklmnopqrstuvwxyz"),
        ("category", "wegen/put"),
        ("words", "Een put <b>hier</b>"),
        ("address", "Grote Markt 12"),
        ("answer.gevaar", "true"),
        ("email", "an@example.org"),
        ("tell", "email"),
    ];
    let asked: Vec<_> = form.iter().copied().chain([("do", "check")]).collect();
    for lang in ["nl", "fr", "en"] {
        let page = town.post(&format!("/{lang}/report"), &asked, &[("put.png", &png())]).await;
        let html = page.text();
        check("check", &html, lang);
        assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "private, no-store"), "{html}");
        assert!(html.contains("Een put &lt;b&gt;hier") && html.contains("an@example.org"), "{html}");
    }
    assert_eq!(town.store.count().await.unwrap().reports, 0, "nothing is sent yet");
    let html = town.post("/nl/report", &asked, &[("put.png", &png())]).await.text();
    let photo = attribute(&html, "name=\"kept_photo\"", "value").to_owned();
    let back: Vec<_> = form.iter().copied().chain([("kept_photo", photo.as_str()), ("do", "change")]).collect();
    let html = town.post("/nl/report", &back, &[]).await.text();
    assert!(html.contains(&photo) && html.contains("Grote Markt 12"), "{html}");
    let wrong = town.post("/nl/report", &[("category", "wegen/put"), ("words", ""), ("do", "check")], &[]).await;
    assert!(wrong.status == 422 && wrong.text().contains("words-error"), "{}", wrong.text());
    let sent: Vec<_> = form.iter().copied().chain([("kept_photo", photo.as_str()), ("near", "other")]).collect();
    assert_eq!(town.post("/nl/report", &sent, &[]).await.status, StatusCode::SEE_OTHER);
}
