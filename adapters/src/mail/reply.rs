//! The address that answers come to. It holds the token of one dispatch, so that an answer finds
//! its case by itself and nobody can answer without having been written to.

use lettre::Address;

/// What stands in the pattern where the token goes.
const PLACE: &str = "{token}";

/// An address with a place for a token: `antwoord+{token}@stad.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyAddress {
    before: String,
    after: String,
}

impl ReplyAddress {
    /// Reads `antwoord+{token}@stad.example`, or `antwoord@stad.example` for a server that keeps
    /// what follows a plus (RFC 5233). The error is a sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let help = "write the address of the mailbox, `antwoord@stad.example`, or with a place for the token, \
                    `antwoord+{token}@stad.example`";
        let text = text.trim().to_lowercase();
        let pattern = if text.contains(PLACE) {
            text
        } else {
            let (user, domain) = text.rsplit_once('@').ok_or(help)?;
            format!("{user}+{PLACE}@{domain}")
        };
        let (before, after) = pattern.split_once(PLACE).ok_or(help)?;
        let reply = Self { before: before.to_owned(), after: after.to_owned() };
        // The longest local part has 64 characters (RFC 5321 §4.5.3.1.1).
        let sample = reply.with(&"a".repeat(crate::links::REPLY_TOKEN));
        let local = sample.split('@').next().map_or(0, str::len);
        if after.contains(PLACE) || sample.parse::<Address>().is_err() || !sample.is_ascii() {
            return Err(help.to_owned());
        }
        if local > 64 {
            return Err(format!("before the @ stand {local} characters with the token, at most 64 may: shorten it"));
        }
        Ok(reply)
    }

    /// The address of `token`.
    pub fn with(&self, token: &str) -> String {
        format!("{}{token}{}", self.before, self.after)
    }

    /// The token in `address`, if it is one of ours. Mail servers may write it in capitals.
    pub fn token(&self, address: &str) -> Option<String> {
        let address = address.trim().trim_matches(['<', '>']).to_lowercase();
        let token = address.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        (!token.is_empty()).then(|| token.to_owned())
    }

    /// The domain.
    pub fn domain(&self) -> &str {
        self.after.rsplit_once('@').or_else(|| self.before.rsplit_once('@')).map_or("", |(_, domain)| domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_in_and_comes_out() {
        for pattern in ["antwoord@stad.example", "antwoord+{token}@stad.example", "{token}@antwoord.stad.example"] {
            let reply = ReplyAddress::parse(pattern).unwrap();
            let address = reply.with("abc234");
            assert_eq!(reply.token(&address).as_deref(), Some("abc234"), "{address}");
            assert_eq!(reply.token(&format!("<{}>", address.to_uppercase())).as_deref(), Some("abc234"));
            assert_eq!(reply.token("antwoord@elders.example"), None);
            assert_eq!(reply.token("stranger@stad.example"), None);
        }
        assert_eq!(ReplyAddress::parse("a@stad.example").unwrap().domain(), "stad.example");
    }

    #[test]
    fn a_wrong_address_is_said() {
        let long = format!("{}@stad.example", "a".repeat(40));
        for wrong in ["", "antwoord", "a@@b", "{token}", "a+{token}{token}@b.example", "a b@c.example", &long] {
            assert!(ReplyAddress::parse(wrong).is_err(), "{wrong}");
        }
    }
}
