//! The settings of a department that exchanges files, in `departments.yaml`, and what can be wrong
//! with them.

use super::{
    columns,
    schedule::{Days, Schedule},
    sftp,
};
use crate::departments::{form_manual::FieldConfig, span};
use jiff::civil::Time;
use schemas::{
    city::{City, Department, Share},
    fault::{Invalid, did_you_mean},
    text,
};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{
    collections::HashSet,
    path::{Component, PathBuf},
    time::Duration,
};

const HOUR: u64 = 3600;
/// The most columns of a file.
const MAX_COLUMNS: usize = 100;

/// Settings in `departments.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A folder of this machine.
    #[serde(default)]
    pub directory: Option<Directory>,
    /// A folder of a server that speaks SFTP.
    #[serde(default)]
    pub sftp: Option<sftp::Config>,
    /// How files are written, and read where their name does not say.
    #[serde(default)]
    pub format: Format,
    /// The folder for our files.
    #[serde(default = "out")]
    pub out: String,
    /// The folder where the department puts its files.
    #[serde(default = "inbound", rename = "in")]
    pub inbound: String,
    /// The folder where its files go when they were read.
    #[serde(default = "done")]
    pub done: String,
    /// At which times of the day a file is made: `["06:00", "13:30"]`.
    #[serde(default, deserialize_with = "times")]
    pub at: Vec<Time>,
    /// How long after a file the next is made, instead of `at`.
    #[serde(default, deserialize_with = "maybe_span")]
    pub every: Option<Duration>,
    /// On which days.
    #[serde(default)]
    pub days: Days,
    /// Whether something urgent makes a file at once.
    #[serde(default)]
    pub urgent_at_once: bool,
    /// How often the folder is looked into.
    #[serde(default = "five_minutes", deserialize_with = "span::read")]
    pub look_every: Duration,
    /// The most dispatches in one file; more make several files.
    #[serde(default = "thousand")]
    pub most: u32,
    /// What stands between the cells of CSV.
    #[serde(default)]
    pub delimiter: Delimiter,
    /// Whether CSV begins with a byte order mark; left out: with `;` it does, as spreadsheets that
    /// want that want both.
    #[serde(default)]
    pub bom: Option<bool>,
    /// Whether cells that a spreadsheet would take for a formula are made harmless.
    #[serde(default = "yes")]
    pub harmless: bool,
    /// The columns of CSV in their order; everything there is, by our own names, when left out.
    #[serde(default)]
    pub columns: Vec<FieldConfig>,
    /// Whether a file `<name>.sha256` is put beside ours.
    #[serde(default)]
    pub checksum: bool,
    /// Whether the department answers each file by a receipt.
    #[serde(default)]
    pub receipt: Receipt,
    /// How long a receipt may take before somebody is told.
    #[serde(default = "day", deserialize_with = "span::read")]
    pub receipt_within: Duration,
}

/// A folder of this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Where it is, from the root.
    pub path: PathBuf,
}

/// How files are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One row per dispatch.
    #[default]
    Csv,
    /// One object per dispatch, as every department's system gets it.
    Json,
}

impl Format {
    /// What the names of files end with.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// What stands between cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Delimiter {
    /// As RFC 4180 has it.
    #[default]
    #[serde(rename = ",")]
    Comma,
    /// As spreadsheets have it where a comma stands in numbers.
    #[serde(rename = ";")]
    Semicolon,
    /// A tab.
    #[serde(rename = "\t")]
    Tab,
}

impl Delimiter {
    /// The byte.
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// Whether the department answers each file by a receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receipt {
    /// It does not; one that comes is read nevertheless.
    #[default]
    None,
    /// It does; the work is theirs once the file is in its place.
    Expected,
    /// It does, and only then the work is theirs.
    Required,
}

fn out() -> String {
    "out".to_owned()
}
fn inbound() -> String {
    "in".to_owned()
}
fn done() -> String {
    "done".to_owned()
}
fn five_minutes() -> Duration {
    Duration::from_secs(300)
}
fn day() -> Duration {
    Duration::from_secs(24 * HOUR)
}
fn thousand() -> u32 {
    1_000
}
fn yes() -> bool {
    true
}

fn maybe_span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    span::read(from).map(Some)
}

fn times<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Time>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let mut times = texts.iter().map(|text| read_time(text)).collect::<Option<Vec<_>>>().ok_or_else(|| {
        D::Error::custom("these are not all times of the day: write them in quotes, `[\"06:00\", \"13:30\"]`")
    })?;
    times.sort_unstable();
    times.dedup();
    Ok(times)
}

