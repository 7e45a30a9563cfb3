// One Chromium for all, and pages that are watched: what they write on the console, and whom they ask.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

// How long anything may take on a machine that is busy.
export const PATIENCE = Number(process.env.VOORDEUR_PATIENCE ?? 30_000);

// The ways in which people look at pages. 400 % of a window of 1280 by 1024 is one of 320 by 256.
export const MODES = {
  plain: {},
  narrow: { viewport: { width: 320, height: 640 }, hasTouch: true },
  zoomed: { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 },
  dark: { colorScheme: "dark" },
  "without JavaScript": { javaScriptEnabled: false },
};

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-features=BackForwardCache",
];

// What is said because the browser is driven with its service workers kept out, and by a drawing board without a card.
const NOT_OURS = ["GL Driver Message", "Service Worker registration blocked by Playwright", "Failed to read the 'serviceWorker' property from 'Navigator'"];

export class Browser {
  static async open(order) {
    const self = new Browser();
    self.base = order.base;
    self.inside = order.inside;
    self.home = mkdtempSync(join(tmpdir(), "voordeur-browser-"));
    self.chromium = await chromium.launch({
      executablePath: order.chromium,
      args: FLAGS,
      // Chromium keeps crash reports and fonts below its home, and leaves them there.
      env: { ...process.env, HOME: self.home, XDG_CONFIG_HOME: self.home, XDG_CACHE_HOME: self.home },
    });
    return self;
  }

  // A browser of its own: nothing is known from before. `as` are cookies of somebody who is logged in. Without the worker
  // of the site, which is walked apart: every page comes from the server.
  async person(mode = {}, { language = "nl", as, base = this.base } = {}) {
    const context = await this.chromium.newContext({
      baseURL: base, locale: `${language}-BE`, reducedMotion: "reduce", viewport: { width: 1280, height: 900 },
      serviceWorkers: "block", ...mode,
    });
    context.setDefaultTimeout(PATIENCE);
    if (as) await context.addCookies(as);
    return context;
  }

  // A page of that person, watched. `page.heard` is what should not have been: words on the console, strangers asked.
  async page(context, base = this.base) {
    const page = await context.newPage();
    page.heard = [];
    page.on("console", (line) => {
      // A page that says "not found" is one, and the browser says so too.
      if (line.text().startsWith("Failed to load resource: the server responded") && page.expected) return;
      if (NOT_OURS.some((one) => line.text().includes(one))) return;
      if (line.type() === "error" || line.type() === "warning") page.heard.push(`the console says: ${line.text()}`);
    });
    page.on("pageerror", (error) => {
      if (!NOT_OURS.some((one) => error.message.includes(one))) page.heard.push(`a script failed: ${error.message}`);
    });
    page.on("request", (request) => {
      const url = request.url();
      if (![base, this.inside].some((own) => url.startsWith(`${own}/`)) && !url.startsWith("data:") && !url.startsWith("blob:")) {
        page.heard.push(`a stranger was asked: ${url}`);
      }
    });
    return page;
  }

  async close() {
    await this.chromium.close();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

// Does `work` for each, so many at once; `hand` tells those apart that do it.
export async function each(things, atOnce, work) {
  const left = [...things];
  const one = async (_, hand) => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next, hand);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

// Asks until there is an answer.
export async function until(what, ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((go) => setTimeout(go, 50));
  }
}
