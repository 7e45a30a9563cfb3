//! `city.yaml`: the name, the front door, the calendar, and which files hold the areas.

use super::{
    base_map,
    calendar::calendar,
    fields::{Fields, clip},
    kinds, maintenance, missing, neighbours, outward, publish,
    yaml::{Node, Position},
};
use crate::{
    city::{
        BaseMap, Calendar, Embed, Files, Kinds, Layer, Maintenance, Near, Neighbour, OpenData, Pace, Patience, Proving,
        Publish, Quiet, SoftBounces, Texts,
    },
    fault::{Fault, did_you_mean},
    further, phone,
    report::Language,
    slug::{Channel, DepartmentId, Slug},
    submission::is_email,
};
use jiff::civil::Time;

const FILE: &str = "city.yaml";

/// What `city.yaml` says; a part that was wrong is missing.
#[derive(Default)]
pub(super) struct Front {
    pub names: Option<Texts>,
    pub languages: Vec<Language>,
    pub phone: Option<String>,
    pub country: String,
    pub quiet: Option<Quiet>,
    pub pace: Pace,
    pub proving: Proving,
    pub publish: Publish,
    pub open_data: OpenData,
    pub embed: Embed,
    pub maintenance: Option<Maintenance>,
    pub soft_bounces: SoftBounces,
    pub near: Near,
    pub email: Option<String>,
    pub fallback: Option<(DepartmentId, Position)>,
    pub general: Option<(String, Position)>,
    pub calendar: Option<Calendar>,
    pub patience: Patience,
    pub kinds: Kinds,
    pub handlers: Vec<(DepartmentId, Position)>,
    pub consent_question: Option<(String, Position)>,
    pub outline: Option<String>,
    pub area_files: Vec<String>,
    pub owners: Vec<OwnerFile>,
    pub staff_channels: Vec<Channel>,
    pub attribution: Vec<String>,
    pub neighbours: Vec<Neighbour>,
    pub suggest: bool,
    pub base_map: BaseMap,
    pub base_attribution: Vec<String>,
}

/// A layer of owners.
pub(super) struct OwnerFile {
    pub layer: Layer,
    pub file: String,
    /// Metres.
    pub within: f64,
    pub elsewhere: Option<Slug>,
}

/// Where a phone call, a visit and a letter come in.
const STAFF_CHANNELS: [&str; 3] = ["phone", "counter", "letter"];

/// Where telephone numbers without a country are from, unless the city says otherwise.
const COUNTRY: &str = "BE";

