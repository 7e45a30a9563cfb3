//! The form of one category, as the template sees it, and what the browser sends of it.

mod read;

pub use read::{Scanned, read, read_scanned};

use super::{
    Call,
    fields::{Ask, Choice, Field, Opt, Wrong},
    personal::{self, Personal},
    photo_place::PhotoPlace,
    pin::Pin,
    places::{self, NextDoor},
};
use crate::app::App;
use adapters::intake::form::{FormData, field};
use schemas::{
    Uuid,
    city::{AnswerType, Category, Photos, Question, in_language},
    fault::Invalid,
    place::{Point, Spot},
    report::{Kind, Language, Tell},
    submission::{MAX_PHOTOS, MAX_WORDS},
    way::Way,
};
use serde::Serialize;

/// What the template is given.
#[derive(Serialize)]
pub struct View {
    action: String,
    token: String,
    /// When it was shown, signed.
    shown: String,
    category: String,
    category_name: String,
    group_name: String,
    icon: String,
    change: String,
    /// Personal data in the words, which others may read.
    pub personal: Option<Personal>,
    urgent: bool,
    calls: Vec<Call>,
    wrong: Vec<Wrong>,
    kind: Choice,
    words: Field,
    asks: Vec<Ask>,
    address: Field,
    /// The places that the address may mean, once somebody looked it up.
    spots: Option<Choice>,
    spot_for: String,
    /// What looking it up came to, in a sentence.
    searched: Option<String>,
    /// Where it is instead.
    neighbour: Option<NextDoor>,
    lat: Field,
    lon: Field,
    /// The map to put a pin on.
    pin: Option<Pin>,
    /// Where a photo was taken, to be confirmed as the place.
    photo_place: Option<PhotoPlace>,
    point_open: bool,
    photos: Option<PhotoField>,
    anonymous: bool,
    name: Field,
    email: Field,
    phone: Field,
    post: Option<PostFields>,
    language: Choice,
    tell: Choice,
    privacy: String,
}

/// A postal address, where the city writes letters.
#[derive(Serialize)]
struct PostFields {
    street: Field,
    postcode: Field,
    town: Field,
}

#[derive(Serialize)]
struct PhotoField {
    asked: bool,
    most: usize,
    kept: Vec<KeptPhoto>,
    full: bool,
    error: Option<String>,
}

#[derive(Serialize)]
struct KeptPhoto {
    id: String,
    number: usize,
}

/// What was filled in, and what is wrong with it.
#[derive(Default)]
pub struct Filled<'a> {
    /// The fields as the browser sent them.
    pub form: FormData,
    /// What is wrong.
    pub faults: &'a [Invalid],
    /// Photos that are here already.
    pub photos: &'a [Uuid],
    /// The places that the address may mean; nothing while nobody looked it up.
    pub spots: Option<Vec<Spot>>,
    /// Where one of them was taken, when its camera knew.
    pub taken_at: Option<Point>,
}

/// Makes the view of one showing of the form.
struct Maker<'a> {
    app: &'a App,
    language: Language,
    filled: &'a Filled<'a>,
}

/// The form for `category`.
pub fn view(app: &App, language: Language, category: &Category, kind: Option<Kind>, filled: &Filled<'_>) -> View {
    Maker { app, language, filled }.view(category, kind)
}

