/** What the three report screens share. */
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { sessionNow, sessionsOf } from "../nowcard.js";

/** @typedef {import("../app.js").App} App */

/**
 * The session that a report is about unless somebody says otherwise: the one that the room is in.
 * @param {App} app
 */
export function sessionHere({ model, snapshot, room }) {
  const sessions = sessionsOf(snapshot, room);
  const now = model.clock.now();
  const next = sessionNow(sessions, (code) => model.sitting(code, room), now);
  return next && now >= Date.parse(next.check_in_from)
    ? next
    : (sessions.filter((each) => Date.parse(each.starts_at) <= now).at(-1) ?? null);
}

/** @param {"anomaly" | "incident" | "nil"} here */
export function reportTabs(here) {
  /** @param {"anomaly" | "incident" | "nil"} to @param {string} label */
  const tab = (to, label) => h("a", { href: `#/${to}`, "aria-current": to === here && "page" }, label);
  return h(
    "nav",
    { class: "segments", "aria-label": t("What to report") },
    tab("anomaly", t("Small thing")),
    tab("incident", t("Incident")),
    tab("nil", t("Nothing")),
  );
}

/**
 * The students of the room as seats to tick.
 * @param {App} app
 * @param {() => void} onchange
 */
export function studentPicker({ snapshot, room }, onchange) {
  /** @type {Set<string>} */
  const picked = new Set();
  const grid = h("div", { class: "seats", role: "group", "aria-label": t("Students concerned") });
  const students = snapshot.students
    .filter((student) => student.room === room)
    .sort((a, b) => Number(a.seat) - Number(b.seat));
  fill(
    grid,
    students.map((student) =>
      h(
        "button",
        {
          type: "button",
          class: "seat chip--expected",
          "aria-pressed": "false",
          onclick: (event) => {
            const seat = /** @type {HTMLElement} */ (event.currentTarget);
            if (!picked.delete(student.code)) picked.add(student.code);
            seat.setAttribute("aria-pressed", String(picked.has(student.code)));
            onchange();
          },
        },
        h("span", {}, student.seat),
        h("span", { class: "seat__name" }, student.name),
      ),
    ),
  );
  return { grid, picked };
}
