//! How somebody chooses to be told, by the link below a notice.

use super::{Answer, Town, attribute};
use axum::{body::Body, http::Request};

/// Where a page says that a choice was kept.
const SAVED: &str = "utrecht-alert--ok\" role=\"status\"";

impl Town {
    async fn choose(&self, path: &str, site: &str, body: &str) -> Answer {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .header("origin", "https://elders.example");
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

#[tokio::test]
async fn choices_are_kept_shown_and_undone() {
    let town = Town::open().await;
    let (report, link) = town.noticed("vijf", "jo.peeters@example.org").await;
    let here = format!("/nl{link}/choices");
    let wishes = town.get(&format!("/nl{link}")).await.text();
    assert!(wishes.contains(&format!("href=\"{here}\"")), "{wishes}");
    for language in ["nl", "fr", "en"] {
        let page = town.get(&format!("/{language}{link}/choices")).await;
        assert_eq!((page.status.as_u16(), page.header("x-robots-tag")), (200, "noindex, nofollow"));
        let html = page.text();
        assert!(html.contains("j…@e….org") && !html.contains("peeters") && !html.contains(&report.token), "{html}");
        assert!(html.contains("21:30-07:00"), "the hours of the city");
        assert!(html.contains("id=\"rhythm-at_once\" name=\"rhythm\" value=\"at_once\" checked"), "{html}");
    }
    let answer = town.choose(&here, "same-origin", "language=fr&rhythm=daily&from=20%3A00&until=09%3A00").await;
    assert_eq!(
        (answer.status.as_u16(), answer.location()),
        (303, format!("/fr{link}/choices?was={}.at_once..", report.language.as_str()).as_str())
    );
    let html = town.get(answer.location()).await.text();
    assert!(html.contains("Enregistré.") && html.contains("value=\"daily\" checked"), "{html}");
    assert_eq!(attribute(&html, "id=\"hours-from\"", "value"), "20:00");
    assert_eq!(attribute(&html, SAVED, "action"), format!("/fr{link}/choices"));
    // Undo: what the hidden fields say.
    let undo = format!("language={}&rhythm=at_once&from=&until=", report.language.as_str());
    let answer = town.choose(&here, "same-origin", &undo).await;
    assert!(answer.location().ends_with("?was=fr.daily.2000.0900"), "{}", answer.location());
    let html = town.get(&here).await.text();
    assert!(html.contains("value=\"at_once\" checked") && !html.contains(SAVED), "{html}");
}

#[tokio::test]
async fn what_does_not_do_is_said_and_changes_nothing() {
    let town = Town::open().await;
    let (_, link) = town.noticed("zes", "jo@example.org").await;
    let here = format!("/en{link}/choices");
    for (body, status, words) in [
        ("language=en&rhythm=daily&from=22%3A00&until=", 422, "Write both hours, or neither."),
        ("language=en&rhythm=daily&from=22%3A00&until=22%3A00", 422, "These are no quiet hours."),
        ("language=en&rhythm=daily&from=soon&until=later", 422, "These are no quiet hours."),
        ("language=de&rhythm=daily", 400, ""),
        ("language=en&rhythm=hourly", 400, ""),
        ("", 400, ""),
    ] {
        let answer = town.choose(&here, "same-origin", body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
        assert!(answer.text().contains(words), "{body}: {}", answer.text());
        if status == 422 {
            assert!(answer.text().contains("value=\"daily\" checked"), "what they chose is still there");
        }
    }
    assert_eq!(town.choose(&here, "cross-site", "language=en&rhythm=daily").await.status, 403);
    let html = town.get(&here).await.text();
    assert!(html.contains("value=\"at_once\" checked"), "nothing was changed");
    for wrong in ["/en/u/x/choices", "/xx/u/x/choices"] {
        assert_eq!(town.get(wrong).await.status, 404);
        assert_eq!(town.choose(wrong, "same-origin", "language=en&rhythm=daily").await.status, 404);
    }
    // A link that somebody made up offers nothing to undo.
    for was in ["", "x", "de.daily..", "en.daily.9.9", "en.daily.<b>.<i>", "en.daily.2200.2200", "..........."] {
        let html = town.get(&format!("{here}?was={}", was.replace('<', "%3C").replace('>', "%3E"))).await.text();
        assert!(!html.contains(SAVED), "{was}");
    }
}
