//! The OpenAPI 3.1 document: every operation of [`ENDPOINTS`], with the schemas of the types that the code reads
//! and writes.

use super::{
    super::ENDPOINTS,
    operation::{Back, For, Operation, Parameter, Proof, Sent, Stands},
};
use crate::problem::Problem;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The version of the API: the one in its addresses.
const VERSION: &str = "1";

/// Every operation with its address, in the order of the endpoints.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static Operation)> {
    ENDPOINTS.iter().flat_map(|endpoint| endpoint.operations.iter().map(|operation| (endpoint.path, operation)))
}

/// The document of a city that answers at `base`.
pub fn document(title: &str, base: &str) -> Value {
    let mut generator = generator();
    let mut paths = Map::new();
    for (path, operation) in operations() {
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[operation.method] = one(path, operation, &mut generator);
    }
    let problem = generator.subschema_for::<Problem>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": VERSION,
            "summary": "The front door of a city",
            "description": "Tell the city something, get the work of a department, answer. Every error is an \
                            application/problem+json (RFC 9457) that names the field and what to write instead. Try \
                            again after 429 and 503, which carry Retry-After, and after a broken connection.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": base}],
        "tags": For::ALL.map(|tag| json!({"name": tag.as_str(), "description": tag.about()})),
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": schemes(),
            "responses": {
                "Problem": {
                    "description": "What is wrong, and what to do.",
                    "content": {"application/problem+json": {"schema": problem}},
                },
            },
        },
    })
}

/// Where named types stand.
pub fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

fn schemes() -> Value {
    let schemes = [Proof::Channel, Proof::Department, Proof::Case, Proof::Signature].into_iter().filter_map(|proof| {
        let scheme = match proof {
            Proof::Signature => json!({"type": "apiKey", "in": "header", "name": "webhook-signature"}),
            _ => json!({"type": "http", "scheme": "bearer"}),
        };
        let mut scheme = scheme;
        scheme["description"] = Value::from(proof.about());
        Some((proof.scheme()?.to_owned(), scheme))
    });
    Value::Object(schemes.collect())
}

fn one(path: &str, operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = names(path)
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    parameters.extend(operation.parameters.iter().map(|parameter| given(parameter, generator)));
    let mut responses: Map<String, Value> =
        operation.back.iter().map(|back| (back.status.to_string(), answer(back, generator))).collect();
    for status in operation.problems {
        responses.insert(status.to_string(), json!({"$ref": "#/components/responses/Problem"}));
    }
    responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/Problem"}));
    let mut value = json!({
        "operationId": operation.id,
        "tags": [operation.tag.as_str()],
        "summary": operation.summary,
        "responses": responses,
    });
    if !operation.about.is_empty() {
        value["description"] = Value::from(operation.about);
    }
    if !parameters.is_empty() {
        value["parameters"] = Value::from(parameters);
    }
    if let Some(sent) = &operation.sent {
        value["requestBody"] = body(sent, generator);
    }
    value["security"] = match operation.proof.scheme() {
        Some(scheme) if operation.proof == Proof::MaybeChannel => json!([{}, {scheme: []}]),
        Some(scheme) => json!([{scheme: []}]),
        None => json!([]),
    };
    value
}

/// The names in braces.
pub fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

fn given(parameter: &Parameter, generator: &mut SchemaGenerator) -> Value {
    let stands = match parameter.stands {
        Stands::Query => "query",
        Stands::Header => "header",
    };
    json!({
        "name": parameter.name,
        "in": stands,
        "required": parameter.required,
        "description": parameter.about,
        "schema": (parameter.shape)(generator),
    })
}

fn body(sent: &Sent, generator: &mut SchemaGenerator) -> Value {
    let example = sent.example.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let kinds = sent.media.iter().map(|media| {
        let mut content = Map::new();
        if let Some(shape) = sent.shape {
            content.insert("schema".to_owned(), shape(generator).to_value());
        }
        content.extend(example.clone().map(|example| ("example".to_owned(), example)));
        ((*media).to_owned(), Value::Object(content))
    });
    json!({"required": true, "content": Value::Object(kinds.collect())})
}

fn answer(back: &Back, generator: &mut SchemaGenerator) -> Value {
    let mut value = json!({"description": back.about});
    if let Some((media, shape)) = back.body {
        value["content"] = match shape {
            Some(shape) => json!({media: {"schema": shape(generator)}}),
            None => json!({media: {}}),
        };
    }
    if !back.headers.is_empty() {
        let headers = back
            .headers
            .iter()
            .map(|(name, about)| ((*name).to_owned(), json!({"description": about, "schema": {"type": "string"}})));
        value["headers"] = Value::Object(headers.collect());
    }
    value
}
