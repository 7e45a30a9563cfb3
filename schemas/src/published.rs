//! The published JSON Schemas: what channels, departments and subscribers may build on. The files
//! `schemas/json/*.schema.json` and the samples beside them are made from the types here, and a
//! test fails when they are stale.

use crate::letter::Topic;
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

/// With `$body` standing for the type of the body that goes with `$topic`, does `$what`.
macro_rules! of_body {
    ($topic:expr, $body:ident => $what:expr) => {
        match $topic {
            Topic::ReportReceived => {
                type $body = crate::report::Received;
                $what
            }
            Topic::ReportSubmitted => {
                type $body = crate::submission::Submission;
                $what
            }
            Topic::CaseEvent => {
                type $body = crate::event::CaseEvent;
                $what
            }
            Topic::DepartmentDispatch => {
                type $body = crate::dispatch::Dispatch;
                $what
            }
            Topic::DepartmentUpdate => {
                type $body = crate::dispatch::Update;
                $what
            }
            Topic::NoticeDue => {
                type $body = crate::notice::Due;
                $what
            }
            Topic::NoticeFailed => {
                type $body = crate::notice::Failed;
                $what
            }
            Topic::BroadcastStep => {
                type $body = crate::broadcast::Step;
                $what
            }
            Topic::NoticeHeard => {
                type $body = crate::notice::Heard;
                $what
            }
            Topic::CaseChanged => {
                type $body = crate::channel::CaseChanged;
                $what
            }
            Topic::NoticeChanged => {
                type $body = crate::channel::NoticeChanged;
                $what
            }
            Topic::Refused => {
                type $body = crate::letter::Refused;
                $what
            }
        }
    };
}

/// The JSON Schema (draft 2020-12) of the body that goes with `topic`: the `data` of the
/// CloudEvent.
pub fn schema(topic: Topic) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = of_body!(topic, Body => generator.into_root_schema_for::<Body>());
    let mut schema = Value::from(schema);
    schema["title"] = Value::from(format!("{}{}", crate::cloudevent::TYPE_PREFIX, topic.as_str()));
    schema
}

/// The same as a part of a larger document: named types are references into `generator`.
pub fn part(topic: Topic, generator: &mut SchemaGenerator) -> Schema {
    of_body!(topic, Body => generator.subschema_for::<Body>())
}

/// A body that goes with `topic`, as JSON; for the topics that others publish or read.
pub fn sample(topic: Topic) -> Option<&'static str> {
    match topic {
        Topic::ReportSubmitted => Some(include_str!("../samples/report.submitted.json")),
        Topic::DepartmentDispatch => Some(include_str!("../samples/department.dispatch.json")),
        Topic::DepartmentUpdate => Some(include_str!("../samples/department.update.done.json")),
        Topic::CaseEvent => Some(include_str!("../samples/case.event.planned.json")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
