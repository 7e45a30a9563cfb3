//! One body, every place: the database, a folder, a played bucket, and a real one when `VOORDEUR_TEST_S3` names it.

use super::{played::Played, *};
use crate::{
    intake::{IntakeTools, accept},
    testing::{Desk, both, slug},
};
use schemas::{submission::Submission, trace::Trace, way::Way};
use std::path::Path;
use store::Accepted;
use wiremock::MockServer;

const TERM: Duration = Duration::from_hours(30 * 24);

/// A place for photos, and how many files lie there.
struct Place {
    to: Option<Address>,
    s3: Option<Access>,
    folder: tempfile::TempDir,
    played: Option<(MockServer, Played)>,
}

impl Place {
    async fn every() -> Vec<Self> {
        let mut places = Vec::new();
        for what in ["database", "folder", "played"] {
            places.push(Self::of(what).await);
        }
        if let Ok(url) = std::env::var("VOORDEUR_TEST_S3") {
            let mut real = Self::of("database").await;
            real.to = Address::parse("s3://voordeur-photos/tests").unwrap();
            real.s3 = Some(access(&url));
            places.push(real);
        }
        places
    }

    async fn of(what: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut place = Self { to: None, s3: None, folder, played: None };
        match what {
            "folder" => place.to = Some(Address::Folder(place.folder.path().to_owned())),
            "played" => {
                let (server, played) = Played::start().await;
                place.s3 = Some(access(&server.uri()));
                place.to = Address::parse("s3://photos/kortrijk").unwrap();
                place.played = Some((server, played));
            }
            _ => {}
        }
        place
    }

    fn album(&self, tools: &IntakeTools) -> Album {
        let config = Config { to: self.to.clone(), s3: self.s3.clone(), originals: Some(TERM) };
        assert_eq!(config.check(), []);
        config.build(&tools.store, Some(http()))
    }

    /// How many files lie there, where that can be seen.
    fn files(&self) -> Option<usize> {
        match (&self.to, &self.played) {
            (Some(Address::Folder(root)), _) => Some(count(root)),
            (_, Some((_, played))) => Some(played.names().len()),
            _ => None,
        }
    }
}

