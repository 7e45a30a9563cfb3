//! What is asked of a server to judge it. Nothing here makes it do anything, but
//! [`Judge::knocks`], which it must refuse.

use super::{
    client::{Client, Trouble},
    config::{Config, Follow},
    form::Desk,
    server::Server,
    services::Known,
    windows::Budget,
    wire::Node,
};
use crate::departments::Tools;
use schemas::{Timestamp, city::Department, dispatch::Dispatch, verdict::Verdict};
use std::{collections::BTreeSet, time::Duration};

/// A key that nobody gave us.
const STRANGER: &str = "voordeur-conformance-no-such-key";

/// Asks a department's server.
#[derive(Debug)]
pub struct Judge(Server);

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.department)
    }
}

/// What came of a request with a key that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knock {
    /// It was refused, with this status.
    Refused(u16),
    /// It was taken, under this number if it gave one.
    Taken(Option<String>),
    /// Nobody can tell.
    Unclear(String),
}

impl Judge {
    /// The server of `department`, which `config` says how to reach.
    pub fn new(config: Config, department: &Department, tools: &Tools) -> Self {
        Self(config.server(department, tools))
    }

    /// How we reach it.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Whether we have a key to show.
    pub fn has_key(&self) -> bool {
        self.0.client.key.is_some()
    }

    /// Looks whether it offers every service that the settings name. Gives how many it described.
    ///
    /// # Errors
    /// What is missing, or why nothing could be seen; in words.
    pub async fn services(&self) -> Result<usize, String> {
        let server = &self.0;
        server.client.get(&["services"], &[]).await.map_err(|trouble| trouble.to_string())?;
        let codes: BTreeSet<&String> = server.config.services.values().collect();
        for code in &codes {
            match server.catalogue.service(&server.client, code).await {
                Known::Missing(offered) => return Err(format!("there is no `{code}`, it has {}", offered.join(", "))),
                Known::Dark => return Err(format!("`{code}` is not described")),
                Known::Here(service) if service.attributes.is_none() => {
                    return Err(format!("`{code}` has attributes, and does not say which"));
                }
                Known::Here(_) => {}
            }
        }
        Ok(codes.len())
    }

    /// Reads what it lists of the last hour; gives how much that was.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn requests(&self) -> Result<usize, String> {
        let bounds = match self.0.config.follows() {
            Follow::Changes => ("updated_after", "updated_before"),
            Follow::Numbers | Follow::None => ("start_date", "end_date"),
        };
        self.list("requests", bounds, "service_request_id", self.hour()).await.map(|results| results.len())
    }

    /// The same of the extension `servicerequestupdates`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn updates(&self) -> Result<usize, String> {
        let bounds = ("start_date", "end_date");
        self.list("servicerequestupdates", bounds, "update_id", self.hour()).await.map(|results| results.len())
    }

    fn hour(&self) -> Timestamp {
        self.0.clock.now() - Duration::from_secs(3600)
    }

    async fn list(&self, part: &str, bounds: (&str, &str), result: &str, from: Timestamp) -> Result<Vec<Node>, String> {
        let server = &self.0;
        let to = server.clock.now() + server.config.overlap;
        let (mut budget, mut results) = (Budget::new(server.config.reads_per_second), Vec::new());
        let ask = server.ask(part, bounds, result);
        let read = ask.gather(&server.client, (from, to), &mut budget, &mut results).await;
        match read.trouble {
            Some(trouble) => Err(trouble.to_string()),
            None if read.until < to => Err("it is too long to be read at once".to_owned()),
            None => Ok(results),
        }
    }

    /// Their numbers of the requests in which the mark of `dispatch` stands, which was made `since`.
    ///
    /// # Errors
    /// Why their list cannot be read.
    pub async fn finds(&self, dispatch: &Dispatch, since: Timestamp) -> Result<BTreeSet<String>, String> {
        let from = since - self.0.config.overlap;
        let results = self.list("requests", ("start_date", "end_date"), "service_request_id", from).await?;
        let key = dispatch.id.to_string();
        Ok(results.iter().filter(|result| result.mentions(&key)).filter_map(|result| self.0.number(result)).collect())
    }

    /// The word of its status that the request `number` has.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn status(&self, number: &str) -> Result<Option<String>, String> {
        let node = self.0.client.get(&["requests"], &[("service_request_id", number)]).await;
        let node = node.map_err(|trouble| trouble.to_string())?;
        Ok(node.having("service_request_id").into_iter().find_map(|request| request.line("status", 100)))
    }

    /// The address of the first photo of `dispatch`, as they get it.
    pub fn photo(&self, dispatch: &Dispatch) -> Option<String> {
        self.0.photos(dispatch).into_iter().next()
    }

    /// Sends `dispatch`, which nobody may take, with a key that does not fit.
    pub async fn knocks(&self, dispatch: &Dispatch) -> Knock {
        let server = &self.0;
        let Some(code) = server.config.service(&dispatch.category) else {
            return Knock::Unclear(format!("no service is named for {}", dispatch.category));
        };
        let service = match server.catalogue.service(&server.client, code).await {
            Known::Here(service) => Some(service),
            Known::Missing(_) | Known::Dark => None,
        };
        let desk = Desk { config: &server.config, city: &server.city, photos: &[] };
        let form = match desk.request(dispatch, code, service.as_ref(), None) {
            Ok(form) => form,
            Err(Verdict::Never { why, .. } | Verdict::Later { why, .. } | Verdict::Unknown { why }) => {
                return Knock::Unclear(why);
            }
            Err(Verdict::Done { .. }) => return Knock::Unclear("there is nothing to send".to_owned()),
        };
        let stranger = Client { key: Some(STRANGER.into()), ..server.client.clone() };
        match stranger.post(&["requests"], &form).await {
            Ok(node) => Knock::Taken(server.number(&node)),
            Err(Trouble::Answered { status: status @ 400..=499, .. }) => Knock::Refused(status),
            Err(trouble) => Knock::Unclear(trouble.to_string()),
        }
    }
}
