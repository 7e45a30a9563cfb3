//! The AsyncAPI 3.0 document of the public contract: what others publish to the city and read from it over RabbitMQ,
//! made from the names that the topology is made of and the types that the code reads and writes.

use super::Names;
use schemars::generate::SchemaSettings;
use schemas::{
    cloudevent::{CONTENT_TYPE, TYPE_PREFIX},
    letter::Topic,
    published,
};
use serde_json::{Map, Value, json};

/// One line between the city and others.
struct Line {
    /// What it is called in the document.
    name: &'static str,
    /// What it is for.
    about: &'static str,
    /// What the city does with its messages.
    action: &'static str,
    topic: Topic,
    /// The routing key, or the queue.
    address: String,
    /// The names in braces of the address.
    parameters: &'static [(&'static str, &'static str)],
    /// How it stands on the broker.
    binding: Value,
}

fn exchange(names: &Names, name: &str) -> Value {
    let exchange = json!({"name": names.of(name), "type": "topic", "durable": true, "autoDelete": false});
    json!({"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"})
}

fn queue(name: &str) -> Value {
    let queue = json!({"name": name, "durable": true, "exclusive": false, "autoDelete": false});
    json!({"is": "queue", "queue": queue, "bindingVersion": "0.3.0"})
}

fn lines(names: &Names) -> [Line; 5] {
    const DEPARTMENT: &[(&str, &str)] = &[("department", "The id of the department, as in departments.yaml.")];
    let (work, urgent) = (names.of("dept.{department}"), names.of("dept.{department}.urgent"));
    [
        Line {
            name: "intake",
            about: "A channel integration submits a report. Publish with confirms: a report is the city's when you hold \
                    the confirm. The event's `id` is your idempotency key: publish again whenever in doubt. With \
                    `reply_to: amq.rabbitmq.reply-to` the reference comes back.",
            action: "receive",
            topic: Topic::ReportSubmitted,
            address: "report.{channel}".to_owned(),
            parameters: &[("channel", "The id of the channel; your user may write only its own.")],
            binding: exchange(names, "intake"),
        },
        Line {
            name: "work",
            about: "A department that consumes its own queue gets its cases. Acknowledge what you have kept.",
            action: "send",
            topic: Topic::DepartmentDispatch,
            binding: queue(&work),
            address: work,
            parameters: DEPARTMENT,
        },
        Line {
            name: "urgentWork",
            about: "The same for what is urgent: read this one first.",
            action: "send",
            topic: Topic::DepartmentDispatch,
            binding: queue(&urgent),
            address: urgent,
            parameters: DEPARTMENT,
        },
        Line {
            name: "updates",
            about: "A department says how far its work is. The update's `id` is its idempotency key.",
            action: "receive",
            topic: Topic::DepartmentUpdate,
            address: "{department}.{what}".to_owned(),
            parameters: &[
                ("department", "The id of the department; its user may write only its own."),
                ("what", "The word of `say`: accept, reject, plan, note, done, …"),
            ],
            binding: exchange(names, "updates"),
        },
        Line {
            name: "events",
            about: "What happens to cases, for whom the city lets subscribe: bind a queue of your own. Nobody's \
                    address or number is in them.",
            action: "send",
            topic: Topic::CaseEvent,
            address: "case.{what}".to_owned(),
            parameters: &[("what", "What happened: routed, planned, solved, …")],
            binding: exchange(names, "events"),
        },
    ]
}

