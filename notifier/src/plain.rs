//! How plain a text is: the score of a reading formula for its language, and what makes it hard. Advice for
//! whoever writes it, never a verdict: a formula counts, it does not understand. Pure.

mod syllables;
mod words;

use schemas::report::Language;
use serde::Serialize;

/// More words than this in one sentence are hard to keep together (the Dutch and Belgian guidance for level B1
/// says 15 on average and 20 at most).
const LONG_SENTENCE: usize = 20;
/// A word of more syllables is long.
const LONG_WORD: usize = 5;

/// How plain a text is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// From about 0 (only specialists follow it) to about 100 (a child does); short texts may lie beyond.
    pub score: f64,
    /// What the score means.
    pub level: Level,
    /// How many sentences.
    pub sentences: usize,
    /// How many words.
    pub words: usize,
    /// How many syllables, as counted from the spelling.
    pub syllables: usize,
    /// What makes it hard, in the order of the text.
    pub hints: Vec<Hint>,
}

/// What a score means, by Flesch's own table (1949, *The Art of Readable Writing*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 70 and more: everybody follows it.
    Easy,
    /// 60 to 70: plain.
    Plain,
    /// 45 to 60: hard for many.
    Hard,
    /// Below 45: for specialists.
    VeryHard,
}

impl Level {
    fn of(score: f64) -> Self {
        match score {
            score if score >= 70.0 => Self::Easy,
            score if score >= 60.0 => Self::Plain,
            score if score >= 45.0 => Self::Hard,
            _ => Self::VeryHard,
        }
    }

    /// The level in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Plain => "plain",
            Self::Hard => "hard",
            Self::VeryHard => "very hard",
        }
    }
}

/// Something that makes a text hard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "hint", rename_all = "snake_case")]
pub enum Hint {
    /// A sentence of many words: make two of it.
    LongSentence {
        /// How many.
        words: usize,
        /// How it begins.
        begins: String,
    },
    /// A long word: say it with shorter ones.
    LongWord {
        /// The word.
        word: String,
    },
    /// The words do not say who does it.
    Passive {
        /// The words.
        words: String,
    },
    /// A word of offices.
    Official {
        /// The word.
        word: String,
        /// What people say.
        better: &'static str,
    },
}

impl Hint {
    /// The hint as a sentence.
    pub fn line(&self) -> String {
        match self {
            Self::LongSentence { words, begins } => {
                format!("a sentence of {words} words (\"{begins} …\"): make two of it")
            }
            Self::LongWord { word } => format!("\"{word}\" is long: say it with shorter words"),
            Self::Passive { words } => format!("\"{words}\" does not say who does it: name them"),
            Self::Official { word, better } => format!("\"{word}\" is office language: \"{better}\""),
        }
    }
}

/// Judges `text`. Lines that hold an address of the web alone, and such addresses within lines, do not count;
/// neither do names of facts (`Number: …`) make sentences of their own. `None` when there are no words, or
/// when the language is not built in.
///
/// The score is, with W words per sentence and S syllables per word:
///
/// - en: 206.835 − 1.015 W − 84.6 S (R. Flesch, "A new readability yardstick", *Journal of Applied Psychology*
///   32, 1948);
/// - nl: 206.84 − 0.93 W − 77 S (W. H. Douma, *De leesbaarheid van landbouwbladen*, Wageningen 1960);
/// - fr: 207 − 1.015 W − 73.6 S (L. Kandel and A. Moles, "Application de l’indice de Flesch à la langue
///   française", *Cahiers Études de Radio-Télévision* 19, 1958).
pub fn judge(text: &str, language: Language) -> Option<Reading> {
    let sentences = sentences(text);
    let words: usize = sentences.iter().map(Vec::len).sum();
    // The formulas are those of these languages.
    if words == 0 || !language.is_built_in() {
        return None;
    }
    let syllables: usize = sentences.iter().flatten().map(|word| syllables::count(word, language)).sum();
    // Counts of a text are far below where a f64 loses a digit.
    let per = |a: usize, b: usize| a as f64 / b as f64;
    let (w, s) = (per(words, sentences.len()), per(syllables, words));
    let score = match language {
        Language::NL => 206.84 - 0.93 * w - 77.0 * s,
        Language::FR => 207.0 - 1.015 * w - 73.6 * s,
        _ => 206.835 - 1.015 * w - 84.6 * s,
    };
    let mut hints = Vec::new();
    for sentence in &sentences {
        if sentence.len() > LONG_SENTENCE {
            let begins = sentence.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(" ");
            hints.push(Hint::LongSentence { words: sentence.len(), begins });
        }
        for word in sentence {
            if syllables::count(word, language) > LONG_WORD {
                hints.push(Hint::LongWord { word: word.clone() });
            }
        }
        hints.extend(words::passive(sentence, language).map(|words| Hint::Passive { words }));
        let found = words::official(sentence, language).into_iter();
        hints.extend(found.map(|(word, better)| Hint::Official { word: word.to_lowercase(), better }));
    }
    let mut seen: Vec<Hint> = Vec::new();
    for hint in hints {
        if !seen.contains(&hint) {
            seen.push(hint);
        }
    }
    let score = (score * 10.0).round() / 10.0;
    Some(Reading { score, level: Level::of(score), sentences: sentences.len(), words, syllables, hints: seen })
}

