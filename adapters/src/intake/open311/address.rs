//! Which address of the Open311 door is meant.

use super::write::Format;

/// What stands at an address below `/open311/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `discovery`.
    Discovery,
    /// `v2/services`.
    Services,
    /// `v2/services/<service_code>`.
    Service(String),
    /// `v2/requests`.
    Requests,
    /// `v2/requests/<service_request_id>`.
    Request(String),
    /// `v2/tokens/<token>`.
    Token(String),
    /// `v2/servicerequestupdates`.
    Updates,
}

impl Address {
    /// Reads what stands behind `/open311/`, and the format of its ending; no address is nothing.
    pub fn read(path: &str) -> (Option<Self>, Option<Format>) {
        let (path, format) = Format::split(path);
        let path = path.trim_end_matches('/');
        let inside = path.strip_prefix("v2/").unwrap_or(if path == "discovery" { path } else { "" });
        let address = match inside.split_once('/') {
            None => match inside {
                "discovery" => Some(Self::Discovery),
                "services" => Some(Self::Services),
                "requests" => Some(Self::Requests),
                "servicerequestupdates" => Some(Self::Updates),
                _ => None,
            },
            // A code holds a slash itself, written as one or as %2F.
            Some(("services", code)) => Some(Self::Service(code.to_owned())),
            Some(("requests", number)) => Some(Self::Request(number.to_owned())),
            Some(("tokens", token)) => Some(Self::Token(token.to_owned())),
            Some(_) => None,
        };
        (address, format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (path, address, format) in [
            ("discovery.json", Some(Address::Discovery), Some(Format::Json)),
            ("v2/discovery.xml", Some(Address::Discovery), Some(Format::Xml)),
            ("v2/services.xml", Some(Address::Services), Some(Format::Xml)),
            ("v2/services/wegen/put.json", Some(Address::Service("wegen/put".to_owned())), Some(Format::Json)),
            ("v2/requests", Some(Address::Requests), None),
            ("v2/requests/12345675.xml", Some(Address::Request("12345675".to_owned())), Some(Format::Xml)),
            ("v2/tokens/a-b.json", Some(Address::Token("a-b".to_owned())), Some(Format::Json)),
            ("v2/servicerequestupdates.xml", Some(Address::Updates), Some(Format::Xml)),
            ("v2/nothing.xml", None, Some(Format::Xml)),
            ("v1/services.xml", None, Some(Format::Xml)),
            ("services.xml", None, Some(Format::Xml)),
            ("", None, None),
        ] {
            assert_eq!(Address::read(path), (address, format), "{path}");
        }
    }
}
