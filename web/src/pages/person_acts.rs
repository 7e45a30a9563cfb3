//! What the buttons of `/{lang}/p/{token}` do. Each sends the same form: what to do, and with what.

use super::{
    Lang, Oops, ask,
    patch::{Drawn, label},
    person::{Just, Seen, page, target},
    places::Typed,
    wishes::Link,
};
use crate::{app::App, guard::rate::Caller};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use notifier::mine::{Deed, Done};
use schemas::{
    notice::Scope,
    patch::{Patch, WrongPatch},
    place::Point,
    proof::{Target, WantedPlace, Wants},
    text,
    way::Way,
};
use serde::Deserialize;
use store::AddressKey;

/// The most characters of a street.
const MOST_OF_STREET: usize = 200;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default, rename = "do")]
    deed: String,
    #[serde(default)]
    way: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    target: String,
    /// A target as one text.
    #[serde(default)]
    what: String,
    #[serde(default)]
    sure: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    place_words: String,
    #[serde(default)]
    place_label: String,
    #[serde(default)]
    place_radius: Option<String>,
    #[serde(default)]
    spot: String,
    #[serde(default)]
    drawn: String,
    #[serde(default)]
    drawn_radius: String,
    #[serde(default)]
    drawn_label: String,
    #[serde(default)]
    street: String,
    #[serde(default)]
    lat: String,
    #[serde(default)]
    lon: String,
}

impl Said {
    fn key(&self) -> Option<AddressKey> {
        let is_key = self.key.len() == 64 && self.key.bytes().all(|b| b.is_ascii_hexdigit());
        Way::parse(&self.way).filter(|_| is_key).map(|way| AddressKey { way, key: self.key.clone() })
    }

    fn target(&self) -> Option<Target> {
        target(&format!("{}.{}", self.scope, self.target))
    }

    fn place(&self) -> Typed {
        let (words, spot, label) = (self.place_words.clone(), self.spot.clone(), self.place_label.clone());
        Typed { words, spot, label, radius: self.place_radius.clone() }
    }

    fn drawn(&self) -> Drawn {
        let (points, radius) = (self.drawn.clone(), self.drawn_radius.clone());
        Drawn { points, radius, label: self.drawn_label.clone() }
    }

    /// The place that was removed just now; `None` when the form was not made by us.
    fn removed(&self) -> Option<WantedPlace> {
        let degrees = |text: &str| text.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
        let patch = match self.drawn.is_empty() {
            true => None,
            false => Some(Patch::read(&self.drawn, Some(&self.drawn_radius)).ok()?),
        };
        let point = Point { lat: degrees(&self.lat)?, lon: degrees(&self.lon)? };
        let street: String = text::clean_line(&self.street).chars().take(MOST_OF_STREET).collect();
        let street = Some(street).filter(|street| !street.is_empty());
        Some(WantedPlace { label: label(&self.place_label), point, street, patch })
    }

    /// What to do; `None` when no form of ours says it.
    fn read(&self) -> Option<Deed> {
        let sure = self.sure == "yes";
        Some(match self.deed.as_str() {
            "up" | "down" => Deed::Move { key: self.key()?, up: self.deed == "up" },
            "drop" => Deed::Drop { key: self.key()?, sure },
            "follow" => Deed::Follow(self.target()?),
            "unfollow" => Deed::Unfollow(self.target()?),
            "silence" => {
                Deed::Silence(target(&self.what).filter(|what| !matches!(what.scope, Scope::Area | Scope::Place))?)
            }
            "speak" => Deed::Speak(self.target()?),
            "name_place" => Deed::NamePlace(self.place.parse().ok()?, label(&self.place_label)),
            "forget" if sure => Deed::Forget,
            _ => return None,
        })
    }
}