fn count(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

fn access(url: &str) -> Access {
    Access {
        endpoint: url.parse().unwrap(),
        region: "us-east-1".to_owned(),
        access_key: played::KEY.to_owned(),
        secret_key: played::SECRET.into(),
        path_style: true,
    }
}

fn http() -> Client {
    bus::http::Config { private_networks: vec!["127.0.0.0/8".to_owned()], timeout_ms: 3000, ..Default::default() }
        .build()
        .unwrap()
}

fn photo(tools: &IntakeTools, id: Uuid) -> (Photo, Option<SmallPhoto>, Sent) {
    let media_type = "image/jpeg".to_owned();
    let received_at = tools.clock.now();
    let photo = Photo { id, media_type, width: 640, height: 480, bytes: vec![1; 9000], lies: None, received_at };
    let small = SmallPhoto { width: 320, height: 240, bytes: vec![2; 900], file: None };
    (photo, Some(small), Sent { media_type: "image/png", bytes: vec![3; 20_000].into() })
}

/// A photo that a report claimed; the two ids.
async fn claimed(tools: &IntakeTools, album: &Album) -> (Uuid, Uuid) {
    let id = tools.ids.new_id();
    let (photo, small, sent) = photo(tools, id);
    album.keep(photo, small, sent).await.unwrap();
    let (category, words) = ("wegen/put".to_owned(), "Een put".to_owned());
    let submission = Submission { category, words, photos: vec![id], ..Submission::default() };
    let checked = submission.check(&tools.city).unwrap();
    match accept(tools, &slug("web"), None, checked, Default::default(), Trace::start()).await.unwrap() {
        Accepted::New(receipt) => (receipt.id, id),
        other => panic!("{other:?}"),
    }
}

async fn bytes(album: &Album, size: PhotoSize, report: Uuid, id: Uuid) -> Option<Vec<u8>> {
    album.photo_in(size, report, id).await.unwrap().map(|photo| photo.bytes)
}

/// It is all there.
async fn is_whole(album: &Album, (report, id): (Uuid, Uuid)) {
    assert_eq!(bytes(album, PhotoSize::Large, report, id).await, Some(vec![1; 9000]));
    assert_eq!(bytes(album, PhotoSize::Small, report, id).await, Some(vec![2; 900]));
    let original = album.original(id).await.unwrap().unwrap();
    assert_eq!((original.media_type.as_str(), original.bytes), ("image/png", vec![3; 20_000]));
}

async fn a_photo_is_kept_shown_and_erased((_, _bed, tools): Desk) {
    for place in Place::every().await {
        let album = place.album(&tools);
        album.probe().await.unwrap();
        let both = claimed(&tools, &album).await;
        is_whole(&album, both).await;
        assert!(place.files().is_none_or(|files| files == 3), "{:?}", place.to);
        let row = tools.store.photo(both.1).await.unwrap().unwrap();
        assert_eq!(row.bytes.is_empty(), place.to.is_some(), "{:?}", place.to);
        assert_eq!(bytes(&album, PhotoSize::Large, tools.ids.new_id(), both.1).await, None, "of another report");

        // The same once more, as at a double click: the first one counts, and the files of the second go.
        let (photo, small, _) = photo(&tools, both.1);
        let second = Sent { media_type: "image/png", bytes: vec![9; 10].into() };
        album.keep(Photo { bytes: vec![8; 10], ..photo }, small, second).await.unwrap();
        is_whole(&album, both).await;

        assert_eq!(album.erase(&[both.1, tools.ids.new_id()], "An", "shows a child").await.unwrap(), [both.1]);
        assert_eq!(bytes(&album, PhotoSize::Small, both.0, both.1).await, None);
        assert_eq!(album.original(both.1).await.unwrap(), None);
        assert!(place.files().is_none_or(|files| files == 0), "{:?}", place.to);
        let what = Some(both.1.to_string());
        let audit = tools.store.audit(store::AuditFilter { what, limit: 9, ..Default::default() }).await.unwrap();
        assert_eq!((audit.len(), audit[0].deed.as_str(), audit[0].who.as_str()), (1, "photos.erase", "An"));
    }
}

async fn what_nobody_needs_goes_and_nothing_else((hands, _bed, tools): Desk) {
    for place in Place::every().await {
        let album = place.album(&tools);
        let kept = claimed(&tools, &album).await;
        let unclaimed = tools.ids.new_id();
        let (photo, small, sent) = photo(&tools, unclaimed);
        album.keep(photo, small, sent).await.unwrap();
        // Killed between the bytes and the row.
        if let Some(to) = &place.to {
            album.put(to, tools.ids.new_id(), vec![("", vec![1]), ("-original", vec![2])]).await.unwrap().unwrap();
        }
        let now = || tools.clock.now();
        assert_eq!(album.tidy(now()).await.unwrap(), Tidied::default(), "it may still be claimed, or named");
        hands.pass(25 * 3600);
        let tidied = album.tidy(now()).await.unwrap();
        assert_eq!((tidied.photos, tidied.originals, tidied.stuck), (1, 0, 0));
        assert_eq!(tidied.files, if place.to.is_some() { 5 } else { 0 });
        assert!(place.files().is_none_or(|files| files == 3));
        is_whole(&album, kept).await;
        assert!(tools.store.photo(unclaimed).await.unwrap().is_none());
        assert!(album.original(unclaimed).await.unwrap().is_none());

        hands.pass(30 * 24 * 3600);
        assert_eq!(album.tidy(now()).await.unwrap().originals, 1, "its term is over");
        assert_eq!(album.original(kept.1).await.unwrap(), None);
        assert_eq!(bytes(&album, PhotoSize::Large, kept.0, kept.1).await, Some(vec![1; 9000]), "the photo stays");
        assert!(place.files().is_none_or(|files| files == 2));
        album.erase(&[kept.1], "An", "test").await.unwrap();
    }
}

async fn originals_go_with_who_sent_them((_, _bed, tools): Desk) {
    for place in Place::every().await {
        let album = place.album(&tools);
        let (one, other) = (claimed(&tools, &album).await, claimed(&tools, &album).await);
        let mut tx = tools.store.begin().await.unwrap();
        tx.forget_contacts(&[one.0], Way::Email).await.unwrap();
        tx.commit().await.unwrap();
        album.tidy(tools.clock.now()).await.unwrap();
        assert_eq!(album.original(one.1).await.unwrap(), None);
        assert!(bytes(&album, PhotoSize::Small, one.0, one.1).await.is_some());
        is_whole(&album, other).await;
        assert!(place.files().is_none_or(|files| files == 5));
        album.erase(&[one.1, other.1], "An", "test").await.unwrap();
        // A city that keeps none keeps none of before either.
        let before = claimed(&tools, &album).await;
        let config = Config { to: place.to.clone(), s3: place.s3.clone(), originals: None };
        let album = config.build(&tools.store, Some(http()));
        let since = claimed(&tools, &album).await;
        assert_eq!(album.original(since.1).await.unwrap(), None);
        album.tidy(tools.clock.now() + Duration::from_secs(1)).await.unwrap();
        assert_eq!(album.original(before.1).await.unwrap(), None);
        album.erase(&[before.1, since.1], "An", "test").await.unwrap();
    }
}

async fn photos_move_from_place_to_place((_, _bed, tools): Desk) {
    let places = Place::every().await;
    let mut photos = Vec::new();
    for _ in 0..5 {
        photos.push(claimed(&tools, &places[0].album(&tools)).await);
    }
    // All three know the same server and may read each other's rows.
    let s3 = places[2].s3.clone();
    let to = |place: &Place| {
        let config = Config { to: place.to.clone(), s3: s3.clone(), originals: Some(TERM) };
        config.build(&tools.store, Some(http()))
    };
    for (from, place) in [(0, 1), (1, 2), (2, 1), (1, 0), (0, 2), (2, 0)] {
        let album = to(&places[place]);
        if let Some((_, played)) = &places[2].played {
            let mut hall = played.0.lock().unwrap();
            // The first time it stops in the middle.
            hall.fails_after = [from, place].contains(&2).then_some(hall.calls + 4);
        }
        let first = album.move_all(|_| {}).await;
        assert_eq!(first.is_err(), [from, place].contains(&2), "{first:?}");
        if let Some((_, played)) = &places[2].played {
            played.0.lock().unwrap().fails_after = None;
        }
        for photo in &photos {
            is_whole(&album, *photo).await;
        }
        let moved = album.move_all(|_| {}).await.unwrap();
        assert_eq!((moved.photos + moved.there, moved.lost), (5, 0), "{moved:?}");
        assert_eq!(album.move_all(|_| {}).await.unwrap(), Moved { there: 5, ..Moved::default() });
        for photo in &photos {
            is_whole(&album, *photo).await;
        }
        // What the stop left lies there as long as an upload may last.
        album.tidy(tools.clock.now() + UNNAMED_FOR).await.unwrap();
        for (n, there) in places.iter().enumerate() {
            let files = if n == place { 15 } else { 0 };
            assert!(there.files().is_none_or(|count| count == files), "{from} to {place}: {n} has {:?}", there.files());
        }
    }
}

async fn a_place_that_fails_loses_nothing((_, _bed, tools): Desk) {
    let place = Place::of("played").await;
    let album = place.album(&tools);
    let before = claimed(&tools, &album).await;
    let (_, played) = place.played.as_ref().unwrap();
    let calls = played.0.lock().unwrap().calls;
    played.0.lock().unwrap().fails_after = Some(calls);
    let during = claimed(&tools, &album).await;
    is_whole(&album, during).await;
    assert!(!tools.store.photo(during.1).await.unwrap().unwrap().bytes.is_empty(), "the database took it");
    let error = album.photo_in(PhotoSize::Large, before.0, before.1).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    let asked = played.0.lock().unwrap().calls;
    claimed(&tools, &album).await;
    assert_eq!(played.0.lock().unwrap().calls, asked, "it is left alone for a while");
    album.erase(&[before.1], "An", "test").await.unwrap();
    assert_eq!(album.tidy(tools.clock.now()).await.unwrap().stuck, 3);
    played.0.lock().unwrap().fails_after = None;
    assert_eq!(album.tidy(tools.clock.now()).await.unwrap().files, 3, "in the end it is erased there, too");
    assert!(played.names().is_empty());
}

both!(
    a_photo_is_kept_shown_and_erased,
    what_nobody_needs_goes_and_nothing_else,
    originals_go_with_who_sent_them,
    photos_move_from_place_to_place,
    a_place_that_fails_loses_nothing,
);

#[tokio::test]
async fn a_place_that_is_wrong_is_explained() {
    let (folder, store) = crate::testing::store().await;
    let played = Place::of("played").await;
    let good = played.s3.clone().unwrap();
    let wrong_key = Access { secret_key: "another".into(), ..good.clone() };
    let nobody = Access { endpoint: "http://127.0.0.1:1".parse().unwrap(), ..good.clone() };
    let inside = Access { endpoint: "http://10.0.0.1:9000".parse().unwrap(), ..good.clone() };
    let missing = format!("folder:{}", folder.path().join("missing").display());
    for (to, s3, part) in [
        ("s3://photos/x", wrong_key, "see access_key and secret_key"),
        ("s3://nothing/x", good.clone(), "make the bucket first"),
        ("s3://photos", nobody, "cannot be reached"),
        ("s3://photos", inside, "http.private_networks"),
        (missing.as_str(), good, "No such file"),
    ] {
        let config = Config { to: Address::parse(to).unwrap(), s3: Some(s3), originals: None };
        let Trouble(why) = config.build(&store, Some(http())).probe().await.unwrap_err();
        assert!(why.contains(part) && !why.contains("Signature="), "{to}: {why}");
    }
    let config = Config { to: Address::parse("s3://photos").unwrap(), ..Config::default() };
    assert_eq!(config.check()[0].field, "photos.s3");
    store.close().await;
}

#[test]
fn addresses_are_read_and_written_alike() {
    for good in ["folder:/srv/photos", "s3://photos", "s3://city.photos/kortrijk/2026"] {
        assert_eq!(Address::parse(good).unwrap().unwrap().to_string(), good);
    }
    assert_eq!(Address::parse("database").unwrap(), None);
    assert_eq!(Address::parse("s3://photos/x/").unwrap().unwrap().to_string(), "s3://photos/x");
    for bad in [
        "",
        "photos",
        "folder:photos",
        "s3://",
        "s3://ab",
        "s3://a/../b",
        "s3://photos/../x",
        "s3://ph otos",
        "http://x",
    ] {
        assert!(Address::parse(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn files_of_others_are_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let shelf =
        Shelf::open(&Address::Folder(folder.path().to_owned()), None, &schemas::id::Clock::new(crate::testing::now))
            .unwrap();
    for name in ["../../etc/passwd", "x", "", "a/b", &"A".repeat(70), &format!("{}/", "a".repeat(70))] {
        assert!(shelf.put(name, Bytes::new()).await.is_err() && shelf.get(name).await.is_err(), "{name}");
        assert!(shelf.remove(name).await.is_err(), "{name}");
    }
}
