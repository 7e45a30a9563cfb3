//! The page about files is held against the program: its settings, its columns, its files.

use super::{
    config::Format,
    said::{self, At},
    table::{self, Line, Manner},
    *,
};
use crate::testing;
use schemas::{Uuid, case::Role, place::Point};
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../../../docs/connect/departments/batch-file.md");

/// The blocks of the page in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    PAGE.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn lines(format: Format, text: &str) -> Vec<Line> {
    let names: Vec<&str> = said::SPEAKS.into_iter().chain(columns::NAMES).collect();
    let (lines, wrong) =
        table::read(format, text.as_bytes(), Manner { delimiter: b',', names: &names, labels: &BTreeMap::new() });
    assert_eq!(wrong, []);
    lines
}

#[test]
fn the_settings_of_the_page_are_good() {
    let mut files = testing::files();
    let departments = files["departments.yaml"].clone();
    for block in blocks("yaml") {
        files.insert("departments.yaml".to_owned(), format!("{departments}\n{block}").into());
        let (city, faults) = City::read(files.clone());
        let city = city.unwrap_or_else(|| panic!("{faults:?}"));
        assert_eq!(crate::departments::check(&city), [], "{block}");
    }
}

#[test]
fn our_file_is_as_the_page_shows_it() {
    let mut dispatch = testing::dispatch("wegen", Role::Lead);
    dispatch.id = "01998d2e-7c1b-5d0a-8f3e-2b6c9a417d58".parse().unwrap();
    dispatch.words = "Een put, \"diep\"".to_owned();
    dispatch.place.point = Some(Point { lat: 50.879, lon: 4.7005 });
    dispatch.due_on = Some("2026-12-03".parse().unwrap());
    let config: Config = serde_json::from_str(r#"{"directory": {"path": "/x"}}"#).unwrap();
    let (city, department) = (testing::city(), testing::slug("wegen"));
    let sheet = sheet::Sheet {
        config: &config,
        city: &city,
        department: &department,
        may_know: false,
        name: "x.csv",
        made_at: testing::now(),
        rows: &[(dispatch.clone(), None)],
    };
    let text = String::from_utf8(sheet.write().unwrap()).unwrap().replace("\r\n", "\n");
    let name = city
        .category(&dispatch.category)
        .map(|category| schemas::city::in_language(&category.names, schemas::report::Language::NL).to_owned());
    let shown = blocks("csv")[0].replace("Put in de weg", &name.unwrap_or_default());
    assert_eq!(text, shown);
    let words: Vec<&str> = PAGE.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    for name in columns::NAMES.into_iter().chain(said::SPEAKS) {
        assert!(words.contains(&name), "the page does not name {name}");
    }
}

#[test]
fn answers_and_receipts_of_the_page_are_understood() {
    let department = testing::slug("wegen");
    let city = testing::city();
    let at = At {
        file: ("a.csv", "digest"),
        written: "2026-11-30T15:00:00Z".parse().unwrap(),
        now: "2026-11-30T15:00:00Z".parse().unwrap(),
        zone: &city.calendar.zone,
        department: &department,
    };
    let answers = [lines(Format::Csv, blocks("csv")[1]), lines(Format::Json, blocks("json")[0])].concat();
    let said: Vec<&str> = answers
        .iter()
        .map(|line| {
            said::Which::read(line).unwrap();
            said::update(line, Uuid::from_u128(1), Uuid::from_u128(2), at).unwrap().say.word()
        })
        .collect();
    assert_eq!(said, ["accept", "plan", "done"]);
    let receipt: Vec<bool> =
        lines(Format::Csv, blocks("csv")[2]).iter().map(|line| said::answered(line).unwrap().which.is_some()).collect();
    assert_eq!(receipt, [true, false]);
}
