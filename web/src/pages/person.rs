//! `/{lang}/p/{token}`: everything that somebody chose: where they are told and in which order, what they follow, what
//! they do not want to hear of. Every change is a button; what can be undone is.

use super::{
    Call, Entry, Lang, Oops, ask,
    fields::{Choice, Field, Opt},
    follow,
    patch::{self, Drawing, Drawn},
    person_acts,
    places::{Finder, Typed},
    proven,
    wishes::Link,
};
use crate::{
    app::App,
    dates,
    face::Page,
    map::{base, sketch::Sketch},
};
use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::Response,
    routing::get,
};
use notifier::mine::{Opened, Stand};
use schemas::{
    Uuid, city::in_language, notice::Scope, patch::WrongPatch, person::OwnPlace, proof::Target, report::Language,
};
use serde::{Deserialize, Serialize};

/// The page.
pub const PAGE: Entry =
    Entry { name: "person", path: "/{lang}/p/{token}", route: |_| get(show).post(person_acts::send), sandbox: false };

#[derive(Serialize)]
struct Data {
    action: String,
    /// What was just done, and how it is undone.
    done: Option<Done>,
    /// They want to drop their last address.
    last: Option<Row>,
    /// They want to be forgotten.
    leaving: bool,
    reports: Vec<ReportRow>,
    addresses: Vec<Row>,
    /// Nothing can be put in an order.
    alone: bool,
    add: Option<Field>,
    follows: Vec<Item>,
    more: String,
    places: Vec<PlaceRow>,
    /// They want to drop this one.
    drop: Option<PlaceRow>,
    /// They have as many as one may have.
    full: bool,
    finder: Finder,
    patch: Option<Drawing>,
    silences: Vec<Item>,
    silence: Choice,
    pace: String,
    phone: Call,
}

#[derive(Serialize)]
struct Done {
    text: String,
    undo: Option<Item>,
    /// A place that was removed, as it is added again.
    restore: Option<Restore>,
}

/// A place that was removed: every field of the form that brings it back. It stands nowhere but in this page.
#[derive(Serialize)]
struct Restore {
    label: String,
    street: String,
    lat: String,
    lon: String,
    drawn: String,
    radius: String,
}

impl Restore {
    fn of(place: &OwnPlace) -> Self {
        let (drawn, radius) = place.patch.as_ref().map(|patch| patch.written()).unwrap_or_default();
        Self {
            label: place.label.clone().unwrap_or_default(),
            street: place.street.clone().unwrap_or_default(),
            lat: format!("{:.6}", place.point.lat),
            lon: format!("{:.6}", place.point.lon),
            drawn,
            radius: radius.map(|metres| metres.to_string()).unwrap_or_default(),
        }
    }
}

/// One report of theirs.
#[derive(Serialize)]
struct ReportRow {
    href: String,
    icon: &'static str,
    about: String,
    reference: String,
    /// Its status and the day it came in.
    line: String,
}

/// One place.
#[derive(Clone, Serialize)]
struct PlaceRow {
    id: String,
    name: String,
    /// Its street, where they call it something else.
    street: Option<String>,
    /// How much of the city they chose around it.
    patch: Option<String>,
    sketch: Option<Sketch>,
    /// Where they give it another name.
    label: Field,
}

impl PlaceRow {
    fn of(app: &App, language: Language, place: &OwnPlace) -> Self {
        let street = place.street.clone().filter(|_| place.label.is_some());
        let (id, name) = (place.id.to_string(), place.name());
        let shown = place.patch.as_ref().map(|patch| patch::shown(app, language, &name, patch));
        let (patch, sketch) = shown.unzip();
        let label = Field {
            id: format!("label-{id}"),
            name: Typed::LABEL.to_owned(),
            label: app.text(language, "places-own-label", &[]),
            value: place.label.clone().unwrap_or_default(),
            autocomplete: "off",
            max: OwnPlace::MOST_OF_LABEL,
            optional: true,
            ..Field::default()
        };
        Self { id, name, street, patch, sketch, label: label.done() }
    }
}

/// One address.
#[derive(Clone, Serialize)]
struct Row {
    way: &'static str,
    key: String,
    name: String,
    stand: String,
    tone: &'static str,
    icon: &'static str,
    up: bool,
    down: bool,
}

/// One thing that is followed, or not heard of.
#[derive(Serialize)]
struct Item {
    name: String,
    scope: &'static str,
    target: String,
}

