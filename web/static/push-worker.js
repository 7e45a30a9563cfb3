// Shows a push message, and opens its page when somebody taps on it.

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data.json().notification;
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
