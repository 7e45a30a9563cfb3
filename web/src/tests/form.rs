//! The form: filled in, sent, put right, sent twice.

use super::{Town, attribute};
use std::io::Cursor;

const GOOD: &[(&str, &str)] = &[
    ("token", "abcdefghijklmnopqrstuvwxyz"),
    ("category", "wegen/put"),
    ("kind", "report"),
    ("words", "Diepe put voor de school"),
    ("address", "Grote Markt 1"),
    ("tell", "nothing"),
    ("language", "nl"),
];

/// The good form with other values.
fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<(&str, &str)> =
        GOOD.iter().filter(|(n, _)| changes.iter().all(|(c, _)| c != n)).copied().collect();
    fields.extend(changes);
    fields
}

pub fn png() -> Vec<u8> {
    // 1 x 1, grey: the smallest PNG there is.
    const BYTES: &[u8] = &[
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1,
        8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0, 0, 0,
        0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ];
    let mut out = Cursor::new(Vec::new());
    std::io::Write::write_all(&mut out, BYTES).unwrap();
    out.into_inner()
}

#[tokio::test]
async fn a_report_goes_in_and_is_followed() {
    let town = Town::open().await;
    let form = town.get("/fr/report?category=wegen/put").await.text();
    let token = attribute(&form, "name=\"token\"", "value");
    assert_eq!(token.len(), 26);
    let action = attribute(&form, "id=\"form\"", "action");
    let fields = with(&[("token", token), ("answer.gevaar", "true"), ("answer.grootte", "meter"), ("language", "fr")]);
    let photo = png();
    let sent = town.post(action, &fields, &[("put.png", &photo)]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let receipt = town.get(sent.location()).await;
    assert_eq!(receipt.status, 200);
    let case = sent.location().trim_end_matches("/receipt").to_owned();
    assert!(receipt.text().contains(&format!("https://voordeur.example{case}")));
    let page = town.get(&case).await.text();
    assert!(page.contains("Diepe put voor de school") && page.contains("Grote Markt 1"));
    let photo = &attribute(&page, "<img", "src").replace("&#x3D;", "=");
    let picture = town.get(photo).await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/jpeg"));
    // A photo opens with the link of its own report only.
    let other = town.report("put").await;
    let (_, id) = photo.rsplit_once('/').unwrap();
    assert_eq!(town.get(&format!("/fr/t/{}/photos/{id}", other.token)).await.status, 404);
    assert_eq!(town.get(&format!("{case}/photos/nonsense")).await.status, 404);
}

#[tokio::test]
async fn twice_is_once() {
    let town = Town::open().await;
    let first = town.post("/nl/report", GOOD, &[]).await;
    let second = town.post("/nl/report", GOOD, &[]).await;
    assert_eq!(first.location(), second.location());
    let changed = town.post("/nl/report", &with(&[("words", "iets anders")]), &[]).await;
    assert_eq!(changed.location(), format!("{}?already=1", first.location()));
    let receipt = town.get(changed.location()).await.text();
    assert!(receipt.contains("al eens verstuurd"));
    assert_eq!(town.store.count().await.unwrap().reports, 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_lost() {
    let town = Town::open().await;
    let long = "x".repeat(5001);
    // What is sent, the field that is named, and what is said of it.
    type Changes<'a> = &'a [(&'a str, &'a str)];
    let cases: &[(Changes<'_>, &str, &str)] = &[
        (&[("words", "  \u{200b} ")], "#words", "Vertel in een paar woorden"),
        (&[("words", long.as_str())], "#words", "er passen 5000 tekens"),
        (&[("tell", "email")], "#email", "Vul een e-mailadres in"),
        (&[("email", "nonsense")], "#email", "lijkt op naam@voorbeeld.be"),
        (&[("phone", "call me")], "#phone", "geen telefoonnummer"),
        (&[("lat", "NaN"), ("lon", "3,26")], "#lat", "breedtegraad is een getal"),
        (&[("lat", "50,8"), ("lon", "")], "#lon", "Vul ook de lengtegraad in"),
        (&[("lat", "48,85"), ("lon", "2,35")], "#lat", "ligt niet in Kortrijk"),
        (&[("lat", "91"), ("lon", "2")], "#lat", "tussen -90 en 90"),
        (&[("kind", "party")], "#kind-1", "Kies een van de mogelijkheden"),
        (&[("language", "xx")], "#language-1", "Kies een van de mogelijkheden"),
        (&[("tell", "pigeon")], "#tell-1", "Kies een van de mogelijkheden"),
        (&[("answer.grootte", "enormous")], "#answer-grootte-1", "Kies een van de mogelijkheden"),
        (&[("answer.unasked", "x")], "#form", "Hier klopt iets niet"),
        (&[("kept_photo", "0199aaaa-0000-7000-8000-000000000000")], "#photos", "niet meer hier"),
    ];
    for (changes, href, said) in cases {
        let answer = town.post("/nl/report", &with(changes), &[]).await;
        let html = answer.text();
        assert_eq!(answer.status, 422, "{changes:?}: {html}");
        let summary = html.split("id=\"summary\"").nth(1).unwrap().split("</ul>").next().unwrap();
        assert!(summary.contains(&format!("href=\"{href}\"")) && summary.contains(said), "{changes:?}: {summary}");
        assert!(html.contains("<title>Niet alles is in orde"), "{changes:?}");
        assert!(html.contains("value=\"Grote Markt 1\"") || changes.iter().any(|(n, _)| *n == "address"));
        if changes.iter().all(|(name, _)| *name != "words") {
            assert!(html.contains(">\nDiepe put voor de school</textarea>"), "{changes:?}");
        }
        assert!(html.contains("abcdefghijklmnopqrstuvwxyz"), "the same form, put right, is the same report");
        for (name, value) in changes.iter().filter(|(n, v)| ["email", "phone", "lat"].contains(n) && !v.is_empty()) {
            assert!(html.contains(&format!("value=\"{value}\"")), "{name} keeps {value}");
        }
    }
    assert_eq!(town.store.count().await.unwrap().reports, 0);
}

#[tokio::test]
async fn the_form_offers_the_ways_that_the_city_goes_and_asks_for_their_addresses() {
    use schemas::way::Way;
    let town = Town::open().await;
    town.city.offer(&[Way::Email]);
    let form = town.get("/nl/report?category=wegen/put").await.text();
    for there in ["value=\"email\"", "value=\"nothing\""] {
        assert!(form.contains(there), "{there}");
    }
    for missing in ["value=\"sms\"", "value=\"letter\"", "value=\"call\"", "name=\"street\""] {
        assert!(!form.contains(missing), "{missing}");
    }
    let answer = town.post("/fr/report", &with(&[("tell", "call"), ("phone", "0470 12 34 56")]), &[]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("Nous ne pouvons pas vous joindre ainsi"), "{}", answer.text());

    let town = Town::open().await;
    for (language, words) in [("nl", "Met een brief"), ("fr", "Par lettre"), ("en", "By letter")] {
        let form = town.get(&format!("/{language}/report?category=wegen/put")).await.text();
        for there in [words, "value=\"sms\"", "value=\"call\"", "name=\"street\"", "name=\"postcode\"", "name=\"town\""]
        {
            assert!(form.contains(there), "{language} {there}");
        }
    }
    let post = [("street", "Grote Markt 54"), ("postcode", "8500"), ("town", "Kortrijk")];
    for (changes, href, said) in [
        (&[("tell", "sms")][..], "#phone", "Vul een telefoonnummer in"),
        (&[("tell", "sms"), ("phone", "056 12 34 56")], "#phone", "Vul een telefoonnummer in"),
        (&[("tell", "call")], "#phone", "Vul een telefoonnummer in"),
        (&[("tell", "letter")], "#street", "Vul straat en nummer in"),
        (&[("tell", "letter"), post[0], post[2]], "#postcode", "Vul de postcode in"),
        (&[("tell", "letter"), post[0], post[1]], "#town", "Vul de gemeente in"),
    ] {
        let html = town.post("/nl/report", &with(changes), &[]).await.text();
        let summary = html.split("id=\"summary\"").nth(1).unwrap().split("</ul>").next().unwrap();
        assert!(summary.contains(&format!("href=\"{href}\"")) && summary.contains(said), "{changes:?}: {summary}");
    }
    let sent = town.post("/nl/report", &with(&[("tell", "letter"), post[0], post[1], post[2]]), &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let token = sent.location().trim_end_matches("/receipt").rsplit('/').next().unwrap().to_owned();
    let report = town.store.report_by_token(&token).await.unwrap().unwrap();
    assert_eq!(report.tell.as_str(), "letter");
    let contact = town.store.contacts_by_ids(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    assert_eq!(contact.post.unwrap().line(), "Grote Markt 54, 8500 Kortrijk");
}

#[tokio::test]
async fn photos_that_are_none_are_named_and_good_ones_kept() {
    let town = Town::open().await;
    let good = png();
    let files: &[(&str, &[u8])] =
        &[("goed.png", &good), ("<virus>.png", b"#!/bin/sh\nrm -rf /"), ("half.png", &good[..20])];
    let answer = town.post("/nl/report", GOOD, files).await;
    let html = answer.text();
    assert_eq!(answer.status, 422);
    assert!(html.contains("&lt;virus&gt;.png is geen foto") && html.contains("half.png is beschadigd"), "{html}");
    let kept = attribute(&html, "name=\"kept_photo\"", "value").to_owned();
    let again = town.post("/nl/report", &with(&[("kept_photo", &kept)]), &[]).await;
    assert_eq!(again.status, 303, "{}", again.text());
    let page = town.get(again.location().trim_end_matches("/receipt")).await.text();
    assert!(page.contains(&format!("/photos/{kept}")));
}

#[tokio::test]
async fn hostile_words_are_only_words() {
    let town = Town::open().await;
    let hostile = "\"><script>alert('x')</script>{{t \"brand\"}} \u{202e}evil\0 &amp;";
    let fields = with(&[("words", hostile), ("address", hostile), ("name", hostile), ("email", hostile)]);
    let form = town.post("/nl/report", &fields, &[]).await.text();
    let fields = with(&[("words", hostile), ("address", hostile)]);
    let sent = town.post("/nl/report", &fields, &[]).await;
    let page = town.get(sent.location().trim_end_matches("/receipt")).await.text();
    for html in [form, page] {
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
        assert!(html.contains("{{t") && html.contains("&amp;amp;"), "shown as it was typed");
    }
    let search = town.get("/nl/report?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await.text();
    assert!(!search.contains("<script>"));
}

#[tokio::test]
async fn a_solved_case_is_contested_without_javascript() {
    use axum::{body::Body, http::Request};
    use schemas::case::Status;
    let town = Town::open().await;
    let report = town.report("put").await;
    town.case(&report, Status::Solved, Vec::new()).await;
    let path = format!("/nl/t/{}/contest", report.token);
    let send = |body: String| {
        Request::post(&path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .unwrap()
    };
    let long = town.ask(send(format!("words={}", "x".repeat(2001)))).await;
    assert_eq!(long.status, 422);
    assert!(long.text().contains("id=\"contest-error\""));
    for _ in 0..2 {
        let answer = town.ask(send("words=nog+een+put".to_owned())).await;
        assert_eq!(
            (answer.status.as_u16(), answer.location()),
            (303, format!("/nl/t/{}?again=1", report.token).as_str())
        );
    }
    let case = town.store.case(report.id).await.unwrap().unwrap();
    assert!(!case.status.is_closed());
    let page = town.get(&format!("/nl/t/{}?again=1", report.token)).await.text();
    assert!(page.contains("weer open") && page.contains("nog een put"));
    assert_eq!(town.get(&path).await.location(), format!("/nl/t/{}", report.token));
}

#[tokio::test]
async fn a_question_is_answered_without_javascript() {
    use axum::{body::Body, http::Request};
    use schemas::{case::Status, event::What};
    let town = Town::open().await;
    let report = town.report("put").await;
    let asked = What::Asked { department: town.fetcher(), text: "Aan <welke> kant?".into() };
    town.case(&report, Status::Waiting, vec![asked]).await;
    let track = format!("/nl/t/{}", report.token);
    let path = format!("{track}/reply");
    let send = |body: String| {
        Request::post(&path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .unwrap()
    };
    let page = town.get(&track).await.text();
    assert!(page.contains("Aan &lt;welke&gt; kant?") && page.contains("name=\"asked\" value=\"2\""), "{page}");
    for body in ["asked=2&words=+".to_owned(), format!("asked=2&words={}", "x".repeat(2001))] {
        let wrong = town.ask(send(body)).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.text().contains("id=\"reply-error\"") && wrong.text().contains("aria-invalid"));
    }
    let old = town.ask(send("asked=1&words=links".to_owned())).await;
    assert_eq!(old.status, 422);
    assert!(
        old.text().contains("iets anders gevraagd") && old.text().contains("\nlinks</textarea>"),
        "nothing is lost"
    );
    for _ in 0..2 {
        let answer = town.ask(send("asked=2&words=links".to_owned())).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("{track}?replied=1").as_str()));
    }
    let page = town.get(&format!("{track}?replied=1")).await.text();
    assert!(page.contains("krijgt uw antwoord") && page.contains("links") && !page.contains("reply-words"));
    let late = town.ask(send("asked=2&words=toch+rechts".to_owned())).await;
    assert_eq!(late.status, 422);
    assert!(late.text().contains("wacht niet meer") && late.text().contains("toch rechts"), "nothing is lost");
    assert_eq!(town.get(&path).await.location(), track);
}

#[tokio::test]
async fn bodies_that_are_no_forms() {
    use axum::{body::Body, http::Request};
    let town = Town::open().await;
    let huge = vec![b'x'; 81 * 1024 * 1024];
    let many = vec!["a=b"; 300].join("&");
    let rows: Vec<(&str, Body, u16)> = vec![
        ("text/plain", Body::from("x"), 415),
        ("application/json", Body::from("{}"), 415),
        ("multipart/form-data", Body::from("x"), 400),
        (
            "multipart/form-data; boundary=x",
            Body::from("--x\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\ncut"),
            400,
        ),
        ("multipart/form-data; boundary=x", Body::from(huge), 413),
        ("application/x-www-form-urlencoded", Body::from(many), 413),
    ];
    for (kind, body, status) in rows {
        let request = Request::post("/en/report").header("content-type", kind).body(body).unwrap();
        let answer = town.ask(request).await;
        assert_eq!(answer.status, status, "{kind}: {}", answer.text());
        assert!(answer.text().contains("<html lang=\"en\">"), "{kind}: a page for people");
    }
    assert_eq!(town.store.count().await.unwrap().reports, 0);
}
