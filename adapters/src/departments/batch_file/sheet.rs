//! Our files: one per batch, the same bytes whenever they are made of the same rows.

use super::{
    columns::{self, Known},
    config::{Config, Format},
};
use crate::departments::form_manual::FieldConfig;
use schemas::{Timestamp, city::City, dispatch::Dispatch, slug::DepartmentId};
use serde::Serialize;

/// What begins a cell that a spreadsheet takes for a formula (OWASP, CSV injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// How it is written.
    pub config: &'a Config,
    /// The city.
    pub city: &'a City,
    /// For whom.
    pub department: &'a DepartmentId,
    /// Whether it may know who reported, at least of some.
    pub may_know: bool,
    /// Its name.
    pub name: &'a str,
    /// When its rows were chosen.
    pub made_at: Timestamp,
    /// Its rows, each with the department's own number of the case, if it told one.
    pub rows: &'a [(Dispatch, Option<String>)],
}

#[derive(Serialize)]
struct Whole<'a> {
    file: &'a str,
    department: &'a str,
    made_at: Timestamp,
    dispatches: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    dispatch: &'a Dispatch,
    #[serde(skip_serializing_if = "Option::is_none")]
    their_number: Option<&'a str>,
}

impl Sheet<'_> {
    /// What the file holds.
    pub fn write(&self) -> Result<Vec<u8>, String> {
        match self.config.format {
            Format::Csv => self.csv().map_err(|error| format!("this file cannot be written: {error}")),
            Format::Json => self.json().map_err(|error| format!("this file cannot be written: {error}")),
        }
    }

    fn json(&self) -> serde_json::Result<Vec<u8>> {
        let whole = Whole {
            file: self.name,
            department: self.department.as_str(),
            made_at: self.made_at,
            dispatches: self
                .rows
                .iter()
                .map(|(dispatch, number)| Row { dispatch, their_number: number.as_deref() })
                .collect(),
        };
        let mut bytes = serde_json::to_vec_pretty(&whole)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let begin = match self.config.bom.unwrap_or(self.config.delimiter == super::config::Delimiter::Semicolon) {
            true => BOM.to_vec(),
            false => Vec::new(),
        };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.config.delimiter.byte())
            .terminator(csv::Terminator::CRLF)
            .from_writer(begin);
        let columns = self.columns();
        let safe = |cell: String| if self.config.harmless { harmless(cell) } else { cell };
        writer.write_record(columns.iter().map(|column| safe(column.label.trim().to_owned())))?;
        for (dispatch, number) in self.rows {
            let known = Known { city: self.city, dispatch, number: number.as_deref() };
            writer.write_record(columns.iter().map(|column| {
                safe(match (&column.value, &column.text) {
                    (Some(value), _) => known.value(value),
                    (None, text) => text.clone().unwrap_or_default(),
                })
            }))?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }

    fn columns(&self) -> Vec<FieldConfig> {
        if !self.config.columns.is_empty() {
            return self.config.columns.clone();
        }
        let names = columns::NAMES.into_iter().filter(|name| self.may_know || !columns::is_personal(name));
        names.map(|name| FieldConfig { label: name.to_owned(), value: Some(name.to_owned()), text: None }).collect()
    }
}

/// A cell as it is safe in a spreadsheet: with an apostrophe before what would be a formula. A
/// number below zero stays one; a telephone number is none.
fn harmless(cell: String) -> String {
    let is_number = cell.starts_with('-') && cell.parse::<f64>().is_ok();
    if cell.starts_with(FORMULA) && !is_number { format!("'{cell}") } else { cell }
}

