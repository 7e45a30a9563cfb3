//! Vector tiles of points, as the Mapbox Vector Tile specification 2.1 has them: one layer, whose features are points with
//! text and number properties. The few fields that this takes are written here; see chapter 4 of the specification for them.

use std::collections::HashMap;

/// So many units is a tile wide.
pub const EXTENT: u32 = 4096;

/// A layer that is being written.
pub struct Layer {
    name: &'static str,
    features: Vec<u8>,
    keys: Vec<&'static str>,
    values: Vec<u8>,
    count: u64,
    known: HashMap<Value, u64>,
}

/// A property.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// `string_value`.
    Text(String),
    /// `uint_value`.
    Number(u64),
}

/// Protocol Buffers: the wire types of a number and of what has a length.
const NUMBER: u64 = 0;
const BYTES: u64 = 2;

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn key(out: &mut Vec<u8>, field: u64, wire: u64) {
    varint(out, field << 3 | wire);
}

fn bytes(out: &mut Vec<u8>, field: u64, inner: &[u8]) {
    key(out, field, BYTES);
    varint(out, inner.len() as u64);
    out.extend_from_slice(inner);
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    key(out, field, NUMBER);
    varint(out, value);
}

impl Layer {
    /// An empty layer.
    pub fn new(name: &'static str) -> Self {
        let (features, values) = (Vec::new(), Vec::new());
        Self { name, features, keys: Vec::new(), values, count: 0, known: HashMap::new() }
    }

    fn key_of(&mut self, name: &'static str) -> u64 {
        let at = self.keys.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.keys.push(name);
            self.keys.len() - 1
        });
        at as u64
    }

    fn value_of(&mut self, value: Value) -> u64 {
        if let Some(at) = self.known.get(&value) {
            return *at;
        }
        let mut inner = Vec::new();
        match &value {
            Value::Text(text) => bytes(&mut inner, 1, text.as_bytes()),
            Value::Number(value) => number(&mut inner, 5, *value),
        }
        bytes(&mut self.values, 4, &inner);
        let at = self.count;
        self.count += 1;
        self.known.insert(value, at);
        at
    }

    /// Adds a point, in units from the north-western corner of the tile.
    pub fn point(&mut self, x: u32, y: u32, properties: impl IntoIterator<Item = (&'static str, Value)>) {
        let mut tags = Vec::new();
        for (name, value) in properties {
            let (name, value) = (self.key_of(name), self.value_of(value));
            varint(&mut tags, name);
            varint(&mut tags, value);
        }
        let mut geometry = Vec::new();
        // MoveTo, once; then both coordinates in zigzag, which for what is not negative is its double.
        varint(&mut geometry, 1 << 3 | 1);
        varint(&mut geometry, u64::from(x) << 1);
        varint(&mut geometry, u64::from(y) << 1);
        let mut feature = Vec::new();
        bytes(&mut feature, 2, &tags);
        number(&mut feature, 3, 1);
        bytes(&mut feature, 4, &geometry);
        bytes(&mut self.features, 2, &feature);
    }

    /// The tile with this layer alone; empty without features.
    pub fn tile(self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.features.is_empty() {
            return out;
        }
        let mut layer = Vec::new();
        number(&mut layer, 15, 2);
        bytes(&mut layer, 1, self.name.as_bytes());
        layer.extend_from_slice(&self.features);
        for name in &self.keys {
            bytes(&mut layer, 3, name.as_bytes());
        }
        layer.extend_from_slice(&self.values);
        number(&mut layer, 5, u64::from(EXTENT));
        bytes(&mut out, 3, &layer);
        out
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The number at the front of `bytes`.
    fn read(bytes: &mut &[u8]) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return number;
            }
            shift += 7;
        }
    }

    /// The fields of a message: its number, and what stands there.
    fn fields(mut bytes: &[u8]) -> Vec<(u64, u64, &[u8])> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = read(&mut bytes);
            let value = read(&mut bytes);
            let mut inner: &[u8] = &[];
            if key & 7 == BYTES {
                (inner, bytes) = bytes.split_at(usize::try_from(value).unwrap());
            }
            fields.push((key >> 3, value, inner));
        }
        fields
    }

    /// A point that was read, with its properties as text.
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) struct Read {
        pub(crate) x: u64,
        pub(crate) y: u64,
        pub(crate) properties: HashMap<String, String>,
    }

    impl Read {
        pub(crate) fn n(&self) -> u64 {
            self.properties["n"].parse().unwrap()
        }
    }

    /// Reads a tile of one layer of points.
    pub(crate) fn points(tile: &[u8]) -> Vec<Read> {
        let Some((3, _, layer)) = fields(tile).first().copied() else { return Vec::new() };
        let layer = fields(layer);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let keys: Vec<String> = layer.iter().filter(|(field, ..)| *field == 3).map(|(.., inner)| text(inner)).collect();
        let value = |inner: &[u8]| match fields(inner)[0] {
            (1, _, inner) => text(inner),
            (_, number, _) => number.to_string(),
        };
        let values: Vec<String> =
            layer.iter().filter(|(field, ..)| *field == 4).map(|(.., inner)| value(inner)).collect();
        let feature = |inner: &[u8]| {
            let fields = fields(inner);
            let part = |wanted: u64| fields.iter().find(|(field, ..)| *field == wanted).unwrap().2;
            let (mut tags, mut geometry) = (part(2), part(4));
            assert_eq!(read(&mut geometry), 9, "one MoveTo");
            let (x, y) = (read(&mut geometry) / 2, read(&mut geometry) / 2);
            let mut properties = HashMap::new();
            while !tags.is_empty() {
                let (key, value) = (read(&mut tags) as usize, read(&mut tags) as usize);
                properties.insert(keys[key].clone(), values[value].clone());
            }
            Read { x, y, properties }
        };
        layer.iter().filter(|(field, ..)| *field == 2).map(|(.., inner)| feature(inner)).collect()
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut layer = Layer::new("cases");
        layer.point(0, 4095, [("n", Value::Number(300)), ("stage", Value::Text("open".into()))]);
        layer.point(17, 1, [("n", Value::Number(1)), ("stage", Value::Text("open".into()))]);
        let tile = layer.tile();
        let read = points(&tile);
        assert_eq!((read[0].x, read[0].y, read[0].n()), (0, 4095, 300));
        assert_eq!((read[1].x, read[1].y, read[1].n()), (17, 1, 1));
        assert_eq!(read[1].properties["stage"], "open");
        assert!(Layer::new("cases").tile().is_empty());
    }

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        // Chapter 4.3.5.1: the point (25, 17) is 9 50 34.
        let mut layer = Layer::new("x");
        layer.point(25, 17, []);
        let tile = layer.tile();
        assert!(tile.windows(3).any(|bytes| bytes == [9, 50, 34]), "{tile:?}");
        assert_eq!(tile[0], 0x1a, "field 3 with a length");
    }
}
