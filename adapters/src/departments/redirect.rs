//! A referral: somebody outside the city does this, and the resident is told whom to turn to. No
//! word of the report leaves the house, and nobody is told who reported it.

use super::{Adapter, Taken, Tools};
use crate::updates;
use async_trait::async_trait;
use schemas::{
    case::Role,
    city::{Department, Texts, in_language},
    dispatch::{AgainWhy, Dispatch, Say, Update},
    fault::Invalid,
    letter::Letter,
    report::Language,
    text,
    trace::Trace,
    verdict::Verdict,
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use store::Tx;
use url::Url;

/// The most characters of the words that go with a referral.
const MAX_TEXT: usize = 2_000;

/// What the dispatch of one that is only informed is settled with.
const FOR_INFORMATION: &str = "for information only: nothing is handed over";

/// Settings in `departments.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The number to call; the department's own `phone` when left out.
    pub phone: Option<String>,
    /// The page to go to. Left out for a language, the Dutch one stands.
    pub url: BTreeMap<Language, Url>,
    /// What else to tell, per language; Dutch has to be there when one is.
    pub text: Texts,
}

impl Config {
    /// What is wrong with these settings; nothing when they are good.
    pub fn check(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        for (language, url) in &self.url {
            let field = format!("/url/{}", language.as_str());
            if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
                faults.push(Invalid::new(field, "malformed", "write an address that begins with https://"));
            } else if !url.username().is_empty() || url.password().is_some() {
                faults.push(Invalid::new(field, "secret", "residents read this address: no password in it"));
            }
        }
        let dutch = |given: bool, has: bool, field: &str| {
            (given && !has).then(|| Invalid::new(field, "required", "add `nl`: every other language falls back to it"))
        };
        faults.extend(dutch(!self.url.is_empty(), self.url.contains_key(&Language::NL), "/url"));
        faults.extend(dutch(!self.text.is_empty(), self.text.contains_key(&Language::NL), "/text"));
        for (language, words) in &self.text {
            let length = text::length(words.trim());
            if !(1..=MAX_TEXT).contains(&length) {
                let message = format!("write 1 to {MAX_TEXT} characters");
                faults.push(Invalid::new(format!("/text/{}", language.as_str()), "out_of_range", message));
            }
        }
        if self.phone.as_deref().is_some_and(|phone| phone.trim().is_empty()) {
            faults.push(Invalid::new("/phone", "empty", "write the number, or leave `phone` out"));
        }
        faults
    }

    /// What is wrong with these settings for `department`.
    pub(super) fn check_for(&self, department: &Department) -> Vec<Invalid> {
        let nothing = self.phone.is_none() && department.phone.is_none() && self.url.is_empty();
        let message = "a resident who is sent on needs a way to get there: give `phone`, or `url: {nl: https://…}`";
        nothing.then(|| Invalid::new("", "required", message)).into_iter().collect()
    }

    /// The adapter.
    pub fn build(self, department: &Department, _: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        let phone = self.phone.clone().or_else(|| department.phone.clone());
        Ok(Arc::new(Redirect { names: department.names.clone(), phone, config: self }))
    }
}

struct Redirect {
    names: Texts,
    phone: Option<String>,
    config: Config,
}

impl Redirect {
    /// What the resident is told, in their language.
    fn refer(&self, language: Language) -> Say {
        let url = self.config.url.get(&language).or_else(|| self.config.url.get(&Language::NL));
        Say::Refer {
            to: in_language(&self.names, language).to_owned(),
            phone: self.phone.clone(),
            url: url.map(Url::to_string),
            text: Some(in_language(&self.config.text, language).to_owned()).filter(|words| !words.is_empty()),
        }
    }
}

#[async_trait]
impl Adapter for Redirect {
    async fn deliver(&self, dispatch: &Dispatch, _: &Letter) -> Verdict {
        if dispatch.role == Role::Informed { Verdict::receipt(FOR_INFORMATION) } else { Verdict::done() }
    }

    /// Nothing is handed over, so nothing says so; the referral is the answer.
    fn hands_over(&self) -> bool {
        false
    }

    /// Who is only informed is no referral: nothing answers, so the dispatch is over at once.
    fn handed_over(&self, receipt: Option<&str>) -> bool {
        receipt == Some(FOR_INFORMATION)
    }

    fn is_news(&self, dispatch: &Dispatch) -> bool {
        dispatch.role != Role::Informed
    }

    async fn taken(&self, tx: &mut Tx, taken: &Taken<'_>) -> Result<(), store::Error> {
        let dispatch = taken.dispatch;
        let is_withdrawn = dispatch.again.as_ref().is_some_and(|again| again.why == AgainWhy::Merged);
        if dispatch.role == Role::Informed || is_withdrawn {
            return Ok(());
        }
        let update = Update {
            critical: false,
            id: format!("refer-{}", dispatch.id),
            department: dispatch.department.clone(),
            dispatch: dispatch.id,
            at: taken.at,
            say: self.refer(dispatch.language),
        };
        tx.post(&[updates::letter(&update, dispatch.case_id, Trace::start(), taken.at).because(dispatch.id)]).await
    }
}
