// @ts-check
/**
 * Counts on what the server said: `<time data-since="<ms>">` inside a live section shows how long ago that was by the
 * window's clock (`data-now` of the section, plus what has passed here since, by the monotonic clock).
 */

import { showClocks } from "./counting.js";

/** @type {WeakMap<HTMLElement, {now: number, at: number}>} */
const anchors = new WeakMap();

/**
 * @param {HTMLElement} section
 * @param {boolean} fresh  the section's `data-now` was set a moment ago
 */
export function showAges(section, fresh) {
  if (fresh || !anchors.has(section)) {
    anchors.set(section, { now: Number(section.dataset.now) || Date.now(), at: performance.now() });
  }
  const anchor = anchors.get(section);
  if (!anchor) return;
  const now = anchor.now + performance.now() - anchor.at;
  showClocks(section, now);
  if (!section.dataset.agoS) return;
  for (const element of section.querySelectorAll("[data-since]")) {
    if (!(element instanceof HTMLElement)) continue;
    const seconds = Math.max(0, Math.floor((now - Number(element.dataset.since)) / 1000));
    const words = inWords(seconds, section.dataset);
    if (words && element.textContent !== words) element.textContent = words;
    // A room that falls silent between two fetches turns grey by itself.
    const limit = Number(element.dataset.staleS);
    if (limit && seconds > limit) element.closest(".tile")?.classList.add("is-stale");
  }
}

/**
 * The same words as the server's (`web.i18n.ago`); nothing beyond a day, which the server says better.
 * @param {number} seconds
 * @param {DOMStringMap} said
 * @returns {string}
 */
export function inWords(seconds, said) {
  if (seconds < 5) return said.agoNow ?? "";
  if (seconds < 60) return (said.agoS ?? "").replace("{n}", String(seconds));
  if (seconds < 3600) return (said.agoMin ?? "").replace("{n}", String(Math.floor(seconds / 60)));
  if (seconds < 86_400) return (said.agoH ?? "").replace("{n}", String(Math.floor(seconds / 3600)));
  return "";
}
