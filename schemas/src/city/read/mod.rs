//! Reads a city folder, and says of every fault where it is and what to write instead. One file of
//! the folder is one module here.

mod areas;
mod base_map;
mod broadcast;
mod calendar;
mod categories;
mod departments;
mod fields;
mod front;
mod geojson;
mod kinds;
mod knowledge;
mod lists;
mod maintenance;
mod neighbours;
mod on_call;
mod outward;
mod owners;
mod publish;
mod sentences;
#[cfg(test)]
mod tests;
mod theme;
mod yaml;

use super::{Blobs, City, Files, Index};
use crate::{
    fault::{Fault, Severity, did_you_mean},
    further::{Further, Names},
    slug::CategoryId,
};
use fields::Fields;
use yaml::Node;

impl City {
    /// Reads the folder. The city is there when no fault is an error; warnings come either way.
    /// Faults come in the order of the files and of the lines in them.
    pub fn read(files: Files) -> (Option<City>, Vec<Fault>) {
        Self::read_with(files, Blobs::new())
    }

    /// The same, of a folder with pictures and fonts.
    pub fn read_with(files: Files, blobs: Blobs) -> (Option<City>, Vec<Fault>) {
        let mut faults = Vec::new();
        theme::check(&files, &blobs, &mut faults);
        let city = assemble(files, blobs, &mut faults);
        faults.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        let broken = faults.iter().any(|fault| fault.severity == Severity::Error);
        (city.filter(|_| !broken), faults)
    }
}

fn assemble(files: Files, blobs: Blobs, faults: &mut Vec<Fault>) -> Option<City> {
    let front = tree(&files, "city.yaml", faults);
    let departments = tree(&files, "departments.yaml", faults);
    let categories = tree(&files, "categories.yaml", faults);
    if let Some(products) = files.get("products.yaml") {
        yaml::parse("products.yaml", products, faults);
    }

    // Each file is read as far as it goes, whatever is wrong with the others, so that one reading
    // shows every fault.
    let front = front.and_then(|node| front::read(&node, &files, faults));
    let languages = front.as_ref().map_or(&[][..], |front| &front.languages[..]);
    let known = departments.as_ref().map(|node| ids(node.get("departments")));
    let departments = departments.and_then(|node| {
        let calendar = front.as_ref().and_then(|front| front.calendar.as_ref());
        departments::read(&node, calendar, &mut Fields { file: "departments.yaml", faults: &mut *faults, languages })
    });
    let about = categories.as_ref().map(|node| {
        let mut ids = ids(node.get("categories"));
        ids.retain(|id| id.contains('/'));
        ids
    });
    let sentences = sentences::read(&files, about.as_deref(), faults);
    let articles = knowledge::read(&files, about.as_deref(), languages, faults);
    let tree = categories.and_then(|node| {
        let fields = &mut Fields { file: "categories.yaml", faults: &mut *faults, languages };
        categories::read(&node, known.as_deref(), fields)
    });
    let front = front?;
    for (id, at) in front.fallback.iter().chain(&front.handlers) {
        let Some(known) = known.as_ref().filter(|known| known.iter().all(|known| known != id.as_str())) else {
            continue;
        };
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Fields { file: "city.yaml", faults: &mut *faults, languages: &[] }.unknown(*at, "department", id, &known);
    }
    let areas = areas::read(&front, &files, faults);
    let owners = owners::read(&front, &files, &areas, faults);
    let streets = lists::streets(&files, &areas, faults);
    let assets = lists::assets(&files, &areas, faults);
    if let (Some((question, at)), Some(tree)) = (&front.consent_question, &tree)
        && !tree.questions.contains_key(question)
    {
        let known: Vec<&str> = tree.questions.keys().map(String::as_str).collect();
        Fields { file: "city.yaml", faults: &mut *faults, languages: &[] }.unknown(*at, "question", question, &known);
    }
    if let (Some((general, at)), Some(tree)) = (&front.general, &tree)
        && !tree.categories.iter().any(|category| category.id.as_str() == general)
    {
        let known: Vec<&str> = tree.categories.iter().map(|category| category.id.as_str()).collect();
        Fields { file: "city.yaml", faults: &mut *faults, languages: &[] }.unknown(*at, "category", general, &known);
    }
    let ((departments, delivery_at), tree) = (departments?, tree?);
    let segments = broadcast::segments(&files, &areas, &tree.groups, &tree.categories, &front.languages, faults);
    let further = Further::read(&files);
    let mut city = City {
        names: front.names?,
        further,
        index: Index::new(&departments, &tree.categories, delivery_at, tree.category_at),
        languages: front.languages,
        phone: front.phone?,
        country: front.country,
        quiet: front.quiet,
        pace: front.pace,
        proving: front.proving,
        publish: front.publish,
        open_data: front.open_data,
        embed: front.embed,
        maintenance: front.maintenance,
        soft_bounces: front.soft_bounces,
        near: front.near,
        email: front.email?,
        fallback: front.fallback?.0,
        general: front.general.and_then(|(id, _)| CategoryId::new(&id).ok()),
        calendar: front.calendar?,
        patience: front.patience,
        kinds: front.kinds,
        consent_question: front.consent_question.map(|(id, _)| id),
        departments,
        groups: tree.groups,
        categories: tree.categories,
        questions: tree.questions,
        emergency_hints: tree.emergency_hints,
        articles,
        sentences,
        segments,
        suggest: front.suggest,
        areas,
        owners,
        streets,
        assets,
        neighbours: front.neighbours,
        staff_channels: front.staff_channels,
        attribution: front.attribution,
        base_map: front.base_map,
        base_attribution: front.base_attribution,
        ways: std::sync::OnceLock::new(),
        files,
        blobs,
    };
    Names::give(&mut city);
    Some(city)
}

/// The tree of a file that has to be there.
fn tree(files: &Files, name: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    match files.get(name) {
        Some(text) => yaml::parse(name, text, faults),
        None => {
            missing(files, name, name, (0, 0), faults);
            None
        }
    }
}

/// Says that `wanted` is not in the folder; told at `at` of `file`.
fn missing(files: &Files, wanted: &str, file: &str, at: (usize, usize), faults: &mut Vec<Fault>) {
    let near = crate::fault::nearest(wanted, files.keys().map(String::as_str));
    let help = match near {
        Some(_) => did_you_mean(wanted, files.keys().map(String::as_str)),
        None => "add it, or copy the one of the sample city".to_owned(),
    };
    faults.push(Fault::error(file, at, format!("the city folder has no file `{wanted}`"), help));
}

/// The `id` of every item of a list, whatever else is wrong with it: what other files may refer to.
fn ids(list: Option<&Node>) -> Vec<String> {
    let Some(Node { value: yaml::Value::List(items), .. }) = list else { return Vec::new() };
    let mut ids = Vec::new();
    for item in items {
        if let Some(yaml::Value::Scalar { text, .. }) = item.get("id").map(|node| &node.value) {
            // An id that is no name is told once; who refers to the name it should be is right.
            ids.extend(fields::slugged(text).filter(|name| name != text));
            ids.push(text.clone());
        }
    }
    ids
}
