/** Who am I, where, what is next: the next thing is the biggest button. */
import { fill, h, icon, link } from "../dom.js";
import { checkedAt, checkIsDue } from "../duties.js";
import { localDay, plannedTimes } from "../format.js";
import { t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { nowCard, sessionsOf, unfinished } from "../nowcard.js";
import { chip, countsBar, note } from "../pieces.js";
import { countsOf } from "../state.js";
import { ROLES } from "../words.js";
import { appLine } from "./app-card.js";
import { checkNote } from "./check-note.js";
import { namesAway, rosterNote } from "./roster.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/**
 * @param {App} app
 * @returns {Screen}
 */
export function homeScreen(app) {
  const who = h("div", { class: "who" });
  const card = h("section", { class: "card now", "aria-labelledby": "now-title" });
  const open = h("div", { class: "stack stack--tight" });
  const list = h("div", { class: "list" });
  const bar = h("div", { class: "phone-actions__stack" });
  const line = appLine(app);
  const names = rosterNote(app);
  let shown = "";

  const update = () => {
    line.update();
    const { model, snapshot, room } = app;
    const nowMs = model.clock.now();
    const now = nowCard({ snapshot, current: model.current, room, nowMs, may: model.may });
    const due = checkIsDue(checkedAt(model.facts, snapshot.device.id), nowMs);
    const late = unfinished(sessionsOf(snapshot, room), (code) => model.sitting(code, room), nowMs);
    // Drawn again only when it says something else, so that a tap never hits a button that is just being replaced.
    const key = JSON.stringify([
      now,
      due,
      late.map(({ code }) => code),
      [...model.current.sittings.values()],
      counts(app, now),
    ]);
    if (key === shown) return;
    shown = key;
    fill(who, ...whoIs(app));
    fill(card, ...nowWords(app, now));
    card.className = `card now is-${now.tone}`;
    fill(open, due && checkNote(), ...late.map((session) => lateLine(session)));
    fill(list, ...todays(app, nowMs).map((session) => sessionLine(app, session)));
    fill(bar, ...actions(now, app.snapshot));
    // One way to a thing: where the next button opens the list, the note above does not offer it a second time.
    const again = names?.querySelector("a");
    if (again) again.hidden = bar.querySelector(`[href="${again.getAttribute("href")}"]`) !== null;
  };
  update();
  const today = h("section", { class: "stack stack--tight" }, h("h2", {}, t("Sessions")), list);
  return {
    title: app.snapshot.school?.name ?? t("Fieldops"),
    subtitle: "",
    body: [rehearsal(app), names, who, card, open, today, boardLink(app), line.node].filter((node) => node !== null),
    bar: [bar],
    update,
  };
}

/** @param {App} app @param {import("../nowcard.js").Now} now */
const counts = ({ model, snapshot, room }, now) =>
  now.session && !namesAway(snapshot) ? countsOf(snapshot, model.current.attendance, now.session.code, room) : null;

/** @param {App} app */
function rehearsal({ snapshot }) {
  if (snapshot.window.mode !== "rehearsal") return null;
  return h("p", { class: "chip chip--rehearsal" }, icon("clock"), t("Rehearsal: nothing here counts"));
}

/** @param {App} app */
function whoIs({ snapshot, room, model }) {
  const { person, duties } = snapshot;
  const roles = [...new Set(duties.map((duty) => t(ROLES[duty.role] ?? duty.role)))].join(" · ");
  const place = snapshot.rooms.find((each) => each.code === room);
  const several =
    snapshot.rooms.length > 1 && (model.may("school.view") || snapshot.rooms.filter((each) => each.mine).length > 1);
  return [
    h(
      "p",
      { class: "who__name" },
      h("span", { class: "strong" }, person.name),
      h("span", { class: "soft" }, ` ${roles}`),
    ),
    several
      ? link(roomName(place), "#/rooms", {
          icon: "room",
          "aria-label": t("%(room)s. Take another room", { room: roomName(place) }),
        })
      : h("p", { class: "who__room" }, icon("room"), roomName(place)),
  ];
}

/** @param {App} app @param {import("../nowcard.js").Now} now */
function nowWords(app, now) {
  const numbers = counts(app, now);
  return [
    h("h2", { class: "now__title", id: "now-title" }, t(now.title, now.params)),
    h("p", {}, t(now.hint, now.params)),
    numbers ? countsBar(numbers) : null,
  ];
}

/** @param {import("../nowcard.js").Now} now @param {import("../types.js").Snapshot} snapshot */
function actions(now, snapshot) {
  // Nobody can be checked in while the names are sealed: what opens them comes first.
  if (now.opens === "check-in" && snapshot.sealed_roster && namesAway(snapshot))
    return [link(t("Key in the release code"), "#/release", { kind: "primary huge", icon: "lock", id: "next" })];
  const code = encodeURIComponent(now.session?.code ?? "");
  const to = now.opens === "nil" ? "#/nil" : `#/${now.opens}/${code}`;
  const shape = { "check-in": "scan", sitting: "pen", nil: "check" }[now.opens ?? "nil"];
  const label = now.action ? t(now.action, now.params) : "";
  return [label && link(label, to, { kind: "primary huge", icon: shape, id: "next" })];
}

/** @param {import("../types.js").Session} session */
function lateLine(session) {
  const words = t("Not all of %(session)s is noted", { session: sessionName(session) });
  return h(
    "a",
    { class: "note is-warn", href: `#/sitting/${encodeURIComponent(session.code)}` },
    icon("pen"),
    h("span", { class: "note__body" }, words),
  );
}

/** @param {App} app @param {number} nowMs */
function todays({ model, snapshot, room }, nowMs) {
  const sessions = sessionsOf(snapshot, room);
  const day = localDay(nowMs, model.zone);
  const today = sessions.filter((session) => session.date === day);
  return today.length > 0 ? today : sessions;
}

/** @param {App} app @param {import("../types.js").Session} session */
function sessionLine({ model, room }, session) {
  const state = model.sitting(session.code, room)?.state ?? "planned";
  return h(
    "a",
    { class: "list__item", href: `#/sitting/${encodeURIComponent(session.code)}` },
    h(
      "span",
      { class: "list__main" },
      h("span", { class: "strong" }, sessionName(session)),
      h("br"),
      h("span", { class: "soft numeric" }, plannedTimes(session)),
    ),
    chip(state),
    icon("chevron-right"),
  );
}

/**
 * The way to the board, for those who look after the whole school.
 * @param {App} app
 */
export function boardLink({ model, snapshot }) {
  const { county, school } = snapshot;
  if (!model.may("school.view")) return null;
  if (!county || !school) return note("info", t("All rooms are on the board."));
  return link(t("All rooms live"), `/c/${county.code}/s/${school.code}/board`, { kind: "wide", icon: "seats" });
}
