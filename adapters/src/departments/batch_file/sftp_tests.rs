//! The adapter over a real OpenSSH server (deploy/dev/sftp), whose files lie on this machine.

use super::{
    bed::{Brittle, Town, dispatches},
    shelf::Directory,
    *,
};
use crate::testing::{self, Desk, Hands};
use schemas::dispatch::DispatchState;
use secrecy::SecretString;
use serde_json::json;

/// The server, the fingerprint of its key, and our key.
struct There {
    url: url::Url,
    host_key: String,
    key: String,
}

fn there() -> Option<There> {
    let Ok(url) = std::env::var("VOORDEUR_TEST_SFTP") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_SFTP must name a server");
        return None;
    };
    let key = std::env::var("VOORDEUR_TEST_SFTP_KEY").unwrap();
    Some(There {
        url: url.parse().unwrap(),
        host_key: std::env::var("VOORDEUR_TEST_SFTP_HOST_KEY").unwrap(),
        key: std::fs::read_to_string(key).unwrap(),
    })
}

impl There {
    /// A folder of its own for one test.
    fn folder(&self) -> tempfile::TempDir {
        tempfile::tempdir_in(self.url.path()).unwrap()
    }

    fn config(&self, folder: &std::path::Path) -> sftp::Config {
        let mut url = self.url.clone();
        url.set_path(folder.to_str().unwrap());
        let config: sftp::Config = serde_json::from_value(json!({"url": url, "host_key": self.host_key})).unwrap();
        assert_eq!(config.check(), []);
        config
    }

    fn server(&self, folder: &std::path::Path) -> sftp::Server {
        self.config(folder).build(Some(self.key.clone().into()), None).unwrap()
    }
}

testing::both!(files_go_both_ways_over_sftp);

async fn files_go_both_ways_over_sftp((hands, _bed, tools): Desk) {
    let Some(there) = there() else { return };
    let folder = there.folder();
    let place = Place::Server(Box::new(there.server(folder.path())));
    let unused = Brittle::new(Arc::new(Directory::new(folder.path().to_owned())));
    let settings = json!({"in": "van ons/in", "checksum": true});
    let town = Town::over(&hands, &tools, settings, folder, (place, unused));
    town.round().await;
    let letter = town.dispatched().await;
    town.after(11).await;
    let name = "voordeur-contactcentrum-20261123-000001.csv";
    assert_eq!(town.names("out"), [name.to_owned(), format!("{name}.sha256")]);
    assert_eq!(dispatches(&town.read(&format!("out/{name}"))), [letter.id.to_string()]);
    assert_eq!(town.row(&letter).await.state, DispatchState::Delivered);
    let row = |what: &str| format!("dispatch;what\n{};{what}\n", letter.id);
    std::fs::write(town.at("van ons/in/week é.csv"), row("accept")).unwrap();
    std::fs::write(town.at("van ons/in/fout.csv"), row("accpt")).unwrap();
    assert_eq!(town.after(2).await, 1);
    assert_eq!(town.timeline(&letter).await, "received handed_over accepted");
    assert_eq!(town.names("van ons/in"), ["fout.csv.errors"]);
    assert_eq!(town.names("done"), ["fout.csv", "week é.csv"]);
    // Again under the same name: the new complaint stands over the old one.
    std::fs::write(town.at("van ons/in/fout.csv"), row("dun")).unwrap();
    town.after(2).await;
    assert!(town.read("van ons/in/fout.csv.errors").contains("`dun`"));
    assert_eq!(town.names("done").len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_step_it_dies_at_over_sftp_nothing_is_lost_or_doubled() {
    let Some(there) = there() else { return };
    testing::on_sqlite(|(hands, bed, tools): Desk| async move {
        let _bed = bed;
        let folder = there.folder();
        let session = there.server(folder.path()).connect().await.unwrap();
        let shelf = Brittle::new(Arc::new(session));
        let settings = json!({"checksum": true, "receipt": "expected"});
        let town = Town::over(&hands, &tools, settings, folder, (Place::Folder(shelf.clone()), shelf));
        super::tests::dies_at_every_step(&hands, &town).await;
    })
    .await;
}

#[tokio::test]
async fn large_files_and_odd_names_arrive_whole() {
    let Some(there) = there() else { return };
    let folder = there.folder();
    let shelf = there.server(folder.path()).connect().await.unwrap();
    shelf.make_folder("a/b c").await.unwrap();
    shelf.make_folder("a/b c").await.unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).take(5_000_001).collect();
    shelf.write("a/b c/é.part", &bytes).await.unwrap();
    assert!(shelf.rename("a/b c/é.part", "a/b c/é").await.unwrap());
    assert!(!shelf.rename("a/b c/é.part", "a/b c/é").await.unwrap());
    assert_eq!(shelf.read("a/b c/é").await.unwrap().as_deref(), Some(&bytes[..]));
    assert_eq!(shelf.read("a/b c/x").await.unwrap(), None);
    shelf.write("a/b c/x", b"new").await.unwrap();
    assert!(shelf.rename("a/b c/x", "a/b c/é").await.unwrap(), "over what is there");
    assert_eq!(shelf.read("a/b c/é").await.unwrap().as_deref(), Some(&b"new"[..]));
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("a/link.csv")).unwrap();
    assert!(shelf.list("a").await.unwrap().is_empty(), "neither folders nor links");
    assert!(shelf.read("a/link.csv").await.unwrap_err().0.contains("plain file"));
    let [entry] = &shelf.list("a/b c").await.unwrap()[..] else { panic!("one file") };
    assert_eq!((entry.name.as_str(), entry.size, entry.modified.is_some()), ("é", 3, true));
    shelf.close().await;
    assert!(shelf.list("a").await.is_err());
    let away = there.server(&folder.path().join("weg")).connect().await.unwrap();
    assert!(away.make_folder("out").await.unwrap_err().0.contains("ask the partner to make it"));
}

