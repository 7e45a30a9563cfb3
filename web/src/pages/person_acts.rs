//! What the buttons of `/{lang}/p/{token}` do. Each sends the same form: what to do, and with what.

use super::{
    Lang, Oops, ask,
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
    proof::{Target, Wants},
    way::Way,
};
use serde::Deserialize;
use store::AddressKey;

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
    spot: String,
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
        Typed { words, spot, label }
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
            "drop_place" if sure => Deed::DropPlace(self.place.parse().ok()?),
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
        "drop_place" if said.sure != "yes" => {
            return again(Just { drop: said.place.parse().ok(), ..Just::default() }).await;
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
