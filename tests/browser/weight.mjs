// What comes over the line when somebody who was never here opens the form: all of it, with the lines of HTTP, the fonts,
// the icon and the manifest.

import { until } from "./browser.mjs";
import { Line } from "./line.mjs";

const FORM = "/nl/report?category=wegen/put";
// Bytes that a first visit may take, so that it is there in ten seconds over 50 kbit/s.
const MOST = 60_000;

// Opens the form with a browser that reads these encodings. `came` is what the page took, by address; `all` besides what
// its worker keeps for when there is no network.
async function visit(browser, world, encodings) {
  const line = await Line.open(world.base);
  const context = await browser.person({ serviceWorkers: "allow" }, { base: line.base });
  try {
    const tab = await browser.page(context, line.base);
    const session = await context.newCDPSession(tab);
    const urls = new Map();
    const came = new Map();
    session.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      const path = (urls.get(requestId) ?? requestId).replace(line.base, "");
      came.set(path, (came.get(path) ?? 0) + encodedDataLength);
    });
    await session.send("Network.enable");
    if (encodings) await session.send("Network.setExtraHTTPHeaders", { headers: { "Accept-Encoding": encodings } });
    await tab.goto(FORM, { waitUntil: "networkidle" });
    await tab.evaluate(() => document.fonts.ready);
    // What a browser without a window leaves for later.
    const later = await tab.evaluate(() => [...document.querySelectorAll("link[rel=icon], link[rel=manifest]")].map((link) => link.getAttribute("href")));
    for (const path of later.filter((path) => !came.has(path))) {
      await tab.evaluate((href) => fetch(href).then((answer) => answer.text()), path);
    }
    await until("the form to be kept", () => tab.evaluate(async (page) => Boolean(await caches.match(page)), FORM));
    await until("its fonts, icon and manifest", () => later.every((path) => came.has(path)));
    return { came: [...came].sort((one, other) => other[1] - one[1]), all: line.came };
  } finally {
    await context.close();
    line.close();
  }
}

export async function weight(browser, world) {
  const faults = [];
  for (const [what, encodings] of [["", null], [" for a browser that reads gzip only", "gzip"]]) {
    const { came, all } = await visit(browser, world, encodings);
    const sum = came.reduce((sum, [, bytes]) => sum + bytes, 0);
    const list = came.map(([path, bytes]) => `${path} ${bytes}`).join(", ");
    console.log(`a first visit to the form${what}: ${sum} bytes (${list}); with what is kept for when there is no network: ${all}`);
    if (!came.some(([path]) => path.endsWith(".woff2"))) faults.push("no font was fetched: the pages were built without Node");
    if (sum > MOST) faults.push(`a first visit to the form${what} takes ${sum} bytes: ${list}`);
  }
  return faults;
}
