// A channel that sends reports over HTTP. Nothing beside Node is needed.
//
//   HUB=https://stad.example node channel_http.mjs "A deep hole in the road" [photo.jpg]
//
// It writes each report to a file before it sends it, and sends it until the city has it: a lost answer, a
// restart or a city that is away costs nothing. Run it again without words to send what waits.

import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const { HUB, CHANNEL_KEY, FOLDER = "channel" } = process.env;
mkdirSync(FOLDER, { recursive: true });

async function call(path, body, headers) {
  if (CHANNEL_KEY) headers.Authorization = `Bearer ${CHANNEL_KEY}`;
  return fetch(HUB + path, { method: "POST", body, headers, signal: AbortSignal.timeout(60_000) });
}

async function keep(words, photo) {
  const report = { category: "wegen/put", words, language: "en", place: { address: "Schoolstraat 12" } };
  if (photo) {
    const answer = await call("/api/v1/photos", readFileSync(photo), { "Content-Type": "image/jpeg" });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    report.photos = [(await answer.json()).id];
  }
  writeFileSync(join(FOLDER, `${randomUUID()}.waits`), JSON.stringify(report), { flush: true });
}

// Sends one report until the city has it. The key is the same on every try.
async function send(key, body) {
  for (;;) {
    let wait = 5;
    try {
      const answer = await call("/api/v1/reports", body, { "Content-Type": "application/json", "Idempotency-Key": key });
      if (answer.ok) return await answer.json();
      // Another fault is ours to mend: trying again changes nothing.
      if (![408, 429, 500, 502, 503, 504].includes(answer.status)) return { problem: await answer.json() };
      wait = Number(answer.headers.get("Retry-After") ?? 5);
    } catch (error) {
      console.error("the city is away:", error.message);
    }
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}

const [words, photo] = process.argv.slice(2);
if (words) await keep(words, photo);
for (const name of readdirSync(FOLDER).filter((name) => name.endsWith(".waits"))) {
  const key = name.slice(0, -".waits".length);
  const answer = await send(key, readFileSync(join(FOLDER, name)));
  writeFileSync(join(FOLDER, `${key}.answer`), JSON.stringify(answer), { flush: true });
  renameSync(join(FOLDER, name), join(FOLDER, `${key}.sent`));
  for (const fault of answer.problem?.errors ?? []) console.log("wrong", fault.field, fault.message);
  if (answer.reference) console.log("reference", answer.reference, answer.tracking_url);
}
