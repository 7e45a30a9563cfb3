//! `streets.csv` and `assets.csv`: streets, houses and numbered things with their points. Both may be missing.

use super::fields::clip;
use crate::{
    city::{Areas, Asset, AssetKind, Assets, Files, Street, Streets, Texts, assets::number_key},
    fault::{Fault, did_you_mean},
    lambert::Lambert72,
    place::Point,
    report::Language,
    text,
};
use std::collections::{BTreeMap, HashMap};

const STREETS: &str = "streets.csv";
const ASSETS: &str = "assets.csv";
/// No more faults of one file are told: who has a wrong column has it in every line.
const MOST_FAULTS: usize = 20;
/// A point is written in one of these pairs of columns.
const POINTS: [[&str; 2]; 2] = [["lat", "lon"], ["x", "y"]];

/// A list that is being read.
struct List<'a> {
    file: &'static str,
    faults: &'a mut Vec<Fault>,
    told: usize,
    columns: HashMap<String, usize>,
}

impl List<'_> {
    fn error(&mut self, line: usize, message: impl Into<String>, help: impl Into<String>) {
        self.told += 1;
        match self.told {
            0..MOST_FAULTS => self.faults.push(Fault::error(self.file, (line, 0), message, help)),
            MOST_FAULTS => {
                let message = "more lines of this file are wrong";
                self.faults.push(Fault::error(self.file, (line, 0), message, "put these right and check again"));
            }
            _ => {}
        }
    }

    fn warning(&mut self, line: usize, message: impl Into<String>, help: impl Into<String>) {
        self.told += 1;
        if self.told < MOST_FAULTS {
            self.faults.push(Fault::error(self.file, (line, 0), message, help).warning());
        }
    }

    /// What stands in a column, cleaned; nothing when it is empty or not there.
    fn cell(&self, row: &csv::StringRecord, column: &str) -> Option<String> {
        let text = row.get(*self.columns.get(column)?)?;
        Some(text::clean_line(text)).filter(|text| !text.is_empty())
    }

    /// The point of a line, in degrees or in Lambert 72.
    fn point(&mut self, row: &csv::StringRecord, line: usize, areas: &Areas) -> Option<Point> {
        let pair = POINTS.into_iter().find(|pair| self.columns.contains_key(pair[0]))?;
        let mut number = |column: &str| {
            let text = self.cell(row, column).unwrap_or_default();
            let number = text.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
            if number.is_none() {
                let message = format!("`{}` in the column `{column}` is not a number", clip(&text));
                self.error(line, message, "write degrees as 50.8279, metres as 71234.5");
            }
            number
        };
        let (one, two) = (number(pair[0]), number(pair[1]));
        let (one, two) = (one?, two?);
        let point = match pair[0] {
            "x" => {
                let there = Lambert72 { x: one, y: two };
                if !there.is_near_belgium() {
                    self.error(line, "this is no position in Lambert 72", "x and y are metres from 0 to 300000");
                    return None;
                }
                there.to_point()
            }
            _ => Point { lat: one, lon: two },
        };
        if !areas.in_city(point) {
            let swapped = areas.in_city(Point { lat: point.lon, lon: point.lat });
            let help = if swapped { "swap `lat` and `lon`" } else { "look at the point, or take the line out" };
            let (lat, lon) = (point.lat, point.lon);
            self.warning(line, format!("{lat:.5}, {lon:.5} lies outside the city"), help);
            return None;
        }
        Some(point)
    }
}

