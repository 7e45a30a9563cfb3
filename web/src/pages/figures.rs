//! `/{lang}/figures`: how many reports came in and what became of them, in tables with charts above them. Every word is
//! explained on the page, and the numbers add up.

use super::{
    Call, Entry, Lang, Oops,
    chart::{self, Bar},
};
use crate::{
    app::App,
    dates,
    face::Page,
    outward::{
        figures::{self, Count, Figures, NAMES, Part, Question},
        wanted::Asked,
    },
};
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use schemas::{
    Date,
    city::{Publicity, in_language},
    fault::Invalid,
    report::Language,
    spoken,
};
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "figures", path: "/{lang}/figures", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    action: String,
    wrong: Option<String>,
    from: String,
    until: String,
    groups: Vec<Choice>,
    areas: Vec<Choice>,
    /// As of when, in words.
    of: String,
    /// Of which months, in words.
    span: String,
    empty: bool,
    first_line: Option<u64>,
    total: Shown,
    tables: Vec<Table>,
    ratings: Option<Ratings>,
    definitions: Vec<Definition>,
    json: String,
    csv: String,
    data: String,
    phone: Call,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Table {
    id: &'static str,
    title: String,
    chart: String,
    first: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    count: Shown,
}

/// What people said of how it was dealt with.
#[derive(Serialize)]
struct Ratings {
    chart: String,
    rows: Vec<Rated>,
}

#[derive(Serialize)]
struct Rated {
    name: String,
    /// All, good, fair and poor; a dash for what too few said.
    counts: Vec<String>,
}

#[derive(Serialize)]
struct Definition {
    word: String,
    text: String,
}

/// Numbers as people read them.
#[derive(Serialize)]
struct Shown {
    opened: u64,
    open: u64,
    overdue: u64,
    ended: u64,
    in_term: u64,
    late: u64,
    solved: u64,
    contested: u64,
    median: String,
}

/// The words that are explained, in order.
const WORDS: [&str; 11] =
    ["opened", "open", "overdue", "ended", "in-term", "late", "solved", "contested", "median", "rated", "first-line"];

async fn show(State(app): State<App>, Lang(language): Lang, RawQuery(query): RawQuery) -> Result<Response, Oops> {
    let city = &app.site.city;
    let read = Question::read(&Asked::of_page(query.as_deref(), &NAMES), city, app.today());
    let wrong = read.as_ref().err().map(|fault| said(&app, language, fault));
    let plain = || Question::read(&Asked::default(), city, app.today());
    let question = read.or_else(|_| plain()).map_err(|_| Oops::Missing)?;
    let figures = app.figures(&question).await?;
    let data = Maker { app: &app, language }.data(&question, &figures, wrong);
    let status = if data.wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let title = app.text(language, "figures-title", &[("city", city.name(language))]);
    Ok(app.show(&Page::new(language, "figures", title, "/figures", data).status(status)))
}

fn said(app: &App, language: Language, fault: &Invalid) -> String {
    let key = match fault.field.as_str() {
        "from" | "until" => "figures-wrong-months",
        _ => "figures-wrong-choice",
    };
    app.text(language, key, &[])
}

struct Maker<'a> {
    app: &'a App,
    language: Language,
}