impl Maker<'_> {
    fn text(&self, key: &str) -> String {
        self.app.text(self.language, key, &[])
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.filled.form.get(name)
    }

    /// Everything wrong with the field `name`, in words of the page.
    fn error(&self, name: &str) -> Option<String> {
        let fault = self.filled.faults.iter().find(|fault| fault.field == name)?;
        Some(message(self.app, self.language, fault))
    }

    fn field(&self, name: &'static str, field: Field) -> Field {
        Field {
            id: name.to_owned(),
            name: name.to_owned(),
            label: self.text(&format!("form-{name}")),
            hint: self.hint(&format!("form-{name}-hint")),
            value: self.value(name).unwrap_or_default().to_owned(),
            error: self.error(name),
            ..field
        }
        .done()
    }

    fn hint(&self, key: &str) -> Option<String> {
        self.app.face.texts.has(self.language, key).then(|| self.text(key))
    }

    fn view(&self, category: &Category, kind: Option<Kind>) -> View {
        let (app, city, lang) = (self.app, &self.app.site.city, self.language.as_str());
        let group = city.groups.iter().find(|group| group.id == category.id.group());
        let asks: Vec<Ask> =
            category.questions.iter().filter_map(|id| city.question(id)).map(|q| self.ask(q)).collect();
        let kind = self.kind(category, kind);
        let words = Field { rows: 7, ..Field::default() };
        let optional = Field { optional: true, ..Field::default() };
        let number = || Field { inputmode: "decimal", ..optional.clone() };
        let mut view = View {
            action: format!("/{lang}/report"),
            token: self.value(field::TOKEN).unwrap_or_default().to_owned(),
            shown: self.value(field::SHOWN).unwrap_or_default().to_owned(),
            category: category.id.to_string(),
            category_name: in_language(&category.names, self.language).to_owned(),
            group_name: group.map_or("", |group| in_language(&group.names, self.language)).to_owned(),
            icon: group.map_or("dot", |group| group.icon.as_str()).to_owned(),
            change: format!("/{lang}/report?group={}", category.id.group()),
            personal: personal::found(app, self.language, category, &self.filled.form),
            urgent: category.urgency == schemas::report::Urgency::Emergency,
            calls: super::emergencies(city, self.value(field::WORDS).unwrap_or_default()),
            kind,
            words: self.field(field::WORDS, words),
            asks,
            address: self.field(field::ADDRESS, Field { autocomplete: "off", max: 200, ..optional.clone() }),
            spots: self.spots(),
            spot_for: self.value(field::ADDRESS).unwrap_or_default().trim().to_owned(),
            searched: self.filled.spots.as_ref().map(|spots| places::said(app, self.language, spots.len())),
            neighbour: self.neighbour(),
            pin: Pin::of(self.app, self.language),
            lat: self.field(field::LAT, number()),
            lon: self.field(field::LON, number()),
            photo_place: PhotoPlace::offer(app, self.language, self.filled),
            point_open: [field::LAT, field::LON].iter().any(|name| self.value(name).is_some_and(|v| !v.is_empty())),
            photos: self.photos(category),
            anonymous: category.anonymous,
            name: self.field(field::NAME, Field { autocomplete: "name", max: 100, ..optional.clone() }),
            email: self
                .field(field::EMAIL, Field { kind: "email", autocomplete: "email", max: 254, ..optional.clone() }),
            phone: self.phone(&optional),
            post: self.post(&optional),
            language: self.languages(),
            tell: self.tell(),
            privacy: format!("/{lang}/privacy"),
            wrong: Vec::new(),
        };
        view.wrong = self.wrong(&view);
        view
    }

    fn kind(&self, category: &Category, asked: Option<Kind>) -> Choice {
        let chosen = self.value(field::KIND).and_then(Kind::parse).or(asked).unwrap_or(category.kind);
        let option = |kind: Kind| Opt {
            name: field::KIND.to_owned(),
            value: kind.as_str().to_owned(),
            label: self.text(&format!("kind-{kind}")),
            checked: kind == chosen,
            ..Opt::default()
        };
        Choice {
            id: field::KIND.to_owned(),
            legend: self.text("form-kind"),
            error: self.error(field::KIND),
            short: true,
            options: Kind::ALL.map(option).into(),
            ..Choice::default()
        }
        .done()
    }

    fn ask(&self, question: &Question) -> Ask {
        let name = format!("{}{}", field::ANSWER, question.id);
        let id = format!("answer-{}", question.id);
        let label = in_language(&question.texts, self.language).to_owned();
        let hint = question.private.then(|| self.text("form-private-answer"));
        let given: Vec<&str> = {
            let many = format!("{name}[]");
            let fields = self.filled.form.fields.iter();
            fields.filter(|(n, _)| *n == name || *n == many).map(|(_, v)| v.as_str()).collect()
        };
        let error = self.error(&name);
        if question.answer == AnswerType::Text {
            let value = given.first().copied().unwrap_or_default().to_owned();
            let field = Field { id, name, label, hint, value, error, max: 500, optional: true, ..Field::default() };
            return Ask { field: Some(field.done()), choice: None };
        }
        let many = question.answer == AnswerType::Multi;
        let option = |value: &str, label: String| Opt {
            name: if many { format!("{name}[]") } else { name.clone() },
            value: value.to_owned(),
            label,
            checked: given.contains(&value),
            ..Opt::default()
        };
        let options = if question.answer == AnswerType::Bool {
            vec![option("true", self.text("form-yes")), option("false", self.text("form-no"))]
        } else {
            question.options.iter().map(|value| option(value, option_name(question, value, self.language))).collect()
        };
        let choice =
            Choice { id, legend: label, hint, error, many, optional: true, short: true, options, ..Choice::default() };
        Ask { field: None, choice: Some(choice.done()) }
    }

    fn spots(&self) -> Option<Choice> {
        let spots = self.filled.spots.as_deref().filter(|spots| !spots.is_empty())?;
        Some(places::choice(self.app, self.language, spots, self.value(field::SPOT), true))
    }

    /// The neighbour that was told of, when what was filled in is not in the city.
    fn neighbour(&self) -> Option<NextDoor> {
        let words = self.value(field::ADDRESS).unwrap_or_default();
        let degrees = |name| self.value(name).and_then(|text| text.trim().replace(',', ".").parse::<f64>().ok());
        let point = degrees(field::LAT).zip(degrees(field::LON)).map(|(lat, lon)| Point { lat, lon });
        let is_told =
            self.filled.spots.is_some() || self.filled.faults.iter().any(|fault| fault.code == "outside_city");
        is_told.then(|| NextDoor::of(self.app, self.language, words, point)).flatten()
    }

    fn photos(&self, category: &Category) -> Option<PhotoField> {
        if category.photos == Photos::No {
            return None;
        }
        let kept = self.filled.photos.iter().enumerate();
        Some(PhotoField {
            asked: category.photos == Photos::Ask,
            most: MAX_PHOTOS,
            kept: kept.map(|(i, id)| KeptPhoto { id: id.to_string(), number: i + 1 }).collect(),
            full: self.filled.photos.len() >= MAX_PHOTOS,
            error: self.error(field::PHOTOS),
        })
    }

    fn languages(&self) -> Choice {
        let chosen = self
            .value(field::LANGUAGE)
            .and_then(Language::parse)
            .map_or(self.language, |one| self.app.site.city.answers_in(one));
        let option = |language: &Language| Opt {
            name: field::LANGUAGE.to_owned(),
            value: language.as_str().to_owned(),
            label: self.app.face.name_of(self.language, *language),
            checked: *language == chosen,
            ..Opt::default()
        };
        Choice {
            id: field::LANGUAGE.to_owned(),
            legend: self.text("form-language"),
            error: self.error(field::LANGUAGE),
            short: true,
            options: self.app.languages().iter().map(option).collect(),
            ..Choice::default()
        }
        .done()
    }

    fn phone(&self, optional: &Field) -> Field {
        let mut field =
            self.field(field::PHONE, Field { kind: "tel", autocomplete: "tel", max: 40, ..optional.clone() });
        let city = &self.app.site.city;
        if city.offers(Way::Sms) || city.offers(Way::Call) {
            field.hint = Some(self.text("form-phone-ways-hint"));
        }
        field
    }

    fn post(&self, optional: &Field) -> Option<PostFields> {
        let field = |name, autocomplete, max| self.field(name, Field { autocomplete, max, ..optional.clone() });
        self.app.site.city.offers(Way::Letter).then(|| PostFields {
            street: field(field::STREET, "address-line1", 100),
            postcode: field(field::POSTCODE, "postal-code", 12),
            town: field(field::TOWN, "address-level2", 60),
        })
    }

    fn tell(&self) -> Choice {
        // By link is what works for everybody; whoever wants mail says so and gives an address.
        let chosen = self.value(field::TELL).unwrap_or("nothing");
        let city = &self.app.site.city;
        // A device says so itself, on the page of the report.
        let offered = |tell: &Tell| *tell != Tell::Push && tell.way().is_none_or(|way| city.offers(way));
        let ways = Tell::ALL.into_iter().filter(offered);
        let option = |value: &str| Opt {
            name: field::TELL.to_owned(),
            value: value.to_owned(),
            label: self.text(&format!("form-tell-{value}")),
            hint: Some(self.text(&format!("form-tell-{value}-hint"))),
            checked: value == chosen,
            ..Opt::default()
        };
        Choice {
            id: field::TELL.to_owned(),
            legend: self.text("form-tell"),
            error: self.error(field::TELL),
            options: ways.map(|tell| option(tell.as_str())).collect(),
            ..Choice::default()
        }
        .done()
    }

    /// The summary, in the order of the page. What belongs to no field of the page is said too.
    fn wrong(&self, view: &View) -> Vec<Wrong> {
        let mut places: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, href: String| places.push((name.to_owned(), href));
        add(field::CATEGORY, "#category".to_owned());
        add(field::KIND, view.kind.anchor());
        add(field::WORDS, "#words".to_owned());
        for ask in &view.asks {
            if let Some(one) = &ask.field {
                add(&one.name, format!("#{}", one.id));
            } else if let Some(choice) = &ask.choice {
                let name = choice.options.first().map_or("", |option| option.name.trim_end_matches("[]"));
                add(name, choice.anchor());
            }
        }
        for name in [field::ADDRESS, field::LAT, field::LON, field::PHOTOS] {
            add(name, format!("#{name}"));
        }
        add(field::TELL, view.tell.anchor());
        let contact = [field::EMAIL, field::NAME, field::PHONE, field::STREET, field::POSTCODE, field::TOWN];
        // A postal address is asked for where the city writes letters alone.
        for name in &contact[..if view.post.is_some() { contact.len() } else { 3 }] {
            add(name, format!("#{name}"));
        }
        add(field::LANGUAGE, view.language.anchor());
        let place = |fault: &Invalid| places.iter().position(|(name, _)| *name == fault.field);
        let mut faults: Vec<&Invalid> = self.filled.faults.iter().collect();
        faults.sort_by_key(|fault| place(fault).unwrap_or(usize::MAX));
        let line = |fault: &Invalid| Wrong {
            href: place(fault).map_or_else(|| "#form".to_owned(), |at| places[at].1.clone()),
            message: message(self.app, self.language, fault),
        };
        faults.into_iter().map(line).collect()
    }
}

/// The name of an option of a question.
pub fn option_name(question: &Question, option: &str, language: Language) -> String {
    question
        .option_names
        .get(option)
        .map_or_else(|| option.replace('-', " "), |names| in_language(names, language).to_owned())
}

/// What is wrong, in the language of the page: the text of the field and code, or of the code.
pub fn message(app: &App, language: Language, fault: &Invalid) -> String {
    let code = fault.code.replace('_', "-");
    let field = if fault.field.starts_with(field::ANSWER) { "answer" } else { fault.field.as_str() };
    let own = format!("wrong-{field}-{code}");
    let general = format!("wrong-{code}");
    let texts = &app.face.texts;
    let key = [own, general].into_iter().find(|key| texts.has(language, key)).unwrap_or_else(|| "wrong".to_owned());
    // Of a photo, people need to know which one.
    let file = match fault.message.split_once(": ") {
        Some((file, _)) if field == field::PHOTOS => file,
        _ => "",
    };
    let max = MAX_WORDS.to_string();
    app.text(language, &key, &[("file", file), ("max", &max), ("city", app.site.city.name(language))])
}
