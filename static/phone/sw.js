/**
 * The service worker: keeps the phone's page, its modules, styles, words and the decoder whole, so that they open
 * without a network. It never keeps an answer of the API nor a page with anybody's data.
 *
 * The server puts `self.SHELL` in front: the version, the build that the addresses carry, and each file with the hash of
 * its content. A version is fetched whole beside the one in use. Which one opens is written down (`chosen`) and changes
 * only when the page says so: browsers start a new worker by themselves once every tab is closed, and a phone that was
 * restarted during a session must come back with what it had.
 */

/** @typedef {[path: string, digest: string, type: string]} Listed digest: 16 bytes of SHA-256, base64url */
/** @typedef {{ version: string, build: string, files: Listed[] }} Shell */
/** @typedef {Shell & { before: string[] }} Kept with the caches that were there when it was fetched */
/** @typedef {{ type: "status" | "take-over" | "offline-check" }} Asked */

const worker = /** @type {ServiceWorkerGlobalScope & { SHELL: Shell }} */ (/** @type {unknown} */ (self));
const { version, build, files } = worker.SHELL;
const PREFIX = "fieldops-shell-";
/** Says which version opens; a cache of its own, so that every version of this worker finds it. */
const CHOICE = "fieldops-chosen";
const PAGE = "/phone";
const LIST = "/sw-list";
const PARALLEL = 6;
const PAGE_TIMEOUT_MS = 10_000;
/** Of no use, or untrue, for what is kept. */
const DROPPED = ["content-encoding", "content-length", "set-cookie", "vary"];

// --- fetching a version whole ----------------------------------------------------------------------------------------
async function install() {
  const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + version);
  const before = (await listOf(PREFIX + version))?.before ?? others; // else a repair would reckon a newer one to them
  const cache = await caches.open(PREFIX + version);
  const known = await digestsIn(others);
  const queue = [...files];
  const lane = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) await keep(cache, file, known);
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  await cache.put(PAGE, await fetchPage(version));
  // Last: what has its list is whole.
  await cache.put(LIST, Response.json({ version, build, files, before }));
}

/**
 * @param {Cache} cache
 * @param {Listed} file
 * @param {Map<string, { cache: string, url: string }>} known content that an older version has already
 */
async function keep(cache, [path, digest, type], known) {
  const url = `/s/${build}/${path}`;
  if (await cache.match(url)) return; // an attempt before this one was cut off
  const old = known.get(digest);
  if (old) {
    const copy = await verified(await (await caches.open(old.cache)).match(old.url), digest, type);
    if (copy) return cache.put(url, copy);
  }
  // The browser's own cache may hold what a captive portal once gave under this address: then once more, past it.
  for (const mode of /** @type {RequestCache[]} */ (["default", "reload"])) {
    const fetched = await fetch(url, { cache: mode, redirect: "error", credentials: "omit" });
    const copy = await verified(fetched, digest, type);
    if (copy) return cache.put(url, copy);
  }
  throw new Error(`not our file: ${path}`);
}

/** @param {string[]} names */
async function digestsIn(names) {
  /** @type {Map<string, { cache: string, url: string }>} */
  const known = new Map();
  for (const name of names) {
    const list = await listOf(name);
    for (const [path, digest] of list?.files ?? [])
      known.set(digest, { cache: name, url: `/s/${list?.build}/${path}` });
  }
  return known;
}

/**
 * @param {string} name
 * @returns {Promise<Kept | null>} null when that version is not whole
 */
async function listOf(name) {
  const list = (await caches.has(name)) && (await (await caches.open(name)).match(LIST));
  return list ? await list.json() : null;
}

/**
 * The answer made anew when it is what we asked for. Anew, because a module's own address is that of its answer: one that
 * was copied from an older version would import its neighbours from there.
 * @param {Response | undefined} answer
 * @param {string} digest
 * @param {string} type
 */
async function verified(answer, digest, type) {
  if (!answer?.ok || answer.redirected || !answer.headers.get("content-type")?.startsWith(type)) return null;
  const content = await answer.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).subarray(0, 16);
  const said = btoa(String.fromCharCode(...hash))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  return said === digest ? anew(content, answer) : null;
}

/**
 * @param {BodyInit} content
 * @param {Response} answer
 */
function anew(content, answer) {
  const headers = new Headers(answer.headers);
  for (const name of DROPPED) headers.delete(name);
  return new Response(content, { headers });
}

/**
 * The page in the language and light that this phone chose. Our own page of this version carries its mark; a redirect to
 * a sign-in, a portal's page or tomorrow's version does not.
 * @param {string} wanted
 */
async function fetchPage(wanted) {
  const signal = AbortSignal.timeout(PAGE_TIMEOUT_MS);
  const answer = await fetch(PAGE, { cache: "no-cache", redirect: "error", signal });
  const text = await answer.text();
  const type = answer.headers.get("content-type") ?? "";
  if (!answer.ok || !type.startsWith("text/html") || !text.includes(`data-shell="${wanted}"`))
    throw new Error("not our page");
  return anew(text, answer);
}

