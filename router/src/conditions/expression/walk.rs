//! Looks at every part of an expression that can be read: only some may stand in one.

use super::{
    Vocabulary,
    judge::{Spans, Wrong, wrong},
    vocabulary::Name,
};
use crate::suggest::suggest;
use std::collections::BTreeMap;
use zen_expression::{
    functions::FunctionKind,
    lexer::{ArithmeticOperator, ComparisonOperator, Operator},
    parser::Node,
};

/// How deep its parts may lie in each other.
const DEEPEST: usize = 100;
const FUNCTIONS: [&str; 14] = [
    "len",
    "contains",
    "startsWith",
    "endsWith",
    "lower",
    "upper",
    "trim",
    "number",
    "isNumeric",
    "abs",
    "min",
    "max",
    "floor",
    "ceil",
];
const CLOSURES: [&str; 5] = ["some", "all", "none", "one", "count"];

pub(super) fn unknown_function(at: usize, name: &str) -> Wrong {
    let known = FUNCTIONS.into_iter().chain(CLOSURES);
    let help = match suggest(name, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
    };
    wrong(at, format!("there is no function `{name}`"), help)
}

pub(super) fn method(at: usize) -> Wrong {
    wrong(at, "nothing is called with a dot here", "write it as in `contains(areas, 'heule')`")
}

/// Looks at every part of an expression.
pub(super) struct Walk<'w> {
    source: &'w str,
    vocabulary: &'w Vocabulary,
    spans: &'w Spans,
    /// Within `some(list, …)`: the texts that `#` can be, if those are known.
    item: Option<Option<&'w [String]>>,
    asked: BTreeMap<String, Name>,
}

impl<'w> Walk<'w> {
    pub fn new(source: &'w str, vocabulary: &'w Vocabulary, spans: &'w Spans) -> Self {
        Self { source, vocabulary, spans, item: None, asked: BTreeMap::new() }
    }

    /// Every name that `root` asks, or the first thing in it that is wrong.
    pub fn all(mut self, root: &Node<'_>) -> Result<Vec<Name>, Wrong> {
        self.node(root, 0)?;
        Ok(self.asked.into_values().collect())
    }

    fn at(&self, node: &Node<'_>) -> usize {
        // The parser keeps the places of nodes by their address.
        self.spans.get(&(std::ptr::from_ref(node) as usize)).map_or(0, |about| about.span.0 as usize)
    }

    fn node(&mut self, node: &Node<'_>, depth: usize) -> Result<(), Wrong> {
        if depth > DEEPEST {
            return Err(wrong(self.at(node), "this expression has too many parts", "split it into several rules"));
        }
        let deeper = depth + 1;
        let refuse = |walk: &Self, what: &str, help: &str| Err(wrong(walk.at(node), what, help));
        match node {
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => Ok(()),
            Node::Pointer if self.item.is_some() => Ok(()),
            Node::Pointer | Node::Identifier("#") => {
                refuse(self, "`#` stands for nothing here", "use it as in `some(areas, # == 'heule')`")
            }
            Node::Root => refuse(self, "`$root` has no meaning here", "write the name alone"),
            Node::Identifier(_) | Node::Member { .. } => self.name(node).map(|_| ()),
            Node::Parenthesized(inner) => self.node(inner, deeper),
            Node::Array(items) => items.iter().try_for_each(|item| self.node(item, deeper)),
            Node::Unary { node, .. } => self.node(node, deeper),
            Node::Conditional { condition, on_true, on_false } => {
                [condition, on_true, on_false].into_iter().try_for_each(|part| self.node(part, deeper))
            }
            Node::Binary { left, operator, right } => self.binary(left, *operator, right, deeper),
            Node::FunctionCall { kind, arguments } => self.call(node, kind, arguments, deeper),
            Node::Interval { left, .. } => Err(wrong(
                self.source.get(..self.at(left)).and_then(|before| before.rfind(['[', '(', ']'])).unwrap_or(0),
                "a range can only be asked whether something lies in it",
                "write `hour in [8..12]`",
            )),
            Node::MethodCall { .. } => Err(method(self.at(node))),
            Node::Slice { .. } => {
                refuse(self, "parts of texts and lists cannot be taken", "use `startsWith(…)` or `in`")
            }
            Node::TemplateString(_) | Node::Object(_) | Node::Assignments { .. } | Node::Closure { .. } => {
                refuse(self, "this has no meaning here", "an expression is one question, as in `photos >= 2`")
            }
            Node::Error { .. } => refuse(self, "this cannot be read", "write it more simply"),
        }
    }

    fn binary(&mut self, left: &Node<'_>, operator: Operator, right: &Node<'_>, depth: usize) -> Result<(), Wrong> {
        match operator {
            Operator::Arithmetic(ArithmeticOperator::Power) => {
                Err(wrong(self.at(right), "powers are not worked out", "write the number itself"))
            }
            Operator::Comparison(ComparisonOperator::Equal | ComparisonOperator::NotEqual) => {
                self.node(left, depth)?;
                self.node(right, depth)?;
                self.literal(right, self.texts(left))?;
                self.literal(left, self.texts(right))
            }
            Operator::Comparison(ComparisonOperator::In | ComparisonOperator::NotIn) => {
                self.node(left, depth)?;
                match bare(right) {
                    Node::Interval { left: from, right: to, .. } => {
                        self.node(from, depth)?;
                        return self.node(to, depth);
                    }
                    Node::Array(items) => {
                        let texts = self.texts(left);
                        items.iter().try_for_each(|item| self.literal(item, texts))?;
                    }
                    _ => {}
                }
                self.node(right, depth)?;
                self.literal(left, self.texts(right))
            }
            _ => {
                self.node(left, depth)?;
                self.node(right, depth)
            }
        }
    }

