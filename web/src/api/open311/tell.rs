//! `POST /open311/v2/requests` and `…/servicerequestupdates`: a form, as its own pairs or in parts with photos.

use super::{
    super::{From, keyed},
    accepted, invalid, key, refused, store, written, wrong,
};
use crate::{
    app::App,
    guard::{rate::Peer, walk::Walk},
};
use adapters::intake::{
    Receipt,
    form::{FormData, FormFile},
    open311::{
        Posted, Taken,
        address::Address,
        form::MAX_FIELDS,
        list::Asked,
        update::Outcome,
        write::{Format, Value},
    },
};
use axum::{
    Extension,
    body::to_bytes,
    extract::{FromRequest as _, Multipart, Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyed::Refused;
use schemas::report::Language;
use url::form_urlencoded;

/// The largest form without photos, and the longest field of one with photos, in bytes.
const MAX_FORM: usize = 256 * 1024;

pub async fn answer(
    State(app): State<App>,
    From(caller): From,
    Path(path): Path<String>,
    peer: Option<Extension<Peer>>,
    walk: Walk,
    request: Request,
) -> Response {
    let (address, format) = Address::read(&path);
    let format = format.unwrap_or_else(|| accepted(request.headers()));
    let is_update = match address {
        Some(Address::Requests) => false,
        Some(Address::Updates) => true,
        Some(_) => {
            let mut response = super::shaped(&app, &path, StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
            return response;
        }
        None => return wrong(format, StatusCode::NOT_FOUND, "there is nothing at this address: see discovery"),
    };
    let headers = request.headers().clone();
    let query = Asked::read(request.uri().query());
    let early = key(&headers, query.get("api_key"));
    // Photos are large: who brings some is counted before they are read.
    let counted = early.is_none() && is_in_parts(&headers);
    if counted && let Err(why) = keyed::admit(&app, caller, None, true).await {
        return refused(format, why);
    }
    let mut form = match read(&app, request.uri().query().map(str::to_owned), request).await {
        Ok(form) => form,
        Err((status, why)) => {
            // What cannot be read counts as much as what can.
            return match keyed::admit(&app, caller, None, true).await {
                Err(why) if !counted => refused(format, why),
                _ => wrong(format, status, why),
            };
        }
    };
    let parameter = form.get("api_key").map(|key| key.trim().to_owned());
    let admitted = match key(&headers, parameter.as_deref()) {
        None if counted => Ok(None),
        key => keyed::admit(&app, caller, key, true).await,
    };
    let key = match admitted {
        Ok(key) => key,
        Err(why) => return refused(format, why),
    };
    form.fields.retain(|(name, _)| name != "api_key");
    let door = &app.doors.open311;
    if let Some(fault) = door.elsewhere(form.get("jurisdiction_id")) {
        return wrong(format, StatusCode::NOT_FOUND, fault.to_string());
    }
    let told = Told { app: &app, format };
    match key {
        None if is_update || door.config().require_key => refused(format, Refused::Missing),
        Some(key) if is_update => told.update(door.hear(&form, &key, walk.0).await),
        key => {
            let accepted = super::super::text(&headers, header::ACCEPT_LANGUAGE);
            let language = app.accepted(accepted);
            let peer = peer.map(|Extension(Peer(address))| address);
            let posted = Posted { form, key: key.as_ref(), language, peer, trace: walk.0 };
            told.request(door.receive(posted).await, key.is_some(), language)
        }
    }
}

struct Told<'a> {
    app: &'a App,
    format: Format,
}

impl Told<'_> {
    fn one(&self, status: StatusCode, root: &str, item: &'static str, fields: Vec<(&'static str, Value)>) -> Response {
        let list = Value::List(item, vec![Value::Fields(fields)]);
        written(self.format, status, list.write(self.format, root))
    }

    fn request(&self, taken: Taken, known: bool, language: Language) -> Response {
        let root = "service_requests";
        let fields = |receipt: &Receipt, notice: String, account: Option<String>| {
            vec![
                ("service_request_id", Value::text(receipt.reference.digits())),
                ("token", Value::text(receipt.id.to_string())),
                ("service_notice", Value::text(notice)),
                ("account_id", Value::maybe(account)),
            ]
        };
        match taken {
            Taken::Kept { receipt, new, account_id } => {
                if !new && !known {
                    // Whoever says the same as somebody else is given the number, and not their secret link.
                    let number = Value::text(receipt.reference.digits());
                    return self.one(StatusCode::OK, root, "request", vec![("service_request_id", number)]);
                }
                let base = self.app.site.config.public_url.as_str().trim_end_matches('/').to_owned();
                let url = format!("{base}/t/{}", receipt.token);
                let notice = self.app.text(language, "open311-notice", &[("url", &url)]);
                let status = if new { StatusCode::CREATED } else { StatusCode::OK };
                let mut response = self.one(status, root, "request", fields(&receipt, notice, account_id));
                let number = receipt.reference.digits();
                let location = format!("{}v2/requests/{number}.{}", super::BASE, self.format.ending());
                if let Ok(location) = HeaderValue::from_str(&location) {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                response
            }
            Taken::Tried(receipt) => {
                let notice = self.app.text(language, "open311-test", &[]);
                let mut fields = fields(&receipt, notice, None);
                fields.push(("test", Value::Bool(true)));
                self.one(StatusCode::CREATED, root, "request", fields)
            }
            Taken::Invalid(faults) => invalid(self.format, &faults),
            Taken::Failed(error) => store(self.format, &error),
        }
    }

    fn update(&self, outcome: Outcome) -> Response {
        let root = "service_request_updates";
        let item = "request_update";
        match outcome {
            Outcome::Heard(id) => {
                self.one(StatusCode::OK, root, item, vec![("update_id", Value::text(id.to_string()))])
            }
            Outcome::Tried(id) => {
                let fields = vec![("update_id", Value::text(id.to_string())), ("test", Value::Bool(true))];
                self.one(StatusCode::OK, root, item, fields)
            }
            Outcome::Unknown => {
                let message = "service_request_id: your channel has no such request; it has eight digits";
                wrong(self.format, StatusCode::NOT_FOUND, message)
            }
            Outcome::Invalid(faults) => invalid(self.format, &faults),
            Outcome::Failed(error) => store(self.format, &error),
        }
    }
}

type Unreadable = (StatusCode, String);

/// The media type of the body, without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let kind = super::super::text(headers, header::CONTENT_TYPE).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_in_parts(headers: &HeaderMap) -> bool {
    media_type(headers) == "multipart/form-data"
}

