//! How the fake server writes its answers, in either format.

use super::{Answer, Offer};
use crate::departments::open311::wire::Format;
use std::collections::BTreeMap;

/// A list element: field and value, in order.
pub type Fields = Vec<(&'static str, String)>;

/// A service in the list of services.
pub fn service(offer: &Offer) -> Fields {
    vec![
        ("service_code", offer.code.clone()),
        ("service_name", offer.code.clone()),
        ("description", String::new()),
        ("metadata", (!offer.needs.is_empty() || !offer.asks.is_empty()).to_string()),
        ("type", if offer.batch { "batch" } else { "realtime" }.to_owned()),
        ("keywords", String::new()),
        ("group", String::new()),
    ]
}

/// A service with its attributes.
pub fn definition(format: Format, offer: &Offer) -> Answer {
    let needs = offer.needs.iter().map(|code| (code, "true"));
    let attributes: Vec<Fields> = needs
        .chain(offer.asks.iter().map(|code| (code, "false")))
        .map(|(code, required)| {
            let fixed = [("variable", "true"), ("datatype", "string"), ("required", required), ("order", "1")];
            let described = [("code", code.clone()), ("description", format!("{code}?"))];
            fixed.map(|(name, value)| (name, value.to_owned())).into_iter().chain(described).collect()
        })
        .collect();
    let body = match format {
        Format::Json => {
            let attributes: Vec<serde_json::Value> = attributes.iter().map(object).collect();
            serde_json::json!({"service_code": offer.code, "attributes": attributes}).to_string()
        }
        Format::Xml => {
            let inside: String = attributes.iter().map(|fields| element("attribute", fields)).collect();
            let code = quick_xml::escape::escape(offer.code.as_str());
            format!(
                "{HEAD}<service_definition><service_code>{code}</service_code><attributes>{inside}</attributes>\
                 </service_definition>"
            )
        }
    };
    answer(format, 200, body)
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// A list.
pub fn list(format: Format, outer: &str, inner: &str, items: Vec<Fields>) -> Answer {
    let body = match format {
        Format::Json => serde_json::Value::Array(items.iter().map(object).collect()).to_string(),
        Format::Xml => {
            let inside: String = items.iter().map(|fields| element(inner, fields)).collect();
            format!("{HEAD}<{outer}>{inside}</{outer}>")
        }
    };
    answer(format, 200, body)
}

fn object(fields: &Fields) -> serde_json::Value {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in fields {
        all.entry(name).or_default().push(value);
    }
    let fields = all.into_iter().map(|(name, values)| {
        let value = match values[..] {
            [""] => serde_json::Value::Null,
            [one] => one.into(),
            _ => values.into(),
        };
        (name.to_owned(), value)
    });
    fields.collect::<serde_json::Map<_, _>>().into()
}

fn element(name: &str, fields: &Fields) -> String {
    let inside = fields.iter().map(|(name, value)| match value.is_empty() {
        true => format!("<{name}/>"),
        false => format!("<{name}>{}</{name}>", quick_xml::escape::escape(value.as_str())),
    });
    format!("<{name}>{}</{name}>", inside.collect::<String>())
}

/// A refusal.
pub fn error(format: Format, status: u16, description: &str) -> Answer {
    let fields = vec![("code", status.to_string()), ("description", description.to_owned())];
    Answer { status, ..list(format, "errors", "error", vec![fields]) }
}

fn answer(format: Format, status: u16, body: String) -> Answer {
    let content_type = match format {
        Format::Json => "application/json; charset=utf-8",
        Format::Xml => "text/xml; charset=utf-8",
    };
    Answer { status, content_type, body, took: None }
}
