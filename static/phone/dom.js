/**
 * Elements from plain calls. Data becomes text, never markup: a student may be called `<b>`.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Props */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props] attributes; `onclick` and the like are listeners; false, null and undefined are left out
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  set(element, props);
  element.append(...nodes(children));
  return element;
}

/**
 * @param {Element} element
 * @param {Props} props
 */
export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * @param {(Child | Child[])[]} children
 * @returns {(Node | string)[]}
 */
const nodes = (children) =>
  children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));

/**
 * Puts new content into an element. Whoever works by keyboard stays where they were: on the same node, on one with the
 * same id, else at the title of the screen.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  const before = document.activeElement;
  const focused = before && before !== element && element.contains(before) ? before : null;
  element.replaceChildren(...nodes(children));
  if (!focused) return;
  const again = element.contains(focused) ? focused : focused.id ? document.getElementById(focused.id) : null;
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  keepFocus();
}

/** What had the focus is gone: the title of the screen takes it, so that nobody begins at the top of the page again. */
export function keepFocus() {
  if (document.activeElement && document.activeElement !== document.body) return;
  const title = document.querySelector("h1[tabindex]");
  if (title instanceof HTMLElement) title.focus({ preventScroll: true });
}

const sprite = new URL("../img/icons.svg", import.meta.url).href;
/** Where a symbol is taken from: the sprite's own address until it stands in the page. */
let symbols = `${sprite}#`;

/**
 * Puts the sprite into the page. Shapes carry meaning here, and a symbol that is fetched each time it is drawn flickers,
 * and is gone with the network.
 */
export async function loadIcons() {
  try {
    const answer = await fetch(sprite);
    const drawn = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
    const found = drawn.querySelectorAll("symbol");
    if (!answer.ok || found.length === 0) return;
    for (const symbol of found) symbol.id = `icon-${symbol.id}`;
    drawn.setAttribute("hidden", "");
    document.body.append(document.importNode(drawn, true));
    symbols = "#icon-";
  } catch {
    // Each symbol is then asked for by its address, as before.
  }
}

/**
 * A symbol of the sprite; it only repeats what words beside it say.
 * @param {string} name
 * @param {string} [size] class, such as `icon--large`
 */
export function icon(name, size = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${size}`.trim());
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", symbols + name);
  svg.append(use);
  return svg;
}

/**
 * @param {string} label
 * @param {(event: MouseEvent) => void} onclick
 * @param {{ kind?: string, icon?: string, note?: string } & Props} [options] `kind`: the button's modifier
 */
export function button(label, onclick, { kind = "", icon: shape = "", note = "", ...props } = {}) {
  const names = [
    "button",
    ...kind
      .split(" ")
      .filter(Boolean)
      .map((each) => `button--${each}`),
  ].join(" ");
  const words = note ? h("span", {}, label, h("span", { class: "button__note" }, note)) : label;
  return h("button", { type: "button", class: names, onclick, ...props }, shape ? icon(shape) : null, words);
}

/**
 * @param {string} label
 * @param {string} href
 * @param {{ kind?: string, icon?: string, note?: string } & Props} [options]
 */
export function link(label, href, { kind = "", icon: shape = "", note = "", ...props } = {}) {
  const names = [
    "button",
    ...kind
      .split(" ")
      .filter(Boolean)
      .map((each) => `button--${each}`),
  ].join(" ");
  const words = note ? h("span", {}, label, h("span", { class: "button__note" }, note)) : label;
  return h("a", { class: names, href, ...props }, shape ? icon(shape) : null, words);
}

let counter = 0;
/** An id for a label and its control. */
export function newId() {
  counter += 1;
  return `p${counter}`;
}
