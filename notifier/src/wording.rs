//! Words that the templates are given ready-made: dates in words, and what kind of matter it is,
//! with the article or possessive that each language needs. Pure.

use schemas::{
    Date,
    city::{City, in_language},
    notice::{Because, Scope},
    report::{Kind, Language},
    spoken,
};

/// `date` in words: `maandag 30 november 2026`, `lundi 30 novembre 2026`,
/// `Monday 30 November 2026`. French writes the first of a month `1er`.
pub fn date(date: Date, language: Language) -> String {
    format!("{} {} {}", spoken::weekday(language, date), spoken::day(language, date), date.year())
}

/// The matter as its owner is told of it: `uw melding`, `votre signalement`, `your report`; and as who
/// follows it is: `de melding`, `le signalement`, `the report`.
pub fn matter(kind: Kind, is_theirs: bool, language: Language) -> &'static str {
    let [nl, fr, en] = match kind {
        Kind::Report if !is_theirs => ["de melding", "le signalement", "the report"],
        Kind::Question if !is_theirs => ["de vraag", "la question", "the question"],
        Kind::Suggestion if !is_theirs => ["de suggestie", "la suggestion", "the suggestion"],
        Kind::Complaint if !is_theirs => ["de klacht", "la plainte", "the complaint"],
        Kind::Compliment if !is_theirs => ["het compliment", "le compliment", "the compliment"],
        Kind::Request if !is_theirs => ["de aanvraag", "la demande", "the request"],
        Kind::Report => ["uw melding", "votre signalement", "your report"],
        Kind::Question => ["uw vraag", "votre question", "your question"],
        Kind::Suggestion => ["uw suggestie", "votre suggestion", "your suggestion"],
        Kind::Complaint => ["uw klacht", "votre plainte", "your complaint"],
        Kind::Compliment => ["uw compliment", "votre compliment", "your compliment"],
        Kind::Request => ["uw aanvraag", "votre demande", "your request"],
    };
    match language {
        Language::NL => nl,
        Language::FR => fr,
        _ => en,
    }
}

/// A broadcast, as [`matter`] calls reports.
pub fn message(language: Language) -> &'static str {
    match language {
        Language::NL => "dit bericht",
        Language::FR => "ce message",
        _ => "this message",
    }
}

/// What kind of matter a broadcast is, where others name their category.
pub fn from_the_city(language: Language) -> &'static str {
    match language {
        Language::NL => "Bericht van de stad",
        Language::FR => "Message de la ville",
        _ => "Message from the city",
    }
}

/// Why somebody is told of a broadcast, in a sentence.
pub fn reason(because: Option<&Because>, city: &City, language: Language) -> String {
    let area =
        |id: &str| city.areas.get(id).map_or_else(|| id.to_owned(), |a| in_language(&a.names, language).to_owned());
    let topic = |id: &str| {
        let category = city.categories.iter().find(|category| category.id.as_str() == id).map(|c| &c.names);
        let names = category.or_else(|| city.groups.iter().find(|group| group.id.as_str() == id).map(|g| &g.names));
        names.map_or_else(|| id.to_owned(), |names| in_language(names, language).to_owned())
    };
    let (words, what) = match because {
        Some(Because::Place { district: Some(id), .. }) => {
            (["U hebt een plek in", "Vous avez un lieu à", "You have a place in"], area(id))
        }
        Some(Because::Place { street: Some(street), .. }) => (
            [
                "U hebt een plek in deze straat:",
                "Vous avez un lieu dans cette rue :",
                "You have a place in this street:",
            ],
            street.clone(),
        ),
        Some(Because::Place { .. }) => (
            ["U hebt een plek in deze buurt", "Vous avez un lieu dans ce quartier", "You have a place in this area"],
            String::new(),
        ),
        Some(Because::Follows { scope: Scope::Area, target }) => {
            (["U volgt", "Vous suivez", "You follow"], area(target))
        }
        Some(Because::Follows { target, .. }) => {
            (["U volgt dit onderwerp:", "Vous suivez ce sujet :", "You follow this topic:"], topic(target))
        }
        _ => (
            ["U wilde berichten van ons krijgen", "Vous avez demandé nos messages", "You asked for our messages"],
            String::new(),
        ),
    };
    let [nl, fr, en] = words;
    let words = match language {
        Language::NL => nl,
        Language::FR => fr,
        _ => en,
    };
    format!("{}.", format!("{words} {what}").trim_end())
}

/// `text` with a capital at its start.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn dates_in_words() {
        for (day, language, expected) in [
            (civil::date(2026, 11, 30), Language::NL, "maandag 30 november 2026"),
            (civil::date(2026, 11, 30), Language::FR, "lundi 30 novembre 2026"),
            (civil::date(2026, 11, 30), Language::EN, "Monday 30 November 2026"),
            (civil::date(2026, 2, 1), Language::FR, "dimanche 1er février 2026"),
            (civil::date(2026, 2, 1), Language::NL, "zondag 1 februari 2026"),
            (civil::date(2028, 2, 29), Language::EN, "Tuesday 29 February 2028"),
        ] {
            assert_eq!(date(day, language), expected);
        }
    }

    #[test]
    fn capitals() {
        assert_eq!(capital("uw melding"), "Uw melding");
        assert_eq!(capital("été"), "Été");
        assert_eq!(capital(""), "");
    }
}
