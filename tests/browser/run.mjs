// Does what the order in the file says, on the hub that it names: checks every page, walks every way, or takes pictures.
// `tests/src/browser.rs` writes the order. Prints what is wrong, and ends with 1 when something is.

import { readFileSync } from "node:fs";
import { Browser } from "./browser.mjs";
import { check } from "./check.mjs";
import { journeys } from "./journeys.mjs";
import { shots } from "./shots.mjs";
import { World } from "./world.mjs";

const order = JSON.parse(readFileSync(process.argv[2], "utf8"));
const tasks = { check, journeys, screens: shots };
const browser = await Browser.open(order);
let faults = [];
try {
  const world = await World.make(order, browser);
  faults = await tasks[order.task](order, browser, world);
} catch (error) {
  faults.push(error.stack);
} finally {
  await browser.close();
}
for (const fault of faults) console.log(`✗ ${fault}`);
process.exitCode = faults.length ? 1 : 0;
