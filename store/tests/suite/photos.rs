//! Photos and their originals, with and without files elsewhere.

use crate::{Bed, both, id, report};
use schemas::{Uuid, way::Way};
use std::time::Duration;
use store::{Lies, Original, Photo, SmallPhoto, Store};

fn lies(file: &str) -> Lies {
    Lies { shelf: "folder:/photos".to_owned(), file: file.to_owned() }
}

fn photo(bed: &Bed, name: &str, lies: Option<Lies>) -> Photo {
    let bytes = if lies.is_some() { Vec::new() } else { vec![1, 2, 3] };
    let media_type = "image/jpeg".to_owned();
    Photo { id: id(name), media_type, width: 640, height: 480, bytes, lies, received_at: bed.now() }
}

fn original(bed: &Bed, lies: Option<Lies>) -> Original {
    let bytes = if lies.is_some() { Vec::new() } else { vec![9; 20] };
    Original { media_type: "image/png".to_owned(), bytes, lies, received_at: bed.now() }
}

/// A photo on a shelf with a small one and an original, claimed by a report; the report.
async fn shelved(bed: &Bed, store: &Store, name: &str) -> Uuid {
    let files = [name.to_owned(), format!("{name}-small"), format!("{name}-original")];
    store.note_files("folder:/photos", id(name), &files, bed.now() + Duration::from_secs(86_400)).await.unwrap();
    let small = SmallPhoto { width: 320, height: 240, bytes: Vec::new(), file: Some(files[1].clone()) };
    let original = original(bed, Some(lies(&files[2])));
    store.add_photo(photo(bed, name, Some(lies(name))), Some(small), Some(original)).await.unwrap();
    let mut new = report(store, name).await;
    new.report.photos = vec![id(name)];
    store.accept(new.clone()).await.unwrap();
    new.report.id
}

async fn due(bed: &Bed, store: &Store) -> Vec<String> {
    let mut due: Vec<String> =
        store.due_files(bed.now(), 100).await.unwrap().into_iter().map(|file| file.lies.file).collect();
    due.sort();
    due
}

async fn files_are_due_when_no_photo_needs_them(bed: Bed) {
    let store = bed.store().await;
    shelved(&bed, &store, "a").await;
    // Written down, and then nothing: a crash.
    store.note_files("folder:/photos", id("b"), &["b".to_owned()], bed.now() + Duration::from_secs(60)).await.unwrap();
    // The same photo again, with other files.
    store.note_files("folder:/photos", id("a"), &["a2".to_owned()], bed.now() + Duration::from_secs(60)).await.unwrap();
    store.add_photo(photo(&bed, "a", Some(lies("a2"))), None, Some(original(&bed, None))).await.unwrap();
    assert_eq!(store.photo(id("a")).await.unwrap().unwrap().lies, Some(lies("a")), "the first counts");
    assert_eq!(due(&bed, &store).await, Vec::<String>::new());
    bed.pass(Duration::from_secs(90_000));
    assert_eq!(due(&bed, &store).await, ["a2", "b"]);
    store.strike_files(&["a2".to_owned(), "b".to_owned()]).await.unwrap();
    assert_eq!(due(&bed, &store).await, Vec::<String>::new());
    // Whoever was slower than a day is told so, and nothing is kept.
    let late = store.add_photo(photo(&bed, "b", Some(lies("b"))), None, None).await;
    assert!(late.unwrap_err().is_transient());
    assert!(store.photo(id("b")).await.unwrap().is_none());

    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.erase_photos(&[id("a"), id("none")]).await.unwrap(), [id("a")]);
    tx.commit().await.unwrap();
    assert_eq!(due(&bed, &store).await, ["a", "a-original", "a-small"]);
    assert!(store.photo(id("a")).await.unwrap().is_none() && store.original(id("a")).await.unwrap().is_none());
}

