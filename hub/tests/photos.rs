//! `voordeur photos`: where they lie, as they were sent, moved, and gone for good, with who did it and why.

use adapters::intake::{IntakeTools, accept};
use schemas::{
    Uuid,
    id::{Clock, Ids},
    submission::Submission,
    trace::Trace,
};
use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};
use store::{Accepted, AuditFilter, Options, Original, Photo, SmallPhoto, Store};

/// A town with one report that came with a photo.
struct Town {
    dir: tempfile::TempDir,
    store: Store,
    reference: String,
    photo: Uuid,
}

impl Town {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("voordeur.db").display());
        let clock = Clock::new(|| "2026-11-23T10:00:00Z".parse().unwrap());
        let options = Options { ids: Ids::new(clock.clone()), clock, publish_events: false };
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        let (photo, received_at) = (store.ids().new_id(), store.clock().now());
        let media_type = "image/jpeg".to_owned();
        let original = Original { media_type: media_type.clone(), bytes: vec![3; 30], lies: None, received_at };
        let small = SmallPhoto { width: 320, height: 240, bytes: vec![2; 20], file: None };
        let row = Photo { id: photo, media_type, width: 640, height: 480, bytes: vec![1; 10], lies: None, received_at };
        store.add_photo(row, Some(small), Some(original)).await.unwrap();
        let town = hub::city::read(None).unwrap().good().unwrap();
        let submission = Submission {
            category: "wegen/put".to_owned(),
            words: "Een put".to_owned(),
            photos: vec![photo],
            ..Submission::default()
        };
        let checked = submission.check(&town.city).unwrap();
        let tools = IntakeTools::new(store.clone(), town.city);
        let channel = "web".parse().unwrap();
        let accepted = accept(&tools, &channel, None, checked, Default::default(), Trace::start()).await.unwrap();
        let Accepted::New(receipt) = accepted else { panic!("{accepted:?}") };
        Self { dir, store, reference: receipt.reference.to_string(), photo }
    }

    fn run(&self, args: &[&str], env: &[(&str, &str)]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voordeur"));
        command.current_dir(self.dir.path()).arg("photos").args(args).envs(env.iter().copied());
        let output = command.output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&both).into_owned())
    }

    fn good(&self, args: &[&str], env: &[(&str, &str)]) -> String {
        let (good, said) = self.run(args, env);
        assert!(good, "{args:?}: {said}");
        said
    }

    fn wrong(&self, args: &[&str], env: &[(&str, &str)], part: &str) {
        let (good, said) = self.run(args, env);
        assert!(!good && said.contains(part) && said.contains("help: "), "{args:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_given_out_moved_and_erased_by_name() {
    let town = Town::open().await;
    let id = town.photo.to_string();
    let listed = town.good(&["list", &town.reference], &[]);
    assert!(listed.contains(&id) && listed.contains("database") && listed.contains("kept"), "{listed}");

    let out = town.dir.path().join("evidence.jpg");
    let out = out.to_str().unwrap();
    let original = ["original", &id, "--by", "An Peeters", "--reason", "police report 2026/1181", "--out", out];
    town.good(&original, &[]);
    assert_eq!(fs::read(out).unwrap(), vec![3; 30]);
    assert_eq!(fs::metadata(out).unwrap().permissions().mode() & 0o777, 0o600);
    town.wrong(&original, &[], "cannot be written");
    town.wrong(&["original", &id, "--by", "An", "--reason", " ", "--out", "x"], &[], "--reason does not say why");
    town.wrong(&["original", &Uuid::nil().to_string(), "--by", "An", "--reason", "x", "--out", "x"], &[], "not kept");
    let audit =
        town.store.audit(AuditFilter { what: Some(id.clone()), limit: 10, ..Default::default() }).await.unwrap();
    assert_eq!(audit.len(), 1, "once for each time that somebody got it: {audit:?}");
    let entry = &audit[0];
    assert_eq!(
        (entry.who.as_str(), entry.deed.as_str(), entry.why.as_str()),
        ("An Peeters", "photos.original", "police report 2026/1181")
    );

    let folder = town.dir.path().join("album");
    let place = format!("folder:{}", folder.display());
    let there = [("VOORDEUR__PHOTOS__STORE", place.as_str()), ("VOORDEUR__PHOTOS__ORIGINALS_DAYS", "30")];
    town.wrong(&["check"], &there, "No such file");
    town.wrong(&["move"], &there, "nothing can be moved");
    fs::create_dir(&folder).unwrap();
    assert!(town.good(&["check"], &there).contains("photos lie in folder:"));
    assert!(town.good(&["move"], &there).contains("1 photo and 1 original moved"));
    assert!(town.good(&["move"], &there).contains("1 there already"));
    assert!(town.good(&["list", &town.reference], &there).contains(&place));
    assert!(town.store.photo(town.photo).await.unwrap().unwrap().bytes.is_empty());

    let erase = ["erase", &id, "--by", "An", "--reason", "shows a child"];
    assert!(town.good(&erase, &there).contains("1 photo erased"));
    town.wrong(&erase, &there, "there is no photo");
    let files = fs::read_dir(&folder).unwrap().flat_map(|part| fs::read_dir(part.unwrap().path()).unwrap());
    assert_eq!(files.count(), 0, "its files are gone, too");
    assert!(town.good(&["list", &town.reference, "--json"], &there).contains("erased"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_explained() {
    let town = Town::open().await;
    let set = |name: &'static str, value: &'static str| [(name, value)];
    town.wrong(&["check"], &set("VOORDEUR__PHOTOS__STORE", "s3://photos"), "[photos] s3");
    town.wrong(&["check"], &set("VOORDEUR__PHOTOS__STORE", "photos"), "[photos] store: write database");
    town.wrong(&["check"], &set("VOORDEUR__PHOTOS__CLAMD", "localhost:3310"), "tcp://127.0.0.1:3310");
    town.wrong(&["check"], &set("VOORDEUR__PHOTOS__CLAMD", "unix:/nowhere/clamd.ctl"), "cannot be asked");
    town.wrong(&["list", "1234"], &[], "is not a reference");
    town.wrong(&["list", "0000-0000"], &[], "0000");
}