#[tokio::test]
async fn another_server_is_refused_and_a_refusal_is_explained() {
    let Some(there) = there() else { return };
    let folder = there.folder();
    let why = async |config: sftp::Config, key: Option<String>, password: Option<&str>| {
        let server = config.build(key.map(SecretString::from), password.map(SecretString::from)).unwrap();
        match server.connect().await {
            Ok(_) => panic!("it let us in"),
            Err(trouble) => trouble.0,
        }
    };
    let good = there.config(folder.path());
    let strange = sftp::Config { host_key: vec![format!("SHA256:{}", "A".repeat(43))], ..good.clone() };
    let said = why(strange.clone(), Some(there.key.clone()), None).await;
    assert!(said.contains(&there.host_key) && said.contains("nothing was sent"), "{said}");
    // While the partner replaces its key, both are good.
    let both = sftp::Config { host_key: [strange.host_key, good.host_key.clone()].concat(), ..good.clone() };
    both.build(Some(there.key.clone().into()), None).unwrap().connect().await.unwrap();
    let said = why(good.clone(), None, Some("geheim")).await;
    assert!(said.contains("by our password") && !said.contains("geheim"), "{said}");
    let mut nobody = good.clone();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    nobody.url.set_port(Some(port)).unwrap();
    let said = why(nobody, Some(there.key.clone()), None).await;
    assert!(said.contains("refused") && said.contains(&port.to_string()), "{said}");
    for (key, password, part) in [(Some("no key"), None, "OpenSSH form"), (None, None, "set `ssh_key` or `password`")] {
        let fault = good.clone().build(key.map(SecretString::from), password).err().unwrap();
        assert!(fault.message.contains(part), "{fault:?}");
    }
}

/// A town that cannot reach its server keeps what it has, and says why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_loses_nothing() {
    let Some(there) = there() else { return };
    testing::on_sqlite(|(hands, bed, tools): Desk| async move {
        let _bed = bed;
        let folder = there.folder();
        let mut away = there.config(folder.path());
        away.host_key = vec![format!("SHA256:{}", "A".repeat(43))];
        let server = away.build(Some(there.key.clone().into()), None).unwrap();
        let unused = Brittle::new(Arc::new(Directory::new(folder.path().to_owned())));
        let town = Town::over(&hands, &tools, json!({}), folder, (Place::Server(Box::new(server)), unused));
        still_waits(&hands, &town).await;
    })
    .await;
}

async fn still_waits(hands: &Hands, town: &Town) {
    town.round().await;
    let letter = town.dispatched().await;
    for _ in 0..3 {
        hands.pass(601);
        town.round().await;
    }
    assert!(town.why().await.unwrap().contains("`host_key`"), "{:?}", town.why().await);
    assert_eq!(town.row(&letter).await.state, DispatchState::Posted);
    assert_eq!(town.names("."), Vec::<String>::new());
}
