/**
 * Shows push messages of a desk, and opens what they are about. It keeps nothing and answers no request of a page.
 */

const here = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** @typedef {{ title: string, body: string, url: string, tag: string }} Told */

here.addEventListener("install", (event) => event.waitUntil(here.skipWaiting()));

here.addEventListener("push", (event) => {
  const told = /** @type {Told} */ (event.data?.json() ?? {});
  const { title, body, url, tag } = told;
  // The same thing again takes the place of what was shown of it, and sounds again.
  const shown = { body, tag, renotify: Boolean(tag), requireInteraction: true, data: { url } };
  event.waitUntil(here.registration.showNotification(title ?? "", /** @type {NotificationOptions} */ (shown)));
});

here.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data?.url ?? "/")));
});

/** @param {string} url */
async function open(url) {
  const target = new URL(url, here.location.origin);
  if (target.origin !== here.location.origin) return;
  const pages = await here.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((page) => page.url === target.href);
  if (there) await there.focus();
  else await here.clients.openWindow(target.href);
}
