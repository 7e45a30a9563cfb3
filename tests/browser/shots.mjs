// Pictures of every page in Dutch, 320, 768 and 1280 px wide, and a page that shows them side by side.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MODES, each } from "./browser.mjs";
import { every, open } from "./pages.mjs";

const WIDTHS = [320, 768, 1280];

// A picture that the next one is equal to: everything is drawn in its new size.
async function still(tab) {
  let before = await tab.screenshot();
  for (let turn = 0; turn < 10; turn += 1) {
    const now = await tab.screenshot();
    if (now.equals(before)) break;
    before = now;
  }
  return before;
}

export async function shots(order, browser, world) {
  const { pages, faults } = every(world, order.listed);
  const mode = order.dark ? MODES.dark : {};
  const contexts = { nobody: await browser.person(mode), staff: await browser.person(mode, { as: world.cookies }) };
  mkdirSync(order.to, { recursive: true });
  const wants = process.env.VOORDEUR_PAGES?.split(",");
  const taken = pages.filter(({ name }) => !wants || wants.includes(name));
  await each(taken, 3, async (page) => {
    const tab = await browser.page(contexts[page.as ?? "nobody"]);
    try {
      await tab.setViewportSize({ width: 1280, height: 900 });
      (await open(tab, page, page.only ?? "nl", world)).faults.forEach((what) => faults.push(`${page.name}: ${what}`));
      for (const width of WIDTHS) {
        // A window as high as the page: what is fixed to it stands where it belongs.
        await tab.setViewportSize({ width, height: width < 500 ? 640 : 900 });
        const height = await tab.evaluate(() => document.documentElement.scrollHeight);
        await tab.setViewportSize({ width, height: Math.min(height, 8000) });
        writeFileSync(join(order.to, `${page.name}-${width}.png`), await still(tab));
      }
    } catch (error) {
      faults.push(`${page.name}: ${error.message}`);
    }
    await tab.close();
  });
  const row = ({ name }) => `<h2>${name}</h2><p>${WIDTHS.map((width) => `<img src="${name}-${width}.png" alt="${name}, ${width} px wide" width="${width / 2}" loading="lazy">`).join("\n")}</p>`;
  const style = "<style>p { display: flex; gap: 1rem; align-items: start } img { border: 1px solid gray }</style>";
  writeFileSync(join(order.to, "index.html"), `<!doctype html><html lang="en"><meta charset="utf-8"><title>Pages</title>${style}${taken.map(row).join("\n")}</html>`);
  console.log(`${taken.length} pages in ${WIDTHS.length} widths are in ${order.to}`);
  return faults;
}
