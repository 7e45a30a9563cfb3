//! The words on a letter that are those of paper, not of its event.

use schemas::{reference::Reference, report::Language};

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub Language);

impl Words {
    fn choose(self, nl: &'static str, fr: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Language::NL => nl,
            Language::FR => fr,
            _ => en,
        }
    }

    /// Whom a letter without a name is for.
    pub fn residents(self) -> &'static str {
        self.choose("Aan de bewoner", "À l’habitant", "To the resident")
    }

    /// What the reference is called.
    pub fn number(self) -> &'static str {
        self.choose("Uw nummer", "Votre numéro", "Your number")
    }

    /// How the reference is said on the telephone: `zeg: een twee drie vier, vijf zes zeven acht`.
    pub fn spoken(self, reference: Reference) -> String {
        const NL: [&str; 10] = ["nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"];
        const FR: [&str; 10] = ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"];
        const EN: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
        let names = match self.0 {
            Language::NL => NL,
            Language::FR => FR,
            _ => EN,
        };
        let group = |digits: &str| {
            digits
                .bytes()
                .filter_map(|b| names.get(usize::from(b.wrapping_sub(b'0'))))
                .copied()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let groups: Vec<String> = reference.to_string().split(' ').map(group).collect();
        format!("{}{}", self.choose("zeg: ", "dites : ", "say: "), groups.join(", "))
    }

    /// What stands in the place of the code for who cannot see it.
    pub fn code(self) -> &'static str {
        self.choose(
            "QR-code met de link naar de pagina waar u alles kunt volgen",
            "Code QR avec le lien vers la page de suivi",
            "QR code with the link to the page where you can follow everything",
        )
    }

    /// The number of a page.
    pub fn page(self, page: usize, of: usize) -> String {
        let word = self.choose("blad", "page", "page");
        format!("{word} {page}/{of}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_said_digit_by_digit() {
        let reference = Reference::from_number(123_456);
        for (language, names) in [(Language::NL, "een"), (Language::FR, "un"), (Language::EN, "one")] {
            let said = Words(language).spoken(reference);
            assert!(said.contains(names), "{reference}: {said}");
            let digits = said.rsplit(": ").next().unwrap_or_default().split([' ', ',']).filter(|word| !word.is_empty());
            assert_eq!(digits.count(), 8, "{said}");
        }
    }
}
