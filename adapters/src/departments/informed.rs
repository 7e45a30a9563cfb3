//! What a department reads first that is only informed, and otherwise works by what it is sent: that
//! nothing is asked of it.

use schemas::{case::Role, city::City, dispatch::Dispatch, report::Language};

/// The first line of what it reads, in the city's first language; nothing for who has work.
pub fn line(city: &City, dispatch: &Dispatch) -> Option<&'static str> {
    (dispatch.role == Role::Informed).then(|| said(city.languages.first().copied().unwrap_or_default()))
}

/// The same before `words`.
pub fn before(city: &City, dispatch: &Dispatch, words: &str) -> String {
    line(city, dispatch).map_or_else(|| words.to_owned(), |line| format!("{line}\n\n{words}"))
}

/// Short enough for the narrowest description.
pub fn said(language: Language) -> &'static str {
    match language {
        Language::NL => "Ter info, geen actie gevraagd: een andere dienst doet dit.",
        Language::FR => "Pour info, rien à faire : un autre service s'en charge.",
        _ => "For information, no action asked: another department does this.",
    }
}
