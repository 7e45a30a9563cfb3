//! The suggestion of a category: on the page, by the API, and nowhere when the city wants none.

use super::{Town, pages::check};
use schemas::report::Language;

/// As a browser reads an address.
fn plain(html: &str) -> String {
    html.replace("&#x3D;", "=")
}

#[tokio::test]
async fn words_come_first_and_the_person_chooses() {
    let town = Town::open().await;
    for (language, query, category, words) in [
        (Language::NL, "er zit een RAT in mijn kelder", "dieren/ratten", "“RAT”"),
        (Language::FR, "le lampadaire clignote", "licht/lamp", "“lampadaire”"),
        (Language::EN, "the swing in the playground is loose", "plein/speeltuig", "“playground”"),
    ] {
        let lang = language.as_str();
        let path = format!("/{lang}/report?q={}", query.replace(' ', "%20"));
        let html = town.get(&path).await.text();
        check(&path, &html, lang);
        let html = plain(&html);
        let suggested = html.split("aria-labelledby=\"suggested\"").nth(1).unwrap();
        let first = suggested.split("<li>").nth(1).unwrap().split("</li>").next().unwrap();
        assert!(first.contains(&format!("/{lang}/report?category={category}\"")), "{query}: {first}");
        assert!(first.contains(words), "{query}: {first}");
        // What is suggested is not offered a second time.
        assert_eq!(html.matches(&format!("report?category={category}\"")).count(), 1, "{query}");
    }
    // The reason is what the person wrote, as words.
    let html = town.get("/nl/report?q=%3Cscript%3Erat%3C/script%3E").await.text();
    check("script", &html, "nl");
    assert!(html.contains("“rat”"));
    // The kind that was chosen is kept.
    let html = plain(&town.get("/nl/report?q=ratten&kind=question").await.text());
    assert!(html.contains("report?category=dieren/ratten&amp;kind=question\""), "{html}");
    let nothing = town.get("/nl/report?q=zzzz").await.text();
    assert!(!nothing.contains("id=\"suggested\"") && nothing.contains("Daar vonden we niets voor"), "{nothing}");
}

#[tokio::test]
async fn an_answer_that_is_ready_is_shown_first() {
    let town = Town::open().await;
    for (query, article) in [("ik ga verhuizen", "verhuizen"), ("perdu carte d'identité", "identiteitskaart-kwijt")] {
        let html = town.get(&format!("/fr/report?q={}", query.replace(' ', "%20"))).await.text();
        check(query, &html, "fr");
        let ready = html.split("aria-labelledby=\"ready\"").nth(1).unwrap().split("</section>").next().unwrap();
        assert!(ready.contains(&format!("/fr/answers/{article}\"")), "{query}: {ready}");
    }
    assert!(!town.get("/nl/report?q=rat").await.text().contains("id=\"ready\""));
}

#[tokio::test]
async fn channels_ask_the_same() {
    let town = Town::open().await;
    let answer = town.post_json("/api/v1/suggest", r#"{"words": "Il y a un rat dans la cave"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let first = &answer.json()["suggestions"][0];
    assert_eq!((first["category"].as_str(), first["words"][0].as_str()), (Some("dieren/ratten"), Some("rat")));
    assert!(first["share"].as_f64().unwrap() > 0.5 && first["names"]["en"] == "Rats" && first["kind"] == "report");
    let many = town.post_json("/api/v1/suggest", r#"{"words": "rook en lawaai van de buren", "most": 1}"#).await;
    assert_eq!(many.json()["suggestions"].as_array().unwrap().len(), 1);
    let none = town.post_json("/api/v1/suggest", r#"{"words": "zzzz"}"#).await;
    assert_eq!((none.status.as_u16(), none.json()["suggestions"].as_array().unwrap().len()), (200, 0));
    let long = format!(r#"{{"words": "{}"}}"#, "rat ".repeat(30_000));
    for (body, status, field) in [
        (r#"{"words": " "}"#, 422, "words"),
        (r#"{"words": "rat", "most": 0}"#, 422, "most"),
        (r#"{"words": "rat", "must": 2}"#, 400, ""),
        ("rat", 400, ""),
        ("", 400, ""),
        (long.as_str(), 413, ""),
    ] {
        let answer = town.post_json("/api/v1/suggest", body.to_owned()).await;
        let short: String = body.chars().take(40).collect();
        assert_eq!(answer.status, status, "{short}: {}", answer.text());
        if !field.is_empty() {
            assert_eq!(answer.json()["errors"][0]["field"], field, "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_city_that_wants_no_suggestion_has_none() {
    let town = Town::open_in(|files| {
        let city = files["city.yaml"].replace("suggest: true", "suggest: false");
        files.insert("city.yaml".into(), city.into());
    })
    .await;
    assert_eq!(town.post_json("/api/v1/suggest", r#"{"words": "rat"}"#).await.status, 404);
    let html = town.get("/nl/report?q=ratten").await.text();
    check("off", &html, "nl");
    assert!(
        !html.contains("id=\"suggested\"") && plain(&html).contains("report?category=dieren/ratten\""),
        "the search stays"
    );
}
