//! Which of our languages somebody writes in, guessed by small words that the others do not have. Pure.

use crate::report::Language;

const NL: &str = "de het een en van ik is niet op dat te zijn voor met die er bij aan naar ook wel maar om deze dit wij we \
                  jullie mijn onze geen nog al sinds hier ligt staat werkt kapot graag bedankt groeten straat heb hebben \
                  wordt kunnen kan alstublieft goedemorgen goeiedag beste heer mevrouw wat waar wanneer gaat goed";
const FR: &str = "le la les un une des et est je ne pas du au aux dans pour sur qui que ce cette il elle nous vous mon ma \
                  notre votre avec depuis ici y a bonjour merci rue plus sont été être fait avez peut pourriez svp madame \
                  monsieur c'est n'est j'ai il l'éclairage trou cassé cassée quand où comment d'une d'un";
const EN: &str = "the a an and of i is not on that to are for with this there at it my our we you your since here hello \
                  please thanks thank street has have been broken can could would when where what how was lights does dear \
                  regards hi";

/// The language of `text` among `among`; `None` when its words do not say.
pub fn guess(text: &str, among: &[Language]) -> Option<Language> {
    let text = text.to_lowercase().replace('’', "'");
    let words: Vec<&str> =
        text.split(|c: char| !(c.is_alphabetic() || c == '\'')).filter(|word| !word.is_empty()).take(300).collect();
    let count = |list: &str| {
        let known: std::collections::HashSet<&str> = list.split_whitespace().collect();
        words.iter().filter(|word| known.contains(*word) || elided(word, &known)).count()
    };
    // Of all of ours, also where the city serves fewer: words that two share say nothing of a third.
    let mut found: Vec<(usize, Language)> = Language::BUILT_IN
        .iter()
        .map(|language| {
            let list = match *language {
                Language::NL => NL,
                Language::FR => FR,
                _ => EN,
            };
            (count(list), *language)
        })
        .collect();
    found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    match found.as_slice() {
        [(most, language), (next, _), ..] if most > next => Some(*language).filter(|found| among.contains(found)),
        _ => None,
    }
}

/// `l'eau` and `qu'il` begin with a small word of French.
fn elided(word: &str, known: &std::collections::HashSet<&str>) -> bool {
    let Some((before, _)) = word.split_once('\'') else { return false };
    known.contains("le") && matches!(before, "l" | "d" | "qu" | "j" | "n" | "s" | "c" | "m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_words_say_the_language() {
        let [nl, fr, en] = Language::BUILT_IN;
        for (text, language) in [
            ("De lamp op de hoek is kapot", Some(nl)),
            ("Er ligt een matras in onze straat", Some(nl)),
            ("Il y a un trou dans la rue", Some(fr)),
            ("L’éclairage ne marche plus", Some(fr)),
            ("The street light is broken", Some(en)),
            ("There is a hole in the road", Some(en)),
            ("Put Doorniksestraat 12", None),
            ("", None),
        ] {
            assert_eq!(guess(text, &Language::BUILT_IN), language, "{text}");
        }
        assert_eq!(guess("Il y a un trou dans la rue", &[nl]), None);
        assert_eq!(guess("The street light is broken", &[nl, fr]), None);
    }
}
