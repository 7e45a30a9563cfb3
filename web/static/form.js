// The form, made easier: a draft on this device, smaller photos with a preview, and sending later when there is no
// network. The form does the same without this file, but for the sending later.

import "./queue.js";
import { gps, smaller, preview } from "./photo.js";

const queue = self.reportQueue;
const form = document.getElementById("form");
if (form) {
  draft();
  photos();
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

// Photos are made smaller here, so that a slow network carries them; where one was taken is read before that.
function photos() {
  const input = document.getElementById("photos");
  const list = document.getElementById("previews");
  if (!input || !list || typeof DataTransfer !== "function") return;
  const most = Number(input.dataset.most);
  let chosen = [];

  const offer = (point) => {
    const box = document.getElementById("photo-offer");
    if (!box || !point || form.elements.lat.value || form.elements.lon.value) return;
    const text = `${point[0].toFixed(6)},${point[1].toFixed(6)}`;
    box.querySelector("[name=photo_point]").value = text;
    box.querySelector("[data-place]").textContent = text.replace(",", ", ");
    box.disabled = false;
    box.hidden = false;
  };

  const put = () => {
    const files = new DataTransfer();
    for (const one of chosen) files.items.add(one.file);
    input.files = files.files;
    list.replaceChildren(...chosen.map((one, n) => {
      const item = document.createElement("li");
      const picture = Object.assign(document.createElement("img"), { src: one.preview, alt: list.dataset.alt.replace("0", n + 1) });
      const button = Object.assign(document.createElement("button"), {
        type: "button", className: "utrecht-button utrecht-button--secondary-action",
        textContent: list.dataset.remove.replace("0", n + 1),
      });
      button.addEventListener("click", () => {
        chosen = chosen.filter((other) => other !== one);
        put();
        (list.querySelector("button") || input).focus();
      });
      if (one.preview) item.append(picture);
      item.append(button);
      return item;
    }));
    list.hidden = chosen.length === 0;
  };

  input.addEventListener("change", async () => {
    const added = [...input.files].filter((file) => !chosen.some((one) => one.file === file));
    form.setAttribute("aria-busy", "true");
    for (const file of added) {
      // More than fit are left to the city, which says so.
      if (chosen.length > most) break;
      offer(await gps(file).catch(() => null));
      chosen.push({ file: await smaller(file).catch(() => file), preview: await preview(file).catch(() => "") });
    }
    form.removeAttribute("aria-busy");
    put();
  });
  // While they are made smaller nothing is sent.
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy") === "true") event.preventDefault();
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
    await queue.keep(new FormData(form), action, document.querySelector("h1").textContent, isFresh);
    try {
      localStorage.removeItem(`voordeur-draft:${form.elements.category.value}`);
    } catch {
      // There was no draft.
    }
    const registration = "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration("/") : null;
    await queue.wake(registration);
    location.assign(action.replace(/report$/, "outbox?kept=1"));
  });
}
