//! The city folder: read from disk or from inside the binary, and everything made of it.

use crate::{base_map, failure::Failure, output::Paint};
use notifier::Templates;
use router::Ruleset;
use schemas::{
    city::{Blobs, City, Files},
    fault::{Fault, Severity},
};
use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The sample city: `deploy/city`, inside the binary.
#[derive(rust_embed::Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../deploy/city"]
struct Sample;

/// A file of a city folder is never longer than this; a whole district map is a tenth of it.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// A city that was read and found good, with everything made of it.
#[derive(Clone)]
pub struct Town {
    /// The city.
    pub city: Arc<City>,
    /// Its rules.
    pub rules: Arc<Ruleset>,
    /// Whether these are the rules of its folder. Otherwise those have faults, and these are in force.
    pub folder_rules: bool,
    /// Its words.
    pub templates: Arc<Templates>,
}

/// What reading a city folder came to.
pub struct Reading {
    /// Where it was read from, for people.
    pub place: String,
    /// The files.
    pub files: Files,
    /// The city alone, when it can be read; its rules and words may have faults.
    pub city: Option<Arc<City>>,
    /// The city with everything made of it, when no fault is an error.
    pub town: Option<Town>,
    /// Everything that is wrong, errors first, each file in order.
    pub faults: Vec<Fault>,
}

/// Reads the folder, or the built-in sample without one.
pub fn read(folder: Option<&Path>) -> anyhow::Result<Reading> {
    let (place, (files, blobs)) = match folder {
        None => ("the built-in sample city".to_owned(), (sample(), Blobs::new())),
        Some(folder) => (folder.display().to_string(), from_disk(folder, "")?),
    };
    let mut reading = judge(place, files, blobs);
    if let Some(fault) = reading.city.as_ref().and_then(|city| base_map::check(city, folder)) {
        reading.faults.insert(0, fault);
        reading.town = None;
    }
    Ok(reading)
}

/// Makes everything of `files`, and gathers what is wrong.
pub fn judge(place: String, files: Files, blobs: Blobs) -> Reading {
    let (city, mut faults) = City::read_with(files.clone(), blobs);
    faults.extend(web::check_texts(web::Folder { files: &files, city: city.as_ref() }));
    let city = city.map(Arc::new);
    let mut town = None;
    if let Some(city) = &city {
        let (rules, more) = Ruleset::read(city);
        faults.extend(more);
        let (templates, more) = Templates::read(city);
        faults.extend(more);
        faults.extend(adapters::departments::check(city));
        if let (Some(rules), Some(templates)) = (rules, templates) {
            let (city, rules, templates) = (city.clone(), Arc::new(rules), Arc::new(templates));
            town = Some(Town { city, rules, folder_rules: true, templates });
        }
    }
    faults.sort_by(|a, b| (a.severity, &a.file, a.line, a.column).cmp(&(b.severity, &b.file, b.line, b.column)));
    if faults.iter().any(|fault| fault.severity == Severity::Error) {
        town = None;
    }
    Reading { place, files, city, town, faults }
}

impl Reading {
    /// The city with these rules, when nothing else is wrong than the rules of its folder.
    pub fn with_rules(&self, rules: Ruleset) -> Option<Town> {
        let wrong = |fault: &&Fault| fault.severity == Severity::Error && !fault.file.starts_with("rules/");
        let (city, None) = (self.city.clone()?, self.faults.iter().find(wrong)) else { return None };
        let templates = Arc::new(Templates::read(&city).0?);
        Some(Town { city, rules: Arc::new(rules), folder_rules: false, templates })
    }

    /// The city, or every fault of it as one failure.
    pub fn good(self) -> anyhow::Result<Town> {
        if let Some(town) = self.town {
            for fault in &self.faults {
                tracing::warn!(file = fault.file, line = fault.line, "{}", fault.message);
            }
            return Ok(town);
        }
        let errors = self.faults.iter().filter(|fault| fault.severity == Severity::Error);
        let shown: Vec<String> = errors.clone().take(5).map(|fault| self.show(fault, Paint::stderr())).collect();
        let more = errors.count().saturating_sub(shown.len());
        let more = if more > 0 { format!("\n… and {more} more") } else { String::new() };
        Err(Failure::usage(
            format!("{} has faults that must be put right first\n\n{}{more}", self.place, shown.join("\n")),
            "`voordeur check --city DIR` shows all of them",
        )
        .into())
    }

