//! What short messages mean, in our languages: help, new, a number, what, where. Pure.

/// Words by which people ask what they can do here.
const HELP: &[&str] = &["help", "hulp", "aide", "info", "?"];
/// What begins a new matter, before its words.
const NEW_MATTER: &[&str] = &["new", "nieuw", "nouveau"];
/// What chooses a new matter.
const NEW: &[&str] = &["new", "nieuw", "nieuwe", "nouveau", "nouvelle", "neuf"];
/// Words that say nothing of a matter.
const SMALL: &[&str] = &[
    "hallo",
    "hello",
    "hi",
    "hey",
    "hoi",
    "dag",
    "bonjour",
    "salut",
    "goedemorgen",
    "goedemiddag",
    "goedenavond",
    "bonsoir",
    "test",
    "goeiedag",
    "goeiemorgen",
    "beste",
    "melding",
    "signalement",
    "report",
    "sms",
];
/// Words that close a conversation.
const CLOSING: &[&str] = &[
    "ok",
    "oke",
    "oké",
    "okay",
    "dank",
    "bedankt",
    "merci",
    "thanks",
    "thank",
    "you",
    "u",
    "je",
    "dankuwel",
    "dankjewel",
    "super",
    "prima",
    "top",
    "bien",
    "goed",
    "ja",
    "nee",
    "oui",
    "non",
    "yes",
    "no",
    "groeten",
    "mvg",
];
/// Ends of words that are names of streets, and words that stand before or after them.
const STREETS: &[&str] = &[
    "straat", "laan", "plein", "steenweg", "dreef", "kaai", "markt", "park", "pad", "wegel", "brug", "kerk", "school",
    "station", "hof", "lei", "vest",
];
const STREET_WORDS: &[&str] = &[
    "rue",
    "avenue",
    "chaussée",
    "chaussee",
    "place",
    "boulevard",
    "quai",
    "square",
    "allée",
    "gare",
    "église",
    "street",
    "road",
    "lane",
    "church",
    "station",
    "weg",
    "hoek",
    "tegenover",
    "coin",
    "kerk",
    "school",
    "markt",
    "brug",
    "plein",
    "park",
    "kerkhof",
];

fn words(said: &str) -> Vec<String> {
    said.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Whether it asks for help, and says nothing else.
pub(super) fn is_help(said: &str) -> bool {
    let alone = said.trim().trim_matches(['.', '!', ' ']).to_lowercase();
    HELP.contains(&alone.as_str())
}

/// What follows a word that begins a new matter.
pub(super) fn new_matter(said: &str) -> Option<&str> {
    let said = said.trim_start();
    let end = said.find(|c: char| !c.is_alphanumeric()).unwrap_or(said.len());
    let (first, rest) = said.split_at(end);
    NEW_MATTER
        .contains(&first.to_lowercase().as_str())
        .then(|| rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | ',' | '.' | '!')))
}

/// A choice that somebody made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// This one, from 1.
    Nth(usize),
    /// Something new.
    New,
}

/// The choice that a message is, when it is nothing else.
pub(super) fn choice(said: &str) -> Option<Choice> {
    match words(said).as_slice() {
        [one] if NEW.contains(&one.as_str()) => Some(Choice::New),
        [one] => match one.as_str() {
            "1" | "een" | "één" | "un" | "one" => Some(Choice::Nth(1)),
            "2" | "twee" | "deux" | "two" => Some(Choice::Nth(2)),
            "3" | "drie" | "trois" | "three" => Some(Choice::Nth(3)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether nothing but thanks and the like is said.
pub(super) fn is_small_talk(said: &str) -> bool {
    let words = words(said);
    !words.iter().any(|word| !CLOSING.contains(&word.as_str()))
}

/// Whether words say what it is about: two that are no greeting, or one long one.
pub(super) fn says_what(said: &str) -> bool {
    let words = words(said);
    let said: Vec<&String> = words
        .iter()
        .filter(|word| !SMALL.contains(&word.as_str()) && !CLOSING.contains(&word.as_str()))
        .filter(|word| word.chars().any(char::is_alphabetic))
        .collect();
    let letters: usize = said.iter().map(|word| word.chars().count()).sum();
    (said.len() >= 2 && letters >= 7) || letters >= 12
}

/// Whether words name a place: a street, a square, a number of a house behind a name, coordinates.
pub(super) fn says_where(said: &str) -> bool {
    let parts: Vec<&str> =
        said.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|part| !part.is_empty()).collect();
    let is_number = |part: &str| part.len() <= 5 && part.starts_with(|c: char| c.is_ascii_digit());
    let is_name = |part: &str| part.chars().next().is_some_and(char::is_uppercase) && part.chars().count() >= 4;
    let named = parts.windows(2).any(|pair| is_name(pair[0]) && is_number(pair[1]));
    let is_street = |word: &String| {
        let longer = |end: &&&str| word.ends_with(**end) && word.chars().count() > end.chars().count() + 2;
        STREETS.iter().find(|end| longer(end)).is_some() || STREET_WORDS.contains(&word.as_str())
    };
    named || words(said).iter().any(is_street)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_messages_are_understood() {
        for (said, help) in [("HELP", true), (" hulp! ", true), ("Aide", true), ("?", true), ("help mij", false)] {
            assert_eq!(is_help(said), help, "{said}");
        }
        for (said, rest) in [
            ("NEW", Some("")),
            ("nieuw: de lamp is stuk", Some("de lamp is stuk")),
            ("Nouveau, un trou", Some("un trou")),
            ("nieuwe lamp is stuk", None),
            ("nieuws over de put?", None),
            ("", None),
        ] {
            assert_eq!(new_matter(said), rest, "{said}");
        }
        for (said, is) in [
            ("1", Some(Choice::Nth(1))),
            (" 2.", Some(Choice::Nth(2))),
            ("Deux", Some(Choice::Nth(2))),
            ("NIEUW", Some(Choice::New)),
            ("9", None),
            ("1 2", None),
            ("de lamp", None),
        ] {
            assert_eq!(choice(said), is, "{said}");
        }
        for (said, what) in [
            ("Hallo", false),
            ("Dag, ok", false),
            ("put", false),
            ("put straat", true),
            ("zwerfvuil", false),
            ("straatverlichting", true),
            ("De lamp is stuk", true),
            ("12 34 56", false),
            ("", false),
        ] {
            assert_eq!(says_what(said), what, "{said}");
        }
        for (said, place) in [
            ("Put in de Doorniksestraat", true),
            ("Put straat", false),
            ("Lamp stuk aan het Schouwburgplein", true),
            ("Un trou rue de la Gare", true),
            ("Hole in Station Road", true),
            ("Put Overleie 12", true),
            ("De lamp is stuk", false),
            ("2 lampen stuk", false),
            ("", false),
        ] {
            assert_eq!(says_where(said), place, "{said}");
        }
        for (said, small) in [("Dank u!", true), ("ok merci", true), ("", true), ("dank, maar de put is er nog", false)]
        {
            assert_eq!(is_small_talk(said), small, "{said}");
        }
    }
}
