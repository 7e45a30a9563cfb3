//! The mail that tells several things together. Pure.

use crate::{
    render::{Form, RenderError, Rendered, Templates, file_of, whole_file},
    template::{self, Compiled, Use, Variables},
};
use handlebars::{Context, html_escape};
use schemas::{
    city::{City, Files},
    fault::Fault,
    report::Language,
    text,
};
use serde::Serialize;

/// The template.
const DIGEST: &str = "digest";

/// Where the news goes in the rendered mail; cleaned words never make a whole paragraph of it.
const ITEMS: &str = "\u{e001}";

/// What a digest is made of.
#[derive(Debug, Clone, Copy)]
pub struct Digest<'a> {
    /// The person's name.
    pub name: Option<&'a str>,
    /// The messages that are told, in the order they happened.
    pub items: &'a [Rendered],
    /// The page where they say what they do not want to hear any more.
    pub wishes: &'a str,
    /// The page where they read why they are told.
    pub why: &'a str,
    /// The page where they choose how often they hear.
    pub choices: &'a str,
}

/// The words of a digest.
#[derive(Serialize)]
pub(crate) struct DigestContext<'a> {
    pub(crate) name: Option<String>,
    pub(crate) items: &'static str,
    pub(crate) city: &'a str,
    pub(crate) phone: &'a str,
    pub(crate) wishes: &'a str,
    pub(crate) why: &'a str,
    pub(crate) choices: &'a str,
}

impl Templates {
    /// The mail that tells several things together, checked by a digest of one.
    pub(crate) fn add_digest(&mut self, city: &City, files: &Files, language: Language) -> Result<(), Vec<Fault>> {
        let (file, source) = file_of(files, DIGEST, Form::Mail, language);
        let always = ["items", "city", "phone", "wishes", "why", "choices"].map(|name| (name.to_owned(), Use::Always));
        let variables: Variables = always.into_iter().chain([("name".to_owned(), Use::Optional)]).collect();
        let compiled = template::compile(&file, &source, &variables, true)?;
        if compiled.text.matches("{{items}}").count() != 1 {
            return Err(vec![whole_file(&file, "the mail must hold `{{items}}` once, in a paragraph of its own")]);
        }
        let nothing = Compiled::default();
        let registered = self.register(DIGEST, language, &compiled, &nothing, &nothing, &nothing);
        registered.map_err(|why| vec![whole_file(&file, &why)])?;
        let (name, url) = (Some("Jo Voorbeeld"), "https://example.org");
        for name in [name, None] {
            let digest = Digest { name, items: &[], wishes: url, why: url, choices: url };
            let tried = self.render_digest(city, &digest, language);
            tried.map_err(|error| vec![whole_file(&file, &error.to_string())])?;
        }
        Ok(())
    }

    /// The mail that tells all of `digest` in `language`.
    pub fn render_digest(&self, city: &City, digest: &Digest<'_>, language: Language) -> Result<Rendered, RenderError> {
        let words = DigestContext {
            name: digest.name.and_then(crate::context::name),
            items: ITEMS,
            city: city.name(language),
            phone: &city.phone,
            wishes: digest.wishes,
            why: digest.why,
            choices: digest.choices,
        };
        let wrong = |error: handlebars::RenderError| RenderError::Template {
            template: format!("digest.{}", language.as_str()),
            why: error.to_string(),
        };
        let context = Context::wraps(&words).map_err(wrong)?;
        let mut made = self.render_parts(DIGEST, language, &context)?;
        let line = |item: &Rendered| text::clean_line(&item.short);
        let plain: Vec<String> = digest.items.iter().map(line).collect();
        made.text = made.text.replacen(ITEMS, &plain.join("\n\n"), 1);
        let rich = digest.items.iter().map(|item| {
            let (words, link) = (html_escape(&line(item)), html_escape(&item.link));
            // The link that stands in the words becomes one.
            words.replacen(&link, &format!("<a href=\"{link}\">{link}</a>"), 1)
        });
        let rich = rich.collect::<Vec<_>>().join("</p>\n<p>");
        made.html = made.html.replacen(ITEMS, &rich, 1);
        made.short = plain.first().cloned().unwrap_or_default();
        made.link = digest.choices.to_owned();
        Ok(made)
    }
}
