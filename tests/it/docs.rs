//! What the documents promise is there: files that they link to, metrics that they name, routes,
//! and settings.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_owned()
}

/// Every file of the repository that ends in `ending`, by its path from the root.
fn files(ending: &str) -> Vec<(String, String)> {
    let (mut todo, mut found) = (vec![root()], Vec::new());
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with('.') || name == "target" || name == "node_modules" {
                continue;
            }
            if path.is_dir() {
                todo.push(path);
            } else if name.ends_with(ending) {
                let inside = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((inside, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The targets of `[words](target)` outside blocks of code, without what follows `#`.
fn links(markdown: &str) -> Vec<&str> {
    let mut code = false;
    let mut found = Vec::new();
    for line in markdown.lines() {
        code ^= line.trim_start().starts_with("```");
        if code {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            let outside = target.contains(':') || target.contains("{{") || target.starts_with('#');
            if !outside && !target.is_empty() {
                found.push(target.split('#').next().unwrap_or_default());
            }
        }
    }
    found
}

/// Every word of `text` that begins with `start` and goes on with `inside`.
fn words<'a>(text: &'a str, start: &str, inside: fn(char) -> bool) -> BTreeSet<&'a str> {
    text.match_indices(start)
        .map(|(at, _)| {
            let rest = &text[at..];
            let end = rest[start.len()..].find(|c| !inside(c)).map_or(rest.len(), |end| end + start.len());
            &rest[..end]
        })
        .collect()
}

#[test]
fn links_lead_to_files() {
    let mut broken = Vec::new();
    // Links of articles are addresses of the site; `voordeur check` reads those.
    let article = |path: &str| path.starts_with("deploy/city/knowledge/") && !path.ends_with("/README.md");
    for (path, text) in files(".md").into_iter().filter(|(path, _)| !article(path)) {
        for target in links(&text) {
            let folder = root().join(&path).parent().unwrap().to_owned();
            if !folder.join(target).exists() {
                broken.push(format!("{path}: {target}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn a_broken_link_is_seen() {
    assert_eq!(links("[a](b.md#c) ![d](e.svg)\n```\n[f](g)\n```\n[h](https://i) [j](#k)"), ["b.md", "e.svg"]);
}

#[test]
fn metrics_are_those_of_the_sources() {
    let sources: String =
        files(".rs").into_iter().filter(|(path, _)| !path.contains("/tests/")).map(|(_, t)| t).collect();
    let known = words(&sources, "\"voordeur_", |c| c.is_ascii_lowercase() || c == '_');
    for (path, text) in files(".md") {
        for name in words(&text, "voordeur_", |c| c.is_ascii_lowercase() || c == '_') {
            assert!(known.contains(format!("\"{name}").as_str()), "{path} names `{name}`, which nobody counts");
        }
    }
}

#[test]
fn addresses_are_those_of_the_api() {
    let sources: String =
        files(".rs").into_iter().filter(|(path, _)| path.starts_with("web/src/api")).map(|(_, text)| text).collect();
    let inside = |c: char| c.is_ascii_alphanumeric() || "/{}_-<>".contains(c);
    // `{id}`, `<id>` and the id of a department of the sample city stand for the same.
    let plain = |address: &str| -> String {
        let parts: Vec<&str> = address.trim_end_matches(['/', '>']).split('/').collect();
        let parts = parts.iter().enumerate().map(|(i, part)| match part.chars().next() {
            Some('{' | '<') => "*",
            _ if i > 0 && parts[i - 1] == "departments" => "*",
            _ => part,
        });
        parts.collect::<Vec<_>>().join("/")
    };
    let known: BTreeSet<String> = words(&sources, "\"/api/v1/", inside).into_iter().map(|a| plain(&a[1..])).collect();
    assert!(known.len() >= 9, "{known:?}");
    for (path, text) in files(".md") {
        for address in words(&text, "/api/v1/", inside) {
            assert!(known.contains(&plain(address)), "{path} names {address}, which is not there");
        }
    }
}

#[test]
fn settings_that_the_documents_name_are_explained() {
    let example = fs::read_to_string(root().join("deploy/voordeur.toml")).unwrap();
    for (path, text) in files(".md").into_iter().filter(|(path, _)| path.starts_with("docs/")) {
        for part in text.split("`[").skip(1) {
            let Some((section, rest)) = part.split_once(']') else { continue };
            // `[departments.<id>]` is there by the name of a department.
            let section = section.split('<').next().unwrap_or_default();
            assert!(example.contains(&format!("[{section}")), "{path}: no section [{section}] in deploy/voordeur.toml");
            let key = rest.split('`').next().unwrap_or_default().trim();
            assert!(
                key.is_empty()
                    || example.lines().any(|line| line.trim_start_matches('#').starts_with(&format!("{key} ="))),
                "{path}: no setting `{key}` in deploy/voordeur.toml"
            );
        }
    }
}

#[test]
fn departments_that_the_documents_show_are_good() {
    let dir = tempfile::tempdir().unwrap();
    let mut shown = 0;
    for (path, text) in files(".md").into_iter().filter(|(path, _)| path.starts_with("docs/connect/department")) {
        for block in text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            // What stands in a list is indented by three more.
            let block = block
                .strip_prefix("   ")
                .filter(|block| block.starts_with("  - id:"))
                .map_or_else(|| block.trim_end_matches(' ').to_owned(), |block| block.replace("\n   ", "\n"));
            if !block.starts_with("  - id:") {
                continue;
            }
            let town = dir.path().join(format!("town-{shown}"));
            tests::town::write(&town, "https://dienst.example/in").unwrap();
            let file = town.join("departments.yaml");
            fs::write(&file, fs::read_to_string(&file).unwrap() + &block).unwrap();
            let read = hub::city::read(Some(&town)).and_then(hub::city::Reading::good);
            assert!(read.is_ok(), "{path}: {:#}", read.err().unwrap());
            shown += 1;
        }
    }
    assert!(shown >= 9, "{shown} are shown");
}
