//! `sentences.yaml`: what people could say and which category they mean, to judge the suggestion
//! by. May be missing.

use super::{
    fields::Fields,
    yaml::{self, Value},
};
use crate::{
    city::{Files, Sentence},
    fault::Fault,
    report::Language,
    slug::CategoryId,
};

const FILE: &str = "sentences.yaml";

/// `categories` are the ids that may be referred to, if their file could be read.
pub(super) fn read(files: &Files, categories: Option<&[String]>, faults: &mut Vec<Fault>) -> Vec<Sentence> {
    let Some(node) = files.get(FILE).and_then(|text| yaml::parse(FILE, text, faults)) else { return Vec::new() };
    let fields = &mut Fields { file: FILE, faults, languages: &[] };
    let Value::Map(entries) = &node.value else {
        fields.error(
            node.at,
            format!("the file is {}, not a map", node.sort()),
            "write `wegen/put: {nl: Er zit een gat in de straat}` lines",
        );
        return Vec::new();
    };
    let mut sentences = Vec::new();
    for (key, node) in entries {
        if let Some(known) = categories.filter(|known| !known.contains(&key.name)) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            fields.unknown(key.at, "category", &key.name, &known);
            continue;
        }
        let Ok(category) = CategoryId::new(&key.name) else { continue };
        let Some(map) = fields.map(node, "the sentences", &Language::BUILT_IN.map(Language::as_str)) else { continue };
        for language in Language::BUILT_IN {
            let Some(node) = map.get(language.as_str()) else { continue };
            // One sentence, or a list of them.
            let found = match node.value {
                Value::List(_) => fields.texts_of(node, "a sentence").into_iter().map(|(_, text)| text).collect(),
                _ => fields.text(node, "a sentence").into_iter().collect::<Vec<_>>(),
            };
            sentences.extend(found.into_iter().map(|text| Sentence { category: category.clone(), language, text }));
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (Vec<String>, Vec<String>) {
        let mut faults = Vec::new();
        let files: Files = [(FILE.to_owned(), text.into())].into();
        let sentences = read(&files, Some(&["wegen/put".to_owned()]), &mut faults);
        let said = sentences.iter().map(|s| format!("{} {} {}", s.category, s.language.as_str(), s.text)).collect();
        (said, faults.iter().map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.message)).collect())
    }

    #[test]
    fn sentences_are_read() {
        let (said, faults) = read_all("wegen/put:\n  fr: [Un trou, Le trou]\n  nl: Een gat\n");
        assert_eq!(said, ["wegen/put nl Een gat", "wegen/put fr Un trou", "wegen/put fr Le trou"]);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(read(&Files::new(), None, &mut Vec::new()), []);
        for (text, told) in [
            ("wegen/putt: {nl: x}", "1:1 there is no category `wegen/putt`"),
            ("wegen/put: {de: x}", "1:13 the sentences has no `de`"),
            ("- x", "1:1 the file is a list, not a map"),
            ("wegen/put: x", "1:12 the sentences is "),
        ] {
            let (said, faults) = read_all(text);
            assert!(said.is_empty() && faults.iter().any(|fault| fault.starts_with(told)), "{text}: {faults:?}");
        }
    }
}
