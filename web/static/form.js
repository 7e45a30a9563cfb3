// The form, made easier: a draft on this device, and sending later when there is no network. The form does the same
// without this file, but for the sending later.

import "./queue.js";

const queue = self.reportQueue;
const form = document.getElementById("form");
if (form) {
  draft();
  later();
}

// What is typed is kept on this device until it is sent; no address, name or number of anybody is.
function draft() {
  const line = document.getElementById("draft");
  const key = `voordeur-draft:${form.elements.category.value}`;
  const isOwn = (name) => name === "words" || name === "address" || name === "kind" || name.startsWith("answer.");
  const fields = [...form.elements].filter((field) => field.name && isOwn(field.name));
  const isChoice = (field) => field.type === "radio" || field.type === "checkbox";
  const term = 7 * 24 * 3600 * 1000;
  let store;
  try { store = localStorage; store.getItem(key); } catch { return; }

  const say = (state) => {
    line.hidden = false;
    for (const part of line.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
  };
  const forget = () => store.removeItem(key);
  const typed = () => fields.some((field) => !isChoice(field) && field.value.trim() !== "");

  const found = store.getItem(key);
  let kept = null;
  try { kept = found && JSON.parse(found); } catch { forget(); }
  if (kept && Date.now() - kept.at > term) {
    forget();
    kept = null;
  }
  // What the city shows again is newer than what lies here.
  if (kept && form.elements.words.value.trim() === "") {
    for (const field of fields) {
      if (isChoice(field)) {
        if (kept.choices[field.name]) field.checked = kept.choices[field.name].includes(field.value);
      } else if (typeof kept.texts[field.name] === "string") {
        field.value = kept.texts[field.name];
      }
    }
    say("restored");
  }
  let timer = 0;
  const save = () => {
    if (!typed()) return;
    const texts = {};
    const choices = {};
    for (const field of fields) {
      if (!isChoice(field)) texts[field.name] = field.value;
      else (choices[field.name] ||= []).push(...(field.checked ? [field.value] : []));
    }
    try {
      store.setItem(key, JSON.stringify({ at: Date.now(), texts, choices }));
      say("kept");
    } catch {
      // Full: then there is no draft.
    }
  };
  form.addEventListener("input", (event) => {
    if (!isOwn(event.target.name || "")) return;
    clearTimeout(timer);
    timer = setTimeout(save, 400);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    save();
    try { sessionStorage.setItem("voordeur-sending", key); } catch { /* it goes after its term */ }
  });
  line.querySelector("[data-does=forget]").addEventListener("click", () => {
    clearTimeout(timer);
    forget();
    for (const field of fields) {
      if (isChoice(field)) field.checked = field.defaultChecked;
      else field.value = "";
    }
    say("forgotten");
    form.elements.words.focus();
  });
}

function later() {
  const action = new URL(form.action).pathname;
  // A kept page has no token; each report gets its own.
  const mark = async () => {
    if (form.elements.token.value !== "" || !navigator.onLine) return;
    const answer = await fetch(`${action}/mark`, { method: "POST", headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const made = await answer.json();
    form.elements.token.value = made.token;
    form.elements.shown.value = made.shown;
  };
  mark().catch(() => {});
  addEventListener("online", () => mark().catch(() => {}));

  let isKept = false;
  addEventListener("pageshow", () => { isKept = false; });
  const away = document.getElementById("away");
  const show = () => { away.hidden = navigator.onLine; };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();

  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    const isFresh = form.elements.token.value !== "";
    if (navigator.onLine && isFresh) return;
    const pressed = event.submitter;
    // Looking something up needs the city.
    if (!navigator.onLine && pressed && pressed.name === "do") {
      event.preventDefault();
      away.hidden = false;
      away.focus();
      return;
    }
    if (!("indexedDB" in window) || (pressed && pressed.name)) return;
    event.preventDefault();
    if (form.elements.words.value.trim() === "") {
      form.elements.words.focus();
      form.elements.words.setAttribute("aria-invalid", "true");
      return;
    }
    if (isKept) return;
    isKept = true;
    try {
      await queue.keep(new FormData(form), action, document.querySelector("h1").textContent, isFresh);
    } catch {
      // This browser keeps nothing: then it is sent as ever.
      isKept = false;
      form.submit();
      return;
    }
    try {
      localStorage.removeItem(`voordeur-draft:${form.elements.category.value}`);
    } catch {
      // There was no draft.
    }
    const registration = "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration("/") : null;
    await queue.wake(registration);
    location.assign(action.replace(/report$/, "outbox#kept"));
  });
}
