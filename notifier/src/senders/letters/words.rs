//! The words on a letter that are those of paper, not of its event.

use schemas::{
    further::{Further, Word},
    reference::Reference,
    report::Language,
    spoken,
};

static RESIDENTS: Word = Word::new("letter-residents", ["Aan de bewoner", "À l’habitant", "To the resident"]);
static NUMBER: Word = Word::new("letter-number", ["Uw nummer", "Votre numéro", "Your number"]);
static SAY: Word = Word::new("letter-say", ["zeg: { $digits }", "dites : { $digits }", "say: { $digits }"]);
static CODE: Word = Word::new(
    "letter-code",
    [
        "QR-code met de link naar de pagina waar u alles kunt volgen",
        "Code QR avec le lien vers la page de suivi",
        "QR code with the link to the page where you can follow everything",
    ],
);
static PAGE: Word =
    Word::new("letter-page", ["blad { $page }/{ $of }", "page { $page }/{ $of }", "page { $page }/{ $of }"]);

/// Every one of these words.
pub(crate) fn words() -> impl Iterator<Item = &'static Word> {
    [&RESIDENTS, &NUMBER, &SAY, &CODE, &PAGE].into_iter()
}

/// The words in one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a>(pub &'a Further, pub Language);

impl Words<'_> {
    /// Whom a letter without a name is for.
    pub fn residents(self) -> String {
        self.0.say(self.1, &RESIDENTS).into_owned()
    }

    /// What the reference is called.
    pub fn number(self) -> String {
        self.0.say(self.1, &NUMBER).into_owned()
    }

    /// How the reference is said on the telephone: `zeg: een twee drie vier, vijf zes zeven acht`.
    pub fn spoken(self, reference: Reference) -> String {
        let groups: Vec<String> = reference
            .to_string()
            .split(' ')
            // Four digits at a time, as they stand on paper.
            .map(|group| spoken::digits(self.0, self.1, group).replace(", ", " "))
            .collect();
        self.0.fill(self.1, &SAY, &[("digits", &groups.join(", "))])
    }

    /// What stands in the place of the code for who cannot see it.
    pub fn code(self) -> String {
        self.0.say(self.1, &CODE).into_owned()
    }

    /// The number of a page.
    pub fn page(self, page: usize, of: usize) -> String {
        self.0.fill(self.1, &PAGE, &[("page", &page.to_string()), ("of", &of.to_string())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_said_digit_by_digit() {
        let reference = Reference::from_number(123_456);
        for (language, names) in [(Language::NL, "een"), (Language::FR, "un"), (Language::EN, "one")] {
            let said = Words(&Further::default(), language).spoken(reference);
            assert!(said.contains(names), "{reference}: {said}");
            let digits = said.rsplit(": ").next().unwrap_or_default().split([' ', ',']).filter(|word| !word.is_empty());
            assert_eq!(digits.count(), 8, "{said}");
            assert_eq!(said.matches(", ").count(), 1, "{said}");
        }
    }
}
