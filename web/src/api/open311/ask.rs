//! `GET /open311/…`: what there is, what was reported, what became of it.

use super::{
    super::{From, keyed},
    accepted, good, invalid, key, refused, show, store, wrong,
};
use crate::app::App;
use adapters::{
    abuse::review,
    intake::open311::{
        address::Address,
        describe,
        list::{Asked, MOST, Which},
        say,
        write::{Format, Value},
    },
};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use schemas::{
    Uuid,
    api_key::{ApiKey, KeyKind},
    city::Publicity,
    reference::Reference,
    slug::CategoryId,
};
use store::{GeoRequest, RequestFilter, UpdateFilter, Viewer};

pub async fn answer(
    State(app): State<App>,
    From(caller): From,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let (address, format) = Address::read(&path);
    let format = format.unwrap_or_else(|| accepted(&headers));
    let asked = Asked::read(query.as_deref());
    let key = match keyed::admit(&app, caller, key(&headers, asked.get("api_key")), false).await {
        Ok(key) => key,
        Err(why) => return refused(format, why),
    };
    let Some(address) = address else {
        return wrong(format, StatusCode::NOT_FOUND, "there is nothing at this address: see discovery");
    };
    if let Some(fault) = app.doors.open311.elsewhere(asked.get("jurisdiction_id")) {
        return wrong(format, StatusCode::NOT_FOUND, fault.to_string());
    }
    let ask = Ask { app: &app, asked, format, viewer: viewer(&app, key.as_ref()), accept: accept(&headers) };
    match address {
        Address::Discovery | Address::Services | Address::Service(_) => ask.describe(&address),
        Address::Requests => ask.requests().await,
        Address::Request(number) => ask.request(&number).await,
        Address::Token(token) => ask.token(&token).await,
        Address::Updates => ask.updates().await,
    }
    .unwrap_or_else(|error| store(format, &error))
}

fn accept(headers: &HeaderMap) -> Option<&str> {
    super::super::text(headers, header::ACCEPT_LANGUAGE)
}

/// Everybody sees what is public, as on the pages; a live key also all that came by its channel.
fn viewer(app: &App, key: Option<&ApiKey>) -> Viewer {
    let city = &app.site.city;
    let public = city.categories.iter().filter(|category| category.publicity == Publicity::Public);
    Viewer {
        channel: key.filter(|key| key.kind == KeyKind::Live).map(|key| key.channel.clone()),
        public: public.map(|category| category.id.clone()).collect(),
        confidential: city.departments.iter().filter(|one| one.confidential).map(|one| one.id.clone()).collect(),
        private: city.kinds.private(),
    }
}

struct Ask<'a> {
    app: &'a App,
    asked: Asked,
    format: Format,
    viewer: Viewer,
    accept: Option<&'a str>,
}

impl Ask<'_> {
    fn language(&self) -> schemas::report::Language {
        self.app.accepted(self.accept)
    }

    fn describe(&self, address: &Address) -> Result<Response, store::Error> {
        let (city, config) = (&self.app.site.city, self.app.doors.open311.config());
        let base = self.app.site.config.public_url.as_str().trim_end_matches('/');
        let language = self.language();
        let mut response = match address {
            Address::Service(code) => {
                let Some(category) = CategoryId::new(code).ok().and_then(|id| city.category(&id)) else {
                    let message = "service_code: this city has no such service, see GET services";
                    return Ok(wrong(self.format, StatusCode::NOT_FOUND, message));
                };
                good(self.format, "service_definition", &describe::definition(city, category, config, language))
            }
            Address::Services => good(self.format, "services", &describe::services(city, config, language)),
            _ => good(self.format, "discovery", &describe::discovery(city, base)),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
        Ok(response)
    }

    async fn requests(&self) -> Result<Response, store::Error> {
        let (store, city) = (&self.app.site.store, &self.app.site.city);
        let found = match self.asked.which(store.clock().now(), &city.calendar.zone) {
            Err(fault) => return Ok(invalid(self.format, &[fault])),
            Ok(Which::Numbers(named)) => store.geo_requests_named(&self.viewer, &named).await?,
            Ok(Which::Filter(filter)) => {
                let (from, to, categories, statuses) = (filter.from, filter.to, filter.categories, filter.statuses);
                let filter = RequestFilter { from, to, categories, statuses, limit: MOST };
                store.geo_requests(&self.viewer, &filter).await?
            }
        };
        self.shown(&found).await
    }

    async fn shown(&self, found: &[GeoRequest]) -> Result<Response, store::Error> {
        let cases: Vec<Uuid> = found.iter().map(|request| request.id).collect();
        let said = self.app.site.store.geo_said(&cases).await?;
        let approved = review::public(&self.app.site.store, &self.app.site.city, &cases).await?;
        let one = |request: &GeoRequest| {
            let own = self.viewer.channel.as_ref() == Some(&request.channel);
            let said = said.get(&request.id).map(Vec::as_slice).unwrap_or_default();
            show::request(self.app, request, said, approved.get(&request.id), own, self.language())
        };
        let list = Value::List("request", found.iter().map(one).collect());
        Ok(good(self.format, "service_requests", &list))
    }

    fn missing(&self) -> Response {
        let message = "service_request_id: there is no such request, or it is not public; it has eight digits";
        wrong(self.format, StatusCode::NOT_FOUND, message)
    }

    async fn request(&self, number: &str) -> Result<Response, store::Error> {
        let Ok(number) = Reference::parse(number) else { return Ok(self.missing()) };
        let found = self.app.site.store.geo_requests_named(&self.viewer, &[number]).await?;
        if found.is_empty() { Ok(self.missing()) } else { self.shown(&found).await }
    }

    /// A token is the id of the report, which nobody guesses; every request has its number at once.
    async fn token(&self, token: &str) -> Result<Response, store::Error> {
        let report = match Uuid::parse_str(token) {
            Ok(id) => self.app.site.store.report(id).await?,
            Err(_) => None,
        };
        let Some(report) = report else {
            return Ok(wrong(self.format, StatusCode::NOT_FOUND, "token: there is no such token"));
        };
        let request = Value::Fields(vec![
            ("service_request_id", Value::text(report.reference.digits())),
            ("token", Value::text(token)),
        ]);
        Ok(good(self.format, "service_requests", &Value::List("request", vec![request])))
    }

    async fn updates(&self) -> Result<Response, store::Error> {
        let (store, city) = (&self.app.site.store, &self.app.site.city);
        let (from, to) = match self.asked.span(store.clock().now(), &city.calendar.zone) {
            Ok(span) => span,
            Err(fault) => return Ok(invalid(self.format, &[fault])),
        };
        let references = self.asked.numbers();
        let filter = UpdateFilter { from, to, references, public: say::PUBLIC.to_vec(), limit: MOST };
        let found = store.geo_updates(&self.viewer, &filter).await?;
        let one = |update: &store::GeoUpdate| {
            let own = self.viewer.channel.as_ref() == Some(&update.channel);
            show::update(self.app, update, own, self.language())
        };
        let list = Value::List("request_update", found.iter().filter_map(one).collect());
        Ok(good(self.format, "service_request_updates", &list))
    }
}
