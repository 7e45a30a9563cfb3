//! What the city hands to others: only what is public, whole, in pages, unchanged until something changes.

use super::{Town, now};
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use schemas::{
    case::Status,
    city::Files,
    event::What,
    report::{Kind, Report},
};
use store::{Rating, Score};

const ITEMS: &str = "/api/ogc/collections/cases/items";

/// Cases at every status, and others that nobody may know of.
async fn town() -> (Town, Vec<Report>) {
    let town = Town::open_in(|_: &mut Files| {}).await;
    let mut public = Vec::new();
    for status in [Status::Routed, Status::Planned, Status::Solved, Status::Declined, Status::Referred] {
        let report = town.report(&format!("SECRET words, {status}")).await;
        town.case(&report, status, Vec::new()).await;
        public.push(report);
    }
    let complaint = town.report_of(Some(Kind::Complaint), "SECRET complaint").await;
    town.case(&complaint, Status::Routed, Vec::new()).await;
    let duplicate = town.report("SECRET duplicate").await;
    town.case(&duplicate, Status::Duplicate, Vec::new()).await;
    (town, public)
}

/// Every reference that stands in `text`, once.
fn told(text: &str, all: &[Report]) -> usize {
    all.iter().filter(|report| text.contains(&report.reference.digits())).count()
}

