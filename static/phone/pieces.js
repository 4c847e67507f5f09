/** Pieces that several screens are made of. */
import { button, h, icon, keepFocus, newId } from "./dom.js";
import { clockTime } from "./format.js";
import { t } from "./i18n.js";
import { STATUS } from "./words.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A state in its word, colour and shape.
 * @param {string} state
 * @param {string} [note]
 */
export function chip(state, note = "") {
  const look = STATUS[state] ?? { label: state, icon: "dots" };
  return h("span", { class: `chip chip--${state}` }, icon(look.icon), t(look.label), note ? ` · ${note}` : null);
}

/**
 * @param {"neutral" | "info" | "good" | "warn" | "bad" | "muted"} tone
 * @param {string} title
 * @param {...Child} more
 */
export function note(tone, title, ...more) {
  const shape = { good: "check", warn: "diamond", bad: "warning" }[/** @type {"good"} */ (tone)] ?? "info";
  const body = h("div", { class: "note__body" }, h("p", { class: "strong" }, title), ...more);
  return h("div", { class: `note is-${tone}` }, icon(shape), body);
}

/** @param {{ expected: number, present: number, absent: number }} counts */
export function countsBar({ expected, present, absent }) {
  /** @param {string} label @param {number} number @param {string} kind */
  const item = (label, number, kind) =>
    h(
      "div",
      { class: `counts__item ${kind}` },
      h("dt", { class: "counts__label" }, label),
      h("dd", { class: "counts__number" }, number),
    );
  return h(
    "dl",
    { class: "counts counts--small" },
    item(t("Expected"), expected, ""),
    item(t("Present"), present, "counts__item--present"),
    item(t("Absent"), absent, "counts__item--absent"),
  );
}

/**
 * Blocks to press of which one can be on.
 * @param {string} legend
 * @param {[string, string][]} options code and message key
 * @param {(code: string) => void} onpick
 * @param {{ picked?: string, layout?: "choices" | "segments" }} [how]
 */
export function pickOne(legend, options, onpick, { picked = "", layout = "choices" } = {}) {
  const name = newId();
  const blocks = options.map(([code, label]) => {
    const input = h("input", { type: "radio", name, value: code, onchange: () => onpick(code) });
    input.checked = code === picked;
    return h("label", layout === "choices" ? { class: "choice" } : {}, input, h("span", {}, t(label)));
  });
  return h(
    "fieldset",
    { class: "field" },
    h("legend", { class: "field__label" }, legend),
    h("div", { class: layout }, blocks),
  );
}

/**
 * A long choice in one line: the phone's own list to turn.
 * @param {string} label
 * @param {[string, string][]} options code and message key
 * @param {(code: string) => void} onpick
 */
export function pickFromList(label, options, onpick) {
  const id = newId();
  const first = h("option", { value: "", disabled: true, selected: true }, t("Choose…"));
  const list = h(
    "select",
    { class: "input", id, onchange: () => onpick(list.value) },
    first,
    options.map(([code, words]) => h("option", { value: code }, t(words))),
  );
  return h("div", { class: "field" }, h("label", { class: "field__label", for: id }, label), list);
}

/**
 * A field for a few words.
 * @param {string} label
 * @param {{ optional?: boolean, rows?: number, hint?: string }} [how]
 */
export function wordsField(label, { optional = true, rows = 2, hint = "" } = {}) {
  const id = newId();
  const input = h("textarea", { class: "input", id, rows, maxlength: 500 });
  const field = h(
    "div",
    { class: "field" },
    h(
      "label",
      { class: "field__label", for: id },
      label,
      " ",
      optional ? h("span", { class: "field__optional" }, t("(optional)")) : null,
    ),
    hint ? h("span", { class: "field__hint" }, hint) : null,
    input,
  );
  return { field, input, value: () => input.value.trim() };
}

/**
 * When something happened: now, or so many minutes ago. It follows the clock until somebody steps back.
 * @param {{ now: () => number, zone: string, startMs?: number, earliestMs?: number, onchange: () => void }} given
 *   `startMs`: a fixed time to begin from (a correction)
 */
export function timeStepper({ now, zone, startMs, earliestMs, onchange }) {
  let minutesBack = 0;
  const at = () => {
    const from = startMs ?? now();
    return Math.max(from - minutesBack * 60_000, earliestMs ?? Number.NEGATIVE_INFINITY);
  };
  const shown = h("output", { class: "stepper__time", "aria-live": "polite" });
  /** @param {number} minutes */
  const step = (minutes) => () => {
    minutesBack += minutes;
    // Nothing can be noted before it happened.
    while (minutesBack < 0 && at() > now()) minutesBack += 1;
    if (startMs === undefined) minutesBack = Math.max(0, minutesBack);
    draw();
    onchange();
  };
  const draw = () => {
    const words =
      startMs === undefined
        ? minutesBack === 0
          ? t("now")
          : t("%(n)s min ago", { n: minutesBack })
        : minutesBack === 0
          ? t("as noted")
          : "";
    shown.replaceChildren(
      h("span", { class: "stepper__clock" }, clockTime(at(), zone)),
      h("span", { class: "soft small" }, words),
    );
  };
  draw();
  const element = h(
    "div",
    { class: "stepper", role: "group", "aria-label": t("When it happened") },
    button("−5", step(5), { "aria-label": t("5 minutes earlier") }),
    button("−1", step(1), { "aria-label": t("1 minute earlier") }),
    shown,
    button("+1", step(-1), { "aria-label": t("1 minute later") }),
    button("+5", step(-5), { "aria-label": t("5 minutes later") }),
  );
  return { element, at, draw, isNow: () => startMs === undefined && minutesBack === 0, minutesBack: () => minutesBack };
}

/**
 * A number of minutes.
 * @param {string} label
 * @param {number} start
 */
export function minutesStepper(label, start) {
  let minutes = start;
  const shown = h("output", { class: "stepper__time" }, h("span", { class: "stepper__clock" }, minutes), t("min"));
  /** @param {number} by */
  const step = (by) => () => {
    minutes = Math.min(240, Math.max(1, minutes + by));
    shown.replaceChildren(h("span", { class: "stepper__clock" }, minutes), t("min"));
  };
  const element = h(
    "div",
    { class: "stepper", role: "group", "aria-label": label },
    button("−5", step(-5), { "aria-label": t("5 minutes less") }),
    button("−1", step(-1), { "aria-label": t("1 minute less") }),
    shown,
    button("+1", step(1), { "aria-label": t("1 minute more") }),
    button("+5", step(5), { "aria-label": t("5 minutes more") }),
  );
  return { element, value: () => minutes };
}

/**
 * A sheet from below. The focus goes in, and back to where it was.
 * @param {string} title
 * @param {(close: () => void) => Child[]} content
 * @param {() => void} [closed]
 */
export function openSheet(title, content, closed) {
  const id = newId();
  const before = document.activeElement;
  const sheet = h("dialog", { class: "dialog", "aria-labelledby": id });
  const close = () => sheet.close();
  sheet.append(
    h("h2", { id, tabindex: "-1" }, title),
    ...content(close).filter((child) => child instanceof Node),
    button(t("Cancel"), close, { kind: "quiet wide" }),
  );
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) close(); // the ground beside it
  });
  sheet.addEventListener("close", () => {
    sheet.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    keepFocus();
    closed?.();
  });
  document.body.append(sheet);
  sheet.showModal();
  sheet.querySelector("h2")?.focus();
  return close;
}
