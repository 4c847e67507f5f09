/** An incident: what it is, three plain questions, whether it is only here. The severity follows, and says why. */
import { button, fill, h, icon } from "../dom.js";
import { clockTime } from "../format.js";
import { t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { chip, note, pickFromList, pickOne, wordsField } from "../pieces.js";
import { severityOf } from "../severity.js";
import { momentOf, overlay } from "../state.js";
import { uuid7 } from "../uuid7.js";
import { INCIDENT_CATEGORIES, LEVELS } from "../words.js";
import { announced, NO_ROOM, photoField, photoLines } from "./photo-field.js";
import { reportTabs, sessionHere } from "./report-parts.js";

/** Longer than an answer takes where there is a network. */
const STUCK_MS = 3_000;

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../types.js").IncidentRow} IncidentRow */

/**
 * @param {App} app
 * @returns {import("../app.js").Screen}
 */
export function incidentScreen(app) {
  const { model, room, snapshot } = app;
  const session = sessionHere(app);
  const place = snapshot.rooms.find((each) => each.code === room);
  /** @type {{ category?: string, order?: import("../severity.js").Order, data?: boolean, materials?: boolean, only?: boolean }} */
  const said = {};
  const words = wordsField(t("What happened, what was done"), {
    rows: 3,
    hint: t("No names: room and seat are enough."),
  });
  const photos = photoField();
  const derived = h("div", { role: "status" });
  const known = h("div", { class: "stack stack--tight" });

  const answers = () => ({
    order_affected: said.order ?? "no",
    data_affected: said.data ?? false,
    materials_at_risk: said.materials ?? false,
    beyond_school: said.only === false,
  });
  const complete = () =>
    said.category !== undefined &&
    said.order !== undefined &&
    said.data !== undefined &&
    said.materials !== undefined &&
    said.only !== undefined;
  const send = button(
    t("Send"),
    async () => {
      send.disabled = true;
      const text = words.value();
      const id = uuid7();
      const pictures = await announced(app, id, photos.chosen);
      await model.note(
        {
          id,
          kind: "incident.reported",
          room,
          session: session?.code ?? null,
          data: { category: said.category, ...answers(), ...(text && { note: text }) },
        },
        ...pictures.drafts,
      );
      photos.clear();
      if (!pictures.room) {
        app.flash("warn", t(NO_ROOM));
      } else if (navigator.onLine) {
        app.flash("good", t("Reported. It is sent as soon as the server answers; its state stands below."));
      } else {
        app.flash("warn", t("Noted on this phone, and not delivered yet: its state stands below."));
      }
      app.go("incident");
    },
    { kind: "primary huge", icon: "up" },
  );
  const judge = () => {
    const { severity, because } = severityOf(answers());
    send.disabled = !complete();
    fill(derived, complete() && h("p", { class: "row derived" }, chip(severity), h("span", {}, t(because))));
  };
  judge();
  /** @type {[string, string][]} */
  const yesNo = [
    ["no", t("No")],
    ["yes", t("Yes")],
  ];
  const questions = [
    pickFromList(t("What is it?"), INCIDENT_CATEGORIES, (code) => {
      said.category = code;
      judge();
    }),
    pickOne(
      t("Is order disturbed?"),
      [
        ["no", t("No")],
        ["slight", t("A little")],
        ["serious", t("Seriously")],
      ],
      (code) => {
        said.order = /** @type {import("../severity.js").Order} */ (code);
        judge();
      },
      { layout: "segments" },
    ),
    pickOne(
      t("Could the answers be untrue because of it?"),
      yesNo,
      (code) => {
        said.data = code === "yes";
        judge();
      },
      { layout: "segments" },
    ),
    pickOne(
      t("Are test materials at risk?"),
      yesNo,
      (code) => {
        said.materials = code === "yes";
        judge();
      },
      { layout: "segments" },
    ),
    pickOne(
      t("Is it only at this school?"),
      [
        ["yes", t("Only here")],
        ["no", t("Elsewhere too")],
      ],
      (code) => {
        said.only = code === "yes";
        judge();
      },
      { layout: "segments" },
    ),
  ];
  const urgent = note("bad", t("Danger to people: act first, report after. Help and evacuation need no approval."));
  let shown = "";
  /** Half-chosen photos stay when the cards are drawn anew. @type {Map<string, HTMLElement>} */
  const adding = new Map();
  const update = () => {
    const rows = incidentsOf(app);
    const key = JSON.stringify([rows, [...model.pictures.states]]);
    if (key === shown) return;
    shown = key;
    fill(known, rows.length > 0 && h("h2", {}, t("Incidents")), ...rows.map((row) => incidentCard(app, row, adding)));
  };
  update();
  return {
    title: t("Report an incident"),
    subtitle: session ? `${roomName(place)} · ${sessionName(session)}` : roomName(place),
    body: [reportTabs("incident"), known, urgent, ...questions, words.field, photos.field],
    bar: [derived, send],
    update,
  };
}

/**
 * Those of the snapshot, and those of this phone that are not in it yet.
 * @param {App} app
 * @returns {IncidentRow[]}
 */
function incidentsOf({ model, snapshot }) {
  const known = new Set(snapshot.states.incidents.map((row) => row.id));
  const own = overlay(snapshot, model.facts)
    .filter((fact) => fact.event.kind === "incident.reported" && !known.has(fact.id))
    .map((fact) => {
      const data = /** @type {any} */ (fact.event.data);
      return {
        id: fact.id,
        room: fact.event.room,
        session: fact.event.session,
        category: String(data.category),
        severity: severityOf(data).severity,
        level: "school",
        state: "waiting",
        reported_at: new Date(momentOf(fact)).toISOString(),
        version: 0,
        pending: fact.state !== "received",
        stuck: fact.state !== "received" && isStuck(fact.id),
      };
    });
  return [...own.reverse(), ...snapshot.states.incidents];
}

/** @param {App} app @param {IncidentRow} row @param {Map<string, HTMLElement>} adding */
function incidentCard(app, row, adding) {
  const { model, snapshot } = app;
  if (!OVER.has(row.state) && !adding.has(row.id)) adding.set(row.id, morePhotos(app, row.id));
  const category = INCIDENT_CATEGORIES.find(([code]) => code === row.category)?.[1];
  const place = snapshot.rooms.find((each) => each.code === row.room);
  const level = t(LEVELS[row.level] ?? row.level);
  return h(
    "article",
    { class: "card" },
    h("div", { class: "card__head" }, h("h3", {}, category ? t(category) : row.category), chip(row.severity)),
    h(
      "p",
      { class: "row" },
      row.pending
        ? h(
            "span",
            { class: `chip ${row.stuck ? "is-bad" : "chip--provisional"}` },
            icon("cloud-wait"),
            pendingWords(row),
          )
        : row.state === "waiting"
          ? h("span", { class: "chip chip--provisional" }, icon("cloud-done"), t("received"))
          : chip(row.phase ?? row.state),
      h("span", { class: "soft numeric" }, `${clockTime(row.reported_at, model.zone)} · ${roomName(place)} · ${level}`),
    ),
    ...(row.stuck ? [notDelivered(snapshot, row)] : []),
    ...(row.instructions ?? []).map((each) =>
      note("info", t("Instruction, %(time)s", { time: clockTime(each.at, model.zone) }), h("p", {}, each.text)),
    ),
    ...photoLines(model, row.id),
    OVER.has(row.state) ? null : adding.get(row.id),
  );
}

const OVER = new Set(["closed", "cancelled"]);

/**
 * Photos for an incident that is reported already.
 * @param {App} app
 * @param {string} incident
 */
function morePhotos(app, incident) {
  const photos = photoField({ onchange: () => (save.hidden = photos.chosen.length === 0) });
  const save = button(
    t("Send"),
    async () => {
      const pictures = await announced(app, incident, photos.chosen);
      photos.clear();
      save.hidden = true;
      if (!pictures.room) app.flash("warn", t(NO_ROOM));
      if (pictures.drafts.length > 0) await app.model.note(...pictures.drafts);
    },
    { kind: "primary", icon: "up" },
  );
  save.hidden = true;
  return h("details", { class: "photo-more" }, h("summary", {}, t("Add a photo or a file")), photos.field, save);
}

/** @param {IncidentRow} row */
function pendingWords(row) {
  return row.stuck ? t("not delivered") : t("waiting to be sent");
}

/** When each was first seen waiting, by the monotonic clock. @type {Map<string, number>} */
const waitingSince = new Map();

/**
 * Whether it waits for longer than an answer takes where there is a network.
 * @param {string} id
 */
function isStuck(id) {
  const now = performance.now();
  if (!waitingSince.has(id)) waitingSince.set(id, now);
  return !navigator.onLine || now - (waitingSince.get(id) ?? now) > STUCK_MS;
}

/**
 * Nobody knows of it yet: say so, and whom to call.
 * @param {App["snapshot"]} snapshot
 * @param {IncidentRow} row
 */
function notDelivered({ county, school }, row) {
  const called = [
    [county?.name, county?.telephone],
    [school?.name, school?.telephone],
  ].filter(([, number]) => number);
  return note(
    "bad",
    t("Not delivered: nobody but this phone knows of it yet."),
    h("p", {}, t("It goes by itself as soon as there is a network.")),
    called.length > 0 &&
      h("p", {}, row.severity === "serious" ? t("It is serious: telephone now.") : t("If it is urgent, telephone:")),
    ...called.map(([name, number]) =>
      h(
        "a",
        { class: "button button--wide", href: `tel:${String(number).replace(/[^0-9+*#]/g, "")}` },
        icon("phone"),
        h("span", {}, `${name} `, h("span", { class: "button__note nowrap" }, String(number))),
      ),
    ),
  );
}
