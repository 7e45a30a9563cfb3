//! Mails from templates: the words once, the text part and the HTML part made from them.
//!
//! The built-in templates are `notifier/templates/<event>/mail.<language>.hbs`; a city replaces
//! any of them by a file of the same name in its own `templates/`, and the frame around all mails
//! by `templates/layout.hbs`. How they are written: `crate::template`.

mod built_in;
mod lines;

pub(crate) use built_in::{BUILT_IN_LAYOUT, FOOT, Form, LAYOUT, file_of, templates};

use built_in::unknown_files;

use lines::{quote_html, quote_plain, tidy};

use crate::{
    colour,
    context::{self, Facts, MailContext, Sample},
    frame::{Frame, frame},
    further,
    paper::{self, Block},
    template::{self, Compiled, Use, Variables},
    versions::{self, Version},
};
use handlebars::{Context, Handlebars, html_escape, no_escape};
use schemas::{
    city::{City, Files},
    fault::{Fault, Severity},
    report::Language,
};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap};

/// A mail, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text, line ends as `\n`.
    pub text: String,
    /// The same words, a whole HTML document.
    pub html: String,
    /// What matters of them, in one line with the link.
    pub short: String,
    /// The page about it.
    pub link: String,
}

/// Why a notice could not be rendered. Names the template, never its words.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// There is no template for this event.
    #[error("the event `{0}` is not told by mail")]
    NotTold(&'static str),
    /// The template asks for something that is not there.
    #[error("the mail `{template}` could not be rendered: {why}")]
    Template {
        /// `event.language`
        template: String,
        /// What handlebars says.
        why: String,
    },
}

/// Every mail of a city, in every language.
#[derive(Debug)]
pub struct Templates {
    plain: Handlebars<'static>,
    html: Handlebars<'static>,
    frames: BTreeMap<Language, Frame>,
    versions: BTreeMap<(String, Language), Version>,
}