    /// One fault with its place, the line, a caret and the help.
    pub fn show(&self, fault: &Fault, paint: Paint) -> String {
        let plain = fault.render(self.files.get(&fault.file).map(AsRef::as_ref));
        match (plain.split_once('\n'), fault.severity) {
            (Some((first, rest)), Severity::Error) => format!("{}\n{rest}", paint.red(first)),
            (Some((first, rest)), Severity::Warning) => format!("{}\n{rest}", paint.yellow(first)),
            (None, _) => plain,
        }
    }
}

fn sample() -> Files {
    Sample::iter()
        .filter_map(|path| {
            let file = Sample::get(&path)?;
            let text = String::from_utf8(file.data.into_owned()).ok()?;
            Some((path.into_owned(), text.into()))
        })
        .collect()
}

/// The files below `rules/` of a city folder.
pub fn read_rules(folder: &Path) -> anyhow::Result<Files> {
    if folder.join("rules").is_dir() {
        Ok(from_disk(folder, "rules")?.0)
    } else {
        from_disk(folder, "").map(|_| Files::new())
    }
}

/// Whether a file that is no text belongs to the look of the city.
fn is_look(name: &str) -> bool {
    name == "logo.png" || name.starts_with("fonts/")
}

/// The text files of a city folder, or of what lies below one folder in it; and its logo and fonts.
fn from_disk(folder: &Path, below: &str) -> anyhow::Result<(Files, Blobs)> {
    if !folder.join("city.yaml").is_file() {
        return Err(Failure::usage(
            format!("{} is not a city folder: there is no city.yaml in it", folder.display()),
            "name the folder with --city DIR; deploy/city is a complete example to copy",
        )
        .into());
    }
    let (mut files, mut blobs) = (Files::new(), Blobs::new());
    let mut todo = vec![PathBuf::from(below)];
    while let Some(inside) = todo.pop() {
        let unreadable = |error: std::io::Error| {
            anyhow::Error::from(error).context(Failure::new(
                format!("{} cannot be read", folder.join(&inside).display()),
                "see that the account Voordeur runs as may read the whole city folder",
            ))
        };
        for entry in std::fs::read_dir(folder.join(&inside)).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            // The file of a base map may be as large as a country, and is opened where it is served.
            if name.to_string_lossy().starts_with('.') || name.to_string_lossy().ends_with(".pmtiles") {
                continue;
            }
            let path = inside.join(&name);
            // Follows links: a city may share templates with another.
            let about = std::fs::metadata(entry.path()).map_err(unreadable)?;
            if about.is_dir() {
                if path.components().count() < 6 {
                    todo.push(path);
                }
                continue;
            }
            let mut bytes = Vec::new();
            let file = std::fs::File::open(entry.path()).map_err(unreadable)?;
            file.take(LONGEST_FILE).read_to_end(&mut bytes).map_err(unreadable)?;
            if bytes.len() as u64 == LONGEST_FILE {
                let help = "no file of a city is that long: take it out, or make several of it";
                return Err(Failure::usage(format!("{} is longer than 16 MB", entry.path().display()), help).into());
            }
            let name = path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            // A table or a text in another encoding is there, and is refused where its first odd letter stands.
            match String::from_utf8(bytes) {
                Ok(text) if is_look(&name) => _ = blobs.insert(name, text.into_bytes().into()),
                Ok(text) => _ = files.insert(name, text.into()),
                Err(other) if name.ends_with(".csv") || name.ends_with(".ftl") => {
                    files.insert(name, String::from_utf8_lossy(other.as_bytes()).into());
                }
                Err(other) if is_look(&name) => _ = blobs.insert(name, other.into_bytes().into()),
                Err(_) => {}
            }
        }
    }
    Ok((files, blobs))
}
