//! What the city has to offer: discovery, services, and the attributes of each.

use super::{Config, write::Value};
use schemas::{
    city::{AnswerType, Category, City, Publicity, Question, in_language},
    further::Word,
    report::Language,
};

/// When what is described here last changed in its shape (GeoReport v2, Service Discovery).
const CHANGESET: &str = "2026-11-30T00:00:00Z";

/// Where everything is, below `base` (the public address without a slash at the end).
pub fn discovery(city: &City, base: &str) -> Value {
    let formats = ["text/xml", "application/json"].map(Value::text).to_vec();
    let endpoint = Value::Fields(vec![
        ("specification", Value::text("http://wiki.open311.org/GeoReport_v2")),
        ("url", Value::text(format!("{base}/open311/v2"))),
        ("changeset", Value::text(CHANGESET)),
        ("type", Value::text("production")),
        ("formats", Value::List("format", formats)),
    ]);
    Value::Fields(vec![
        ("changeset", Value::text(CHANGESET)),
        ("contact", Value::text(format!("{} {}", city.email, city.phone))),
        ("key_service", Value::text(format!("Ask {} for a key of your channel, live and for tests.", city.email))),
        ("endpoints", Value::List("endpoint", vec![endpoint])),
    ])
}

/// The list of services, in the order of the city.
pub fn services(city: &City, config: &Config, language: Language) -> Value {
    Value::List("service", city.categories.iter().map(|category| service(city, category, config, language)).collect())
}

fn service(city: &City, category: &Category, config: &Config, language: Language) -> Value {
    let group = city.groups.iter().find(|group| group.id == category.id.group());
    let group = group.map_or(category.id.group(), |group| in_language(&group.names, language));
    let hints = category.hints.get(&language).map(Vec::as_slice).unwrap_or_default();
    let mut keywords: Vec<&str> = hints.iter().map(String::as_str).filter(|hint| !hint.contains(',')).collect();
    // FixMyStreet keeps such reports from its own public pages, too.
    if category.publicity != Publicity::Public {
        keywords.push("private");
    }
    let name = in_language(&category.names, language);
    Value::Fields(vec![
        ("service_code", Value::text(category.id.as_str())),
        ("service_name", Value::text(name)),
        ("description", Value::text(format!("{group}: {name}"))),
        ("metadata", Value::Bool(!category.questions.is_empty() || !config.own_id.is_empty())),
        ("type", Value::text("realtime")),
        ("keywords", Value::text(keywords.join(","))),
        ("group", Value::text(group)),
    ])
}

/// One service with its attributes.
pub fn definition(city: &City, category: &Category, config: &Config, language: Language) -> Value {
    let questions = category.questions.iter().filter_map(|id| city.question(id));
    let mut attributes: Vec<Value> =
        questions.zip(1..).map(|(question, order)| attribute(city, question, order, language)).collect();
    if !config.own_id.is_empty() {
        let order = i64::try_from(attributes.len()).unwrap_or(i64::MAX).saturating_add(1);
        attributes.push(Value::Fields(vec![
            // Nobody is asked for it: the client's server fills it in.
            ("variable", Value::Bool(false)),
            ("code", Value::text(config.own_id.as_str())),
            ("datatype", Value::text("string")),
            ("required", Value::Bool(false)),
            ("datatype_description", Value::Nothing),
            ("order", Value::Number(order)),
            ("description", Value::text("The client's own number of the request")),
            ("automated", Value::text("server_set")),
        ]));
    }
    Value::Fields(vec![
        ("service_code", Value::text(category.id.as_str())),
        ("attributes", Value::List("attribute", attributes)),
    ])
}

/// How a question is answered.
pub(crate) static YES: Word = Word::new("answer-yes", ["ja", "oui", "yes"]);
pub(crate) static NO: Word = Word::new("answer-no", ["nee", "non", "no"]);

fn attribute(city: &City, question: &Question, order: i64, language: Language) -> Value {
    let datatype = match question.answer {
        AnswerType::Bool | AnswerType::Choice => "singlevaluelist",
        AnswerType::Multi => "multivaluelist",
        AnswerType::Text => "string",
    };
    let value = |key: &str, name: &str| Value::Fields(vec![("key", Value::text(key)), ("name", Value::text(name))]);
    let values: Vec<Value> = match question.answer {
        AnswerType::Bool => {
            let [yes, no] = [&YES, &NO].map(|word| city.further.say(language, word));
            vec![value("true", &yes), value("false", &no)]
        }
        AnswerType::Text => Vec::new(),
        AnswerType::Choice | AnswerType::Multi => {
            let named = |option: &String| {
                let names = question.option_names.get(option);
                let plain = option.replace('-', " ");
                value(option, names.map_or(plain.as_str(), |names| in_language(names, language)))
            };
            question.options.iter().map(named).collect()
        }
    };
    let mut fields = vec![
        ("variable", Value::Bool(true)),
        ("code", Value::text(question.id.as_str())),
        ("datatype", Value::text(datatype)),
        // The city takes a report without answers; whoever does the work asks.
        ("required", Value::Bool(false)),
        ("datatype_description", Value::Nothing),
        ("order", Value::Number(order)),
        ("description", Value::text(in_language(&question.texts, language))),
    ];
    if !values.is_empty() {
        fields.push(("values", Value::List("value", values)));
    }
    Value::Fields(fields)
}
