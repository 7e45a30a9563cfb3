// The base map that a city keeps in a file: fetched in pieces from us alone, and drawn.

import { until } from "./browser.mjs";

// What the style of `web/src/map/base.rs` paints land and water by day.
const COLOURS = { earth: [0xfb, 0xfc, 0xfe], water: [0xb9, 0xd3, 0xea] };

// How much of a picture has each colour, as parts of one.
async function painted(png, colours) {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const pen = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  pen.drawImage(picture, 0, 0);
  const { data } = pen.getImageData(0, 0, picture.width, picture.height);
  const found = {};
  for (const [name, colour] of Object.entries(colours)) {
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (colour.every((part, n) => Math.abs(data[at + n] - part) < 4)) count += 1;
    }
    found[name] = (4 * count) / data.length;
  }
  return found;
}

export async function base(browser) {
  const context = await browser.person();
  const tab = await browser.page(context);
  const pieces = [];
  tab.on("response", (response) => {
    if (response.url().endsWith("/map/base.pmtiles")) pieces.push(response);
  });
  let seen = {};
  try {
    await tab.goto("/nl/map");
    await tab.locator("#map[data-loaded=true]").waitFor();
    await until("the file to be drawn", async () => {
      const png = (await tab.locator("#map canvas").screenshot()).toString("base64");
      seen = await tab.evaluate(`(${painted})(${JSON.stringify(png)}, ${JSON.stringify(COLOURS)})`);
      return seen.earth > 0.05 && seen.water > 0.01;
    });
    const wrong = pieces.filter((piece) => piece.status() !== 206).map((piece) => piece.status());
    if (pieces.length < 2 || wrong.length) throw new Error(`the file came in ${pieces.length} pieces, of which wrong: ${wrong}`);
    return tab.heard.map((what) => `the base map from a file: ${what}`);
  } catch (error) {
    return [`the base map from a file: ${error.message.split("\n").slice(0, 3).join(" ")}, ${JSON.stringify(seen)}, ${pieces.length} pieces`, ...tab.heard];
  } finally {
    await context.close();
  }
}
