//! Every page, in every language, in every state of a case.

use super::{Town, now};
use schemas::{
    case::Status,
    event::What,
    report::{Kind, Language, Urgency},
};
use std::collections::BTreeSet;

/// What any page must be: whole, labelled, without loose ends.
pub fn check(path: &str, html: &str, language: &str) {
    assert!(html.starts_with("<!doctype html>"), "{path}");
    assert!(html.contains(&format!("<html lang=\"{language}\">")), "{path}");
    assert_eq!(html.matches("<h1").count(), 1, "{path}: one first heading");
    assert!(!html.contains("{{") && !html.contains("style=\""), "{path}");
    let ours = |tag: &str| tag.starts_with(" type=\"module\" src=\"/assets/") && tag.contains("></script>");
    assert!(html.split("<script").skip(1).all(ours), "{path}: nothing inline, nothing from elsewhere");
    let values = |name: &str| -> Vec<&str> {
        html.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    };
    let ids = values("id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{path}: an id is there twice: {ids:?}");
    for reference in ["for", "aria-labelledby", "aria-describedby"] {
        for id in values(reference).iter().flat_map(|list| list.split(' ')) {
            assert!(unique.contains(id), "{path}: {reference} names {id}, which is not there");
        }
    }
    for target in values("href").iter().filter_map(|href| href.strip_prefix('#')) {
        assert!(unique.contains(target), "{path}: #{target} is not there");
    }
    let labelled: BTreeSet<&str> = values("for").into_iter().collect();
    for field in html.split("<input ").skip(1).chain(html.split("<textarea ").skip(1)) {
        let field = field.split('>').next().unwrap();
        let id = field.split("id=\"").nth(1).and_then(|rest| rest.split('"').next());
        let hidden = field.contains("type=\"hidden\"");
        assert!(hidden || id.is_some_and(|id| labelled.contains(id)), "{path}: no label: {field}");
    }
    for image in html.split("<img ").skip(1) {
        assert!(image.split('>').next().unwrap().contains("alt=\""), "{path}: {image}");
    }
    // Nothing is fetched from elsewhere; links may lead there.
    for source in values("src").iter().chain(&values("action")) {
        assert!(source.starts_with('/'), "{path}: {source}");
    }
}

/// Everything that can stand on a timeline.
pub fn everything(town: &Town) -> Vec<What> {
    let department = town.fetcher();
    let day = "2026-12-01".parse().unwrap();
    vec![
        What::Routed {
            department: department.clone(),
            informed: vec![department.clone()],
            rule: "potholes".into(),
            ruleset: "abc".into(),
            priority: Urgency::Normal,
            due_on: Some(day),
            rerouted_from: None,
            instead_of: None,
        },
        What::HandOverDelayed { department: department.clone(), why: "10.0.0.3 refused".into(), next_try_at: now() },
        What::HandOverFailed { department: department.clone(), why: "secret host".into() },
        What::HandedOver { department: department.clone(), receipt: Some("WO-1".into()) },
        What::Accepted { department: department.clone(), acknowledges: false },
        What::Rejected { department: department.clone(), reason: "Niet van ons <script>alert(1)</script>".into() },
        What::Note { department: department.clone(), text: "We komen <b>kijken</b>".into() },
        What::InternalNote { department: department.clone(), text: "HUSH".into() },
        What::Planned { department: department.clone(), on: day, text: None },
        What::Solved {
            department: department.clone(),
            text: Some("Gedaan".into()),
            evidence: vec!["javascript:alert(1)".into(), "https://example.org/a.jpg".into()],
        },
        What::PartSolved { department: department.clone(), text: None, evidence: Vec::new() },
        What::Answered { department: department.clone(), article: "wespennest".parse().unwrap() },
        What::Reopened { text: Some("nog niet".into()), of: None },
        What::Asked { department: department.clone(), text: "Waar <i>juist</i>?".into() },
        What::Replied { text: "Aan de kerk".into() },
        What::Reminded { department: department.clone(), nth: 1 },
        What::Escalated { department: department.clone(), to: department.clone(), why: "HUSH".into() },
        What::Slipping { department: department.clone(), was: day, expected: Some(day), news_by: None, text: None },
        What::Slipping { department: department.clone(), was: day, expected: None, news_by: Some(day), text: None },
        What::Referred {
            department: department.clone(),
            to: "Het Gewest".into(),
            phone: Some("1700".into()),
            url: Some("javascript:alert(1)".into()),
            text: None,
        },
        What::Declined { department: department.clone(), reason: "Kan niet".into() },
        What::Recategorised { from: "wegen/put".parse().unwrap(), to: "wegen/gone".parse().unwrap() },
        What::Merged {
            main: schemas::Uuid::from_u128(7),
            into: schemas::reference::Reference::from_number(7),
            status: Status::Planned,
        },
        What::Split { from: schemas::reference::Reference::from_number(7) },
        What::Outdated { department, said: "plan".into() },
    ]
}

