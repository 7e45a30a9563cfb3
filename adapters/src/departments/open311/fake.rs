//! A GeoReport v2 server in memory, with the extension `servicerequestupdates`: what tests and
//! `voordeur simulate` speak to. It knows the protocol and no network: whoever listens hands it each
//! call and gives back what it answers.

mod write;

use super::{
    config::Config,
    windows::second,
    wire::{Format, moment},
};
use jiff::tz::TimeZone;
use schemas::Timestamp;
use std::{collections::BTreeSet, time::Duration};
use url::form_urlencoded;
use write::{Fields, definition, error, list, service};

/// A service that it has.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// Its code.
    pub code: String,
    /// Whether requests get a token first.
    pub batch: bool,
    /// Codes of attributes that a request must have.
    pub needs: Vec<String>,
    /// Codes of attributes that a request may have.
    pub asks: Vec<String>,
}

/// How it is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What it has.
    pub services: Vec<Offer>,
    /// The key that goes with each POST.
    pub key: Option<String>,
    /// Its city, if it serves several.
    pub jurisdiction: Option<String>,
    /// Whether it speaks `servicerequestupdates`.
    pub extension: bool,
    /// How many results it gives at most.
    pub most: usize,
    /// How long after a token there is a number.
    pub batch_after: Duration,
    /// Lists hold everything twice.
    pub doubles: bool,
    /// Lists begin with the last.
    pub backwards: bool,
    /// Lists do not give descriptions back.
    pub wordless: bool,
}

impl Setup {
    /// A server that the settings of `departments.yaml` fit.
    pub fn fitting(config: &Config) -> Self {
        let codes: BTreeSet<&String> = config.services.values().collect();
        let asks: Vec<String> = config.attributes.keys().chain(&config.key_attribute).cloned().collect();
        let offer = |code: &String| Offer { code: code.clone(), asks: asks.clone(), ..Offer::default() };
        Self {
            services: codes.into_iter().map(offer).collect(),
            jurisdiction: config.jurisdiction_id.clone(),
            extension: config.updates.pulls() || config.updates.pushes(),
            most: config.most,
            ..Self::default()
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            key: None,
            jurisdiction: None,
            extension: true,
            most: 1_000,
            batch_after: Duration::from_secs(60),
            doubles: false,
            backwards: false,
            wordless: false,
        }
    }
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// POST; GET otherwise.
    pub is_post: bool,
    /// Behind the base: `requests.xml`.
    pub path: &'a str,
    /// Behind `?`.
    pub query: &'a str,
    /// The form.
    pub body: &'a str,
}

impl<'a> Call<'a> {
    /// What it is about, and in which format.
    fn format(&self) -> Option<(&'a str, Format)> {
        match self.path.trim_matches('/').rsplit_once('.')? {
            (path, "json") => Some((path, Format::Json)),
            (path, "xml") => Some((path, Format::Xml)),
            _ => None,
        }
    }

    /// What is given with it.
    pub fn fields(&self) -> Vec<(String, String)> {
        let text = if self.is_post { self.body } else { self.query };
        form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// The number of a request that it took just now.
    pub took: Option<String>,
}

/// A request that it has.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its number.
    pub number: String,
    /// The form it came in.
    pub form: Vec<(String, String)>,
    /// Its token, where it is of a batch service, and from when it has its number.
    pub token: Option<(String, Timestamp)>,
    /// The status.
    pub status: String,
    /// What stands beside the status.
    pub notes: String,
    /// The day that was named.
    pub expected: Option<Timestamp>,
    /// Addresses of pictures.
    pub media: Vec<String>,
    /// When it came.
    pub requested: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl Request {
    /// A field of the form.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// An update of a request, by us or by them.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its id.
    pub id: String,
    /// Of which request.
    pub number: String,
    /// The status after it.
    pub status: String,
    /// The words.
    pub words: String,
    /// When, by the clock of whoever said it.
    pub at: Timestamp,
    /// Whether it was told to the server.
    pub told: bool,
}

/// The server.
#[derive(Debug, Default)]
pub struct Fake {
    setup: Setup,
    requests: Vec<Request>,
    said: Vec<Said>,
    posts: usize,
    calls: usize,
}

impl Fake {
    /// An empty one.
    pub fn new(setup: Setup) -> Self {
        Self { setup, ..Self::default() }
    }

