//! Templates and texts become HTML. One registry per language, so that no template has to know
//! which one it speaks; strict, so that a missing field is an error and never an empty spot.

use crate::{
    app::App,
    assets::Assets,
    problem::Shaped,
    staff::Menu,
    texts::{NoText, Texts},
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use fluent_bundle::{FluentArgs, FluentValue};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy as _, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable as _, ScopedJson,
};
use rust_embed::RustEmbed;
use schemas::{city::Files, report::Language};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

#[derive(RustEmbed)]
#[folder = "templates"]
struct Templates;

/// The pages on which people tell the city something: in the letters of text alone, headings too, so that they come over
/// a slow line at once.
const LIGHT: [&str; 6] = ["begin", "check", "choose", "near", "offline", "report"];

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum NoPage {
    /// A template cannot be read.
    #[error(transparent)]
    Template(#[from] Box<handlebars::TemplateError>),
    /// A template met something it was not given.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A text is missing.
    #[error(transparent)]
    Text(#[from] NoText),
}

/// Templates and texts in every language.
pub struct Face {
    registries: BTreeMap<Language, Handlebars<'static>>,
    /// The texts, for titles and messages that are made in code.
    pub texts: Arc<Texts>,
}

/// One page, before it has its frame.
pub struct Page<T> {
    /// In which language.
    pub language: Language,
    /// A file of `templates/`, without its ending.
    pub template: &'static str,
    /// What the browser's title bar says, before the name of the city.
    pub title: String,
    /// The address after `/{lang}`, for the links to the other languages; `None` = no such links.
    pub here: Option<String>,
    /// Behind a secret link: not for search engines, caches or the next site's `Referer`.
    pub private: bool,
    /// What stands above it for people of the city who are logged in.
    pub menu: Option<Menu>,
    /// A file of `static/` that makes the page quicker to work with; it works without.
    pub script: Option<&'static str>,
    /// The status.
    pub status: StatusCode,
    /// What the template is given.
    pub data: T,
}

impl<T: Serialize> Page<T> {
    /// A public page with status 200.
    pub fn new(language: Language, template: &'static str, title: String, here: impl Into<String>, data: T) -> Self {
        Self {
            language,
            template,
            title,
            here: Some(here.into()),
            private: false,
            menu: None,
            script: None,
            status: StatusCode::OK,
            data,
        }
    }

    /// The same page, behind a secret link.
    pub fn private(self) -> Self {
        Self { private: true, ..self }
    }

    /// The same page with another status.
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

#[derive(Serialize)]
struct Frame<'a> {
    lang: &'a str,
    title: &'a str,
    city: &'a str,
    phone: &'a str,
    tel: String,
    email: &'a str,
    attribution: &'a [String],
    languages: Vec<OtherLanguage>,
    assets: String,
    fonts: Vec<String>,
    light: bool,
    theme: bool,
    brand_colour: &'a str,
    logo: Option<String>,
    private: bool,
    letterbox: bool,
    menu: Option<&'a Menu>,
    maintenance: Option<String>,
    script: Option<&'static str>,
    body: &'a str,
}

#[derive(Serialize)]
struct OtherLanguage {
    code: &'static str,
    name: String,
    href: String,
    current: bool,
}

impl Face {
    /// Reads the embedded templates and texts.
    pub fn new(assets: Arc<Assets>, files: &Files) -> Result<Self, NoPage> {
        let texts = Arc::new(Texts::of(files)?);
        let mut registries = BTreeMap::new();
        for language in texts.languages() {
            let mut registry = Handlebars::new();
            registry.set_strict_mode(true);
            // Or a partial's place in its template would indent what somebody wrote in a textarea.
            registry.set_prevent_indent(true);
            registry.register_helper("t", Box::new(Say { texts: texts.clone(), language }));
            registry.register_helper("if", Box::new(If { wanted: true }));
            registry.register_helper("unless", Box::new(If { wanted: false }));
            registry.register_helper("icon", Box::new(Icon(assets.clone())));
            registry.register_helper("dir", Box::new(Direction(language)));
            for name in Templates::iter() {
                let Some(template) = name.strip_suffix(".hbs") else { continue };
                let file = Templates::get(&name).map(|file| file.data).unwrap_or_default();
                registry.register_template_string(template, String::from_utf8_lossy(&file)).map_err(Box::new)?;
            }
            registries.insert(language, registry);
        }
        Ok(Self { registries, texts })
    }

    /// `template` with `data`, in `language`.
    pub fn render(&self, language: Language, template: &str, data: &impl Serialize) -> Result<String, NoPage> {
        let registry = self
            .registries
            .get(&language)
            .ok_or_else(|| NoText::Missing { key: template.to_owned(), language: language.as_str() })?;
        Ok(registry.render(template, data)?)
    }

    /// The text `key`; the key itself when it is missing, which a test prevents.
    pub fn text(&self, language: Language, key: &str, args: &[(&str, &str)]) -> String {
        self.texts.get(language, key, args).unwrap_or_else(|error| {
            tracing::error!(%error, "a text is missing");
            key.to_owned()
        })
    }
}

impl Face {
    /// What `of` is called in `language`: `Frans`; a further one as it calls itself.
    pub fn name_of(&self, language: Language, of: Language) -> String {
        match of.is_built_in() {
            true => self.text(language, &format!("language-{}", of.as_str()), &[]),
            false => self.text(of, "language-name", &[]),
        }
    }
}

impl App {
    /// The text `key` in `language`.
    pub fn text(&self, language: Language, key: &str, args: &[(&str, &str)]) -> String {
        self.face.text(language, key, args)
    }

    /// What `language` calls itself: `Nederlands`.
    pub fn language_name(&self, language: Language) -> String {
        self.face.text(language, "language-name", &[])
    }

    /// `page` in its frame.
    pub fn html<T: Serialize>(&self, page: &Page<T>) -> Result<String, NoPage> {
        let body = self.face.render(page.language, page.template, &page.data)?;
        let city = &self.site.city;
        let languages = page.here.iter().flat_map(|here| {
            self.languages().iter().map(move |language| OtherLanguage {
                code: language.as_str(),
                name: self.language_name(*language),
                href: format!("/{}{here}", language.as_str()),
                current: *language == page.language,
            })
        });
        let light = LIGHT.contains(&page.template);
        let frame = Frame {
            lang: page.language.as_str(),
            title: &page.title,
            city: city.name(page.language),
            phone: &city.phone,
            tel: tel(&city.phone),
            email: &city.email,
            attribution: &city.attribution,
            languages: languages.collect(),
            assets: self.assets.root(),
            fonts: self.assets.fonts(light),
            light,
            theme: self.assets.has_theme(),
            brand_colour: self.assets.brand(),
            logo: self.assets.logo(),
            private: page.private,
            letterbox: self.site.config.letterbox,
            menu: page.menu.as_ref(),
            maintenance: self.maintenance(page.language),
            script: page.script,
            body: &body,
        };
        self.face.render(page.language, "frame", &frame)
    }

    /// `page` as a response.
    pub fn show<T: Serialize>(&self, page: &Page<T>) -> Response {
        let html = match self.html(page) {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, template = page.template, "a page cannot be shown");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let mut response = (page.status, Html(html)).into_response();
        let headers = response.headers_mut();
        let keep = if page.private || page.status != StatusCode::OK { "private, no-store" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        if page.private {
            headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(page.language.as_str()));
        response.extensions_mut().insert(Shaped);
        response
    }
}

/// `phone` as a `tel:` address: digits, and a plus at the start.
pub fn tel(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// `{{t "key" name=value}}`: the text `key`. It returns a value instead of writing, so that
/// handlebars escapes it, arguments and all.
struct Say {
    texts: Arc<Texts>,
    language: Language,
}

impl HelperDef for Say {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let key = helper
            .param(0)
            .and_then(|param| param.value().as_str())
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("t", 0))?;
        let mut args = FluentArgs::new();
        for (name, value) in helper.hash() {
            if value.is_value_missing() {
                return Err(RenderErrorReason::MissingVariable(Some((*name).to_owned())).into());
            }
            let value = match value.value() {
                Value::Number(number) => FluentValue::from(number.as_f64().unwrap_or_default()),
                Value::String(text) => FluentValue::from(text.clone()),
                other => FluentValue::from(other.to_string()),
            };
            args.set((*name).to_owned(), value);
        }
        let text = self.texts.say(self.language, key, &args).map_err(|e| RenderErrorReason::Other(e.to_string()))?;
        Ok(ScopedJson::Derived(Value::String(text)))
    }
}

/// `{{#if …}}` and `{{#unless …}}` that hold strict mode too: the built-in ones take a field that
/// does not exist for one that is empty, and half a page would be missing without a word.
struct If {
    wanted: bool,
}

impl HelperDef for If {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let param = helper.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("if", 0))?;
        if param.is_value_missing() {
            return Err(RenderErrorReason::MissingVariable(param.relative_path().cloned()).into());
        }
        let block = if param.value().is_truthy(false) == self.wanted { helper.template() } else { helper.inverse() };
        block.map_or(Ok(()), |block| block.render(registry, context, render, out))
    }
}

