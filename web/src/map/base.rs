//! What lies under the points: the city's own areas, a style for whichever base map the city chose, and its PMTiles file in
//! pieces. What comes from elsewhere, the browser is allowed by [`policy`] to fetch, and nothing more.

use super::tiles::tagged;
use crate::{app::App, pages::Oops};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use schemas::{
    city::{Area, BaseMap, City, in_language},
    report::Language,
};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::{Arc, Mutex, PoisonError},
};

/// The most bytes of a file in one answer: more than any tile or directory has.
const MOST: u64 = 8 << 20;
/// The first bytes of a PMTiles file, and where its type of tiles stands (specification, version 3, §3).
const MAGIC: &[u8; 7] = b"PMTiles";
const TILE_TYPE: usize = 99;

/// The PMTiles file of a city, open.
#[derive(Debug, Clone)]
pub struct BaseFile {
    file: Arc<Mutex<File>>,
    size: u64,
    vector: bool,
    tag: String,
}

impl BaseFile {
    /// Takes an open file; `tag` changes when the file does.
    ///
    /// # Errors
    /// It cannot be read, or is not PMTiles of version 3 with pictures or vector tiles.
    pub fn new(mut file: File, tag: String) -> io::Result<Self> {
        let size = file.metadata()?.len();
        let mut head = [0; 127];
        file.read_exact(&mut head)?;
        let is_ours = head.starts_with(MAGIC) && head[7] == 3 && (1..=5).contains(&head[TILE_TYPE]);
        if !is_ours {
            return Err(io::Error::other("it is not a PMTiles file of version 3 with tiles to show"));
        }
        Ok(Self { file: Arc::new(Mutex::new(file)), size, vector: head[TILE_TYPE] == 1, tag: format!("\"{tag}\"") })
    }

    fn read(&self, from: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.by_ref().take(len).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The first and the last byte that `range` asks for, of a file of `size` bytes (RFC 9110 §14.1.2); one range only.
fn range(range: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let from: u64 = from.trim().parse().ok()?;
    let to = if to.trim().is_empty() { u64::MAX } else { to.trim().parse().ok()? };
    (from <= to && from < size).then(|| (from, to.min(size - 1).min(from.saturating_add(MOST - 1))))
}

/// `GET /map/base.pmtiles`: a piece of the file. Without a range there is nothing to get: it may be as large as a country.
pub(super) async fn file(State(app): State<App>, headers: HeaderMap) -> Result<Response, Oops> {
    let base = app.site.config.base_file.clone().ok_or(Oops::Missing)?;
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let size = base.size;
    let tag = HeaderValue::from_str(&base.tag).map_err(|_| Oops::Missing)?;
    let about = [
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
        (header::ETAG, tag),
    ];
    let Some((from, to)) = range(asked, size) else {
        let whole =
            HeaderValue::from_str(&format!("bytes */{size}")).ok().map(|whole| [(header::CONTENT_RANGE, whole)]);
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, about, whole, ()).into_response());
    };
    let read = tokio::task::spawn_blocking(move || base.read(from, to - from + 1)).await;
    let bytes = match read {
        Ok(Ok(bytes)) if bytes.len() as u64 == to - from + 1 => bytes,
        other => {
            tracing::error!(?other, "the file of the base map cannot be read");
            return Err(Oops::Status(StatusCode::SERVICE_UNAVAILABLE));
        }
    };
    let here = HeaderValue::from_str(&format!("bytes {from}-{to}/{size}")).map_err(|_| Oops::Missing)?;
    let kind =
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.pmtiles")), (header::CONTENT_RANGE, here)];
    Ok((StatusCode::PARTIAL_CONTENT, about, kind, bytes).into_response())
}

/// The area as a feature: its id, and its name in every language.
fn feature(area: &Area, languages: &[Language]) -> Value {
    let mut properties = json!({"id": area.id});
    for language in languages {
        properties[language.as_str()] = in_language(&area.names, *language).into();
    }
    json!({"type": "Feature", "id": area.id, "properties": properties,
        "geometry": {"type": "MultiPolygon", "coordinates": polygons(area)}})
}

/// The areas of `city` as GeoJSON (RFC 7946).
pub(super) fn geojson(city: &City) -> Vec<u8> {
    let features: Vec<Value> = city.areas.all().iter().map(|area| feature(area, &city.languages)).collect();
    json!({"type": "FeatureCollection", "features": features}).to_string().into_bytes()
}

/// `GET /map/areas.geojson`.
pub(super) async fn areas(State(app): State<App>, headers: HeaderMap) -> Response {
    let body = app.map.areas.get_or_init(|| geojson(&app.site.city)).clone();
    tagged(&headers, HeaderValue::from_static("application/geo+json"), body)
}

/// Colours of what is drawn, by day and in the dark.
struct Ink {
    land: &'static str,
    area: &'static str,
    line: &'static str,
    water: &'static str,
    green: &'static str,
    road: &'static str,
    house: &'static str,
}