#[tokio::test]
async fn every_page_in_every_language() {
    let town = Town::open().await;
    let report = town.report("een put & <i>meer</i>").await;
    town.case(&report, Status::Planned, everything(&town)).await;
    for language in Language::BUILT_IN {
        let lang = language.as_str();
        let token = &report.token;
        let mut paths = vec![
            format!("/{lang}"),
            format!("/{lang}/report"),
            format!("/{lang}/report?q=put"),
            format!("/{lang}/report?q=zzzzz"),
            format!("/{lang}/report?q=brand%20in%20huis"),
            format!("/{lang}/report?q={}", report.reference.digits()),
            format!("/{lang}/report?group=wegen"),
            format!("/{lang}/report?group=wegen&kind=question"),
            format!("/{lang}/report?kind=complaint"),
            format!("/{lang}/report?category=wegen/put&kind=nonsense"),
            format!("/{lang}/t/{token}"),
            format!("/{lang}/t/{token}?again=1"),
            format!("/{lang}/t/{token}/receipt"),
            format!("/{lang}/t/{token}/receipt?already=1"),
            format!("/{lang}/privacy"),
        ];
        paths.extend(town.city.categories.iter().map(|c| format!("/{lang}/report?category={}", c.id)));
        for path in paths {
            let answer = town.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            check(&path, &answer.text(), lang);
        }
    }
}

#[tokio::test]
async fn an_emergency_is_told_whom_to_call() {
    let town = Town::open().await;
    for (path, number) in [
        ("/nl/report?q=brand%20in%20huis", "112"),
        ("/nl/report?q=er%20zijn%20gewonden", "112"),
        ("/fr/report?q=incendie", "112"),
        ("/en/report?q=FIRE!", "112"),
        ("/nl/report?q=gaslek", "0800 65 0 65"),
        ("/nl/report?q=brandnetels", ""),
        ("/nl/report?q=put", ""),
    ] {
        let html = town.get(path).await.text();
        let alert = html.split("calls__numbers").nth(1).map_or("", |rest| rest.split("</p>").next().unwrap());
        assert!(alert.contains(number) && alert.is_empty() == number.is_empty(), "{path}: {alert}");
    }
    let report = town.report("Er is brand in de kelder").await;
    let receipt = town.get(&format!("/nl/t/{}/receipt", report.token)).await.text();
    assert!(receipt.contains("tel:112"));
}

#[tokio::test]
async fn a_case_in_every_state() {
    let town = Town::open().await;
    for status in Status::ALL {
        let report = town.report("put").await;
        town.case(&report, status, Vec::new()).await;
        for language in Language::BUILT_IN {
            let path = format!("/{}/t/{}", language.as_str(), report.token);
            let html = town.get(&path).await.text();
            check(&path, &html, language.as_str());
            assert_eq!(html.contains("/contest\""), status == Status::Solved, "{status}");
        }
    }
    // Before the router has seen it there is no case.
    let report = town.report("net binnen").await;
    let html = town.get(&format!("/nl/t/{}", report.token)).await.text();
    assert!(html.contains("net binnen") && html.contains(&report.reference.to_string()));
}

