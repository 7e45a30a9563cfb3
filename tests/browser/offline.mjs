// Telling the city something where there is no network, and what arrives when it is back: each report once, photos too.

import { until } from "./browser.mjs";
import { picture } from "./world.mjs";

const FORM = "report?category=netheid/sluikstort";

// One person: opens a form, loses the network, tells two things on it, gets the network back.
async function walk(browser, language, n) {
  const context = await browser.person({ serviceWorkers: "allow" }, { language });
  const tab = await browser.page(context);
  const words = [1, 2].map((which) => `Zakken naast de container ${language} ${n} ${which}`);
  try {
    await tab.goto(`/${language}/${FORM}`);
    // The page that was open before there was a worker is kept as well.
    await until("the form to be kept", () => tab.evaluate(async (page) => Boolean(await caches.match(page)), `/${language}/${FORM}`));
    await tab.fill("#words", words[0]);
    await until("the draft", () => tab.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith("voordeur-draft"))));
    await context.setOffline(true);
    await tab.goto(`/${language}/${FORM}`);
    if (await tab.inputValue("#words") !== words[0]) throw new Error("the draft is lost");
    if (await tab.locator("#form [name=token]").inputValue() !== "") throw new Error("a kept form has a token");
    for (const [n, said] of words.entries()) {
      await tab.goto(`/${language}/${FORM}`);
      await tab.fill("#words", said);
      await tab.fill("#address", `Zandbergstraat ${900 + n}`);
      if (n === 0) {
        await tab.setInputFiles("#photos", { name: "foto.png", mimeType: "image/png", buffer: picture() });
        await tab.locator(".previews button").waitFor();
      }
      await tab.click("#form .send__button");
      await tab.waitForURL(/\/outbox/);
      await tab.locator(`.outbox__item >> nth=${n}`).waitFor();
    }
    await tab.goto(`/${language}/t/aaaaaaaaaaaaaaaaaaaaaaaaaa`);
    if (!(await tab.locator(`a[href="/${language}/outbox"]`).count())) throw new Error("no page says that there is no network");
    await tab.goto(`/${language}/outbox`);
    await context.setOffline(false);
    await tab.locator('.outbox__item[data-state="sent"] >> nth=1').waitFor();
    const links = await tab.locator('.outbox__item [data-field="link"]').evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    if (new Set(links).size !== 2) throw new Error(`two reports have ${new Set(links).size} links`);
    for (const [n, link] of links.entries()) {
      await tab.goto(link);
      const page = await tab.locator("main").innerText();
      if (!page.includes(words[n])) throw new Error(`${words[n]} did not arrive`);
      if ((await tab.locator(".photos img").count()) !== (n === 0 ? 1 : 0)) throw new Error("the photos are not those that were sent");
    }
    await tab.goto(`/${language}/outbox`);
    await tab.click("[data-part=clear]");
    await tab.locator("[data-part=none]").waitFor();
  } catch (error) {
    return [`without a network [${language}] at ${tab.url()}: ${error.message.split("\n").slice(0, 4).join(" ")}`];
  } finally {
    await context.close();
  }
  return [];
}

// What is wrong, in every language.
export async function offline(browser) {
  const found = await Promise.all(["nl", "fr", "en"].map((language, n) => walk(browser, language, n)));
  return found.flat();
}
