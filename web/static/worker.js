// Keeps the pages on which people tell the city something, for when there is no network; sends what waits; shows push
// messages. It keeps nothing of anybody: no page behind a secret link, no answer of the API.
// Above this text the server puts what it serves: `voordeur` with root, version, files and languages.

importScripts(`${voordeur.root}/queue.js`);

const queue = self.reportQueue;
const SHELL = `voordeur-shell-${voordeur.version}`;
const PAGES = "voordeur-pages";
// As long a page may take before the kept one is shown instead.
const PATIENCE = 6000;
const LANGUAGE = new RegExp(`^/(${voordeur.languages.join("|")})(?=/|$)`);

const language = (path) => {
  const found = LANGUAGE.exec(path);
  return found ? found[1] : voordeur.languages[0];
};

// Whether a page may be kept: the same for everybody, and nothing of what somebody typed in its address.
const isKept = (url) => {
  if (!LANGUAGE.test(url.pathname)) return false;
  const rest = url.pathname.replace(LANGUAGE, "");
  if (rest === "/report") return [...url.searchParams.keys()].every((name) => ["category", "group", "kind"].includes(name));
  return url.search === "" && /^(|\/outbox|\/offline|\/reading|\/privacy|\/answers(\/[a-z0-9-]+)?)$/.test(rest);
};

// A kept form has no token: each report that is told on it gets its own when it is sent.
const keep = async (url, answer) => {
  const headers = new Headers(answer.headers);
  for (const name of ["content-encoding", "content-length", "vary"]) headers.delete(name);
  const html = (await answer.text())
    .replace(/(<input type="hidden" name="(?:token|shown)" value=")[^"]*/g, "$1")
    .replace("<html ", '<html data-kept="yes" ');
  const pages = await caches.open(PAGES);
  await pages.put(url.pathname + url.search, new Response(html, { headers }));
};

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const shell = await caches.open(SHELL);
    // What cannot be had now is kept when it is seen.
    await Promise.all(voordeur.files.map((file) => shell.add(file).catch(() => {})));
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    await Promise.all([...new Set(open.map(({ url }) => language(new URL(url).pathname)))].map(prepare));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith("voordeur-shell-") && name !== SHELL);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
    // The pages that were open before there was a worker.
    const open = await self.clients.matchAll({ type: "window" });
    await Promise.all(open.map(({ url }) => see(new URL(url), "force-cache").catch(() => {})));
  })());
});

// Keeps what its reader needs in a language when there is no network, once.
async function prepare(lang) {
  const pages = await caches.open(PAGES);
  await Promise.all(["", "/offline", "/outbox"].map(async (page) => {
    if (!(await pages.match(`/${lang}${page}`))) await see(new URL(`/${lang}${page}`, self.location.origin)).catch(() => {});
  }));
}

// Has the page at an address kept, if it may be; `cache` as in a request.
async function see(url, cache = "default") {
  if (!isKept(url)) return false;
  const answer = await fetch(url.pathname + url.search, { cache });
  if (!answer.ok || answer.redirected) {
    // What nobody reads holds its connection.
    if (answer.body) await answer.body.cancel();
    return false;
  }
  await keep(url, answer);
  return true;
}

// Installed as an app, it works without a network for everything: it keeps all forms in the language of its reader, one
// after the other, and stops when the city has other work.
self.addEventListener("message", (event) => {
  const lang = event.data && event.data.keepForms;
  if (!voordeur.languages.includes(lang)) return;
  event.waitUntil((async () => {
    const pages = await caches.open(PAGES);
    for (const page of ["", ...voordeur.groups.map((id) => `?group=${id}`), ...voordeur.categories.map((id) => `?category=${id}`)]) {
      const url = new URL(`/${lang}/report${page}`, self.location.origin);
      if (await pages.match(url.pathname + url.search)) continue;
      if (!(await see(url))) return;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  })().catch(() => {}));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "GET" && url.pathname.startsWith("/assets/")) {
    event.respondWith(asset(request, url));
  } else if (request.mode === "navigate" && request.method === "GET" && LANGUAGE.test(url.pathname)) {
    event.respondWith(page(event, url));
  } else if (request.mode === "navigate" && request.method === "POST" && LANGUAGE.test(url.pathname)) {
    if (/^\/staff(\/|$)/.test(url.pathname.replace(LANGUAGE, ""))) return;
    event.respondWith(url.pathname.replace(LANGUAGE, "") === "/report" ? report(event, url) : fetch(request).catch(() => offline(url)));
  }
});

