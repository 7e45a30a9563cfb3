//! What a resident's browser and an app do: over HTTP, as anybody would.

use super::{
    photo,
    stories::{Door, Story},
};
use crate::{city::Town, failure::Failure};
use anyhow::Context as _;
use reqwest::{StatusCode, header};
use schemas::{id::Ids, report::Language};
use std::time::{Duration, Instant};

/// A browser, an app, a department: whoever talks to the door.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
}

/// A report that was sent, and answered.
#[derive(Debug)]
pub struct Sent {
    /// The unguessable part of its tracking link.
    pub token: String,
    /// When it was sent.
    pub at: Instant,
    /// How long the answer took.
    pub took: Duration,
}

impl Client {
    /// For the hub at `url`.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(40))
            .build()?;
        Ok(Self { http, url: url.to_owned() })
    }

    /// A request to `path`.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// Sends `story` through its door.
    pub async fn send(&self, story: &Story, town: &Town, ids: &Ids) -> anyhow::Result<Sent> {
        match story.door {
            Door::Web => self.fill_in(story).await,
            Door::Api => self.post(story, town, ids).await,
        }
        .with_context(|| format!("the report about {} was not taken", story.category))
    }

    /// As a browser without JavaScript: fetches the form, fills it in, sends it.
    async fn fill_in(&self, story: &Story) -> anyhow::Result<Sent> {
        let at = Instant::now();
        let path = format!("/{}/report?category={}", story.language.as_str(), story.category);
        let page = self.request(reqwest::Method::GET, &path).send().await?.error_for_status()?.text().await?;
        let mut fields = vec![
            ("category", story.category.to_owned()),
            ("words", story.words.to_owned()),
            ("language", story.language.as_str().to_owned()),
        ];
        fields.extend(hidden(&page, "token").map(|token| ("token", token)));
        fields.extend(story.kind.map(|kind| ("kind", kind.as_str().to_owned())));
        fields.extend(story.address.map(|address| ("address", address.to_owned())));
        if let Some(point) = story.point {
            // As people copy it from a map in Dutch: with a comma.
            fields.push(("lat", point.lat.to_string().replace('.', ",")));
            fields.push(("lon", point.lon.to_string()));
        }
        match story.contact {
            Some((name, email)) => {
                fields.extend([("name", name.to_owned()), ("email", email.to_owned()), ("tell", "email".to_owned())])
            }
            None => fields.push(("tell", "nothing".to_owned())),
        }
        let answers: Vec<_> =
            story.answers.iter().map(|(id, value)| (format!("answer.{id}"), (*value).to_owned())).collect();
        let mut form = Form::new();
        for (name, value) in &fields {
            form.field(name, value);
        }
        for (name, value) in &answers {
            form.field(name, value);
        }
        if story.photo {
            form.file("photos", "put.jpg", "image/jpeg", &photo::jpeg()?);
        }
        let (kind, body) = form.end();
        let request = self
            .request(reqwest::Method::POST, &path)
            .header(header::CONTENT_TYPE, kind)
            .header(header::ORIGIN, &self.url)
            .header("sec-fetch-site", "same-origin")
            .body(body);
        let answer = request.send().await?;
        let status = answer.status();
        let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = answer.text().await?;
        let token =
            location.as_deref().and_then(token_in).or_else(|| status.is_success().then(|| token_in(&text)).flatten());
        match token {
            Some(token) => Ok(Sent { token, at, took: at.elapsed() }),
            None => Err(Failure::new(
                format!("the form at {path} answered {status} without a tracking link"),
                "open it in a browser to see why",
            )
            .into()),
        }
    }

    /// As an app: JSON with an idempotency key. The answer gets lost once, so it is sent twice.
    async fn post(&self, story: &Story, town: &Town, ids: &Ids) -> anyhow::Result<Sent> {
        let key = ids.new_id().to_string();
        let at = Instant::now();
        let (status, first) = self.post_once(story, &key).await?;
        let took = at.elapsed();
        if status != StatusCode::CREATED {
            return Err(Failure::new(
                format!("the API answered {status}: {first}"),
                format!("see GET {}/api/v1/categories of {}", self.url, town.city.name(Language::EN)),
            )
            .into());
        }
        let (_, second) = self.post_once(story, &key).await?;
        if first["reference"] != second["reference"] {
            return Err(Failure::new(
                format!(
                    "the same Idempotency-Key got two references: {} and {}",
                    first["reference"], second["reference"]
                ),
                "this is a fault of the hub",
            )
            .into());
        }
        let token =
            first["tracking_url"].as_str().and_then(token_in).context("the API answered without a tracking_url")?;
        Ok(Sent { token, at, took })
    }

    async fn post_once(&self, story: &Story, key: &str) -> anyhow::Result<(StatusCode, serde_json::Value)> {
        let answers: serde_json::Map<_, _> =
            story.answers.iter().map(|(id, value)| ((*id).to_owned(), (*value).into())).collect();
        let body = serde_json::json!({
            "kind": story.kind,
            "category": story.category,
            "words": story.words,
            "place": (story.address.is_some() || story.point.is_some()).then(|| serde_json::json!({"address": story.address, "point": story.point})),
            "answers": answers,
            "contact": story.contact.map(|(name, email)| serde_json::json!({"name": name, "email": email})),
            "language": story.language,
            "tell": if story.contact.is_some() { "email" } else { "nothing" },
        });
        let answer = self
            .request(reqwest::Method::POST, "/api/v1/reports")
            .header("idempotency-key", key)
            .json(&body)
            .send()
            .await?;
        Ok((answer.status(), answer.json().await?))
    }
}

