//! `GET /api/v1/categories`: the city's tree, with the questions that each category asks.

use super::Endpoint;
use super::openapi::operation::{Back, For, Operation};
use crate::app::App;
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use schemars::JsonSchema;
use schemas::{
    city::{AnswerType, Category, City, Photos, Texts},
    report::{Kind, Urgency},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The address.
pub const ENDPOINT: Endpoint = Endpoint {
    path: "/api/v1/categories",
    route: |_| get(list),
    operations: &[Operation::get(
        "listCategories",
        For::Channels,
        "What can be told, and the questions that go with it",
    )
    .back(&[Back::json(200, "The city's tree.", |generator| generator.subschema_for::<Tree<'static>>())])
    .problems(&[429])],
};

#[derive(Serialize, JsonSchema)]
struct Tree<'a> {
    groups: Vec<Group<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Group<'a> {
    id: &'a str,
    names: &'a Texts,
    categories: Vec<Leaf<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Leaf<'a> {
    id: &'a str,
    names: &'a Texts,
    kind: Kind,
    urgency: Urgency,
    photos: &'static str,
    anonymous: bool,
    questions: Vec<Question<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Question<'a> {
    id: &'a str,
    texts: &'a Texts,
    answer: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    options: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    option_names: &'a BTreeMap<String, Texts>,
}

fn question<'a>(city: &'a City, id: &str) -> Option<Question<'a>> {
    let question = city.question(id)?;
    let answer = match question.answer {
        AnswerType::Bool => "bool",
        AnswerType::Choice => "choice",
        AnswerType::Multi => "multi",
        AnswerType::Text => "text",
    };
    Some(Question {
        id: &question.id,
        texts: &question.texts,
        answer,
        options: &question.options,
        option_names: &question.option_names,
    })
}

fn leaf<'a>(city: &'a City, category: &'a Category) -> Leaf<'a> {
    Leaf {
        id: &category.id,
        names: &category.names,
        kind: category.kind,
        urgency: category.urgency,
        photos: match category.photos {
            Photos::Ask => "ask",
            Photos::Ok => "ok",
            Photos::No => "no",
        },
        anonymous: category.anonymous,
        questions: category.questions.iter().filter_map(|id| question(city, id)).collect(),
    }
}

async fn list(State(app): State<App>) -> Response {
    let city = &app.site.city;
    let groups = city.groups.iter().map(|group| {
        let inside = city.categories.iter().filter(|category| category.id.group() == group.id);
        Group { id: &group.id, names: &group.names, categories: inside.map(|category| leaf(city, category)).collect() }
    });
    let tree = Tree { groups: groups.collect() };
    ([(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))], Json(tree)).into_response()
}
