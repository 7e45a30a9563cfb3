//! The message by which somebody proves that an address is theirs. Pure.

use crate::{
    render::{Form, RenderError, Rendered, Templates, file_of, whole_file},
    template::{self, Compiled, Use, Variables},
};
use handlebars::Context;
use schemas::{
    city::{City, Files},
    fault::Fault,
    report::Language,
    text,
};
use serde::Serialize;

/// The template.
const PROOF: &str = "proof";

/// What the message is made of.
#[derive(Debug, Clone, Copy)]
pub struct ProofWords<'a> {
    /// What they asked to hear of, in words of the city; `None`: nothing yet.
    pub what: Option<&'a str>,
    /// Whether the address is added to the choices of somebody.
    pub adds: bool,
    /// Six digits.
    pub code: &'a str,
    /// The page with the button.
    pub link: &'a str,
}

#[derive(Serialize)]
struct ProofContext<'a> {
    what: Option<&'a str>,
    adds: bool,
    /// They asked for nothing but their choices.
    opens: bool,
    code: &'a str,
    link: &'a str,
    hours: u32,
    minutes: u32,
    city: &'a str,
    phone: &'a str,
}

impl Templates {
    /// The message by which somebody proves an address, checked by samples.
    pub(crate) fn add_proof(&mut self, city: &City, files: &Files, language: Language) -> Result<(), Vec<Fault>> {
        let always = ["code", "link", "hours", "minutes", "city", "phone"].map(|name| (name.to_owned(), Use::Always));
        let flags = ["adds", "opens"].map(|name| (name.to_owned(), Use::Flag));
        let what = [("what".to_owned(), Use::Optional)];
        let variables: Variables = always.into_iter().chain(flags).chain(what).collect();
        let (file, source) = file_of(files, PROOF, Form::Mail, language);
        let (short_file, short_source) = file_of(files, PROOF, Form::Short, language);
        let mail = template::compile(&file, &source, &variables, true)?;
        let short = template::compile(&short_file, &short_source, &variables, false)?;
        for (file, text) in [(&file, &mail.text), (&short_file, &short.text)] {
            if !text.contains("{{code}}") {
                return Err(vec![whole_file(file, "the message must hold `{{code}}`: without it nobody can go on")]);
            }
        }
        if !mail.text.contains("{{link}}") {
            return Err(vec![whole_file(&file, "the mail must hold `{{link}}`: it is good for longer than the code")]);
        }
        let nothing = Compiled::default();
        let registered = self.register(PROOF, language, &mail, &nothing, &short, &nothing);
        registered.map_err(|why| vec![whole_file(&file, &why)])?;
        for (what, adds) in [(Some("Sample"), false), (None, true), (None, false)] {
            let words = ProofWords { what, adds, code: "012345", link: "https://example.org/nl/proven/abc" };
            let tried = self.render_proof(city, &words, language);
            tried.map_err(|error| vec![whole_file(&file, &error.to_string())])?;
        }
        Ok(())
    }

    /// The message that says `words` in `language`.
    pub fn render_proof(
        &self,
        city: &City,
        words: &ProofWords<'_>,
        language: Language,
    ) -> Result<Rendered, RenderError> {
        let ProofWords { what, adds, code, link } = *words;
        let (hours, minutes) = (city.proving.link, city.proving.code);
        let (city, phone, opens) = (city.name(language), &city.phone, what.is_none() && !adds);
        let words = ProofContext { what, adds, opens, code, link, hours, minutes, city, phone };
        let wrong = |error: handlebars::RenderError| RenderError::Template {
            template: format!("{PROOF}.{}", language.as_str()),
            why: error.to_string(),
        };
        let context = Context::wraps(&words).map_err(wrong)?;
        let mut made = self.render_parts(PROOF, language, &context)?;
        made.short = text::clean_line(&self.render_line(PROOF, language, &context)?);
        made.link = link.to_owned();
        Ok(made)
    }
}
