//! What is sent in a further language: `notice-…` of `texts/de.ftl`. Each is a message of Fluent with an attribute per form,
//! in the same words and marks as a template, and is read into one (see [`crate::template`]):
//!
//! ```text
//! notice-note =
//!     .mail =
//!         subject: A message about { $matter } ({ $reference })
//!
//!         { $name ->
//!             [yes] Hello { $name },
//!            *[no] Hello,
//!         }
//!
//!         > { $text }
//!
//!         {"["}Follow { $matter }]({ $link })
//!     .short = { $city }: …
//! ```
//!
//! Fluent gives `[`, `*` and `.` at the start of a line a meaning, so there they are written `{"["}`.

mod write;

pub use write::write;

use crate::render::{Form, file_of, templates};
use fluent_bundle::FluentResource;
use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Message, Pattern, PatternElement, Variant, VariantKey},
    unicode::unescape_unicode_to_string,
};
use schemas::{
    city::Files,
    fault::Fault,
    further::{self, Word},
    report::Language,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// What begins the key of everything that is sent.
pub const BEGIN: &str = "notice-";

/// The words of the notifier itself.
pub fn words() -> impl Iterator<Item = &'static Word> {
    let letters = crate::senders::letters::words::words();
    crate::wording::words().chain(letters)
}

/// Every key with its forms, each with the template in `language` as it comes with us.
pub fn notices(language: Language) -> BTreeMap<String, Vec<(&'static str, String)>> {
    let mut notices: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (event, form) in templates() {
        let (_, source) = file_of(&Files::new(), event, form, language);
        notices.entry(format!("{BEGIN}{event}")).or_default().push((form.name(), source));
    }
    notices
}

/// `files` with what the files of the further languages say in the place of templates, where the folder `templates/` has none
/// of its own; and what is wrong with it, as far as it shows without what is filled in.
pub(crate) fn complete(files: &Files) -> (Cow<'_, Files>, Vec<Fault>) {
    let mut complete = Cow::Borrowed(files);
    let mut faults = Vec::new();
    for language in further::languages(files) {
        let file = further::file_of(language);
        let Some(text) = files.get(&file) else { continue };
        let (resource, _) = further::read(text);
        for ((event, form), source) in read(&file, text, &resource, &mut faults) {
            let path = format!("templates/{event}/{form}.{}.hbs", language.as_str());
            if !files.contains_key(&path) {
                complete.to_mut().insert(path, source.into());
            }
        }
    }
    (complete, faults)
}

/// `faults`, of which those in a template that no file holds are told of the file and the line that it was made of.
pub(crate) fn placed(files: &Files, faults: Vec<Fault>) -> Vec<Fault> {
    // What follows from a condition that was refused is told with it.
    let follows = |fault: &Fault| fault.message.contains("without an open");
    let others: BTreeSet<String> = faults.iter().filter(|one| !follows(one)).map(|one| one.file.clone()).collect();
    let is_told = |one: &Fault| !(follows(one) && named(&one.file).is_some() && others.contains(&one.file));
    let faults = faults.into_iter().filter(is_told).collect::<Vec<_>>();
    let place = |mut fault: Fault| {
        if !files.contains_key(&fault.file)
            && let Some((event, form, language)) = named(&fault.file)
            && let Some(text) = files.get(&further::file_of(language))
        {
            fault.message = format!("`{BEGIN}{event}`, `.{form}`, line {} of it: {}", fault.line, fault.message);
            (fault.file, fault.line, fault.column) = (further::file_of(language), line(text, event), 1);
        }
        fault
    };
    faults.into_iter().map(place).collect()
}

/// `templates/note/mail.de.hbs` as its event, form and language, where that is a further one.
fn named(path: &str) -> Option<(&str, &str, Language)> {
    let (event, file) = path.strip_prefix("templates/")?.split_once('/')?;
    let (form, language) = file.strip_suffix(".hbs")?.split_once('.')?;
    Some((event, form, Language::parse(language).filter(|language| !language.is_built_in())?))
}

/// The line on which a notice begins.
fn line(text: &str, event: &str) -> usize {
    let key = format!("{BEGIN}{event}");
    let begins = |line: &str| line.split('=').next().is_some_and(|name| name.trim_end() == key);
    text.lines().position(begins).map_or(0, |at| at + 1)
}