    /// What it has, in the order in which it came.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Every update, in the order in which it came.
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// How many requests and updates were sent to it, also in vain.
    pub fn posts(&self) -> usize {
        self.posts
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// It says that the request `number` came at `at`.
    pub fn requested_at(&mut self, number: &str, at: Timestamp) {
        if let Some(request) = self.requests.iter_mut().find(|request| request.number == number) {
            request.requested = at;
        }
    }

    /// Changes the request `number` by `change`, and says so in the extension at `at`. What is said
    /// of a time before its last change is only said.
    pub fn say(&mut self, number: &str, at: Timestamp, change: impl FnOnce(&mut Request)) {
        let Some(stands) = self.requests.iter_mut().find(|request| request.number == number) else { return };
        let mut request = stands.clone();
        change(&mut request);
        if at >= stands.updated {
            request.updated = at;
            stands.clone_from(&request);
        }
        let (id, number) = (format!("u{}", self.said.len() + 1), number.to_owned());
        let (status, words) = (request.status.clone(), request.notes.clone());
        self.said.push(Said { id, number, status, words, at, told: false });
    }

    /// Its no to a caller that it does not know, or that means another city.
    pub fn denies(&self, call: Call<'_>) -> Option<Answer> {
        let format = call.format().map_or(Format::Xml, |(_, format)| format);
        let given = call.fields();
        let field = |name: &str| given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        if self.setup.jurisdiction.is_some() && field("jurisdiction_id") != self.setup.jurisdiction.as_deref() {
            return Some(error(format, 404, "jurisdiction_id was not found"));
        }
        let stranger = call.is_post && self.setup.key.is_some() && field("api_key") != self.setup.key.as_deref();
        stranger.then(|| error(format, 403, "api_key was not valid"))
    }

    /// Answers `call` at `now`.
    pub fn answer(&mut self, call: Call<'_>, now: Timestamp) -> Answer {
        self.posts += usize::from(call.is_post);
        self.calls += 1;
        let Some((path, format)) = call.format() else { return error(Format::Xml, 404, "write .xml or .json") };
        if let Some(no) = self.denies(call) {
            return no;
        }
        let given = call.fields();
        let field = |name: &str| given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let parts: Vec<&str> = path.split('/').collect();
        if call.is_post {
            return match parts[..] {
                ["requests"] => self.take(format, given, now),
                ["servicerequestupdates"] if self.setup.extension => self.told(format, &given),
                _ => error(format, 404, "there is no such resource"),
            };
        }
        match parts[..] {
            ["services"] => list(format, "services", "service", self.setup.services.iter().map(service).collect()),
            ["services", code] => match self.setup.services.iter().find(|offer| offer.code == code) {
                Some(offer) => definition(format, offer),
                None => error(format, 404, "service_code was not found"),
            },
            ["requests"] => {
                let shown = self.requests.iter().filter(|request| request.is_shown(now) && request.fits(&field));
                let shown = shown.map(Request::fields).collect();
                list(format, "service_requests", "request", self.arranged(shown))
            }
            ["requests", number] => {
                let one = self.requests.iter().find(|request| request.number == number && request.is_shown(now));
                match one {
                    Some(request) => list(format, "service_requests", "request", vec![request.fields()]),
                    None => error(format, 404, "service_request_id was not found"),
                }
            }
            ["tokens", token] => {
                let by_token = |request: &&Request| request.token.as_ref().is_some_and(|(mine, _)| mine == token);
                let Some(request) = self.requests.iter().find(by_token) else {
                    return error(format, 404, "token was not found");
                };
                let mut fields = vec![("token", token.to_owned())];
                if request.is_shown(now) {
                    fields.push(("service_request_id", request.number.clone()));
                }
                list(format, "service_requests", "request", vec![fields])
            }
            ["servicerequestupdates"] if self.setup.extension => {
                let fits = |said: &&Said| within(said.at, field("start_date"), field("end_date"));
                let shown = self.said.iter().filter(fits).map(Said::fields).collect();
                list(format, "service_request_updates", "request_update", self.arranged(shown))
            }
            _ => error(format, 404, "there is no such resource"),
        }
    }

    /// As its lists are: at most so many, twice or backwards if it does that.
    fn arranged(&self, mut shown: Vec<Fields>) -> Vec<Fields> {
        if self.setup.wordless {
            shown.iter_mut().for_each(|fields| fields.retain(|(name, _)| *name != "description"));
        }
        if self.setup.doubles {
            shown = shown.into_iter().flat_map(|fields| [fields.clone(), fields]).collect();
        }
        if self.setup.backwards {
            shown.reverse();
        }
        shown.truncate(self.setup.most);
        shown
    }

    fn take(&mut self, format: Format, form: Vec<(String, String)>, now: Timestamp) -> Answer {
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let code = field("service_code").unwrap_or_default();
        let Some(offer) = self.setup.services.iter().find(|offer| offer.code == code).cloned() else {
            return error(format, 404, "service_code was not found");
        };
        let missing = offer.needs.iter().find(|code| field(&format!("attribute[{code}]")).is_none());
        if let Some(code) = missing {
            return error(format, 400, &format!("attribute[{code}] is required"));
        }
        if field("address_string").is_none() && (field("lat").is_none() || field("long").is_none()) {
            return error(format, 400, "lat and long, or address_string, are required");
        }
        let number = format!("{}", 638_344 + self.requests.len());
        let token = offer.batch.then(|| (format!("t-{number}"), now + self.setup.batch_after));
        let answered = match &token {
            Some((token, _)) => ("token", token.clone()),
            None => ("service_request_id", number.clone()),
        };
        self.requests.push(Request {
            number: number.clone(),
            form,
            token,
            status: "open".to_owned(),
            notes: String::new(),
            expected: None,
            media: Vec::new(),
            requested: now,
            updated: now,
        });
        let answer = list(format, "service_requests", "request", vec![vec![answered]]);
        Answer { status: 201, took: Some(number), ..answer }
    }

    fn told(&mut self, format: Format, form: &[(String, String)]) -> Answer {
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let (Some(id), Some(number), Some(at)) =
            (field("update_id"), field("service_request_id"), field("updated_datetime"))
        else {
            return error(format, 400, "update_id, service_request_id and updated_datetime are required");
        };
        let Some(at) = moment(&at, &TimeZone::UTC) else { return error(format, 400, "updated_datetime was not valid") };
        let Some(request) = self.requests.iter_mut().find(|request| request.number == number) else {
            return error(format, 404, "service_request_id was not found");
        };
        if self.said.iter().all(|said| said.id != id) {
            request.status = field("status").unwrap_or_default().to_lowercase();
            let (status, words) = (request.status.clone(), field("description").unwrap_or_default());
            self.said.push(Said { id: id.clone(), number, status, words, at, told: true });
        }
        list(format, "service_request_updates", "request_update", vec![vec![("update_id", id)]])
    }
}

impl Request {
    /// Whether it is in the lists: not before it has its number.
    fn is_shown(&self, now: Timestamp) -> bool {
        self.token.as_ref().is_none_or(|(_, from)| now >= *from)
    }

