// A PMTiles file (version 3) of what is in a GeoJSON file: `node tiles.mjs AREAS.geojson OUT.pmtiles`. Its vector tiles have
// layers of Protomaps: everything as land (`earth`), and the first area once more as `water`, which has a colour of its own.

import { readFileSync, writeFileSync } from "node:fs";
import geojsonvt from "geojson-vt";
import { zxyToTileId } from "pmtiles";
import vtpbf from "vt-pbf";

const [SHALLOW, DEEP] = [8, 13];

function varint(number) {
  const bytes = [];
  let left = BigInt(number);
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return [...bytes, Number(left)];
}

// The column and row of the tile at `zoom` that holds a place, as parts of one.
function place(lon, lat, zoom) {
  const sin = Math.sin((lat * Math.PI) / 180);
  const y = 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
  return [(lon + 180) / 360, y].map((part) => Math.floor(part * 2 ** zoom));
}

const areas = JSON.parse(readFileSync(process.argv[2], "utf8"));
const corners = areas.features.flatMap(({ geometry }) => geometry.coordinates.flat(geometry.type === "Polygon" ? 1 : 2));
const [west, south] = [0, 1].map((n) => Math.min(...corners.map((at) => at[n])));
const [east, north] = [0, 1].map((n) => Math.max(...corners.map((at) => at[n])));

const cut = (features) => geojsonvt({ type: "FeatureCollection", features }, { maxZoom: DEEP, indexMaxPoints: 0 });
const layers = { earth: cut(areas.features), water: cut(areas.features.slice(0, 1)) };
const tiles = [];
for (let z = SHALLOW; z <= DEEP; z += 1) {
  const [[left, bottom], [right, top]] = [place(west, south, z), place(east, north, z)];
  for (let x = left; x <= right; x += 1) {
    for (let y = top; y <= bottom; y += 1) {
      const found = Object.entries(layers).map(([name, index]) => [name, index.getTile(z, x, y)]).filter(([, tile]) => tile);
      if (found.length) tiles.push({ id: zxyToTileId(z, x, y), bytes: Buffer.from(vtpbf.fromGeojsonVt(Object.fromEntries(found), { version: 2 })) });
    }
  }
}
tiles.sort((one, other) => one.id - other.id);

// The directory: how many, then of all of them the step from one number to the next, how often, how long, and where; 0 stands
// for behind the one before, else it is one more than the place.
const directory = Buffer.from([
  ...varint(tiles.length),
  ...tiles.flatMap(({ id }, n) => varint(id - (tiles[n - 1]?.id ?? 0))),
  ...tiles.flatMap(() => varint(1)),
  ...tiles.flatMap(({ bytes }) => varint(bytes.length)),
  ...tiles.flatMap((_, n) => varint(n ? 0 : 1)),
]);
const about = Buffer.from(JSON.stringify({ name: "areas", vector_layers: Object.keys(layers).map((id) => ({ id, fields: {} })) }));
const data = Buffer.concat(tiles.map(({ bytes }) => bytes));

const head = Buffer.alloc(127);
head.write("PMTiles");
head[7] = 3;
const ends = head.length + directory.length + about.length;
const numbers = [head.length, directory.length, head.length + directory.length, about.length, ends, 0, ends, data.length, tiles.length, tiles.length, tiles.length];
numbers.forEach((number, n) => head.writeBigUInt64LE(BigInt(number), 8 + 8 * n));
// In order, nothing packed, vector tiles.
head.set([1, 1, 1, 1, SHALLOW, DEEP], 96);
[west, south, east, north].forEach((degrees, n) => head.writeInt32LE(Math.round(degrees * 1e7), 102 + 4 * n));
head[118] = SHALLOW;
[(west + east) / 2, (south + north) / 2].forEach((degrees, n) => head.writeInt32LE(Math.round(degrees * 1e7), 119 + 4 * n));
writeFileSync(process.argv[3], Buffer.concat([head, directory, about, data]));
