//! What the texts of a file name beside what they are given: other texts, terms, functions.

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::collections::{BTreeMap, BTreeSet};

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
    let (mut wrong, mut all) = (Vec::new(), BTreeMap::new());
    for entry in resource.entries() {
        let (key, this, value) = match entry {
            Entry::Message(message) => (message.id.name, Named::Text(message.id.name), message.value.as_ref()),
            Entry::Term(term) => (term.id.name, Named::Term(term.id.name), Some(&term.value)),
            _ => continue,
        };
        let mut found = BTreeSet::new();
        match value {
            Some(value) => pattern(value, &mut found),
            // What is sent has forms alone.
            None if key.starts_with(notifier::further::BEGIN) => {}
            None => wrong.push((key.to_owned(), "has no words of its own".to_owned())),
        }
        let told = found.iter().filter_map(|named| match *named {
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
        all.insert(this, found);
    }
    let (mut done, mut circles) = (BTreeSet::new(), BTreeMap::new());
    for this in all.keys() {
        walk(*this, &all, &mut done, &mut Vec::new(), &mut circles);
    }
    wrong.extend(circles.into_iter().map(|(named, through)| match through {
        None => (named.name(), "names itself".to_owned()),
        Some(through) => (named.name(), format!("names itself through `{}`", through.name())),
    }));
    wrong
}

/// Follows what `this` names; whoever is met on its own way is in a circle, with the last before it.
fn walk<'a>(
    this: Named<'a>,
    all: &BTreeMap<Named<'a>, BTreeSet<Named<'a>>>,
    done: &mut BTreeSet<Named<'a>>,
    way: &mut Vec<Named<'a>>,
    circles: &mut BTreeMap<Named<'a>, Option<Named<'a>>>,
) {
    if way.contains(&this) {
        let through = way.last().copied().filter(|last| *last != this);
        circles.insert(this, through);
        return;
    }
    // A way of more steps is none that somebody writes; it is followed from where it goes on.
    if way.len() < 50 && done.insert(this) {
        way.push(this);
        all.get(&this).into_iter().flatten().for_each(|next| walk(*next, all, done, way, circles));
        way.pop();
    }
}

impl Named<'_> {
    fn name(self) -> String {
        match self {
            Self::Text(name) | Self::Function(name) => name.to_owned(),
            Self::Term(name) => format!("-{name}"),
        }
    }
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
