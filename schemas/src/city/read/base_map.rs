//! `map` in `city.yaml`: what lies under the points of the public map.

use super::{fields::Fields, yaml::Node};
use crate::city::base_map::{BaseMap, origin};

/// Reads it, and the lines of attribution that it asks for. Left out: the city's own areas.
pub(super) fn read(node: &Node, fields: &mut Fields<'_>) -> Option<(BaseMap, Vec<String>)> {
    let keys = ["raster", "deepest", "style", "hosts", "pmtiles", "attribution"];
    let map = fields.map(node, "`map`", &keys)?;
    let mut attribution = Vec::new();
    if let Some(node) = map.get("attribution") {
        attribution = fields.texts_of(node, "the attribution").into_iter().map(|(_, text)| text).collect();
    }
    let sources: Vec<&str> = ["raster", "style", "pmtiles"].into_iter().filter(|key| map.get(key).is_some()).collect();
    let [source] = sources[..] else {
        if sources.len() > 1 {
            let both = sources.join("` and `");
            fields.error(map.at(), format!("`map` has `{both}`, and there is one base map"), "keep one of them");
            return None;
        }
        return Some((BaseMap::Plain, attribution));
    };
    for (key, of) in [("deepest", "raster"), ("hosts", "style")] {
        if let Some(node) = map.get(key)
            && source != of
        {
            fields.error(
                node.at,
                format!("`{key}` says nothing without `{of}`"),
                format!("leave it out, or name `{of}`"),
            );
        }
    }
    let node = map.get(source)?;
    let text = fields.text(node, &format!("`{source}`"))?;
    if source == "pmtiles" {
        let is_inside =
            text.ends_with(".pmtiles") && !text.starts_with('/') && !text.split('/').any(|part| part == "..");
        if !is_inside {
            let help = "write its name in the city folder, for instance map/base.pmtiles";
            fields.error(node.at, format!("`{text}` is not a PMTiles file of this folder"), help);
            return None;
        }
        return Some((BaseMap::File { file: text }, attribution));
    }
    if origin(&text).is_none() {
        let help =
            "write it with its host, for instance https://tiles.example/{z}/{x}/{y}.png, without a login or wildcard";
        fields.error(node.at, format!("`{text}` is not an address on the web"), help);
        return None;
    }
    if source == "raster" {
        if !["{z}", "{x}", "{y}"].iter().all(|part| text.contains(part)) {
            let help = "write {z}, {x} and {y} where zoom, column and row go";
            fields.error(node.at, format!("`{text}` is the address of one picture alone"), help);
            return None;
        }
        let deepest = map.get("deepest").map_or(Some(19), |node| fields.number(node, "the deepest zoom", 1..=22));
        let deepest = deepest.and_then(|zoom| u8::try_from(zoom).ok()).unwrap_or(19);
        return Some((BaseMap::Raster { tiles: text, deepest }, attribution));
    }
    let mut hosts = Vec::new();
    if let Some(node) = map.get("hosts") {
        for (at, host) in fields.texts_of(node, "a host") {
            match origin(&host) {
                Some(origin) => hosts.push(origin),
                None => fields.error(at, format!("`{host}` is not a host"), "write for instance https://tiles.example"),
            }
        }
    }
    Some((BaseMap::Style { style: text, hosts }, attribution))
}

#[cfg(test)]
mod tests {
    use crate::city::{BaseMap, City, sample};

    fn read(line: &str) -> (Option<BaseMap>, Vec<String>) {
        let mut files = sample::files();
        let text = format!("{}\n{line}\n", files["city.yaml"]);
        files.insert("city.yaml".to_owned(), text.into());
        let (city, faults) = City::read(files);
        (city.map(|city| city.base_map), faults.into_iter().map(|fault| fault.message).collect())
    }

    #[test]
    fn a_base_map_is_one_of_four() {
        assert_eq!(read(""), (Some(BaseMap::Plain), Vec::new()));
        let tiles = "https://tiles.example/{z}/{x}/{y}.png";
        let raster = BaseMap::Raster { tiles: tiles.to_owned(), deepest: 18 };
        assert_eq!(read(&format!("map: {{raster: \"{tiles}\", deepest: 18}}")).0, Some(raster));
        let style = read("map: {style: https://a.example/s.json, hosts: [https://b.example/x]}").0.unwrap();
        assert_eq!(style.hosts(), ["https://a.example", "https://b.example"]);
        let file = BaseMap::File { file: "map/base.pmtiles".to_owned() };
        assert_eq!(read("map: {pmtiles: map/base.pmtiles, attribution: [\"© somebody\"]}").0, Some(file));
        for (line, said) in [
            ("map: {raster: \"https://tiles.example/1.png\"}", "one picture"),
            ("map: {raster: \"//tiles.example/{z}/{x}/{y}\"}", "not an address"),
            ("map: {style: \"https://a.example/s.json\", pmtiles: b.pmtiles}", "one base map"),
            ("map: {style: \"https://a.example/s.json\", deepest: 3}", "says nothing without"),
            ("map: {style: \"https://a.example/s.json\", hosts: [\"*\"]}", "not a host"),
            ("map: {pmtiles: ../base.pmtiles}", "not a PMTiles file"),
            ("map: {pmtiles: base.mbtiles}", "not a PMTiles file"),
            ("map: {tiles: x}", "has no `tiles`"),
        ] {
            let (city, faults) = read(line);
            assert!(city.is_none() && faults.iter().any(|fault| fault.contains(said)), "{line}: {faults:?}");
        }
    }
}
