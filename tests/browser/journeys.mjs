// The ways that people take, walked by everybody: without JavaScript, on a small screen, with nothing but a keyboard, in
// the dark, four times as large, and in each language. What arrived is asked of the API and of the letterbox.

import { base } from "./base.mjs";
import { MODES, each, until } from "./browser.mjs";
import { Hand } from "./hand.mjs";
import { Line } from "./line.mjs";
import { offline } from "./offline.mjs";
import { day, picture } from "./world.mjs";

const WALKERS = [
  { mode: "plain", language: "nl" },
  { mode: "without JavaScript", language: "fr" },
  { mode: "narrow", language: "en" },
  { mode: "keyboard", language: "nl" },
  { mode: "dark", language: "fr" },
  { mode: "zoomed", language: "en" },
];

let walked = 0;

// A street and an address that nobody else of this run has.
function own() {
  walked += 1;
  return { street: `Zandbergstraat ${100 + walked}`, mail: `buur-${walked}@inbox.example`, n: walked };
}

function is(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}

// Whether a letter to `to` came, so many in all.
async function told(world, to, count) {
  await until(`${count} letters to ${to}`, async () => (await world.letters()).filter((letter) => letter.to === to).length >= count);
}

// Goes on from the mail that proves the address to what was chosen.
async function proven(hand, lang, world, mail) {
  await hand.sees("#code");
  await hand.to(await world.link(mail, /\/(nl|fr|en)\/proven\/[\w-]+/));
  await hand.press("main form button");
  await hand.sees(".sketch");
}

// Two reports, here and far away: the one here is told, once, and the other is not.
async function toldOnce(world, mail, here, far) {
  const report = (point) => world.report("groen/park", "Het perk is vuil.", { place: { point } });
  const away = await report(far);
  const near = await report(here);
  const cases = async () => {
    const texts = (await world.letters()).filter((letter) => letter.to === mail);
    const pages = await Promise.all(texts.map(async ({ href }) => (await world.ask(href)).text()));
    return pages.map((text) => [near, away].find(({ digits, reference }) => text.includes(reference) || text.includes(digits)));
  };
  const of = (found, one) => found.filter((each) => each === one).length;
  await until("news of what is here", async () => of(await cases(), near) > 0);
  // What comes of the other came before it.
  const found = await cases();
  is(of(found, away), 0, "letters about what is far away");
  // Received, and handed over: each once.
  is(of(found, near) <= 2, true, `letters about what is here, ${of(found, near)}`);
}

// Sends the form, says that it is none of those near it where that is asked, and gives the token of the case.
async function tell(hand) {
  await hand.press("#form .send__button");
  if (await hand.has("#near-no")) await hand.press("button[name=near][value=other]");
  await hand.sees(".plate__number");
  return { token: hand.path.split("/")[3] };
}