impl Templates {
    /// Reads the built-in templates and those of the city. They are there when no fault is an
    /// error; each fault names the file, the line, and what to write instead.
    pub fn read(city: &City) -> (Option<Self>, Vec<Fault>) {
        let mut faults = unknown_files(&city.files, &city.languages);
        let (files, wrong) = further::complete(&city.files);
        faults.extend(wrong);
        let mut templates = Self::empty();
        let (full, bare) = (context::samples(city, true), context::samples(city, false));
        let accent = colour::accent(&city.files);
        let further = city.languages.iter().copied().filter(|language| !language.is_built_in());
        for language in Language::BUILT_IN.into_iter().chain(further) {
            let layout = city.files.get(LAYOUT).map_or(BUILT_IN_LAYOUT, |own| own);
            match frame(city, layout, language, accent) {
                Ok(frame) => drop(templates.frames.insert(language, frame)),
                Err(fault) => faults.push(fault),
            }
            for added in [templates.add_digest(city, &files, language), templates.add_proof(city, &files, language)] {
                faults.extend(added.err().into_iter().flatten());
            }
            for (full, bare) in full.iter().zip(&bare) {
                if let Err(found) = templates.add(city, &files, language, full, bare) {
                    faults.extend(found);
                }
                let event = full.word();
                let version = versions::of(&files, event, language, accent);
                templates.versions.insert((event.to_owned(), language), version);
            }
        }
        let mut faults = further::placed(&city.files, faults);
        // A fault of the shared foot shows up with each mail.
        faults.sort_by(|a, b| (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message)));
        faults.dedup();
        let good = faults.iter().all(|fault| fault.severity != Severity::Error);
        (good.then_some(templates), faults)
    }

    fn empty() -> Self {
        let (plain, html) = (registry(no_escape), registry(html_escape));
        let mut empty = Self { plain, html, frames: BTreeMap::new(), versions: BTreeMap::new() };
        empty.plain.register_helper("quote", Box::new(quote_plain));
        empty.html.register_helper("quote", Box::new(quote_html));
        empty
    }

    /// The words of one event in one language as they once were: `version`, read again. The error is a
    /// sentence: this program has not the variables any more that they ask for.
    pub fn read_version(city: &City, event: &str, language: Language, version: &Version) -> Result<Self, String> {
        let (mut files, accent) = version.files();
        // What ends a letter on paper is none of the words that were kept.
        let now = if language.is_built_in() { Cow::Borrowed(&city.files) } else { further::complete(&city.files).0 };
        let (path, source) = file_of(&now, FOOT, Form::Letter, language);
        files.insert(path, source.into());
        let sample = |full| context::samples(city, full).into_iter().find(|sample| sample.word() == event);
        let (Some(full), Some(bare)) = (sample(true), sample(false)) else {
            return Err(format!("`{event}` is not told any more"));
        };
        let mut templates = Self::empty();
        let layout = files.get(LAYOUT).map_or(BUILT_IN_LAYOUT, |kept| kept);
        let say = |fault: &Fault| format!("{}:{}: {}", fault.file, fault.line, fault.message);
        templates.frames.insert(language, frame(city, layout, language, accent).map_err(|fault| say(&fault))?);
        let added = templates.add(city, &files, language, &full, &bare);
        added.map_err(|faults| faults.iter().map(say).collect::<Vec<_>>().join("; "))?;
        templates.versions.insert((event.to_owned(), language), version.clone());
        Ok(templates)
    }

    /// The version of every template in every language.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.values()
    }

    /// Which version of the words tells `event` in `language`; `None` when it is not told.
    pub fn version(&self, event: &str, language: Language) -> Option<&Version> {
        self.versions.get(&(event.to_owned(), language))
    }

    fn add(
        &mut self,
        city: &City,
        files: &Files,
        language: Language,
        full: &Sample,
        bare: &Sample,
    ) -> Result<(), Vec<Fault>> {
        let event = full.word();
        let variables = variables(city, language, full, bare);
        let (file, source) = file_of(files, event, Form::Mail, language);
        let body = template::compile(&file, &source, &variables, true);
        let (foot_file, foot_source) = file_of(files, FOOT, Form::Mail, language);
        let (short_file, short_source) = file_of(files, event, Form::Short, language);
        let short = template::compile(&short_file, &short_source, &variables, false);
        let foot = template::compile(&foot_file, &foot_source, &variables, false);
        let (letter_file, letter_source) = file_of(files, FOOT, Form::Letter, language);
        let letter = template::compile(&letter_file, &letter_source, &variables, false);
        let (body, foot, short, letter) = match (body, foot, short, letter) {
            (Ok(body), Ok(foot), Ok(short), Ok(letter)) => (body, foot, short, letter),
            (body, foot, short, letter) => {
                let wrong = [body.err(), foot.err(), short.err(), letter.err()];
                return Err(wrong.into_iter().flatten().flatten().collect());
            }
        };
        self.register(event, language, &body, &foot, &short, &letter).map_err(|why| vec![whole_file(&file, &why)])?;
        for sample in [full, bare] {
            let tried = self.render(city, "https://example.org", &sample.facts(), language);
            tried.map_err(|error| vec![whole_file(&file, &error.to_string())])?;
            for is_letter in [false, true] {
                let tried = self.paper(city, "https://example.org", &sample.facts(), language, is_letter);
                tried.map_err(|error| vec![whole_file(&file, &error.to_string())])?;
            }
        }
        Ok(())
    }

    pub(crate) fn register(
        &mut self,
        event: &str,
        language: Language,
        body: &Compiled,
        foot: &Compiled,
        short: &Compiled,
        letter: &Compiled,
    ) -> Result<(), String> {
        let [subject, mail, line, blocks] = names(event, language);
        let [_, _, _, foot_blocks] = names(FOOT, language);
        let say = |error: handlebars::TemplateError| error.to_string();
        self.plain.register_template_string(&subject, &body.subject).map_err(say)?;
        self.plain.register_template_string(&line, &short.text).map_err(say)?;
        self.plain.register_template_string(&mail, format!("{}{}", body.text, foot.text)).map_err(say)?;
        self.plain.register_template_string(&blocks, &body.paper).map_err(say)?;
        self.plain.register_template_string(&foot_blocks, &foot.paper).map_err(say)?;
        self.plain.register_template_string(&format!("{foot_blocks}.letter"), &letter.paper).map_err(say)?;
        self.html.register_template_string(&mail, format!("{}{}", body.html, foot.html)).map_err(say)
    }

    /// The words that tell `facts` in `language`. Links begin with `public_url` (no slash at its
    /// end).
    pub fn render(
        &self,
        city: &City,
        public_url: &str,
        facts: &Facts<'_>,
        language: Language,
    ) -> Result<Rendered, RenderError> {
        let event = facts.template();
        let words = context::of(city, public_url, facts, language).ok_or(RenderError::NotTold(event))?;
        let wrong = |error: handlebars::RenderError| RenderError::Template {
            template: format!("{event}.{}", language.as_str()),
            why: error.to_string(),
        };
        let context = filled(&words, language).map_err(wrong)?;
        let mut made = self.render_parts(event, language, &context)?;
        made.short = schemas::text::clean_line(&self.render_line(event, language, &context)?);
        made.link = words.common.link;
        Ok(made)
    }

    /// What fits in a text message.
    pub(crate) fn render_line(
        &self,
        template: &str,
        language: Language,
        context: &Context,
    ) -> Result<String, RenderError> {
        let [_, _, line, _] = names(template, language);
        let made = self.plain.render_with_context(&line, context);
        made.map_err(|error| RenderError::Template { template: line, why: error.to_string() })
    }

    /// The subject and both parts of a mail; what fits in a text message, and the link, are left to the caller.
    pub(crate) fn render_parts(
        &self,
        template: &str,
        language: Language,
        context: &Context,
    ) -> Result<Rendered, RenderError> {
        let [subject_name, mail, ..] = names(template, language);
        let wrong =
            |error: handlebars::RenderError| RenderError::Template { template: mail.clone(), why: error.to_string() };
        let subject =
            schemas::text::clean_line(&self.plain.render_with_context(&subject_name, context).map_err(wrong)?);
        let text = tidy(&self.plain.render_with_context(&mail, context).map_err(wrong)?);
        let body = self.html.render_with_context(&mail, context).map_err(wrong)?;
        let html = match self.frames.get(&language) {
            Some(frame) => frame.fill(&html_escape(&subject), &body),
            None => body,
        };
        Ok(Rendered { subject, text, html, short: String::new(), link: String::new() })
    }

    /// The same words as [`Templates::render`] as blocks, for what is printed or said: those of the event, and what
    /// ends a mail, or a letter on paper when `is_letter`.
    pub fn paper(
        &self,
        city: &City,
        public_url: &str,
        facts: &Facts<'_>,
        language: Language,
        is_letter: bool,
    ) -> Result<[Vec<Block>; 2], RenderError> {
        let event = facts.template();
        let words = context::of(city, public_url, facts, language).ok_or(RenderError::NotTold(event))?;
        let ([.., body], [.., foot]) = (names(event, language), names(FOOT, language));
        let foot = if is_letter { format!("{foot}.letter") } else { foot };
        let wrong = |name: &str, error: handlebars::RenderError| RenderError::Template {
            template: name.to_owned(),
            why: error.to_string(),
        };
        let context = filled(&words, language).map_err(|error| wrong(event, error))?;
        let made = |name: &str| match self.plain.render_with_context(name, &context) {
            Ok(text) => Ok(paper::read(&text)),
            Err(error) => Err(wrong(name, error)),
        };
        Ok([made(&body)?, made(&foot)?])
    }
}

