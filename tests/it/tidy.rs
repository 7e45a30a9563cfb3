//! What a careful reader would point out, checked so that nobody has to.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files that are long because one idea is long, each with its reason.
const LONG: &[(&str, &str)] = &[];
const LONGEST: usize = 450;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_owned()
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" || name == "node_modules" {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| (path.strip_prefix(root()).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect()
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(path, text)| text.lines().count() > LONGEST && !LONG.iter().any(|(known, _)| path == known))
        .map(|(path, text)| format!("{path}: {} lines; split it by idea", text.lines().count()))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn every_crate_says_what_it_is() {
    for (path, text) in sources() {
        if path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs") {
            assert!(text.starts_with("//! "), "{path} starts without saying what it is");
        }
    }
}

#[test]
fn nothing_is_left_half_done() {
    // Spelled apart, so that this file does not find itself.
    let marks =
        [["to", "do!("], ["unimpl", "emented!("], ["#[ig", "nore"], ["FIX", "ME"], ["// XX", "X"], ["db", "g!("]];
    for (path, text) in sources() {
        for mark in marks.map(|m| m.concat()) {
            assert!(!text.contains(&mark), "{path} holds {mark}");
        }
    }
}

#[test]
fn only_store_speaks_sql_and_only_bus_speaks_amqp() {
    for (path, text) in sources() {
        let top = path.split('/').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_test = name == "testing.rs" || name.ends_with("tests.rs") || path.contains("/tests/");
        let production = !is_test && !text.contains("#[cfg(test)]");
        // The benches hold the raw-limit loops, which speak to the servers without the house.
        if production && !["store", "tests"].contains(&top) && !path.starts_with("hub/src/bench") {
            assert!(!text.contains("sqlx::"), "{path} speaks SQL; only store does");
        }
        if production && !["bus", "tests"].contains(&top) && !path.starts_with("hub/src/bench") {
            assert!(!text.contains("lapin::"), "{path} speaks AMQP; only bus does");
        }
    }
}

#[test]
fn no_integration_file_is_forgotten() {
    let main = fs::read_to_string(root().join("tests/it/main.rs")).unwrap();
    for entry in fs::read_dir(root().join("tests/it")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name != "main" {
            assert!(main.contains(&format!("mod {name};")), "tests/it/main.rs does not list {name}");
        }
    }
}
