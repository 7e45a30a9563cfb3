// Text size, contrast and space between lines, as this reader likes them: kept on this device only. `app.js` puts them
// on every page.

const form = document.querySelector("[data-reading]");
if (form) {
  const page = document.documentElement;
  const said = form.querySelector("[data-said]");
  const names = ["size", "contrast", "spacing"];
  const set = (name, value) => {
    if (value) page.dataset[name] = value;
    else delete page.dataset[name];
    try {
      if (value) localStorage.setItem(`voordeur-${name}`, value);
      else localStorage.removeItem(`voordeur-${name}`);
    } catch {
      // This browser keeps nothing: it counts for this page.
    }
  };
  for (const name of names) {
    let value = null;
    try { value = localStorage.getItem(`voordeur-${name}`); } catch { /* as above */ }
    const field = value && [...form.elements].find((one) => one.name === name && one.value === value);
    if (field) field.checked = true;
  }
  form.hidden = false;
  form.addEventListener("change", (event) => {
    set(event.target.name, event.target.value === "usual" ? "" : event.target.value);
    said.hidden = false;
  });
  form.addEventListener("reset", () => {
    for (const name of names) set(name, "");
    said.hidden = false;
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}
