//! What all pages share where somebody types an address: the field, and the message that goes there.

use super::{Oops, fields::Field};
use crate::{
    app::App,
    guard::rate::{Caller, refuse},
};
use axum::response::{IntoResponse as _, Redirect, Response};
use notifier::verify::Request;
use schemas::{Uuid, proof::Wants, report::Language, way::Way};

/// The most characters of an address.
const MOST: usize = 254;

/// The field for the address, with what was typed and whether that does not do.
pub(super) async fn field(app: &App, language: Language, typed: &str, wrong: bool) -> Result<Field, Oops> {
    let is_mail_only = !app.verify().await?.ways().contains(&Way::Sms);
    let text = |key: &str| app.text(language, key, &[]);
    let error = wrong.then(|| text(if is_mail_only { "ask-wrong-mail" } else { "ask-wrong" }));
    Ok(Field {
        id: "address".into(),
        name: "address".into(),
        label: text(if is_mail_only { "ask-mail" } else { "ask-address" }),
        hint: Some(text(if is_mail_only { "ask-mail-hint" } else { "ask-address-hint" })),
        value: typed.chars().take(MOST).collect(),
        described: if error.is_some() { "address-hint address-error".into() } else { "address-hint".into() },
        error,
        kind: if is_mail_only { "email" } else { "text" },
        autocomplete: if is_mail_only { "email" } else { "" },
        inputmode: if is_mail_only { "email" } else { "" },
        max: MOST,
        ..Field::default()
    })
}

/// Has the message sent, and goes on to the page where its code is typed. `None` when `typed` is no address that can
/// be told here.
pub(super) async fn send(
    app: &App,
    caller: Caller,
    language: Language,
    typed: &str,
    person: Option<Uuid>,
    wants: Wants,
) -> Result<Option<Response>, Oops> {
    let verify = app.verify().await?;
    let Some(address) = verify.read(typed) else { return Ok(None) };
    if let Err(seconds) = app.limits.count_proof(caller) {
        return Ok(Some(refuse(seconds)));
    }
    let page = verify.ask(Request { address, language, person, wants }).await?;
    Ok(Some(Redirect::to(&format!("/{}/prove/{page}", language.as_str())).into_response()))
}
