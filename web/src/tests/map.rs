//! The public map: that what is not public is nowhere on it, and that its addresses say what they are asked.

use super::{Answer, Town, now, pages::check};
use adapters::near::block;
use axum::{
    body::Body,
    http::{Request, header},
};
use schemas::{
    case::Status,
    city::Publicity,
    held::Reason,
    place::{Place, Point},
    report::{Kind, Report, TRIAL_CHANNEL},
    slug::CategoryId,
    trace::Trace,
};
use std::time::Duration;

/// The belfry on the Grote Markt.
const BELFRY: Point = Point { lat: 50.82780, lon: 3.26450 };
/// In Heule.
const HEULE: Point = Point { lat: 50.8360, lon: 3.2380 };

impl Town {
    /// A report that is not decided yet, changed before it is kept.
    async fn placed(&self, at: Point, change: impl FnOnce(&mut store::NewReport)) -> Report {
        let mut report = self.report("Geheime woorden van Jan").await;
        report.id = self.store.ids().new_id();
        report.reference = self.store.references(1).await.unwrap()[0];
        report.token = format!("t{}", report.reference.digits());
        report.place = Place { point: Some(at), address: Some("Geheime Straat 1".into()), ..Place::default() };
        let (trace, noticed) = (Trace::start(), Default::default());
        let digest = String::new();
        let mut new = store::NewReport { report, contact: None, digest, route: false, trace, noticed };
        change(&mut new);
        let report = new.report.clone();
        self.store.accept(new).await.unwrap();
        report
    }

    /// A public report at `at`, and its case.
    async fn public(&self, at: Point, category: &str, status: Status) -> Report {
        let category = CategoryId::new(category).unwrap();
        let report = self.placed(at, |new| new.report.category = category).await;
        self.case(&report, status, Vec::new()).await;
        report
    }

    /// How many cases a tile counts.
    async fn in_tile(&self, address: &str) -> u64 {
        let answer = self.get(address).await;
        assert_eq!(answer.status, 200, "{address}: {}", answer.text());
        crate::map::mvt::tests::points(&answer.bytes).iter().map(|point| point.n()).sum()
    }
}

/// The address of the tile that holds `point`.
fn tile(z: u8, point: Point) -> String {
    let (x, y) = crate::map::dots::tile_of(z, point).unwrap();
    format!("/map/cases/{z}/{x}/{y}")
}

/// Everything of the map that anybody can read.
async fn everything(town: &Town) -> Vec<(String, Answer)> {
    let mut addresses: Vec<String> = (0..=16).map(|z| format!("{}?status=all", tile(z, BELFRY))).collect();
    addresses.extend(
        ["", "?status=all", "?status=solved", "?area=kortrijk", "?box=3,50,4,51&status=all"]
            .map(|q| format!("/nl/map{q}")),
    );
    addresses.extend(["/map/areas.geojson", "/map/style.json"].map(str::to_owned));
    let mut all = Vec::new();
    for address in addresses {
        let answer = town.get(&address).await;
        assert_eq!(answer.status, 200, "{address}");
        all.push((address, answer));
    }
    all
}

