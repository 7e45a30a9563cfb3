//! What may be written in an expression. It has to be short, ask only what there is to ask, compare
//! what can be compared, and come out as yes or no. What could take long or come out differently
//! tomorrow (ranges to count through, today's date, chance, regular expressions) is left out.

use super::{
    Compiled, Vocabulary,
    vocabulary::Name,
    walk::{Walk, method, unknown_function},
};
use bumpalo::Bump;
use std::{collections::HashMap, hash::BuildHasher};
use zen_expression::{
    compile_expression,
    intellisense::{IntelliSense, diagnostic::Diagnostic},
    lexer::{Lexer, LexerError, Operator, Token, TokenKind},
    parser::{Node, NodeMetadata, Parser},
    variable::VariableType,
};

/// How long an expression may be, in characters.
const LONGEST: usize = 1_000;
/// How deep its brackets may lie in each other.
const DEEPEST_BRACKETS: usize = 20;

/// What is wrong, where (in bytes of the expression), and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub at: usize,
    pub message: String,
    pub help: String,
}

pub(super) fn wrong(at: usize, message: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong { at, message: message.into(), help: help.into() }
}

/// `source`, ready to be worked out, or the first thing that is wrong with it.
pub(super) fn judge(source: &str, vocabulary: &Vocabulary) -> Result<Compiled, Wrong> {
    bounds(source)?;
    let arena = Bump::new();
    let mut lexer = Lexer::new();
    let tokens = lexer.tokenize(&arena, source).map_err(|error| unreadable(source, &error))?;
    let is = |operator: Operator| move |token: &&Token<'_>| token.kind == TokenKind::Operator(operator);
    if let Some(token) = tokens.iter().find(is(Operator::Assign)) {
        return Err(wrong(start(token), "`=` does not compare", "write `==`"));
    }
    let parsed = parse(&tokens, &arena).filter(|parsed| !parsed.root.has_error());
    let Some(parsed) = parsed else {
        return Err(stops(source, &tokens, vocabulary));
    };
    let asked: Vec<Name> = Walk::new(source, vocabulary, &parsed.spans).all(parsed.root)?;
    let analysis = IntelliSense::new().with_strict(true).analyze(source, vocabulary.types());
    if let Some(diagnostic) = analysis.diagnostics.first() {
        return Err(mistyped(source, diagnostic));
    }
    if asked.is_empty() {
        return Err(wrong(
            0,
            "this expression asks nothing of the report, so it always comes out the same",
            "ask something, as in `photos >= 2`",
        ));
    }
    match &analysis.return_type {
        VariableType::Bool => {}
        VariableType::Nullable(inner) if matches!(**inner, VariableType::Bool) => {
            return Err(wrong(0, "this may be unanswered, which is neither yes nor no", "write `== true` after it"));
        }
        other => {
            return Err(wrong(
                0,
                format!("an expression has to come out as yes or no, this is {}", in_words(other)),
                "compare it, as in `hour >= 22` or `kind == 'question'`",
            ));
        }
    }
    let expression = compile_expression(source)
        .map_err(|error| wrong(0, format!("this expression cannot be read: {error}"), "write it more simply"))?;
    Ok(Compiled { expression, names: asked.into() })
}

fn start(token: &Token<'_>) -> usize {
    token.span.0 as usize
}

fn bounds(source: &str) -> Result<(), Wrong> {
    if source.trim().is_empty() {
        return Err(wrong(0, "this expression is empty", "write a question, as in `photos >= 2`, or leave it out"));
    }
    let length = source.chars().count();
    if length > LONGEST {
        return Err(wrong(
            0,
            format!("this expression has {length} characters, at most {LONGEST} are read"),
            "split it into several rules, or use `any` and `all`",
        ));
    }
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '`') => return Err(wrong(at, "texts stand in single quotes here", "write `'text'`")),
            (None, '{' | '}' | ';') => {
                return Err(wrong(at, format!("`{c}` has no meaning here"), "an expression is one question"));
            }
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_BRACKETS {
            return Err(wrong(
                at,
                format!("more than {DEEPEST_BRACKETS} brackets lie in each other"),
                "split it into several rules, or use `any` and `all`",
            ));
        }
    }
    Ok(())
}

struct Parsed<'a> {
    root: &'a Node<'a>,
    spans: Spans,
}

pub(super) type Spans = HashMap<usize, NodeMetadata, <zen_expression::intellisense::AstMetadata as Hashes>::Hasher>;

/// Names the hasher of a map whose crate is not ours.
pub(super) trait Hashes {
    type Hasher: BuildHasher;
}

impl<K, V, S: BuildHasher> Hashes for HashMap<K, V, S> {
    type Hasher = S;
}

/// The whole of `tokens` as one expression; it may still hold errors.
fn parse<'a>(tokens: &[Token<'a>], arena: &'a Bump) -> Option<Parsed<'a>> {
    let parsed = Parser::try_new(tokens, arena).ok()?.standard().with_metadata().parse();
    parsed.is_complete.then(|| Parsed { root: parsed.root, spans: parsed.metadata.unwrap_or_default() })
}

