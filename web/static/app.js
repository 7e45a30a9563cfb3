// What every page for residents can do beyond its HTML: work without a network, send what waits, say that it is
// sending, read itself aloud, and look as its reader likes. Every page is whole without this file.

import "./queue.js";

const queue = self.reportQueue;
const page = document.documentElement;
const remembered = (key) => {
  try { return localStorage.getItem(key); } catch { return null; }
};

// How this reader likes to read: kept on this device only, and never sent.
for (const name of ["size", "contrast", "spacing"]) {
  const value = remembered(`voordeur-${name}`);
  if (value) page.dataset[name] = value;
}

const button = (event) => event.submitter || event.target.querySelector("[type=submit]:not(.visually-hidden)");

// A form that is on its way says so, and goes once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.onItsWay) {
    event.preventDefault();
    return;
  }
  form.dataset.onItsWay = "yes";
  // Whoever stopped it may try again.
  setTimeout(() => { delete form.dataset.onItsWay; }, 20000);
  const pressed = button(event);
  if (!pressed) return;
  // Only after the browser took the form along: a button that is off is not sent.
  setTimeout(() => {
    pressed.dataset.said = pressed.innerHTML;
    pressed.setAttribute("aria-disabled", "true");
    pressed.textContent = document.body.dataset.sending;
  });
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-on-its-way]")) delete form.dataset.onItsWay;
  for (const pressed of document.querySelectorAll("[data-said]")) {
    pressed.innerHTML = pressed.dataset.said;
    pressed.removeAttribute("aria-disabled");
    delete pressed.dataset.said;
  }
});

// What waits on this device.
const waits = document.querySelector("[data-waiting]");
const show = async () => {
  if (!waits) return;
  const waiting = (await queue.all()).filter((item) => item.state !== "sent");
  waits.hidden = waiting.length === 0;
};
// Again and again while the page is open: a network that is just back often goes once more.
let again = 0;
let pause = 4000;
const send = async () => {
  clearTimeout(again);
  try {
    const waiting = (await queue.all()).some((item) => item.state === "waiting" || item.state === "sending");
    if (!waiting) return;
    if (navigator.onLine) await queue.sendAll();
    pause = 4000;
  } catch {
    again = setTimeout(send, pause);
    pause = Math.min(pause * 2, 120000);
  }
};
if ("indexedDB" in window) {
  queue.hear(() => show().catch(() => {}));
  show().then(send).catch(() => {});
  addEventListener("online", send);
}

// On the receipt nothing is left of the draft; and what went on from the queue by hand has arrived.
const receipt = document.querySelector("[data-receipt]");
if (receipt) {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key === sessionStorage.getItem("voordeur-sending")) localStorage.removeItem(key);
    }
    const id = sessionStorage.getItem("voordeur-handed");
    sessionStorage.removeItem("voordeur-sending");
    sessionStorage.removeItem("voordeur-handed");
    if (id) arrived(id);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

async function arrived(id) {
  const item = await queue.one(id);
  const { reference, href } = receipt.dataset;
  if (item) await queue.put({ ...item, state: "sent", why: [], fields: [], files: [], reference, link: href });
}

const photos = document.querySelector("input[name=photos]");
if (photos) import("./photo.js").then(({ enhance }) => enhance(photos)).catch(() => {});

// Reads the page aloud, in its language.
const aloud = document.querySelector("[data-aloud]");
if (aloud && "speechSynthesis" in window) {
  aloud.hidden = false;
  const words = () => {
    const copy = document.getElementById("main").cloneNode(true);
    for (const part of copy.querySelectorAll("[data-aloud], [aria-hidden=true], [hidden], script, form, svg")) part.remove();
    const parts = [...copy.querySelectorAll("h1, h2, h3, p, li, dt, dd, summary")];
    // What lies in another part is read once.
    return parts.filter((part) => !parts.some((other) => other !== part && other.contains(part)))
      .map((part) => part.textContent.replace(/\s+/g, " ").trim()).filter(Boolean);
  };
  const stop = () => { speechSynthesis.cancel(); aloud.setAttribute("aria-pressed", "false"); };
  aloud.addEventListener("click", () => {
    if (aloud.getAttribute("aria-pressed") === "true") return stop();
    aloud.setAttribute("aria-pressed", "true");
    const lines = words();
    lines.forEach((line, n) => {
      const said = new SpeechSynthesisUtterance(line);
      said.lang = { nl: "nl-BE", fr: "fr-BE", en: "en-GB" }[page.lang] || page.lang;
      if (n === lines.length - 1) said.onend = stop;
      speechSynthesis.speak(said);
    });
  });
  addEventListener("pagehide", () => speechSynthesis.cancel());
}

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/worker.js", { scope: "/" }).catch(() => {});
  if (matchMedia("(display-mode: standalone)").matches) {
    navigator.serviceWorker.ready.then(({ active }) => active.postMessage({ keepForms: page.lang })).catch(() => {});
  }
}