#[tokio::test]
async fn what_is_not_public_is_nowhere_on_the_map() {
    let town = Town::open().await;
    let public = town.public(BELFRY, "wegen/put", Status::Routed).await;
    let before = everything(&town).await;
    let of = |publicity: Publicity| town.city.categories.iter().find(|c| c.publicity == publicity).unwrap().id.clone();
    let (area, private) = (of(Publicity::Area), of(Publicity::Private));
    let mut hidden = Vec::new();
    for category in [area.clone(), private.clone()] {
        hidden.push(town.placed(BELFRY, |new| new.report.category = category).await);
    }
    hidden.push(town.placed(BELFRY, |new| new.report.kind = Kind::Complaint).await);
    hidden.push(town.placed(BELFRY, |new| new.report.channel = TRIAL_CHANNEL.parse().unwrap()).await);
    let hold = store::Hold { reasons: vec![Reason::Blocked], until: now() + Duration::from_secs(600), passes: false };
    hidden.push(town.placed(BELFRY, |new| new.noticed.hold = Some(hold)).await);
    for report in &hidden {
        town.case(report, Status::Routed, Vec::new()).await;
    }
    // One whose lead is confidential, one that goes on in another, and one that nobody decided yet.
    for (confidential, status) in [(true, Status::Routed), (false, Status::Duplicate)] {
        let report = town.placed(BELFRY, |_| {}).await;
        town.case(&report, status, Vec::new()).await;
        if confidential {
            let lead = town.city.departments.iter().find(|department| department.confidential).unwrap().id.clone();
            let mut case = town.store.case(report.id).await.unwrap().unwrap();
            case.lead = Some(lead);
            let mut tx = town.store.begin().await.unwrap();
            tx.save_cases(&[case]).await.unwrap();
            tx.commit().await.unwrap();
        }
        hidden.push(report);
    }
    hidden.push(town.placed(BELFRY, |_| {}).await);
    for ((address, was), (_, is)) in before.iter().zip(everything(&town).await) {
        assert_eq!(was.bytes, is.bytes, "{address}: as if they were not there");
        assert_eq!(was.header("etag"), is.header("etag"), "{address}");
        let text = is.text();
        for report in &hidden {
            assert!(!text.contains(&report.reference.digits().to_string()), "{address}");
        }
        assert!(
            !text.contains("Geheime") && !text.contains(area.as_str()) && !text.contains(private.as_str()),
            "{address}"
        );
    }
    for category in [area, private] {
        let group = category.group();
        for query in [format!("category={category}&status=all"), format!("kind=complaint&category={group}&status=all")]
        {
            assert_eq!(town.in_tile(&format!("/map/cases/0/0/0?{query}")).await, 0, "{query}");
        }
    }
    assert_eq!(town.in_tile("/map/cases/0/0/0").await, 1);
    let point = &crate::map::mvt::tests::points(&town.get(&tile(16, BELFRY)).await.bytes)[0];
    assert_eq!(point.properties["ref"], public.reference.digits().to_string());
    let names: Vec<&str> = {
        let mut names: Vec<&str> = point.properties.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names, ["category", "day", "n", "ref", "stage"]);
}

