//! Telephone numbers (ITU-T E.164).

use phonenumber::{Mode, PhoneNumber, Type, country::Id};

/// A telephone number that exists by its country's plan. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    /// With its country code, no spaces: `+32470123456`.
    pub e164: String,
    /// Whether text messages may arrive.
    pub mobile: bool,
}

/// Reads a number as people write it. `country` (ISO 3166-1 alpha-2, `BE`) is where it was written:
/// it is left out before the number. `None` when no plan knows such a number.
pub fn read(text: &str, country: &str) -> Option<Phone> {
    let number: PhoneNumber = phonenumber::parse(country.parse::<Id>().ok(), text.trim()).ok()?;
    let database = &phonenumber::metadata::DATABASE;
    if !phonenumber::is_valid_with(database, &number) {
        return None;
    }
    let kind = number.number_type(database);
    Some(Phone {
        e164: number.format().mode(Mode::E164).to_string(),
        mobile: matches!(kind, Type::Mobile | Type::FixedLineOrMobile | Type::PersonalNumber),
    })
}

/// Whether `code` is a country (ISO 3166-1 alpha-2, capitals) whose numbers are known.
pub fn is_country(code: &str) -> bool {
    code.parse::<Id>().is_ok()
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone(hidden, mobile: {})", self.mobile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, country, expected) in [
            ("0470 12 34 56", "BE", Some(("+32470123456", true))),
            ("+32 (0)470/12.34.56", "BE", Some(("+32470123456", true))),
            ("0032 470 12 34 56", "BE", Some(("+32470123456", true))),
            ("056 27 77 77", "BE", Some(("+3256277777", false))),
            ("06 12345678", "NL", Some(("+31612345678", true))),
            ("+31612345678", "BE", Some(("+31612345678", true))),
            ("123", "BE", None),
            ("call me", "BE", None),
            ("", "BE", None),
            ("+32", "BE", None),
        ] {
            let read = read(text, country);
            let found = read.as_ref().map(|phone| (phone.e164.as_str(), phone.mobile));
            assert_eq!(found, expected, "{text}");
        }
        assert!(is_country("BE") && !is_country("Belgium"));
    }
}
