// @ts-check
/**
 * Incidents that wait for this person (`[data-alarm]`): their number in the page's title, and a sound that goes on until
 * somebody acts (`alarm.js`). Browsers let a page sound only after somebody touched it; the button says which it is, and
 * the choice is remembered. Of several tabs one sounds.
 */

import { EVERY_MS, QUIET_MS, quietFor, sounds } from "./alarm.js";
import { counted } from "./counting.js";

const KEPT = "fieldops.sound";
const KEPT_QUIET = "fieldops.quiet";
const KEPT_RANG = "fieldops.rang";
/** Two rising tones, a little apart: told from a phone's own sounds. Hz and seconds. */
const TONES = [
  [660, 0],
  [880, 0.18],
  [660, 0.6],
  [880, 0.78],
];

const title = document.title;
/** @type {AudioContext | null} */
let audio = null;
let wanted = kept(KEPT) !== "off";
/** @type {import("./alarm.js").Waiting} */
let heard = { waiting: 0, ringing: 0, newest: 0 };
/** @type {number | null} */
let known = null;
/** @type {import("./alarm.js").Quiet | null} */
let quiet = keptQuiet();

/**
 * @param {string} name
 * @returns {string | null}
 */
function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // a browser that keeps nothing still sounds
  }
}

/**
 * @param {string} name
 * @param {string | null} value
 */
function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // kept for this page only
  }
}

/** @returns {import("./alarm.js").Quiet | null} */
function keptQuiet() {
  const [until, newest] = (kept(KEPT_QUIET) ?? "").split(" ").map(Number);
  return until ? { until, newest: newest || 0 } : null;
}

/** Whether this page has to know what happens even when nobody looks at it: it can sound. */
export function listensHidden() {
  return button instanceof HTMLElement && wanted && audio?.state === "running";
}

/** Count what waits, say it in the title, and sound for what is new since the page was opened. */
export function noticeAlerts() {
  const alarm = document.querySelector("[data-alarm]");
  const said = alarm instanceof HTMLElement ? alarm.dataset : {};
  heard = { waiting: Number(said.waiting) || 0, ringing: Number(said.ringing) || 0, newest: Number(said.newest) || 0 };
  const named = heard.waiting > 0 ? `(${heard.waiting}) ${title}` : title;
  if (document.title !== named) document.title = named;
  known ??= heard.newest;
  if (heard.newest > known) {
    const line = document.querySelector("[data-live-state]");
    const announcer = document.getElementById("announcer");
    if (announcer && line instanceof HTMLElement) announcer.textContent = line.dataset.wordsAlert ?? "";
  }
  tick();
}

function tick() {
  const now = Date.now();
  if (known === null) return;
  if (sounds(heard, { quiet, lastAt: Number(kept(KEPT_RANG)) || 0, known }, now) && sound()) {
    keep(KEPT_RANG, String(now));
  }
  known = Math.max(known, heard.newest);
  show();
}

/** @returns {boolean} whether it could be heard */
function sound() {
  if (!wanted || audio?.state !== "running") return false;
  document.documentElement.dataset.sounded = String(Number(document.documentElement.dataset.sounded ?? 0) + 1);
  for (const [frequency, after] of TONES) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const from = audio.currentTime + after;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.3, from + 0.02);
    volume.gain.linearRampToValueAtTime(0, from + 0.16);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.18);
  }
  return true;
}

/** What the buttons say. */
function show() {
  if (!(button instanceof HTMLElement)) return;
  const ready = wanted && audio?.state === "running";
  const words = !wanted ? button.dataset.wordsOff : ready ? button.dataset.wordsOn : button.dataset.wordsPress;
  button.setAttribute("aria-pressed", String(ready));
  // What cannot be heard while something waits is the next thing to do.
  button.classList.toggle("button--primary", !ready && heard.ringing > 0);
  button.classList.toggle("button--quiet", ready || heard.ringing === 0);
  setText(button.querySelector("[data-sound-words]"), words ?? "");
  const icon = button.querySelector("use");
  const href = (icon?.getAttribute("href") ?? "").replace(/#.*$/, ready ? "#bell" : "#bell-off");
  if (icon?.getAttribute("href") !== href) icon?.setAttribute("href", href);
  if (!(mute instanceof HTMLElement)) return;
  const left = quietFor(quiet, heard, Date.now());
  mute.hidden = !ready || heard.ringing === 0;
  mute.setAttribute("aria-pressed", String(left > 0));
  const said =
    left > 0 ? (mute.dataset.wordsMuted ?? "").replace("{time}", counted(left + 999)) : mute.dataset.wordsMute;
  setText(mute.querySelector("[data-mute-words]"), said ?? "");
}

/**
 * @param {Element | null} element
 * @param {string} text
 */
function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

const button = document.querySelector("[data-sound]");
const mute = document.querySelector("[data-mute]");
if (button instanceof HTMLElement && typeof AudioContext !== "undefined") {
  button.hidden = false;
  const wake = async () => {
    audio ??= new AudioContext();
    if (audio.state !== "running") await audio.resume();
    tick();
  };
  button.addEventListener("click", async () => {
    wanted = !(wanted && audio?.state === "running");
    keep(KEPT, wanted ? "on" : "off");
    keep(KEPT_RANG, null);
    await wake();
    if (wanted && heard.ringing === 0) sound(); // so that one hears what it is
  });
  mute?.addEventListener("click", () => {
    const now = Date.now();
    quiet = quietFor(quiet, heard, now) > 0 ? null : { until: now + QUIET_MS, newest: heard.newest };
    keep(KEPT_QUIET, quiet ? `${quiet.until} ${quiet.newest}` : null);
    tick();
  });
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(
      kind,
      (event) => {
        if (wanted && !(event.target instanceof Node && button.contains(event.target))) void wake();
      },
      { once: true },
    );
  }
  window.addEventListener("storage", (event) => {
    if (event.key === KEPT_QUIET) quiet = keptQuiet();
    if (event.key === KEPT) wanted = kept(KEPT) !== "off";
  });
  setInterval(tick, Math.min(1000, EVERY_MS));
  show();
}
