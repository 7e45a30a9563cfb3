// "Tell me on this device", on the page of a report. Everything else on that page works without this file.
// What is said stands in the page, in its language; here is only what happens.

const box = document.querySelector("[data-device]");
if (box && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  begin(box).catch(() => { box.hidden = true; });
}

async function begin(box) {
  const { token, key, api } = box.dataset;
  const worker = "/worker.js";
  const ours = "voordeur-device:";

  const show = (state) => {
    for (const part of box.querySelectorAll("[data-when]")) {
      part.hidden = !part.dataset.when.split(" ").includes(state);
    }
    box.hidden = false;
  };

  const call = async (method, path, secret, body) => {
    const headers = { authorization: `Bearer ${secret}` };
    if (body) headers["content-type"] = "application/json";
    const answer = await fetch(api + path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.status === 204 ? null : answer.json();
  };

  const text = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };

  const said = (subscription) => ({
    kind: "web",
    endpoint: subscription.endpoint,
    p256dh: text(subscription.getKey("p256dh")),
    auth: text(subscription.getKey("auth")),
    key,
  });

  const current = async () => {
    const registration = await navigator.serviceWorker.getRegistration("/");
    return registration ? registration.pushManager.getSubscription() : null;
  };

  const fits = (subscription) => {
    const with_key = subscription.options && subscription.options.applicationServerKey;
    return !with_key || text(with_key) === key;
  };

  // Every report that this browser said yes for. The browser has one subscription for all of them.
  const reports = () => Object.keys(localStorage).filter((name) => name.startsWith(ours)).map((name) => name.slice(ours.length));

  const register = async (secret, subscription) => {
    const device = await call("POST", "", secret, said(subscription));
    localStorage.setItem(ours + secret, device.id);
  };

  const subscribe = async () => {
    await navigator.serviceWorker.register(worker, { scope: "/" });
    const registration = await navigator.serviceWorker.ready;
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  };

  // The city has another key now: subscribe anew, for every report at once.
  const renew = async (old) => {
    await old.unsubscribe();
    const subscription = await subscribe();
    for (const secret of reports()) {
      const before = localStorage.getItem(ours + secret);
      try {
        await register(secret, subscription);
        await call("DELETE", `/${before}`, secret);
      } catch (error) {
        // That report may be gone; the others are not.
        if (secret === token) throw error;
      }
    }
  };

  const on = async () => {
    show("busy");
    if (await Notification.requestPermission() !== "granted") return show("denied");
    const old = await current();
    if (old && !fits(old)) await renew(old);
    await register(token, await current() || await subscribe());
    show("on");
  };

  const off = async () => {
    show("busy");
    const id = localStorage.getItem(ours + token);
    if (id) await call("DELETE", `/${id}`, token);
    localStorage.removeItem(ours + token);
    const subscription = await current();
    if (subscription && reports().length === 0) await subscription.unsubscribe();
    show("off");
  };

  const does = { on, off };
  for (const button of box.querySelectorAll("[data-does]")) {
    button.addEventListener("click", async () => {
      await does[button.dataset.does]().catch(() => show("failed"));
      // The button that had the focus is gone: the next one has it.
      const next = box.querySelector("button:not([hidden])");
      if (next) next.focus();
    });
  }

  const id = localStorage.getItem(ours + token);
  const subscription = await current();
  if (id && subscription && Notification.permission === "granted") {
    if (!fits(subscription)) await renew(subscription);
    const { devices } = await call("GET", "", token);
    const known = devices.some((device) => device.id === localStorage.getItem(ours + token));
    if (known) return show("on");
  }
  localStorage.removeItem(ours + token);
  show(Notification.permission === "denied" ? "denied" : "off");
}
