//! Arrows point down only. The line is ARCHITECTURE.md's; every `Cargo.toml` is held against it.

use std::{collections::BTreeMap, path::Path};

/// Lower stands before higher; crates of one row never see each other.
const ROWS: &[&[&str]] =
    &[&["schemas"], &["store"], &["bus"], &["router", "notifier", "adapters"], &["web"], &["hub"], &["tests"]];

fn wrong_arrows(manifests: &BTreeMap<&str, toml::Table>) -> Vec<String> {
    let row = |name: &str| ROWS.iter().position(|row| row.contains(&name));
    let mut wrong = Vec::new();
    for (name, manifest) in manifests {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = manifest.get(section).and_then(toml::Value::as_table) else { continue };
            for dependency in table.keys() {
                // Tests of a crate may borrow a fake outsider from `tests`; the product may not.
                if section == "dev-dependencies" && dependency == "tests" {
                    continue;
                }
                if row(dependency).is_some_and(|below| Some(below) >= row(name)) {
                    wrong.push(format!("{name} must not see {dependency} ([{section}] of {name}/Cargo.toml)"));
                }
            }
        }
    }
    wrong
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace")
}

#[test]
fn arrows_point_down_only() {
    let manifests = ROWS
        .iter()
        .flat_map(|row| row.iter())
        .map(|name| {
            let path = root().join(name).join("Cargo.toml");
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (*name, text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        })
        .collect();
    assert_eq!(wrong_arrows(&manifests), Vec::<String>::new());
}

#[test]
fn a_wrong_arrow_is_named() {
    let manifests = BTreeMap::from([("router", "[dependencies]\nnotifier.workspace = true".parse().unwrap())]);
    assert_eq!(wrong_arrows(&manifests), ["router must not see notifier ([dependencies] of router/Cargo.toml)"]);
}

#[test]
fn every_crate_is_on_the_line() {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let members: Vec<&str> =
        manifest["workspace"]["members"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
    let line: Vec<&str> = ROWS.iter().flat_map(|row| row.iter().copied()).collect();
    assert_eq!(members, line);
}
