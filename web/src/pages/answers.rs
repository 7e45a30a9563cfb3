//! `/{lang}/answers`: every article of the knowledge base that is right today.

use super::{Call, Entry, Lang};
use crate::{app::App, face::Page};
use axum::{extract::State, response::Response, routing::get};
use schemas::city::in_language;
use serde::Serialize;

/// The page.
pub const PAGE: Entry = Entry { name: "answers", path: "/{lang}/answers", route: |_| get(show), sandbox: false };

#[derive(Serialize)]
struct Data {
    sections: Vec<Section>,
    ask: String,
    phone: Call,
}

/// The articles about one group of categories.
#[derive(Serialize)]
struct Section {
    id: String,
    icon: String,
    name: String,
    articles: Vec<Link>,
}

#[derive(Serialize)]
struct Link {
    href: String,
    title: String,
    lang: Option<&'static str>,
}

async fn show(State(app): State<App>, Lang(language): Lang) -> Response {
    let (city, today, lang) = (&app.site.city, app.today(), language.as_str());
    let right = |article: &&schemas::city::Article| article.is_valid(today);
    let link = |article: &schemas::city::Article| {
        let (written, text) = article.text(language);
        Link {
            href: format!("/{lang}/answers/{}", article.slug),
            title: text.title.clone(),
            lang: (written != language).then(|| written.as_str()),
        }
    };
    // Each article stands once: in the group of its first category.
    let about = |article: &schemas::city::Article| article.categories.first().map(|c| c.group().to_owned());
    let of = |group: Option<&str>| -> Vec<Link> {
        city.articles.iter().filter(right).filter(|a| about(a).as_deref() == group).map(link).collect()
    };
    let mut sections: Vec<Section> = city
        .groups
        .iter()
        .map(|group| Section {
            id: group.id.to_string(),
            icon: group.icon.clone(),
            name: in_language(&group.names, language).to_owned(),
            articles: of(Some(group.id.as_str())),
        })
        .collect();
    sections.push(Section {
        id: "other".to_owned(),
        icon: "dot".to_owned(),
        name: app.text(language, "answers-other", &[]),
        articles: of(None),
    });
    sections.retain(|section| !section.articles.is_empty());
    let data = Data { sections, ask: format!("/{lang}/report?kind=question"), phone: Call::to(&city.phone) };
    let title = app.text(language, "answers-title", &[]);
    app.show(&Page::new(language, "answers", title, "/answers", data))
}