/// What was done just now, as it stands in the address of the page: none of it says who they are.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Seen {
    /// They have just proved an address.
    #[serde(default)]
    pub(super) new: Option<String>,
    /// They do not follow this any more: `scope.target`.
    #[serde(default)]
    pub(super) off: Option<String>,
    /// Something else is kept.
    #[serde(default)]
    pub(super) kept: Option<String>,
}

/// What is wrong with what was just sent, or what has to be sure.
#[derive(Default)]
pub(super) struct Just {
    /// This was typed, and is no address.
    pub(super) typed: Option<String>,
    /// The key of the last address, which they want to drop.
    pub(super) last: Option<String>,
    /// They want to be forgotten.
    pub(super) leaving: bool,
    /// What they typed to find a place.
    pub(super) place: Typed,
    /// They went on without choosing one.
    pub(super) unchosen: bool,
    /// What they drew, and what is wrong with it.
    pub(super) drawn: Drawn,
    /// What is wrong with what they drew.
    pub(super) faulty: Option<WrongPatch>,
    /// The place that they want to drop.
    pub(super) drop: Option<Uuid>,
    /// The place that they dropped just now.
    pub(super) dropped: Option<OwnPlace>,
    /// There is no room for another.
    pub(super) full: bool,
}

async fn show(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Query(seen): Query<Seen>,
) -> Result<Response, Oops> {
    page(&app, language, &link.token, seen, Just::default()).await
}

/// Reads what is written `scope.target`.
pub(super) fn target(text: &str) -> Option<Target> {
    let (scope, target) = text.split_once('.')?;
    let scope = Scope::parse(scope).filter(|scope| (*scope == Scope::All) == target.is_empty())?;
    Some(Target { scope, target: target.to_owned() })
}

