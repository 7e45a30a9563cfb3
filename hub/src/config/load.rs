//! Reads the configuration file and lays the environment over it. Every mistake is shown with
//! where it is and what to write instead.

use super::Config;
use crate::failure::Failure;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::IntoDeserializer as _};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

/// What every variable of ours begins with; parts are joined by two underscores.
pub const PREFIX: &str = "VOORDEUR__";

/// A secret in the file: the words themselves, or `{ file = "/run/secrets/x" }`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a secret is a text, or { file = \"path\" }")]
enum Written {
    Words(String),
    // A map, because a struct would also be read from a list.
    File(BTreeMap<String, PathBuf>),
}

/// Reads a secret.
pub fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    let wrong = |text: String| Err(serde::de::Error::custom(text));
    let file = match Written::deserialize(from)? {
        Written::Words(words) => return Ok(words.into()),
        Written::File(map) => match map.into_iter().collect::<Vec<_>>().as_slice() {
            [(key, file)] if key == "file" => file.clone(),
            _ => return wrong("a secret is a text, or { file = \"path\" }".to_owned()),
        },
    };
    match std::fs::read_to_string(&file) {
        Ok(words) => Ok(words.trim_end_matches(['\r', '\n']).into()),
        Err(error) => wrong(format!("the secret file {} cannot be read: {error}", file.display())),
    }
}

/// Reads a secret that may be left out.
pub fn maybe_secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    secret(from).map(Some)
}

impl Config {
    /// Reads `file`, or `./voordeur.toml` when that is there, or nothing but defaults; then the
    /// environment of this process.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        let here = Path::new("voordeur.toml");
        let file = file.or_else(|| here.exists().then_some(here));
        let Some(file) = file else { return Self::read("", "", &environment) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            anyhow::Error::from(error).context(Failure::usage(
                format!("the configuration file {} cannot be read", file.display()),
                "name it with --config FILE, or leave that out to use ./voordeur.toml or the defaults",
            ))
        })?;
        Self::read(&file.display().to_string(), &text, &environment)
    }

    /// Reads `text` of `file` and lays `environment` over it.
    pub fn read(file: &str, text: &str, environment: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let mut config: Self = toml::from_str(text).map_err(|error| in_file(file, text, &error))?;
        if !environment.is_empty() {
            let mut table: Table = toml::from_str(text).map_err(|error| in_file(file, text, &error))?;
            for (name, value) in environment {
                (config, table) = overlay(&table, name, value)?;
            }
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        use secrecy::ExposeSecret as _;
        let database = self.database.url.expose_secret();
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme)) {
            return Err(Failure::usage(
                "[database] url is neither SQLite nor PostgreSQL",
                "write sqlite:voordeur.db or postgres://user:password@host/database",
            )
            .into());
        }
        if let Some(broker) = &self.broker {
            let url = broker.url.expose_secret();
            if !url.starts_with("amqp://") && !url.starts_with("amqps://") {
                return Err(
                    Failure::usage("[broker] url is not AMQP", "write amqp://user:password@host:5672/%2f").into()
                );
            }
            if broker.prefix.is_empty()
                || broker.prefix.len() > 40
                || !broker.prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            {
                return Err(Failure::usage(
                    "[broker] prefix is not a name",
                    "use 1 to 40 of a-z, 0-9, `-`, `_` and `.`",
                )
                .into());
            }
        }
        if let Some(fault) = self.staff.check().into_iter().next() {
            let what = format!("[staff] {}: {}", fault.field, fault.message);
            return Err(Failure::usage(what, "see [staff] in deploy/voordeur.toml").into());
        }
        // Links are this with a path behind it.
        if let Some(url) = &self.web.public_url
            && (!(url.starts_with("http://") || url.starts_with("https://")) || url.contains(['?', '#']))
        {
            return Err(Failure::usage(
                format!("[web] public_url is `{url}`"),
                "write the address residents see, for instance https://voordeur.example.org",
            )
            .into());
        }
        Ok(())
    }
}

