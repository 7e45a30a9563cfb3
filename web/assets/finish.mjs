// Makes small what esbuild wrote to the folder it is told: `node finish.mjs FOLDER`. Letters keep only the weights that
// our sheets ask for, the sheet keeps no rule of a component that no template has, and whatever is text lies there twice
// more, packed as browsers take it over the wire.

import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { PurgeCSS } from "purgecss";
import subsetFont from "subset-font";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = process.argv[2];

// A font that is used in one weight needs no axis for others.
const WEIGHTS = [
  [/^atkinson-hyperlegible-next-/, { min: 400, max: 700 }],
  [/^bricolage-grotesque-/, 700],
];

// Below this a packed file would not be worth its name.
const SMALL = 200;

for (const name of readdirSync(join(out, "fonts"))) {
  const file = join(out, "fonts", name);
  const [, wght] = WEIGHTS.find(([like]) => like.test(name)) ?? [];
  if (wght === undefined) throw new Error(`${name}: which weights are used is not said in finish.mjs`);
  writeFileSync(file, await subsetFont(readFileSync(file), "", { targetFormat: "woff2", keepAllGlyphs: true, variationAxes: { wght } }));
}

// Our own rules all stay: some are named by programs, piece by piece.
const sheet = join(out, "site.css");
const [purged] = await new PurgeCSS().purge({
  content: ["templates/*.hbs", "static/*.js", "assets/js/*.js"].map((files) => join(web, files)),
  css: [{ raw: readFileSync(sheet, "utf8") }],
  safelist: { standard: [/^(?!utrecht-)/] },
});
writeFileSync(sheet, purged.css);

for (const name of readdirSync(out, { recursive: true })) {
  const file = join(out, name);
  if (!/\.(css|js|svg|txt)$/.test(name) || statSync(file).size < SMALL) continue;
  const text = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
  const packed = { br: brotliCompressSync(text, { params }), gz: gzipSync(text, { level: 9 }) };
  for (const [end, bytes] of Object.entries(packed)) if (bytes.length < text.length) writeFileSync(`${file}.${end}`, bytes);
}