/// The sentences of a text, each as its words. A blank line ends one, a single line end does not, unless the
/// line is a fact or a quote of its own.
fn sentences(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut now: Vec<String> = Vec::new();
    let end = |now: &mut Vec<String>, found: &mut Vec<Vec<String>>| {
        if !now.is_empty() {
            found.push(std::mem::take(now));
        }
    };
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['>', '-', '#', ' ']);
        if line.is_empty() || line.split_once(": ").is_some_and(|(name, _)| name.split_whitespace().count() <= 4) {
            end(&mut now, &mut found);
        }
        let mut pieces = line.split_whitespace().filter(|piece| !is_address(piece)).peekable();
        while let Some(piece) = pieces.next() {
            let word = piece.trim_matches(|c: char| !c.is_alphanumeric());
            // Numbers are read, but no formula knows how.
            if word.chars().any(char::is_alphabetic) {
                now.push(word.to_owned());
            }
            let closed = piece.trim_end_matches(['"', '»', '”', ')', '\'']);
            let abbreviated = word.chars().count() == 1;
            // A colon within a line stands between the name of a fact and its value.
            let colon = closed.ends_with(':') && pieces.peek().is_none();
            if colon || closed.ends_with(['!', '?', ';', '…']) || (closed.ends_with('.') && !abbreviated) {
                end(&mut now, &mut found);
            }
        }
    }
    end(&mut now, &mut found);
    found
}

fn is_address(piece: &str) -> bool {
    piece.contains("://") || piece.starts_with("www.") || (piece.contains('@') && piece.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_formulas() {
        for (text, language, syllables, score) in [
            ("The dog runs. We see it now.", Language::EN, 7, 206.835 - 1.015 * 3.5 - 84.6 * 1.0),
            ("De hond loopt. Wij zien hem nu.", Language::NL, 7, 206.84 - 0.93 * 3.5 - 77.0 * 1.0),
            ("Le chien court. Nous le voyons vite.", Language::FR, 8, 207.0 - 1.015 * 3.5 - 73.6 * 8.0 / 7.0),
        ] {
            let reading = judge(text, language).unwrap();
            assert_eq!((reading.sentences, reading.words, reading.syllables), (2, 7, syllables), "{text}");
            assert!((reading.score - score).abs() < 0.051, "{text}: {} is not {score}", reading.score);
            assert_eq!((reading.level, reading.hints), (Level::Easy, vec![]));
        }
        for nothing in ["", "\n\n", "https://example.org/nl/t/abc", "1777 12/3", "jo@example.org"] {
            assert_eq!(judge(nothing, Language::NL), None, "{nothing}");
        }
    }

    #[test]
    fn office_language_scores_worse_than_plain_words() {
        for (language, office, plain) in [
            (
                Language::NL,
                "Teneinde uw aanvraag te kunnen behandelen dient u de ontbrekende documentatie te bezorgen.",
                "Wij missen nog een blad. Stuurt u het ons?",
            ),
            (
                Language::FR,
                "Afin de procéder à l’instruction de votre sollicitation, veuillez transmettre les justificatifs \
                 susmentionnés.",
                "Il nous manque une page. Envoyez-la nous.",
            ),
            (
                Language::EN,
                "In order to commence processing your application, documentation must be submitted forthwith.",
                "We miss a page. Please send it to us.",
            ),
        ] {
            let (office, plain) = (judge(office, language).unwrap(), judge(plain, language).unwrap());
            assert!(office.score < 45.0 && plain.score > 70.0, "{language:?} {} {}", office.score, plain.score);
            assert!(office.hints.iter().any(|hint| matches!(hint, Hint::Official { .. })), "{:?}", office.hints);
            assert_eq!(plain.hints, []);
        }
    }

    #[test]
    fn what_is_hard_is_named() {
        let long = format!("{}.", ["woord"; 21].join(" "));
        let hints = |text: &str, language| judge(text, language).unwrap().hints;
        let begins = "woord woord woord woord".to_owned();
        assert_eq!(hints(&long, Language::NL), [Hint::LongSentence { words: 21, begins }]);
        let word = "verantwoordelijkheidsgevoel".to_owned();
        assert_eq!(hints("Dat is verantwoordelijkheidsgevoel.", Language::NL), [Hint::LongWord { word }]);
        for (text, language, words) in [
            ("De put werd gisteren gevuld.", Language::NL, "werd … gevuld"),
            ("Uw melding wordt behandeld.", Language::NL, "wordt … behandeld"),
            ("Le trou sera réparé demain.", Language::FR, "sera … réparé"),
            ("The hole was filled.", Language::EN, "was … filled"),
        ] {
            assert_eq!(hints(text, language), [Hint::Passive { words: words.into() }], "{text}");
        }
        for (text, language) in [
            ("Het wordt morgen warm.", Language::NL),
            ("Il est tard.", Language::FR),
            ("It was a red car.", Language::EN),
            ("We have filled it.", Language::EN),
        ] {
            assert_eq!(hints(text, language), [], "{text}");
        }
        assert_eq!(hints("Reeds reeds.", Language::NL).len(), 1, "each hint once");
    }

    #[test]
    fn sentences_end_where_a_reader_stops() {
        let count = |text: &str| sentences(text).len();
        for (text, expected) in [
            ("Een. Twee! Drie? Vier", 4),
            ("Een regel\ndie doorgaat.", 1),
            ("Kop\n\nEen zin.", 2),
            ("Uw nummer: 0123 4566\nOnderwerp: put\nPlaats: Markt", 3),
            ("J. P. Peeters belt.", 1),
            ("Hij zei \"kom.\" Toen ging hij.", 2),
            ("Volg uw melding:\nhttps://example.org/x", 1),
        ] {
            assert_eq!(count(text), expected, "{text}: {:?}", sentences(text));
        }
    }
}