// --- which version opens ---------------------------------------------------------------------------------------------
/** @returns {Promise<string>} the version that opens: the chosen one as long as it is whole */
async function chosenVersion() {
  const noted = await (await caches.open(CHOICE)).match(LIST);
  const chosen = noted ? await noted.text() : version;
  return chosen === version || (await listOf(PREFIX + chosen)) ? chosen : version;
}

async function choose() {
  await (await caches.open(CHOICE)).put(LIST, new Response(version));
}

/** Older versions go when this one is in use and no other tab may still ask for a file of theirs. */
async function tidy() {
  const list = await listOf(PREFIX + version);
  if (!list || (await chosenVersion()) !== version) return;
  const open = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (open.filter((client) => new URL(client.url).pathname === PAGE).length > 1) return;
  await Promise.all(list.before.map((name) => caches.delete(name)));
}

/** @returns {Promise<boolean>} whether everything of the version that opens is here: browsers may clear at any time */
async function isWhole() {
  const list = await listOf(PREFIX + (await chosenVersion()));
  if (!list) return false;
  const kept = await (await caches.open(PREFIX + list.version)).keys();
  const there = new Set(kept.map((request) => new URL(request.url).pathname));
  return there.has(PAGE) && list.files.every(([path]) => there.has(`/s/${list.build}/${path}`));
}

/**
 * Opens the app from what is kept, without asking the network: the page, and every module and style it names.
 * @returns {Promise<{ opened: boolean, files: number }>}
 */
async function openWithoutNetwork() {
  const list = await listOf(PREFIX + (await chosenVersion()));
  if (!list) return { opened: false, files: 0 };
  const cache = await caches.open(PREFIX + list.version);
  const page = await (await cache.match(PAGE))?.text();
  const named = [...(page ?? "").matchAll(/(?:src|href)="([^"]*\/s\/[^"]+\.(?:css|js))"/g)].map(
    (found) => found[1] ?? "",
  );
  const asked = [...new Set(named.map((url) => new URL(url, worker.location.href).pathname))];
  const modules = list.files.filter(([path]) => path.startsWith("phone/")).map(([path]) => `/s/${list.build}/${path}`);
  const bodies = await Promise.all(
    [...asked, ...modules].map(async (url) => (await (await cache.match(url))?.arrayBuffer())?.byteLength ?? 0),
  );
  return { opened: asked.length > 0 && modules.length > 0 && bodies.every((size) => size > 0), files: bodies.length };
}

// --- answering -------------------------------------------------------------------------------------------------------
/** @param {FetchEvent} event */
async function openPage(event) {
  const chosen = await chosenVersion();
  const page = await (await caches.open(PREFIX + chosen)).match(PAGE);
  if (!page) return fetch(event.request);
  event.waitUntil(renewPage().then(tidy));
  return page;
}

/** The language or the light may have been changed on another page. */
async function renewPage() {
  try {
    const chosen = await chosenVersion();
    const page = await fetchPage(chosen);
    await (await caches.open(PREFIX + chosen)).put(PAGE, page);
  } catch {
    // No network, not ours, or another version: what is here stays.
  }
}

/** @param {Request} request */
async function openOther(request) {
  try {
    return await fetch(request);
  } catch {
    const { pathname } = new URL(request.url);
    return Response.redirect(pathname === "/" ? PAGE : `${PAGE}?needs=${encodeURIComponent(pathname)}`, 302);
  }
}

worker.addEventListener("install", (event) => event.waitUntil(install()));

worker.addEventListener("activate", (event) => {
  const begin = async () => {
    // The first one is in use at once; a later one only when the page has asked for it.
    if ((await chosenVersion()) === version) await choose();
    await worker.clients.claim();
    await tidy();
  };
  event.waitUntil(begin());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== worker.location.origin) return;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(pathname === PAGE ? openPage(event) : openOther(request));
  } else if (request.mode === "navigate" && (pathname === "/theme" || pathname === "/locale")) {
    const sent = fetch(request);
    event.respondWith(sent);
    event.waitUntil(sent.then(renewPage, () => {}));
  } else if (request.method === "GET" && pathname.startsWith("/s/")) {
    event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
  }
});

worker.addEventListener("message", (event) => {
  const { type } = /** @type {Asked} */ (event.data ?? {});
  const reply = async () => {
    if (type === "take-over") {
      await choose();
      event.ports[0]?.postMessage({ version });
      await worker.skipWaiting();
    } else if (type === "status") {
      const whole = await isWhole();
      event.ports[0]?.postMessage({ version, chosen: await chosenVersion(), whole });
      if (!whole) await install();
    } else if (type === "offline-check") {
      event.ports[0]?.postMessage(await openWithoutNetwork());
    }
  };
  event.waitUntil(reply().catch(() => {}));
});

// Background Sync, where a browser has it: the open pages have the outbox and the session, so they are woken to send.
worker.addEventListener("sync", (event) => {
  const { tag, waitUntil } = /** @type {Event & { tag: string, waitUntil: (work: Promise<unknown>) => void }} */ (
    event
  );
  if (tag !== "fieldops-sync") return;
  const wake = async () => {
    for (const client of await worker.clients.matchAll({ type: "window" })) client.postMessage({ type: tag });
  };
  waitUntil.call(event, wake());
});
