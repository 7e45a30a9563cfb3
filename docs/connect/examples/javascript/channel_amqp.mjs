// A channel that publishes reports to RabbitMQ, with amqplib (npm install amqplib).
//
//   AMQP=amqp://voordeur-channel-my-app:…@broker.example/%2f CHANNEL=my-app \
//     node channel_amqp.mjs "A deep hole in the road"
//
// It writes each report to a file before it publishes it, and publishes it again until the city has
// answered: with the reference, or with what is wrong. A broker that is away or full costs nothing. Run it
// again without words to publish what waits.

import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Found in this folder, or wherever NODE_PATH says.
const amqp = createRequire(import.meta.url)("amqplib");

const { AMQP, CHANNEL, PREFIX = "voordeur", FOLDER = "channel" } = process.env;
const CONTENT_TYPE = "application/cloudevents+json; charset=utf-8";
const ANSWERS = "amq.rabbitmq.reply-to";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
mkdirSync(FOLDER, { recursive: true });

function keep(words) {
  const report = { category: "wegen/put", words, language: "en", place: { address: "Schoolstraat 12" } };
  writeFileSync(join(FOLDER, `${randomUUID()}.waits`), JSON.stringify(report), { flush: true });
}

const waiting = () => readdirSync(FOLDER).filter((name) => name.endsWith(".waits")).map((name) => name.slice(0, -6));

function answered(message) {
  if (!message) return; // the broker ended it; the connection closes next
  const key = message.properties.correlationId;
  const answer = JSON.parse(message.content.toString());
  if (!waiting().includes(key)) return;
  writeFileSync(join(FOLDER, `${key}.answer`), JSON.stringify(answer), { flush: true });
  renameSync(join(FOLDER, `${key}.waits`), join(FOLDER, `${key}.sent`));
  if (answer.reference) console.log("reference", answer.reference);
  for (const fault of answer.error?.errors ?? []) console.log("wrong", fault.field, fault.message);
}

// Whether the broker has it.
function publish(channel, key) {
  const event = {
    specversion: "1.0",
    id: key, // the same on every try: this is what makes it one report
    source: `/channels/${CHANNEL}`,
    type: "eu.voordeur.report.submitted",
    datacontenttype: "application/json",
    data: JSON.parse(readFileSync(join(FOLDER, `${key}.waits`), "utf8")),
  };
  const options = {
    contentType: CONTENT_TYPE, messageId: key, correlationId: key, persistent: true, replyTo: ANSWERS, mandatory: true,
  };
  const body = Buffer.from(JSON.stringify(event));
  return new Promise((taken) => {
    channel.publish(`${PREFIX}.intake`, `report.${CHANNEL}`, body, options, (refused) => taken(!refused));
  });
}

async function run() {
  const connection = await amqp.connect(AMQP);
  let ended;
  const end = new Promise((_, reject) => connection.on("close", () => reject(ended ?? new Error("closed"))));
  end.catch(() => {});
  connection.on("error", (error) => (ended = error));
  const channel = await connection.createConfirmChannel();
  channel.on("error", (error) => (ended = error));
  await channel.consume(ANSWERS, answered, { noAck: true }); // before publishing, as direct reply-to wants
  while (waiting().length > 0) {
    let patience = 15_000;
    for (const key of waiting()) {
      if (await Promise.race([publish(channel, key), end])) continue;
      console.error("the broker is full");
      patience = 2000;
      break;
    }
    // What has no answer by then is published again: the same id is the same report.
    for (let n = 0; n < patience / 100 && waiting().length > 0; n += 1) await Promise.race([sleep(100), end]);
  }
  await connection.close();
}

const [words] = process.argv.slice(2);
if (words) keep(words);
while (waiting().length > 0) {
  try {
    await run();
  } catch (error) {
    console.error("the broker is away:", error.message);
    await sleep(2000);
  }
}