pub(super) async fn send(
    State(app): State<App>,
    Lang(language): Lang,
    Path(link): Path<Link>,
    Extension(caller): Extension<Caller>,
    Form(said): Form<Said>,
) -> Result<Response, Oops> {
    let (token, lang) = (link.token.as_str(), language.as_str());
    let to = |query: &str| Redirect::to(&format!("/{lang}/p/{token}{query}")).into_response();
    match said.deed.as_str() {
        "add" => {
            let opened = app.mine().look(token).await?.ok_or(Oops::Missing)?;
            let (person, wants) = (Some(opened.person.id), Wants::default());
            return match ask::send(&app, caller, language, &said.address, person, wants).await? {
                Some(answer) => Ok(answer),
                None => {
                    let just = Just { typed: Some(said.address), ..Just::default() };
                    page(&app, language, token, Seen::default(), just).await
                }
            };
        }
        "forget" if said.sure != "yes" => {
            return page(&app, language, token, Seen::default(), Just { leaving: true, ..Just::default() }).await;
        }
        // Nothing was ticked.
        "silence" if said.what.is_empty() => return Ok(to("")),
        _ => {}
    }
    let again = |just| page(&app, language, token, Seen::default(), just);
    match said.deed.as_str() {
        "find_place" => return again(Just { place: said.place(), ..Just::default() }).await,
        "add_place" => {
            let place = said.place();
            let Some(wanted) = place.wanted(&app).await else {
                return again(Just { place, unchosen: true, ..Just::default() }).await;
            };
            return match app.mine().act(token, Deed::AddPlace(wanted)).await?.ok_or(Oops::Missing)? {
                Done::Full => again(Just { place, full: true, ..Just::default() }).await,
                _ => Ok(to("?kept=1#places")),
            };
        }
        "add_drawn" => {
            let drawn = said.drawn();
            let wanted = match drawn.wanted(&app, language).and_then(|wanted| wanted.ok_or(WrongPatch::Few)) {
                Ok(wanted) => wanted,
                Err(faulty) => return again(Just { drawn, faulty: Some(faulty), ..Just::default() }).await,
            };
            return match app.mine().act(token, Deed::AddPlace(wanted)).await?.ok_or(Oops::Missing)? {
                Done::Full => again(Just { full: true, ..Just::default() }).await,
                _ => Ok(to("?kept=1#places")),
            };
        }
        "restore_place" => {
            let wanted = said.removed().ok_or(Oops::Status(StatusCode::BAD_REQUEST))?;
            return match app.mine().act(token, Deed::AddPlace(wanted)).await?.ok_or(Oops::Missing)? {
                Done::Full => again(Just { full: true, ..Just::default() }).await,
                _ => Ok(to("?kept=1#places")),
            };
        }
        "drop_place" => {
            let id = said.place.parse().map_err(|_| Oops::Status(StatusCode::BAD_REQUEST))?;
            if said.sure != "yes" {
                return again(Just { drop: Some(id), ..Just::default() }).await;
            }
            let opened = app.mine().look(token).await?.ok_or(Oops::Missing)?;
            // Gone before: there is nothing to bring back.
            let Some(place) = opened.places.into_iter().find(|place| place.id == id) else { return Ok(to("?kept=1")) };
            app.mine().act(token, Deed::DropPlace(id)).await?.ok_or(Oops::Missing)?;
            return again(Just { dropped: Some(place), ..Just::default() }).await;
        }
        _ => {}
    }
    let deed = said.read().ok_or(Oops::Status(StatusCode::BAD_REQUEST))?;
    let off = match &deed {
        Deed::Unfollow(Target { scope, target }) => {
            let query: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
            Some(format!("?off={}.{query}", scope.as_str()))
        }
        _ => None,
    };
    match app.mine().act(token, deed).await?.ok_or(Oops::Missing)? {
        Done::Kept | Done::Full => Ok(to(off.as_deref().unwrap_or("?kept=1"))),
        Done::Last => {
            let just = Just { last: Some(said.key), ..Just::default() };
            page(&app, language, token, Seen::default(), just).await
        }
        Done::Gone => Ok(Redirect::to(&format!("/{lang}/forgotten")).into_response()),
    }
}