async fn originals_go_by_term_and_with_who_sent_them(bed: Bed) {
    let store = bed.store().await;
    shelved(&bed, &store, "old").await;
    store.add_photo(photo(&bed, "row", None), None, Some(original(&bed, None))).await.unwrap();
    let mut new = report(&store, "row").await;
    new.report.photos = vec![id("row")];
    store.accept(new.clone()).await.unwrap();
    bed.pass(Duration::from_secs(1000));
    let young = shelved(&bed, &store, "young").await;
    assert_eq!(store.original(id("row")).await.unwrap().unwrap().bytes, [9; 20]);
    assert_eq!(store.original(id("old")).await.unwrap().unwrap().lies, Some(lies("old-original")));

    let before = bed.now() - Duration::from_secs(500);
    assert_eq!(store.sweep_originals(before, 1).await.unwrap(), 1);
    assert_eq!(store.sweep_originals(before, 10).await.unwrap(), 1);
    assert_eq!(store.sweep_originals(before, 10).await.unwrap(), 0);
    assert_eq!(due(&bed, &store).await, ["old-original"]);
    assert!(store.original(id("young")).await.unwrap().is_some());

    let mut tx = store.begin().await.unwrap();
    tx.forget_contacts(&[young, id("nobody")], Way::Email).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.original(id("young")).await.unwrap().is_none(), "it may tell who they are");
    assert!(store.photo(id("young")).await.unwrap().is_some());
    assert_eq!(due(&bed, &store).await, ["old-original", "young-original"]);

    // One that no report claims goes with all it has.
    store.add_photo(photo(&bed, "unclaimed", None), None, Some(original(&bed, None))).await.unwrap();
    bed.pass(Duration::from_secs(10));
    assert_eq!(store.sweep_photos(bed.now()).await.unwrap(), 1);
    assert!(store.original(id("unclaimed")).await.unwrap().is_none());
}

async fn a_photo_moves_once(bed: Bed) {
    let store = bed.store().await;
    shelved(&bed, &store, "a").await;
    let from = [lies("a"), lies("a-small")];
    let here = || (vec![1, 2], Some(vec![3]));
    let lying = store.lying_photos(Uuid::nil(), 10).await.unwrap();
    assert_eq!((lying.len(), &lying[0].large, &lying[0].small), (1, &Some(lies("a")), &Some(lies("a-small"))));
    assert_eq!(lying[0].original, Some(Some(lies("a-original"))));
    assert!(store.move_photo(id("a"), &from, &[], here()).await.unwrap());
    assert!(!store.move_photo(id("a"), &from, &[], here()).await.unwrap(), "it does not lie there any more");
    let photo = store.photo(id("a")).await.unwrap().unwrap();
    assert_eq!((photo.bytes, photo.lies), (vec![1, 2], None));
    assert_eq!(store.small_photo(id("a")).await.unwrap().unwrap().bytes, [3]);
    assert_eq!(due(&bed, &store).await, ["a", "a-small"]);

    assert!(store.move_original(id("a"), Some(&lies("a-original")), None, vec![7]).await.unwrap());
    assert_eq!(store.original(id("a")).await.unwrap().unwrap().bytes, [7]);
    // To a shelf, but only when its file is written down.
    let to = [lies("new"), lies("new-small")];
    assert!(store.move_photo(id("a"), &[], &to, (Vec::new(), None)).await.unwrap_err().is_transient());
    let later = bed.now() + Duration::from_secs(60);
    store.note_files("folder:/photos", id("a"), &["new".to_owned(), "new-small".to_owned()], later).await.unwrap();
    assert!(store.move_photo(id("a"), &[], &to, (Vec::new(), None)).await.unwrap());
    let lying = store.lies_of_photo(id("a")).await.unwrap().unwrap();
    assert_eq!((lying.large, lying.small, lying.original), (Some(lies("new")), Some(lies("new-small")), Some(None)));
    assert!(store.lying_photos(id("a"), 10).await.unwrap().is_empty());
    assert!(store.lies_of_photo(id("none")).await.unwrap().is_none());
}

both!(files_are_due_when_no_photo_needs_them, originals_go_by_term_and_with_who_sent_them, a_photo_moves_once);