/// The page, with what was just done.
pub(super) async fn page(app: &App, language: Language, token: &str, seen: Seen, just: Just) -> Result<Response, Oops> {
    let opened = app.mine().look(token).await?.ok_or(Oops::Missing)?;
    let text = |key: &str, args: &[(&str, &str)]| app.text(language, key, args);
    let rows = rows(app, language, &opened);
    let off = seen.off.as_deref().and_then(target).filter(|off| !opened.follows.contains(off));
    let dropped = just.dropped.as_ref().map(|place| Done {
        text: text("person-place-dropped", &[("name", &place.name())]),
        undo: None,
        restore: Some(Restore::of(place)),
    });
    let done = match (off, seen.new, seen.kept) {
        _ if dropped.is_some() => dropped,
        (Some(off), ..) => {
            let undo = items(app, language, std::slice::from_ref(&off), &opened.places).await?.pop();
            undo.map(|undo| Done {
                text: text("person-unfollowed", &[("name", &undo.name)]),
                undo: Some(undo),
                restore: None,
            })
        }
        (None, Some(_), _) => Some(Done { text: text("person-new", &[]), undo: None, restore: None }),
        (None, None, Some(_)) => Some(Done { text: text("pace-saved", &[]), undo: None, restore: None }),
        _ => None,
    };
    let is_wrong = just.typed.is_some();
    let typed = just.typed.unwrap_or_default();
    let lang = language.as_str();
    let here = format!("/p/{token}");
    let silence_options = [(Scope::All, String::new(), text("person-silence-all", &[]))].into_iter().chain(
        follow::choice(app, language, Scope::Topic, &[])
            .into_iter()
            .flat_map(|topics| topics.options)
            .map(|option| (Scope::Topic, option.value, option.label)),
    );
    let silence_options = silence_options.filter(|(scope, target, _)| {
        !opened.silences.iter().any(|silence| silence.scope == *scope && silence.target == *target)
    });
    let silence = Choice {
        id: "silence".into(),
        legend: text("person-silence", &[]),
        options: silence_options
            .enumerate()
            .map(|(n, (scope, target, label))| Opt {
                id: format!("silence-{}", n + 1),
                name: "what".into(),
                value: format!("{}.{target}", scope.as_str()),
                label,
                hint: None,
                checked: false,
            })
            .collect(),
        ..Choice::default()
    };
    let row = |place: &OwnPlace| PlaceRow::of(app, language, place);
    let can_add = !app.verify().await?.ways().is_empty();
    let data = Data {
        action: format!("/{lang}{here}"),
        done,
        reports: own_reports(app, language, &opened).await?,
        last: just.last.and_then(|key| rows.iter().find(|row| row.key == key).cloned()),
        leaving: just.leaving,
        alone: opened.addresses.iter().filter(|one| one.stand != Stand::Waiting).count() < 2,
        addresses: rows,
        add: if can_add { Some(ask::field(app, language, &typed, is_wrong).await?) } else { None },
        follows: items(app, language, &opened.follows, &opened.places).await?,
        more: format!("/{lang}/follow"),
        silences: items(app, language, &opened.silences, &opened.places).await?,
        drop: just.drop.and_then(|id| opened.places.iter().find(|place| place.id == id)).map(row),
        full: just.full || opened.places.len() >= OwnPlace::MOST,
        places: opened.places.iter().map(row).collect(),
        finder: Finder::new(app, language, &just.place, just.unchosen).await,
        patch: Drawing::of(app, language, &just.drawn, just.faulty, true),
        silence,
        pace: format!("/{lang}{here}/choices"),
        phone: Call::to(&app.site.city.phone),
    };
    let is_refused = is_wrong || just.unchosen || just.full || just.faulty.is_some();
    let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page::new(language, "person", text("person-title", &[]), here, data).private().status(status);
    let mut response = app.show(&page);
    if let Some(policy) = base::policy(&app.site.city) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// The reports that were sent with an address that they have shown to be theirs.
async fn own_reports(app: &App, language: Language, opened: &Opened) -> Result<Vec<ReportRow>, Oops> {
    let city = &app.site.city;
    let known = app.site.store.addresses(&[opened.person.id]).await?;
    let own = known.into_iter().filter(|known| known.verified_at.is_some()).map(|known| known.address);
    let reports = app.site.store.reports_of_addresses(&own.collect::<Vec<_>>(), &city.country).await?;
    let ids: Vec<Uuid> = reports.iter().map(|report| report.id).collect();
    let cases = app.site.store.cases_by_ids(&ids).await?;
    let row = |report: &schemas::report::Report| {
        let status = cases.get(&report.id).map_or(schemas::case::Status::Received, |case| case.status);
        let category = city.category(&report.category);
        let status_name = app.text(language, &format!("status-{status}"), &[]);
        let day = dates::date(&city.further, language, city.calendar.date(report.received_at), app.today());
        ReportRow {
            href: format!("/{}/t/{}", language.as_str(), report.token),
            icon: status.as_str(),
            about: category.map_or_else(|| report.category.to_string(), |c| in_language(&c.names, language).to_owned()),
            reference: report.reference.to_string(),
            line: format!("{status_name}, {day}"),
        }
    };
    Ok(reports.iter().map(row).collect())
}

fn rows(app: &App, language: Language, opened: &Opened) -> Vec<Row> {
    // Only what is proven is tried, so only that has an order.
    let known = opened.addresses.iter().filter(|one| one.stand != Stand::Waiting).count();
    let row = |(n, one): (usize, &notifier::mine::Mailbox)| {
        let (stand, tone, icon) = match one.stand {
            Stand::Proven => ("proven", "good", "accepted"),
            Stand::Waiting => ("waiting", "wait", "waiting"),
            Stand::Broken => ("broken", "bad", "alert"),
        };
        let way = one.key.way.as_str();
        let is_known = one.stand != Stand::Waiting;
        Row {
            way,
            key: one.key.key.clone(),
            name: app.text(language, &format!("person-way-{way}"), &[("address", &one.masked)]),
            stand: app.text(language, &format!("person-stand-{stand}"), &[]),
            tone,
            icon,
            up: is_known && n > 0,
            down: is_known && n + 1 < known,
        }
    };
    opened.addresses.iter().enumerate().map(row).collect()
}

async fn items(app: &App, language: Language, targets: &[Target], places: &[OwnPlace]) -> Result<Vec<Item>, Oops> {
    let mut items = Vec::new();
    for target in targets {
        let name = match target.scope {
            Scope::All => Some(app.text(language, "person-silence-all", &[])),
            Scope::Place => {
                let place = places.iter().find(|place| place.id.to_string() == target.target);
                Some(place.map_or_else(|| app.text(language, "person-place-gone", &[]), OwnPlace::name))
            }
            _ => proven::names(app, language, std::slice::from_ref(target)).await?.pop(),
        };
        // What the city does not have any more is gone all the same.
        let name = name.unwrap_or_else(|| target.target.clone());
        items.push(Item { name, scope: target.scope.as_str(), target: target.target.clone() });
    }
    Ok(items)
}