fn read_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let mut wrong = |field: &str, code: &str, message: String| faults.push(Invalid::new(field, code, message));
        match (&self.directory, &self.sftp) {
            (None, None) => {
                let message = "say where the files are: `directory: {path: …}` or `sftp: {url: …, host_key: …}`";
                wrong("/directory", "required", message.into());
            }
            (Some(_), Some(_)) => wrong("/sftp", "conflict", "write either `directory` or `sftp`".into()),
            (Some(directory), None) if !directory.path.is_absolute() => {
                let path = directory.path.display();
                wrong("/directory/path", "malformed", format!("`{path}` is not the whole path: begin with /"));
            }
            _ => {}
        }
        for (field, folder) in [("/out", &self.out), ("/in", &self.inbound), ("/done", &self.done)] {
            let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
            if folder.trim_matches('/').is_empty() || !std::path::Path::new(folder).components().all(plain) {
                wrong(field, "malformed", format!("`{folder}` is no folder below the other: write one like `uit/`"));
            }
        }
        let folders: HashSet<&str> =
            [&self.out, &self.inbound, &self.done].into_iter().map(|f| f.trim_matches('/')).collect();
        if folders.len() < 3 {
            wrong("/out", "conflict", "`out`, `in` and `done` have to be three folders".into());
        }
        if self.every.is_some() && !self.at.is_empty() {
            wrong("/every", "conflict", "write either `at` or `every`".into());
        }
        if self.at.len() > 48 {
            wrong("/at", "too_many", "at most 48 times: write `every: 30m`".into());
        }
        let spans = [
            ("/every", self.every.unwrap_or(day()), 60, 7 * 24 * HOUR),
            ("/look_every", self.look_every, 10, 24 * HOUR),
            ("/receipt_within", self.receipt_within, 60, 90 * 24 * HOUR),
        ];
        for (field, span, least, most) in spans {
            if !(least..=most).contains(&span.as_secs()) {
                wrong(field, "out_of_range", format!("write {least}s to {}h", most / HOUR));
            }
        }
        if !(1..=10_000).contains(&self.most) {
            wrong("/most", "out_of_range", "write 1 to 10000".into());
        }
        faults.extend(self.check_columns());
        faults.extend(self.sftp.iter().flat_map(sftp::Config::check));
        faults
    }

    fn check_columns(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        if self.format == Format::Json && !self.columns.is_empty() {
            let message = "JSON holds everything there is: leave `columns` out, or write `format: csv`";
            faults.push(Invalid::new("/columns", "conflict", message));
        }
        if self.columns.len() > MAX_COLUMNS {
            faults.push(Invalid::new("/columns", "too_many", format!("at most {MAX_COLUMNS} columns")));
        }
        let mut labels = HashSet::new();
        for (n, column) in self.columns.iter().enumerate().take(MAX_COLUMNS) {
            let at = |name: &str| format!("/columns/{n}{name}");
            if !(1..=100).contains(&text::length(column.label.trim())) {
                faults.push(Invalid::new(at("/label"), "out_of_range", "write 1 to 100 characters"));
            } else if !labels.insert(column.label.trim()) {
                faults.push(Invalid::new(at("/label"), "duplicate", format!("`{}` is there twice", column.label)));
            }
            match (&column.value, &column.text) {
                (Some(_), None) | (None, Some(_)) => {}
                _ => faults.push(Invalid::new(at(""), "required", "give either `value` or `text`")),
            }
            if let Some(value) = &column.value
                && !columns::is_known(value)
            {
                let message = format!("there is no value `{value}`: {}", did_you_mean(value, columns::NAMES));
                faults.push(Invalid::new(at("/value"), "unknown", message));
            }
        }
        let tells =
            |column: &FieldConfig| matches!(column.value.as_deref(), Some("dispatch" | "reference" | "their_number"));
        if !self.columns.is_empty() && !self.columns.iter().any(tells) {
            let message = "nobody could answer these rows: add `{label: dispatch, value: dispatch}`";
            faults.push(Invalid::new("/columns", "required", message));
        }
        faults
    }

    /// What is wrong with these settings in `city`, for `department`.
    pub(in crate::departments) fn check_for(&self, city: &City, department: &Department) -> Vec<Invalid> {
        let mut faults = Vec::new();
        for (n, column) in self.columns.iter().enumerate().take(MAX_COLUMNS) {
            let Some(value) = column.value.as_deref() else { continue };
            let mut wrong = |code: &str, message: String| {
                faults.push(Invalid::new(format!("/columns/{n}/value"), code, message));
            };
            if columns::is_personal(value) && department.share_reporter == Share::Never {
                wrong(
                    "personal",
                    format!(
                        "`{value}` says who reported, which this department may not know: leave it out, or allow it by `share_reporter`"
                    ),
                );
            }
            if let Some(question) = value.strip_prefix(columns::ANSWER)
                && city.question(question).is_none()
            {
                let known = city.questions.keys().map(String::as_str);
                wrong("unknown", format!("there is no question `{question}`: {}", did_you_mean(question, known)));
            }
        }
        faults
    }

    /// When files are made.
    pub fn schedule(&self) -> Schedule {
        let every = self.every.or(self.at.is_empty().then_some(Duration::from_secs(HOUR)));
        Schedule { at: self.at.clone(), every, days: self.days }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn config(more: Value) -> Result<Config, serde_json::Error> {
        let mut all = json!({"directory": {"path": "/srv/voordeur/groen"}});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all)
    }

    #[test]
    fn good_settings_have_no_faults() {
        let good = config(json!({
            "format": "csv", "out": "uit/", "in": "in/", "done": "in/klaar", "at": ["13:30", "06:00", "06:00"], "days": "all",
            "look_every": "2m", "most": 50, "delimiter": ";", "receipt": "required", "receipt_within": "2d",
            "columns": [{"label": "Dossier", "value": "reference"}, {"label": "Straat", "value": "address"}, {"label": "Bron", "text": "stad"}],
        }))
        .unwrap();
        assert_eq!(good.check(), []);
        assert_eq!(good.at, [jiff::civil::time(6, 0, 0, 0), jiff::civil::time(13, 30, 0, 0)]);
        let plain = config(json!({})).unwrap();
        assert_eq!((plain.check(), plain.schedule().every), (Vec::new(), Some(Duration::from_secs(HOUR))));
    }

    #[test]
    fn faults_name_the_setting_and_the_fix() {
        let rows = [
            (json!({"directory": {"path": "files"}}), "/directory/path", "begin with /"),
            (json!({"directory": null}), "/directory", "where the files are"),
            (json!({"sftp": {"url": "sftp://a@b", "host_key": "SHA256:x"}}), "/sftp", "either"),
            (json!({"sftp": {"url": "https://b/x", "host_key": []}}), "/sftp/url", "sftp://user@"),
            (json!({"sftp": {"url": "sftp://a:b@c", "host_key": []}}), "/sftp/url", "credentials"),
            (json!({"sftp": {"url": "sftp://a@c", "host_key": []}}), "/sftp/host_key", "fingerprint"),
            (json!({"sftp": {"url": "sftp://a@c", "host_key": "SHA256:abc"}}), "/sftp/host_key", "43 characters"),
            (json!({"out": "../x"}), "/out", "no folder below"),
            (json!({"in": "/"}), "/in", "no folder below"),
            (json!({"out": "x", "in": "x/"}), "/out", "three folders"),
            (json!({"at": ["06:00"], "every": "1h"}), "/every", "either"),
            (json!({"every": "5s"}), "/every", "60s"),
            (json!({"most": 0}), "/most", "1 to 10000"),
            (json!({"look_every": "2d"}), "/look_every", "24h"),
            (json!({"columns": [{"label": "Straat", "value": "adres"}]}), "/columns/0/value", "address"),
            (json!({"columns": [{"label": "Straat", "value": "address"}]}), "/columns", "answer these rows"),
            (
                json!({"columns": [{"label": "a", "value": "reference"}, {"label": "a", "text": "x"}]}),
                "/columns/1/label",
                "twice",
            ),
            (json!({"columns": [{"label": "a"}]}), "/columns/0", "either"),
            (json!({"format": "json", "columns": [{"label": "a", "value": "reference"}]}), "/columns", "everything"),
        ];
        for (more, field, part) in rows {
            let faults = config(more.clone()).unwrap().check();
            assert!(faults.iter().any(|f| f.field == field && f.message.contains(part)), "{more}: {faults:?}");
        }
        for (more, part) in [
            (json!({"at": ["25:00"]}), "times of the day"),
            (json!({"at": ["6 uur"]}), "times of the day"),
            (json!({"delimiter": "|"}), "unknown variant"),
            (json!({"every": "soon"}), "span of time"),
            (json!({"colums": []}), "unknown field"),
        ] {
            let error = config(more).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn who_reported_is_only_for_departments_that_may_know() {
        let city = crate::testing::city();
        let personal = config(
            json!({"columns": [{"label": "r", "value": "reference"}, {"label": "n", "value": "name"}, {"label": "q", "value": "answer.nope"}]}),
        )
        .unwrap();
        for department in &city.departments {
            let faults = personal.check_for(&city, department);
            assert!(faults.iter().any(|fault| fault.field == "/columns/2/value" && fault.code == "unknown"));
            assert_eq!(
                faults.iter().any(|fault| fault.code == "personal"),
                department.share_reporter == Share::Never,
                "{}",
                department.id
            );
        }
    }
}