impl Maker<'_> {
    fn text(&self, key: &str) -> String {
        self.app.text(self.language, key, &[])
    }

    fn data(&self, question: &Question, figures: &Figures, wrong: Option<String>) -> Data {
        let (app, city, lang) = (self.app, &self.app.site.city, self.language.as_str());
        let public =
            |group: &str| city.categories.iter().any(|c| c.id.group() == group && c.publicity == Publicity::Public);
        let groups = city.groups.iter().filter(|group| public(&group.id)).map(|group| Choice {
            chosen: question.about.as_deref() == Some(group.id.as_str()),
            value: group.id.clone(),
            name: in_language(&group.names, self.language).to_owned(),
        });
        let areas = city.areas.all().iter().map(|area| Choice {
            chosen: question.area.as_ref() == Some(&area.id),
            value: area.id.to_string(),
            name: in_language(&area.names, self.language).to_owned(),
        });
        let query = self.query(question);
        let [first, last] = [question.from, question.until].map(|day| spoken::month(&city.further, self.language, day));
        Data {
            action: format!("/{lang}/figures"),
            wrong,
            from: figures.from.clone(),
            until: figures.until.clone(),
            groups: groups.collect(),
            areas: areas.collect(),
            of: dates::moment(city, self.language, figures.of, app.today()),
            span: app.text(self.language, "figures-span", &[("from", &first), ("until", &last)]),
            empty: figures.total.opened == 0,
            first_line: figures.first_line,
            total: self.shown(&figures.total),
            tables: self.tables(figures),
            ratings: self.ratings(figures),
            definitions: WORDS
                .map(|word| Definition {
                    word: self.text(&format!("figures-{word}")),
                    text: self.text(&format!("figures-{word}-is")),
                })
                .into(),
            json: format!("/open/figures.json?{query}"),
            csv: format!("/open/figures.csv?{query}"),
            data: format!("/{lang}/open-data"),
            phone: Call::to(&city.phone),
        }
    }

    fn query(&self, question: &Question) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("from", &figures::written(question.from));
        query.append_pair("until", &figures::written(question.until));
        if let Some(about) = &question.about {
            query.append_pair("category", about);
        }
        if let Some(area) = &question.area {
            query.append_pair("area", area.as_str());
        }
        query.finish()
    }

    fn tables(&self, figures: &Figures) -> Vec<Table> {
        let city = &self.app.site.city;
        let months = |part: &Part| {
            let day = format!("{}-01", part.name).parse::<Date>();
            day.map_or_else(|_| part.name.clone(), |day| spoken::month(&city.further, self.language, day))
        };
        let area = |part: &Part| match city.areas.get(&part.name) {
            Some(area) => in_language(&area.names, self.language).to_owned(),
            None => self.text("figures-elsewhere"),
        };
        let mut tables = vec![self.table("months", &figures.months, months)];
        if !city.areas.all().is_empty() {
            tables.push(self.table("areas", &figures.areas, area));
        }
        tables.push(self.table("groups", &figures.groups, |part| self.group(part)));
        tables
    }

    fn group(&self, part: &Part) -> String {
        let group = self.app.site.city.groups.iter().find(|group| group.id == part.name);
        group.map_or(part.name.as_str(), |group| in_language(&group.names, self.language)).to_owned()
    }

    /// Nothing while too few people said something.
    fn ratings(&self, figures: &Figures) -> Option<Ratings> {
        figures.total.rated?;
        let together = (self.text("figures-together"), &figures.total);
        let groups = figures.groups.iter().map(|part| (self.group(part), &part.count));
        let all: Vec<(String, &Count)> = std::iter::once(together).chain(groups).collect();
        let parts = |count: &Count| [count.rated_good, count.rated_fair, count.rated_poor];
        let bars: Vec<Bar> = all
            .iter()
            .filter(|(_, count)| count.rated.is_some())
            .map(|(name, count)| Bar { name: name.clone(), parts: parts(count).into_iter().flatten().collect() })
            .collect();
        let title = self.text("figures-ratings");
        let label = self.app.text(self.language, "figures-chart", &[("title", &title)]);
        let dash = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
        let rows = all.into_iter().map(|(name, count)| Rated {
            name,
            counts: std::iter::once(count.rated).chain(parts(count)).map(dash).collect(),
        });
        Some(Ratings { chart: chart::lying(&label, &bars), rows: rows.collect() })
    }

    fn table(&self, id: &'static str, parts: &[Part], name: impl Fn(&Part) -> String) -> Table {
        let title = self.text(&format!("figures-by-{id}"));
        let label = self.app.text(self.language, "figures-chart", &[("title", &title)]);
        let bars: Vec<Bar> = parts
            .iter()
            .map(|part| {
                let Count { open, ended, .. } = part.count;
                // Twelve names stand side by side: the month alone, as a number.
                let short = part.name.get(2..).filter(|_| id == "months").map(str::to_owned);
                Bar { name: short.unwrap_or_else(|| name(part)), parts: vec![ended, open] }
            })
            .collect();
        let chart = if id == "months" { chart::standing(&label, &bars) } else { chart::lying(&label, &bars) };
        let rows = parts.iter().map(|part| Row { name: name(part), count: self.shown(&part.count) });
        Table { id, first: self.text(&format!("figures-column-{id}")), title, chart, rows: rows.collect() }
    }

    fn shown(&self, count: &Count) -> Shown {
        let median = count.median_days.map(|days| {
            let number = format!("{days:.1}");
            // English alone writes a point.
            let number = if self.language == Language::EN { number } else { number.replace('.', ",") };
            self.app.text(self.language, "figures-days", &[("days", &number)])
        });
        Shown {
            opened: count.opened,
            open: count.open,
            overdue: count.overdue,
            ended: count.ended,
            in_term: count.in_term,
            late: count.late,
            solved: count.solved,
            contested: count.contested,
            median: median.unwrap_or_else(|| "–".to_owned()),
        }
    }
}
