// The queue of reports that wait on this device. The words stand in the page; here is only what happens.

import "./queue.js";

const queue = self.reportQueue;
const box = document.querySelector("[data-outbox]");
const pattern = document.getElementById("outbox-item");
if (box && pattern && "indexedDB" in window) begin();

async function begin() {
  const list = box.querySelector("[data-list]");
  const part = (name) => box.querySelector(`[data-part="${name}"]`);
  const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

  const show = async () => {
    const items = await queue.all();
    list.replaceChildren(...items.map(row));
    part("none").hidden = items.length > 0;
    part("send").hidden = !items.some((item) => item.state === "waiting" || item.state === "sending");
    part("clear").hidden = !items.some((item) => item.state === "sent");
    part("offline").hidden = navigator.onLine;
    if (part("send").hidden) part("kept").hidden = true;
  };

  // Hands the form to the city as its page would have sent it: what has to be said or changed, its page says.
  const goOn = (item, change) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: item.action, enctype: "multipart/form-data", hidden: true });
    const add = (name, value) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name, value });
      form.append(input);
    };
    add("token", item.token);
    add("shown", item.shown);
    for (const [name, value] of item.fields) add(name, value);
    if (change) add("do", "change");
    if (item.files.length > 0) {
      const files = new DataTransfer();
      for (const file of item.files) files.items.add(new File([file.bytes], file.name, { type: file.type }));
      const input = document.createElement("input");
      Object.assign(input, { type: "file", name: "photos", multiple: true });
      input.files = files.files;
      form.append(input);
    }
    try { sessionStorage.setItem("voordeur-handed", item.id); } catch { /* then it stays in the list */ }
    document.body.append(form);
    form.submit();
  };

  const row = (item) => {
    const made = pattern.content.cloneNode(true).firstElementChild;
    const find = (name) => made.querySelector(`[data-field="${name}"]`);
    const words = item.fields.find(([name]) => name === "words");
    made.dataset.state = item.state;
    for (const said of made.querySelectorAll("[data-when]")) said.hidden = !said.dataset.when.split(" ").includes(item.state);
    find("subject").textContent = item.subject;
    find("subject").hidden = item.subject === "";
    find("words").textContent = words ? words[1].slice(0, 140) : "";
    find("when").textContent = moment.format(item.at);
    find("photos").textContent = item.files.length || "";
    find("photos").parentElement.hidden = item.files.length === 0;
    find("why").replaceChildren(...item.why.map((why) => Object.assign(document.createElement("li"), { textContent: why })));
    find("reference").textContent = item.reference;
    const link = find("link");
    if (item.link && item.link.startsWith("/")) link.href = item.link;
    const act = (name, what) => made.querySelector(`[data-does="${name}"]`).addEventListener("click", what);
    const sure = made.querySelector("[data-sure]");
    act("go-on", () => goOn(item, false));
    act("change", () => goOn(item, true));
    act("drop", () => { sure.hidden = false; sure.querySelector("button").focus(); });
    act("drop-sure", async () => { await queue.drop(item.id); box.querySelector("h1").focus(); });
    act("keep", () => { sure.hidden = true; made.querySelector("[data-does=drop]").focus(); });
    return made;
  };

  const send = async () => {
    part("failed").hidden = true;
    try {
      await queue.sendAll();
    } catch {
      part("failed").hidden = false;
    }
  };

  part("send").addEventListener("click", send);
  part("clear").addEventListener("click", async () => {
    for (const item of await queue.all()) if (item.state === "sent") await queue.drop(item.id);
  });
  queue.hear(() => show().catch(() => {}));
  addEventListener("online", show);
  addEventListener("offline", show);
  box.hidden = false;
  part("kept").hidden = location.hash !== "#kept";
  await show();
}
