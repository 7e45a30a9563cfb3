//! What docs/install/rules.md shows is read and run here, so that nobody copies what does not work.

use crate::{Ruleset, conditions::When, table::ACTIONS};
use schemas::{
    city::{City, Files},
    fault::Severity,
};
use std::{fs, path::Path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn sample() -> Files {
    let root = root().join("deploy/city");
    let (mut files, mut folders) = (Files::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                files.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(), text.into());
            }
        }
    }
    files
}

/// The blocks of code in `language`.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let begin = format!("```{language}\n");
    markdown.split(&begin).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

#[test]
fn every_block_of_rules_is_good_and_every_word_is_shown() {
    let page = fs::read_to_string(root().join("docs/install/rules.md")).unwrap();
    let (city, faults) = City::read(sample());
    let city = city.unwrap_or_else(|| panic!("{faults:#?}"));
    let (yaml, csv) = (blocks(&page, "yaml"), blocks(&page, "csv"));
    assert!(yaml.len() >= 9 && !csv.is_empty());
    for (ending, block) in yaml.iter().map(|block| ("yaml", block)).chain(csv.iter().map(|block| ("csv", block))) {
        let mut files = city.files.clone();
        let name = format!("rules/00-shown.{ending}");
        files.insert(name.clone(), block.as_str().into());
        let (ruleset, faults) = Ruleset::read_files(&city, &files);
        // Narrow rules of a page may take what the sample's own rules were for.
        let own: Vec<_> = faults.iter().filter(|fault| fault.file == name).collect();
        assert!(own.is_empty(), "{block}\n{own:#?}");
        let rules = block.lines().filter(|line| line.starts_with("- rule:")).count();
        if let Some(ruleset) = ruleset {
            let shown: Vec<_> = ruleset.rules().iter().filter(|rule| rule.file == name).collect();
            assert!(ending == "csv" && !shown.is_empty() || shown.len() == rules);
        } else {
            // Then only because an example of the sample is decided by the page now.
            let errors = faults.iter().filter(|fault| fault.severity == Severity::Error);
            assert!(
                errors.clone().count() > 0 && errors.clone().all(|fault| fault.message.contains("example")),
                "{faults:#?}"
            );
        }
    }
    let shown = yaml.join("\n");
    for name in When::NAMES {
        assert!(
            shown.contains(&format!("{name}: ")) || shown.contains(&format!("{name}:\n")),
            "no example of `{name}`"
        );
    }
    for name in ACTIONS {
        assert!(page.contains(&format!("| `{name}: ")), "`{name}` is not explained");
    }
}
