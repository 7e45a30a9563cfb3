//! Operating rules, and what rules decided: the commands as somebody types them, beside a hub that
//! runs, on both databases.

mod answers;
mod cases;
mod explain;
mod house;
mod operate;
mod replay;
mod running;
mod suggest;

use futures_util::FutureExt as _;
use schemas::city::{Blobs, Files};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use store::{Options, Store};
use tempfile::TempDir;

/// Writes the tests `sqlite::name` and `postgres::name` for each body.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::on_sqlite(super::$name).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::on_postgres(super::$name).await;
            })*
        }
    };
}
pub(crate) use both;

const CITY: &[(&str, &str)] = &[
    (
        "city.yaml",
        "
name: {nl: Teldorp, fr: Comptebourg, en: Countville}
languages: [nl, fr, en]
phone: \"1777\"
email: meldpunt@voordeur.example
fallback: onthaal
calendar: {timezone: Europe/Brussels, working_days: [mon, tue, wed, thu, fri], office_hours: \"09:00-17:00\"}
",
    ),
    (
        "departments.yaml",
        "
departments:
  - {id: onthaal, name: {nl: Onthaal, fr: Accueil, en: Front desk}, kind: internal, delivery: sandbox}
  - {id: wegen, name: {nl: Wegen, fr: Voirie, en: Roads}, kind: internal, delivery: queue}
  - {id: groen, name: {nl: Groen, fr: Vert, en: Green}, kind: internal, delivery: queue}
",
    ),
    (
        "categories.yaml",
        "
groups:
  - {id: straat, icon: road, name: {nl: Straat, fr: Rue, en: Street}}
categories:
  - {id: straat/put, name: {nl: Put, fr: Trou, en: Hole}, department: wegen, term: 5}
  - {id: straat/boom, name: {nl: Boom, fr: Arbre, en: Tree}, department: groen, term: 5}
",
    ),
    ("rules/a.yaml", RULES),
];

/// The first rules of the city.
pub(crate) const RULES: &str = "\
- { rule: holes, when: { category: straat/put }, then: { assign: wegen }, examples: [{ given: { category: straat/put }, expect: { assign: wegen } }] }
- { rule: trees, when: { category: straat/boom }, then: { assign: groen }, examples: [{ given: { category: straat/boom }, expect: { assign: groen } }] }
";

/// A city folder, a database and a configuration that names both.
pub(crate) struct Bed {
    dir: TempDir,
    pub(crate) url: String,
}

impl Bed {
    fn new(dir: TempDir, url: String) -> Self {
        let bed = Self { dir, url };
        for (file, text) in CITY {
            bed.write(file, text);
        }
        let toml = format!(
            "[city]\nfolder = {:?}\n[database]\nurl = {:?}\nmigrate = true\n\
             [web]\nlisten = \"127.0.0.1:0\"\nops_listen = \"127.0.0.1:0\"\nrate_per_minute = 0\n",
            bed.city().display().to_string(),
            bed.url,
        );
        std::fs::write(bed.config(), toml).unwrap();
        bed
    }

    pub(crate) fn city(&self) -> PathBuf {
        self.dir.path().join("city")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("voordeur.toml")
    }

    /// Writes a file of the city folder, whole at once.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let (path, new) = (self.city().join(file), self.dir.path().join("new"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, path).unwrap();
    }

    /// A copy of the city folder with other rules.
    pub(crate) fn candidate(&self, rules: &str) -> PathBuf {
        let folder = self.dir.path().join("candidate");
        for (file, text) in CITY {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, if *file == "rules/a.yaml" { rules } else { text }).unwrap();
        }
        folder
    }

    /// Changes rows behind the back of the store.
    pub(crate) async fn tamper(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.url.starts_with("sqlite") {
            let path = self.url.replace("sqlite:", "sqlite://");
            sqlx::SqliteConnection::connect(&path).await.unwrap().execute(sql).await.unwrap();
        } else {
            sqlx::PgConnection::connect(&self.url).await.unwrap().execute(sql).await.unwrap();
        }
    }

    /// The version of these rules.
    pub(crate) fn version(&self, rules: &str) -> String {
        let mut files: Files = CITY.iter().map(|(file, text)| ((*file).to_owned(), (*text).into())).collect();
        files.insert("rules/a.yaml".to_owned(), rules.into());
        hub::city::judge("here".to_owned(), files, Blobs::new()).town.unwrap().rules.version().to_owned()
    }

    pub(crate) async fn store(&self) -> Store {
        let clock = hub::clock::real();
        let options = Options { ids: hub::clock::ids(&clock), clock, publish_events: false };
        let store = Store::open(&self.url, options).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Runs `voordeur` with these words.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_voordeur"))
            .arg("--config")
            .arg(self.config())
            .args(words)
            .env("NO_COLOR", "1")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        Ran { words: words.join(" "), output }
    }
}

/// What a command said.
pub(crate) struct Ran {
    words: String,
    output: Output,
}

impl Ran {
    fn text(&self) -> String {
        let Output { status, stdout, stderr } = &self.output;
        let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
        format!("voordeur {}: {status}\n{stdout}\n{stderr}", self.words)
    }

    /// It ended with this code; what it printed on stdout.
    pub(crate) fn ends(&self, code: i32) -> String {
        assert_eq!(self.output.status.code(), Some(code), "{}", self.text());
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    /// It worked, and says all of these.
    pub(crate) fn says(&self, parts: &[&str]) {
        self.ends(0);
        self.names(parts);
    }

    /// It ended with this code, and says all of these.
    pub(crate) fn fails(&self, code: i32, parts: &[&str]) {
        self.ends(code);
        self.names(parts);
    }

    fn names(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.text().contains(part), "`{part}` is missing in {}", self.text());
        }
    }

    pub(crate) fn json(&self, code: i32) -> serde_json::Value {
        serde_json::from_str(&self.ends(code)).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

pub(crate) async fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Bed) -> F) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("voordeur.db").display());
    body(Bed::new(dir, url)).await;
}

/// In a database of its own, on the server that `VOORDEUR_TEST_POSTGRES` names; without one, not at
/// all, unless `VOORDEUR_TEST_ALL` insists.
pub(crate) async fn on_postgres<F: Future<Output = ()>>(body: impl FnOnce(Bed) -> F) {
    let Ok(server) = std::env::var("VOORDEUR_TEST_POSTGRES") else {
        assert!(std::env::var("VOORDEUR_TEST_ALL").is_err(), "VOORDEUR_TEST_POSTGRES must name a server");
        return;
    };
    let name = format!("voordeur_rules_{}", schemas::trace::Trace::start().trace_id);
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    let bed = Bed::new(tempfile::tempdir().unwrap(), format!("{address}/{name}"));
    // Caught, so that the database goes also when the test fails.
    let done = AssertUnwindSafe(body(bed)).catch_unwind().await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    if let Err(failed) = done {
        std::panic::resume_unwind(failed);
    }
}

/// The town in `folder`.
pub(crate) fn town(folder: &Path) -> hub::city::Town {
    hub::city::read(Some(folder)).unwrap().good().unwrap()
}