export const JOURNEYS = {
  "tell the city with a photo, and follow it": async (hand, lang, world) => {
    const { street, mail } = own();
    await hand.to(`/${lang}`);
    await hand.write("#q", { nl: "put in de weg", fr: "trou dans la route", en: "hole in the road" }[lang]);
    await hand.press(".search__button");
    await hand.press(".choice[href*='wegen/put'], .choice[href*='wegen%2Fput']");
    await hand.write("#words", "Er is een put in de weg.");
    await hand.pick("answer.grootte", "stoeptegel");
    await hand.write("#address", street);
    await hand.tab.setInputFiles("#photos", { name: "put.png", mimeType: "image/png", buffer: picture() });
    await hand.pick("tell", "email");
    await hand.write("#email", mail);
    const { token } = await tell(hand);
    await hand.press(".linkbox .utrecht-button-link");
    is(hand.path, `/${lang}/t/${token}`, "the button leads to the case");
    await hand.sees(".timeline");
    const shown = await (await world.ask(hand.path)).text();
    is((shown.match(/\/photos\/[0-9a-f-]{36}\?size/g) ?? []).length, 1, "photos on the page");
    const kept = await world.reaches({ token, reference: token }, (stand) => stand.status !== "received");
    is(kept.category, "wegen/put", "the category");
    await told(world, mail, 1);
  },
  "tell the city without a name": async (hand, lang, world) => {
    const { street } = own();
    await hand.to(`/${lang}/report?category=groen/boom`);
    await hand.write("#words", "Een tak hangt los.");
    await hand.write("#address", street);
    await hand.pick("tell", "nothing");
    const { token } = await tell(hand);
    const kept = await world.reaches({ token, reference: token }, (stand) => stand.status !== "received");
    is(kept.category, "groen/boom", "the category");
  },
  "what is wrong is said, and nothing is lost": async (hand, lang) => {
    await hand.to(`/${lang}/report?category=groen/boom`);
    await hand.write("#words", "Een tak hangt los.");
    await hand.pick("tell", "email");
    await hand.write("#email", "geen adres");
    await hand.press("#form .send__button");
    is(hand.tab.answered, 422, "the answer");
    await hand.sees("#summary a[href='#email']");
    is(await hand.tab.inputValue("#words"), "Een tak hangt los.", "the words");
    is(await hand.tab.locator("#email").getAttribute("aria-invalid"), "true", "the field is marked");
  },
  "it was told before: follow that instead": async (hand, lang, world) => {
    const { mail } = own();
    const before = (await world.case(world.open)).timeline.length;
    await hand.to(`/${lang}/report?category=groen/boom`);
    await hand.write("#words", "De tak boven de speeltuin.");
    await hand.write("#address", "Magdalenapark");
    await hand.tab.evaluate(() => document.querySelector("details.more:has(#lat)")?.setAttribute("open", ""));
    await hand.write("#lat", "50.8225");
    await hand.write("#lon", "3.2675");
    await hand.pick("tell", "nothing");
    await hand.press("#form .send__button");
    await hand.sees("#near-yes");
    await hand.pick("near_case", world.open.digits);
    await hand.write("#near_address", mail);
    await hand.press("button[value=follow-near]");
    await hand.to(await world.link(mail, /\/(nl|fr|en)\/proven\/[\w-]+/));
    await hand.press("main form button");
    await hand.sees("#follows");
    is((await world.case(world.open)).timeline.length, before, "nothing happened to the case");
  },
  "find it on the map, and read on": async (hand, lang) => {
    await hand.to(`/${lang}/map`);
    await hand.unfold("#filters summary");
    await hand.choose("#category", "groen/boom");
    // With a map the list follows by itself, and the button leads nowhere else.
    await hand.unfold(".map__do button");
    await hand.tab.waitForURL(/category=groen/);
    await hand.tab.waitForLoadState();
    await hand.sees(".map__item");
    await hand.press(".map__item");
    is(/\/case\/\d{8}$/.test(hand.path), true, `the page of a case, ${hand.path}`);
    is(hand.tab.answered, 200, "the answer");
    await hand.sees(".timeline");
  },
  "it is not solved": async (hand, lang, world) => {
    const { street, n } = own();
    const told = await world.report("wegen/put", "Diepe put voor de school.", { place: { address: street }, answers: { grootte: "stoeptegel" } });
    await world.say(told, { what: "done", text: `Klaar, ${n}.` }, "solved");
    await hand.to(`/${lang}/t/${told.token}`);
    await hand.write("#contest-words", "De put is er nog.");
    await hand.press(".contest button");
    await hand.sees(".utrecht-alert--ok");
    const stand = await world.reaches(told, (one) => one.timeline.some((event) => event.what === "reopened"));
    is(stand.status === "solved", false, "it is open again");
  },
  "answer what the department asks": async (hand, lang, world) => {
    const { street } = own();
    const told = await world.report("wegen/put", "Diepe put voor de school.", { place: { address: street }, answers: { grootte: "stoeptegel" } });
    await world.say(told, { what: "ask", text: "Voor welk huis?" }, (stand) => stand.timeline.some((event) => event.what === "asked"));
    await hand.to(`/${lang}/t/${told.token}`);
    await hand.write("#reply-words", "Voor huis 12.");
    await hand.press(".contest button");
    await world.reaches(told, (stand) => stand.timeline.some((event) => event.what === "replied"));
  },
  "follow a topic, prove the address, stop, and take that back": async (hand, lang, world) => {
    const { mail } = own();
    await hand.to(`/${lang}/follow`);
    await hand.pick("topic", "groen");
    await hand.write("#address", mail);
    await hand.press("main form > button:not([aria-hidden])");
    await hand.sees("#code");
    await hand.to(await world.link(mail, /\/(nl|fr|en)\/proven\/[\w-]+/));
    await hand.press("main form button");
    const mine = "#follows ~ .rows form:has(input[value=groen])";
    await hand.sees(mine);
    await hand.press(`${mine} button`);
    is(await hand.has(mine), false, "it is followed no more");
    await hand.press(".utrecht-alert--ok form button");
    await hand.sees(mine);
  },
  "follow what happens around an address": async (hand, lang, world) => {
    const { mail } = own();
    await hand.to(`/${lang}/follow`);
    await hand.write("#place_words", "Budastraat 12");
    await hand.press("button[value=find_place]");
    await hand.pick("place_radius", "500");
    await hand.write("#place_label", "Bij oma");
    await hand.write("#address", mail);
    await hand.press("main form > button:not([aria-hidden])");
    await proven(hand, lang, world, mail);
    is(await hand.tab.locator(".row__words strong", { hasText: "Bij oma" }).count(), 1, "places of that name");
    // Their own place, and some 4 km from there.
    await toldOnce(world, mail, { lat: 50.8316, lon: 3.2654 }, { lat: 50.805, lon: 3.2654 });
    await hand.press("#places ~ .rows .row__acts button");
    await hand.press("form:has(input[value=drop_place]):has(input[name=sure]) button");
    is(await hand.has(".sketch"), false, "the place is removed");
    await hand.press("form:has(input[value=restore_place]) button");
    await hand.sees(".sketch");
    await hand.unfold(".row__more summary");
    await hand.write(".row__more input.utrecht-textbox", "Bij opa");
    await hand.press(".row__more button");
    is(await hand.tab.locator(".row__words strong", { hasText: "Bij opa" }).count(), 1, "places of the new name");
  },
  "no more news of this, and again": async (hand, lang, world) => {
    const { street, mail } = own();
    await world.report("groen/boom", "Een tak hangt los.", { place: { address: street }, contact: { email: mail }, tell: "email" });
    const notice = await world.link(mail, /\/nl\/u\/[\w-]+/);
    await hand.to(notice.replace("/nl/", `/${lang}/`));
    await hand.press("form:has(input[value=this]) button");
    await hand.press("form:has(input[value=again]) button");
    await hand.sees("form:has(input[value=this])");
  },
  "the department answers by its link": async (hand, lang, world) => {
    const path = world.work.pop().replace("/nl/", `/${lang}/`);
    await hand.to(path);
    await hand.press("a[href*='plan']");
    await hand.write("#answer input[type=date]", day(7));
    await hand.press("#answer button[type=submit]");
    await hand.sees(".utrecht-alert--ok");
  },
  "somebody of the city takes a call": async (hand, lang, world) => {
    const { street, n } = own();
    await hand.to(`/${lang}/staff/desk`);
    await hand.write("#email", world.account.email);
    await hand.write("#password", world.account.password);
    await hand.press("main form button[type=submit]");
    is(hand.path, `/${lang}/staff/desk`, "the page that was wanted");
    await hand.write("#number", `0470 11 22 ${10 + n}`);
    await hand.write("#words", "Een tak hangt los boven het pad.");
    await hand.choose("#category", "groen/boom");
    await hand.write("#address", street);
    await hand.press(".send__button");
    // What this category asks stands there now; what is asked and was not seen is shown first.
    if (!hand.path.includes("/cases/")) await hand.press(".send__button");
    await hand.sees(".plate__spoken");
    await hand.press(".menu__out button");
    await hand.to(`/${lang}/staff/login`);
  },
};

