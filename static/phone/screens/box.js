/**
 * The phone goes into the box for a session: a sheet to print or to copy by hand, with what is known so far, boxes to
 * tick, lines for the times, and the ten digits that tell the session's state over a telephone.
 */
import { button, fill, h, icon, link } from "../dom.js";
import { clockTime, dayName, plannedTimes } from "../format.js";
import { t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { note } from "../pieces.js";
import { plannedSitting } from "../sitting.js";
import { encode, grouped, saidOf } from "../spoken.js";
import { countsOf, keyOf } from "../state.js";
import { STATUS } from "../words.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../types.js").Session} Session */
/** @typedef {import("../types.js").SittingRow} SittingRow */
/** @typedef {import("../types.js").Student} Student */

/**
 * The students of a room in the order of their seats.
 * @param {App} app
 * @returns {Student[]}
 */
export const inSeatOrder = ({ snapshot, room }) =>
  snapshot.students.filter((student) => student.room === room).sort((a, b) => Number(a.seat) - Number(b.seat));

/**
 * @param {App} app
 * @param {Session} session
 * @param {Student} student
 */
export const statusOf = ({ model }, session, student) =>
  model.current.attendance.get(keyOf(session.code, student.code))?.status ?? (student.exempt ? "exempt" : "expected");

/**
 * The ten digits for this moment.
 * @param {App} app
 * @param {Session} session
 */
export function spokenCode({ model, snapshot, room }, session) {
  const sitting = model.sitting(session.code, room) ?? plannedSitting(session, room);
  const counts = countsOf(snapshot, model.current.attendance, session.code, room);
  /** @param {{ room: string | null, session: string | null }} of */
  const here = (of) => of.room === room && (of.session === null || of.session === session.code);
  const own = model.facts.some((fact) => fact.event.kind === "incident.reported" && here(fact.event));
  const said = saidOf(session, sitting, counts, own || snapshot.states.incidents.some(here));
  return grouped(encode(said, { school: snapshot.school?.code ?? "", room, session: session.code }));
}

/**
 * What else the session's screen offers: the box, and the digits to read out.
 * @param {App} app
 * @param {Session} session
 * @param {SittingRow} sitting
 */
export function otherWays(app, session, sitting) {
  const { model, room } = app;
  if (!model.may("sitting.note")) return [];
  const code = encodeURIComponent(session.code);
  const into = async () => {
    await model.note({ kind: "sitting.phone_boxed", room, session: session.code });
    app.go(`box/${code}`);
  };
  const digits = h(
    "p",
    { class: "row spoken" },
    icon("phone"),
    h("span", {}, t("By telephone, without a network:")),
    h("span", { class: "spoken__code numeric strong", id: "spoken" }, spokenCode(app, session)),
  );
  if (sitting.boxed_at)
    return [link(t("Phone in the box: the sheet"), `#/box/${code}`, { kind: "wide", icon: "lock" }), digits];
  const open = sitting.state === "planned" || sitting.state === "running" || sitting.state === "paused";
  return [
    open && button(t("Phone goes into the box"), () => void into(), { kind: "wide", icon: "lock", id: "into-box" }),
    digits,
  ];
}

/**
 * @param {App} app
 * @param {string[]} path
 * @returns {import("../app.js").Screen}
 */
export function boxScreen(app, [code = ""]) {
  const { model, snapshot, room } = app;
  const session = snapshot.sessions.find((each) => each.code === code);
  const place = snapshot.rooms.find((each) => each.code === room);
  if (!session)
    return { title: t("No such session"), body: [h("p", {}, t("The timetable has changed. Go back to Now."))] };
  const sheet = h("section", { class: "sheet", "aria-label": t("Sheet for the room") });
  let shown = "";
  const update = () => {
    const sitting = model.sitting(session.code, room) ?? plannedSitting(session, room);
    const students = inSeatOrder(app).map((student) => ({ student, status: statusOf(app, session, student) }));
    const digits = spokenCode(app, session);
    const key = JSON.stringify([
      sitting.boxed_at,
      sitting.started_at,
      sitting.ended_at,
      students.map((each) => each.status),
      digits,
    ]);
    if (key === shown) return;
    shown = key;
    fill(
      sheet,
      h(
        "header",
        { class: "sheet__head" },
        h("h2", {}, `${snapshot.school?.name ?? ""} · ${roomName(place)}`),
        h(
          "p",
          { class: "strong" },
          `${sessionName(session)} · ${dayName(session.starts_at, model.zone)} ${plannedTimes(session)}`,
        ),
        h("p", { class: "soft" }, t("As of %(time)s", { time: clockTime(model.clock.now(), model.zone) })),
      ),
      h(
        "ol",
        { class: "sheet__seats" },
        students.map(({ student, status }) => seat(student, status)),
      ),
      h(
        "dl",
        { class: "sheet__lines" },
        timeLine(t("Started at"), sitting.started_at, model.zone),
        timeLine(t("Ended at"), sitting.ended_at, model.zone),
        h("dt", {}, t("Remarks")),
        h("dd", { class: "sheet__blank" }),
      ),
      h(
        "p",
        { class: "sheet__code" },
        h("span", {}, t("To read out by telephone, as of now")),
        h("span", { class: "spoken__code numeric strong", id: "spoken" }, digits),
      ),
    );
  };
  update();
  const back = `#/box-back/${encodeURIComponent(session.code)}`;
  return {
    title: t("Phone in the box"),
    subtitle: `${sessionName(session)} · ${roomName(place)}`,
    body: [
      note(
        "info",
        t("Print this sheet or copy it by hand, then lock the phone away."),
        h("p", {}, t("Afterwards tick the same seats here. The board shows that the phone is in the box.")),
      ),
      sheet,
      button(t("Print"), () => window.print(), { kind: "wide", icon: "print", id: "print" }),
    ],
    bar: [link(t("Phone is back: enter the ticks"), back, { kind: "primary huge", icon: "pen", id: "back" })],
    update,
  };
}

/** @param {Student} student @param {string} status */
function seat(student, status) {
  const known = status !== "expected";
  const look = STATUS[status] ?? { label: status, icon: "dots" };
  return h(
    "li",
    { class: "sheet__seat", "data-status": status },
    h("span", { class: "sheet__tick", "aria-hidden": "true" }, known ? icon(look.icon) : null),
    h("span", { class: "sheet__number" }, student.seat),
    h("span", { class: "sheet__name" }, student.name),
    known ? h("span", { class: "sheet__status" }, t(look.label)) : null,
  );
}

/** @param {string} label @param {string | null} at @param {string} zone */
const timeLine = (label, at, zone) => [
  h("dt", {}, label),
  h("dd", { class: at ? "numeric strong" : "sheet__blank" }, at ? clockTime(at, zone) : null),
];
