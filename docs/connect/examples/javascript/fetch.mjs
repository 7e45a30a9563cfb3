// A department that fetches its work over HTTP with a long poll: Node 20 or later, nothing to install.
//
//   TOKEN=… HUB=https://voordeur.example DEPARTMENT=groen node fetch.mjs
//
// It writes each dispatch to a file before it acknowledges, and answers with its token. Replace
// `work` by what your own system does.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const { TOKEN, DEPARTMENT, FOLDER = "department" } = process.env;
const HUB = (process.env.HUB ?? "http://127.0.0.1:1777").replace(/\/$/, "");
const BASE = `${HUB}/api/v1/departments/${DEPARTMENT}`;

mkdirSync(FOLDER, { recursive: true });

// Calls until the hub answers; throws when it refuses.
async function call(url, content) {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const options = content === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(content) };
  for (let wait = 1; ; wait = Math.min(wait * 2, 60)) {
    try {
      const answer = await fetch(url, options);
      if (answer.ok) return answer;
      if (answer.status < 500 && answer.status !== 429) {
        console.log("the hub refused:", answer.status, await answer.text());
        process.exit(1);
      }
      wait = Number(answer.headers.get("retry-after") ?? wait);
    } catch (error) {
      console.log("the hub is away:", error.message);
    }
    await new Promise((done) => setTimeout(done, wait * 1000));
  }
}

// One file per dispatch: the same dispatch twice is one case.
function keep(dispatch) {
  const file = join(FOLDER, `${dispatch.id}.json`);
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(dispatch), { flush: true });
}

async function work(dispatch) {
  const on = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
  const updates =
    dispatch.role === "informed"
      ? [{ what: "internal_note", text: "Seen." }]
      : [{ what: "accept" }, { what: "plan", on }, { what: "done", text: "It has been done." }];
  for (const path of dispatch.photos) {
    console.log("photo of", (await (await call(HUB + path)).arrayBuffer()).byteLength, "bytes");
  }
  for (const [n, say] of updates.entries()) {
    const id = `${dispatch.id}-${n}`; // the same on every try
    const update = { id, department: DEPARTMENT, dispatch: dispatch.id, at: new Date().toISOString(), say };
    await call(`${BASE}/updates`, update);
    console.log(say.what, dispatch.reference);
  }
}

console.log(`fetching from ${HUB}`);
for (;;) {
  const answer = await call(`${BASE}/work?wait=20&max=10`);
  for (const dispatch of (await answer.json()).work) {
    keep(dispatch);
    await call(`${BASE}/work/ack`, { ids: [dispatch.id] });
  }
  // Also what was kept before this program last stopped.
  for (const name of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
    const said = join(FOLDER, name.replace(/\.json$/, ".said"));
    if (existsSync(said)) continue;
    await work(JSON.parse(readFileSync(join(FOLDER, name), "utf8")));
    writeFileSync(said, "");
  }
}