/// `{{dir}}`: the attribute of what is written from right to left, nothing otherwise.
struct Direction(Language);

impl HelperDef for Direction {
    fn call<'reg: 'rc, 'rc>(
        &self,
        _: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        if self.0.is_right_to_left() {
            out.write(" dir=\"rtl\"")?;
        }
        Ok(())
    }
}

/// `{{icon "road"}}`: the picture as inline SVG. Our own files only, so it is written as it is.
struct Icon(Arc<Assets>);

impl HelperDef for Icon {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let name = helper
            .param(0)
            .and_then(|param| param.value().as_str())
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("icon", 0))?;
        out.write(self.0.icon(name))?;
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Every template with its text.
    pub(crate) fn templates() -> BTreeMap<String, String> {
        Templates::iter()
            .map(|name| {
                let text = String::from_utf8(Templates::get(&name).unwrap().data.into_owned()).unwrap();
                (name.strip_suffix(".hbs").unwrap().to_owned(), text)
            })
            .collect()
    }

    /// The first quoted argument of every `{{helper "…"` in `text`.
    fn literals<'a>(text: &'a str, helper: &str) -> Vec<&'a str> {
        text.split(helper).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn templates_name_only_texts_and_icons_that_exist() {
        let texts = Texts::read().unwrap();
        let assets = Assets::of(&crate::tests::city());
        for (name, text) in templates() {
            for key in literals(&text, "{{t \"").into_iter().chain(literals(&text, "(t \"")) {
                for language in Language::BUILT_IN {
                    assert!(texts.has(language, key), "{name}: {key} in {}", language.as_str());
                }
            }
            for icon in literals(&text, "{{icon \"") {
                assert!(assets.has_icon(icon), "{name}: icon {icon}");
            }
            let is_file = |script: &str| {
                let (tag, rest) = script.split_once('>').unwrap_or_default();
                tag.starts_with(" type=\"module\" src=\"{{") && rest.starts_with("</script>")
            };
            let scripts = text.split("<script").skip(1).all(is_file);
            assert!(!text.contains("style=") && scripts, "{name}: nothing inline");
        }
    }

    #[test]
    fn arguments_are_escaped() {
        let assets = Arc::new(Assets::of(&crate::tests::city()));
        let mut face = Face::new(assets, &Files::new()).unwrap();
        let registry = face.registries.get_mut(&Language::NL).unwrap();
        registry.register_template_string("x", r#"{{t "photo-alt" number=n}}"#).unwrap();
        let html = face.render(Language::NL, "x", &serde_json::json!({"n": "<b>&"})).unwrap();
        assert!(html.contains("&lt;b&gt;&amp;") && !html.contains("<b>"), "{html}");
        assert!(face.render(Language::NL, "x", &serde_json::json!({})).is_err());
        let registry = face.registries.get_mut(&Language::NL).unwrap();
        registry.register_template_string("y", "{{#if n}}a{{else}}b{{/if}}{{#unless n}}c{{/unless}}").unwrap();
        for (n, expected) in
            [(serde_json::json!(null), "bc"), (serde_json::json!([]), "bc"), (serde_json::json!(1), "a")]
        {
            assert_eq!(face.render(Language::NL, "y", &serde_json::json!({"n": n})).unwrap(), expected);
        }
        assert!(face.render(Language::NL, "y", &serde_json::json!({})).is_err());
    }
}