/// Every template of a file, by event and form.
fn read(
    file: &str,
    text: &str,
    resource: &FluentResource,
    faults: &mut Vec<Fault>,
) -> BTreeMap<(String, &'static str), String> {
    let known: BTreeSet<(&str, &str)> = templates().map(|(event, form)| (event, form.name())).collect();
    let mut found = BTreeMap::new();
    for entry in resource.entries() {
        let Entry::Message(Message { id, attributes, value, .. }) = entry else { continue };
        let Some(event) = id.name.strip_prefix(BEGIN) else { continue };
        let forms = || known.iter().filter(|(of, _)| *of == event).map(|(_, form)| format!("`.{form}`"));
        if value.is_some() {
            let help = format!("write it as {}, below the key", forms().collect::<Vec<_>>().join(" and "));
            let message = format!("`{BEGIN}{event}` has words that are no form of it");
            faults.push(Fault::error(file, (line(text, event), 1), message, help));
        }
        for (_, form) in
            known.iter().filter(|(of, form)| *of == event && !attributes.iter().any(|a| a.id.name == *form))
        {
            let message = format!("`{BEGIN}{event}` has no `.{form}`, which is said in English");
            let help = "`voordeur texts` adds it for you to translate";
            faults.push(Fault::error(file, (line(text, event), 1), message, help).warning());
        }
        for attribute in attributes {
            let form = attribute.id.name;
            let at = (line(text, event), 1);
            let Some((_, form)) = known.iter().find(|known| **known == (event, form)) else {
                let message = format!("`{BEGIN}{event}` has no form `.{form}`");
                let help = format!("it has {}", forms().collect::<Vec<_>>().join(" and "));
                faults.push(Fault::error(file, at, message, help));
                continue;
            };
            let Some(form) = Form::ALL.into_iter().find(|known| known.name() == *form) else { continue };
            let mut source = String::new();
            match template(&attribute.value, &mut source) {
                Ok(()) => drop(found.insert((event.to_owned(), form.name()), source)),
                Err(why) => {
                    let message = format!("`{BEGIN}{event}`, `.{}`: {why}", form.name());
                    faults.push(Fault::error(file, at, message, HELP));
                }
            }
        }
    }
    found
}

const HELP: &str = "write `{ $name }`, or `{ $name ->`, `[yes] …`, `*[no] …`, `}`, each on a line of its own";

/// Writes `pattern` to `out`, as a template.
fn template(pattern: &Pattern<&str>, out: &mut String) -> Result<(), String> {
    for (n, element) in pattern.elements.iter().enumerate() {
        let expression = match element {
            PatternElement::TextElement { value } => {
                out.push_str(value);
                continue;
            }
            PatternElement::Placeable { expression } => expression,
        };
        match expression {
            Expression::Inline(InlineExpression::VariableReference { id }) => {
                out.push_str(&format!("{{{{{}}}}}", id.name));
            }
            Expression::Inline(InlineExpression::StringLiteral { value }) => {
                out.push_str(&unescape_unicode_to_string(value));
            }
            Expression::Select { selector: InlineExpression::VariableReference { id }, variants } => {
                let next = match pattern.elements.get(n + 1) {
                    Some(PatternElement::TextElement { value }) => value.starts_with('\n'),
                    Some(PatternElement::Placeable { .. }) => false,
                    None => true,
                };
                let is_alone = next && (out.is_empty() || out.ends_with('\n'));
                choice(id.name, variants, is_alone, out)?;
            }
            _ => return Err("this is more of Fluent than what is sent can hold".to_owned()),
        }
    }
    Ok(())
}

/// Writes a choice to `out`: on lines of its own when it `is_alone`, or within one.
fn choice(name: &str, variants: &[Variant<&str>], is_alone: bool, out: &mut String) -> Result<(), String> {
    let said = |wanted: &str| -> Result<String, String> {
        let mut said = String::new();
        let is = |variant: &&Variant<&str>| matches!(variant.key, VariantKey::Identifier { name } if name == wanted);
        let variant = variants.iter().find(is).ok_or(format!("the choice of `${name}` has no `[{wanted}]`"))?;
        template(&variant.value, &mut said)?;
        Ok(said)
    };
    let (yes, no) = (said("yes")?, said("no")?);
    if variants.len() != 2 {
        return Err(format!("the choice of `${name}` has more than `[yes]` and `*[no]`"));
    }
    let is_long = yes.contains('\n') || no.contains('\n');
    if is_long && !is_alone {
        return Err(format!("the choice of `${name}` has several lines, so it stands on lines of its own"));
    }
    // One line or another is a line; what may be nothing, or is a block, is on lines of its own.
    let is_block = |said: &str| said.is_empty() || ["- ", "> ", "["].iter().any(|begin| said.starts_with(begin));
    let end = if is_alone && (is_long || is_block(&yes) || is_block(&no)) { "\n" } else { "" };
    let otherwise = if no.is_empty() { String::new() } else { format!("{{{{else}}}}{end}{no}{end}") };
    out.push_str(&format!("{{{{#if {name}}}}}{end}{yes}{end}{otherwise}{{{{/if}}}}"));
    Ok(())
}

#[cfg(test)]
mod tests;
