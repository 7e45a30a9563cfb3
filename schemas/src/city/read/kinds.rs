//! `kinds` of `city.yaml`: what each kind of matter has of its own.

use super::{
    fields::Fields,
    neighbours,
    yaml::{Node, Position},
};
use crate::{
    city::{KindPolicy, Kinds, SecondLine, Term},
    report::Kind,
    slug::DepartmentId,
};

const KEYS: [&str; 7] = ["handler", "acknowledge", "term", "silent", "public", "contest", "second_line"];

/// The kinds, and each handler with where it is named.
pub(super) fn read(node: &Node, fields: &mut Fields<'_>) -> (Kinds, Vec<(DepartmentId, Position)>) {
    let (mut kinds, mut handlers) = (Kinds::default(), Vec::new());
    let Some(map) = fields.map(node, "`kinds`", &Kind::ALL.map(Kind::as_str)) else { return (kinds, handlers) };
    for kind in Kind::ALL {
        let Some(node) = map.get(kind.as_str()) else { continue };
        let Some(map) = fields.map(node, kind.as_str(), &KEYS) else { continue };
        let mut policy = KindPolicy::of(kind);
        if let Some((id, at)) = map.get("handler").and_then(|node| Some((fields.slug(node, "the handler")?, node.at))) {
            policy.handler = Some(id.clone());
            handlers.push((id, at));
        }
        policy.acknowledge = map.get("acknowledge").and_then(|node| term(node, "`acknowledge`", fields));
        policy.term = map.get("term").and_then(|node| term(node, "`term`", fields));
        let silent = map.get("silent").and_then(|node| fields.number(node, "`silent`", 0..=250));
        policy.silent = silent.and_then(|days| u32::try_from(days).ok());
        if let Some(node) = map.get("public") {
            policy.public = fields.bool(node, "`public`").unwrap_or(policy.public);
            if policy.public && kind == Kind::Complaint {
                fields.error(node.at, "a complaint is never public", "take `public` out");
            }
        }
        if let Some(node) = map.get("contest") {
            policy.contest = fields.bool(node, "`contest`").unwrap_or(true);
        }
        policy.second_line = map.get("second_line").and_then(|node| second_line(node, fields));
        kinds.put(kind, policy);
    }
    (kinds, handlers)
}

fn term(node: &Node, what: &str, fields: &mut Fields<'_>) -> Option<Term> {
    let text = fields.text(node, what)?;
    let term = text.parse();
    if let Err(wrong) = &term {
        fields.error(node.at, format!("{what} is `{text}`"), format!("{wrong}"));
    }
    term.ok()
}

fn second_line(node: &Node, fields: &mut Fields<'_>) -> Option<SecondLine> {
    let map = fields.map(node, "`second_line`", &["name", "phone", "web"])?;
    let names = fields.required(map, "name", "{nl: Vlaamse Ombudsdienst, fr: …, en: …}");
    let names = names.and_then(|node| fields.texts(node, "the name of the second line"));
    let (web, phone) = neighbours::reached(map, fields);
    if map.get("web").is_none() && map.get("phone").is_none() {
        fields.error(node.at, "the second line does not say how to reach it", "add `web`, `phone`, or both");
    }
    Some(SecondLine { names: names?, phone, web })
}