pub(super) fn read(node: &Node, files: &Files, faults: &mut Vec<Fault>) -> Option<Front> {
    let fields = &mut Fields { file: FILE, faults, languages: &[] };
    let keys = [
        "name",
        "languages",
        "phone",
        "country",
        "quiet",
        "digest",
        "together",
        "email",
        "fallback",
        "general",
        "calendar",
        "areas",
        "neighbours",
        "owners",
        "staff_channels",
        "attribution",
        "patience",
        "kinds",
        "proof",
        "publish",
        "open_data",
        "embed",
        "maintenance",
        "soft_bounces",
        "near",
        "consent_question",
        "suggest",
        "map",
    ];
    let map = fields.map(node, "the city", &keys)?;
    let mut front = Front { suggest: true, country: COUNTRY.to_owned(), ..Front::default() };
    if let Some(node) = fields.required(map, "languages", "[nl, fr, en]") {
        front.languages = languages(node, files, fields);
    }
    if let Some(node) = fields.required(map, "name", "{nl: Kortrijk, fr: Courtrai, en: Kortrijk}") {
        let mut named = Fields { file: FILE, faults: &mut *fields.faults, languages: &front.languages };
        front.names = named.texts(node, "the name of the city");
    }
    front.phone = fields.required(map, "phone", "\"1777\"").and_then(|node| fields.text(node, "the telephone number"));
    if let Some(node) = map.get("country") {
        front.country = country(node, fields).unwrap_or_default();
    }
    if let Some(node) = map.get("quiet") {
        front.quiet = quiet(node, fields);
    }
    if let Some(time) = map.get("digest").and_then(|node| digest(node, fields)) {
        front.pace.digest = time;
    }
    // The range fits in a u8.
    let together = map.get("together").and_then(|node| fields.number(node, "`together`", 0..=240));
    front.pace.together = together.and_then(|minutes| u8::try_from(minutes).ok()).unwrap_or_default();
    front.email = fields.required(map, "email", "meldpunt@example.org").and_then(|node| {
        let email = fields.text(node, "the mail address")?;
        if is_email(&email) {
            return Some(email);
        }
        fields.error(node.at, format!("`{email}` is not a mail address"), "write it as meldpunt@example.org");
        None
    });
    front.fallback = fields
        .required(map, "fallback", "contactcentrum")
        .and_then(|node| Some((fields.slug(node, "the fallback desk")?, node.at)));
    front.calendar =
        fields.required(map, "calendar", "{timezone: Europe/Brussels, …}").and_then(|node| calendar(node, fields));
    if let (Some(node), Some(calendar)) = (map.get("maintenance"), &front.calendar) {
        front.maintenance = maintenance::maintenance(node, &calendar.zone, fields);
    }
    if let Some(node) = map.get("patience") {
        patience(node, fields, &mut front.patience);
    }
    if let Some(node) = map.get("kinds") {
        let mut named = Fields { file: FILE, faults: &mut *fields.faults, languages: &front.languages };
        (front.kinds, front.handlers) = kinds::read(node, &mut named);
    }
    if let Some(node) = map.get("proof") {
        proving(node, fields, &mut front.proving);
    }
    if let Some(node) = map.get("publish") {
        front.publish = publish::read(node, fields);
    }
    if let Some(node) = map.get("open_data") {
        let mut named = Fields { file: FILE, faults: &mut *fields.faults, languages: &front.languages };
        front.open_data = outward::open_data(node, &mut named);
    }
    if let Some(node) = map.get("embed") {
        front.embed = outward::embed(node, fields);
    }
    if let Some(node) = map.get("soft_bounces") {
        soft_bounces(node, fields, &mut front.soft_bounces);
    }
    if let Some(node) = map.get("near") {
        near(node, fields, &mut front.near);
    }
    front.general =
        map.get("general").and_then(|node| Some((fields.text(node, "the category of what cannot be told")?, node.at)));
    front.consent_question = map
        .get("consent_question")
        .and_then(|node| Some((fields.text(node, "the question that asks for consent")?, node.at)));
    if let Some(node) = map.get("suggest") {
        front.suggest = fields.bool(node, "`suggest`").unwrap_or(true);
    }
    if let Some(node) = map.get("areas") {
        areas(node, files, fields, &mut front);
    }
    if let Some(node) = map.get("neighbours") {
        let mut named = Fields { file: FILE, faults: &mut *fields.faults, languages: &front.languages };
        front.neighbours = neighbours::read(node, files, &mut named);
    }
    if let Some(node) = map.get("owners") {
        owners(node, files, fields, &mut front);
    }
    front.staff_channels = match map.get("staff_channels") {
        Some(node) => {
            let items = fields.list(node, "`staff_channels`");
            items.iter().filter_map(|item| fields.slug(item, "a channel")).collect()
        }
        None => STAFF_CHANNELS.into_iter().filter_map(|name| Slug::new(name).ok()).collect(),
    };
    if let Some((base, more)) = map.get("map").and_then(|node| base_map::read(node, fields)) {
        (front.base_map, front.base_attribution) = (base, more);
    }
    if let Some(node) = map.get("attribution") {
        front.attribution = fields.texts_of(node, "the attribution").into_iter().map(|(_, text)| text).collect();
    }
    Some(front)
}

fn patience(node: &Node, fields: &mut Fields<'_>, patience: &mut Patience) {
    let Some(map) = fields.map(node, "`patience`", &["silent", "reminders", "warn", "news", "answer"]) else { return };
    let places = [
        ("silent", &mut patience.silent),
        ("reminders", &mut patience.reminders),
        ("warn", &mut patience.warn),
        ("news", &mut patience.news),
        ("answer", &mut patience.answer),
    ];
    for (name, place) in places {
        let days = map.get(name).and_then(|node| fields.number(node, &format!("`{name}`"), 0..=250));
        if let Some(days) = days.and_then(|days| u32::try_from(days).ok()) {
            *place = days;
        }
    }
}