// Ways that only scripts can go.
export const DRAWING = {
  "follow what is drawn on the map": async (hand, lang, world) => {
    const { mail, n } = own();
    const { tab } = hand;
    const points = () => tab.inputValue("#drawn").then((text) => text.split(" ").filter(Boolean).length);
    await hand.to(`/${lang}/follow`);
    await hand.unfold("#patch-open");
    await hand.sees("#patch-map[data-loaded]");
    // A circle first: one point, and whatever distance.
    await corner(hand, 0, 0);
    is(await points(), 1, "the middle of a circle");
    await hand.choose("#patch-far", "1000");
    is(await tab.inputValue("#drawn_radius"), "1000", "the radius");
    // Another way to draw begins anew.
    await hand.pick("drawn_how", "polygon");
    is(await points(), 0, "points when drawing begins");
    for (const [x, y] of [[-28, -28], [28, -28], [28, 28], [-28, 28], [0, 0]]) await corner(hand, x, y);
    is(await points(), 5, "corners");
    if (hand.keyboard) {
      await hand.reach("#patch-map canvas");
      await tab.keyboard.press("Backspace");
    } else {
      await hand.unfold("#patch-undo");
    }
    is(await points(), 4, "corners without the last");
    await hand.unfold("#patch-close");
    const said = await tab.textContent("#patch-said");
    is(/4 p.+(km|kilom|hect)/.test(said), true, `what a screen reader says: ${said}`);
    await hand.write("#drawn_label", `Mijn buurt ${n}`);
    await hand.write("#address", mail);
    await hand.press("main form > button:not([aria-hidden])");
    await proven(hand, lang, world, mail);
    is(await tab.locator(".row__words strong", { hasText: `Mijn buurt ${n}` }).count(), 1, "places of that name");
  },
};

