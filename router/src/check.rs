//! Gathers what is wrong with rule files, each fault with its position and what to write instead.

use crate::{
    conditions::Vocabulary,
    suggest::suggest,
    table::Table,
    yaml::{Pos, inside},
};
use schemas::{
    city::{City, Files},
    fault::Fault,
};
use std::{cell::OnceCell, collections::HashMap};

/// The faults found so far, and the city that names are looked up in.
pub(crate) struct Check<'a> {
    pub city: &'a City,
    pub file: String,
    pub faults: Vec<Fault>,
    files: &'a Files,
    /// The files that are tables.
    tables: HashMap<String, Table>,
    vocabulary: OnceCell<Vocabulary>,
}

impl<'a> Check<'a> {
    /// For rules that stand in `files`.
    pub fn new(city: &'a City, files: &'a Files) -> Self {
        Self {
            city,
            file: String::new(),
            faults: Vec::new(),
            files,
            tables: HashMap::new(),
            vocabulary: OnceCell::new(),
        }
    }

    /// What expressions may ask in this city.
    pub fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(|| Vocabulary::of(self.city))
    }

    /// The file in hand is this table: what is read of its YAML is told in its cells.
    pub fn is_table(&mut self, table: Table) {
        self.tables.insert(self.file.clone(), table);
    }

    /// Where `at` is in the file in hand.
    pub fn place(&self, at: Pos) -> Pos {
        self.tables.get(&self.file).map_or(at, |table| table.place(at))
    }

    /// Where byte `offset` of `value` was read, if `value` is what is written `at`.
    pub fn inside(&self, at: Pos, value: &str, offset: usize) -> Pos {
        let text = match self.tables.get(&self.file) {
            Some(table) => Some(table.yaml.as_str()),
            None => self.files.get(&self.file).map(AsRef::as_ref),
        };
        text.and_then(|text| inside(text, at, value, offset)).unwrap_or(at)
    }

    /// An error at `at`, where it was read.
    pub fn error(&mut self, at: Pos, message: impl Into<String>, help: impl Into<String>) {
        let at = self.place(at);
        self.error_in_file(at, message, help);
    }

    /// An error at `at` of the file in hand itself.
    pub fn error_in_file(&mut self, at: Pos, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::error(&self.file, at, message, help));
    }

    /// A warning at `at`, where it was read.
    pub fn warn(&mut self, at: Pos, message: impl Into<String>, help: impl Into<String>) {
        let at = self.place(at);
        self.warn_in_file(at, message, help);
    }

    /// A warning at `at` of the file in hand itself.
    pub fn warn_in_file(&mut self, at: Pos, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::error(&self.file, at, message, help).warning());
    }

    /// `name` must be one of `known`; `what` is what such a thing is called.
    pub fn known<'k>(&mut self, what: &str, name: &str, at: Pos, known: impl Iterator<Item = &'k str>) {
        let known: Vec<&str> = known.collect();
        if known.contains(&name) {
            return;
        }
        let help = match suggest(name, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => format!("this city has no {what}"),
            None if known.len() > 12 => {
                format!("choose one of the {} the city has, for instance `{}`", known.len(), known[0])
            }
            None => format!("choose one of: {}", known.join(", ")),
        };
        self.error(at, format!("there is no {what} `{name}`"), help);
    }

    /// `id` must be a department of the city.
    pub fn department(&mut self, id: &str, at: Pos) {
        let city = self.city;
        self.known("department", id, at, city.departments.iter().map(|d| d.id.as_str()));
    }

    /// `slug` must be an article of the city.
    pub fn article(&mut self, slug: &str, at: Pos) {
        let city = self.city;
        self.known("article", slug, at, city.articles.iter().map(|article| article.slug.as_str()));
    }

    /// The department `id` must be one that people are sent to; one that is not there was named.
    pub fn redirects(&mut self, id: &str, at: Pos) {
        use schemas::city::Delivery;
        let Some(department) = self.city.department(id) else { return };
        if !matches!(&department.delivery, Delivery::Push { adapter, .. } if adapter == "redirect") {
            self.error(
                at,
                format!("nobody is sent to `{id}`: it gets its work in another way"),
                "write `assign:` instead, or give the department `delivery: redirect`",
            );
        }
    }

    /// Somebody has to be on call for the department `id`; one that is not there was named.
    pub fn reachable(&mut self, id: &str, at: Pos) {
        if self.city.department(id).is_some_and(|department| department.on_call.is_none()) {
            self.error(
                at,
                format!("nobody is on call for `{id}`"),
                "give the department `on_call: {contacts: [{who: …, phone: …}]}` in departments.yaml",
            );
        }
    }

    /// The department `id` should be one that can be told without being asked something; one that is
    /// not there was named.
    pub fn informable(&mut self, id: &str, at: Pos) {
        use schemas::city::Delivery;
        let delivery = self.city.department(id).map(|department| &department.delivery);
        let Some(Delivery::Push { adapter, .. }) = delivery else { return };
        let (why, help) = match adapter.as_str() {
            "phone_handover" => (
                "is reached by telephone, and nobody is telephoned for information only",
                "leave it out of `inform`; to have somebody telephoned, name it under `on_call`",
            ),
            "redirect" => ("is one that people are sent to: it gets nothing", "leave it out of `inform`"),
            _ => return,
        };
        self.warn(at, format!("`{id}` {why}"), help);
    }

    /// `id` must be an area of the city.
    pub fn area(&mut self, id: &str, at: Pos) {
        let city = self.city;
        self.known("area", id, at, city.areas.all().iter().map(|a| a.id.as_str()));
    }

    /// Whether an error (not only warnings) was found.
    pub fn failed(&self) -> bool {
        self.faults.iter().any(|fault| fault.severity == schemas::fault::Severity::Error)
    }
}