    fn fits<'a>(&self, field: &impl Fn(&str) -> Option<&'a str>) -> bool {
        match field("service_request_id") {
            Some(numbers) => numbers.split(',').any(|number| number == self.number),
            None => {
                within(self.requested, field("start_date"), field("end_date"))
                    && within(self.updated, field("updated_after"), field("updated_before"))
            }
        }
    }

    fn fields(&self) -> Fields {
        let own = |name: &str| self.field(name).unwrap_or_default().to_owned();
        let mut fields = vec![
            ("service_request_id", self.number.clone()),
            ("status", self.status.clone()),
            ("status_notes", self.notes.clone()),
            ("service_code", own("service_code")),
            ("description", own("description")),
            ("requested_datetime", second(self.requested, 0)),
            ("updated_datetime", second(self.updated, 0)),
            ("expected_datetime", self.expected.map(|at| second(at, 0)).unwrap_or_default()),
            ("lat", own("lat")),
            ("long", own("long")),
            ("address", own("address_string")),
        ];
        fields.extend(self.media.iter().map(|address| ("media_url", address.clone())));
        fields
    }
}

impl Said {
    fn fields(&self) -> Fields {
        vec![
            ("update_id", self.id.clone()),
            ("service_request_id", self.number.clone()),
            ("status", self.status.clone()),
            ("updated_datetime", second(self.at, 0)),
            ("description", self.words.clone()),
            ("media_url", String::new()),
        ]
    }
}

fn within(at: Timestamp, from: Option<&str>, to: Option<&str>) -> bool {
    let bound = |text: Option<&str>| text.and_then(|text| moment(text, &TimeZone::UTC));
    let at = moment(&second(at, 0), &TimeZone::UTC).unwrap_or(at);
    bound(from).is_none_or(|from| at >= from) && bound(to).is_none_or(|to| at <= to)
}