/// The document of a city whose exchanges and queues begin with `prefix`.
pub fn document(title: &str, prefix: &str) -> Value {
    let names = Names::new(prefix);
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for line in lines(&names) {
        let kind = format!("{TYPE_PREFIX}{}", line.topic.as_str());
        let message = line.topic.as_str();
        channels.insert(line.name.to_owned(), channel(&line, message));
        let mut operation = json!({
            "action": line.action,
            "channel": {"$ref": format!("#/channels/{}", line.name)},
            "summary": line.about,
            "messages": [{"$ref": format!("#/channels/{}/messages/{message}", line.name)}],
            "bindings": {"amqp": {"deliveryMode": 2, "ack": true, "bindingVersion": "0.3.0"}},
        });
        if line.topic == Topic::ReportSubmitted {
            operation["reply"] = json!({
                "address": {"location": "$message.header#/reply_to", "description": "amq.rabbitmq.reply-to"},
                "channel": {"$ref": "#/channels/answers"},
            });
        }
        operations.insert(line.name.to_owned(), operation);
        let data = published::part(line.topic, &mut generator);
        messages.entry(message).or_insert_with(|| envelope(&kind, line.topic, data.to_value()));
    }
    channels.insert(
        "answers".to_owned(),
        json!({
            "address": null,
            "description": "What became of a submitted report, to the `reply_to` of its message.",
            "messages": {"answer": {"$ref": "#/components/messages/answer"}},
        }),
    );
    messages.insert("answer".to_owned(), answer());
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": "1",
            "description": "What channels and departments exchange with the city over RabbitMQ: CloudEvents 1.0 in \
                            structured JSON. The exchanges and queues are made by the city; nobody else declares any \
                            but their own queues for events.",
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "broker": {
                "host": "{broker}",
                "protocol": "amqp",
                "protocolVersion": "0.9.1",
                "description": "The city gives you its address, your user and your password.",
                "variables": {"broker": {"default": "localhost:5672"}},
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": generator.take_definitions(true)},
    })
}

/// [`document`], as YAML.
///
/// # Errors
/// It cannot be written; a test writes it.
pub fn yaml(title: &str, prefix: &str) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(&document(title, prefix))
}

fn channel(line: &Line, message: &str) -> Value {
    let parameters: Map<String, Value> =
        line.parameters.iter().map(|(name, about)| ((*name).to_owned(), json!({"description": about}))).collect();
    json!({
        "address": line.address,
        "description": line.about,
        "parameters": parameters,
        "messages": {message: {"$ref": format!("#/components/messages/{message}")}},
        "bindings": {"amqp": line.binding},
    })
}

/// A message: the CloudEvent around `data`.
fn envelope(kind: &str, topic: Topic, data: Value) -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    let payload = json!({
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"type": "string", "const": "1.0"},
            "id": {"type": "string", "minLength": 1, "maxLength": 200, "description": "The same on every retry."},
            "source": text("Who sends it: `/channels/my-app`, `/departments/groen`, or the address of the city."),
            "type": {"type": "string", "const": kind},
            "subject": text("What it is about."),
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"type": "string", "const": "application/json"},
            "traceparent": text("The walk it belongs to (W3C Trace Context)."),
            "data": data,
        },
    });
    let mut message = json!({
        "name": kind,
        "title": topic.as_str(),
        "contentType": CONTENT_TYPE,
        "payload": payload,
    });
    if let Some(sample) = published::sample(topic).and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        let event = json!({"specversion": "1.0", "id": "my-app-0001", "source": "/channels/my-app", "type": kind, "data": sample});
        message["examples"] = json!([{"payload": event}]);
    }
    message
}

fn answer() -> Value {
    let payload = json!({
        "oneOf": [
            {
                "type": "object",
                "required": ["reference", "id"],
                "properties": {
                    "reference": {"type": "string", "description": "Eight digits that can be spoken."},
                    "id": {"type": "string", "format": "uuid"},
                },
            },
            {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "object", "description": "A problem (RFC 9457) that names each field."}},
            },
        ],
    });
    json!({"name": "answer", "contentType": "application/json", "payload": payload})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_name_has_the_prefix() {
        let document = document("Test", "stad");
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        let text = document.to_string();
        for name in ["stad.intake", "stad.updates", "stad.events", "stad.dept.{department}"] {
            assert!(text.contains(&format!("\"{name}\"")), "{name}");
        }
    }

    #[test]
    fn examples_fit_their_schemas() {
        let document = document("Test", "voordeur");
        for (name, message) in document["components"]["messages"].as_object().unwrap() {
            let mut schema = message["payload"].clone();
            schema["components"] = document["components"].clone();
            let validator = jsonschema::validator_for(&schema).unwrap();
            for example in message["examples"].as_array().into_iter().flatten() {
                let wrong: Vec<String> =
                    validator.iter_errors(&example["payload"]).map(|error| error.to_string()).collect();
                assert!(wrong.is_empty(), "{name}: {wrong:?}");
            }
        }
    }

    #[test]
    fn yaml_says_the_same() {
        let text = yaml("Test", "voordeur").unwrap();
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, document("Test", "voordeur"));
    }
}
