//! What a photo knew besides its picture: offered to its sender, and to nobody else.

use super::{Answer, Town, attribute};
use axum::{body::Body, http::Request};
use image::{ExtendedColorType, ImageEncoder as _, codecs::jpeg::JpegEncoder};
use schemas::{place::Point, report::Report};
use serde_json::json;

const FIELDS: &[(&str, &str)] = &[
    ("token", "abcdefghijklmnopqrstuvwxyz"),
    ("category", "wegen/put"),
    ("kind", "report"),
    ("words", "Diepe put voor de school"),
    ("tell", "nothing"),
    ("language", "nl"),
];
const HERE: Point = Point { lat: 50.8279, lon: 3.2649 };
const PARIS: Point = Point { lat: 48.8584, lon: 2.2945 };

fn and<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [FIELDS, more].concat()
}

/// A photo of 640 x 480 by a camera that was at `point` and is named.
fn taken_at(point: Point) -> Vec<u8> {
    // TIFF 6.0 §2: a table that leads to a second one, of the place (Exif 2.32 §4.6.6).
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let at = |offset: u32| offset.to_be_bytes();
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    exif.extend(entry(0x8825, 4, 1, at(26)));
    exif.extend([0; 4]);
    exif.extend(4u16.to_be_bytes());
    exif.extend(entry(1, 2, 2, *b"N\0\0\0"));
    exif.extend(entry(2, 5, 3, at(80)));
    exif.extend(entry(3, 2, 2, *b"E\0\0\0"));
    exif.extend(entry(4, 5, 3, at(104)));
    exif.extend([0; 4]);
    for degrees in [point.lat, point.lon] {
        for (above, below) in [((degrees * 1e6) as u32, 1_000_000u32), (0, 1), (0, 1)] {
            exif.extend(above.to_be_bytes());
            exif.extend(below.to_be_bytes());
        }
    }
    exif.extend(b"A camera with a name");
    let pixels: Vec<u8> = (0..640 * 480 * 3).map(|n: u32| (n % 251) as u8).collect();
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new(&mut out);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(&pixels, 640, 480, ExtendedColorType::Rgb8).unwrap();
    out
}

/// Nothing but pixels (ITU-T T.81 §B.2.4.6: APP1 holds Exif).
fn is_bare(bytes: &[u8]) -> bool {
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    bytes.starts_with(&[0xff, 0xd8]) && !holds(b"Exif") && !holds(b"camera") && !holds(b"MM\0\x2a")
}

async fn upload(town: &Town, photo: Vec<u8>) -> Answer {
    town.ask(Request::post("/api/v1/photos").header("content-type", "image/jpeg").body(Body::from(photo)).unwrap())
        .await
}

