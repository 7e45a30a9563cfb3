//! A further language by one file: everything that residents read is in it.
//!
//! The language of these tests is English in capitals, as if it were Arabic: a small letter on a page was not in the file.

use super::{Town, city_in, pages::check};
use crate::texts::starter;
use fluent_syntax::{ast, parser, serializer};
use schemas::{case::Status, city::City, report::Language};

fn arabic() -> Language {
    Language::parse("ar").unwrap()
}

/// The file of the language: each text of ours in capitals, what is filled in as it is.
fn shouted(city: &City) -> String {
    let plain = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with('#') => String::new(),
        Some(rest) => rest.strip_prefix(' ').unwrap_or(rest).to_owned(),
        None => line.to_owned(),
    };
    let made = starter(city, "", arabic(), Language::EN).text;
    let plain = made.lines().map(plain).collect::<Vec<_>>().join("\n");
    let mut resource = parser::parse(plain).unwrap_or_else(|(_, errors)| panic!("{errors:?}"));
    for entry in &mut resource.body {
        let ast::Entry::Message(message) = entry else { continue };
        let attributes = message.attributes.iter_mut().map(|attribute| &mut attribute.value);
        message.value.iter_mut().chain(attributes).for_each(shout);
    }
    serializer::serialize(&resource)
}

fn shout(pattern: &mut ast::Pattern<String>) {
    for element in &mut pattern.elements {
        match element {
            // The first word of a mail tells which line its subject is.
            ast::PatternElement::TextElement { value } => *value = value.to_uppercase().replace("SUBJECT:", "subject:"),
            ast::PatternElement::Placeable { expression: ast::Expression::Select { variants, .. } } => {
                variants.iter_mut().for_each(|variant| shout(&mut variant.value));
            }
            ast::PatternElement::Placeable { .. } => {}
        }
    }
}

/// The words between the tags of `html` that hold a small letter, but for those that are the same in every language.
fn small(html: &str) -> Vec<String> {
    // What stands on a page in the words of the city, of somebody, or of the web.
    const SAME: [&str; 23] = [
        "meldpunt@voordeur.example",
        "Districts and outlines",
        "OpenStreetMap contributors",
        "ODbL",
        "Kortrijk",
        "Nederlands",
        "Français",
        "English",
        "wegen/gone",
        "Kan niet",
        "Het Gewest",
        "Aan de kerk",
        "Waar &lt;i&gt;juist&lt;/i&gt;?",
        "nog niet",
        "Ik heb een wespennest. Wat kan ik doen?",
        "Gedaan",
        "We komen &lt;b&gt;kijken&lt;/b&gt;",
        "Niet van ons &lt;script&gt;alert(1)&lt;/script&gt;",
        "https://example.org/a.jpg",
        "https://",
        "voordeur.example",
        "/t/",
        "subject:",
    ];
    const CODES: [&str; 4] = ["nl", "fr", "en", "ar"];
    let mut text = String::new();
    for part in html.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or((part, ""));
        let is_code = ["script", "style", "code", "title", "option value"].iter().any(|code| tag.starts_with(code));
        text.push(' ');
        if !is_code {
            text.push_str(words);
        }
    }
    let text = SAME.iter().fold(text, |text, same| text.replace(same, " "));
    let text =
        ["&quot;", "&amp;", "&#x27;", "&lt;", "&gt;", "&#x3D;", "&nbsp;"].iter().fold(text, |t, e| t.replace(e, " "));
    let words = text.split(|c: char| c.is_whitespace() || "(),.:;!?·“”«»/".contains(c));
    let words = words.filter(|word| word.chars().any(char::is_lowercase) && !CODES.contains(word));
    words.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_page_speaks_it_and_runs_from_right_to_left() {
    let town = Town::open_in(|files| {
        let text = shouted(&city_in(|_| {}));
        files.insert("texts/ar.ftl".to_owned(), text.into());
    })
    .await;
    let report = town.report("EEN PUT").await;
    town.case(&report, Status::Solved, super::pages::everything(&town)).await;
    let token = &report.token;
    let mut paths: Vec<String> = crate::pages::PAGES
        .iter()
        .map(|page| page.path)
        // Articles are the city's own words, each in a file of its own.
        .filter(|path| path.starts_with("/{lang}") && path.matches('{').count() == 1 && !path.ends_with("/answers"))
        .map(|path| path.replace("{lang}", "ar"))
        .collect();
    paths.extend([
        "/ar/report?category=wegen/put".to_owned(),
        "/ar/report?group=wegen".to_owned(),
        format!("/ar/t/{token}"),
        format!("/ar/t/{token}/receipt"),
        "/ar/nothing".to_owned(),
    ]);
    let mut wrong = Vec::new();
    for path in paths {
        let answer = town.get(&path).await;
        if answer.status.is_redirection() || answer.text().is_empty() || !answer.text().starts_with("<!doctype") {
            continue;
        }
        let html = answer.text();
        assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{path}: {}", &html[..300]);
        check(&path, &html.replace(" dir=\"rtl\"", ""), "ar");
        let small = small(&html.replace(token, ""));
        if !small.is_empty() {
            wrong.push(format!("{path}: {small:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