/// A cell as somebody wrote it: [`harmless`] undone.
pub fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use schemas::{
        case::Role,
        dispatch::{Again, AgainWhy},
        place::Point,
        report::Contact,
    };

    fn dispatch() -> Dispatch {
        let mut dispatch = testing::dispatch("contactcentrum", Role::Lead);
        dispatch.words = "=HYPERLINK(\"x\")\nmet \"aanhaling\"; en, komma é".to_owned();
        dispatch.place.point = Some(Point { lat: 50.879, lon: -4.7005 });
        dispatch.contact = Some(Contact {
            name: Some("An Peeters".to_owned()),
            email: None,
            phone: Some("+3216000000".to_owned()),
            post: None,
        });
        dispatch
    }

    fn write(settings: serde_json::Value, may_know: bool, rows: &[(Dispatch, Option<String>)]) -> String {
        let mut all = serde_json::json!({"directory": {"path": "/x"}});
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let (config, city) = (serde_json::from_value(all).unwrap(), testing::city());
        let department = testing::slug("contactcentrum");
        let sheet = Sheet {
            config: &config,
            city: &city,
            department: &department,
            may_know,
            name: "x.csv",
            made_at: testing::now(),
            rows,
        };
        let bytes = sheet.write().unwrap();
        assert_eq!(bytes, sheet.write().unwrap(), "the same rows are the same bytes");
        String::from_utf8(bytes).unwrap()
    }

    fn cells(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn everything_stands_in_columns_by_our_own_names() {
        let mut again = dispatch();
        again.again =
            Some(Again { why: AgainWhy::Replied, text: Some("@nummer 5".to_owned()), first: again.id, receipt: None });
        let text = write(serde_json::json!({}), true, &[(dispatch(), None), (again, Some("W-7".to_owned()))]);
        let table = cells(&text, b',');
        assert_eq!(table[0], columns::NAMES);
        let cell =
            |row: usize, name: &str| table[row][columns::NAMES.iter().position(|n| *n == name).unwrap()].as_str();
        for (name, value) in [
            ("reference", "1234 5671"),
            ("role", "lead"),
            ("category", "wegen/put"),
            ("words", "'=HYPERLINK(\"x\")\nmet \"aanhaling\"; en, komma é"),
            ("longitude", "-4.700500"),
            ("phone", "'+3216000000"),
            ("name", "An Peeters"),
            ("news", ""),
        ] {
            assert_eq!(cell(1, name), value, "{name}");
        }
        assert_eq!((cell(2, "news"), cell(2, "news_text"), cell(2, "their_number")), ("replied", "'@nummer 5", "W-7"));
        assert_eq!(plain("'+32"), "+32");
        assert_eq!(plain("'t Park"), "'t Park");
    }

    #[test]
    fn columns_and_their_marks_are_as_the_city_says() {
        let settings = serde_json::json!({
            "delimiter": ";", "columns": [{"label": "Dossier", "value": "reference"}, {"label": "Bron", "text": "stad"}],
        });
        assert_eq!(write(settings, false, &[(dispatch(), None)]), "\u{feff}Dossier;Bron\r\n1234 5671;stad\r\n");
        let settings = serde_json::json!({
            "bom": false, "delimiter": "\t", "harmless": false, "columns": [{"label": "r", "value": "reference"}, {"label": "t", "value": "phone"}],
        });
        assert_eq!(write(settings, true, &[(dispatch(), None)]), "r\tt\r\n1234 5671\t+3216000000\r\n");
    }

    #[test]
    fn who_reported_stands_nowhere_for_who_may_not_know() {
        let mut secret = dispatch();
        secret.contact = None;
        for format in ["csv", "json"] {
            let text = write(serde_json::json!({"format": format}), false, &[(secret.clone(), None)]);
            for word in ["An Peeters", "+32", "phone", "email"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }

    #[test]
    fn json_holds_dispatches_as_every_system_gets_them() {
        let text = write(serde_json::json!({"format": "json"}), true, &[(dispatch(), Some("W-7".to_owned()))]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::from_value::<Dispatch>(value["dispatches"][0].clone()).unwrap(), dispatch());
        assert_eq!((&value["dispatches"][0]["their_number"], &value["file"]), (&"W-7".into(), &"x.csv".into()));
        assert!(text.ends_with("}\n"));
    }
}
