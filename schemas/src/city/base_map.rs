//! What lies under the points of the public map.

/// Where the base map comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BaseMap {
    /// The city's own areas, and nothing from elsewhere.
    #[default]
    Plain,
    /// Pictures of 256 pixels, at an address with `{z}`, `{x}` and `{y}`.
    Raster {
        /// The address.
        tiles: String,
        /// The deepest zoom at which there are any.
        deepest: u8,
    },
    /// A style of MapLibre, which names its own tiles.
    Style {
        /// Its address.
        style: String,
        /// Further hosts that the style takes something from: tiles, letters, symbols.
        hosts: Vec<String>,
    },
    /// A PMTiles file (version 3) in the folder of the city, with pictures or with vector tiles in the layers of Protomaps.
    File {
        /// Its name below the folder.
        file: String,
    },
}

impl BaseMap {
    /// The hosts, as a browser's policy has them (`https://tiles.example`, with a port that is not the usual one), that a
    /// page with the map takes something from; none for what we serve ourselves.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = match self {
            Self::Plain | Self::File { .. } => Vec::new(),
            Self::Raster { tiles, .. } => origin(tiles).into_iter().collect(),
            Self::Style { style, hosts } => {
                origin(style).into_iter().chain(hosts.iter().filter_map(|host| origin(host))).collect()
            }
        };
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }
}

/// Scheme, host and port of an address on the web; nothing for what is none, or would be more than one in a policy.
pub fn origin(address: &str) -> Option<String> {
    let rest = address.strip_prefix("https://").map(|rest| ("https", rest));
    let (scheme, rest) = rest.or_else(|| address.strip_prefix("http://").map(|rest| ("http", rest)))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, "1"));
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    (is_name && port.parse::<u16>().is_ok()).then(|| format!("{scheme}://{}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_gets_exactly_one_host() {
        for (address, expected) in [
            ("https://Tiles.example/{z}/{x}/{y}.png?key=1", Some("https://tiles.example")),
            ("http://127.0.0.1:8080/style.json", Some("http://127.0.0.1:8080")),
            ("https://a b/", None),
            ("https://*.example/", None),
            ("https://a.example;script-src/", None),
            ("https://user@a.example/", None),
            ("https://{s}.example/", None),
            ("ftp://a.example/", None),
            ("//a.example", None),
            ("https://", None),
            ("https://a.example:x/", None),
        ] {
            assert_eq!(origin(address).as_deref(), expected, "{address}");
        }
        let style = BaseMap::Style {
            style: "https://b.example/s.json".into(),
            hosts: vec!["https://a.example".into(), "https://b.example".into()],
        };
        assert_eq!(style.hosts(), ["https://a.example", "https://b.example"]);
        assert!(BaseMap::Plain.hosts().is_empty());
    }
}