#[tokio::test]
async fn what_is_hidden_later_is_gone_at_once() {
    let town = Town::open().await;
    let report = town.public(BELFRY, "wegen/put", Status::Routed).await;
    assert_eq!(town.in_tile(&tile(16, BELFRY)).await, 1);
    // Somebody of the city says that it is about something private after all.
    let private = town.city.categories.iter().find(|c| c.publicity == Publicity::Private).unwrap().id.clone();
    let mut tx = town.store.begin().await.unwrap();
    tx.correct_category(report.id, &private, "An").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(town.in_tile(&tile(16, BELFRY)).await, 0);
    assert!(!town.get("/nl/map").await.text().contains(&report.reference.to_string()));
    let mut tx = town.store.begin().await.unwrap();
    tx.correct_category(report.id, &"wegen/put".parse().unwrap(), "An").await.unwrap();
    let mut case = tx.lock_cases(&[report.id]).await.unwrap().remove(&report.id).unwrap();
    (case.status, case.closed_at) = (Status::Solved, Some(now()));
    tx.save_cases(&[case]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(town.in_tile(&tile(16, BELFRY)).await, 0, "it is done");
    assert_eq!(town.in_tile(&format!("{}?status=solved", tile(16, BELFRY))).await, 1);
}

#[tokio::test]
async fn no_place_is_finer_than_a_block() {
    let town = Town::open().await;
    town.public(BELFRY, "wegen/put", Status::Routed).await;
    let there = Point { lat: BELFRY.lat + 0.0001, lon: BELFRY.lon + 0.0001 };
    assert_eq!(block(there), block(BELFRY), "or this tests nothing");
    town.public(there, "wegen/put", Status::Routed).await;
    let points = crate::map::mvt::tests::points(&town.get(&tile(16, BELFRY)).await.bytes);
    assert_eq!((points.len(), points[0].n()), (1, 2), "they stand at one place");
}

#[tokio::test]
async fn filters_stand_in_the_address() {
    let town = Town::open().await;
    let put = town.public(BELFRY, "wegen/put", Status::Routed).await;
    let other =
        town.city.categories.iter().find(|c| c.publicity == Publicity::Public && c.id.group() != "wegen").unwrap();
    let lamp = town.public(HEULE, other.id.as_str(), Status::Planned).await;
    let done = town.public(HEULE, "wegen/put", Status::Solved).await;
    let day = town.city.calendar.date(now());
    let next = day.tomorrow().unwrap();
    for (query, expected) in [
        (String::new(), vec![&lamp, &put]),
        ("status=all".into(), vec![&put, &lamp, &done]),
        ("status=planned".into(), vec![&lamp]),
        ("status=solved".into(), vec![&done]),
        ("status=ended".into(), vec![]),
        ("category=wegen%2Fput".into(), vec![&put]),
        ("category=wegen&status=all".into(), vec![&put, &done]),
        (format!("category={}", other.id.group()), vec![&lamp]),
        ("category=nothing".into(), vec![]),
        ("area=heule&status=all".into(), vec![&lamp, &done]),
        ("area=atlantis".into(), vec![]),
        ("kind=report&area=kortrijk".into(), vec![&put]),
        ("kind=question".into(), vec![]),
        ("kind=x".into(), vec![]),
        (format!("since={day}&until={day}"), vec![&put, &lamp]),
        (format!("since={next}"), vec![]),
        ("until=2020-01-01".into(), vec![]),
        ("box=3.26,50.82,3.27,50.83".into(), vec![&put]),
    ] {
        let html = town.get(&format!("/nl/map?{query}")).await.text();
        check(&query, &html, "nl");
        for report in [&put, &lamp, &done] {
            let is_there = html.contains(&format!("/nl/case/{}", report.reference.digits()));
            assert_eq!(is_there, expected.contains(&report), "{query}: {}", report.reference);
        }
        assert_eq!(html.contains("Hier is niets gemeld"), expected.is_empty(), "{query}");
        if !query.contains("box") {
            assert_eq!(town.in_tile(&format!("/map/cases/0/0/0?{query}")).await, expected.len() as u64, "{query}");
        }
    }
    let html = town.get("/nl/map?category=wegen%2Fput&area=heule&status=solved&since=2026-11-01").await.text();
    for chosen in ["wegen/put", "heule", "solved"] {
        assert!(html.contains(&format!("value=\"{chosen}\" selected")), "{chosen}");
    }
    assert!(html.contains("value=\"2026-11-01\"") && html.contains("<details class=\"more\" open>"));
    let french = "/fr/map?category=wegen%2Fput&amp;area=heule&amp;status=solved&amp;since=2026-11-01";
    assert!(html.replace("&#x3D;", "=").contains(french), "the same in another language: {html}");
}

#[tokio::test]
async fn the_list_has_pages() {
    let town = Town::open().await;
    for _ in 0..45 {
        town.public(BELFRY, "wegen/put", Status::Routed).await;
    }
    let page = async |query: &str| town.get(&format!("/nl/map?{query}")).await.text();
    let links = |html: &str| html.matches("class=\"map__item\"").count();
    let first = page("category=wegen").await;
    assert!(links(&first) == 20 && first.contains("45 meldingen") && first.contains("Bladzijde 1 van 3"), "{first}");
    assert!(
        first.replace("&#x3D;", "=").contains("/nl/map?category=wegen&amp;page=2#list")
            && !first.contains("rel=\"prev\"")
    );
    let last = page("page=3").await;
    assert!(links(&last) == 5 && !last.contains("rel=\"next\"") && last.contains("rel=\"prev\""));
    for query in ["page=9", "page=0", "page=-1", "page=99999999999999999999", "page=x"] {
        check(query, &page(query).await, "nl");
    }
    assert!(page("page=9").await.contains("Bladzijde 3 van 3"));
}

#[tokio::test]
async fn bad_addresses_are_told_and_break_nothing() {
    let town = Town::open().await;
    for tile in ["0/0/1", "18/0/0", "99/0/0", "x/0/0", "0/-1/0", "0/0/0.png", "300/0/0", "16/0/4294967296"] {
        assert_eq!(town.get(&format!("/map/cases/{tile}")).await.status, 404, "{tile}");
    }
    assert_eq!(town.get("/map/cases/0/0/0.mvt").await.status, 200);
    for (query, field) in
        [("since=gisteren", "since"), ("until=2026-13-01", "until"), ("status=weg", "status"), ("box=1,2", "main")]
    {
        assert_eq!(town.get(&format!("/map/cases/0/0/0?{query}")).await.status, 400, "{query}");
        for language in ["nl", "fr", "en"] {
            let page = town.get(&format!("/{language}/map?{query}")).await;
            assert_eq!(page.status, 422, "{query}");
            let html = page.text();
            check(query, &html, language);
            assert!(html.contains(&format!("href=\"#{field}\"")), "{query}");
        }
    }
    assert_eq!(town.get("/xx/map").await.status, 404);
    assert_eq!(town.get("/nl/map?since=%3Cb%3E&box=%00").await.status, 422);
}

#[tokio::test]
async fn tiles_are_asked_for_again_and_sent_once() {
    let town = Town::open().await;
    for n in 0..60 {
        let at = Point { lat: BELFRY.lat + f64::from(n) * 0.001, lon: BELFRY.lon };
        town.public(at, "wegen/put", Status::Routed).await;
    }
    let ask = async |path: &str, name: header::HeaderName, value: &str| {
        town.ask(Request::get(path).header(name, value).body(Body::empty()).unwrap()).await
    };
    let whole = town.get("/map/cases/12/2085/1374").await;
    assert_eq!(whole.header("content-type"), "application/vnd.mapbox-vector-tile");
    assert_eq!(whole.header("cache-control"), "public, no-cache");
    let tag = whole.header("etag").to_owned();
    assert!(tag.starts_with("W/\"") && tag.len() > 20, "{tag}");
    for known in [tag.clone(), format!("\"x\", {tag}"), tag.replace("W/", ""), "*".into()] {
        let again = ask("/map/cases/12/2085/1374", header::IF_NONE_MATCH, &known).await;
        assert_eq!((again.status.as_u16(), again.bytes.len(), again.header("etag")), (304, 0, tag.as_str()));
    }
    let other = ask("/map/cases/12/2085/1374?status=solved", header::IF_NONE_MATCH, &tag).await;
    assert_eq!(other.status, 200, "another filter is another tile");
    assert_ne!(other.header("etag"), tag);
    let small = ask("/map/areas.geojson", header::ACCEPT_ENCODING, "gzip").await;
    assert_eq!((small.header("content-encoding"), &small.bytes[..2]), ("gzip", &[0x1f, 0x8b][..]));
    let plain = town.get("/map/areas.geojson").await;
    assert!(small.bytes.len() < plain.bytes.len() / 2);
    let json = plain.json();
    assert_eq!(json["features"].as_array().unwrap().len(), town.city.areas.all().len());
    town.public(BELFRY, "wegen/put", Status::Routed).await;
    let changed = ask(&tile(12, BELFRY), header::IF_NONE_MATCH, &tag).await;
    assert_eq!(changed.status, 200);
}

#[tokio::test]
async fn the_base_map_is_the_citys_choice_and_no_other_host_is_let_in() {
    let town = Town::open().await;
    let page = town.get("/nl/map").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("worker-src 'self'") && !policy.contains("http") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(town.get("/map/base.pmtiles").await.status, 404);
    let style = town.get("/map/style.json").await.json();
    assert_eq!(style["version"], 8);
    assert_ne!(town.get("/map/style.json?dark").await.json(), style);
    let add = |line: &'static str| {
        move |files: &mut schemas::city::Files| {
            let text = format!("{}\n{line}\n", files["city.yaml"]);
            files.insert("city.yaml".into(), text.into());
        }
    };
    let town =
        Town::open_in(add("map: {raster: \"https://tiles.example/{z}/{x}/{y}.png\", attribution: [\"© <b>\"]}")).await;
    let page = town.get("/nl/map").await;
    let policy = page.header("content-security-policy");
    assert_eq!(policy.matches("https://").count(), 2, "{policy}");
    assert!(policy.contains("connect-src 'self' https://tiles.example;"), "{policy}");
    let worker = town.get("/assets/x/map-worker.js").await;
    assert!(worker.status == 404 || worker.header("content-security-policy") == policy);
    assert!(!town.get("/nl").await.header("content-security-policy").contains("tiles.example"));
    let style = town.get("/map/style.json").await.json();
    assert_eq!(style["sources"]["base"]["tiles"][0], "https://tiles.example/{z}/{x}/{y}.png");
    let town = Town::open_in(add("map: {style: \"https://a.example/s.json\", hosts: [\"https://b.example\"]}")).await;
    let page = town.get("/nl/map").await;
    assert!(page.header("content-security-policy").contains("connect-src 'self' https://a.example https://b.example;"));
}

