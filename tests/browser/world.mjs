// A city in which something of everything happened, made through its doors: the API, the forms, the commands.

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflateSync, crc32 } from "./png.mjs";
import { until } from "./browser.mjs";

const run = promisify(execFile);

export class World {
  static async make(order, browser) {
    const world = new World();
    Object.assign(world, { order, base: order.base, inside: order.inside, work: order.work });
    await Promise.all([world.cases(), world.staff(browser)]);
    await Promise.all([world.follower(), world.call()]);
    await world.broadcast();
    return world;
  }

  // One command of the hub.
  async command(...words) {
    const [program, ...first] = this.order.command;
    return (await run(program, [...first, ...words])).stdout;
  }

  async ask(path, { method = "GET", headers = {}, body } = {}) {
    return fetch(this.base + path, { method, headers, body, redirect: "manual" });
  }

  async json(path, body, headers = {}) {
    const answer = await this.ask(path, {
      method: body ? "POST" : "GET", headers: { "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  // Where a form of a page of ours leads on to.
  async press(path, fields) {
    const body = new URLSearchParams(fields);
    const headers = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
    const answer = await this.ask(path, { method: "POST", headers, body });
    const to = answer.headers.get("location");
    if (!to) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return to;
  }

  // A report by the API, once it is decided.
  async report(category, words, more = {}) {
    const kept = await this.json("/api/v1/reports", {
      category, words, language: "nl", place: { address: "Grote Markt 12" }, tell: "nothing", ...more,
    });
    const told = { token: kept.tracking_url.split("/").pop(), reference: kept.reference, digits: kept.reference.replace(/\D/g, "") };
    await this.reaches(told, (stand) => stand.status !== "received");
    return told;
  }

  async case(told) {
    return this.json(`/api/v1/cases/${told.token}`);
  }

  async reaches(told, is) {
    return until(`case ${told.reference}`, async () => {
      const stand = await this.case(told);
      return (typeof is === "string" ? stand.status === is : is(stand)) && stand;
    });
  }

  // Its department says something; `then` is the status that this makes.
  async say(told, say, then) {
    const { department } = await this.case(told);
    const id = `${told.digits}-${say.what}`;
    const headers = { authorization: `Bearer ${this.order.token}` };
    await this.json(`/api/v1/departments/${department}/cases/${told.digits}/updates`, { id, say }, headers);
    await this.reaches(told, then);
  }

  async photo() {
    const headers = { "content-type": "image/png" };
    const answer = await this.ask("/api/v1/photos", { method: "POST", headers, body: picture() });
    return (await answer.json()).id;
  }

  // Reports at every status, of people who are told by mail.
  async cases() {
    const mail = (name) => ({ contact: { name: `${name} Peeters`, email: `${name.toLowerCase()}@inbox.example` }, tell: "email" });
    const hole = (n, more) => this.report("wegen/put", `Diepe put in de rijweg, vlak voor de schoolpoort. Nummer ${n}.`, {
      place: { address: `Doorniksewijk ${n}` }, answers: { grootte: "stoeptegel" }, ...more,
    });
    const all = {
      open: async () => this.report("groen/boom", "Een dikke tak hangt los boven de speeltuin.", {
        ...mail("An"), photos: [await this.photo(), await this.photo()], place: { address: "Magdalenapark", point: { lat: 50.8225, lon: 3.2675 } },
      }),
      planned: async () => {
        const told = await hole(11, mail("Bo"));
        await this.say(told, { what: "accept" }, "accepted");
        await this.say(told, { what: "plan", on: day(9), text: "Met de kraan." }, "planned");
        await this.say(told, { what: "note", text: "De ploeg is langs geweest en heeft een bord gezet.\nDank voor je geduld." }, (c) => c.timeline.some((e) => e.what === "note"));
        return told;
      },
      solved: async () => {
        const told = await hole(12, mail("Cas"));
        await this.say(told, { what: "done", text: "De put is gedicht.", evidence: ["https://voordeur.example/foto-van-de-herstelde-weg-na-de-werken.jpg"] }, "solved");
        return told;
      },
      contested: async () => {
        const told = await hole(13, mail("Dina"));
        await this.say(told, { what: "done" }, "solved");
        await this.press(`/nl/t/${told.token}/contest`, { words: "De put is er nog." });
        await this.reaches(told, (stand) => stand.timeline.some((event) => event.what === "reopened"));
        return told;
      },
      asked: async () => {
        const told = await hole(14, mail("Eva"));
        await this.say(told, { what: "ask", text: "Voor welk huis is het precies?" }, (c) => c.timeline.some((e) => e.what === "asked"));
        return told;
      },
      rejected: async () => {
        const told = await hole(15, {});
        await this.say(told, { what: "reject", reason: "Dit is een weg van het gewest." }, (c) => c.timeline.some((e) => e.what === "rejected"));
        return told;
      },
      question: () => this.report("dienst/vraag", "Wanneer is het recyclagepark open tijdens de kerstvakantie?", { kind: "question", place: undefined, ...mail("Fien") }),
      complaint: () => this.report("dienst/klacht", "Ik stond drie weken na elkaar voor een gesloten loket.", {
        kind: "complaint", place: undefined, contact: { name: "Gust Peeters", phone: "0470 12 34 56", email: "gust@inbox.example" }, tell: "email",
      }),
      twin: () => this.report("groen/boom", "De tak boven de speeltuin hangt er nog altijd.", {
        place: { address: "Magdalenapark", point: { lat: 50.8226, lon: 3.2676 } }, ...mail("Hanne"),
      }),
      held: () => this.heldOne(),
    };
    const made = await Promise.all(Object.values(all).map((make) => make()));
    Object.keys(all).forEach((name, n) => { this[name] = made[n]; });
    await this.command("cases", "merge", this.twin.reference, "--into", this.open.reference, "--by", "An");
    await this.reaches(this.twin, "duplicate");
    const shown = await (await this.ask(`/nl/t/${this.open.token}`)).text();
    this.openPhoto = /\/photos\/([0-9a-f-]{36})/.exec(shown)[1];
  }

  // What a program sends that fills in everything is held.
  async heldOne() {
    const form = await (await this.ask("/nl/report?category=netheid/sluikstort")).text();
    const fields = new FormData();
    for (const [, name, value] of form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)) fields.set(name, value.replaceAll("&#x3D;", "="));
    const words = "Goedkope schoenen, kom kijken op onze winkel!";
    for (const [name, value] of Object.entries({ words, address: "Zandstraat 3", tell: "nothing", language: "nl", website: "https://schoenen.example" })) fields.set(name, value);
    const answer = await this.ask("/nl/report?category=netheid/sluikstort", { method: "POST", headers: { "sec-fetch-site": "same-origin" }, body: fields });
    const token = /\/t\/([a-z0-9]+)/.exec(answer.headers.get("location") ?? (await answer.text()))[1];
    const page = await (await this.ask(`/nl/t/${token}`)).text();
    const [, one, two] = /plate__number.*?(\d{4})\D{1,6}(\d{4})/s.exec(page);
    return { token, reference: `${one}-${two}`, digits: one + two };
  }

  // Two people of the city: who may do everything, and who has still to choose a password.
  async staff(browser) {
    const password = "een-lang-wachtwoord-voor-de-balie";
    const add = async (name, email) => {
      const words = ["staff", "add", name, "--email", email, "--role", "operator,moderator,complaints,admin", "--by", "An", "--json"];
      return new URL(JSON.parse(await this.command(...words)).link).pathname;
    };
    const link = await add("An Peeters", "an@stad.example");
    this.invitation = await add("Bo Maes", "bo@stad.example");
    await this.press(link, { "new-password": password });
    this.account = { email: "an@stad.example", password };
    const context = await browser.person();
    const page = await context.newPage();
    await page.goto("/nl/staff/login");
    await page.fill("#email", this.account.email);
    await page.fill("#password", password);
    await Promise.all([page.waitForURL(/\/nl\/staff$/), page.click("main form button[type=submit]")]);
    this.cookies = await context.cookies();
    await context.close();
  }

  // The messages of the sandbox letterbox, the newest first: where each is, and to whom it went.
  async letters() {
    const html = await (await this.ask("/sandbox/letterbox")).text();
    const letters = html.matchAll(/class="letter" href="([^"]+)".*?<strong[^>]*>(.*?)<\/strong><span>(.*?)<\/span>/gs);
    return [...letters].map(([, href, subject, to]) => ({ href: href.replaceAll("&#x3D;", "="), subject, to }));
  }

  // The first address in a letter to `to` that looks like `like`.
  async link(to, like) {
    return until(`a letter to ${to} with ${like}`, async () => {
      for (const letter of (await this.letters()).filter((letter) => letter.to === to)) {
        const text = (await (await this.ask(letter.href)).text()).replaceAll("&#x3D;", "=");
        const found = like.exec(text);
        if (found) return found[0];
      }
      return null;
    });
  }

  // Somebody who follows a topic and the city centre, and one who has not proved the address yet.
  async follower() {
    const follow = (address, more = {}) => this.press("/nl/follow", { topic: "wegen", address, language: "nl", ...more });
    const drawn = "3.262,50.826 3.268,50.826 3.268,50.832";
    await follow("ine@inbox.example", { drawn, drawn_label: "Rond mijn school" });
    this.proven = await this.link("ine@inbox.example", /\/nl\/proven\/[\w-]+/);
    this.person = (await this.press(this.proven, {})).replace(/[?#].*/, "").replace(this.base, "");
    this.prove = (await follow("jo@inbox.example")).replace(this.base, "");
    this.proof = await this.link("jo@inbox.example", /\/nl\/proven\/[\w-]+/);
    const notice = await this.link("bo@inbox.example", /\/nl\/u\/[\w-]+/);
    this.notice = notice;
    this.letter = (await this.letters())[0].href;
  }

  // What the city told many.
  async broadcast() {
    const file = join(this.order.dir, "water.yaml");
    writeFileSync(file, "subject: {nl: Geen water, fr: Pas d'eau, en: No water}\ntext: {nl: \"Wij werken aan de leiding.\\n\\nMorgen is er weer water.\", fr: Nous travaillons., en: We work.}\naudience: {topics: [wegen]}\n");
    const { reference } = JSON.parse(await this.command("broadcast", "draft", "--file", file, "--by", "An", "--json"));
    const { count } = JSON.parse(await this.command("broadcast", "preview", reference, "--json"));
    await this.command("broadcast", "approve", reference, "--by", "Bo", "--expect", String(count.heads.planned));
    this.message = reference.replace(/\D/g, "");
  }

  // Somebody wants to be called back.
  async call() {
    const headers = { cookie: this.cookies.map(({ name, value }) => `${name}=${value}`).join("; ") };
    const path = `/nl/staff/cases/${this.complaint.digits}`;
    const page = await (await this.ask(path, { headers })).text();
    const token = /name="token" value="([^"]+)"/.exec(page)[1];
    const body = new URLSearchParams({ do: "back", token, when: "" });
    const type = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
    const answer = await this.ask(path, { method: "POST", headers: { ...headers, ...type }, body });
    if (answer.status !== 303) throw new Error(`a call back: ${answer.status} ${await answer.text()}`);
  }
}

// The day so many days from today, as programs write it.
export function day(days) {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

// A photo without a camera: grey tarmac with a dark hole in it, as PNG.
export function picture(width = 320, height = 240) {
  const rows = [];
  for (let y = 0; y < height; y += 1) {
    rows.push(0);
    for (let x = 0; x < width; x += 1) {
      const far = Math.hypot((x - width / 2) / (width / 4), (y - height / 2) / (height / 5));
      const grain = ((x * 73 + y * 151) % 29) - 14;
      const shade = Math.round((far < 1 ? 40 + 25 * far : 125) + grain / 2);
      rows.push(shade, shade, shade + 4);
    }
  }
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(Buffer.from(rows))), chunk("IEND", Buffer.alloc(0))]);
}
