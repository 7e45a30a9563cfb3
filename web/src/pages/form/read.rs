//! Reads what the browser sent.

use super::super::Oops;
use crate::app::App;
use adapters::{
    desk::field::SCAN,
    intake::form::{FormData, FormFile, field},
};
use axum::{
    Form,
    extract::{FromRequest as _, Multipart, Request},
    http::{StatusCode, header},
};

/// The most fields of one form: ours has some thirty.
const MAX_FIELDS: usize = 200;
/// The most bytes of one text field: [`schemas::submission::MAX_WORDS`] characters of four bytes, and room to be told
/// that it is too long instead of being cut off.
const MAX_FIELD: usize = 256 * 1024;

/// What a browser sent from the page of a desk.
pub struct Scanned {
    /// As of every form.
    pub sent: FormData,
    /// The paper, when one was chosen.
    pub scan: Option<FormFile>,
}

/// Reads what the browser sent: multipart with its files, or plain fields.
pub async fn read(app: &App, request: Request) -> Result<FormData, Oops> {
    Ok(read_scanned(app, request).await?.sent)
}

/// Reads what the browser sent from the page of a desk, with the paper that was scanned.
pub async fn read_scanned(app: &App, request: Request) -> Result<Scanned, Oops> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "multipart/form-data" => read_parts(app, request).await,
        "application/x-www-form-urlencoded" => {
            let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, app)
                .await
                .map_err(|rejection| Oops::Status(axum::response::IntoResponse::into_response(rejection).status()))?;
            let good = fields.len() <= MAX_FIELDS && fields.iter().all(|(_, value)| value.len() <= MAX_FIELD);
            if good {
                Ok(Scanned { sent: FormData { fields, files: Vec::new() }, scan: None })
            } else {
                Err(Oops::Status(StatusCode::PAYLOAD_TOO_LARGE))
            }
        }
        _ => Err(Oops::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    }
}

async fn read_parts(app: &App, request: Request) -> Result<Scanned, Oops> {
    let bad = |error: axum::extract::multipart::MultipartError| Oops::Status(error.status());
    let mut parts = Multipart::from_request(request, app)
        .await
        .map_err(|rejection| Oops::Status(axum::response::IntoResponse::into_response(rejection).status()))?;
    let (mut form, mut scan) = (FormData::default(), None);
    while let Some(part) = parts.next_field().await.map_err(bad)? {
        if form.fields.len() + form.files.len() >= MAX_FIELDS {
            return Err(Oops::Status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let name = part.name().unwrap_or_default().to_owned();
        if let Some(file) = part.file_name().map(str::to_owned) {
            let content_type = part.content_type().map(str::to_owned);
            let bytes = part.bytes().await.map_err(bad)?;
            let read = FormFile { name: file, content_type, bytes };
            if name == field::PHOTOS {
                form.files.push(read);
            } else if name == SCAN && !read.bytes.is_empty() {
                scan = Some(read);
            }
            continue;
        }
        let bytes = part.bytes().await.map_err(bad)?;
        if bytes.len() > MAX_FIELD {
            return Err(Oops::Status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        // Browsers send UTF-8, as our pages say; anything else is shown as what it is not.
        form.fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(Scanned { sent: form, scan })
}
