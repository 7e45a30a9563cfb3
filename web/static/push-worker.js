// Shows a push message, and opens its page when somebody taps on it.

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
