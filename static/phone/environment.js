/**
 * Whether this browser can do what the app needs. Pure: what was found goes in, the problems come out. Decided by what is
 * there, not by the browser's name; the name only says what to do about it.
 */

/**
 * @typedef {object} Found
 * @property {boolean} store the app's own store (IndexedDB) is there and opens
 * @property {boolean} secure https, or this very machine
 * @property {boolean} worker service workers and their caches are there
 * @property {boolean} forgets a private window by all signs: what it keeps is gone when it is closed
 * @property {number | null} roomBytes how much the browser lets the app keep; null when it does not say
 */
/** @typedef {"no-store" | "insecure" | "no-worker" | "private" | "little-room"} Code */
/** @typedef {{ code: Code, severity: "stops" | "network" }} Problem `network`: works, but only while there is one */
/** @typedef {{ inApp: string, system: "ios" | "android" | "other" }} Browser inApp: whose built-in browser, or "" */

/** App, decoder and a day's facts take 4 MB; with less than this a browser soon throws something out. */
const LITTLE_ROOM_BYTES = 20 * 1024 * 1024;

/**
 * @param {Found} found
 * @returns {Problem[]} the gravest first
 */
export function problemsOf({ store, secure, worker, forgets, roomBytes }) {
  /** @type {Problem[]} */
  const problems = [];
  if (!store) problems.push({ code: "no-store", severity: "stops" });
  // Without https there is no service worker either: one cause, said once.
  if (!secure) problems.push({ code: "insecure", severity: "network" });
  else if (!worker) problems.push({ code: "no-worker", severity: "network" });
  if (forgets) problems.push({ code: "private", severity: "network" });
  if (roomBytes !== null && roomBytes < LITTLE_ROOM_BYTES) problems.push({ code: "little-room", severity: "network" });
  return problems;
}

/** Names that built-in browsers put into their user agent. WeCom also says MicroMessenger, so it stands before it. */
const IN_APP = /** @type {[RegExp, string][]} */ ([
  [/\bwxwork\//i, "wecom"],
  [/\bMicroMessenger\//i, "wechat"],
  [/\bDingTalk\//i, "dingtalk"],
  [/\b(Lark|Feishu)\//i, "feishu"],
  [/\bAlipayClient\//i, "alipay"],
  [/\bWeibo\b/i, "weibo"],
  [/\bQQ\//, "qq"], // MQQBrowser/ is a browser of its own, and no match
]);

/**
 * @param {string} userAgent
 * @param {number} [touchPoints] an iPad says that it is a Mac; no Mac can be touched at five places
 * @returns {Browser}
 */
export function browserOf(userAgent, touchPoints = 0) {
  const inApp = IN_APP.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "";
  const apple = /\b(iPhone|iPad|iPod)\b/.test(userAgent) || (/\bMacintosh\b/.test(userAgent) && touchPoints > 1);
  return { inApp, system: apple ? "ios" : /\bAndroid\b/.test(userAgent) ? "android" : "other" };
}
