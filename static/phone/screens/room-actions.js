/** What is noted for many students at once: those still missing after the start, those who simply stayed seated. */
import { button, fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { sessionName } from "../names.js";
import { sessionsOf } from "../nowcard.js";
import { openSheet } from "../pieces.js";
import { keyOf } from "../state.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../types.js").Session} Session */
/** @typedef {import("../types.js").Student} Student */

const IN_ROOM = new Set(["present", "late", "returned"]);

/**
 * @param {App} app
 * @param {Session} session
 * @param {HTMLElement} place
 */
export function roomActions(app, session, place) {
  const { model, snapshot, room } = app;
  const now = model.clock.now();
  /** @param {string} code @param {Student} student */
  const statusIn = (code, student) =>
    model.current.attendance.get(keyOf(code, student.code))?.status ?? (student.exempt ? "exempt" : "expected");
  const open = snapshot.students.filter(
    (student) => student.room === room && statusIn(session.code, student) === "expected",
  );
  const before = sessionsOf(snapshot, room)
    .filter((each) => each.date === session.date && Date.parse(each.starts_at) < Date.parse(session.starts_at))
    .at(-1);
  const stayed = before ? open.filter((student) => IN_ROOM.has(statusIn(before.code, student))) : [];
  const checkInOpen = now >= Date.parse(session.check_in_from);
  const started = now >= Date.parse(model.sitting(session.code, room)?.started_at ?? session.starts_at);
  const key = `${open.length}/${stayed.length}/${checkInOpen}/${started}`;
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  fill(
    place,
    checkInOpen && before && stayed.length > 0
      ? button(
          t("Still here from %(session)s: %(n)s", { session: sessionName(before), n: stayed.length }),
          () =>
            confirm(app, t("Check these in?"), stayed, () =>
              stayed.map((student) => ({
                kind: "attendance.checked_in",
                room,
                session: session.code,
                student: student.code,
                data: { method: "seat" },
              })),
            ),
          { kind: "wide", icon: "double-check" },
        )
      : null,
    started && open.length > 0
      ? button(
          t("Not seen, mark absent: %(n)s", { n: open.length }),
          () =>
            confirm(app, t("Mark these absent?"), open, () =>
              open.map((student) => ({
                kind: "attendance.absent",
                room,
                session: session.code,
                student: student.code,
                data: { reason: "not_seen" },
              })),
            ),
          { kind: "wide", icon: "cross" },
        )
      : null,
  );
}

/**
 * @param {App} app
 * @param {string} question
 * @param {Student[]} students
 * @param {() => import("../types.js").Draft[]} drafts
 */
function confirm({ model, say }, question, students, drafts) {
  openSheet(question, (close) => [
    h("p", {}, students.map((student) => `${student.seat} ${student.name}`).join(" · ")),
    button(
      t("Yes, all %(n)s", { n: students.length }),
      () => {
        close();
        void model.note(...drafts()).then(() => say(t("Noted: %(what)s", { what: students.length })));
      },
      { kind: "primary huge", icon: "check" },
    ),
  ]);
}
