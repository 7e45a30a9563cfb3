//! `/{lang}/staff/review/{reference}`: one report: its words with what may be personal data marked, the text that is
//! proposed, its photos; approve, reject, or withdraw what is public.

use super::{Entry, Lang, Oops, Response, Staff, Who, held, href, review as list};
use crate::{
    app::App,
    pages::{
        fields::{Field, Wrong},
        photo,
    },
};
use adapters::abuse::review::{self, Approved, Decided, Waiting};
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use schemas::{Uuid, account::Role, publication::State as Stand, reference::Reference, report::Language};
use serde::{Deserialize, Serialize};

/// The page.
pub(super) const PAGE: Entry = Entry {
    name: "review-one",
    path: "/{lang}/staff/review/{reference}",
    route: |_| get(show).post(act),
    who: Who::Only(Role::Moderator),
    menu: false,
};

#[derive(Deserialize)]
struct Named {
    reference: String,
}

#[derive(Serialize)]
struct Data {
    action: String,
    back: String,
    wrong: Vec<Wrong>,
    reference: String,
    category: String,
    stand: Option<String>,
    public: bool,
    pieces: Vec<Piece>,
    kinds: String,
    words: Option<Field>,
    photos: Vec<Picture>,
}

/// A piece of the words; marked when it may be personal data.
#[derive(Serialize)]
struct Piece {
    text: String,
    marked: bool,
}

#[derive(Serialize)]
struct Picture {
    shown: photo::Shown,
    id: String,
    number: usize,
    checked: bool,
}

async fn found(app: &App, named: &Named) -> Result<Waiting, Oops> {
    let reference = Reference::parse(&named.reference).map_err(|_| Oops::Missing)?;
    review::look(&app.site.store, &app.site.city, reference).await?.ok_or(Oops::Missing)
}

fn pieces(one: &Waiting) -> Vec<Piece> {
    let words = &one.report.words;
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut add = |from: usize, until: usize, marked: bool| {
        let text = words.get(from..until).unwrap_or_default();
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), marked });
        }
    };
    for found in &one.found {
        add(at, found.from, false);
        add(found.from, found.until, true);
        at = found.until;
    }
    add(at, words.len(), false);
    pieces
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    staff: Staff,
    Path(named): Path<Named>,
) -> Result<Response, Oops> {
    let one = found(&app, &named).await?;
    let text = match &one.decided {
        Some(decided) if decided.state == Stand::Approved => decided.words.clone().unwrap_or_default(),
        _ => one.proposed(),
    };
    let chosen = one.decided.iter().flat_map(|decided| decided.photos.clone()).collect();
    page(&app, language, &staff, &one, &Approved { words: Some(text), photos: chosen }, None).await
}

async fn page(
    app: &App,
    language: Language,
    staff: &Staff,
    one: &Waiting,
    filled: &Approved,
    wrong: Option<String>,
) -> Result<Response, Oops> {
    let text = |key: &str| app.text(language, key, &[]);
    let (report, city) = (&one.report, &app.site.city);
    let mut kinds: Vec<_> = one.found.iter().map(|found| found.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kind = |kind: &schemas::redact::Kind| text(&format!("personal-{}", kind.as_str().replace('_', "-")));
    let words = city.publish.has_words().then(|| {
        Field {
            id: "words".to_owned(),
            name: "words".to_owned(),
            label: text("review-words"),
            hint: Some(text("review-words-hint")),
            value: filled.words.clone().unwrap_or_default(),
            error: wrong.clone(),
            rows: 8,
            ..Field::default()
        }
        .done()
    });
    let home = format!("/{}/t/{}", language.as_str(), report.token);
    let shown =
        if city.publish.has_photos() { photo::shown(&app.site.store, report, &home).await? } else { Vec::new() };
    let picture = |((number, id), shown): ((usize, &Uuid), photo::Shown)| Picture {
        shown,
        id: id.to_string(),
        number: number + 1,
        checked: filled.photos.contains(id),
    };
    let action = format!("{}/{}", href(list::PATH, language), report.reference.digits());
    let here = action.trim_start_matches(&format!("/{}", language.as_str())).to_owned();
    let data = Data {
        action,
        back: href(list::PATH, language),
        wrong: wrong.iter().map(|message| Wrong { href: "#form".to_owned(), message: message.clone() }).collect(),
        reference: report.reference.to_string(),
        category: held::category(app, language, report),
        stand: one.decided.as_ref().map(|decided| text(&format!("review-stand-{}", decided.state.as_str()))),
        public: one.decided.as_ref().is_some_and(|decided| decided.state == Stand::Approved),
        pieces: pieces(one),
        kinds: kinds.iter().map(kind).collect::<Vec<_>>().join(", "),
        words,
        photos: report.photos.iter().enumerate().zip(shown).map(picture).collect(),
    };
    let title = app.text(language, "review-one-title", &[("reference", &report.reference.to_string())]);
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(app.show(&staff.page(app, language, "staff_review_one", title, here, data).status(status)))
}

async fn act(
    State(app): State<App>,
    Lang(language): Lang,
    staff: Staff,
    Path(named): Path<Named>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Oops> {
    let one = found(&app, &named).await?;
    let (store, city) = (&app.site.store, &app.site.city);
    let (reference, who) = (one.report.reference, staff.account.name.as_str());
    let first = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let photos = fields.iter().filter(|(key, _)| key == "photo").filter_map(|(_, id)| Uuid::parse_str(id).ok());
    let approved = Approved {
        words: first("words").map(str::to_owned).filter(|words| !words.trim().is_empty()),
        photos: photos.collect(),
    };
    let (decided, done) = match first("do") {
        Some("approve") => (review::approve(store, city, reference, approved.clone(), who).await?, "approved"),
        Some("reject") => (review::reject(store, reference, who).await?, "rejected"),
        Some("unpublish") => (review::unpublish(store, reference, who).await?, "withdrawn"),
        _ => return Err(Oops::Status(StatusCode::UNPROCESSABLE_ENTITY)),
    };
    match decided {
        Decided::Done | Decided::Nothing => {
            let on = format!("{}?done={done}&of={}", href(list::PATH, language), reference.digits());
            Ok(Redirect::to(&on).into_response())
        }
        Decided::Unknown => Err(Oops::Missing),
        Decided::Never(why) => {
            let message = app.text(language, &format!("review-never-{}", why.word()), &[]);
            page(&app, language, &staff, &one, &approved, Some(message)).await
        }
    }
}
