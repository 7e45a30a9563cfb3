//! Words of offices with what people say instead, and how to see that a sentence does not say who does it.

use schemas::report::Language;

/// Words that people do not say, and what they say.
const DUTCH: &[(&str, &str)] = &[
    ("aangaande", "over"),
    ("alsmede", "en ook"),
    ("alvorens", "voor"),
    ("benevens", "en ook"),
    ("betreffende", "over"),
    ("conform", "volgens"),
    ("derhalve", "daarom"),
    ("desbetreffende", "deze"),
    ("dient", "moet"),
    ("dienen", "moeten"),
    ("doch", "maar"),
    ("geschieden", "gebeuren"),
    ("geschiedt", "gebeurt"),
    ("indien", "als"),
    ("ingevolge", "door"),
    ("inzake", "over"),
    ("krachtens", "volgens"),
    ("middels", "met"),
    ("mits", "als"),
    ("nochtans", "toch"),
    ("omtrent", "over"),
    ("reeds", "al"),
    ("teneinde", "om"),
    ("tevens", "ook"),
    ("thans", "nu"),
    ("voornoemd", "dit"),
    ("voornoemde", "deze"),
    ("wederom", "weer"),
    ("zulks", "dat"),
];
const FRENCH: &[(&str, &str)] = &[
    ("afférent", "lié"),
    ("afin", "pour"),
    ("concernant", "sur"),
    ("conformément", "selon"),
    ("dûment", "bien"),
    ("instruction", "étude"),
    ("ladite", "cette"),
    ("ledit", "ce"),
    ("lesdits", "ces"),
    ("moyennant", "avec"),
    ("nonobstant", "malgré"),
    ("octroyer", "donner"),
    ("préalablement", "avant"),
    ("procéder", "faire"),
    ("relatif", "sur"),
    ("relative", "sur"),
    ("sollicitation", "demande"),
    ("stipule", "dit"),
    ("susmentionné", "ce"),
    ("susmentionnés", "ces"),
    ("susvisé", "ce"),
    ("ultérieurement", "plus tard"),
    ("veuillez", "merci de"),
];
const ENGLISH: &[(&str, &str)] = &[
    ("aforementioned", "this"),
    ("commence", "start"),
    ("concerning", "about"),
    ("endeavour", "try"),
    ("ensure", "make sure"),
    ("facilitate", "help"),
    ("forthwith", "now"),
    ("furthermore", "also"),
    ("hereby", "(leave it out)"),
    ("herewith", "with this"),
    ("henceforth", "from now on"),
    ("notwithstanding", "despite"),
    ("pursuant", "under"),
    ("regarding", "about"),
    ("remittance", "payment"),
    ("subsequently", "later"),
    ("thereof", "of it"),
    ("utilise", "use"),
    ("whilst", "while"),
];

/// The words of offices in `sentence`, as they stand there, each with what people say.
pub(super) fn official(sentence: &[String], language: Language) -> Vec<(&str, &'static str)> {
    let list = match language {
        Language::NL => DUTCH,
        Language::FR => FRENCH,
        _ => ENGLISH,
    };
    let find = |word: &str| list.iter().find(|(office, _)| *office == word.to_lowercase());
    sentence.iter().filter_map(|word| find(word).map(|(_, better)| (word.as_str(), *better))).collect()
}

/// How far a participle may stand from its verb.
const NEAR: usize = 6;

/// The verb and the participle of a sentence that does not say who does it: `werd … gevuld`.
pub(super) fn passive(sentence: &[String], language: Language) -> Option<String> {
    let lower: Vec<String> = sentence.iter().map(|word| word.to_lowercase()).collect();
    let verb = |word: &str| match language {
        Language::NL => matches!(word, "word" | "wordt" | "worden" | "werd" | "werden"),
        // `est allé` says who; so only what has no other sense.
        Language::FR => matches!(word, "sera" | "seront" | "été" | "fut" | "furent"),
        _ => matches!(word, "is" | "are" | "was" | "were" | "be" | "been" | "being"),
    };
    let at = lower.iter().position(|word| verb(word))?;
    let reach = if language == Language::NL { NEAR } else { 2 };
    let found = lower.iter().skip(at + 1).take(reach).find(|word| is_participle(word, language))?;
    Some(format!("{} … {found}", lower[at]))
}

fn is_participle(word: &str, language: Language) -> bool {
    let long = word.chars().count() >= 5;
    match language {
        Language::NL => {
            let begins =
                ["ge", "be", "ver", "ont", "her", "over", "onder", "aange", "opge", "uitge", "doorge", "afge", "inge"];
            long && begins.iter().any(|begin| word.starts_with(begin))
                && (word.ends_with('d') || word.ends_with('t') || word.ends_with("en"))
        }
        Language::FR => long && ["é", "és", "ée", "ées"].iter().any(|end| word.ends_with(end)),
        _ => long && word.ends_with("ed") && !matches!(word, "indeed" | "speed" | "tired" | "pleased"),
    }
}
