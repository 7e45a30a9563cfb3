//! `departments.yaml`: who does the work, and how they get it.

use super::{
    fields::{Fields, clip},
    on_call,
    yaml::{Node, Position, Value},
};
use crate::city::{Calendar, Delivery, Department, DepartmentKind, Share};
use std::collections::HashMap;

const KEYS: [&str; 11] = [
    "id",
    "name",
    "kind",
    "delivery",
    "share_reporter",
    "confidential",
    "phone",
    "silent",
    "escalate_to",
    "on_call",
    "may_be_critical",
];

/// The departments, and where the delivery of each is written.
pub(super) fn read(
    node: &Node,
    calendar: Option<&Calendar>,
    fields: &mut Fields<'_>,
) -> Option<(Vec<Department>, HashMap<String, Position>)> {
    let map = fields.map(node, "the file", &["departments"])?;
    let list = fields.required(map, "departments", "[{id: …}]")?;
    let (mut departments, mut delivery_at) = (Vec::new(), HashMap::new());
    let mut seen: HashMap<String, usize> = HashMap::new();
    let known = super::ids(Some(list));
    for item in fields.list(list, "`departments`") {
        if let Some(department) = department(item, fields, &mut seen, &known, calendar) {
            delivery_at.insert(department.id.to_string(), item.get("delivery").map_or(item.at, |node| node.at));
            departments.push(department);
        }
    }
    if seen.is_empty() {
        fields.error(list.at, "the city has no department", "write at least the desk that gets what no rule matches");
    }
    Some((departments, delivery_at))
}

fn department(
    node: &Node,
    fields: &mut Fields<'_>,
    seen: &mut HashMap<String, usize>,
    known: &[String],
    calendar: Option<&Calendar>,
) -> Option<Department> {
    let what = name_of("the department", node);
    let map = fields.map(node, &what, &KEYS)?;
    let id = fields.required(map, "id", "publieke-ruimte").and_then(|node| fields.slug(node, "the id"));
    if let (Some(id), Some(at)) = (&id, map.get("id").map(|node| node.at)) {
        once(fields, seen, "department", id, at);
    }
    let names = fields
        .required(map, "name", "{nl: …, fr: …, en: …}")
        .and_then(|node| fields.texts(node, &format!("the name of {what}")));
    let kinds = [
        ("internal", DepartmentKind::Internal),
        ("partner", DepartmentKind::Partner),
        ("external", DepartmentKind::External),
    ];
    let kind = fields
        .required(map, "kind", "internal")
        .and_then(|node| fields.one_of(node, "the kind of a department", &kinds));
    let delivery = fields.required(map, "delivery", "queue").and_then(|node| delivery(node, fields));
    let share_reporter = match map.get("share_reporter") {
        Some(node) => fields.one_of(
            node,
            "`share_reporter`",
            &[("true", Share::Always), ("false", Share::Never), ("with_consent", Share::WithConsent)],
        ),
        None => kind.map(|kind| if kind == DepartmentKind::Internal { Share::Always } else { Share::Never }),
    };
    let silent = map
        .get("silent")
        .and_then(|node| fields.number(node, "`silent`", 0..=250))
        .and_then(|days| u32::try_from(days).ok());
    let escalate_to = map.get("escalate_to").and_then(|node| {
        let desk = fields.slug(node, "the desk of `escalate_to`")?;
        if !known.iter().any(|id| *id == *desk) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            fields.unknown(node.at, "department", &desk, &known);
        }
        Some(desk)
    });
    let confidential = map.get("confidential").map_or(Some(false), |node| fields.bool(node, "`confidential`"));
    let phone = map.get("phone").and_then(|node| fields.text(node, "the telephone number"));
    let on_call = map.get("on_call").and_then(|node| on_call::read(node, &what, known, calendar, fields));
    let may_be_critical = map.get("may_be_critical").map_or(Some(false), |node| fields.bool(node, "`may_be_critical`"));
    Some(Department {
        id: id?,
        names: names?,
        kind: kind?,
        delivery: delivery?,
        share_reporter: share_reporter?,
        silent,
        escalate_to,
        confidential: confidential?,
        phone,
        on_call,
        may_be_critical: may_be_critical?,
    })
}

/// `queue`, or an adapter with or without settings. Which adapters there are, and what they
/// can be set to, is the business of the adapters.
fn delivery(node: &Node, fields: &mut Fields<'_>) -> Option<Delivery> {
    const HELP: &str = "write `queue`, `sandbox`, or an adapter with its settings: `{webhook: {url: https://…}}`";
    match &node.value {
        Value::Scalar { text, .. } if text == "queue" => Some(Delivery::Queue),
        Value::Scalar { text, .. } if !text.is_empty() => {
            Some(Delivery::Push { adapter: text.clone(), settings: serde_json::Value::Object(serde_json::Map::new()) })
        }
        Value::Map(entries) if entries.len() == 1 => {
            let (key, settings) = &entries[0];
            let settings = match settings.sort() {
                "empty" => serde_json::Value::Object(serde_json::Map::new()),
                "a map" => settings.to_json(),
                sort => {
                    fields.error(
                        settings.at,
                        format!("the settings of `{}` are {sort}, not a map", clip(&key.name)),
                        HELP,
                    );
                    return None;
                }
            };
            Some(Delivery::Push { adapter: key.name.clone(), settings })
        }
        _ => {
            fields.error(node.at, "a delivery is one word, or one adapter with its settings", HELP);
            None
        }
    }
}

/// "the department `politie`", for messages.
pub(super) fn name_of(what: &str, node: &Node) -> String {
    match node.get("id").map(|id| &id.value) {
        Some(Value::Scalar { text, .. }) if !text.is_empty() => format!("{what} `{}`", clip(text)),
        _ => what.to_owned(),
    }
}

/// Says when `id` was there before.
pub(super) fn once(fields: &mut Fields<'_>, seen: &mut HashMap<String, usize>, what: &str, id: &str, at: Position) {
    match seen.get(id) {
        Some(line) => fields.error(
            at,
            format!("the {what} `{id}` is here twice, first in line {line}"),
            "give one of them another id, or remove it",
        ),
        None => {
            seen.insert(id.to_owned(), at.0);
        }
    }
}