fn proving(node: &Node, fields: &mut Fields<'_>, proving: &mut Proving) {
    let Some(map) = fields.map(node, "`proof`", &["link", "code", "hour", "day", "sms"]) else { return };
    let most_hours = i64::from(crate::proof::Proof::KEPT_HOURS);
    let places = [
        ("link", 1..=most_hours, &mut proving.link),
        ("code", 5..=60, &mut proving.code),
        ("hour", 1..=10, &mut proving.hour),
        ("day", 1..=50, &mut proving.day),
        ("sms", 0..=100_000, &mut proving.sms),
    ];
    for (name, range, place) in places {
        let number = map.get(name).and_then(|node| fields.number(node, &format!("`{name}`"), range));
        if let Some(number) = number.and_then(|number| u32::try_from(number).ok()) {
            *place = number;
        }
    }
}

fn soft_bounces(node: &Node, fields: &mut Fields<'_>, soft: &mut SoftBounces) {
    let Some(map) = fields.map(node, "`soft_bounces`", &["times", "days"]) else { return };
    for (name, range, place) in [("times", 0..=100, &mut soft.times), ("days", 1..=365, &mut soft.days)] {
        let number = map.get(name).and_then(|node| fields.number(node, &format!("`{name}`"), range));
        if let Some(number) = number.and_then(|number| u32::try_from(number).ok()) {
            *place = number;
        }
    }
}

fn near(node: &Node, fields: &mut Fields<'_>, near: &mut Near) {
    let Some(map) = fields.map(node, "`near`", &["metres", "days", "closed", "ask"]) else { return };
    let places = [
        ("metres", 1..=i64::from(Near::MOST), &mut near.metres),
        ("days", 1..=365, &mut near.days),
        ("closed", 0..=90, &mut near.closed),
    ];
    for (name, range, place) in places {
        let number = map.get(name).and_then(|node| fields.number(node, &format!("`{name}`"), range));
        if let Some(number) = number.and_then(|number| u16::try_from(number).ok()) {
            *place = number;
        }
    }
    if let Some(node) = map.get("ask") {
        near.ask = fields.bool(node, "`ask`").unwrap_or(true);
    }
}

/// The built-in ones and those that have a file: every file of texts is a language, named here or not.
fn languages(node: &Node, files: &Files, fields: &mut Fields<'_>) -> Vec<Language> {
    let mut known = Language::BUILT_IN.to_vec();
    known.extend(further::languages(files));
    let mut languages = Vec::new();
    for item in fields.list(node, "`languages`") {
        let Some(code) = fields.text(item, "a language") else { continue };
        match known.iter().find(|known| known.as_str() == code) {
            Some(language) if languages.contains(language) => {
                fields.error(item.at, format!("`{code}` is here twice"), "keep one of them");
            }
            Some(language) if languages.is_empty() && !language.is_built_in() => fields.error(
                item.at,
                format!("`{code}` is not built in, and the first language is what departments read"),
                "put nl, fr or en before it",
            ),
            Some(language) => languages.push(*language),
            None => match Language::parse(&code).filter(|language| language.as_str() == code) {
                Some(language) => {
                    let file = further::file_of(language);
                    let help = format!(
                        "leave it out and run `voordeur texts {code} --city DIR --write`: the file alone adds it"
                    );
                    fields.error(item.at, format!("the city has no texts in `{code}`: there is no `{file}`"), help);
                }
                None => {
                    let help = did_you_mean(&code, known.iter().map(|known| known.as_str()));
                    fields.error(item.at, format!("there is no language `{}`", clip(&code)), help);
                }
            },
        }
    }
    if node.is_empty_list() {
        fields.error(node.at, "the city serves no language", "write `languages: [nl]`, the city's own language first");
    } else if !languages.is_empty() {
        let unnamed: Vec<Language> = further::languages(files).filter(|found| !languages.contains(found)).collect();
        languages.extend(unnamed);
    }
    languages
}