async function asset(request, url) {
  const shell = await caches.open(SHELL);
  const kept = await shell.match(request, { ignoreVary: true });
  if (kept) return kept;
  try {
    const answer = await fetch(request);
    const isLasting = url.pathname.startsWith(`${voordeur.root}/`);
    if (answer.ok && isLasting && /\.(css|js|woff2|svg)$/.test(url.pathname)) await shell.put(request, answer.clone());
    return answer;
  } catch (error) {
    // A page that was kept before the last change asks for the files of then.
    const now = await shell.match(url.pathname.replace(/^\/assets\/[^/]+/, voordeur.root), { ignoreVary: true });
    if (now) return now;
    throw error;
  }
}

async function page(event, url) {
  const pages = await caches.open(PAGES);
  const kept = isKept(url) ? await pages.match(url.pathname + url.search) || await alike(pages, url) : undefined;
  const asked = fetch(event.request).then((answer) => {
    if (isKept(url) && answer.ok && answer.type === "basic" && !answer.redirected) {
      event.waitUntil(keep(url, answer.clone()).then(() => prepare(language(url.pathname))).catch(() => {}));
    }
    return answer;
  });
  try {
    if (!kept) return await asked;
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error("late")), PATIENCE));
    return await Promise.race([asked, late]);
  } catch (error) {
    asked.catch(() => {});
    return kept || offline(url);
  }
}

// The same form, that was opened by another way.
function alike(pages, url) {
  const category = url.searchParams.get("category");
  return category ? pages.match(`${url.pathname}?category=${category}`) : undefined;
}

async function offline(url) {
  const pages = await caches.open(PAGES);
  for (const lang of [language(url.pathname), ...voordeur.languages]) {
    const kept = await pages.match(`/${lang}/offline`);
    if (kept) return kept;
  }
  return Response.error();
}

// A report that does not get through is kept. It may have arrived all the same: its token tells the city so.
async function report(event, url) {
  const copy = event.request.clone();
  try {
    return await fetch(event.request);
  } catch (error) {
    const form = await copy.formData();
    if (form.get("do")) return offline(url);
    await queue.keep(form, url.pathname, "", form.get("token") !== "");
    await queue.wake(self.registration);
    return Response.redirect(`/${language(url.pathname)}/outbox#kept`, 303);
  }
}

self.addEventListener("sync", (event) => {
  if (event.tag === queue.tag) event.waitUntil(queue.sendAll());
});

self.addEventListener("push", (event) => {
  let said = {};
  let shown = null;
  try {
    const message = event.data.json();
    said = message.notification;
    shown = new URL(message.shown, self.location.origin);
  } catch {
    // A message that cannot be read: browsers want something shown all the same.
  }
  event.waitUntil(
    self.registration.showNotification(said.title || self.location.hostname, {
      body: said.body || "",
      lang: said.lang || "",
      dir: said.dir || "auto",
      tag: said.tag || "",
      renotify: Boolean(said.tag),
      icon: "/favicon.svg",
      data: { page: said.navigate || "/" },
    }).then(() => {
      // The city is told that it is here; without that, it tells another way after a while.
      if (shown && shown.origin === self.location.origin) return fetch(shown, { method: "POST" }).catch(() => {});
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const page = new URL(event.notification.data.page, self.location.origin);
  // Only to a page of this city.
  if (page.origin !== self.location.origin) return;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((open) => {
      const there = open.find((window) => window.url === page.href);
      return there ? there.focus() : self.clients.openWindow(page.href);
    }),
  );
});