/// Reads a form; what stands behind `?` belongs to it.
async fn read(app: &App, query: Option<String>, request: Request) -> Result<FormData, Unreadable> {
    let mut form = match media_type(request.headers()).as_str() {
        "multipart/form-data" => parts(app, request).await?,
        "application/x-www-form-urlencoded" | "" => {
            let too_large = |_| (StatusCode::PAYLOAD_TOO_LARGE, format!("the form is larger than {MAX_FORM} bytes"));
            let body = to_bytes(request.into_body(), MAX_FORM).await.map_err(too_large)?;
            let fields = form_urlencoded::parse(&body).into_owned().take(MAX_FIELDS + 1).collect();
            FormData { fields, files: Vec::new() }
        }
        _ => {
            let message = "send a form: application/x-www-form-urlencoded, or multipart/form-data with photos";
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message.to_owned()));
        }
    };
    form.fields.extend(Asked::read(query.as_deref()).pairs());
    Ok(form)
}

async fn parts(app: &App, request: Request) -> Result<FormData, Unreadable> {
    let bad = |error: axum::extract::multipart::MultipartError| (error.status(), error.body_text());
    let mut parts = Multipart::from_request(request, app).await.map_err(|rejection| {
        (rejection.into_response().status(), "this is no multipart form: its boundary is missing".to_owned())
    })?;
    let mut form = FormData::default();
    while let Some(part) = parts.next_field().await.map_err(bad)? {
        if form.fields.len() + form.files.len() > MAX_FIELDS {
            return Err((StatusCode::PAYLOAD_TOO_LARGE, format!("at most {MAX_FIELDS} fields are read")));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let content_type = part.content_type().map(str::to_owned);
        let bytes = part.bytes().await.map_err(bad)?;
        match file {
            // Clients send an empty one for no photo.
            Some(name) if !bytes.is_empty() => form.files.push(FormFile { name, content_type, bytes }),
            Some(_) => {}
            None if bytes.len() > MAX_FORM => {
                let name: String = name.chars().take(40).collect();
                return Err((
                    StatusCode::PAYLOAD_TOO_LARGE,
                    format!("{name}: this field is larger than {MAX_FORM} bytes"),
                ));
            }
            None => form.fields.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    Ok(form)
}