fn owners(node: &Node, files: &Files, fields: &mut Fields<'_>, front: &mut Front) {
    let Some(map) = fields.map(node, "`owners`", &Layer::ALL.map(Layer::as_str)) else { return };
    for layer in Layer::ALL {
        let Some(node) = map.get(layer.as_str()) else { continue };
        let what = format!("the owners of `{}`", layer.as_str());
        let Some(map) = fields.map(node, &what, &["file", "within", "elsewhere"]) else { continue };
        let within = map.get("within").map_or(Some(25), |node| fields.number(node, "the metres of `within`", 1..=1000));
        let elsewhere = map.get("elsewhere").map(|node| fields.slug(node, "the owner of everywhere else"));
        let example = format!("owners/{}.geojson", layer.as_str());
        let Some(node) = fields.required(map, "file", &example) else { continue };
        let Some(file) = fields.text(node, "the file of owners") else { continue };
        if !files.contains_key(&file) {
            missing(files, &file, FILE, node.at, fields.faults);
        } else if !file.ends_with(".geojson") {
            let known = files.keys().map(String::as_str).filter(|name| name.ends_with(".geojson"));
            fields.error(node.at, format!("`{file}` is not GeoJSON"), did_you_mean(&file, known));
        } else if let Some(within) = within.and_then(|metres| u16::try_from(metres).ok()) {
            front.owners.push(OwnerFile { layer, file, within: within.into(), elsewhere: elsewhere.flatten() });
        }
    }
}

fn areas(node: &Node, files: &Files, fields: &mut Fields<'_>, front: &mut Front) {
    let Some(map) = fields.map(node, "`areas`", &["outline", "files"]) else { return };
    let mut named = Vec::new();
    if let Some(node) = map.get("outline")
        && let Some(name) = fields.text(node, "the file of the outline")
    {
        named.push((node.at, name.clone()));
        front.outline = Some(name);
    }
    if let Some(node) = map.get("files") {
        for (at, name) in fields.texts_of(node, "an area file") {
            if front.area_files.contains(&name) {
                fields.error(at, format!("`{name}` is here twice"), "keep one of them");
                continue;
            }
            named.push((at, name.clone()));
            front.area_files.push(name);
        }
    }
    for (at, name) in named {
        if !files.contains_key(&name) {
            missing(files, &name, FILE, at, fields.faults);
        } else if !name.ends_with(".geojson") {
            front.area_files.retain(|file| *file != name);
            front.outline = front.outline.take().filter(|file| *file != name);
            fields.error(
                at,
                format!("`{name}` is not GeoJSON"),
                did_you_mean(&name, files.keys().map(String::as_str).filter(|n| n.ends_with(".geojson"))),
            );
        }
    }
}

fn country(node: &Node, fields: &mut Fields<'_>) -> Option<String> {
    let code = fields.text(node, "the country")?;
    if phone::is_country(&code) {
        return Some(code);
    }
    fields.error(node.at, format!("`{code}` is not a country"), "write its two capitals (ISO 3166-1): BE");
    None
}

/// `"08:00"`: when digests go out.
fn digest(node: &Node, fields: &mut Fields<'_>) -> Option<Time> {
    let text = fields.text(node, "the time of the digest")?;
    let time = Pace::parse_digest(&text);
    if time.is_none() {
        fields.error(node.at, format!("`{text}` is not a time of the day"), "write hours and minutes: \"08:00\"");
    }
    time
}

/// `"22:00-07:00"`: from when to when nobody is woken up.
fn quiet(node: &Node, fields: &mut Fields<'_>) -> Option<Quiet> {
    let text = fields.text(node, "the quiet hours")?;
    let quiet = Quiet::parse(&text);
    if quiet.is_none() {
        fields.error(node.at, format!("`{text}` are not quiet hours"), "write from when to when: \"22:00-07:00\"");
    }
    quiet
}
