/** A fact in the words of the people who noted it: for the list of what is sent, and for what could not be kept. */
import { h, icon } from "./dom.js";
import { clockTime } from "./format.js";
import { msg, t } from "./i18n.js";
import { SITTING_FACTS, STATUS } from "./words.js";

/** @type {Record<string, string>} */
const KINDS = {
  ...SITTING_FACTS,
  "attendance.checked_in": STATUS.present?.label ?? "",
  "attendance.absent": STATUS.absent?.label ?? "",
  "attendance.left": STATUS.left?.label ?? "",
  "attendance.returned": STATUS.returned?.label ?? "",
  "attendance.withdrawn": STATUS.withdrawn?.label ?? "",
  "attendance.refused": STATUS.refused?.label ?? "",
  "attendance.undone": msg("Taken back"),
  "attendance.turned_away": msg("Turned away"),
  "anomaly.noted": msg("Anomaly"),
  "anomaly.withdrawn": msg("Anomaly taken back"),
  "nil_report.made": msg("Nothing happened"),
  "incident.reported": msg("Incident"),
};

/** @param {string} kind */
export const kindWords = (kind) => t(KINDS[kind] ?? (kind.startsWith("incident.") ? msg("Incident") : kind));

/**
 * The mark that every late entry carries wherever it is shown.
 * @param {string | number} writtenAt
 * @param {string} zone
 */
export const lateMark = (writtenAt, zone) =>
  h(
    "span",
    { class: "soft small late-entry" },
    icon("pen"),
    " ",
    t("late entry, written %(time)s", { time: clockTime(writtenAt, zone) }),
  );

/**
 * Who noted a check-in first, on another phone, and when.
 * @param {import("./told.js").Before} before
 * @param {string} zone
 */
export const firstNoted = ({ by, at }, zone) =>
  by
    ? t("noted first by %(by)s at %(time)s, on another phone", { by, time: clockTime(at, zone) })
    : t("noted first at %(time)s, on another phone", { time: clockTime(at, zone) });

/**
 * @param {import("./types.js").Snapshot} snapshot
 * @param {{ kind: string, student?: string | null }} what
 * @param {number} atMs
 * @param {string} zone
 */
export function factWords(snapshot, what, atMs, zone) {
  const student = snapshot.students.find((each) => each.code === what.student);
  return [
    h("time", { class: "soft numeric" }, clockTime(atMs, zone)),
    h("span", {}, kindWords(what.kind)),
    student ? h("span", { class: "strong" }, `${student.seat} ${student.name}`) : null,
  ];
}
