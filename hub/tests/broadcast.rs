//! `voordeur broadcast`: from a file to people, on the command line.

use schemas::{
    Uuid,
    id::{Clock, Ids, derived},
    notice::Scope,
    person::{Follow, KnownAddress, Person, Rhythm},
    report::Language,
    way::Address,
};
use std::{fs, path::Path, process::Command};
use store::{Options, Store};

const MESSAGE: &str = "subject:\n  nl: Dinsdag geen water\n  fr: Mardi pas d'eau\n  en: No water on Tuesday\n\
    text:\n  nl: Wij werken aan de leiding.\n  fr: Nous travaillons.\n  en: We work on the pipe.\n\
    audience:\n  topics: [water]\n";

/// Before the clock of this machine: these people are there when a command looks.
fn clock() -> Clock {
    Clock::new(|| "2026-01-05T10:00:00Z".parse().unwrap())
}

struct Town(tempfile::TempDir);

impl Town {
    /// A town with text messages at a price, and with people who follow the water.
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = "[web]\npublic_url = \"https://hallo.example\"\n[sms]\nprofile = \"kannel\"\nurl = \"http://127.0.0.1:9\"\n\
            from = \"Stad\"\nuser = \"u\"\npassword = \"p\"\nprice_per_part = 0.08\nrate_per_second = 0.5\n\
            hook_secret = \"twenty-letters-and-digits\"\n";
        fs::write(dir.path().join("voordeur.toml"), config).unwrap();
        let options = Options { ids: Ids::new(clock()), clock: clock(), publish_events: false };
        let url = format!("sqlite:{}", dir.path().join("hub.db").display());
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        let (keys, now) = (store.address_keys().await.unwrap(), store.clock().now());
        let mut tx = store.begin().await.unwrap();
        for n in 0..9 {
            let id: Uuid = derived(&["person", &n.to_string()]);
            let (language, rhythm) = (if n < 6 { Language::NL } else { Language::FR }, Rhythm::AtOnce);
            let token = id.to_string();
            tx.put_person(&Person { id, token, name: None, language, quiet: None, rhythm, made_at: now })
                .await
                .unwrap();
            let address = match n {
                0..3 => Address::Sms(format!("+3247012345{n}")),
                _ => Address::Email(format!("p{n}@example.org")),
            };
            let (key, verified_at) = (keys.of(&address), (n < 8).then_some(now));
            tx.put_address(&KnownAddress { person: id, address, key, rank: 0, verified_at }).await.unwrap();
            tx.follow(&Follow { person: id, scope: Scope::Topic, target: "water".into() }).await.unwrap();
        }
        tx.commit().await.unwrap();
        store.close().await;
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Whether it worked, and what it said.
    fn run(&self, args: &[&str]) -> (bool, String) {
        let url = format!("sqlite:{}", self.path().join("hub.db").display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_voordeur"));
        command.current_dir(self.path()).env("VOORDEUR__DATABASE__URL", url).arg("broadcast").args(args);
        let output = command.output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&both).into_owned())
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        let (good, said) = self.run(&[args, &["--json"]].concat());
        assert!(good, "{said}");
        serde_json::from_str(said.lines().find(|line| line.starts_with('{')).unwrap()).unwrap()
    }

    /// Drafts it, and returns its number.
    fn draft(&self) -> String {
        fs::write(self.path().join("message.yaml"), MESSAGE).unwrap();
        self.json(&["draft", "--file", "message.yaml", "--by", "An"])["reference"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn it_is_drafted_looked_at_and_approved_by_somebody_else() {
    let town = Town::open().await;
    let (good, said) = town.run(&["list"]);
    assert!(good && said.contains("there is none yet"), "{said}");
    let number = town.draft();
    let (good, said) = town.run(&["preview", &number]);
    for part in [
        "8 are told",
        "3  by sms in nl",
        "3  by email in nl",
        "2  by email in fr",
        "1  cannot be told: no address",
        "about 0.24 euro",
        "takes  about 7 seconds",
        "Dinsdag geen water",
        "subject  Mardi pas d'eau",
        &format!("https://hallo.example/nl/message/{}", number.replace(['-', ' '], "")),
        "--expect 8",
    ] {
        assert!(good && said.contains(part), "{part}: {said}");
    }
    let preview = town.json(&["preview", &number]);
    assert_eq!(preview["count"]["heads"]["planned"], 8);
    assert_eq!(preview["samples"].as_array().unwrap().len(), 3);
    assert!(preview["samples"][0]["reading"]["score"].is_number(), "{preview}");

    let approve = |by: &str, expect: &str| town.run(&["approve", &number, "--by", by, "--expect", expect]);
    for (by, expect, told) in [
        ("an", "8", "An wrote it: somebody else has to approve it"),
        ("Bo", "7", "8 people would be told, not 7"),
        (" ", "8", "say who you are"),
    ] {
        let (good, said) = approve(by, expect);
        assert!(!good && said.contains(told), "{by} {expect}: {said}");
    }
    let (good, said) = approve("Bo", "8");
    assert!(good && said.contains("runs: 8 people are told"), "{said}");
    let shown = town.json(&["show", &number]);
    assert_eq!(
        (&shown["state"], &shown["approved_by"], &shown["expected"]),
        (&"running".into(), &"Bo".into(), &8.into())
    );
    for (deed, told) in [("pause", "paused"), ("resume", "goes on"), ("pause", "paused"), ("stop", "stopped for good")]
    {
        let (good, said) = town.run(&[deed, &number, "--by", "Cé"]);
        assert!(good && said.contains(told), "{deed}: {said}");
    }
    let (good, said) = town.run(&["resume", &number, "--by", "Cé"]);
    assert!(!good && said.contains("is stopped: only one that is paused can be resumed"), "{said}");
    let (good, said) = town.run(&["show", &number]);
    assert!(good && said.contains("last moved by  Cé"), "{said}");
    let (good, said) = town.run(&["list"]);
    assert!(good && said.contains("stopped") && said.contains("Dinsdag geen water"), "{said}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the command looks at the clock of this machine")]
async fn one_with_a_time_waits_for_it() {
    let town = Town::open().await;
    fs::write(town.path().join("message.yaml"), format!("{MESSAGE}at: \"2001-01-01 09:00\"\n")).unwrap();
    let draft = ["draft", "--file", "message.yaml", "--by", "An"];
    let (good, said) = town.run(&draft);
    assert!(!good && said.contains("it would start at 2001-01-01 09:00, and that is over"), "{said}");
    let (good, said) = town.run(&[&draft[..], &["--at", "tomorrow"]].concat());
    assert!(!good && said.contains("`tomorrow` is no day and time"), "{said}");
    // Tomorrow by the clock of this machine; what is said counts more than the file.
    let tomorrow = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Europe/Brussels").unwrap());
    let tomorrow = tomorrow.tomorrow().unwrap().strftime("%Y-%m-%d 09:00").to_string();
    let number = town.json(&[&draft[..], &["--at", &tomorrow]].concat())["reference"].as_str().unwrap().to_owned();
    let starts = format!("starts  {tomorrow}, once it is approved");
    let (good, said) = town.run(&["preview", &number]);
    assert!(good && said.contains(&starts), "{said}");
    let (good, said) = town.run(&["approve", &number, "--by", "Bo", "--expect", "8"]);
    assert!(good && said.contains(&format!("is scheduled: 8 people are told from {tomorrow} on")), "{said}");
    assert_eq!(town.json(&["show", &number])["state"], "scheduled");
    let (good, said) = town.run(&["list"]);
    assert!(good && said.contains("scheduled"), "{said}");
    let (good, said) = town.run(&["pause", &number, "--by", "Bo"]);
    assert!(!good && said.contains("is scheduled: only one that is running can be paused"), "{said}");
    let (good, said) = town.run(&["stop", &number, "--by", "Bo"]);
    assert!(good && said.contains("stopped for good; 0 messages"), "{said}");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place() {
    let town = Town::open().await;
    let file = town.path().join("message.yaml");
    let draft = || town.run(&["draft", "--file", "message.yaml", "--by", "An"]);
    for (text, told) in [
        (MESSAGE.replace("topics: [water]", "topics: [watr]"), "there is no topic `watr`"),
        (MESSAGE.replace("topics: [water]", "polygon: ../../etc/passwd"), "there is no file `../../etc/passwd`"),
        (MESSAGE.replace("topics: [water]", "polygon: /etc/passwd"), "there is no file `/etc/passwd`"),
        ("\u{0}".to_owned(), "cannot be used"),
        ("[".repeat(5000), "cannot be used"),
        (String::new(), "cannot be used"),
    ] {
        fs::write(&file, &text).unwrap();
        let (good, said) = draft();
        assert!(!good && said.contains(told) && !said.contains("panicked"), "{told}: {said}");
    }
    fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
    let (good, said) = draft();
    assert!(!good && said.contains("this file cannot be read"), "{said}");
    fs::remove_file(&file).unwrap();
    assert!(!draft().0);
    for args in
        [&["show", "1234"][..], &["show", "0123-4566"], &["pause", "0123-4566", "--by", "An"], &["preview", "x"]]
    {
        let (good, said) = town.run(args);
        assert!(!good && said.contains("broadcast list"), "{args:?}: {said}");
    }
}
