//! `open_data` and `embed` of `city.yaml`: by which terms others may use what is public, and whose pages may hold ours.

use super::{fields::Fields, neighbours::is_website, yaml::Node};
use crate::city::{Embed, OpenData};

/// The licence and the source; what is left out, or wrong, is as if nothing was said.
pub(super) fn open_data(node: &Node, fields: &mut Fields<'_>) -> OpenData {
    let standard = OpenData::default();
    let Some(map) = fields.map(node, "`open_data`", &["licence", "url", "source"]) else { return standard };
    let licence = fields.required(map, "licence", "CC0 1.0").and_then(|node| fields.text(node, "the licence"));
    let url = fields.required(map, "url", &standard.licence_url).and_then(|node| {
        let url = fields.text(node, "the address of the licence")?;
        if !is_website(&url) {
            fields.error(node.at, format!("`{url}` is not an address"), format!("write {}", standard.licence_url));
            return None;
        }
        Some(url)
    });
    let source = map.get("source").and_then(|node| fields.text(node, "the source"));
    let (Some(licence), Some(licence_url)) = (licence, url) else { return standard };
    OpenData { licence, licence_url, source }
}

/// Whose pages may hold ours in a frame.
pub(super) fn embed(node: &Node, fields: &mut Fields<'_>) -> Embed {
    let Some(map) = fields.map(node, "`embed`", &["allow"]) else { return Embed::default() };
    let Some(node) = map.get("allow") else { return Embed::default() };
    let mut allow: Vec<String> = Vec::new();
    for (at, text) in fields.texts_of(node, "an origin") {
        if !is_origin(&text) {
            let help = "write scheme and host alone, without a path: https://www.kortrijk.example";
            fields.error(at, format!("`{text}` is not an origin"), help);
        } else if allow.contains(&text) {
            fields.warning(at, format!("`{text}` is here twice"), "keep one of them");
        } else {
            allow.push(text);
        }
    }
    Embed { allow }
}

/// `https://host`, with a port if need be; `http` for this machine alone. It becomes part of a header, so nothing else
/// passes.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let (name, port) = host.split_once(':').unwrap_or((host, "1"));
    let labels = name.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    });
    let is_local = name == "localhost" || name == "127.0.0.1";
    labels && port.parse::<u16>().is_ok() && (scheme == "https" || (scheme == "http" && is_local))
}

#[cfg(test)]
mod tests {
    use crate::city::{City, OpenData, sample};

    fn read(line: &str) -> (Option<City>, Vec<String>) {
        let mut files = sample::files();
        let text: Vec<&str> = files["city.yaml"]
            .lines()
            .filter(|line| !line.starts_with("open_data:") && !line.starts_with("embed:"))
            .collect();
        files.insert("city.yaml".to_owned(), format!("{}\n{line}\n", text.join("\n")).into());
        let (city, faults) = City::read(files);
        (city, faults.into_iter().map(|fault| format!("{} {}", fault.message, fault.help)).collect())
    }

    #[test]
    fn the_licence_is_free_until_the_city_writes_its_own() {
        let (city, faults) = read("");
        assert_eq!((city.unwrap().open_data, faults.len()), (OpenData::default(), 0));
        let (city, faults) = read("open_data: {licence: Modellicentie, url: https://a.example/l, source: Stad}");
        let open = city.unwrap().open_data;
        assert_eq!((open.licence.as_str(), open.source.as_deref(), faults.len()), ("Modellicentie", Some("Stad"), 0));
        for line in ["open_data: {licence: X}", "open_data: {licence: X, url: ftp://x}", "open_data: free"] {
            assert!(read(line).0.is_none(), "{line}");
        }
    }

    #[test]
    fn only_origins_may_hold_our_pages() {
        let (city, faults) = read("embed: {allow: [\"https://www.kortrijk.example\", \"http://localhost:8080\"]}");
        assert_eq!((city.unwrap().embed.allow.len(), faults.len()), (2, 0));
        for text in
            ["*", "https://a.example/x", "http://a.example", "https://a.example; script-src *", "https://A.example"]
        {
            let (city, faults) = read(&format!("embed: {{allow: [\"{text}\"]}}"));
            assert!(city.is_none() && faults[0].contains("without a path"), "{text}: {faults:?}");
        }
    }
}
