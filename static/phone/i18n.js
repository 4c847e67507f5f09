/**
 * Words. The English text is the key; a catalogue of another language is a flat JSON file made from the .po files at
 * build time. Where a word is missing the English stands, which is better than an empty button on test day.
 */

/** @typedef {import("./types.js").Params} Params */

/** @type {Record<string, string>} */
let catalogue = {};
let current = "en";

/**
 * Marks a text for translation where it is only stored, not yet shown.
 * @param {string} text
 */
export const msg = (text) => text;

/**
 * @param {string} text English, with `%(name)s` for what varies
 * @param {Params} [params]
 * @returns {string}
 */
export function t(text, params) {
  const words = catalogue[text] || text;
  if (!params) return words;
  // One pass, with a function: a name such as "%(n)s" or "$&" is put in as it is and never read again.
  return words.replace(/%\((\w+)\)s/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

/** @returns {string} the language in use, as BCP 47 */
export const locale = () => current;

/**
 * @param {string} language
 * @param {Record<string, string>} words
 */
export function useCatalogue(language, words) {
  current = language;
  catalogue = words;
}

/**
 * Loads the language's words. Without them (offline, first start) the texts stay English.
 * @param {string} language such as `zh` or `zh-Hans-CN`
 * @param {(url: URL) => Promise<Response>} [get]
 */
export async function loadLocale(language, get = (url) => fetch(url)) {
  const short = (language || "en").toLowerCase().split(/[-_]/)[0] || "en";
  if (short === "en") {
    useCatalogue("en", {});
    return;
  }
  try {
    const answer = await get(new URL(`../i18n/${short}.json`, import.meta.url));
    if (answer.ok) useCatalogue(short, await answer.json());
  } catch {
    // No network and nothing cached: English words are still words.
  }
}
