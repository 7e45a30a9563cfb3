// A department behind a webhook: Node 20 or later, nothing to install.
//
//   SECRET=whsec_… TOKEN=… HUB=https://voordeur.example DEPARTMENT=groen node webhook.mjs
//
// It writes each dispatch to a file before it answers, knows one again that comes twice, fetches its
// photos, and says by signed callback that it accepts, plans and has done the work. Replace `work` by
// what your own system does.

import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const secrets = process.env.SECRET.split(" ").map((s) => Buffer.from(s.replace(/^whsec_/, ""), "base64"));
const { TOKEN = "", DEPARTMENT, PORT = "1778", FOLDER = "department" } = process.env;
const HUB = (process.env.HUB ?? "http://127.0.0.1:1777").replace(/\/$/, "");
const WINDOW = 300; // seconds that a signature may be old
const MAX_BODY = 1024 * 1024;

mkdirSync(FOLDER, { recursive: true });
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

function sign(secret, id, timestamp, body) {
  return "v1," + createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(body).digest("base64");
}

function isGenuine(headers, body) {
  const { "webhook-id": id = "", "webhook-timestamp": timestamp = "", "webhook-signature": given = "" } = headers;
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > WINDOW) return false;
  const equal = (a, b) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
  return given.split(" ").some((one) => secrets.some((secret) => equal(sign(secret, id, timestamp, body), one)));
}

// One file per dispatch; `wx` refuses a second one, so the same dispatch twice is one case.
function keep(dispatch) {
  try {
    writeFileSync(join(FOLDER, `${dispatch.id}.json`), JSON.stringify(dispatch), { flag: "wx", flush: true });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

createServer(async (request, response) => {
  const answer = (status, content) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
  };
  try {
    const parts = [];
    let size = 0;
    for await (const part of request) {
      size += part.length;
      if (size > MAX_BODY) return answer(413, { error: "too large" });
      parts.push(part);
    }
    const body = Buffer.concat(parts);
    if (!isGenuine(request.headers, body)) return answer(401, { error: "the signature does not fit" });
    const dispatch = JSON.parse(body).data;
    const isNew = keep(dispatch);
    answer(200, { receipt: `JS-${dispatch.id}` });
    if (isNew) work(dispatch);
  } catch (error) {
    console.log("could not take a call:", error.message);
    answer(500, { error: "try again" });
  }
}).listen(Number(PORT), "127.0.0.1", () => console.log(`listening on port ${PORT}`));

async function work(dispatch) {
  const on = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
  const updates =
    dispatch.role === "informed"
      ? [{ what: "internal_note", text: "Seen." }]
      : [{ what: "accept" }, { what: "plan", on }, { what: "done", text: "It has been done." }];
  for (const path of dispatch.photos) {
    const photo = await fetch(HUB + path, { headers: { authorization: `Bearer ${TOKEN}` } });
    console.log("photo of", (await photo.arrayBuffer()).byteLength, "bytes");
  }
  for (const [n, say] of updates.entries()) await callback(dispatch, n, say);
  writeFileSync(join(FOLDER, `${dispatch.id}.said`), "");
}

async function callback(dispatch, n, say) {
  const id = `${dispatch.id}-${n}`; // the same on every try
  const at = new Date().toISOString();
  const body = JSON.stringify({ id, department: DEPARTMENT, dispatch: dispatch.id, at, say });
  for (let wait = 1; ; wait = Math.min(wait * 2, 60)) {
    const now = String(Math.floor(Date.now() / 1000)); // signed anew on every try
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": now,
      "webhook-signature": sign(secrets[0], id, now, body),
    };
    try {
      const answer = await fetch(`${HUB}/api/v1/departments/${DEPARTMENT}/callback`, { method: "POST", headers, body });
      if (answer.ok) return console.log(say.what, dispatch.reference);
      if (answer.status < 500 && answer.status !== 429) {
        return console.log(say.what, "was refused:", await answer.text());
      }
      wait = Number(answer.headers.get("retry-after") ?? wait);
    } catch (error) {
      console.log("the hub is away:", error.message);
    }
    await pause(wait);
  }
}

// What was kept and not finished when this program stopped is finished now.
for (const name of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
  const file = join(FOLDER, name);
  if (!existsSync(file.replace(/\.json$/, ".said"))) work(JSON.parse(readFileSync(file, "utf8")));
}
