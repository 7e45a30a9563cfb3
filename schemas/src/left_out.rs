//! What was not taken of a mail: kinds alone, never a name that somebody chose.

use crate::{
    further::{Further, Word},
    report::Language,
};
use serde::{Deserialize, Serialize};

/// Something that came with a mail and was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The end of very long words.
    Words,
    /// A photo more than a report may have.
    TooMany,
    /// A photo of too many bytes or pixels.
    TooLarge,
    /// A photo in Apple's own format.
    Heic,
    /// A photo that is broken or cut off.
    Damaged,
    /// A file that holds malware.
    Malware,
    /// A PDF.
    Pdf,
    /// A film or a sound.
    Film,
    /// A text or a sheet of an office program.
    Document,
    /// A mail within the mail.
    Mail,
    /// What only Outlook reads (`winmail.dat`).
    Outlook,
    /// Any other file.
    Other,
}

impl LeftOut {
    /// One of it, and several; the end of a text is one whatever there is of it.
    fn words(self) -> &'static [Word] {
        match self {
            Self::Words => &WORDS,
            Self::TooMany => &TOO_MANY,
            Self::TooLarge => &TOO_LARGE,
            Self::Heic => &HEIC,
            Self::Damaged => &DAMAGED,
            Self::Malware => &MALWARE,
            Self::Pdf => &PDF,
            Self::Film => &FILM,
            Self::Document => &DOCUMENT,
            Self::Mail => &MAIL,
            Self::Outlook => &OUTLOOK,
            Self::Other => &OTHER,
        }
    }
}

static WORDS: [Word; 1] =
    [Word::new("left-out-words", ["het einde van uw tekst", "la fin de votre texte", "the end of your text"])];
static TOO_MANY: [Word; 2] = [
    Word::new("left-out-too-many", ["een foto te veel", "une photo de trop", "a photo too many"]),
    Word::new(
        "left-out-too-many-many",
        ["{ $count } foto’s te veel", "{ $count } photos de trop", "{ $count } photos too many"],
    ),
];
static TOO_LARGE: [Word; 2] = [
    Word::new("left-out-too-large", ["een te grote foto", "une photo trop grande", "a photo that is too large"]),
    Word::new(
        "left-out-too-large-many",
        ["{ $count } te grote foto’s", "{ $count } photos trop grandes", "{ $count } photos that are too large"],
    ),
];
static HEIC: [Word; 2] = [
    Word::new("left-out-heic", ["een foto in HEIC-formaat", "une photo au format HEIC", "a photo in HEIC format"]),
    Word::new(
        "left-out-heic-many",
        ["{ $count } foto’s in HEIC-formaat", "{ $count } photos au format HEIC", "{ $count } photos in HEIC format"],
    ),
];
static DAMAGED: [Word; 2] = [
    Word::new("left-out-damaged", ["een beschadigde foto", "une photo abîmée", "a damaged photo"]),
    Word::new(
        "left-out-damaged-many",
        ["{ $count } beschadigde foto’s", "{ $count } photos abîmées", "{ $count } damaged photos"],
    ),
];
static MALWARE: [Word; 2] = [
    Word::new("left-out-malware", ["een bestand met een virus", "un fichier avec un virus", "a file with a virus"]),
    Word::new(
        "left-out-malware-many",
        ["{ $count } bestanden met een virus", "{ $count } fichiers avec un virus", "{ $count } files with a virus"],
    ),
];
static PDF: [Word; 2] = [
    Word::new("left-out-pdf", ["een pdf", "un PDF", "a PDF"]),
    Word::new("left-out-pdf-many", ["{ $count } pdf’s", "{ $count } PDF", "{ $count } PDFs"]),
];
static FILM: [Word; 2] = [
    Word::new("left-out-film", ["een film of geluid", "une vidéo ou un son", "a film or sound"]),
    Word::new(
        "left-out-film-many",
        ["{ $count } films of geluiden", "{ $count } vidéos ou sons", "{ $count } films or sounds"],
    ),
];
static DOCUMENT: [Word; 2] = [
    Word::new("left-out-document", ["een document", "un document", "a document"]),
    Word::new("left-out-document-many", ["{ $count } documenten", "{ $count } documents", "{ $count } documents"]),
];
static MAIL: [Word; 2] = [
    Word::new("left-out-mail", ["een mail in de bijlage", "un mail en annexe", "an attached e-mail"]),
    Word::new(
        "left-out-mail-many",
        ["{ $count } mails in de bijlage", "{ $count } mails en annexe", "{ $count } attached e-mails"],
    ),
];
static OUTLOOK: [Word; 2] = [
    Word::new(
        "left-out-outlook",
        [
            "een bijlage die alleen Outlook leest",
            "une annexe que seul Outlook peut lire",
            "an attachment that only Outlook can read",
        ],
    ),
    Word::new(
        "left-out-outlook-many",
        [
            "{ $count } bijlagen die alleen Outlook leest",
            "{ $count } annexes que seul Outlook peut lire",
            "{ $count } attachments that only Outlook can read",
        ],
    ),
];
static OTHER: [Word; 2] = [
    Word::new("left-out-other", ["een ander bestand", "un autre fichier", "another file"]),
    Word::new(
        "left-out-other-many",
        ["{ $count } andere bestanden", "{ $count } autres fichiers", "{ $count } other files"],
    ),
];

/// Every one of these words.
pub(crate) fn words() -> impl Iterator<Item = &'static Word> {
    WORDS.iter().chain(
        [&TOO_MANY, &TOO_LARGE, &HEIC, &DAMAGED, &MALWARE, &PDF, &FILM, &DOCUMENT, &MAIL, &OUTLOOK, &OTHER]
            .into_iter()
            .flatten(),
    )
}

/// `left_out` in the words of `language`, each kind once with its number: `een pdf, 3 andere bestanden`. `None` when
/// nothing was left out.
pub fn in_words(further: &Further, left_out: &[LeftOut], language: Language) -> Option<String> {
    let mut kinds = left_out.to_vec();
    kinds.sort_unstable();
    let groups = kinds.chunk_by(|a, b| a == b).filter_map(|group| {
        let words = group.first()?.words();
        let word = if group.len() > 1 { words.last() } else { words.first() }?;
        Some(further.fill(language, word, &[("count", &group.len().to_string())]))
    });
    Some(groups.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_and_said() {
        use LeftOut::{Heic, Pdf, Words};
        assert_eq!(in_words(&Further::default(), &[], Language::NL), None);
        for (language, said) in [
            (Language::NL, "het einde van uw tekst, 2 foto’s in HEIC-formaat, een pdf"),
            (Language::FR, "la fin de votre texte, 2 photos au format HEIC, un PDF"),
            (Language::EN, "the end of your text, 2 photos in HEIC format, a PDF"),
        ] {
            assert_eq!(in_words(&Further::default(), &[Heic, Pdf, Words, Heic], language).as_deref(), Some(said));
        }
    }
}
