//! What the city hands to others: open data, and a frame in their pages.

/// By which terms everybody may use the cases that are public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenData {
    /// What the licence is called.
    pub licence: String,
    /// Where it can be read.
    pub licence_url: String,
    /// Whom to name as the source; the name of the city when left out.
    pub source: Option<String>,
}

impl Default for OpenData {
    /// Creative Commons Zero 1.0: no terms at all, until the city writes its own.
    fn default() -> Self {
        Self {
            licence: "CC0 1.0".to_owned(),
            licence_url: "https://creativecommons.org/publicdomain/zero/1.0/".to_owned(),
            source: None,
        }
    }
}

/// Whose pages may hold ours in a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Embed {
    /// Origins (RFC 6454 §6.2): `https://www.kortrijk.example`. Nobody when empty.
    pub allow: Vec<String>,
}