async fn filed(town: &Town, sent: &Answer) -> Report {
    assert_eq!(sent.status, 303, "{}", sent.text());
    let token = sent.location().split('/').nth(3).unwrap();
    town.store.report_by_token(token).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_api_says_where_a_photo_was_taken_and_keeps_it_nowhere() {
    let town = Town::open().await;
    let sent = upload(&town, taken_at(HERE)).await;
    assert_eq!(sent.status, 201);
    let answer = sent.json();
    assert_eq!(answer["place"], json!({"point": {"lat": 50.8279, "lon": 3.2649}}));
    let kept = town.store.photo(answer["id"].as_str().unwrap().parse().unwrap()).await.unwrap().unwrap();
    assert!(is_bare(&kept.bytes) && !is_bare(&taken_at(HERE)));
    for elsewhere in [PARIS, Point { lat: 0.0, lon: 0.0 }] {
        assert_eq!(upload(&town, taken_at(elsewhere)).await.json().get("place"), None, "{elsewhere:?}");
    }
    // The report says where it is, or nobody does.
    let body = json!({"category": "wegen/put", "words": "put", "photos": [answer["id"]]}).to_string();
    let report = town.post_json("/api/v1/reports", body).await.json();
    let report = town.store.report(report["id"].as_str().unwrap().parse().unwrap()).await.unwrap().unwrap();
    assert!(report.place.is_empty());
}

#[tokio::test]
async fn the_form_offers_where_a_photo_was_taken_and_takes_it_when_it_is_confirmed() {
    let town = Town::open().await;
    let photo = taken_at(HERE);
    for (language, asks) in [("fr", "pas encore envoyé"), ("en", "not been sent yet"), ("nl", "nog niet verstuurd")] {
        let page = town.post(&format!("/{language}/report"), FIELDS, &[("put.jpg", &photo)]).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(asks) && page.text().contains("role=\"alert\""), "{}", page.text());
    }
    assert_eq!(town.store.count().await.unwrap().reports, 0);
    let page = town.post("/nl/report", FIELDS, &[("put.jpg", &photo)]).await.text();
    assert!(page.contains("(50.82790, 3.26490)"), "in an area that has a name: {page}");
    let tick = page.split("id=\"photo_here\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(!tick.contains("checked"), "nothing is chosen for anybody");
    let point = attribute(&page, "name=\"photo_point\"", "value").to_owned();
    let kept = attribute(&page, "name=\"kept_photo\"", "value").to_owned();
    let again = [("kept_photo", kept.as_str()), ("photo_point", point.as_str()), ("photo_here", "true")];

    // A fault elsewhere loses neither the photo nor what was said of it.
    let mut wrong = and(&again);
    wrong[3].1 = "";
    let page = town.post("/nl/report", &wrong, &[]).await;
    assert_eq!(page.status, 422);
    let tick = page.text().split("id=\"photo_here\"").nth(1).unwrap().split('>').next().unwrap().to_owned();
    assert!(tick.contains(" checked"), "{tick}");

    let report = filed(&town, &town.post("/nl/report", &and(&again), &[]).await).await;
    assert_eq!((report.place.point, report.photos.len()), (Some(HERE), 1));
    let served = town.get(&format!("/nl/t/{}/photos/{kept}", report.token)).await;
    assert!(served.status == 200 && is_bare(&served.bytes));
}

#[tokio::test]
async fn whoever_does_not_confirm_it_says_nothing() {
    let town = Town::open().await;
    let photo = taken_at(HERE);
    let page = town.post("/nl/report", FIELDS, &[("put.jpg", &photo)]).await.text();
    let point = attribute(&page, "name=\"photo_point\"", "value").to_owned();
    let kept = attribute(&page, "name=\"kept_photo\"", "value").to_owned();
    // Asked once; who sends it again has answered.
    let again = and(&[("kept_photo", &kept), ("photo_point", &point)]);
    let report = filed(&town, &town.post("/nl/report", &again, &[]).await).await;
    assert!(report.place.is_empty() && report.photos.len() == 1);

    // Who says where it is, is asked nothing, and what was typed goes before what was ticked.
    let mut typed = and(&[("address", "Grote Markt 1")]);
    typed[0].1 = "bbcdefghijklmnopqrstuvwxyz";
    let report = filed(&town, &town.post("/nl/report", &typed, &[("put.jpg", &photo)]).await).await;
    assert_eq!(report.place.address.as_deref(), Some("Grote Markt 1"));
    assert_ne!(report.place.point, Some(HERE), "an address is looked up, not taken from the photo");
    let mut both = and(&[("lat", "50,83"), ("lon", "3,26"), ("photo_point", &point), ("photo_here", "true")]);
    both[0].1 = "cbcdefghijklmnopqrstuvwxyz";
    let report = filed(&town, &town.post("/nl/report", &both, &[]).await).await;
    assert_eq!(report.place.point, Some(Point { lat: 50.83, lon: 3.26 }));

    // A point of one's own making is a point like any other.
    let mut made_up = and(&[("photo_point", "48.8584,2.2945"), ("photo_here", "true")]);
    made_up[0].1 = "dbcdefghijklmnopqrstuvwxyz";
    let answer = town.post("/nl/report", &made_up, &[]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("ligt niet in Kortrijk"), "{}", answer.text());
    // Where a photo was taken that shows another town is no offer.
    let mut elsewhere = FIELDS.to_vec();
    elsewhere[0].1 = "ebcdefghijklmnopqrstuvwxyz";
    filed(&town, &town.post("/nl/report", &elsewhere, &[("toren.jpg", &taken_at(PARIS))]).await).await;
}

fn pixels(bytes: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(bytes).unwrap();
    (picture.width(), picture.height())
}

#[tokio::test]
async fn pages_show_the_small_one_and_lead_to_the_large_one() {
    let town = Town::open().await;
    let photo = taken_at(HERE);
    let fields = and(&[("address", "Grote Markt 1")]);
    let report = filed(&town, &town.post("/nl/report", &fields, &[("put.jpg", &photo)]).await).await;
    let page = town.get(&format!("/nl/t/{}", report.token)).await.text();
    let small = &attribute(&page, "<img", "src").replace("&#x3D;", "=");
    let width = attribute(&page, "<img", "width");
    let large = format!("/nl/t/{}/photos/{}", report.token, report.photos[0]);
    assert_eq!((small, width, attribute(&page, "<img", "height")), (&format!("{large}?size=small"), "320", "240"));
    assert!(page.contains(&format!("href=\"{large}\"")));
    for (path, is) in [(small, (320, 240)), (&large, (640, 480)), (&format!("{large}?size=large"), (640, 480))] {
        let picture = town.get(path).await;
        assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/jpeg"), "{path}");
        assert!(pixels(&picture.bytes) == is && is_bare(&picture.bytes), "{path}");
    }
    assert_eq!(town.get(&format!("{large}?size=huge")).await.status, 404);
    let other = town.report("put").await;
    let elsewhere = format!("/nl/t/{}/photos/{}?size=small", other.token, report.photos[0]);
    assert_eq!(town.get(&elsewhere).await.status, 404);
}
