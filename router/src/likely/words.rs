//! What a text is made of: words as they were said and as they are compared, and the pieces that
//! bent and compounded words share.

use crate::facts::fold;
use std::{collections::HashSet, sync::LazyLock};

/// Words that say nothing about what it is about, in Dutch, French and English, folded.
const EMPTY: &str = "
aan als bij dat den der des deze die dit door een eens ge geen haar hem het hier hij hoe hun ik in is jij je kan kon maar
meer men met mij mijn moet naar niet nog nu of om ons onze ook op over te tot uit uw van veel voor waar was wat we wel werd
wie wij worden wordt zij zijn zo zonder dan toch heel
aux avec ces cet cette dans depuis des elle elles est eux ils les leur lui mais mes moi mon nos notre nous par pas plus pour
que qui sans ses son sont sous sur tes toi ton une vos votre vous ont ai fait chez tres
and any are been but can for from had has have her here his its not our out she some that the their them there they this
very were what when which who will with you your more does
";

static STOP: LazyLock<HashSet<&'static str>> = LazyLock::new(|| EMPTY.split_whitespace().collect());

/// The length of the pieces of words.
const PIECE: usize = 4;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word<'t> {
    /// As it was said.
    pub said: &'t str,
    /// In lower case, without accents.
    pub folded: String,
}

/// The words of `text` that may say what it is about, in their order.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    text.split(|c: char| !c.is_alphanumeric()).filter_map(word)
}

fn word(said: &str) -> Option<Word<'_>> {
    if said.is_empty() || said.len() > 40 || said.chars().any(char::is_numeric) {
        return None;
    }
    let folded = fold(said).trim().to_owned();
    let means = folded.chars().count() >= 3 || folded == "wc";
    (means && !STOP.contains(folded.as_str())).then_some(Word { said, folded })
}

/// The pieces of a folded word, its ends marked; none of a short one.
pub(super) fn pieces(word: &str) -> Vec<String> {
    let marked: Vec<char> = std::iter::once('<').chain(word.chars()).chain(['>']).collect();
    if marked.len() < PIECE + 2 {
        return Vec::new();
    }
    marked.windows(PIECE).map(|piece| piece.iter().collect()).collect()
}

/// The folded words of what a resident wrote that may be kept: each once, and nothing that says
/// who or where. Dropped are numbers and what stands before them (`Zandstraat 3`), mail and web
/// addresses, words with a capital inside a sentence (names of people and streets), and the words
/// of `address`.
pub(super) fn keepable(text: &str, address: Option<&str>) -> HashSet<String> {
    let mut kept = HashSet::new();
    let mut last: Option<String> = None;
    let mut begins = true;
    for chunk in text.split_whitespace() {
        let is_address = chunk.contains('@') || chunk.contains("://") || chunk.to_lowercase().starts_with("www.");
        let has_number = chunk.chars().any(char::is_numeric);
        if has_number && let Some(before) = last.take() {
            kept.remove(&before);
        }
        if !is_address && !has_number {
            for (nth, said) in chunk.split(|c: char| !c.is_alphanumeric()).filter(|said| !said.is_empty()).enumerate() {
                let is_name = said.chars().next().is_some_and(char::is_uppercase) && !(begins && nth == 0);
                last = word(said).filter(|_| !is_name).map(|word| word.folded);
                kept.extend(last.clone());
            }
        }
        begins = chunk.ends_with(['.', '!', '?', ':', '…']);
    }
    for word in address.into_iter().flat_map(words) {
        kept.remove(&word.folded);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str, address: Option<&str>) -> Vec<String> {
        let mut kept: Vec<String> = keepable(text, address).into_iter().collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn words_are_those_that_mean_something() {
        let found: Vec<_> = words("Er is een PUT, d'eau & wc in de Étang 12bis!").map(|word| word.folded).collect();
        assert_eq!(found, ["put", "eau", "wc", "etang"]);
        assert_eq!(words("Étang").next().unwrap().said, "Étang");
    }

    #[test]
    fn bent_words_share_pieces() {
        assert_eq!(pieces("put"), Vec::<String>::new());
        assert_eq!(pieces("putje"), ["<put", "putj", "utje", "tje>"]);
        let (one, many) = (pieces("straatlamp"), pieces("straatlampen"));
        assert!(one.iter().filter(|piece| many.contains(piece)).count() >= 7);
    }

    #[test]
    fn nothing_is_kept_that_says_who_or_where() {
        for (text, address, expected) in [
            ("Mijn buur Jan Peeters gooit vuil", None, &["buur", "gooit", "vuil"][..]),
            ("Rattenplaag in zandstraat 3 te Heule", None, &["rattenplaag"]),
            ("Mail jan.peeters@example.org of www.example.org/jan of https://x.example", None, &["mail"]),
            ("Bel 0470/12.34.56. Graag snel", None, &["graag", "snel"]),
            ("De lamp in de doorniksestraat is stuk", Some("Doorniksestraat 40"), &["lamp", "stuk"]),
            ("HELP DE RATTEN", None, &["help"]),
            ("rat rat rat", None, &["rat"]),
            ("", None, &[]),
        ] {
            assert_eq!(kept(text, address), expected, "{text}");
        }
    }
}
