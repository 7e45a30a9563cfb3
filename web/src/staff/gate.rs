//! Who is asking, and whether they may: before every page of the staff.

use super::{Oops, Who, href, login, note};
use crate::{
    app::App,
    guard::rate::{self, Caller},
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use schemas::{account::Account, report::Language};
use secrecy::{ExposeSecret as _, SecretString};

/// Somebody of the city who is logged in. A page takes it as an argument; behind the gate it is always there.
#[derive(Debug, Clone)]
pub(crate) struct Staff {
    /// Who.
    pub(crate) account: Account,
    /// What stands in their cookie.
    secret: SecretString,
}

impl Staff {
    /// What stands in their cookie.
    pub(super) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = Oops;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Oops> {
        parts.extensions.get::<Staff>().cloned().ok_or(Oops::Missing)
    }
}

/// The name of the cookie. With `__Host-` a browser takes it over TLS alone, from this host alone; a developer's machine
/// has no TLS.
fn cookie_name(app: &App) -> &'static str {
    if is_tls(app) { "__Host-voordeur-staff" } else { "voordeur-staff" }
}

fn is_tls(app: &App) -> bool {
    app.site.config.public_url.scheme() == "https"
}

/// The cookie that lets somebody in with `secret`; without one, the cookie that a browser forgets.
pub(super) fn cookie(app: &App, secret: Option<&str>) -> Option<HeaderValue> {
    let (name, value) = (cookie_name(app), secret.unwrap_or_default());
    let secure = if is_tls(app) { "; Secure" } else { "" };
    let gone = if secret.is_none() { "; Max-Age=0" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{gone}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What stands in the cookie.
fn secret(app: &App, headers: &HeaderMap) -> Option<SecretString> {
    let name = cookie_name(app);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned().into())
}

async fn find(app: &App, headers: &HeaderMap) -> Result<Option<Staff>, store::Error> {
    let Some(secret) = secret(app, headers) else { return Ok(None) };
    let account = app.staff.who(secret.expose_secret()).await?;
    Ok(account.map(|account| Staff { account, secret }))
}

/// Lets those pass who may see the page.
pub(super) async fn pass(State((app, who)): State<(App, Who)>, mut request: Request, next: Next) -> Response {
    let found = match find(&app, request.headers()).await {
        Ok(found) => found,
        Err(error) => return Oops::Store(error).into_response(),
    };
    let write = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // Whoever is in counts for themselves: an office of twenty people has one address.
    let counted = match (&found, request.extensions().get::<Caller>()) {
        (Some(staff), _) => app.limits.count_key(staff.account.id),
        (None, Some(caller)) => app.limits.count(*caller, write),
        (None, None) => Ok(()),
    };
    if let Err(seconds) = counted {
        return rate::refuse(seconds);
    }
    let language = language(&app, request.uri().path());
    let may = match (&found, who) {
        (_, Who::Everybody) | (Some(_), Who::LoggedIn) => true,
        (Some(staff), Who::Only(role)) => staff.account.may(role),
        (None, _) => return out(&app, language, &request, write),
    };
    if let (false, Some(staff)) = (may, &found) {
        let mut page = note(&app, language, "not-yours", href("/{lang}/staff", language));
        page.menu = Some(staff.menu(&app, language, ""));
        return app.show(&page.status(StatusCode::FORBIDDEN));
    }
    if let Some(staff) = found {
        request.extensions_mut().insert(staff);
    }
    next.run(request).await
}

/// The language of the page, or the city's own: also an address that is wrong gets an answer.
fn language(app: &App, path: &str) -> Language {
    let given = path.split('/').nth(1).and_then(Language::parse).filter(|given| app.languages().contains(given));
    given.unwrap_or_else(|| app.own_language())
}

/// Somebody who is not logged in (any more). What they filled in is not lost: it stands in the page before.
fn out(app: &App, language: Language, request: &Request, write: bool) -> Response {
    let login = href(login::PAGE.path, language);
    if write {
        return app.show(&note(app, language, "out", login).status(StatusCode::UNAUTHORIZED));
    }
    let page = super::PAGES.iter().find(|page| page.menu && href(page.path, language) == request.uri().path());
    let on = page.map(|page| format!("?next={}", page.name)).unwrap_or_default();
    Redirect::to(&format!("{login}{on}")).into_response()
}

/// The address on the network that a request is counted under, as a number.
pub(super) fn network(caller: Option<&Caller>) -> u128 {
    caller.map_or(0, |caller| caller.number())
}