/// Opens a list and reads its header; `known` are the columns that it may have, the first is required.
fn open<'a>(
    file: &'static str,
    text: &'a str,
    known: &[&str],
    faults: &'a mut Vec<Fault>,
) -> Option<(List<'a>, Vec<(usize, csv::StringRecord)>)> {
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let separator = [b';', b',', b'\t'].into_iter().max_by_key(|c| header.bytes().filter(|b| b == c).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut list = List { file, faults, told: 0, columns: HashMap::new() };
    let header = reader.headers().cloned().unwrap_or_default();
    let mut is_good = true;
    for (at, name) in header.iter().enumerate() {
        if !known.contains(&name) {
            let message = format!("there is no column `{}`", clip(name));
            list.error(1, message, did_you_mean(name, known.iter().copied()));
            is_good = false;
        } else if list.columns.insert(name.to_owned(), at).is_some() {
            list.error(1, format!("the column `{name}` is here twice"), "keep one of them");
            is_good = false;
        }
    }
    let has = |list: &List<'_>, name: &str| list.columns.contains_key(name);
    if !has(&list, known[0]) {
        list.error(1, format!("the column `{}` is missing", known[0]), format!("write `{},lat,lon` first", known[0]));
        is_good = false;
    }
    if POINTS.iter().filter(|pair| pair.iter().all(|name| has(&list, name))).count() != 1 {
        let help = "name `lat` and `lon` in WGS 84 degrees, or `x` and `y` in Belgian Lambert 72";
        list.error(1, "the header does not say how points are written", help);
        is_good = false;
    }
    let mut rows = Vec::new();
    for row in reader.records() {
        match row {
            Ok(row) if row.iter().all(str::is_empty) => {}
            Ok(row) => {
                let line = row.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
                if row.len() == header.len() {
                    rows.push((line, row));
                } else {
                    let message = format!("this line has {} cells, the header has {}", row.len(), header.len());
                    list.error(line, message, "put a cell that holds a separator in double quotes");
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
                list.error(line, "this line cannot be read as CSV", "look at its quotes (RFC 4180)");
            }
        }
    }
    is_good.then_some((list, rows))
}

/// Reads the streets. A line without a number is a point of the street, one with a number a house in it.
pub(super) fn streets(files: &Files, areas: &Areas, faults: &mut Vec<Fault>) -> Streets {
    let known = ["street", "street_fr", "street_en", "number", "postcode", "town", "lat", "lon", "x", "y"];
    let Some((mut list, rows)) = files.get(STREETS).and_then(|text| open(STREETS, text, &known, faults)) else {
        return Streets::default();
    };
    let mut streets: Vec<Street> = Vec::new();
    let mut places: HashMap<(String, Option<String>), usize> = HashMap::new();
    for (line, row) in rows {
        let Some(name) = list.cell(&row, "street").filter(|name| text::length(name) <= 100) else {
            list.error(line, "this line names no street", "write its name of at most 100 characters");
            continue;
        };
        let Some(point) = list.point(&row, line, areas) else { continue };
        let (postcode, town) = (list.cell(&row, "postcode"), list.cell(&row, "town"));
        let mut names = Texts::from([(Language::NL, name.clone())]);
        for (column, language) in [("street_fr", Language::FR), ("street_en", Language::EN)] {
            names.extend(list.cell(&row, column).map(|name| (language, name)));
        }
        let key = (crate::person::street_key(&name), postcode.clone());
        let place = *places.entry(key).or_insert(streets.len());
        if place == streets.len() {
            let (points, numbers) = (Vec::new(), BTreeMap::new());
            streets.push(Street { names: names.clone(), postcode, town, points, numbers });
        }
        let street = &mut streets[place];
        names.into_iter().for_each(|(language, name)| _ = street.names.entry(language).or_insert(name));
        match list.cell(&row, "number").map(|number| number.to_lowercase().replace(' ', "")) {
            None => street.points.push(point),
            Some(number) if !number.starts_with(|c: char| c.is_ascii_digit()) || number.len() > 12 => {
                let message = format!("`{}` is not the number of a house", clip(&number));
                list.error(line, message, "write it as 12 or 12a, or leave the cell empty for a point of the street");
            }
            Some(number) if street.numbers.contains_key(&number) => {
                list.error(line, format!("{name} {number} is here twice"), "keep one of the lines");
            }
            Some(number) => _ = street.numbers.insert(number, point),
        }
    }
    Streets::new(streets)
}

/// Reads what has a number.
pub(super) fn assets(files: &Files, areas: &Areas, faults: &mut Vec<Fault>) -> Assets {
    let known = ["number", "kind", "lat", "lon", "x", "y"];
    let Some((mut list, rows)) = files.get(ASSETS).and_then(|text| open(ASSETS, text, &known, faults)) else {
        return Assets::default();
    };
    let (mut assets, mut seen) = (Vec::new(), HashMap::new());
    for (line, row) in rows {
        let number = list.cell(&row, "number").unwrap_or_default();
        let key = number_key(&number);
        if !(3..=40).contains(&number.len()) || !key.bytes().any(|b| b.is_ascii_digit()) {
            let help = "write the number as it stands on the thing: 3 to 40 characters, a digit among them";
            list.error(line, format!("`{}` is not a number that can be found", clip(&number)), help);
            continue;
        }
        if let Some(first) = seen.insert(key, line) {
            list.error(line, format!("the number `{number}` is here twice, first in line {first}"), "keep one of them");
            continue;
        }
        let word = list.cell(&row, "kind").unwrap_or_else(|| "other".to_owned());
        let Some((_, kind)) = AssetKind::ALL.into_iter().find(|(known, _)| *known == word) else {
            let help = did_you_mean(&word, AssetKind::ALL.iter().map(|(word, _)| *word));
            list.error(line, format!("there is no kind `{}`", clip(&word)), help);
            continue;
        };
        let Some(point) = list.point(&row, line, areas) else { continue };
        assets.push(Asset { number, kind, point });
    }
    Assets::new(assets)
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
