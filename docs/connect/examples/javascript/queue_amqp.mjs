// A department that consumes its own queues on RabbitMQ, with amqplib (npm install amqplib).
//
//   AMQP=amqp://voordeur-dept-groen:…@broker.example/%2f DEPARTMENT=groen node queue_amqp.mjs
//
// It writes each dispatch to a file before it acknowledges, and publishes its updates under its own
// key. Replace `words` by what your own system says.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Found in this folder, or wherever NODE_PATH says.
const amqp = createRequire(import.meta.url)("amqplib");

const { AMQP, DEPARTMENT, PREFIX = "voordeur", FOLDER = "department" } = process.env;
const CONTENT_TYPE = "application/cloudevents+json; charset=utf-8";

mkdirSync(FOLDER, { recursive: true });

function words(dispatch) {
  if (dispatch.role === "informed") return [{ what: "internal_note", text: "Seen." }];
  const on = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
  return [{ what: "accept" }, { what: "plan", on }, { what: "done", text: "It has been done." }];
}

// One file per dispatch: the same dispatch twice is one case.
function keep(dispatch) {
  const file = join(FOLDER, `${dispatch.id}.json`);
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(dispatch), { flush: true });
}

// Says what was kept and not yet said; also what a crash left.
async function sayEverything(channel) {
  for (const name of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
    const said = join(FOLDER, name.replace(/\.json$/, ".said"));
    if (existsSync(said)) continue;
    const dispatch = JSON.parse(readFileSync(join(FOLDER, name), "utf8"));
    for (const [n, say] of words(dispatch).entries()) {
      const id = `${dispatch.id}-${n}`; // the same on every try
      const at = new Date().toISOString();
      const event = {
        specversion: "1.0",
        id,
        source: `/departments/${DEPARTMENT}`,
        type: "eu.voordeur.department.update",
        time: at,
        datacontenttype: "application/json",
        data: { id, department: DEPARTMENT, dispatch: dispatch.id, at, say },
      };
      const options = { contentType: CONTENT_TYPE, messageId: id, persistent: true, mandatory: true };
      channel.publish(`${PREFIX}.updates`, `${DEPARTMENT}.${say.what}`, Buffer.from(JSON.stringify(event)), options);
      console.log(say.what, dispatch.reference);
    }
    await channel.waitForConfirms(); // the broker has them
    writeFileSync(said, "");
  }
}

async function consume() {
  const connection = await amqp.connect(AMQP);
  const gone = new Promise((_, fail) => {
    connection.on("error", fail);
    connection.on("close", () => fail(new Error("closed")));
  });
  const channel = await connection.createConfirmChannel();
  channel.on("error", () => {}); // the connection is given up with it, below
  channel.on("close", () => connection.close().catch(() => {}));
  await channel.prefetch(16);
  await sayEverything(channel);
  let line = Promise.resolve(); // one after the other
  const received = (message) => {
    line = line.then(async () => {
      keep(JSON.parse(message.content).data);
      channel.ack(message);
      await sayEverything(channel);
    }).catch(() => connection.close().catch(() => {}));
  };
  // The queue for what is urgent first.
  for (const queue of [`${PREFIX}.dept.${DEPARTMENT}.urgent`, `${PREFIX}.dept.${DEPARTMENT}`]) {
    await channel.consume(queue, (message) => message && received(message));
  }
  console.log("consuming");
  await gone;
}

for (;;) {
  await consume().catch((error) => console.log("the broker is away:", error.message));
  await new Promise((done) => setTimeout(done, 2000));
}
