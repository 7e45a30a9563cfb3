//! How many syllables a word has, as its spelling shows. Right for most words, which is what a formula needs.

use schemas::report::Language;

/// The syllables of `word`, at least one.
pub(super) fn count(word: &str, language: Language) -> usize {
    // A compound with a hyphen or an apostrophe is its parts: `sms-bericht`, `l’eau`.
    let parts = word.split(['-', '\'', '’', '/', '.']).filter(|part| part.chars().any(char::is_alphabetic));
    parts.map(|part| of_part(&part.to_lowercase(), language)).sum::<usize>().max(1)
}

fn of_part(word: &str, language: Language) -> usize {
    let letters: Vec<char> = word.chars().collect();
    let vowel = |i: usize| letters.get(i).is_some_and(|c| is_vowel(&letters, i, *c, language));
    let mut syllables = 0;
    for i in 0..letters.len() {
        if !vowel(i) {
            continue;
        }
        let begins = i == 0 || !vowel(i - 1);
        if begins || splits(&letters, i, language) {
            syllables += 1;
        }
    }
    let mute = usize::from(syllables > 1 && ends_mute(&letters, language));
    // Letters without a vowel are spelled out: `sms`.
    if syllables == 0 && letters.len() > 1 && language == Language::NL { letters.len() } else { syllables - mute }
}

fn is_vowel(letters: &[char], i: usize, c: char, language: Language) -> bool {
    let plain = "aeiouáéíóúàèìòùäëïöüâêîôûæœĳ".contains(c);
    if c != 'y' {
        // `qu`, and in French `gu` before e and i, are said with one consonant.
        let after_q = c == 'u' && i > 0 && letters[i - 1] == 'q';
        let after_g = language == Language::FR
            && c == 'u'
            && i > 0
            && letters[i - 1] == 'g'
            && letters.get(i + 1).is_some_and(|next| "eiéèêy".contains(*next));
        return plain && !after_q && !after_g;
    }
    // `y` begins a syllable before a vowel (`envoyer`, `year`) and is one elsewhere.
    !letters.get(i + 1).is_some_and(|next| "aeiouéèêà".contains(*next))
}

/// Whether the vowel at `i`, which follows another, begins a syllable of its own.
fn splits(letters: &[char], i: usize, language: Language) -> bool {
    let (before, here) = (letters[i - 1], letters[i]);
    if "ëïöüä".contains(here) && language != Language::EN {
        return true;
    }
    let next = letters.get(i + 1).copied().unwrap_or(' ');
    match language {
        Language::NL => {
            // `eau` is one sound, `aai`, `ooi`, `oei`, `eeu` and `ieu` too; these are two.
            matches!((before, here), ('e', 'a') if next != 'u')
                || matches!((before, here), ('e', 'o') | ('i', 'a' | 'o') | ('u', 'a' | 'o') | ('o', 'a') | ('a', 'o'))
                || (before == 'i' && here == 'u')
                || ((before, here) == ('i', 'e') && i >= 2 && "aeo".contains(letters[i - 2]))
        }
        Language::FR => {
            matches!((before, here), ('é', _) | ('a', 'o') | ('o', 'a'))
                || (here == 'é' && !matches!(before, 'i' | 'u'))
                || (matches!((before, here), ('i', 'e'))
                    && i >= 3
                    && "rl".contains(letters[i - 2])
                    && "bcdfgptv".contains(letters[i - 3]))
        }
        _ => {
            matches!((before, here), ('i', 'a' | 'u') | ('u', 'a'))
                || (before == 'i' && here == 'o' && !(i >= 2 && "tsc".contains(letters[i - 2])))
        }
    }
}

/// Whether the last vowel is written and not said.
fn ends_mute(letters: &[char], language: Language) -> bool {
    let n = letters.len();
    let at = |from_end: usize| n.checked_sub(from_end).map_or(' ', |i| letters[i]);
    let is_consonant = |c: char| c.is_alphabetic() && !"aeiouyéèêà".contains(c);
    match language {
        Language::NL => false,
        Language::FR => (at(1) == 'e' && is_consonant(at(2))) || (at(1) == 's' && at(2) == 'e' && is_consonant(at(3))),
        _ => {
            let silent_e = at(1) == 'e' && is_consonant(at(2)) && !(at(2) == 'l' && is_consonant(at(3)));
            let silent_ed = at(1) == 'd' && at(2) == 'e' && is_consonant(at(3)) && !"td".contains(at(3));
            let silent_es = at(1) == 's' && at(2) == 'e' && is_consonant(at(3)) && !"szxcgh".contains(at(3));
            silent_e || silent_ed || silent_es
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_syllables_that_people_say() {
        let nl = "straat=1 melding=2 theater=3 geïnformeerd=4 openbare=4 nieuw=1 mooi=1 bureau=2 dienst=1 radio=3 \
                  sms-bericht=5 koeien=2 gemeente=3 ĳs=1 verantwoordelijkheid=6";
        let fr = "rue=1 voiture=2 service=2 demande=2 signalement=4 envoyé=3 vous=1 ouvrier=3 question=2 l’eau=1 créer=2 \
                  quartier=2 numéros=3";
        let en =
            "street=1 received=2 table=2 planned=1 wanted=2 question=2 people=2 radio=3 year=1 boxes=2 plates=1 city=2";
        for (language, words) in [(Language::NL, nl), (Language::FR, fr), (Language::EN, en)] {
            for pair in words.split_whitespace() {
                let (word, expected) = pair.split_once('=').unwrap();
                assert_eq!(count(word, language), expected.parse::<usize>().unwrap(), "{language:?} {word}");
            }
        }
        for odd in ["", "-", "ß", "漢字", "x"] {
            assert!(count(odd, Language::EN) >= 1, "{odd}");
        }
    }
}
