/** What can be noted about one student: the sheet behind a seat or a name. */
import { button, h } from "../dom.js";
import { clockTime } from "../format.js";
import { t } from "../i18n.js";
import { chip, minutesStepper, openSheet } from "../pieces.js";
import { keyOf } from "../state.js";
import { ABSENT_REASONS, LEFT_REASONS, REASON_WORDS, WITHDRAWN_REASONS } from "../words.js";

/** @typedef {import("../types.js").Student} Student */
/**
 * @typedef {object} Doing what the sheet can ask the check-in screen for
 * @property {(student: Student) => void} checkIn
 * @property {(student: Student, minutes: number) => void} late
 * @property {(student: Student, kind: string, data: Record<string, unknown>) => void} note
 * @property {(student: Student) => void} doubt
 */

/**
 * @param {import("../app.js").App} app
 * @param {string} session
 * @param {Student} student
 * @param {Doing} doing
 */
export function studentSheet(app, session, student, doing) {
  const { model } = app;
  const row = model.current.attendance.get(keyOf(session, student.code));
  const status = row?.status ?? (student.exempt ? "exempt" : "expected");
  const title = `${student.seat} · ${student.name}`;
  openSheet(title, (close) => {
    /** @param {string} label @param {() => void} act @param {{ kind?: string, icon?: string }} [look] */
    const does = (label, act, look = {}) =>
      button(
        label,
        () => {
          close();
          act();
        },
        { kind: "wide", ...look },
      );
    /** @param {string} label @param {[string, string][]} reasons @param {string} kind @param {string} shape */
    const because = (label, reasons, kind, shape) =>
      does(label, () => askWhy(title, label, reasons, (reason) => doing.note(student, kind, { reason })), {
        icon: shape,
      });
    const checkIn = does(t("Check in"), () => doing.checkIn(student), { kind: "primary huge", icon: "check" });
    const late = does(t("Late…"), () => askMinutes(app, session, title, (n) => doing.late(student, n)), {
      icon: "clock",
    });
    const absent = because(t("Absent…"), ABSENT_REASONS, "attendance.absent", "cross");
    const left = because(t("Left the room…"), LEFT_REASONS, "attendance.left", "exit");
    const returned = does(t("Is back"), () => doing.note(student, "attendance.returned", {}), {
      kind: "primary huge",
      icon: "return",
    });
    const withdrawn = because(t("Left unfinished…"), WITHDRAWN_REASONS, "attendance.withdrawn", "stop");
    const refused = does(t("Refuses"), () => doing.note(student, "attendance.refused", {}), { icon: "ban" });
    const doubt = does(t("Identity doubtful"), () => doing.doubt(student), { icon: "warning" });
    const undo =
      row?.event && !row.event.startsWith("snapshot/")
        ? does(
            t("Undo: %(what)s", { what: wordsOf(app, row) }),
            () => doing.note(student, "attendance.undone", { undoes: row.event }),
            { icon: "undo" },
          )
        : null;
    const offered = {
      expected: [checkIn, late, absent, refused, doubt],
      exempt: [checkIn],
      absent: [checkIn, late, undo],
      refused: [checkIn, undo],
      present: [left, withdrawn, undo, doubt],
      late: [left, withdrawn, undo, doubt],
      returned: [left, withdrawn, undo],
      left: [returned, withdrawn, undo],
      withdrawn: [undo],
    }[status];
    const about = h(
      "p",
      { class: "row" },
      chip(status),
      h("span", { class: "soft" }, student.class_name),
      row ? h("span", { class: "soft" }, wordsOf(app, row)) : null,
    );
    return [about, h("div", { class: "sheet-buttons" }, offered)];
  });
}

/**
 * @param {import("../app.js").App} app
 * @param {import("../state.js").Attendance} row
 */
function wordsOf({ model }, row) {
  const time = row.checked_in_at ? clockTime(row.checked_in_at, model.zone) : "";
  const parts = {
    present: time,
    late: t("%(n)s min late", { n: row.late_min ?? 0 }),
    absent: t(REASON_WORDS[row.reason ?? ""] ?? "Absent"),
  };
  return (
    parts[/** @type {"present"} */ (row.status)] ?? (row.reason ? t(REASON_WORDS[row.reason] ?? row.reason) : time)
  );
}

/**
 * @param {string} title
 * @param {string} label
 * @param {[string, string][]} reasons
 * @param {(reason: string) => void} then
 */
function askWhy(title, label, reasons, then) {
  openSheet(title, (close) => [
    h("p", {}, label),
    h(
      "div",
      { class: "sheet-buttons" },
      reasons.map(([code, words]) =>
        button(
          t(words),
          () => {
            close();
            then(code);
          },
          { kind: "wide" },
        ),
      ),
    ),
  ]);
}

/**
 * @param {import("../app.js").App} app
 * @param {string} code
 * @param {string} title
 * @param {(minutes: number) => void} then
 */
function askMinutes({ model, snapshot, room }, code, title, then) {
  const session = snapshot.sessions.find((each) => each.code === code);
  const begin = model.sitting(code, room)?.started_at ?? session?.starts_at;
  const since = begin ? Math.floor((model.clock.now() - Date.parse(begin)) / 60_000) : 0;
  openSheet(title, (close) => {
    const stepper = minutesStepper(t("Minutes late"), Math.min(240, Math.max(1, since)));
    const save = button(
      t("Check in as late"),
      () => {
        close();
        then(stepper.value());
      },
      { kind: "primary huge", icon: "clock" },
    );
    return [h("p", {}, t("Minutes late")), stepper.element, save];
  });
}
