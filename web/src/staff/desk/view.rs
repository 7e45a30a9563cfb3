//! The page of a call, as its template sees it: what was filled in, and what that leads to.

use super::{Filled, Staff, fields::Maker, href, look};
use crate::staff::near::{Near, lines};
use crate::{
    app::App,
    pages::{
        Call, department, emergencies,
        fields::{Ask, Choice, Field, Wrong},
        places::{self, NextDoor},
        search,
    },
};
use adapters::{
    desk::{earlier::Earlier, field},
    intake::form::field as report,
    near,
};
use schemas::{
    Uuid,
    case::Status,
    city::{Category, in_language},
    place::Place,
    report::Language,
    way::Way,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The category whose questions the page shows.
pub(super) const ASKED_FOR: &str = "asked_for";
/// The most categories that are suggested.
const SUGGESTED: usize = 3;
/// Shorter words say nothing yet.
const FEWEST: usize = 3;

/// What the template is given.
#[derive(Serialize)]
pub(super) struct View {
    action: String,
    look: String,
    token: String,
    said: Option<String>,
    wrong: Vec<Wrong>,
    channels: Choice,
    /// It is a letter, or there is something to say of the paper: that part is open.
    letter: bool,
    received_on: Field,
    scan: Option<String>,
    scan_error: Option<String>,
    number: Field,
    words: Field,
    category_error: Option<String>,
    #[serde(flatten)]
    found: Found,
    address: Field,
    photos: Vec<Kept>,
    anonymous: bool,
    name: Field,
    email: Field,
    post: Option<Post>,
    tell: Choice,
    language: Choice,
    behalf: bool,
    caller: Field,
    phone: Field,
    consent: bool,
    consent_error: Option<String>,
}

/// The parts of the page that follow from what was filled in.
#[derive(Serialize)]
struct Found {
    calls: Vec<Call>,
    earlier: Option<Known>,
    suggestion: Option<String>,
    articles: Vec<Article>,
    category: String,
    groups: Vec<Group>,
    asked_for: String,
    asks: Vec<Ask>,
    near: Vec<Near>,
    spots: Option<Choice>,
    spot_for: String,
    searched: Option<String>,
    neighbour: Option<NextDoor>,
}

/// The parts as HTML, by the name of their place on the page.
pub(super) struct Parts(pub(super) BTreeMap<&'static str, String>);

/// What is known of the number.
#[derive(Serialize)]
struct Known {
    title: String,
    cases: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    /// Nothing when they may not read it.
    href: Option<String>,
    reference: String,
    category: String,
    status: String,
    when: String,
    place: String,
    department: Option<String>,
    open: bool,
    /// They follow it, somebody else told it.
    follows: bool,
}

#[derive(Serialize)]
struct Article {
    id: String,
    slug: String,
    title: String,
    href: String,
    checked: bool,
}

#[derive(Serialize)]
struct Group {
    label: String,
    options: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    value: String,
    label: String,
    selected: bool,
}

#[derive(Serialize)]
struct Kept {
    id: String,
    number: usize,
}

#[derive(Serialize)]
struct Post {
    street: Field,
    postcode: Field,
    town: Field,
}

impl View {
    /// The parts that change while somebody types.
    pub(super) fn parts(&self, app: &App, language: Language) -> Option<Parts> {
        let part = |name: &'static str| {
            let html = app.face.render(language, &format!("desk_{name}"), &self.found);
            html.inspect_err(|error| tracing::error!(%error, name, "a part of the desk cannot be shown")).ok()
        };
        let mut parts = BTreeMap::new();
        for name in ["calls", "earlier", "suggested", "asks", "spots", "near"] {
            parts.insert(name, part(name)?);
        }
        parts.insert("category", self.found.category.clone());
        Some(Parts(parts))
    }
}

/// The page with what was filled in.
pub(super) async fn view(app: &App, language: Language, staff: &Staff, filled: &Filled) -> Result<View, store::Error> {
    let maker = Maker { app, language, filled };
    let found = find(&maker, staff).await?;
    let optional = Field { optional: true, ..Field::default() };
    let has = |name: &str| !maker.value(name).is_empty();
    let post = |name, autocomplete, max| maker.field(name, Field { autocomplete, max, ..optional.clone() });
    let channels = maker.channels();
    let paper = [field::RECEIVED_ON, field::SCAN, report::STREET, report::PHOTOS];
    let letter = channels.options.iter().any(|option| option.checked && option.value == "letter")
        || filled.scan.is_some()
        || !filled.photos.is_empty()
        || filled.faults.iter().any(|fault| paper.contains(&fault.field.as_str()));
    let mut view = View {
        action: href(super::PATH, language),
        look: href(look::PATH, language),
        token: match maker.value(report::TOKEN) {
            "" => app.site.store.ids().token(),
            token => token.to_owned(),
        },
        said: filled.said.map(|key| maker.text(key)),
        wrong: Vec::new(),
        letter,
        received_on: maker.field(field::RECEIVED_ON, Field { kind: "date", ..optional.clone() }),
        scan: filled.scan.as_ref().map(Uuid::to_string),
        scan_error: maker.error(field::SCAN),
        channels,
        number: maker
            .field(field::NUMBER, Field { kind: "tel", autocomplete: "off", max: 40, key: "1", ..optional.clone() }),
        words: maker.field(report::WORDS, Field { rows: 4, key: "2", ..Field::default() }),
        category_error: maker.error(report::CATEGORY),
        found,
        address: maker.field(report::ADDRESS, Field { autocomplete: "off", max: 200, key: "4", ..optional.clone() }),
        photos: filled.photos.iter().enumerate().map(|(i, id)| Kept { id: id.to_string(), number: i + 1 }).collect(),
        anonymous: has(field::ANONYMOUS),
        name: maker.field(report::NAME, Field { autocomplete: "off", max: 100, key: "5", ..optional.clone() }),
        email: maker.field(report::EMAIL, Field { kind: "email", autocomplete: "off", max: 254, ..optional.clone() }),
        post: app.site.city.offers(Way::Letter).then(|| Post {
            street: post(report::STREET, "off", 100),
            postcode: post(report::POSTCODE, "off", 12),
            town: post(report::TOWN, "off", 60),
        }),
        tell: maker.tell(),
        language: maker.languages(),
        behalf: has(field::BEHALF) || maker.error(report::PHONE).is_some(),
        caller: maker.field(field::CALLER, Field { autocomplete: "off", max: 100, ..optional.clone() }),
        phone: maker.field(report::PHONE, Field { kind: "tel", autocomplete: "off", max: 40, ..optional.clone() }),
        consent: has(field::CONSENT),
        consent_error: maker.error(field::CONSENT),
    };
    view.wrong = wrong(&maker, &view);
    Ok(view)
}

/// Everything wrong, each with a link to where it is.
fn wrong(maker: &Maker<'_>, view: &View) -> Vec<Wrong> {
    let group = |name: &str| match name {
        field::CHANNEL => Some(view.channels.anchor()),
        report::TELL => Some(view.tell.anchor()),
        report::LANGUAGE => Some(view.language.anchor()),
        _ => None,
    };
    let ask = |name: &str| {
        view.found.asks.iter().find_map(|ask| match (&ask.field, &ask.choice) {
            (Some(one), _) if one.name == name => Some(format!("#{}", one.id)),
            (_, Some(choice)) => {
                let first = choice.options.first()?;
                (first.name.trim_end_matches("[]") == name).then(|| choice.anchor())
            }
            _ => None,
        })
    };
    let own = [
        "number",
        "words",
        "category",
        "address",
        "name",
        "email",
        "phone",
        "caller",
        "consent",
        "received_on",
        "scan",
        "photos",
    ];
    let post = ["street", "postcode", "town"];
    let place = |name: &str| {
        let on = own.contains(&name) || (view.post.is_some() && post.contains(&name));
        group(name).or_else(|| ask(name)).unwrap_or_else(|| if on { format!("#{name}") } else { "#desk".to_owned() })
    };
    let line = |fault: &schemas::fault::Invalid| Wrong {
        href: place(&fault.field),
        message: maker.error(&fault.field).unwrap_or_default(),
    };
    maker.filled.faults.iter().map(line).collect()
}

/// Looks everything up that follows from what was filled in.
async fn find(maker: &Maker<'_>, staff: &Staff) -> Result<Found, store::Error> {
    let (app, language) = (maker.app, maker.language);
    let city = &app.site.city;
    let words: String = maker.value(report::WORDS).chars().take(500).collect();
    let is_said = words.chars().count() >= FEWEST;
    let suggestions = match &app.site.likely {
        Some(likely) if is_said => likely.get().suggest(&words, SUGGESTED),
        _ => Vec::new(),
    };
    let mut suggested: Vec<&Category> = suggestions.iter().filter_map(|one| city.category(&one.category)).collect();
    if is_said {
        for other in search::categories(city, language, &words) {
            if suggested.len() < SUGGESTED && suggested.iter().all(|known| known.id != other.id) {
                suggested.push(other);
            }
        }
    }
    let given = city.category(maker.value(report::CATEGORY));
    let chosen = given.or_else(|| suggested.first().copied());
    let reason = suggestions.iter().find(|one| chosen.is_some_and(|chosen| chosen.id == one.category));
    let suggestion = reason.filter(|_| given.is_none()).map(|one| {
        let words = one.words.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ");
        app.text(language, "desk-why", &[("words", &words)])
    });
    let articles = if is_said { search::articles(city, app.today(), &words) } else { Vec::new() };
    let address = maker.value(report::ADDRESS).to_owned();
    let spots = if address.is_empty() { None } else { Some(app.geocode.find(&address, language).await) };
    let chosen_spot = (maker.value(report::SPOT_FOR) == address).then(|| maker.filled.form.get(report::SPOT)).flatten();
    let spot = spots.iter().flatten().find(|spot| chosen_spot == Some(spot.label.as_str()));
    // The only one is most likely meant.
    let spot = spot.or_else(|| spots.as_ref().filter(|spots| spots.len() == 1).and_then(|spots| spots.first()));
    let near = match (chosen, spot) {
        (Some(category), Some(spot)) => {
            let place = Place { address: Some(address.clone()), ..Place::default() };
            let place = city.settle(place, spot.clone());
            let found = near::of_words(&app.site.store, city, &category.id, &place, &words).await?;
            lines(app, language, staff, found)
        }
        _ => Vec::new(),
    };
    let is_outside = maker.filled.faults.iter().any(|fault| fault.code == "outside_city");
    let earlier = match maker.value(field::NUMBER) {
        "" => None,
        number => Some(known(maker, app.desk.earlier(&staff.account, number).await?)),
    };
    Ok(Found {
        calls: emergencies(city, &words),
        earlier,
        suggestion,
        articles: articles.into_iter().enumerate().map(|(i, one)| article(maker, one, i)).collect(),
        category: chosen.map(|category| category.id.to_string()).unwrap_or_default(),
        groups: groups(maker, &suggested, chosen),
        asked_for: chosen.map(|category| category.id.to_string()).unwrap_or_default(),
        asks: chosen
            .into_iter()
            .flat_map(|category| category.questions.iter().filter_map(|id| city.question(id)))
            .map(|question| maker.ask(question))
            .collect(),
        near,
        searched: spots.as_ref().map(|spots| places::said(app, language, spots.len())),
        neighbour: (spots.is_some() || is_outside).then(|| NextDoor::of(app, language, &address, None)).flatten(),
        spots: spots
            .filter(|spots| !spots.is_empty())
            .map(|spots| places::choice(app, language, &spots, chosen_spot, true)),
        spot_for: address,
    })
}

fn article(maker: &Maker<'_>, article: &schemas::city::Article, at: usize) -> Article {
    let (_, text) = article.text(maker.language);
    Article {
        id: format!("article-{}", at + 1),
        href: format!("/{}/answers/{}", maker.language.as_str(), article.slug),
        checked: maker.value(field::ARTICLE) == article.slug.as_str(),
        slug: article.slug.to_string(),
        title: text.title.clone(),
    }
}

/// What can be chosen: what the words fit first, then everything.
fn groups(maker: &Maker<'_>, suggested: &[&Category], chosen: Option<&Category>) -> Vec<Group> {
    let (city, language) = (&maker.app.site.city, maker.language);
    let mut left = chosen;
    let mut item = |category: &Category| {
        // Chosen once, though it may stand there twice.
        let selected = left.take_if(|left| left.id == category.id).is_some();
        let label = in_language(&category.names, language).to_owned();
        Item { value: category.id.to_string(), label, selected }
    };
    let mut groups = Vec::new();
    if !suggested.is_empty() {
        let options = suggested.iter().map(|category| item(category)).collect();
        groups.push(Group { label: maker.text("desk-suggested"), options });
    }
    for group in &city.groups {
        let options: Vec<Item> =
            city.categories.iter().filter(|category| category.id.group() == group.id.as_str()).map(&mut item).collect();
        groups.push(Group { label: in_language(&group.names, language).to_owned(), options });
    }
    groups
}

/// The earlier cases of the number, in words.
fn known(maker: &Maker<'_>, earlier: Vec<Earlier>) -> Known {
    let (app, language) = (maker.app, maker.language);
    let title = match earlier.len() {
        0 => maker.text("desk-earlier-none"),
        1 => maker.text("desk-earlier-one"),
        count => app.text(language, "desk-earlier-some", &[("count", &count.to_string())]),
    };
    let line = |Earlier { report, case, own, readable }: Earlier| {
        let status = case.as_ref().map_or(Status::Received, |case| case.status);
        let name = |category: &Category| in_language(&category.names, language).to_owned();
        let category = app.site.city.category(&report.category).map_or_else(String::new, name);
        let reference = report.reference.to_string();
        let href = format!("/{}/staff/cases/{}", language.as_str(), report.reference.digits());
        Line {
            href: readable.then_some(href),
            category: if readable { category } else { app.text(language, "desk-hidden", &[]) },
            status: app.text(language, &format!("status-{status}"), &[]),
            when: crate::dates::date(
                &app.site.city.further,
                language,
                app.site.city.calendar.date(report.received_at),
                app.today(),
            ),
            place: if readable { report.place.address.clone().unwrap_or_default() } else { String::new() },
            department: case.and_then(|case| case.lead).map(|lead| department(app, &lead, language)),
            open: !status.is_closed(),
            follows: !own,
            reference,
        }
    };
    Known { title, cases: earlier.into_iter().map(line).collect() }
}
