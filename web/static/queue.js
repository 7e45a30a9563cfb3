// Reports that wait on this device until there is a network: kept in IndexedDB, sent one by one, each exactly once.
// Pages import this file and the worker too: both see the same rows as `self.reportQueue`.
(() => {
  const TABLE = "reports";
  const LOCK = "voordeur-queue";
  const TAG = "voordeur-queue";
  // A network that swallows everything is none.
  const LONGEST = 120000;
  const news = "BroadcastChannel" in self ? new BroadcastChannel(LOCK) : null;
  const heard = new Set();

  const tell = () => {
    if (news) news.postMessage("changed");
    for (const hear of heard) hear();
  };
  if (news) news.onmessage = () => { for (const hear of heard) hear(); };

  const open = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("voordeur", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

  // One transaction; resolves when it is written, not when it was asked for.
  const table = async (mode, act) => {
    const db = await open();
    try {
      return await new Promise((resolve, reject) => {
        const work = db.transaction(TABLE, mode);
        const asked = act(work.objectStore(TABLE));
        work.oncomplete = () => resolve(asked && asked.result);
        work.onerror = work.onabort = () => reject(work.error || new Error("aborted"));
      });
    } finally {
      db.close();
    }
  };

  const all = async () => (await table("readonly", (rows) => rows.getAll())).sort((a, b) => a.at - b.at);
  const one = (id) => table("readonly", (rows) => rows.get(id));
  const put = async (item) => { await table("readwrite", (rows) => rows.put(item)); tell(); return item; };
  const drop = async (id) => { await table("readwrite", (rows) => rows.delete(id)); tell(); };

  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

  // Keeps a form as it would be sent. `fresh`: its page came from the city just now, so its token is its own.
  const keep = async (form, action, subject, fresh) => {
    const item = {
      id: random(), at: Date.now(), action, subject: subject || "", state: "waiting", why: [],
      fields: [], files: [], token: "", shown: "", ready: 0, reference: "", link: "",
    };
    for (const [name, value] of form) {
      if (typeof value !== "string") {
        if (value.size > 0) item.files.push({ name: value.name, type: value.type, bytes: await value.arrayBuffer() });
      } else if (name === "token" || name === "shown") {
        if (fresh) item[name] = value;
      } else if (name !== "do") {
        item.fields.push([name, value]);
      }
    }
    await put(item);
    return item;
  };

  // The form once more, with its photos.
  const form = (item) => {
    const made = new FormData();
    made.append("token", item.token);
    made.append("shown", item.shown);
    for (const [name, value] of item.fields) made.append(name, value);
    for (const file of item.files) made.append("photos", new File([file.bytes], file.name, { type: file.type }));
    return made;
  };

  const timed = async (address, options) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), LONGEST);
    try {
      return await fetch(address, { ...options, signal: stop.signal, credentials: "same-origin", cache: "no-store" });
    } finally {
      clearTimeout(timer);
    }
  };

  // What nobody reads holds its connection.
  const refuse = async (answer) => {
    if (answer.body) await answer.body.cancel();
    throw new Error(String(answer.status));
  };

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  // A token of its own, before anything is sent: whatever breaks after that, the city knows the report again.
  const mark = async (item) => {
    const answer = await timed(`${item.action}/mark`, { method: "POST", headers: { accept: "application/json" } });
    if (!answer.ok) await refuse(answer);
    const made = await answer.json();
    const ready = Date.now() + 1000 * made.wait_seconds;
    // Two senders at once agree on the token that was written first.
    const row = await table("readwrite", (rows) => {
      const read = rows.get(item.id);
      read.onsuccess = () => {
        if (read.result && !read.result.token) rows.put({ ...read.result, token: made.token, shown: made.shown, ready });
      };
    }).then(() => one(item.id));
    if (!row) throw new Error("taken away");
    Object.assign(item, { token: row.token, shown: row.shown, ready: row.ready });
  };

  // Sends one. Throws when the network or the city is away: then it stays waiting.
  const send = async (item) => {
    if (!item.token) await mark(item);
    // A clock that was set back must not hold it for long.
    await pause(Math.min(Math.max(item.ready - Date.now(), 0), 10000));
    const made = form(item);
    // Nobody is there to be asked whether it is known already; the city looks after that.
    if (!made.has("near")) made.append("near", "other");
    const answer = await timed(item.action, { method: "POST", body: made, headers: { accept: "application/json" } });
    const status = answer.status;
    if (status >= 500 || status === 408 || status === 425 || status === 429) await refuse(answer);
    const said = await answer.json().catch(() => ({}));
    if (answer.ok && said.state === "sent") {
      // What was told lies with the city now; this device keeps only how to follow it.
      return put({ ...item, state: "sent", why: [], fields: [], files: [], reference: said.reference, link: said.href });
    }
    return put({ ...item, state: "asks", why: said.messages || [] });
  };

  const sendWaiting = async () => {
    for (const { id } of (await all()).filter((item) => item.state === "waiting" || item.state === "sending")) {
      const item = await one(id);
      if (!item || (item.state !== "waiting" && item.state !== "sending")) continue;
      await put({ ...item, state: "sending" });
      try {
        await send({ ...item, state: "sending" });
      } catch (error) {
        const now = await one(id);
        if (now) await put({ ...now, state: "waiting" });
        throw error;
      }
    }
  };

  // Sends what waits, one sender at a time. Throws when something has to wait longer.
  const sendAll = () =>
    self.navigator.locks ? self.navigator.locks.request(LOCK, sendWaiting) : sendWaiting();

  // Has the browser wake the worker when the network is back, where it can.
  const wake = async (registration) => {
    if (registration && registration.sync) await registration.sync.register(TAG).catch(() => {});
  };

  self.reportQueue = { all, one, put, drop, keep, form, sendAll, wake, tag: TAG, hear: (act) => heard.add(act) };
})();
