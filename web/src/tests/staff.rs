//! People of the city log in, see what they may, and are out again.

use super::{Answer, Town, attribute, pages};
use adapters::staff::{Config, Staff, accounts::New};
use axum::{
    body::Body,
    http::{Request, header},
};
use schemas::{
    account::{Account, Role},
    report::Language,
};
use secrecy::ExposeSecret as _;

pub const PASSWORD: &str = "vier gele fietsen zingen";

/// What a browser sends of a form, with what it has in its cookie.
pub async fn fill(town: &Town, path: &str, cookie: &str, site: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", site)
        .body(Body::from(body))
        .unwrap();
    town.ask(request).await
}

pub async fn see(town: &Town, path: &str, cookie: &str) -> Answer {
    town.ask(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
}

/// The link that lets `email` choose a password, after `/{lang}`.
async fn invited(town: &Town, email: &str, roles: &[Role]) -> String {
    let staff = Staff::new(town.store.clone(), town.city.clone(), Config::default());
    let new = New { name: "An Peeters".into(), email: email.into(), roles: roles.to_vec(), departments: Vec::new() };
    let link = staff.add(new, "Admin").await.unwrap();
    format!("/staff/choose/{}", link.token.expose_secret())
}

/// Somebody with these roles who is logged in: their cookie.
pub async fn logged_in(town: &Town, roles: &[Role]) -> (String, Account) {
    let email = format!("{}@stad.example", town.store.ids().token());
    let link = invited(town, &email, roles).await;
    let chosen = fill(town, &format!("/nl{link}"), "", "same-origin", &[("new-password", PASSWORD)]).await;
    assert_eq!(chosen.status, 303, "{}", chosen.text());
    let fields = [("email", email.as_str()), ("password", PASSWORD)];
    let answer = fill(town, "/nl/staff/login", "", "same-origin", &fields).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/nl/staff"), "{}", answer.text());
    let (account, _) = town.store.account_by_email(&email).await.unwrap().unwrap();
    (answer.header("set-cookie").split(';').next().unwrap().to_owned(), account)
}

#[tokio::test]
async fn from_the_link_to_the_last_page() {
    let town = Town::open().await;
    let link = invited(&town, "an@stad.example", &[Role::Operator]).await;
    for language in Language::BUILT_IN.map(Language::as_str) {
        let path = format!("/{language}{link}");
        let page = town.get(&path).await;
        assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "private, no-store"));
        pages::check(&path, &page.text(), language);
        assert!(page.text().contains("An Peeters") && page.header("referrer-policy") == "no-referrer");
    }
    let link = format!("/nl{link}");
    for (password, part) in [("kort", "minstens 12"), ("wachtwoord123", "raadt iemand")] {
        let answer = fill(&town, &link, "", "same-origin", &[("new-password", password)]).await;
        let html = answer.text();
        pages::check(&link, &html, "nl");
        assert!(answer.status == 422 && html.contains(part) && !html.contains(password), "{html}");
    }
    let chosen = fill(&town, &link, "", "same-origin", &[("new-password", PASSWORD)]).await;
    assert_eq!(chosen.location(), "/nl/staff/login?chosen=1");
    assert!(town.get(chosen.location()).await.text().contains("Uw wachtwoord is gekozen"));
    let again = town.get(&link).await;
    assert!(again.status == 404 && again.text().contains("niet meer goed"));
    pages::check(&link, &again.text(), "nl");
    assert_eq!(fill(&town, &link, "", "same-origin", &[("new-password", PASSWORD)]).await.status, 404);

    let asked = town.get("/nl/staff/password").await;
    assert_eq!((asked.status.as_u16(), asked.location()), (303, "/nl/staff/login?next=password"));
    let login = town.get(asked.location()).await.text();
    pages::check("/nl/staff/login", &login, "nl");
    assert_eq!(attribute(&login, "name=\"next\"", "value"), "password");
    let wrong = [("email", "an@stad.example"), ("password", "not this one, no")];
    let nobody = [("email", "nobody@stad.example"), ("password", "not this one, no")];
    let (wrong, nobody) = (
        fill(&town, "/nl/staff/login", "", "same-origin", &wrong).await,
        fill(&town, "/nl/staff/login", "", "same-origin", &nobody).await,
    );
    assert_eq!((wrong.status.as_u16(), nobody.status.as_u16()), (422, 422));
    assert_eq!(wrong.text(), nobody.text().replace("nobody@", "an@"), "nobody learns which names there are");
    pages::check("/nl/staff/login", &wrong.text(), "nl");

    let right = [("email", "AN@stad.example"), ("password", PASSWORD), ("next", "password")];
    let forged = fill(&town, "/nl/staff/login", "", "cross-site", &right).await;
    assert_eq!(forged.status, 403);
    let answer = fill(&town, "/nl/staff/login", "", "same-origin", &right).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/nl/staff/password"));
    let set = answer.header("set-cookie").to_owned();
    assert!(
        set.starts_with("__Host-voordeur-staff=") && set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap();
    for language in Language::BUILT_IN.map(Language::as_str) {
        for path in [format!("/{language}/staff"), format!("/{language}/staff/password")] {
            let page = see(&town, &path, cookie).await;
            assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "private, no-store"));
            pages::check(&path, &page.text(), language);
            assert!(page.text().contains("aria-current=\"page\"") && page.text().contains("An Peeters"));
        }
    }
    assert_eq!(see(&town, "/nl/staff/login", cookie).await.location(), "/nl/staff");
    let elsewhere = see(&town, "/nl/staff/login?next=https://evil.example", cookie).await;
    assert_eq!(elsewhere.location(), "/nl/staff");

    let forged = fill(&town, "/nl/staff/logout", cookie, "cross-site", &[]).await;
    assert_eq!((forged.status.as_u16(), see(&town, "/nl/staff", cookie).await.status.as_u16()), (403, 200));
    let out = fill(&town, "/nl/staff/logout", cookie, "same-origin", &[]).await;
    assert!(out.status == 303 && out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(see(&town, "/nl/staff", cookie).await.location(), "/nl/staff/login?next=home");
    let late = fill(&town, "/nl/staff/password", cookie, "same-origin", &[("password", PASSWORD)]).await;
    assert!(late.status == 401 && late.text().contains("niet meer aangemeld"), "{}", late.text());
    pages::check("late", &late.text(), "nl");
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let town = Town::open().await;
    let (cookie, account) = logged_in(&town, &[Role::Admin]).await;
    let path = "/nl/staff/password";
    for (old, new, part) in [
        ("not this one, no", "een heel ander woord", "niet uw wachtwoord van nu"),
        (PASSWORD, "kort", "minstens 12"),
        (PASSWORD, &account.email, "raadt iemand"),
    ] {
        let answer = fill(&town, path, &cookie, "same-origin", &[("password", old), ("new-password", new)]).await;
        assert!(answer.status == 422 && answer.text().contains(part), "{}", answer.text());
        pages::check(path, &answer.text(), "nl");
    }
    let fields = [("password", PASSWORD), ("new-password", "een heel ander woord")];
    let done = fill(&town, path, &cookie, "same-origin", &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert!(see(&town, done.location(), &cookie).await.text().contains("is veranderd"));
    let old = [("email", account.email.as_str()), ("password", PASSWORD)];
    assert_eq!(fill(&town, "/nl/staff/login", "", "same-origin", &old).await.status, 422);
    assert!(!format!("{:?}", town.store.account_by_email(&account.email).await.unwrap()).contains("ander woord"));
}

#[tokio::test]
async fn who_tries_too_often_is_told_when() {
    let town = Town::open().await;
    let fields = [("email", "an@stad.example"), ("password", "not this one, no")];
    for _ in 0..5 {
        assert_eq!(fill(&town, "/nl/staff/login", "", "same-origin", &fields).await.status, 422);
    }
    let waits = fill(&town, "/nl/staff/login", "", "same-origin", &fields).await;
    assert_eq!((waits.status.as_u16(), waits.header("retry-after")), (429, "60"));
    assert!(waits.text().contains("opnieuw om 10:13"), "{}", waits.text());
}

#[tokio::test]
async fn a_page_is_for_those_who_have_its_role() {
    let town = Town::open().await;
    let (operator, _) = logged_in(&town, &[Role::Operator]).await;
    let (admin, account) = logged_in(&town, &[Role::Admin]).await;
    for language in Language::BUILT_IN.map(Language::as_str) {
        let path = format!("/{language}/staff/accounts");
        let page = see(&town, &path, &admin).await;
        pages::check(&path, &page.text(), language);
        assert!(page.status == 200 && page.text().contains(&account.email));
        let page = see(&town, &path, &operator).await;
        pages::check(&path, &page.text(), language);
        assert!(page.status == 403 && !page.text().contains(&account.email));
    }
    assert!(!see(&town, "/nl/staff", &operator).await.text().contains("/staff/accounts"));
    assert_eq!(town.get("/nl/staff/accounts").await.location(), "/nl/staff/login?next=accounts");
}

#[tokio::test]
async fn nonsense_in_the_cookie_is_nobody() {
    let town = Town::open().await;
    let (cookie, account) = logged_in(&town, &[Role::Moderator]).await;
    for nonsense in
        ["", "x", "__Host-voordeur-staff=", "voordeur-staff=aaaaaaaaaaaaaaaaaaaaaaaaaa", "__Host-voordeur-staff=%00"]
    {
        assert_eq!(see(&town, "/nl/staff", nonsense).await.status, 303, "{nonsense}");
    }
    assert_eq!(see(&town, "/nl/staff", &format!("a=b; {cookie}; c=d")).await.status, 200);
    let plain = cookie.replace("__Host-", "");
    assert_eq!(see(&town, "/nl/staff", &plain).await.status, 303, "only by its full name");
    let staff = Staff::new(town.store.clone(), town.city.clone(), Config::default());
    staff.disable(&account.email, "Admin", "").await.unwrap();
    assert_eq!(see(&town, "/nl/staff", &cookie).await.status, 303);
    assert_eq!(town.get("/staff").await.location(), "/nl/staff");
    assert_eq!(town.get("/xx/staff/login").await.status, 404);

    let local = Town::open_with(|config| config.public_url = "http://127.0.0.1:1777".parse().unwrap()).await;
    let (cookie, _) = logged_in(&local, &[Role::Operator]).await;
    assert!(cookie.starts_with("voordeur-staff="), "no TLS on a developer's machine: {cookie}");
    assert_eq!(see(&local, "/nl/staff", &cookie).await.status, 200);
}
