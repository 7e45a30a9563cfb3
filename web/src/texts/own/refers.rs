//! What the texts of a file name beside what they are given: other texts, terms, functions.

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::collections::BTreeSet;

/// Something that a text names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Named<'a> {
    Text(&'a str),
    Term(&'a str),
    Function(&'a str),
}

/// The keys of the texts of `resource` that could not be said, with why. `known` tells of a text of ours.
pub(super) fn wrong(resource: &FluentResource, known: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let terms = resource.entries().filter_map(|entry| match entry {
        Entry::Term(term) => Some(term.id.name),
        _ => None,
    });
    let terms: BTreeSet<&str> = terms.collect();
    let mut wrong = Vec::new();
    for entry in resource.entries() {
        let (key, value) = match entry {
            Entry::Message(message) => (message.id.name, message.value.as_ref()),
            Entry::Term(term) => (term.id.name, Some(&term.value)),
            _ => continue,
        };
        let mut found = BTreeSet::new();
        match value {
            Some(value) => pattern(value, &mut found),
            // What is sent has forms alone.
            None if key.starts_with(notifier::further::BEGIN) => {}
            None => wrong.push((key.to_owned(), "has no words of its own".to_owned())),
        }
        let told = found.into_iter().filter_map(|named| match named {
            Named::Text(name) if name == key => Some("names itself".to_owned()),
            Named::Text(name) if !known(name) => Some(format!("names the text `{name}`, which there is not")),
            Named::Term(name) if !terms.contains(name) => {
                Some(format!("names the term `-{name}`, which is not in this file"))
            }
            Named::Function(name) if name != "NUMBER" => {
                Some(format!("calls `{name}`, which Fluent does not know here"))
            }
            _ => None,
        });
        wrong.extend(told.map(|why| (key.to_owned(), why)));
    }
    wrong
}

fn pattern<'a>(of: &Pattern<&'a str>, found: &mut BTreeSet<Named<'a>>) {
    for element in &of.elements {
        if let PatternElement::Placeable { expression } = element {
            self::expression(expression, found);
        }
    }
}

fn expression<'a>(of: &Expression<&'a str>, found: &mut BTreeSet<Named<'a>>) {
    match of {
        Expression::Inline(inner) => inline(inner, found),
        Expression::Select { selector, variants } => {
            inline(selector, found);
            variants.iter().for_each(|variant| pattern(&variant.value, found));
        }
    }
}

fn inline<'a>(of: &InlineExpression<&'a str>, found: &mut BTreeSet<Named<'a>>) {
    let given = |arguments: &CallArguments<&'a str>, found: &mut BTreeSet<Named<'a>>| {
        arguments.positional.iter().for_each(|argument| inline(argument, found));
        arguments.named.iter().for_each(|argument| inline(&argument.value, found));
    };
    match of {
        InlineExpression::FunctionReference { id, arguments } => {
            found.insert(Named::Function(id.name));
            given(arguments, found);
        }
        InlineExpression::MessageReference { id, .. } => _ = found.insert(Named::Text(id.name)),
        InlineExpression::TermReference { id, arguments, .. } => {
            found.insert(Named::Term(id.name));
            arguments.iter().for_each(|arguments| given(arguments, found));
        }
        InlineExpression::Placeable { expression } => self::expression(expression, found),
        InlineExpression::StringLiteral { .. }
        | InlineExpression::NumberLiteral { .. }
        | InlineExpression::VariableReference { .. } => {}
    }
}
