// @ts-check
/** Says on every page that the engine stands still, from the header of any answer: no fetch of its own. */

const HEADER = "X-Engine-Silent-Since";

/** @param {Response} response */
export function noticeEngine(response) {
  const banner = document.getElementById("engine-silent");
  const words = document.getElementById("engine-silent-words");
  if (!banner || !words) return;
  const since = response.headers.get(HEADER);
  if (since !== null) {
    const said = silentWords(since, banner.dataset, document.documentElement.lang);
    if (words.textContent?.trim() !== said) words.textContent = said;
  }
  banner.hidden = since === null;
}

/**
 * @param {string} since  milliseconds of the last tick, "0" when there never was one
 * @param {DOMStringMap} said
 * @param {string} language
 * @returns {string}
 */
export function silentWords(since, said, language) {
  if (since === "0") return said.wordsNever ?? "";
  const time = new Intl.DateTimeFormat(language, {
    timeZone: said.zone || "Asia/Shanghai",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(Number(since)));
  return (said.words ?? "").replace("{time}", time);
}
