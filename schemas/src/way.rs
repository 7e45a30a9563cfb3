//! The ways somebody can be told, and the address that each needs.

use crate::device::Device;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A way to tell somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// A mail.
    Email,
    /// A text message on a mobile telephone.
    Sms,
    /// A push message on a telephone or in a browser.
    Push,
    /// A letter on paper.
    Letter,
    /// Somebody of the city calls.
    Call,
}

impl Way {
    /// Every way, the cheapest and quickest first.
    pub const ALL: [Self; 5] = [Self::Push, Self::Email, Self::Sms, Self::Letter, Self::Call];

    /// The way in lower case, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Letter => "letter",
            Self::Call => "call",
        }
    }

    /// Reads [`Way::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == text)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A postal address in a country whose addresses are a street, a postcode and a town. Personal data.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Street, number and box: `Grote Markt 54 bus 2`.
    #[schemars(length(min = 1, max = 100))]
    pub street: String,
    /// The postcode: `8500`.
    #[schemars(length(min = 1, max = 12))]
    pub postcode: String,
    /// The town: `Kortrijk`.
    #[schemars(length(min = 1, max = 60))]
    pub town: String,
    /// The country, when it is another one, as it is written on an envelope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 60))]
    pub country: Option<String>,
}

impl Post {
    /// One line: `Grote Markt 54, 8500 Kortrijk`.
    pub fn line(&self) -> String {
        let Self { street, postcode, town, country } = self;
        let country = country.as_ref().map(|country| format!(", {country}")).unwrap_or_default();
        format!("{street}, {postcode} {town}{country}")
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Post(hidden)")
    }
}

/// Where somebody is told. Personal data: never in a log, a URL or a key.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// An e-mail address.
    Email(String),
    /// A mobile number (ITU-T E.164): `+32470123456`.
    Sms(String),
    /// A device that takes push messages.
    Push(Device),
    /// A postal address and whose name stands above it.
    Letter {
        /// The name; without one the letter goes to the residents of the address.
        name: Option<String>,
        /// Where.
        post: Post,
    },
    /// A telephone number (ITU-T E.164).
    Call(String),
}

impl Address {
    /// The way that this is an address of.
    pub fn way(&self) -> Way {
        match self {
            Self::Email(_) => Way::Email,
            Self::Sms(_) => Way::Sms,
            Self::Push(_) => Way::Push,
            Self::Letter { .. } => Way::Letter,
            Self::Call(_) => Way::Call,
        }
    }

    /// One line, for people who may see it.
    pub fn line(&self) -> String {
        match self {
            Self::Email(text) | Self::Sms(text) | Self::Call(text) => text.clone(),
            Self::Push(device) => format!("a device ({})", device.kind()),
            Self::Letter { name: Some(name), post } => format!("{name}, {}", post.line()),
            Self::Letter { name: None, post } => post.line(),
        }
    }

    /// The address as it is kept: one text per way, read again by [`Address::read`].
    ///
    /// # Panics
    /// Never: postal addresses and devices always serialise.
    pub fn kept(&self) -> String {
        match self {
            Self::Email(text) | Self::Sms(text) | Self::Call(text) => text.clone(),
            Self::Push(device) => serde_json::to_string(device).expect("words serialise: string keys"),
            Self::Letter { name, post } => {
                serde_json::to_string(&(name, post)).expect("words serialise: string keys, finite numbers")
            }
        }
    }

    /// Reads [`Address::kept`]; `None` when it is no address of that way.
    pub fn read(way: Way, kept: &str) -> Option<Self> {
        let text = kept.to_owned();
        Some(match way {
            Way::Email => Self::Email(text),
            Way::Sms => Self::Sms(text),
            Way::Push => Self::Push(serde_json::from_str(kept).ok()?),
            Way::Call => Self::Call(text),
            Way::Letter => {
                let (name, post) = serde_json::from_str(kept).ok()?;
                Self::Letter { name, post }
            }
        })
    }

    /// One line that whoever knows the address recognises, and that tells nobody else what it is: the first
    /// letters of a mailbox and its domain, the last two digits of a number, the town of a letter.
    pub fn masked(&self) -> String {
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        match self {
            Self::Email(text) => {
                let (mailbox, domain) = text.rsplit_once('@').unwrap_or((text, ""));
                let end = domain.rsplit_once('.').map_or("", |(_, end)| end);
                format!("{}…@{}….{end}", first(mailbox), first(domain))
            }
            Self::Sms(number) | Self::Call(number) => {
                let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
                let end: String = digits.iter().skip(digits.len().saturating_sub(2)).collect();
                format!("…{end}")
            }
            Self::Push(_) => "…".to_owned(),
            Self::Letter { post, .. } => format!("…, {} {}", post.postcode, post.town),
        }
    }

    /// What two spellings of the same address have in common; with [`Address::way`] it is one address.
    pub fn normal(&self) -> String {
        // Letters of a subscription are not words: small and large ones differ.
        if let Self::Push(device) = self {
            return device.identity();
        }
        self.line().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}, hidden)", self.way())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_in_one_line_and_never_shown_by_accident() {
        let post =
            Post { street: "Grote Markt 54".into(), postcode: "8500".into(), town: "Kortrijk".into(), country: None };
        let address = Address::Letter { name: Some("An Peeters".into()), post };
        assert_eq!(address.line(), "An Peeters, Grote Markt 54, 8500 Kortrijk");
        assert_eq!(format!("{address:?}"), "Address(letter, hidden)");
        let (a, b) = (Address::Email("An@Example.org".into()), Address::Email("an@example.org ".into()));
        assert_eq!(a.normal(), b.normal());
        let device = |endpoint: &str, auth: &str| {
            Address::Push(Device::Web {
                endpoint: endpoint.into(),
                p256dh: "p".into(),
                auth: auth.into(),
                key: "k".into(),
            })
        };
        let (browser, renewed) = (device("https://push.example/Aa", "1"), device("https://push.example/Aa", "2"));
        assert_eq!(browser.normal(), renewed.normal());
        assert_ne!(browser.normal(), device("https://push.example/aa", "1").normal());
        assert!(!format!("{browser:?} {}", browser.line()).contains("push.example"));
        for address in [address, a, browser, Address::Sms("+32470123456".into())] {
            assert_eq!(Address::read(address.way(), &address.kept()), Some(address));
        }
        assert_eq!(Address::read(Way::Letter, "Grote Markt 54"), None);
    }

    #[test]
    fn a_masked_address_tells_only_its_owner_what_it_is() {
        let post =
            Post { street: "Grote Markt 54".into(), postcode: "8500".into(), town: "Kortrijk".into(), country: None };
        for (address, masked) in [
            (Address::Email("an.peeters@example.org".into()), "a…@e….org"),
            (Address::Email("é@localhost".into()), "é…@l…."),
            (Address::Email("".into()), "…@…."),
            (Address::Sms("+32470123456".into()), "…56"),
            (Address::Call("7".into()), "…7"),
            (Address::Letter { name: Some("An Peeters".into()), post }, "…, 8500 Kortrijk"),
        ] {
            assert_eq!(address.masked(), masked);
        }
    }

    #[test]
    fn ways_are_read_as_they_are_written() {
        for way in Way::ALL {
            assert_eq!(Way::parse(way.as_str()), Some(way));
            assert_eq!(serde_json::to_value(way).unwrap(), way.as_str());
        }
    }
}
