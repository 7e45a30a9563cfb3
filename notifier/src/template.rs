//! The form that mails are written in: every word once, both parts made from it.
//!
//! ```text
//! subject: {{department}} works on {{matter}} ({{reference}})
//!
//! {{#if name}}Hello {{name}},{{else}}Hello,{{/if}}
//!
//! A paragraph: lines that follow each other are one.
//!
//! - A fact: {{reference}}
//! {{#if place}}
//! - Shown when there is one: {{place}}
//! {{/if}}
//!
//! > {{text}}
//!
//! [A button]({{link}})
//!
//! - [A link, less loud]({{link}})
//! ```
//!
//! Blocks are parted by empty lines. `{{#if x}}`, `{{else}}` and `{{/if}}` stand in a line, or alone
//! on one to wrap blocks. `> {{x}}` quotes what somebody else wrote, lines and all. A line
//! `{{!-- … --}}` is for whoever edits the file.
//!
//! [`compile`] checks all of it against the variables that the mail will have, also in branches
//! that no sample takes, and turns it into handlebars source for the two parts.

use crate::paper;
use handlebars::html_escape;
use schemas::fault::Fault;
use std::collections::BTreeMap;

/// A line end in the source of the text part: handlebars swallows real ones around blocks, and
/// cleaned text never holds this character (see [`schemas::text::clean`]).
pub(crate) const LINE: char = '\u{2028}';

/// How a template may use a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Always there.
    Always,
    /// Only shown inside `{{#if x}}`.
    Optional,
    /// Yes or no: only asked about.
    Flag,
}

/// The variables of one mail.
pub(crate) type Variables = BTreeMap<String, Use>;