fn unreadable(source: &str, error: &LexerError) -> Wrong {
    match error {
        LexerError::UnexpectedSymbol { span, .. } => {
            wrong(span.0 as usize, "this cannot stand here", "names and numbers are written without accents")
        }
        LexerError::UnmatchedSymbol { position, .. } => {
            let at = *position as usize;
            let (help, symbol) = match source.get(at..).and_then(|rest| rest.chars().next()) {
                Some('&') => ("write `and`", '&'),
                Some('|') => ("write `or`", '|'),
                symbol => ("texts stand in single quotes: 'Heule'", symbol.unwrap_or(' ')),
            };
            wrong(at, format!("`{symbol}` cannot stand here"), help)
        }
        LexerError::UnexpectedEof { .. } => {
            let at = source.rfind(['\'', '"']).unwrap_or(0);
            wrong(at, "this text does not end", "close it with the same quote")
        }
    }
}

/// Where an expression that cannot be read stops making sense.
fn stops(source: &str, tokens: &[Token<'_>], vocabulary: &Vocabulary) -> Wrong {
    let analysis = IntelliSense::new().analyze(source, vocabulary.types());
    let known = analysis.diagnostics.iter().find(|diagnostic| {
        diagnostic.code.is_some_and(|code| !matches!(code, "expr.two-operands" | "expr.unexpected-token"))
    });
    if let Some(diagnostic) = known {
        let at = diagnostic.span.0 as usize;
        let text = |name| diagnostic.args.get(name).map_or("", String::as_str);
        match diagnostic.code {
            Some("expr.unknown-function") => return unknown_function(at, text("name")),
            Some("expr.unknown-method") => return method(at),
            Some("expr.missing-value") if at >= source.trim_end().len() => {
                return wrong(at, format!("something is missing after `{}`", text("operator")), "write the rest of it");
            }
            Some("expr.unexpected-end") => return wrong(at, "the end is missing", "write the rest of it"),
            Some("expr.invalid-number") => return wrong(at, "this number is too large", "write a smaller one"),
            _ => {}
        }
    }
    if let Some(at) = unbalanced(source) {
        return at;
    }
    if let Some(token) = tokens.first().filter(|token| token.value == "if") {
        return wrong(
            start(token),
            "`if` has no meaning here",
            "an expression is the question alone, as in `photos >= 2`",
        );
    }
    // The longest beginning that is an expression by itself: what comes after it goes wrong.
    for end in (1..tokens.len()).rev() {
        let arena = Bump::new();
        let Some((last, next)) = tokens.get(end - 1).zip(tokens.get(end)) else { continue };
        let beginning = source.get(..last.span.1 as usize).unwrap_or_default();
        let Ok(beginning) = Lexer::new().tokenize(&arena, beginning) else { continue };
        if parse(&beginning, &arena).is_some_and(|parsed| !parsed.root.has_error()) {
            return wrong(
                start(next),
                format!("`{}` cannot stand here", next.value),
                "put `and` or `or` between two questions",
            );
        }
    }
    let (at, value) = tokens.first().map_or((0, ""), |token| (start(token), token.value));
    wrong(at, format!("an expression cannot begin with `{value}`"), "begin with a name, as in `photos >= 2`")
}

/// A bracket without its partner.
fn unbalanced(source: &str) -> Option<Wrong> {
    let (mut open, mut quote) = (Vec::new(), None);
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some(mark), c) if mark == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => open.push((at, c)),
            // An interval may be half open: `(3..5]`.
            (None, ')' | ']') if open.pop().is_none() => {
                return Some(wrong(at, format!("`{c}` closes nothing"), "leave it out, or open it before"));
            }
            _ => {}
        }
    }
    open.pop().map(|(at, c)| wrong(at, format!("`{c}` is not closed"), "close it"))
}

fn mistyped(source: &str, diagnostic: &Diagnostic) -> Wrong {
    let at = diagnostic.span.0 as usize;
    let message = diagnostic.message.trim_end_matches('.').to_owned();
    let part = source.get(at..diagnostic.span.1 as usize).unwrap_or(source).trim();
    let help = if message.contains("bool?") {
        "a question may be unanswered: write `== true` after it".to_owned()
    } else if message.contains('?') {
        "it may be unknown: give what to take then, as in `(answers.x ?? '')`".to_owned()
    } else if message.contains("always") {
        "compare like with like: numbers are written without quotes, texts with".to_owned()
    } else {
        "compare first, then join: `hour >= 22 and photos > 0`".to_owned()
    };
    // The types of a city's names can be pages long.
    let message = if message.len() > 160 { format!("`{part}` does not fit together") } else { message };
    wrong(at, message, help)
}

fn in_words(kind: &VariableType) -> String {
    match kind {
        VariableType::Number => "a number".to_owned(),
        VariableType::String | VariableType::Enum(..) | VariableType::Const(_) => "a text".to_owned(),
        VariableType::Array(_) => "a list".to_owned(),
        VariableType::Nullable(inner) => format!("{} that may be missing", in_words(inner)),
        _ => "something else".to_owned(),
    }
}