/// What is filled in. From right to left each is a part of its own (UAX 9), or the two halves of a number change places.
fn filled(words: &MailContext<'_>, language: Language) -> Result<Context, handlebars::RenderError> {
    let mut context = Context::wraps(words)?;
    if language.is_right_to_left()
        && let Value::Object(values) = context.data_mut()
    {
        for (_, value) in values {
            // A link is followed as it stands.
            if let Value::String(text) = value
                && !text.is_empty()
                && !text.contains("://")
            {
                *text = format!("\u{2068}{text}\u{2069}");
            }
        }
    }
    Ok(context)
}

/// The names of the subject, the mail, the short form and the blocks on paper.
fn names(event: &str, language: Language) -> [String; 4] {
    let language = language.as_str();
    [
        format!("{event}.{language}.subject"),
        format!("{event}.{language}"),
        format!("{event}.{language}.{}", Form::Short.name()),
        format!("{event}.{language}.paper"),
    ]
}

/// A registry that refuses what it does not know. Text and HTML never share one: what is right in
/// one is an injection in the other.
pub(crate) fn registry(escape: fn(&str) -> String) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(escape);
    registry
}

/// What a template of this event may use, found by comparing a full sample with a bare one.
fn variables(city: &City, language: Language, full: &Sample, bare: &Sample) -> Variables {
    let object = |sample: &Sample| -> serde_json::Map<String, Value> {
        let context: Option<MailContext<'_>> = context::of(city, "https://example.org", &sample.facts(), language);
        match context.map(serde_json::to_value) {
            Some(Ok(Value::Object(object))) => object,
            _ => serde_json::Map::new(),
        }
    };
    let bare = object(bare);
    object(full)
        .into_iter()
        .map(|(name, value)| {
            let kind = match (value, bare.get(&name)) {
                (Value::Bool(_), _) => Use::Flag,
                (_, Some(Value::Null) | None) => Use::Optional,
                _ => Use::Always,
            };
            (name, kind)
        })
        .collect()
}

pub(crate) fn whole_file(file: &str, why: &str) -> Fault {
    Fault::error(file, (0, 0), why, "compare it with the template that comes with Voordeur")
}
