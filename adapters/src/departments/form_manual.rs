//! A department that only has a web form: an operator of the city fills it in from fields that are
//! ready to copy, and records the number that the form gives.

use super::{Adapter, Taken, Tools};
use crate::tasks::values;
use async_trait::async_trait;
use schemas::{
    city::{City, Department},
    dispatch::Dispatch,
    fault::{Invalid, did_you_mean},
    letter::Letter,
    slug::DepartmentId,
    task::{Field, Holds, Task},
    text,
    verdict::Verdict,
};
use serde::Deserialize;
use std::{collections::HashSet, sync::Arc};
use store::Tx;
use url::Url;

/// The most fields of one form.
const MAX_FIELDS: usize = 60;

/// Settings in `departments.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the form is.
    pub url: Url,
    /// Whose operator fills it in; the city's fallback desk when left out.
    #[serde(default)]
    pub desk: Option<DepartmentId>,
    /// The fields in the order of the form, by the names that the form gives them; everything there
    /// is, by our own names, when left out.
    #[serde(default)]
    pub fields: Vec<FieldConfig>,
}

/// One field of the form: what it is called, and what belongs in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldConfig {
    /// What the form calls it.
    pub label: String,
    /// What the case has under this name.
    #[serde(default)]
    pub value: Option<String>,
    /// Always this.
    #[serde(default)]
    pub text: Option<String>,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        if !matches!(self.url.scheme(), "https" | "http") || !self.url.has_host() {
            faults.push(Invalid::new("/url", "malformed", "write an address that begins with https://"));
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            faults.push(Invalid::new("/url", "secret", "no password in the address: operators have their own"));
        }
        if self.fields.len() > MAX_FIELDS {
            faults.push(Invalid::new("/fields", "too_many", format!("at most {MAX_FIELDS} fields")));
        }
        let mut labels = HashSet::new();
        for (n, field) in self.fields.iter().enumerate().take(MAX_FIELDS) {
            let at = |name: &str| format!("/fields/{n}{name}");
            if !(1..=100).contains(&text::length(field.label.trim())) {
                faults.push(Invalid::new(at("/label"), "out_of_range", "write 1 to 100 characters"));
            } else if !labels.insert(field.label.trim()) {
                let message = format!("`{}` is there twice: the operator cannot tell them apart", field.label);
                faults.push(Invalid::new(at("/label"), "duplicate", message));
            }
            match (&field.value, &field.text) {
                (Some(_), None) | (None, Some(_)) => {}
                _ => faults.push(Invalid::new(at(""), "required", "give either `value` or `text`")),
            }
            if let Some(value) = &field.value
                && !values::is_known(value)
            {
                let message = format!("there is no value `{value}`: {}", did_you_mean(value, values::NAMES));
                faults.push(Invalid::new(at("/value"), "unknown", message));
            }
        }
        faults
    }

    /// What is wrong with these settings in `city`.
    pub(super) fn check_in(&self, city: &City) -> Vec<Invalid> {
        let mut faults = Vec::new();
        if let Some(desk) = self.desk.as_ref().filter(|desk| city.department(desk).is_none()) {
            let known = city.departments.iter().map(|department| department.id.as_str());
            let message = format!("there is no department `{desk}`: {}", did_you_mean(desk, known));
            faults.push(Invalid::new("/desk", "unknown", message));
        }
        for (n, field) in self.fields.iter().enumerate().take(MAX_FIELDS) {
            let question = field.value.as_deref().and_then(|value| value.strip_prefix(values::ANSWER));
            if let Some(question) = question.filter(|question| city.question(question).is_none()) {
                let known = city.questions.keys().map(String::as_str);
                let message = format!("there is no question `{question}`: {}", did_you_mean(question, known));
                faults.push(Invalid::new(format!("/fields/{n}/value"), "unknown", message));
            }
        }
        faults
    }

    /// The adapter.
    pub fn build(self, _: &Department, tools: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        let desk = self.desk.clone().unwrap_or_else(|| tools.city.fallback.clone());
        let fields = if self.fields.is_empty() { values::usual(&tools.city) } else { fields(&self.fields) };
        Ok(Arc::new(FormManual { desk, url: self.url.to_string(), fields }))
    }
}

fn fields(configured: &[FieldConfig]) -> Vec<Field> {
    let field = |field: &FieldConfig| {
        let holds = match (&field.value, &field.text) {
            (Some(value), _) => Holds::Value(value.clone()),
            (None, text) => Holds::Text(text.clone().unwrap_or_default()),
        };
        Field { label: field.label.trim().to_owned(), holds }
    };
    configured.iter().map(field).collect()
}

struct FormManual {
    desk: DepartmentId,
    url: String,
    fields: Vec<Field>,
}

#[async_trait]
impl Adapter for FormManual {
    async fn deliver(&self, _: &Dispatch, _: &Letter) -> Verdict {
        Verdict::receipt(format!("waits for {} to fill in the form", self.desk))
    }

    fn hands_over(&self) -> bool {
        false
    }

    async fn taken(&self, tx: &mut Tx, taken: &Taken<'_>) -> Result<(), store::Error> {
        let (desk, url, fields) = (self.desk.clone(), self.url.clone(), self.fields.clone());
        tx.open_tasks(&[Task::form(taken.dispatch, desk, url, fields, taken.at)]).await
    }
}