/// Handlebars source of one mail.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Compiled {
    /// One line, for the registry that does not escape.
    pub subject: String,
    /// For the registry that does not escape; line ends are [`LINE`].
    pub text: String,
    /// For the registry that escapes HTML.
    pub html: String,
    /// For the registry that does not escape: blocks, each marked by what it is (see [`crate::paper`]).
    pub paper: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Words(&'a str),
    Variable(&'a str),
    If(&'a str),
    Else,
    End,
}

/// Compiles `source`, the text of `file`; `has_subject` when its first line must be one.
pub(crate) fn compile(
    file: &str,
    source: &str,
    variables: &Variables,
    has_subject: bool,
) -> Result<Compiled, Vec<Fault>> {
    let mut compiler =
        Compiler { file, variables, faults: Vec::new(), open: Vec::new(), out: Compiled::default(), after_fact: false };
    let mut lines = source.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    if has_subject {
        while lines.next_if(|(_, line)| is_skipped(line)).is_some() {}
        match lines.next_if(|(_, line)| line.starts_with("subject:")) {
            Some((number, line)) => compiler.subject(number, &line["subject:".len()..]),
            None => compiler.fault(
                (1, 1),
                "the first line is not a subject",
                "begin with `subject: ` and the subject of the mail",
            ),
        }
    }
    let mut paragraph: Vec<(usize, &str)> = Vec::new();
    for (number, line) in lines {
        let line = line.trim_end();
        if is_block(line) || is_skipped(line) {
            compiler.paragraph(&std::mem::take(&mut paragraph));
        }
        if !is_skipped(line) {
            if is_block(line) {
                compiler.block(number, line);
            } else {
                paragraph.push((number, line));
            }
        }
    }
    compiler.paragraph(&paragraph);
    compiler.close_all();
    if compiler.faults.is_empty() { Ok(compiler.out) } else { Err(compiler.faults) }
}

fn is_skipped(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || (line.starts_with("{{!--") && line.ends_with("--}}"))
}

fn is_control(line: &str) -> bool {
    let alone = line.starts_with("{{") && line.find("}}").is_some_and(|end| end + 2 == line.len());
    alone && (line.starts_with("{{#") || line.starts_with("{{/") || line.starts_with("{{else"))
}

/// Lines that are a block of their own, in contrast to those that flow into a paragraph.
fn is_block(line: &str) -> bool {
    is_control(line) || line.starts_with("- ") || line.starts_with("> ") || button(line).is_some()
}

fn button(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('[')?.strip_suffix(')')?.split_once("](")
}

struct Compiler<'a> {
    file: &'a str,
    variables: &'a Variables,
    faults: Vec<Fault>,
    /// Open conditions: the variable, whether its `else` came, and where it was opened.
    open: Vec<(String, bool, usize)>,
    out: Compiled,
    /// The last block was a fact: facts stand together, others have an empty line between them.
    after_fact: bool,
}

impl Compiler<'_> {
    fn fault(&mut self, at: (usize, usize), message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::error(self.file, at, message, help));
    }

    /// Reads a line into tokens and checks every one of them.
    fn tokens<'t>(&mut self, number: usize, whole: &str, part: &'t str) -> Vec<Token<'t>> {
        let column_of = |at: usize| {
            let before = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize) + at;
            whole.get(..before).map_or(1, |text| text.chars().count() + 1)
        };
        let (mut tokens, mut at) = (Vec::new(), 0);
        while let Some(found) = part[at..].find("{{").map(|i| at + i) {
            if found > at {
                tokens.push(Token::Words(&part[at..found]));
            }
            let place = (number, column_of(found));
            let Some(end) = part[found..].find("}}").map(|i| found + i) else {
                self.fault(place, "`{{` is not closed", "close it on the same line with `}}`");
                return tokens;
            };
            let inside = part[found + 2..end].trim();
            at = end + 2;
            if let Some(token) = self.token(place, inside) {
                tokens.push(token);
            }
        }
        if at < part.len() {
            tokens.push(Token::Words(&part[at..]));
        }
        if let Some(found) = part.find('\\') {
            self.fault((number, column_of(found)), "a backslash has no meaning in a mail", "leave it out");
        }
        tokens
    }

    fn token<'t>(&mut self, place: (usize, usize), inside: &'t str) -> Option<Token<'t>> {
        match inside {
            "else" => {
                match self.open.last_mut() {
                    Some((_, otherwise @ false, _)) => *otherwise = true,
                    _ => self.fault(
                        place,
                        "`{{else}}` without an open `{{#if …}}`",
                        "remove it, or open a condition before it",
                    ),
                }
                Some(Token::Else)
            }
            "/if" => {
                if self.open.pop().is_none() {
                    self.fault(
                        place,
                        "`{{/if}}` without an open `{{#if …}}`",
                        "remove it, or open a condition before it",
                    );
                }
                Some(Token::End)
            }
            _ => {
                if let Some(name) = inside.strip_prefix("#if ").map(str::trim) {
                    self.known(place, name)?;
                    self.open.push((name.to_owned(), false, place.0));
                    return Some(Token::If(name));
                }
                let kind = self.known(place, inside)?;
                let asked = self.open.iter().any(|(name, otherwise, _)| name == inside && !otherwise);
                match kind {
                    Use::Flag => self.fault(
                        place,
                        format!("`{inside}` is only yes or no"),
                        format!("ask about it: `{{{{#if {inside}}}}} … {{{{/if}}}}`"),
                    ),
                    Use::Optional if !asked => {
                        self.fault(
                            place,
                            format!("`{inside}` is not always there"),
                            format!("put it inside `{{{{#if {inside}}}}} … {{{{/if}}}}`"),
                        );
                    }
                    Use::Optional | Use::Always => {}
                }
                Some(Token::Variable(inside))
            }
        }
    }

    fn known(&mut self, place: (usize, usize), name: &str) -> Option<Use> {
        let kind = self.variables.get(name).copied();
        if kind.is_none() {
            let known = self.variables.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            self.fault(
                place,
                format!("`{name}` is not a variable of this mail"),
                format!("use one of: {known}; or `#if`, `else`, `/if`"),
            );
        }
        kind
    }

    fn subject(&mut self, number: usize, line: &str) {
        let line = line.trim();
        let tokens = self.tokens(number, line, line);
        if tokens.is_empty() {
            self.fault((number, 1), "the subject is empty", "write what the mail is about after `subject: `");
        }
        self.out.subject = source(&tokens, str::to_owned);
        self.close_all();
    }

    fn paragraph(&mut self, lines: &[(usize, &str)]) {
        if lines.is_empty() {
            return;
        }
        let (mut text, mut html) = (String::new(), String::new());
        for (index, (number, line)) in lines.iter().enumerate() {
            if index > 0 {
                text.push(' ');
                html.push(' ');
            }
            let tokens = self.tokens(*number, line, line.trim());
            text += &source(&tokens, str::to_owned);
            html += &source(&tokens, html_escape);
        }
        let paper = paper::source(paper::WORDS, [text.as_str()]);
        self.put(&format!("{text}{LINE}{LINE}"), &format!("<p>{html}</p>\n"), &paper, false);
    }

    fn block(&mut self, number: usize, line: &str) {
        if is_control(line) {
            let tokens = self.tokens(number, line, line);
            let control = source(&tokens, str::to_owned);
            self.out.text += &control;
            self.out.html += &control;
            self.out.paper += &control;
        } else if let Some(quoted) = line.strip_prefix("> ") {
            let tokens = self.tokens(number, line, quoted.trim());
            let [Token::Variable(name)] = tokens[..] else {
                self.fault(
                    (number, 3),
                    "a quote is one variable",
                    "write `> {{text}}`, and your own words in a paragraph",
                );
                return;
            };
            let quote = format!("{{{{quote {name}}}}}");
            let paper = paper::source(paper::QUOTE, [format!("{{{{{name}}}}}").as_str()]);
            self.put(&format!("{quote}{LINE}{LINE}"), &format!("<blockquote>{quote}</blockquote>\n"), &paper, false);
        } else if let Some(fact) = line.strip_prefix("- ") {
            if let Some((label, target)) = button(fact) {
                let (label, target) = (self.tokens(number, line, label), self.tokens(number, line, target));
                let text = format!("{}:{LINE}{}{LINE}", source(&label, str::to_owned), source(&target, str::to_owned));
                let html = format!(
                    "<p class=\"fact\"><a href=\"{}\">{}</a></p>\n",
                    source(&target, html_escape),
                    source(&label, html_escape)
                );
                let paper = paper::link(&source(&label, str::to_owned), &source(&target, str::to_owned));
                self.put(&text, &html, &paper, true);
                return;
            }
            let Some((label, value)) = fact.split_once(": ") else {
                self.fault((number, 3), "a fact has no name", "write `- Name: value`, or start the line without `- `");
                return;
            };
            let (label, value) = (self.tokens(number, line, label), self.tokens(number, line, value));
            let text = format!("{}: {}{LINE}", source(&label, str::to_owned), source(&value, str::to_owned));
            let paper = [source(&label, str::to_owned), source(&value, str::to_owned)];
            let paper = paper::source(paper::FACT, paper.iter().map(String::as_str));
            let html = format!(
                "<p class=\"fact\"><span>{}:</span> <strong>{}</strong></p>\n",
                source(&label, html_escape),
                source(&value, html_escape)
            );
            self.put(&text, &html, &paper, true);
        } else if let Some((label, target)) = button(line) {
            let (label, target) = (self.tokens(number, line, label), self.tokens(number, line, target));
            let text =
                format!("{}:{LINE}{}{LINE}{LINE}", source(&label, str::to_owned), source(&target, str::to_owned));
            let html = format!(
                "<p class=\"action\"><a class=\"button\" href=\"{}\">{}</a></p>\n",
                source(&target, html_escape),
                source(&label, html_escape)
            );
            let paper = paper::link(&source(&label, str::to_owned), &source(&target, str::to_owned));
            self.put(&text, &html, &paper, false);
        }
    }

    fn put(&mut self, text: &str, html: &str, paper: &str, is_fact: bool) {
        if self.after_fact && !is_fact {
            self.out.text.push(LINE);
        }
        self.after_fact = is_fact;
        self.out.text += text;
        self.out.html += html;
        self.out.paper += paper;
    }

    fn close_all(&mut self) {
        for (name, _, line) in std::mem::take(&mut self.open) {
            self.fault((line, 1), format!("`{{{{#if {name}}}}}` is not closed"), "close it with `{{/if}}`");
        }
        if self.after_fact {
            self.after_fact = false;
            self.out.text.push(LINE);
        }
    }
}