const DAY: Ink = Ink {
    land: "#e9edf3",
    area: "#fbfcfe",
    line: "#7b8aa6",
    water: "#b9d3ea",
    green: "#dcebd6",
    road: "#ffffff",
    house: "#d9dee8",
};
const NIGHT: Ink = Ink {
    land: "#0c1424",
    area: "#17223a",
    line: "#6b7c9e",
    water: "#0f3050",
    green: "#16301f",
    road: "#33415e",
    house: "#202c46",
};

/// A style of MapLibre (its specification, version 8) for the base map of the city.
fn style_of(app: &App, ink: &Ink) -> Value {
    let background = json!({"id": "land", "type": "background", "paint": {"background-color": ink.land}});
    let areas = json!({"type": "geojson", "data": "/map/areas.geojson"});
    let outline = json!({"id": "outline", "type": "line", "source": "areas",
        "paint": {"line-color": ink.line, "line-width": 1.5, "line-dasharray": [3, 2]}});
    match (&app.site.city.base_map, &app.site.config.base_file) {
        (BaseMap::Raster { tiles, deepest }, _) => json!({"version": 8,
            "sources": {"base": {"type": "raster", "tiles": [tiles], "tileSize": 256, "maxzoom": deepest}, "areas": areas},
            "layers": [background, {"id": "base", "type": "raster", "source": "base"}, outline]}),
        (BaseMap::File { .. }, Some(file)) if file.vector => {
            let fill = |layer: &str, colour: &str| json!({"id": layer, "type": "fill", "source": "base", "source-layer": layer, "paint": {"fill-color": colour}});
            let width = json!(["interpolate", ["exponential", 1.6], ["zoom"], 10, 0.5, 18, 14]);
            json!({"version": 8,
                "sources": {"base": {"type": "vector", "url": "pmtiles:///map/base.pmtiles"}, "areas": areas},
                "layers": [background, fill("earth", ink.area), fill("landuse", ink.green), fill("water", ink.water),
                    fill("buildings", ink.house),
                    {"id": "roads", "type": "line", "source": "base", "source-layer": "roads",
                        "layout": {"line-cap": "round", "line-join": "round"},
                        "paint": {"line-color": ink.road, "line-width": width}},
                    outline]})
        }
        (BaseMap::File { .. }, Some(_)) => json!({"version": 8,
            "sources": {"base": {"type": "raster", "url": "pmtiles:///map/base.pmtiles", "tileSize": 256}, "areas": areas},
            "layers": [background, {"id": "base", "type": "raster", "source": "base"}, outline]}),
        _ => json!({"version": 8, "sources": {"areas": areas},
            "layers": [background,
                {"id": "areas", "type": "fill", "source": "areas", "paint": {"fill-color": ink.area}},
                {"id": "outline", "type": "line", "source": "areas",
                    "paint": {"line-color": ink.line, "line-width": 1.5}}]}),
    }
}

/// `GET /map/style.json`; `?dark` for the dark.
pub(super) async fn style(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let ink = if query.as_deref() == Some("dark") { &NIGHT } else { &DAY };
    let body = style_of(&app, ink).to_string().into_bytes();
    tagged(&headers, HeaderValue::from_static("application/json"), body)
}

/// Where a page with the map finds its style: ours, or the one the city named.
pub(crate) fn style_address(city: &City) -> &str {
    match &city.base_map {
        BaseMap::Style { style, .. } => style,
        _ => "/map/style.json",
    }
}

/// The policy of a page with the map, and of its worker: as everywhere (nothing inline, nothing from elsewhere), and tiles
/// from the hosts that the city chose.
pub(crate) fn policy(city: &City) -> Option<HeaderValue> {
    let hosts: String = city.base_map.hosts().iter().map(|host| format!(" {host}")).collect();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data: blob:{hosts}; font-src 'self'; script-src 'self'; \
         worker-src 'self'; connect-src 'self'{hosts}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
}

/// What it says stands on the map: who drew what lies under it.
pub(crate) fn attribution(city: &City) -> String {
    city.base_attribution.iter().chain(&city.attribution).map(String::as_str).collect::<Vec<_>>().join(" · ")
}

/// One closed line, as pairs of longitude and latitude.
pub(super) type Ring = Vec<[f64; 2]>;

/// The polygons of `area`, each with its outer ring first.
pub(super) fn polygons(area: &Area) -> Vec<Vec<Ring>> {
    let polygons = area.outline.iter().map(|polygon| {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.map(|ring| ring.coords().map(|at| [at.x, at.y]).collect()).collect()
    });
    polygons.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_stays_in_the_file() {
        for (asked, expected) in [
            ("bytes=0-126", Some((0, 126))),
            ("bytes=990-2000", Some((990, 999))),
            ("bytes=5-", Some((5, 999))),
            ("bytes=1000-", None),
            ("bytes=7-5", None),
            ("bytes=-5", None),
            ("bytes=0-1,4-5", None),
            ("items=0-1", None),
            ("", None),
        ] {
            assert_eq!(range(asked, 1000), expected, "{asked}");
        }
        assert_eq!(range("bytes=0-", u64::MAX), Some((0, MOST - 1)));
    }
}