#[tokio::test]
async fn the_timeline_says_everything_but_secrets() {
    let town = Town::open().await;
    let report = town.report("een put & <i>meer</i>").await;
    town.case(&report, Status::Solved, everything(&town)).await;
    let html = town.get(&format!("/nl/t/{}", report.token)).await.text();
    assert!(html.contains("een put &amp; &lt;i&gt;meer&lt;/i&gt;"));
    assert!(html.contains("Niet van ons &lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(html.contains("dinsdag 1 december") && html.contains("23 november, 10:12"));
    assert!(html.contains("https://example.org/a.jpg") && !html.contains("javascript:"));
    for secret in ["HUSH", "10.0.0.3", "secret host"] {
        assert!(!html.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_case_is_private() {
    let town = Town::open().await;
    let report = town.report("put").await;
    for path in [format!("/nl/t/{}", report.token), format!("/nl/t/{}/receipt", report.token)] {
        let answer = town.get(&path).await;
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("x-robots-tag").contains("noindex"));
        assert!(answer.text().contains("<meta name=\"robots\" content=\"noindex"));
    }
    for wrong in ["aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "..%2f", "%00", "é"] {
        assert_eq!(town.get(&format!("/nl/t/{}", wrong.replace('é', "%C3%A9"))).await.status, 404, "{wrong}");
    }
}

#[tokio::test]
async fn the_door_opens_in_the_visitors_language() {
    use axum::{body::Body, http::Request};
    let town = Town::open().await;
    for (accepts, expected) in [
        ("", "/nl"),
        ("fr", "/fr"),
        ("de, fr-BE;q=0.8, en;q=0.9", "/en"),
        ("nl;q=0, fr;q=0.1", "/fr"),
        ("zh", "/nl"),
        ("en;q=NaN, fr;q=0.2", "/fr"),
    ] {
        let request = Request::get("/").header("accept-language", accepts).body(Body::empty()).unwrap();
        let answer = town.ask(request).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, expected), "{accepts}");
    }
    let report = town.report("put").await;
    let answer = town.get(&format!("/t/{}", report.token)).await;
    assert_eq!(answer.location(), format!("/nl/t/{}", report.token));
    assert_eq!(town.get("/xx").await.status, 404);
    // A language that the city has not, or no more: links in it lead on.
    let path = format!("t/{}?again=1", report.token);
    assert_eq!(town.get(&format!("/de/{path}")).await.location(), format!("/nl/{path}"));
    assert_eq!(town.get("/de").await.location(), "/nl");
}

#[tokio::test]
async fn the_sandbox_is_shut_in_and_only_there_when_nothing_is_sent() {
    let town = Town::open().await;
    let report = town.report("put").await;
    let empty = town.get("/sandbox/letterbox").await.text();
    check("letterbox", &empty, "nl");
    let id = town.letter(report.id, "Uw melding <x>", "<p onclick=x>Hallo</p><script>alert(1)</script>").await;
    for path in ["/sandbox/letterbox".to_owned(), format!("/sandbox/letterbox/{id}")] {
        let answer = town.get(&path).await;
        assert_eq!(answer.status, 200);
        check(&path, &answer.text(), "nl");
        assert!(answer.text().contains("Uw melding &lt;x&gt;") && !answer.text().contains("alert(1)"));
        assert!(answer.text().contains("Proefopstelling"));
    }
    let html = town.get(&format!("/sandbox/letterbox/{id}/html")).await;
    let policy = html.header("content-security-policy");
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'") && !policy.contains("allow-scripts"));
    assert_eq!(town.get("/sandbox/letterbox/nonsense").await.status, 404);

    let real = Town::open_with(|config| config.letterbox = false).await;
    assert_eq!(real.get("/sandbox/letterbox").await.status, 404);
    assert!(!real.get("/nl").await.text().contains("/sandbox/"));
}

#[tokio::test]
async fn files_are_served_and_kept() {
    let town = Town::open().await;
    let html = town.get("/nl").await.text();
    let path = super::attribute(&html, "rel=\"stylesheet\"", "href").to_owned();
    let css = town.get(&path).await;
    assert_eq!((css.status.as_u16(), css.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(css.header("cache-control").contains("immutable"));
    for class in [".tile", ".timeline", ".utrecht-button", ".utrecht-textbox", "--vd-enamel"] {
        assert!(css.text().contains(class), "{class}");
    }
    assert!(!css.text().contains("@import") && !css.text().contains("url(http"), "nothing from elsewhere");
    let old = town.get("/assets/000000000000/site.css").await;
    assert_eq!((old.status.as_u16(), old.header("cache-control")), (200, "no-cache"));
    for (path, status) in
        [("/favicon.svg", 200), ("/robots.txt", 200), ("/assets/x/none.css", 404), ("/assets/x/../../Cargo.toml", 404)]
    {
        assert_eq!(town.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn files_come_as_small_as_the_browser_can_read_them() {
    use axum::{body::Body, http::Request};
    let town = Town::open().await;
    let root = super::attribute(&town.get("/nl").await.text(), "rel=\"stylesheet\"", "href").replace("/site.css", "");
    let ask = async |path: &str, accepted: &str| {
        town.ask(Request::get(path).header("accept-encoding", accepted).body(Body::empty()).unwrap()).await
    };
    let sheet = format!("{root}/site.css");
    let whole = town.get(&sheet).await;
    assert_eq!(whole.header("content-encoding"), "");
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, GZIP;q=0.5", "gzip"),
        ("br;q=0.0", ""),
        ("brotli, x", ""),
    ] {
        let answer = ask(&sheet, accepted).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-encoding")), (200, coding), "{accepted}");
        assert_eq!(answer.header("content-type"), "text/css; charset=utf-8");
        assert_eq!(answer.header("vary").matches("accept-encoding").count(), 1, "{accepted}");
        assert!(coding.is_empty() == (answer.bytes == whole.bytes), "{accepted}");
    }
    assert_eq!(ask("/nl", "gzip, br").await.header("content-encoding"), "br");
    let form = town.get("/nl/report?category=wegen/put").await.text();
    let fonts = |html: &str| html.matches("as=\"font\"").count();
    if fonts(&town.get("/nl").await.text()) == 2 {
        assert_eq!(fonts(&form), 1, "headings of a form are in the letters of its text");
        let font = super::attribute(&form, "rel=\"preload\"", "href");
        let font = ask(font, "gzip, br").await;
        assert_eq!((font.header("content-type"), font.header("content-encoding")), ("font/woff2", ""));
    }
    assert!(form.contains("<body class=\"page--light\""));
}

#[tokio::test]
async fn a_kind_has_pages_of_its_own() {
    let town = Town::open().await;
    let complaint = town.report_of(Some(Kind::Complaint), "niemand belde terug").await;
    for path in ["", "/receipt"] {
        let html = town.get(&format!("/nl/t/{}{path}", complaint.token)).await.text();
        check(path, &html, "nl");
        assert!(html.contains("U hoort ten laatste op"), "{html}");
        assert!(!html.contains("vlaamseombudsdienst"), "it is not over");
    }
    let other = town.report("put").await;
    let receipt = town.get(&format!("/nl/t/{}/receipt", other.token)).await.text();
    assert!(!receipt.contains("U hoort ten laatste op") && !receipt.contains("Verwacht tegen"));
    town.case(&other, Status::Planned, Vec::new()).await;
    let receipt = town.get(&format!("/nl/t/{}/receipt", other.token)).await.text();
    assert!(receipt.contains("Verwacht tegen"), "somebody has it, and says by when");
    town.case(&complaint, Status::Declined, Vec::new()).await;
    for language in Language::BUILT_IN {
        let lang = language.as_str();
        let html = town.get(&format!("/{lang}/t/{}", complaint.token)).await.text();
        check("second line", &html, lang);
        assert!(html.contains("https://www.vlaamseombudsdienst.be"), "{html}");
    }
    // A thank-you is not contested, by no way.
    let thanks = town.report_of(Some(Kind::Compliment), "dank u").await;
    town.case(&thanks, Status::Solved, Vec::new()).await;
    let path = format!("/nl/t/{}", thanks.token);
    assert!(!town.get(&path).await.text().contains("/contest\""));
    let contest = axum::http::Request::post(format!("{path}/contest"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(axum::body::Body::from("words=toch+niet"))
        .unwrap();
    assert_eq!(town.ask(contest).await.status, 303);
    assert_eq!(town.store.case(thanks.id).await.unwrap().unwrap().status, Status::Solved);
}
