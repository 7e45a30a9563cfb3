// Looks at every page, in every language, and at some from right to left: what axe finds, whether the HTML is valid, whether anything stands on the
// console, whether a stranger was asked, and whether it fits a screen of 320 px and one that shows it four times as large.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { HtmlValidate } from "html-validate";
import { MODES, each } from "./browser.mjs";
import { every, open, speaks } from "./pages.mjs";
import { weight } from "./weight.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const LANGUAGES = ["nl", "fr", "en"];
// Pages that are looked at in the further language of this city, too, which is written from right to left.
const TURNED = ["home", "choose", "form", "form-wrong", "receipt", "track-open", "map", "follow", "figures", "case", "privacy"];

const validator = new HtmlValidate({
  extends: ["html-validate:standard"],
  rules: {
    // Marks that stand in one line are the same page, and shorter over the wire.
    "long-title": "off",
    // Both are valid; the templates say `hidden` and `checked`.
    "attribute-boolean-style": "off",
    // A telephone number is never broken where it may be; it is in a place of its own.
    "tel-non-breaking": "off",
  },
});

// What everything took, in milliseconds.
const spent = {};
async function timed(what, work) {
  const begun = performance.now();
  try {
    return await work();
  } finally {
    spent[what] = (spent[what] ?? 0) + performance.now() - begun;
  }
}

// What axe says of the page as it stands; with `rules` only those. It looks at what is drawn, and fetches no sheet once more.
async function axed(tab, rules) {
  // As from outside: the page's own policy lets no script in. It stays until the next page.
  if (!(await tab.evaluate(() => "axe" in globalThis))) await tab.evaluate(axe);
  const what = rules ? { type: "rule", values: rules } : { type: "tag", values: TAGS };
  const found = await tab.evaluate((runOnly) => globalThis.axe.run(document, { runOnly, preload: false, resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }), what);
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`));
}

// How much wider than the window the page is, and what makes it so.
function wide() {
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (over <= 0) return null;
  const hidden = (element) => {
    for (let up = element.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== "visible") return true;
    return false;
  };
  const all = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5 && !hidden(e));
  return `${over} px too wide: ${all.slice(-3).map((e) => `${e.localName}.${e.className.baseVal ?? e.className}`).join(", ")}`;
}

async function valid(html) {
  const report = await validator.validateString(html, "page.html");
  return report.results.flatMap((result) => result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
}

// A page where everything is wrong that is looked for; what was not found there.
const WRONG = `<!doctype html><html lang="nl"><head><title>x</title></head><body><img src="data:,"><p style="color: #bbb">grijs</p>
<p style="inline-size: 600px">breed</p><div></p></div><a href="#">x</a><script>console.error("oops"); new Image().src = "http://stranger.example/x"</script></body></html>`;

async function blind(browser, context) {
  const tab = await browser.page(context);
  await tab.setContent(WRONG);
  const found = [...(await valid(WRONG)), ...(await axed(tab)), (await tab.evaluate(wide)) ?? "", ...tab.heard];
  await tab.close();
  const wanted = [/close-order|element-permitted|no-implicit-close|parser-error/, /image-alt/, /color-contrast/, /too wide/, /oops/, /stranger/];
  return wanted.filter((one) => !found.some((what) => one.test(what))).map((one) => `a wrong page was not found: ${one}`);
}

export async function check(order, browser, world) {
  const { pages, faults } = every(world, order.listed);
  const modes = { plain: MODES.narrow, dark: { ...MODES.narrow, ...MODES.dark }, quiet: { ...MODES.narrow, ...MODES["without JavaScript"] } };
  const person = (whose) => browser.person(modes[whose.split(" ")[0]], whose.endsWith(" staff") ? { as: world.cookies } : {});
  faults.push(...(await blind(browser, await person("plain"))));
  const wants = process.env.VOORDEUR_PAGES?.split(",");
  if (!wants || wants.includes("weight")) faults.push(...(await weight(browser, world)));
  const work = [];
  for (const page of pages.filter(({ name }) => !wants || wants.includes(name))) {
    const languages = TURNED.includes(page.name) ? [...LANGUAGES, "ar"] : LANGUAGES;
    for (const language of page.only ? [page.only] : languages) work.push({ page, language });
  }
  // A tab for each way of looking and each that works: a new one for every page takes longer than the page. Each is somebody
  // of their own: what one types stays on their device, and is no draft of another's.
  const tabs = new Map();
  const tabOf = async (name, hand) => {
    const key = `${name} ${hand}`;
    if (!tabs.has(key)) tabs.set(key, await browser.page(await person(name)));
    const tab = tabs.get(key);
    tab.heard.length = 0;
    return tab;
  };
  const drop = async (name, hand) => {
    const tab = tabs.get(`${name} ${hand}`);
    tabs.delete(`${name} ${hand}`);
    await tab?.context().close();
  };
  await each(work, 3, async ({ page, language }, hand) => {
    const say = (what, where = "") => faults.push(`${page.name} (${speaks(page, language)})${where}: ${what}`);
    // Each way of looking on its own: a page that changes for one must not have been another before.
    const all = !page.once && (page.only || language === "nl");
    const tries = all ? ["plain", "dark", "quiet"] : ["plain"];
    for (const name of tries) {
      const whose = page.as ? `${name} staff` : name;
      const where = name === "plain" ? "" : ` [${name}]`;
      try {
        const tab = await tabOf(whose, hand);
        const { html, faults: wrong } = await timed("opening", () => open(tab, page, language, world));
        wrong.forEach((what) => say(what, where));
        const lang = await tab.evaluate(() => document.documentElement.lang);
        if (lang !== (page.only ?? language)) say(`it says that it is in ${lang}`, where);
        const direction = await tab.evaluate(() => getComputedStyle(document.body).direction);
        if ((direction === "rtl") !== (language === "ar")) say(`it runs ${direction}`, where);
        if (name === "plain") {
          const text = html ?? `<!doctype html>${await tab.evaluate(() => document.documentElement.outerHTML)}`;
          (await timed("reading HTML", () => valid(text))).forEach((what) => say(what, " [html]"));
          (await timed("axe", () => axed(tab))).forEach((what) => say(what));
          const narrow = await tab.evaluate(wide);
          if (narrow) say(narrow, " [320 px]");
          if (language === "nl" || page.only) {
            await tab.setViewportSize({ width: 320, height: 256 });
            const zoomed = await tab.evaluate(wide);
            if (zoomed) say(zoomed, " [400 %]");
            await tab.setViewportSize({ width: 1280, height: 900 });
            (await timed("axe", () => axed(tab))).forEach((what) => say(what, " [1280 px]"));
            await tab.setViewportSize(MODES.narrow.viewport);
          }
        }
        if (name === "dark") (await timed("axe", () => axed(tab, ["color-contrast"]))).forEach((what) => say(what, where));
        if (name === "quiet") {
          const narrow = await tab.evaluate(wide);
          if (narrow) say(narrow, where);
        }
        tab.heard.forEach((what) => say(what, where));
      } catch (error) {
        say(error.message.split("\n").slice(0, 3).join(" "), where);
        await drop(whose, hand);
      }
    }
  });
  const seconds = Object.entries(spent).map(([what, took]) => `${what} ${Math.round(took / 1000)} s`);
  console.log(`three at once: ${seconds.join(", ")}`);
  console.log(`${pages.length} pages were looked at, ${work.length} with their languages`);
  return faults;
}
