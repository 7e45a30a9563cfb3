// Looks things up while somebody types on the page of a call. The page does the same by its buttons without this file.

const form = document.getElementById("desk");
if (form) begin(form);

function begin(form) {
  const category = form.elements.category;
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  const shown = new Map();
  let chosen = category.value !== "";
  let waits = 0;
  let asking = null;

  // A telephone exchange names the caller behind the #, which no server and no log ever sees.
  const caller = /^#caller=((?:%2B|%20|[+0-9 ().-]){3,40})$/i.exec(location.hash);
  if (caller) {
    form.elements.number.value = decodeURIComponent(caller[1]);
    history.replaceState(null, "", location.pathname + location.search);
  }

  const show = (name, html) => {
    const place = part(name);
    // Nobody's choice is taken from under their hands.
    if (!place || shown.get(name) === html || place.contains(document.activeElement)) return;
    shown.set(name, html);
    place.innerHTML = html;
  };

  const look = async () => {
    if (asking) asking.abort();
    asking = new AbortController();
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && name !== "do") fields.append(name, value);
    }
    if (!chosen) fields.set("category", "");
    try {
      const answer = await fetch(form.dataset.look, { method: "POST", body: fields, signal: asking.signal });
      if (!answer.ok) return;
      const parts = await answer.json();
      for (const name of ["calls", "earlier", "suggested", "asks", "spots", "near"]) show(name, parts[name]);
      if (!chosen && document.activeElement !== category) category.value = parts.category;
    } catch (error) {
      // The next key tries again, and the buttons work without this. A line that is away is a TypeError (Fetch §5.6), and
      // so is a page that is left meanwhile.
      if (error.name !== "AbortError" && error.name !== "TypeError") console.warn(error);
    }
  };

  const soon = () => {
    clearTimeout(waits);
    waits = setTimeout(look, 350);
  };

  for (const name of ["number", "words", "address"]) form.elements[name].addEventListener("input", soon);
  category.addEventListener("change", () => {
    chosen = category.value !== "";
    soon();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  if (form.elements.number.value !== "") look();
  if (!document.getElementById("summary")) form.elements[form.elements.number.value === "" ? "number" : "words"].focus();
}
