//! The department's server: hands a dispatch over.

use super::{
    client::{Client, Trouble},
    config::Config,
    form::{Desk, Pairs},
    look::Looks,
    services::{Catalogue, Known, Service, When},
    status::Statuses,
    windows::second,
    wire::Node,
};
use crate::links::Links;
use schemas::{
    city::City,
    dispatch::Dispatch,
    id::Clock,
    slug::DepartmentId,
    verdict::{Fault, Verdict},
};
use std::{sync::Arc, time::Duration};
use store::Store;

/// How long something waits that could not even be begun.
const PAUSE: Duration = Duration::from_secs(30);
/// What stands before a token in a receipt. No number of theirs holds a space.
const TOKEN: &str = "token ";

/// A department's server.
pub struct Server {
    pub department: DepartmentId,
    pub config: Config,
    pub client: Client,
    pub catalogue: Catalogue,
    pub statuses: Statuses,
    pub city: Arc<City>,
    pub store: Store,
    pub clock: Clock,
    pub links: Links,
    /// What is being looked for in their list.
    pub looks: Looks,
}

/// What stands in a receipt that the server gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt<'a> {
    /// Its number.
    Number(&'a str),
    /// A token.
    Token(&'a str),
    /// Nothing to ask by.
    Other,
}

/// Reads a receipt. A number that cannot stand in a list of numbers cannot be asked by.
pub fn receipt(text: &str) -> Receipt<'_> {
    match text.strip_prefix(TOKEN) {
        Some(token) => Receipt::Token(token),
        None if text.is_empty() || text.contains([' ', ',']) => Receipt::Other,
        None => Receipt::Number(text),
    }
}

impl Server {
    /// Hands `dispatch` over: as an update of the request that they have, where they take these; as
    /// a request otherwise.
    pub async fn deliver(&self, dispatch: &Dispatch) -> Verdict {
        let before = match &dispatch.again {
            None => None,
            Some(again) => match self.store.open311_number(again.first).await {
                Ok(number) => number,
                Err(error) => return Verdict::slow_down(PAUSE, format!("the rows cannot be read: {error}")),
            },
        };
        let photos = self.photos(dispatch);
        let desk = Desk { config: &self.config, city: &self.city, photos: &photos };
        match before {
            Some(number) if self.config.updates.pushes() => {
                let at = second(self.clock.now(), 0);
                match self.client.post(&["servicerequestupdates"], &desk.update(dispatch, &number, &at)).await {
                    Ok(_) => Verdict::receipt(number),
                    Err(trouble) => trouble.verdict(),
                }
            }
            before => self.request(dispatch, desk, before.as_deref()).await,
        }
    }

    async fn request(&self, dispatch: &Dispatch, desk: Desk<'_>, before: Option<&str>) -> Verdict {
        let Some(code) = self.config.service(&dispatch.category) else {
            let why = format!(
                "no service of theirs is named for the category {0}: write `{0}: <service code>` or a `default` under \
                 `services` in departments.yaml, and replay this",
                dispatch.category
            );
            return Verdict::never(Fault::Ours, why);
        };
        let service = match self.known(code).await {
            Known::Missing(offered) => return Verdict::never(Fault::Ours, missing(code, &offered)),
            Known::Here(service) => Some(service),
            Known::Dark => None,
        };
        let pairs: Pairs = match desk.request(dispatch, code, service.as_ref(), before) {
            Ok(pairs) => pairs,
            Err(verdict) => return verdict,
        };
        match self.client.post(&["requests"], &pairs).await {
            Ok(node) => self.taken(&node, service.as_ref()),
            Err(trouble) => {
                if matches!(trouble, Trouble::Answered { status: 400..=499, .. }) {
                    self.catalogue.forget();
                }
                trouble.verdict()
            }
        }
    }

    pub(super) async fn known(&self, code: &str) -> Known {
        if self.config.discover { self.catalogue.service(&self.client, code).await } else { Known::Dark }
    }

    fn taken(&self, node: &Node, service: Option<&Service>) -> Verdict {
        if let Some(number) = self.number(node) {
            return Verdict::receipt(number);
        }
        let token = node.having("token").into_iter().find_map(|request| request.line("token", 200));
        match (token, service.map(|service| service.when)) {
            (Some(token), _) => Verdict::receipt(format!("{TOKEN}{token}")),
            // It takes requests and never says anything about them.
            (None, Some(When::Blackbox)) => Verdict::done(),
            (None, _) => Verdict::Unknown { why: "their server took something and gave no number for it".to_owned() },
        }
    }

    /// Their number in an answer.
    pub fn number(&self, node: &Node) -> Option<String> {
        node.having("service_request_id").into_iter().find_map(|request| request.line("service_request_id", 100))
    }

    /// Addresses of the photos, as a stranger can open them.
    pub fn photos(&self, dispatch: &Dispatch) -> Vec<String> {
        let handed_out = dispatch.photos.iter().filter(|_| self.config.photos);
        handed_out.map(|photo| self.links.photo(photo)).collect()
    }
}

fn missing(code: &str, offered: &[String]) -> String {
    let mut shown: Vec<&str> = offered.iter().map(String::as_str).take(30).collect();
    if offered.len() > shown.len() {
        shown.push("…");
    }
    format!(
        "their server has no service `{code}`, it has {}: change `services` in departments.yaml, and replay this",
        shown.join(", ")
    )
}
