// @ts-check
/**
 * Keeps every `<section data-live="<fragment URL>">` of a page up to date.
 *
 * The server's stream says only "something changed"; the page then fetches the fragment (an ETag makes an unchanged one
 * cheap) and morphs it in. A background tab or a sleeping phone loses events, so it fetches again after each reconnect
 * and on becoming visible, and every 20 s in any case; where no stream can be had it asks every 5 s. What the state
 * line says is what is so.
 *
 * The address of a section may change (`data-live`: another filter); the event `live:want` on it asks for a fetch now.
 *
 * `data-stream`: URL of the stream (pages below `/c/<county>/` need not say), `data-seq`: the journal's number that the
 * page shows, `data-now` and `data-zone`: the window's clock.
 */

import { showAges } from "./ages.js";
import { listensHidden, noticeAlerts } from "./alerts.js";
import { noticeEngine } from "./engine.js";

const GATHER_MS = 300;
const POLL_MS = 20_000;
const POLL_WITHOUT_STREAM_MS = 5_000;
const STREAM_AGAIN_MS = 30_000;
const TIMEOUT_MS = 10_000;
const FAILURES = 3;

/** @typedef {"connecting" | "live" | "polling" | "lost"} Mode */

/** One fragment: fetched one at a time, at most one more waiting. */
class Fragment {
  /** @param {HTMLElement} section */
  constructor(section) {
    this.section = section;
    this.url = section.dataset.live ?? "";
    this.etag = "";
    this.busy = false;
    this.again = false;
    this.last = Number.NEGATIVE_INFINITY;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Ask for the fragment soon: at once when the last time is long enough ago. */
  want() {
    if (this.busy) {
      this.again = true;
      return;
    }
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.last + GATHER_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.fetch();
    }, wait);
  }

  async fetch() {
    this.busy = true;
    this.last = performance.now();
    const url = this.section.dataset.live ?? "";
    if (url !== this.url) {
      this.url = url;
      this.etag = "";
    }
    try {
      const response = await fetch(this.url, {
        headers: { "HX-Request": "true", ...(this.etag ? { "If-None-Match": this.etag } : {}) },
        credentials: "same-origin",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if ([401, 403, 404].includes(response.status)) {
        // Signed out, or the duty is over: the page as a whole says so.
        location.reload();
        return;
      }
      noticeEngine(response);
      if (this.url !== this.section.dataset.live) {
        this.again = true; // somebody asked for something else meanwhile
      } else if (response.status === 200) {
        const text = await response.text();
        await morph(this.section, text);
        this.etag = response.headers.get("ETag") ?? "";
      }
      if (response.ok || response.status === 304) heardServer();
      else missedServer();
    } catch {
      missedServer();
    } finally {
      this.busy = false;
      if (this.again) {
        this.again = false;
        this.want();
      }
    }
  }
}

/**
 * Morph `text` into the section. What a person has opened stays open, and the focus stays where it was.
 * @param {HTMLElement} section
 * @param {string} text
 */
async function morph(section, text) {
  const focused = section.contains(document.activeElement) ? document.activeElement?.id : "";
  const opened = new Map([...section.querySelectorAll("details[id]")].map((d) => [d.id, d.hasAttribute("open")]));
  await /** @type {any} */ (window).htmx.swap({ text, target: section, sourceElement: section, swap: "innerMorph" });
  for (const [id, open] of opened) document.getElementById(id)?.toggleAttribute("open", open);
  if (focused && document.activeElement === document.body) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
  const now = section.querySelector("[data-fragment-now]")?.getAttribute("data-fragment-now");
  if (now) {
    section.dataset.now = now;
    section.dataset.ahead = String(Number(now) - Date.now());
    setClocks(now);
  }
  showAges(section, true);
  noticeAlerts();
}

/**
 * A rehearsal's clock may have been set since the page was opened: the one in its head goes by what the server said last.
 * @param {string} now ms
 */
function setClocks(now) {
  for (const clock of document.querySelectorAll("time[data-clock]")) {
    clock.setAttribute("data-clock", now);
    clock.setAttribute("data-clock-at", String(performance.now()));
  }
}

/** @type {Fragment[]} */
const fragments = [];
/** @type {Mode} */
let mode = "connecting";
/** @type {EventSource | null} */
let stream = null;
let streamFailures = 0;
let missed = 0;
let lastHeard = Date.now();
let seq = "";

function wantAll() {
  for (const fragment of fragments) fragment.want();
}

function heardServer() {
  missed = 0;
  lastHeard = Date.now();
  show(stream?.readyState === EventSource.OPEN ? "live" : "polling");
}

function missedServer() {
  missed += 1;
  if (missed >= 2) show("lost");
}

/** Whether nobody looks and nobody could hear. */
function resting() {
  return document.hidden && !listensHidden();
}

/** @returns {string} */
function streamAddress() {
  const said = fragments.map((fragment) => fragment.section.dataset.stream).find(Boolean);
  const county = /^\/c\/(\d{6})\//.exec(location.pathname)?.[1];
  const address = said ?? (county ? `/api/v1/stream?county=${county}` : "");
  if (!address || !seq) return address;
  return `${address}${address.includes("?") ? "&" : "?"}since=${seq}`;
}

function listen() {
  const address = streamAddress();
  if (stream || resting() || !address) return;
  const source = new EventSource(address);
  stream = source;
  /** @param {MessageEvent} event */
  const heard = (event) => {
    if (event.lastEventId) seq = event.lastEventId;
    heardServer();
    wantAll();
  };
  source.addEventListener("fact", heard);
  source.addEventListener("reset", heard);
  source.addEventListener("open", () => {
    streamFailures = 0;
    heardServer();
    wantAll();
  });
  source.addEventListener("error", () => {
    streamFailures += 1;
    if (stream !== source) return;
    if (source.readyState === EventSource.CLOSED || streamFailures >= FAILURES) {
      // 503: all places are taken. Or the network swallows streams: polling serves as well, and it is tried again later.
      hangUp();
      streamFailures = 0;
      setTimeout(listen, STREAM_AGAIN_MS * (0.75 + Math.random() / 2));
    }
    if (mode === "live") show("polling");
    wantAll();
  });
}

function hangUp() {
  stream?.close();
  stream = null;
}

/**
 * Say how the page stands.
 * @param {Mode} next
 */
function show(next) {
  const line = document.querySelector("[data-live-state]");
  const before = mode;
  mode = next;
  if (!(line instanceof HTMLElement)) return;
  const words = line.querySelector("[data-live-words]");
  const icon = line.querySelector("use");
  const said = {
    connecting: words?.textContent ?? "",
    live: line.dataset.wordsLive ?? "",
    polling: (line.dataset.wordsPolling ?? "").replace("{n}", String(POLL_WITHOUT_STREAM_MS / 1000)),
    lost: (line.dataset.wordsLost ?? "").replace("{time}", clock(lastHeard)),
  }[next];
  if (words && words.textContent !== said) words.textContent = said;
  const tone = { connecting: "is-neutral", live: "is-good", polling: "is-info", lost: "is-bad" }[next];
  line.classList.remove("is-neutral", "is-good", "is-info", "is-bad");
  line.classList.add(tone);
  const shape = { connecting: "dots", live: "check", polling: "refresh", lost: "signal-off" }[next];
  const href = icon?.getAttribute("href") ?? "";
  icon?.setAttribute("href", href.replace(/#.*$/, `#${shape}`));
  line.dataset.mode = next;
  // Read aloud only what matters: that the screen stands still, and that it goes on.
  const announcer = document.getElementById("announcer");
  if (announcer && next === "lost" && before !== "lost") announcer.textContent = said;
  if (announcer && next !== "lost" && before === "lost") announcer.textContent = line.dataset.wordsBack ?? "";
}

/**
 * The window's clock at a moment of this device's clock, as hours and minutes.
 * @param {number} at
 */
function clock(at) {
  const section = fragments[0]?.section;
  const ahead = Number(section?.dataset.ahead ?? 0);
  return new Intl.DateTimeFormat(document.documentElement.lang, {
    timeZone: section?.dataset.zone || undefined,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(at + ahead));
}

function begin() {
  for (const section of document.querySelectorAll("[data-live]")) {
    if (!(section instanceof HTMLElement)) continue;
    if (section.dataset.now) section.dataset.ahead = String(Number(section.dataset.now) - Date.now());
    const fragment = new Fragment(section);
    fragments.push(fragment);
    section.addEventListener("live:want", () => fragment.want());
    showAges(section, true);
  }
  if (fragments.length === 0) return;
  seq = fragments.map((fragment) => fragment.section.dataset.seq).find(Boolean) ?? "";
  noticeAlerts();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      // A hidden tab gives its place among the streams to somebody who looks, unless it has to sound.
      if (resting()) hangUp();
    } else {
      wantAll();
      listen();
    }
  });
  window.addEventListener("online", wantAll);
  window.addEventListener("pagehide", hangUp);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) listen();
  });
  let lastPoll = performance.now();
  setInterval(() => {
    if (resting()) return;
    for (const fragment of fragments) showAges(fragment.section, false);
    if (missed > 0 && mode === "lost") show("lost");
    const every = mode === "live" ? POLL_MS : POLL_WITHOUT_STREAM_MS;
    if (performance.now() - lastPoll < every) return;
    lastPoll = performance.now();
    wantAll();
  }, 1000);
  listen();
  wantAll();
}

begin();
