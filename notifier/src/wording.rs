//! Words that the templates are given ready-made: dates in words, and what kind of matter it is,
//! with the article or possessive that each language needs. Pure.

use schemas::{
    Date,
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
        Language::Nl => nl,
        Language::Fr => fr,
        Language::En => en,
    }
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
            (civil::date(2026, 11, 30), Language::Nl, "maandag 30 november 2026"),
            (civil::date(2026, 11, 30), Language::Fr, "lundi 30 novembre 2026"),
            (civil::date(2026, 11, 30), Language::En, "Monday 30 November 2026"),
            (civil::date(2026, 2, 1), Language::Fr, "dimanche 1er février 2026"),
            (civil::date(2026, 2, 1), Language::Nl, "zondag 1 februari 2026"),
            (civil::date(2028, 2, 29), Language::En, "Tuesday 29 February 2028"),
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