/// The value of the hidden field `name` of a form.
fn hidden(page: &str, name: &str) -> Option<String> {
    let wanted = format!("name=\"{name}\"");
    let tag =
        page.split("<input").skip(1).find_map(|rest| rest.split('>').next().filter(|tag| tag.contains(&wanted)))?;
    tag.split("value=\"").nth(1)?.split('"').next().filter(|value| !value.is_empty()).map(str::to_owned)
}

/// The unguessable part of the tracking link in `text`: what follows `/t/`.
fn token_in(text: &str) -> Option<String> {
    text.split("/t/").skip(1).find_map(|rest| {
        let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        (token.len() >= 20).then_some(token)
    })
}

/// A `multipart/form-data` body (RFC 7578).
struct Form {
    boundary: &'static str,
    body: Vec<u8>,
}

impl Form {
    fn new() -> Self {
        Self { boundary: "voordeur-demo-8d1f4c2ab7", body: Vec::new() }
    }

    fn field(&mut self, name: &str, value: &str) {
        let head = format!("--{}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n", self.boundary);
        self.body.extend(head.bytes().chain(value.bytes()).chain(*b"\r\n"));
    }

    fn file(&mut self, name: &str, file: &str, kind: &str, bytes: &[u8]) {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: {kind}\r\n\r\n",
            self.boundary
        );
        self.body.extend(head.bytes().chain(bytes.iter().copied()).chain(*b"\r\n"));
    }

    fn end(mut self) -> (String, Vec<u8>) {
        self.body.extend(format!("--{}--\r\n", self.boundary).bytes());
        (format!("multipart/form-data; boundary={}", self.boundary), self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_browser_would() {
        let page = "<form><input type=\"hidden\" name=\"token\" value=\"abc\"><input name=\"x\" value=\"\">";
        assert_eq!(hidden(page, "token").as_deref(), Some("abc"));
        assert_eq!(hidden(page, "x"), None);
        assert_eq!(
            token_in("https://x/nl/t/abcdefghijklmnopqrstuvwxyz?new=1").as_deref(),
            Some("abcdefghijklmnopqrstuvwxyz")
        );
        assert_eq!(token_in("/t/short"), None);
    }
}