/// Handlebars source of `tokens`, words written by `words`.
fn source(tokens: &[Token<'_>], words: impl Fn(&str) -> String) -> String {
    tokens
        .iter()
        .map(|token| match token {
            Token::Words(text) => words(text),
            Token::Variable(name) => format!("{{{{{name}}}}}"),
            Token::If(name) => format!("{{{{#if {name}}}}}"),
            Token::Else => "{{else}}".to_owned(),
            Token::End => "{{/if}}".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        [("name", Use::Optional), ("reference", Use::Always), ("evidence", Use::Flag), ("link", Use::Always)]
            .map(|(name, kind)| (name.to_owned(), kind))
            .into()
    }

    #[test]
    fn both_parts_come_from_the_same_words() {
        let source = "subject: Your number {{reference}}\n\n{{#if name}}Hello {{name}}{{else}}Hello{{/if}},\nthis & that.\n\n\
            - Number: {{reference}}\n{{#if evidence}}\n- More: yes\n{{/if}}\n\n{{!-- for editors --}}\n> {{reference}}\n\n[Follow]({{link}})\n";
        let compiled = compile("x", source, &variables(), true).unwrap();
        assert_eq!(compiled.subject, "Your number {{reference}}");
        assert_eq!(
            compiled.text.replace(LINE, "|"),
            "{{#if name}}Hello {{name}}{{else}}Hello{{/if}}, this & that.||Number: {{reference}}|{{#if evidence}}More: yes|{{/if}}\
             |{{quote reference}}||Follow:|{{link}}||"
        );
        assert!(compiled.html.starts_with("<p>{{#if name}}Hello {{name}}{{else}}Hello{{/if}}, this &amp; that.</p>"));
        assert!(compiled.html.contains("<blockquote>{{quote reference}}</blockquote>"));
    }

    #[test]
    fn every_fault_has_its_place() {
        for (source, line, column, message) in [
            ("Hello", 1, 1, "the first line is not a subject"),
            ("subject:", 1, 1, "the subject is empty"),
            ("subject: x\n\nHello {{nane}}", 3, 7, "`nane` is not a variable of this mail"),
            ("subject: x\n\nHello {{name}}", 3, 7, "`name` is not always there"),
            ("subject: x\n\n{{#if name}}a{{else}}{{name}}{{/if}}", 3, 22, "`name` is not always there"),
            ("subject: x\n\n{{#if nane}}a{{/if}}", 3, 1, "`nane` is not a variable of this mail"),
            ("subject: x\n\n{{evidence}}", 3, 1, "`evidence` is only yes or no"),
            ("subject: x\n\n{{#if name}}\n\nHello", 3, 1, "`{{#if name}}` is not closed"),
            ("subject: x\n\nHello{{/if}}", 3, 6, "`{{/if}}` without an open `{{#if …}}`"),
            ("subject: x\n\nHello {{name", 3, 7, "`{{` is not closed"),
            ("subject: x\n\n> mine", 3, 3, "a quote is one variable"),
            ("subject: x\n\n- mine", 3, 3, "a fact has no name"),
            ("subject: x\n\na \\{{link}}", 3, 3, "a backslash has no meaning in a mail"),
            ("subject: x\n\n{{{link}}}", 3, 1, "`{link` is not a variable of this mail"),
        ] {
            let faults = compile("templates/x", source, &variables(), true).unwrap_err();
            let fault = &faults[0];
            assert_eq!((fault.line, fault.column, fault.message.as_str()), (line, column, message), "{source}");
        }
    }
}
