//! The published JSON Schemas: what channels, departments and subscribers may build on. The files
//! `schemas/json/*.schema.json` and the samples beside them are made from the types here, and a
//! test fails when they are stale.

use crate::letter::Topic;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The JSON Schema (draft 2020-12) of the body that goes with `topic`: the `data` of the
/// CloudEvent.
pub fn schema(topic: Topic) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = match topic {
        Topic::ReportReceived => generator.into_root_schema_for::<crate::report::Received>(),
        Topic::ReportSubmitted => generator.into_root_schema_for::<crate::submission::Submission>(),
        Topic::CaseEvent => generator.into_root_schema_for::<crate::event::CaseEvent>(),
        Topic::DepartmentDispatch => generator.into_root_schema_for::<crate::dispatch::Dispatch>(),
        Topic::DepartmentUpdate => generator.into_root_schema_for::<crate::dispatch::Update>(),
        Topic::NoticeDue => generator.into_root_schema_for::<crate::notice::Due>(),
        Topic::NoticeFailed => generator.into_root_schema_for::<crate::notice::Failed>(),
        Topic::BroadcastStep => generator.into_root_schema_for::<crate::broadcast::Step>(),
        Topic::NoticeHeard => generator.into_root_schema_for::<crate::notice::Heard>(),
        Topic::CaseChanged => generator.into_root_schema_for::<crate::channel::CaseChanged>(),
        Topic::NoticeChanged => generator.into_root_schema_for::<crate::channel::NoticeChanged>(),
        Topic::Refused => generator.into_root_schema_for::<crate::letter::Refused>(),
    };
    let mut schema = Value::from(schema);
    schema["title"] = Value::from(format!("{}{}", crate::cloudevent::TYPE_PREFIX, topic.as_str()));
    schema
}

#[cfg(test)]
mod tests;