#[tokio::test]
async fn public_cases_are_handed_out_and_nothing_else() {
    let (town, public) = town().await;
    let features = town.get(ITEMS).await;
    assert_eq!((features.status, features.header("content-type")), (StatusCode::OK, "application/geo+json"));
    let json = features.json();
    assert_eq!((json["numberMatched"].as_u64(), json["numberReturned"].as_u64()), (Some(5), Some(5)));
    assert_eq!(json["type"], "FeatureCollection");
    for feature in json["features"].as_array().unwrap() {
        assert_eq!(
            (feature["type"].as_str(), feature["geometry"].is_null()),
            (Some("Feature"), true),
            "no place was told"
        );
        let properties = &feature["properties"];
        assert!(properties["words"].is_null() && properties["photos"].as_array().unwrap().is_empty());
        assert_eq!(properties["category"], "wegen/put");
        assert!(properties["page"].as_str().unwrap().starts_with("https://voordeur.example/nl/case/"));
    }
    for path in [ITEMS, "/open/cases.csv", "/open/nl/cases.atom", "/open/figures.json", "/open/figures.csv"] {
        let answer = town.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = answer.text();
        assert!(!text.contains("SECRET"), "{path}: {text}");
        assert!(!text.contains("complaint"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        if !path.contains("figures") {
            assert_eq!(told(&text, &public), 5, "{path}: {text}");
        }
    }
    // What is not public is not there by its number either, and pages of people are read by nobody else.
    let one = town.get(&format!("{ITEMS}/{}", public[0].reference.digits())).await;
    assert_eq!((one.status, one.json()["id"].as_str()), (StatusCode::OK, Some(public[0].reference.digits().as_str())));
    assert_eq!(town.get("/nl").await.header("access-control-allow-origin"), "");
    for name in ["12345678", "x", "00000000"] {
        let missing = town.get(&format!("{ITEMS}/{name}")).await;
        assert_eq!(
            (missing.status, missing.header("content-type")),
            (StatusCode::NOT_FOUND, "application/problem+json")
        );
    }
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let (town, public) = town().await;
    let (mut path, mut seen) = (format!("{ITEMS}?limit=2&category=wegen"), Vec::new());
    for page in 1.. {
        let answer = town.get(&path).await;
        let json = answer.json();
        assert_eq!(json["numberMatched"].as_u64(), Some(5));
        let ids = json["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned());
        seen.extend(ids);
        let next = json["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next");
        let Some(next) = next.map(|link| link["href"].as_str().unwrap().to_owned()) else {
            assert_eq!((page, answer.header("link")), (3, ""));
            break;
        };
        assert_eq!(answer.header("link"), format!("<{next}>; rel=\"next\""));
        assert!(next.contains("limit=2") && next.contains("category=wegen"), "{next}");
        path = next.strip_prefix("https://voordeur.example").unwrap().to_owned();
        // What comes in between moves nothing.
        let report = town.report("between").await;
        town.case(&report, Status::Duplicate, Vec::new()).await;
    }
    seen.sort();
    let mut all: Vec<String> = public.iter().map(|report| report.reference.digits()).collect();
    all.sort();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn what_somebody_wants_is_found() {
    let (town, _) = town().await;
    let matched = async |query: &str| town.get(&format!("{ITEMS}?{query}")).await.json()["numberMatched"].as_u64();
    assert_eq!(matched("status=open").await, Some(2));
    assert_eq!(matched("status=closed").await, Some(3));
    assert_eq!(matched("status=solved").await, Some(1));
    assert_eq!(matched("category=wegen/put&kind=report").await, Some(5));
    assert_eq!(matched("datetime=2026-11-23").await, Some(5));
    assert_eq!(matched("datetime=../2026-11-22").await, Some(0));
    assert_eq!(matched("bbox=3,50,4,51").await, Some(0), "no place was told");
    for query in
        ["bbox=1,2", "datetime=x", "limit=0", "limit=x", "after=x", "unknown=1", "kind=complaint", "category=x"]
    {
        for path in [ITEMS, "/open/cases.csv", "/open/nl/cases.atom"] {
            let wrong = town.get(&format!("{path}?{query}")).await;
            assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{path}?{query}");
            let name = query.split('=').next().unwrap();
            assert_eq!(wrong.json()["errors"][0]["field"], name, "{path}?{query}");
        }
    }
    assert_eq!(town.get("/open/de/cases.atom").await.status, StatusCode::NOT_FOUND);
    assert_eq!(town.get("/open/figures.json?from=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_has_it_already_gets_nothing_until_it_changes() {
    let (town, public) = town().await;
    for path in [ITEMS, "/open/cases.csv", "/open/nl/cases.atom", "/open/figures.json"] {
        let first = town.get(path).await;
        let mark = first.header("etag").to_owned();
        assert!(mark.starts_with("W/\"") && first.header("cache-control").contains("max-age=60"), "{path}");
        let again = async || {
            let request = Request::get(path).header("if-none-match", &mark).body(Body::empty()).unwrap();
            town.ask(request).await.status
        };
        assert_eq!(again().await, StatusCode::NOT_MODIFIED, "{path}");
        // What nobody may know of changes nothing that anybody could see.
        let hidden = town.report_of(Some(Kind::Complaint), "not for others").await;
        town.case(&hidden, Status::Routed, Vec::new()).await;
        assert_eq!(again().await, StatusCode::NOT_MODIFIED, "{path}");
        let new = town.report("one more").await;
        town.case(&new, Status::Routed, Vec::new()).await;
        assert_eq!(again().await, StatusCode::OK, "{path}");
    }
    let asked = Request::options(ITEMS).header("origin", "https://a.example").body(Body::empty()).unwrap();
    let may = town.ask(asked).await;
    assert_eq!(
        (may.status, may.header("access-control-allow-headers")),
        (StatusCode::NO_CONTENT, "if-none-match, accept")
    );
    assert!(town.get(ITEMS).await.header("last-modified").ends_with("GMT"));
    assert_eq!(public.len(), 5);
}

#[tokio::test]
async fn what_becomes_private_is_gone_at_once() {
    let (town, public) = town().await;
    assert_eq!(town.get(ITEMS).await.json()["numberMatched"], 5);
    let private = town.city.categories.iter().find(|c| c.publicity == schemas::city::Publicity::Private).unwrap();
    let mut tx = town.store.begin().await.unwrap();
    tx.correct_category(public[0].id, &private.id, "somebody").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(town.get(ITEMS).await.json()["numberMatched"], 4);
    assert!(!town.get("/open/cases.csv").await.text().contains(&public[0].reference.digits()));
    assert_eq!(town.get("/open/figures.json").await.json()["total"]["opened"], 4);
}

#[tokio::test]
async fn the_standard_is_kept() {
    let town = Town::open().await;
    let landing = town.get("/api/ogc").await.json();
    let rels: Vec<&str> = landing["links"].as_array().unwrap().iter().map(|l| l["rel"].as_str().unwrap()).collect();
    for rel in ["self", "service-desc", "service-doc", "conformance", "data"] {
        assert!(rels.contains(&rel), "{rel}");
    }
    for link in landing["links"].as_array().unwrap() {
        let path = link["href"].as_str().unwrap().strip_prefix("https://voordeur.example").unwrap();
        assert_eq!(town.get(path).await.status, StatusCode::OK, "{path}");
    }
    let classes = town.get("/api/ogc/conformance").await.json()["conformsTo"].to_string();
    assert!(classes.contains("conf/core") && classes.contains("conf/geojson"), "{classes}");
    let list = town.get("/api/ogc/collections").await.json();
    assert_eq!(list["collections"][0], town.get("/api/ogc/collections/cases").await.json());
    let bbox = &list["collections"][0]["extent"]["spatial"]["bbox"][0];
    assert!(bbox[0].as_f64().unwrap() < bbox[2].as_f64().unwrap());
    let empty = town.get(ITEMS).await.json();
    assert_eq!((empty["numberMatched"].as_u64(), empty["features"].as_array().unwrap().len()), (Some(0), 0));
    assert_eq!(town.get("/open/cases.csv").await.text().lines().count(), 1);
}

#[tokio::test]
async fn the_pages_of_data_and_figures_are_whole() {
    let (town, public) = town().await;
    for lang in ["nl", "fr", "en"] {
        for page in [
            "open-data",
            "figures",
            "figures?from=2026-11&until=2026-11&category=wegen",
            "figures?from=2020-01&until=2020-02",
        ] {
            let path = format!("/{lang}/{page}");
            let answer = town.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            super::pages::check(&path, &answer.text(), lang);
        }
    }
    let page = town.get("/en/figures").await.text();
    assert!(page.contains("<svg class=\"chart\"") && page.contains("<dd>5</dd>"), "{page}");
    assert_eq!(
        page.matches("<svg class=\"chart\"").count(),
        page.matches("<table").count(),
        "each chart has its table"
    );
    assert!(town.get("/en/figures?from=2020-01&until=2020-02").await.text().contains("Nothing came in"));
    for query in ["from=x", "from=2026-12&until=2026-01", "area=nowhere", "category=x"] {
        let wrong = town.get(&format!("/en/figures?{query}")).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{query}");
        super::pages::check(query, &wrong.text(), "en");
        assert!(wrong.text().contains("role=\"alert\""), "{query}");
    }
    // A link from a newsletter carries more than it should.
    assert_eq!(town.get("/en/figures?utm_source=news&area=").await.status, StatusCode::OK);
    let data = town.get("/en/open-data").await.text();
    assert!(data.contains("CC0 1.0") && data.contains("https://voordeur.example/open/cases.csv"), "{data}");
    assert_eq!(public.len(), 5);
}

#[tokio::test]
async fn only_who_is_named_may_hold_the_page_in_a_frame() {
    let (town, public) = town().await;
    let page = town.get("/nl/embed?category=wegen").await;
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cross-origin-resource-policy"), "same-origin");
    super::pages::check("/nl/embed", &page.text(), "nl");
    assert_eq!(told(&page.text(), &public), 5);
    assert!(
        page.text().contains("https://voordeur.example/nl/report?group&#x3D;wegen\" target=\"_top\""),
        "{}",
        page.text()
    );
    assert_eq!(town.get("/nl/embed?category=x").await.status, StatusCode::BAD_REQUEST);

    let allow = |files: &mut Files| {
        let text = files["city.yaml"].replace("embed: {allow: []}", "embed: {allow: [\"https://www.stad.example\"]}");
        files.insert("city.yaml".to_owned(), text.into());
    };
    let town = Town::open_in(allow).await;
    for lang in ["nl", "fr", "en"] {
        let page = town.get(&format!("/{lang}/embed")).await;
        assert!(page.header("content-security-policy").ends_with("frame-ancestors https://www.stad.example"));
        assert_eq!(page.header("cross-origin-resource-policy"), "cross-origin");
        super::pages::check("embed", &page.text(), lang);
    }
    // Every other page is in nobody's frame.
    assert!(town.get("/nl").await.header("content-security-policy").contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn a_link_fills_in_the_form() {
    let town = Town::open().await;
    let query =
        "category=wegen/put&words=Put%20voor%20%3Cb%3Ede%20deur&address=Grote%20Markt%201&lat=50.8279&lon=3.2649";
    let page = town.get(&format!("/nl/report?{query}")).await.text();
    super::pages::check("/nl/report", &page, "nl");
    for text in ["Put voor &lt;b&gt;de deur", "value=\"Grote Markt 1\"", "value=\"50.8279\"", "value=\"3.2649\""] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let odd = town.get("/nl/report?category=wegen/put&lat=north&lon=%22%3E&words=").await;
    assert_eq!(odd.status, StatusCode::OK);
    assert!(!odd.text().contains("north"));
    // Without a category it is carried on through every step, and its words propose some.
    let query = "words=Put%20voor%20de%20deur&address=Grote%20Markt%201&lat=50.8279&lon=3.2649";
    let begin = town.get(&format!("/nl/report?{query}")).await.text();
    super::pages::check("/nl/report", &begin, "nl");
    assert!(begin.contains("type=\"hidden\" name=\"address\" value=\"Grote Markt 1\""), "{begin}");
    let links = |page: &str, to: &str| -> Vec<String> {
        let plain = page.replace("&amp;", "&").replace("&#x3D;", "=");
        let hrefs = plain.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        hrefs.filter(|href| href.starts_with(to) && href.contains("words=")).collect()
    };
    for to in ["/nl/report?group=", "/nl/report?category=", "/fr/report?"] {
        let all = links(&begin, to);
        assert!(!all.is_empty() && all.iter().all(|href| href.contains("lat=50.8279")), "{to}: {all:?}");
    }
    let group = town.get(&links(&begin, "/nl/report?group=wegen")[0]).await.text();
    let form = town.get(&links(&group, "/nl/report?category=wegen/put")[0]).await.text();
    for text in ["Put voor de deur</textarea>", "value=\"Grote Markt 1\"", "value=\"3.2649\""] {
        assert!(form.contains(text), "{text}: {form}");
    }
    let long = "x".repeat(20_000);
    assert_eq!(town.get(&format!("/nl/report?category=wegen/put&words={long}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_people_say_is_told_of_five_or_more() {
    let town = Town::open().await;
    for n in 0..6 {
        let report = town.report(&format!("report {n}")).await;
        town.case(&report, Status::Solved, Vec::new()).await;
        let score = if n < 4 { Score::Good } else { Score::Poor };
        let rating = Rating { report: report.id, department: town.fetcher(), category: report.category.clone(), score };
        town.store.rate(&rating).await.unwrap();
        let total = town.get("/open/figures.json").await.json()["total"].clone();
        let told = (n >= 4).then_some(n + 1);
        assert_eq!(total["rated"].as_u64(), told, "after {} people", n + 1);
        assert_eq!(total["rated_good"].as_u64(), told.map(|_| 4));
        for lang in ["nl", "fr", "en"] {
            let page = town.get(&format!("/{lang}/figures")).await.text();
            super::pages::check("figures", &page, lang);
            assert_eq!(page.contains("id=\"ratings\""), told.is_some());
        }
    }
    let sheet = town.get("/open/figures.csv").await.text();
    assert!(sheet.lines().next().unwrap().ends_with(",rated,rated_good,rated_fair,rated_poor"));
    assert!(sheet.lines().nth(1).unwrap().ends_with(",6,4,0,2"), "{sheet}");
}

#[tokio::test]
async fn what_was_contested_is_counted_once() {
    let town = Town::open().await;
    let report = town.report("contested").await;
    let reopened = What::Reopened { text: Some("PRIVATE".into()), of: None };
    town.case(&report, Status::Routed, vec![reopened.clone(), reopened]).await;
    let figures = town.get("/open/figures.json").await;
    assert_eq!(figures.json()["total"]["contested"], 1);
    assert!(!figures.text().contains("PRIVATE"));
    assert_eq!(now().to_string().get(..4), figures.json()["of"].as_str().unwrap().get(..4));
}