#[tokio::test]
async fn a_file_is_served_in_pieces() {
    let mut bytes = vec![0; 4000];
    bytes[..8].copy_from_slice(b"PMTiles\x03");
    bytes[99] = 2;
    bytes[3999] = 9;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("base.pmtiles");
    std::fs::write(&path, &bytes).unwrap();
    let open = || std::fs::File::open(&path).unwrap();
    let file = crate::BaseFile::new(open(), "one".into()).unwrap();
    let town = Town::open_with(|config| config.base_file = Some(file)).await;
    let ask = async |range: &str| {
        town.ask(Request::get("/map/base.pmtiles").header(header::RANGE, range).body(Body::empty()).unwrap()).await
    };
    let head = ask("bytes=0-126").await;
    assert_eq!((head.status.as_u16(), head.bytes.as_ref()), (206, &bytes[..127]));
    assert_eq!(head.header("content-range"), "bytes 0-126/4000");
    let tail = ask("bytes=3990-9999").await;
    assert_eq!((tail.bytes.as_ref(), tail.header("content-range")), (&bytes[3990..], "bytes 3990-3999/4000"));
    for bad in ["bytes=4000-", "bytes=x", "bytes=-5", ""] {
        let answer = ask(bad).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-range")), (416, "bytes */4000"), "{bad}");
    }
    bytes[7] = 2;
    std::fs::write(&path, &bytes).unwrap();
    assert!(crate::BaseFile::new(open(), "two".into()).is_err());
    std::fs::write(&path, b"PMTiles\x03").unwrap();
    assert!(crate::BaseFile::new(open(), "three".into()).is_err());
}

#[tokio::test]
async fn the_map_is_a_page_in_three_languages() {
    let town = Town::open().await;
    for language in ["nl", "fr", "en"] {
        let path = format!("/{language}/map");
        let empty = town.get(&path).await;
        assert_eq!(empty.status, 200);
        check(&path, &empty.text(), language);
        assert!(empty.text().contains("<svg class=\"map__picture\""), "without a script there is a drawing");
        assert!(town.get(&format!("/{language}")).await.text().contains(&format!("href=\"{path}\"")), "it is found");
    }
    town.public(BELFRY, "wegen/put", Status::Routed).await;
    let html = town.get("/nl/map").await.text();
    check("/nl/map", &html, "nl");
    assert!(html.contains("class=\"map__circle\"") && html.contains("1 melding."), "{html}");
}
