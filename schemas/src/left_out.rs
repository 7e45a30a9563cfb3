//! What was not taken of a mail: kinds alone, never a name that somebody chose.

use crate::report::Language;
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
    fn words(self, many: bool, language: Language) -> &'static str {
        let [nl, nls, fr, frs, en, ens] = match self {
            Self::Words => [
                "het einde van uw tekst",
                "het einde van uw tekst",
                "la fin de votre texte",
                "la fin de votre texte",
                "the end of your text",
                "the end of your text",
            ],
            Self::TooMany => [
                "een foto te veel",
                "foto’s te veel",
                "une photo de trop",
                "photos de trop",
                "a photo too many",
                "photos too many",
            ],
            Self::TooLarge => [
                "een te grote foto",
                "te grote foto’s",
                "une photo trop grande",
                "photos trop grandes",
                "a photo that is too large",
                "photos that are too large",
            ],
            Self::Heic => [
                "een foto in HEIC-formaat",
                "foto’s in HEIC-formaat",
                "une photo au format HEIC",
                "photos au format HEIC",
                "a photo in HEIC format",
                "photos in HEIC format",
            ],
            Self::Damaged => [
                "een beschadigde foto",
                "beschadigde foto’s",
                "une photo abîmée",
                "photos abîmées",
                "a damaged photo",
                "damaged photos",
            ],
            Self::Malware => [
                "een bestand met een virus",
                "bestanden met een virus",
                "un fichier avec un virus",
                "fichiers avec un virus",
                "a file with a virus",
                "files with a virus",
            ],
            Self::Pdf => ["een pdf", "pdf’s", "un PDF", "PDF", "a PDF", "PDFs"],
            Self::Film => [
                "een film of geluid",
                "films of geluiden",
                "une vidéo ou un son",
                "vidéos ou sons",
                "a film or sound",
                "films or sounds",
            ],
            Self::Document => ["een document", "documenten", "un document", "documents", "a document", "documents"],
            Self::Mail => [
                "een mail in de bijlage",
                "mails in de bijlage",
                "un mail en annexe",
                "mails en annexe",
                "an attached e-mail",
                "attached e-mails",
            ],
            Self::Outlook => [
                "een bijlage die alleen Outlook leest",
                "bijlagen die alleen Outlook leest",
                "une annexe que seul Outlook peut lire",
                "annexes que seul Outlook peut lire",
                "an attachment that only Outlook can read",
                "attachments that only Outlook can read",
            ],
            Self::Other => [
                "een ander bestand",
                "andere bestanden",
                "un autre fichier",
                "autres fichiers",
                "another file",
                "other files",
            ],
        };
        match (language, many) {
            (Language::NL, false) => nl,
            (Language::NL, true) => nls,
            (Language::FR, false) => fr,
            (Language::FR, true) => frs,
            (_, false) => en,
            (_, true) => ens,
        }
    }
}

/// `left_out` in the words of `language`, each kind once with its number: `een pdf, 3 andere bestanden`. `None` when
/// nothing was left out.
pub fn in_words(left_out: &[LeftOut], language: Language) -> Option<String> {
    let mut kinds = left_out.to_vec();
    kinds.sort_unstable();
    let groups = kinds.chunk_by(|a, b| a == b).map(|group| match group {
        [one] => one.words(false, language).to_owned(),
        [LeftOut::Words, ..] => LeftOut::Words.words(false, language).to_owned(),
        [first, ..] => format!("{} {}", group.len(), first.words(true, language)),
        [] => String::new(),
    });
    Some(groups.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_and_said() {
        use LeftOut::{Heic, Pdf, Words};
        assert_eq!(in_words(&[], Language::NL), None);
        for (language, said) in [
            (Language::NL, "het einde van uw tekst, 2 foto’s in HEIC-formaat, een pdf"),
            (Language::FR, "la fin de votre texte, 2 photos au format HEIC, un PDF"),
            (Language::EN, "the end of your text, 2 photos in HEIC format, a PDF"),
        ] {
            assert_eq!(in_words(&[Heic, Pdf, Words, Heic], language).as_deref(), Some(said));
        }
    }
}