/// Lays one variable over `table`; tried as TOML (`1777`, `true`, `["a"]`) and as plain text.
fn overlay(table: &Table, name: &str, value: &str) -> anyhow::Result<(Config, Table)> {
    let mut path: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
    if path.iter().any(String::is_empty) {
        return Err(Failure::usage(
            format!("the variable {name} names no setting"),
            "write VOORDEUR__SECTION__KEY, for instance VOORDEUR__WEB__LISTEN",
        )
        .into());
    }
    // Shells do not take `-` in names; ids of departments do have it.
    if let [section, id, ..] = path.as_mut_slice()
        && section == "departments"
    {
        *id = id.replace('_', "-");
    }
    let mut candidates = Vec::new();
    let from_file = path.last().and_then(|last| last.strip_suffix("_file")).map(str::to_owned);
    if let (Some(key), Some(last)) = (from_file, path.last_mut()) {
        *last = key;
        candidates.push(Value::Table(Table::from_iter([("file".to_owned(), Value::String(value.to_owned()))])));
    } else {
        if let Ok(parsed) = toml::from_str::<Table>(&format!("v = {value}")) {
            candidates.extend(parsed.into_iter().map(|(_, value)| value).next());
        }
        candidates.push(Value::String(value.to_owned()));
    }
    let mut first = None;
    for candidate in candidates {
        let mut table = table.clone();
        put(&mut table, &path, candidate);
        match Config::deserialize(Value::Table(table.clone()).into_deserializer()) {
            Ok(config) => return Ok((config, table)),
            Err(error) => _ = first.get_or_insert(error),
        }
    }
    let message = first.map(|error| error.message().to_owned()).unwrap_or_default();
    Err(Failure::usage(format!("the variable {name} cannot be used: {message}"), help(&message)).into())
}

fn put(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => _ = table.insert(last.clone(), value),
        [first, rest @ ..] => {
            let inner = table.entry(first.clone()).or_insert_with(|| Value::Table(Table::new()));
            if !inner.is_table() {
                *inner = Value::Table(Table::new());
            }
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// A mistake in the file: `file:line:column`, the line itself, a caret, and help.
fn in_file(file: &str, text: &str, error: &toml::de::Error) -> anyhow::Error {
    let message = error.message().lines().collect::<Vec<_>>().join(" ");
    let Some(span) = error.span() else {
        return Failure::usage(format!("{file}: {message}"), help(&message)).into();
    };
    let start = span.start.min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let number = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    let line = text[line_start..].lines().next().unwrap_or_default();
    let carets = "^".repeat(
        text.get(start..span.end.min(text.len()))
            .map_or(1, |s| s.lines().next().unwrap_or_default().chars().count())
            .max(1),
    );
    let gutter = number.to_string();
    let pad = " ".repeat(gutter.len());
    let what = format!(
        "{message}\n{pad}--> {file}:{number}:{column}\n{pad} |\n{gutter} | {}\n{pad} | {}{carets}",
        hide(line),
        " ".repeat(column - 1)
    );
    Failure::usage(what, help(&message)).into()
}

/// A line of the file without what may be a secret: a mistake beside a password must not print it.
fn hide(line: &str) -> String {
    let secret = ["password", "secret", "token", "url", "key"]
        .iter()
        .any(|word| line.split('=').next().is_some_and(|key| key.contains(word)));
    match line.split_once('=') {
        Some((key, _)) if secret => format!("{key}= …"),
        _ => line.to_owned(),
    }
}

/// What to write instead, out of what serde says it expected.
fn help(message: &str) -> String {
    let mut ticked = message.split('`').skip(1).step_by(2).map(str::to_owned);
    if message.contains("unknown field") || message.contains("unknown variant") {
        let wrong = ticked.next().unwrap_or_default();
        let known: Vec<String> = ticked.collect();
        if let Some(near) = schemas::fault::nearest(&wrong, known.iter().map(String::as_str)) {
            return format!("did you mean `{near}`?");
        }
        if !known.is_empty() {
            return format!("choose from {}", known.join(", "));
        }
    }
    if let Some(missing) = message.strip_prefix("missing field ") {
        return format!("add {}; deploy/voordeur.toml has an example", missing.replace('`', ""));
    }
    if message.contains("socket address") {
        return "write an address and a port, for instance 127.0.0.1:1777".to_owned();
    }
    "deploy/voordeur.toml shows every key with an example".to_owned()
}