    fn call(
        &mut self,
        node: &Node<'_>,
        kind: &FunctionKind,
        arguments: &[&Node<'_>],
        depth: usize,
    ) -> Result<(), Wrong> {
        let name = kind.to_string();
        if let FunctionKind::Closure(_) = kind {
            let ([list, Node::Closure { body, alias }], true) = (arguments, CLOSURES.contains(&name.as_str())) else {
                return Err(unknown_function(self.at(node), &name));
            };
            if alias.is_some() || self.item.is_some() {
                return Err(wrong(
                    self.at(node),
                    format!("`{name}` looks at one list, and calls each item `#`"),
                    "write it as in `some(areas, # == 'heule')`",
                ));
            }
            self.node(list, depth)?;
            self.item = Some(self.texts(list));
            let inside = self.node(body, depth);
            self.item = None;
            return inside;
        }
        if !FUNCTIONS.contains(&name.as_str()) {
            return Err(unknown_function(self.at(node), &name));
        }
        arguments.iter().try_for_each(|argument| self.node(argument, depth))?;
        match (name.as_str(), arguments) {
            ("contains", [list, item]) => self.literal(item, self.texts(list)),
            _ => Ok(()),
        }
    }

    /// The name that `node` is: it has to be one there is.
    fn name(&mut self, node: &Node<'_>) -> Result<Name, Wrong> {
        let path = path(node)
            .ok_or_else(|| wrong(self.at(node), "a name has to be written out", "write it as in `answers.danger`"))?;
        if let Some((name, _)) = self.vocabulary.find(&path) {
            self.asked.insert(name.to_string(), name.clone());
            return Ok(name.clone());
        }
        let at = self.at(node);
        let (group, own) = match path.as_slice() {
            [group] if self.vocabulary.groups().contains(group) => {
                let first = self.vocabulary.of_group(group).next().unwrap_or("…");
                let help = format!("say which, as in `{group}.{first}`");
                return Err(wrong(at, format!("`{group}` is several things"), help));
            }
            [group, own, ..] if self.vocabulary.groups().contains(group) => (*group, *own),
            [own, inside, ..] if self.vocabulary.find(&[own]).is_some() => {
                return Err(wrong(at, format!("there is no `{inside}` in `{own}`"), format!("write `{own}` alone")));
            }
            [own, ..] => ("", *own),
            [] => ("", ""),
        };
        let mut known: Vec<&str> = self.vocabulary.of_group(group).collect();
        if group.is_empty() {
            known.extend(self.vocabulary.groups());
        }
        let full = |own: &str| if group.is_empty() { own.to_owned() } else { format!("{group}.{own}") };
        let help = match suggest(own, known.iter().copied().filter(|name| !name.contains('-'))) {
            Some(meant) => format!("did you mean `{}`?", full(meant)),
            None if known.len() > 24 => {
                format!("choose one of the {} there are, for instance `{}`", known.len(), full(known[0]))
            }
            None => format!("choose one of: {}", known.join(", ")),
        };
        // Of `answers.dangr` it is the second word that is wrong.
        let at = match self.source.get(at..) {
            Some(rest) if !group.is_empty() => at + rest.find(own).unwrap_or(0),
            _ => at,
        };
        Err(wrong(at, format!("there is no `{}` to ask", full(own)), help))
    }

    /// The texts that `node` can be, or can hold, if those are known.
    fn texts(&self, node: &Node<'_>) -> Option<&'w [String]> {
        match bare(node) {
            Node::Pointer => self.item.flatten(),
            node @ (Node::Identifier(_) | Node::Member { .. }) => self.vocabulary.find(&path(node)?)?.1,
            _ => None,
        }
    }

    /// A text beside something that can only be one of `texts` has to be one of them.
    fn literal(&self, node: &Node<'_>, texts: Option<&[String]>) -> Result<(), Wrong> {
        let (Node::String(text), Some(texts)) = (bare(node), texts) else { return Ok(()) };
        if texts.iter().any(|known| known == text) {
            return Ok(());
        }
        let help = match suggest(text, texts.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `'{meant}'`?"),
            None if texts.len() > 12 => {
                format!("choose one of the {} there are, for instance `'{}'`", texts.len(), texts[0])
            }
            None => format!("choose one of: {}", texts.join(", ")),
        };
        Err(wrong(self.at(bare(node)), format!("it can never be `{text}`"), help))
    }
}

/// `node` without brackets around it.
fn bare<'n, 'a>(node: &'n Node<'a>) -> &'n Node<'a> {
    match node {
        Node::Parenthesized(inner) => bare(inner),
        other => other,
    }
}

/// `answers.danger` as its two words.
fn path<'a>(node: &Node<'a>) -> Option<Vec<&'a str>> {
    match node {
        Node::Identifier(name) => Some(vec![name]),
        Node::Member { node, property: Node::String(name) } => {
            let mut path = path(node)?;
            path.push(name);
            (path.len() <= 8).then_some(path)
        }
        _ => None,
    }
}
