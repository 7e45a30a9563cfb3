//! A conversation by text message: asks what is missing, at most two questions, and comes to an end whatever is said.
//! Pure.

use super::meaning::{Choice, choice, is_help, is_small_talk, new_matter, says_what, says_where};
use schemas::{Uuid, reference::Reference, report::Language, submission::MAX_WORDS, text, tongue};
use serde::{Deserialize, Serialize};

/// The most questions of one conversation.
pub const MOST_QUESTIONS: u8 = 2;
/// The most cases that are offered to choose from.
pub const MOST_CHOICES: usize = 3;

/// How far a conversation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// In which language it is held.
    pub language: Language,
    /// What the next message answers.
    pub expects: Expects,
    /// What was said so far.
    pub words: String,
    /// How many questions were asked.
    pub asked: u8,
    /// The cases that were offered, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<Uuid>,
}

/// What a question asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expects {
    /// What is it about?
    What,
    /// Where is it?
    Where,
    /// Is it about one of these, or something new?
    Which,
}

/// A case that the words may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Its report.
    pub report: Uuid,
    /// What people call it.
    pub reference: Reference,
    /// A department waits for an answer.
    pub asked: bool,
}

/// What is known when a message comes.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The languages of the city, its own first.
    pub languages: &'a [Language],
    /// The cases of this number that are not over, the one that was told last first.
    pub open: &'a [Open],
    /// The number to call first, when the words say so.
    pub emergency: Option<&'a str>,
    /// Help was not given today.
    pub may_help: bool,
}

/// What is done with the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Nothing yet, or nothing at all.
    Nothing,
    /// They go to who has this case.
    Wrote {
        /// The case.
        report: Uuid,
        /// The words.
        words: String,
    },
    /// They become a report.
    File {
        /// The words.
        words: String,
        /// Where it is, as they said it.
        place: Option<String>,
    },
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// What can be done by text message.
    Help,
    /// What is it about?
    What,
    /// Where is it?
    Where,
    /// Which of these, or something new?
    Which(Vec<Reference>),
}

/// What follows from one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How far the conversation is now; `None`: it is over.
    pub state: Option<State>,
    /// What is done.
    pub act: Act,
    /// What is said.
    pub say: Option<Say>,
    /// Said before everything else: the number to call.
    pub emergency: Option<String>,
    /// In which language.
    pub language: Language,
}

/// The next step after `said`.
pub fn step(state: Option<&State>, said: &str, known: &Known<'_>) -> Step {
    let said: String = text::clean(said).chars().take(MAX_WORDS).collect();
    let held = state.map(|state| state.language);
    let guessed = tongue::guess(&said, known.languages);
    let language = held.or(guessed).or(known.languages.first().copied()).unwrap_or_default();
    let step = |state, act, say| {
        let emergency = known.emergency.map(str::to_owned);
        Step { state, act, say, emergency, language }
    };
    if is_help(&said) {
        let say = known.may_help.then_some(Say::Help);
        return step(state.cloned(), Act::Nothing, say);
    }
    let named = |words: &str| known.open.iter().find(|open| names(words, open.reference));
    let asked = state.map_or(0, |state| state.asked);
    let new = |words: String, asked: u8| {
        let (state, act, say) = matter(words, asked, language);
        step(state, act, say)
    };
    let Some(state) = state else {
        if let Some(open) = named(&said) {
            return step(None, Act::Wrote { report: open.report, words: said }, None);
        }
        if let Some(rest) = new_matter(&said) {
            return new(rest.to_owned(), 0);
        }
        let waiting: Vec<&Open> = known.open.iter().filter(|open| open.asked).collect();
        return match (known.open, waiting.as_slice()) {
            ([], _) if is_small_talk(&said) => step(None, Act::Nothing, None),
            ([], _) => new(said, 0),
            // What cannot wait is a matter of its own: nobody is asked which first.
            _ if known.emergency.is_some() => new(said, 0),
            (_, [one]) => step(None, Act::Wrote { report: one.report, words: said }, None),
            ([one], _) => step(None, Act::Wrote { report: one.report, words: said }, None),
            (open, _) => {
                let some = &open[..open.len().min(MOST_CHOICES)];
                let offered = some.iter().map(|open| open.report).collect();
                let state = State { language, expects: Expects::Which, words: said, asked: 1, offered };
                step(Some(state), Act::Nothing, Some(Say::Which(some.iter().map(|open| open.reference).collect())))
            }
        };
    };
    match state.expects {
        Expects::Which => {
            let chosen = match choice(&said) {
                Some(Choice::Nth(n)) => state.offered.get(n.saturating_sub(1)).copied(),
                _ => named(&said).map(|open| open.report),
            };
            match (chosen, choice(&said)) {
                (Some(report), _) => step(None, Act::Wrote { report, words: state.words.clone() }, None),
                (None, Some(Choice::New)) => new(state.words.clone(), asked),
                // They just go on: together it is a matter, and a person sees to whose it is.
                (None, _) => new(joined(&state.words, &said), asked),
            }
        }
        Expects::What => new(joined(&state.words, &said), asked),
        Expects::Where => {
            let place = says_something(&said).then(|| said.chars().take(200).collect());
            step(None, Act::File { words: state.words.clone(), place }, None)
        }
    }
}

/// What becomes of a conversation whose time is over: a report of what there is.
pub fn end(state: &State) -> Act {
    match state.expects {
        Expects::What if !says_what(&state.words) => Act::Nothing,
        _ if state.words.trim().is_empty() => Act::Nothing,
        _ => Act::File { words: state.words.clone(), place: None },
    }
}

/// The next question about a new matter, or the report.
fn matter(words: String, asked: u8, language: Language) -> (Option<State>, Act, Option<Say>) {
    let ask = |expects, say| {
        let state = State { language, expects, words: words.clone(), asked: asked + 1, offered: Vec::new() };
        (Some(state), Act::Nothing, Some(say))
    };
    if asked < MOST_QUESTIONS && !says_what(&words) {
        return ask(Expects::What, Say::What);
    }
    if asked < MOST_QUESTIONS && !says_where(&words) {
        return ask(Expects::Where, Say::Where);
    }
    if words.trim().is_empty() {
        return (None, Act::Nothing, None);
    }
    (None, Act::File { words, place: None }, None)
}

/// Whether an answer to "where?" says anything.
fn says_something(said: &str) -> bool {
    said.chars().filter(|c| c.is_alphanumeric()).count() >= 2
}

fn joined(words: &str, said: &str) -> String {
    let both = if words.is_empty() { said.to_owned() } else { format!("{words}\n{said}") };
    both.chars().take(MAX_WORDS).collect()
}

/// Whether `reference` stands in `words`, with a hyphen, a space, or neither.
fn names(words: &str, reference: Reference) -> bool {
    let plain: String = words.chars().filter(|c| !matches!(c, '-' | ' ' | '.' | '\u{a0}' | '\u{2011}')).collect();
    plain.contains(&reference.digits())
}

#[cfg(test)]
#[path = "dialogue_tests.rs"]
mod tests;