// Sets a point so many pixels beside the middle of the map: with the pointer there, or the map moved below the cross.
async function corner(hand, x, y) {
  const { tab } = hand;
  if (!hand.keyboard) {
    const map = tab.locator("#patch-map");
    const { width, height } = await map.boundingBox();
    return map.click({ position: { x: width / 2 + x, y: height / 2 + y } });
  }
  await hand.reach("#patch-map canvas");
  const [atX, atY] = hand.at ?? [0, 0];
  const go = async (key, pixels) => {
    for (let n = 0; n < Math.abs(pixels) / 24; n += 1) await tab.keyboard.press(key);
  };
  await go(x > atX ? "ArrowRight" : "ArrowLeft", x - atX);
  await go(y > atY ? "ArrowDown" : "ArrowUp", y - atY);
  hand.at = [x, y];
  await tab.keyboard.press("Enter");
}

// Ways that only scripts can go, over a line that is cut on the way.
export const OFFLINE = {
  "tell the city without a network, and with one again": async (hand, lang, world, { context, line }) => {
    const { street } = own();
    const form = `/${lang}/report?category=groen/boom`;
    await hand.to(form);
    await hand.tab.evaluate(() => navigator.serviceWorker.ready);
    await until("the form to be kept", () => hand.tab.evaluate((path) => caches.match(path).then(Boolean), form));
    await context.setOffline(true);
    line.cut();
    await hand.tab.goto(form);
    await hand.write("#words", "Een tak hangt los, en hier is geen netwerk.");
    await hand.write("#address", street);
    await hand.pick("tell", "nothing");
    await hand.press("#form .send__button");
    is(hand.path, `/${lang}/outbox`, "where it waits");
    await hand.sees(".outbox__item[data-state=waiting]");
    line.mend();
    await context.setOffline(false);
    // It goes by itself; whoever does not want to wait presses the button.
    await hand.sees(".outbox__item[data-state=sent]");
    const href = await hand.tab.locator(".outbox__item [data-field=link]").getAttribute("href");
    const told = { token: href.split("/")[3], reference: href };
    const kept = await world.reaches(told, (stand) => stand.status !== "received");
    is(kept.category, "groen/boom", "the category");
    await hand.tab.reload();
    await hand.sees(".outbox__item[data-state=sent]");
    is(await hand.tab.locator(".outbox__item").count(), 1, "lines in the queue");
  },
};

async function walkOne(browser, world, { walk, mode, language, isOffline }) {
  const line = isOffline ? await Line.open(world.base) : null;
  const base = line?.base ?? world.base;
  const how = { ...MODES[mode], ...(isOffline ? { serviceWorkers: "allow" } : {}) };
  const context = await browser.person(how, { language, base });
  const tab = await browser.page(context, base);
  const faults = [];
  // What is wrong in a form, and a line that is cut, are told to the console too.
  tab.expected = true;
  try {
    await walk(new Hand(tab, { keyboard: mode === "keyboard" }), language, world, { context, line });
  } catch (error) {
    faults.push(`at ${tab.url()}: ${error.message.split("\n").slice(0, 4).join(" ")}`);
  }
  if (!isOffline) faults.push(...tab.heard);
  await context.close();
  line?.close();
  return faults;
}

export async function journeys(order, browser, world) {
  const faults = [];
  const wants = process.env.VOORDEUR_JOURNEY;
  const all = [...Object.entries(JOURNEYS), ...Object.entries(DRAWING), ...Object.entries(OFFLINE)].filter(([name]) => !wants || name.includes(wants));
  const walks = all.flatMap(([name, walk], n) => {
    const isOffline = name in OFFLINE;
    const isPlain = name in JOURNEYS;
    const walkers = WALKERS.filter(({ mode }) => isPlain || mode !== "without JavaScript");
    // Each journey in each mode, and over the journeys each mode in each language.
    return walkers.map(({ mode }, m) => ({ name, walk, mode, isOffline, language: WALKERS[(m + n) % WALKERS.length].language }));
  });
  await each(walks, 3, async (one) => {
    for (const what of await walkOne(browser, world, one)) faults.push(`${one.name} [${one.mode}, ${one.language}] ${what}`);
  });
  if (!wants || "offline".includes(wants)) faults.push(...(await offline(browser)));
  if (!wants || "base".includes(wants)) faults.push(...(await base(browser)));
  console.log(`${walks.length} ways were walked`);
  return faults;
}
