/** Which screen a `#/…` path opens. Those that few need, once a day or less, are fetched when they are opened first. */
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { note } from "./pieces.js";
import { anomalyScreen } from "./screens/anomaly.js";
import { awayScreen } from "./screens/away.js";
import { checkInScreen } from "./screens/check-in.js";
import { homeScreen } from "./screens/home.js";
import { incidentScreen } from "./screens/incident.js";
import { nilScreen } from "./screens/nil.js";
import { roomsScreen } from "./screens/rooms.js";
import { releaseScreen } from "./screens/roster.js";
import { sittingScreen } from "./screens/sitting.js";
import { syncScreen } from "./screens/sync.js";

/** @typedef {(app: import("./app.js").App, rest: string[]) => import("./app.js").Screen} Make */

/** @type {Record<string, Make>} */
const SCREENS = {
  "": homeScreen,
  "check-in": checkInScreen,
  sitting: sittingScreen,
  anomaly: anomalyScreen,
  incident: incidentScreen,
  nil: nilScreen,
  release: releaseScreen,
  rooms: roomsScreen,
  room: homeScreen,
  sync: syncScreen,
  away: awayScreen,
};

/** @type {Record<string, () => Promise<Make>>} */
const FETCHED = {
  box: async () => (await import("./screens/box.js")).boxScreen,
  "box-back": async () => (await import("./screens/box-back.js")).boxBackScreen,
  notices: async () => (await import("./screens/notices.js")).noticesScreen,
  ready: async () => (await import("./screens/ready.js")).readyScreen,
  school: async () => (await import("./screens/school.js")).schoolScreen,
  "hand-over": async () => (await import("./screens/hand-over.js")).handOverScreen,
  "take-over": async () => (await import("./screens/take-over.js")).takeOverScreen,
};

/** What needs no room to work in. */
const ROOMLESS = new Set(["sync", "notices", "ready", "school", "rooms", "away", "hand-over", "take-over"]);

/**
 * @param {string} name first part of the path
 * @param {string} room that is worked in; "" for none yet
 * @param {() => void} arrived called when a screen that had to be fetched is here
 * @returns {Make}
 */
export function screenFor(name, room, arrived) {
  if (!room && !ROOMLESS.has(name)) return roomsScreen;
  const fetchScreen = FETCHED[name];
  if (!fetchScreen || SCREENS[name]) return SCREENS[name] ?? homeScreen;
  const body = h("div", { role: "status" }, h("p", { class: "soft" }, t("One moment…")));
  fetchScreen().then(
    (make) => {
      SCREENS[name] = make;
      arrived();
    },
    () => {
      const words = t("It needs the network once. After that it works without.");
      body.replaceChildren(note("warn", t("This screen is not on this phone yet."), h("p", {}, words)));
    },
  );
  return () => ({ title: t("Fieldops"), body: [body] });
}
