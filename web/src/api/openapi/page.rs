//! `/api`: the same as the OpenAPI document, for people. In English, as the programs that call it.

use super::{
    base,
    document::{names, operations},
    operation::{For, Operation, Proof, Stands},
};
use crate::{app::App, face::Page, pages::Entry};
use axum::{extract::State, response::Response, routing::get};
use schemas::report::Language;
use serde::Serialize;
use std::fmt::Write as _;

/// The page.
pub(crate) const PAGE: Entry = Entry { name: "api", path: "/api", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    base: String,
    broker: bool,
    chapters: Vec<Chapter>,
}

#[derive(Serialize)]
struct Chapter {
    id: &'static str,
    name: &'static str,
    about: &'static str,
    operations: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    id: &'static str,
    method: String,
    path: &'static str,
    summary: &'static str,
    about: Vec<Piece>,
    proof: Vec<Piece>,
    parameters: Vec<Named>,
    example: String,
    back: Vec<Named>,
    problems: String,
}

/// Words, some of them code.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Piece {
    text: String,
    code: bool,
}

#[derive(Serialize)]
struct Named {
    name: String,
    stands: &'static str,
    about: Vec<Piece>,
}

/// What stands between two `` ` `` is code.
fn pieces(text: &str) -> Vec<Piece> {
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(n, part)| Piece { text: part.to_owned(), code: n % 2 == 1 }).collect()
}

fn heading(chapter: For) -> &'static str {
    match chapter {
        For::Everybody => "Open data",
        For::Channels => "Channels",
        For::Devices => "Devices",
        For::Departments => "Departments",
        For::Desks => "Desks",
    }
}

/// A command that can be copied.
fn example(base: &str, path: &str, operation: &Operation) -> String {
    let mut command = format!("curl '{base}{path}'");
    if operation.method == "delete" {
        command.push_str(" -X DELETE");
    }
    if matches!(operation.proof, Proof::Department | Proof::Case) {
        command.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
    }
    for parameter in operation.parameters.iter().filter(|parameter| parameter.stands == Stands::Header) {
        // Writing to a String cannot fail.
        let _ = write!(command, " \\\n  -H '{}: …'", parameter.name);
    }
    match operation.sent {
        Some(sent) => {
            let media = sent.media.first().copied().unwrap_or("application/octet-stream");
            let body = sent.example.map_or("--data-binary @photo.jpg".to_owned(), |json| format!("-d '{json}'"));
            let _ = write!(command, " \\\n  -H 'Content-Type: {media}' \\\n  {body}");
        }
        None if operation.method == "post" => command.push_str(" -X POST"),
        None => {}
    }
    command
}

fn shown(base: &str, path: &'static str, operation: &'static Operation) -> Shown {
    let part = |name: &str| Named { name: name.to_owned(), stands: "in the address", about: Vec::new() };
    let mut parameters: Vec<Named> = names(path).map(part).collect();
    parameters.extend(operation.parameters.iter().map(|parameter| Named {
        name: parameter.name.to_owned(),
        stands: match parameter.stands {
            Stands::Query => "behind the question mark",
            Stands::Header => "a header",
        },
        about: pieces(parameter.about),
    }));
    let back = operation.back.iter().map(|back| Named {
        name: back.status.to_string(),
        stands: "",
        about: pieces(back.about),
    });
    let problems: Vec<String> = operation.problems.iter().map(u16::to_string).collect();
    Shown {
        id: operation.id,
        method: operation.method.to_uppercase(),
        path,
        summary: operation.summary,
        about: pieces(operation.about),
        proof: pieces(operation.proof.about()),
        parameters,
        example: example(base, path, operation),
        back: back.collect(),
        problems: problems.join(", "),
    }
}

async fn show(State(app): State<App>) -> Response {
    let base = base(&app);
    let chapters = For::ALL.into_iter().map(|chapter| Chapter {
        id: chapter.as_str(),
        name: heading(chapter),
        about: chapter.about(),
        operations: operations()
            .filter(|(_, operation)| operation.tag == chapter)
            .map(|(path, operation)| shown(base, path, operation))
            .collect(),
    });
    let data = Data { base: base.to_owned(), broker: app.site.bus.has_broker(), chapters: chapters.collect() };
    let title = app.text(Language::EN, "api-title", &[]);
    app.show(&Page { here: None, ..Page::new(Language::EN, "api", title, "", data) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_code() {
        let piece = |text: &str, code| Piece { text: text.to_owned(), code };
        assert_eq!(pieces("Send `id` again"), [piece("Send ", false), piece("id", true), piece(" again", false)]);
        assert_eq!(pieces("`by`"), [piece("by", true)]);
        assert!(pieces("").is_empty());
    }
}
