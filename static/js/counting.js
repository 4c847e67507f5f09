// @ts-check
/**
 * The two clocks of an incident, counted on in the page: `[data-due="<ms>"]` until a deadline and beyond it,
 * `[data-elapsed="<ms>"]` since it happened. Start values, words and shapes come from the server
 * (`templates/incidents/_clocks.html`); without this script they stand as they came, with the times beside them.
 */

/** @typedef {"info" | "warn" | "bad"} Tone */

/** @type {Record<Tone, string>} */
export const SHAPES = { info: "clock", warn: "diamond", bad: "warning" };
const TONES = Object.keys(SHAPES).map((tone) => `is-${tone}`);

/**
 * The same as `desk.counted` of the server.
 * @param {number} ms
 * @returns {string}
 */
export function counted(ms) {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const seconds = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/**
 * How a deadline looks with so much time left (negative: it has passed).
 * @param {number} leftMs
 * @param {number} warnS
 * @returns {Tone}
 */
export function toneOf(leftMs, warnS) {
  if (leftMs < 0) return "bad";
  return leftMs <= warnS * 1000 ? "warn" : "info";
}

/**
 * @param {HTMLElement} section  with the words in `data-left`, `data-passed`, `data-elapsed-words` and the icons' address
 * @param {number} now  by the window's clock, ms
 */
export function showClocks(section, now) {
  for (const element of section.querySelectorAll("[data-due]")) {
    if (!(element instanceof HTMLElement)) continue;
    const left = Number(element.dataset.due) - now;
    const tone = toneOf(left, Number(element.dataset.warnS));
    const words = (tone === "bad" ? section.dataset.passed : section.dataset.left) ?? "";
    setText(element.querySelector("[data-count]"), words.replace("{n}", counted(Math.abs(left))));
    if (element.classList.contains(`is-${tone}`)) continue;
    element.classList.remove(...TONES);
    element.classList.add(`is-${tone}`);
    element.querySelector("use")?.setAttribute("href", `${section.dataset.icons ?? ""}#${SHAPES[tone]}`);
  }
  for (const element of section.querySelectorAll("[data-elapsed]")) {
    if (!(element instanceof HTMLElement)) continue;
    const words = section.dataset.elapsedWords ?? "{n}";
    setText(element, words.replace("{n}", counted(now - Number(element.dataset.elapsed))));
  }
}

/**
 * @param {Element | null} element
 * @param {string} text
 */
function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}
