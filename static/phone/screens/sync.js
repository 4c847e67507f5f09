/** What is on this phone and what the server has: the honest line in full. */
import { button, fill, h, icon, link } from "../dom.js";
import { factWords, lateMark } from "../factwords.js";
import { clockTimeSeconds, duration } from "../format.js";
import { msg, t } from "../i18n.js";
import { declined, isOpen } from "../outbox.js";
import { note } from "../pieces.js";
import { lateBy, momentOf } from "../state.js";
import { appCard } from "./app-card.js";
import { handedLine } from "./handed-line.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../types.js").Fact} Fact */

const MOST_LINES = 60;
const MIB = 1_048_576;
/** Less room than this, and a day's facts may not fit. */
const LITTLE_ROOM_MIB = 20;

/** Why the server set a fact aside. @type {Record<string, string>} */
const ASIDE = {
  not_permitted: msg("not your duty at that place"),
  unreadable: msg("cannot be understood by the server"),
  unknown_kind: msg("of a kind that the server does not know"),
  bad_data: msg("cannot be understood by the server"),
  id_reused: msg("stands on the server with other words"),
};

/**
 * @param {App} app
 * @returns {import("../app.js").Screen}
 */
export function syncScreen(app) {
  const { model } = app;
  const summary = h("dl", { class: "facts" });
  const notes = h("div", { class: "stack stack--tight" });
  const list = h("div", { class: "stack stack--tight" });
  const device = h("dl", { class: "facts" });
  const again = button(t("Send now"), () => void model.sync.run({ force: true, person: true }), {
    kind: "primary huge",
    icon: "refresh",
  });
  const other = h(
    "div",
    { class: "frames__ways" },
    link(t("Hand over"), "#/hand-over", { icon: "seats", note: t("this phone cannot send") }),
    link(t("Take over from another phone"), "#/take-over", { icon: "camera" }),
  );
  const card = appCard(app);
  let shown = "";

  const update = () => {
    card.update();
    const { health } = model.sync;
    const handed = model.handOver.state(app.snapshot, model.facts);
    const looks = model.facts.filter((fact) => isOpen(fact) || needsLook(fact));
    const key = JSON.stringify([
      model.facts.length,
      looks.map((fact) => [fact.id, fact.state, fact.refused]),
      { ...health, answeredMono: null },
      model.storage,
      model.clockState,
      handed,
    ]);
    if (key === shown) return;
    shown = key;
    fill(summary, ...summaryOf(app));
    fill(notes, ...notesOf(app));
    fill(
      list,
      looks.length > 0 && h("h2", {}, t("Not received yet")),
      ...looks
        .sort((a, b) => Number(needsLook(b)) - Number(needsLook(a)))
        .slice(0, MOST_LINES)
        .map((fact) => factLine(app, fact)),
    );
    if (handed.at !== null) notes.append(handedLine(app, handed));
    fill(device, ...deviceLines(app));
    again.disabled = health.busy;
  };
  update();
  return {
    title: t("What is sent"),
    body: [
      notes,
      h("section", { class: "card" }, summary),
      other,
      list,
      h("section", { class: "card stack stack--tight" }, h("h2", {}, t("This phone")), device),
      card.node,
    ],
    bar: [again],
    update,
  };
}

/** Facts that no sending alone will cure. @param {Fact} fact */
const needsLook = (fact) => fact.state === "quarantined" || Boolean(fact.refused) || declined(fact);

/** @param {string} name @param {string | number} value */
const line = (name, value) => [h("dt", {}, name), h("dd", { class: "numeric" }, value)];

/** @param {App} app */
function summaryOf({ model }) {
  const { health } = model.sync;
  /** @param {(fact: Fact) => boolean} which */
  const count = (which) => model.facts.filter(which).length;
  const unsent = count((fact) => fact.state === "waiting");
  const unconfirmed = count((fact) => fact.state === "unconfirmed" && !fact.refused);
  return [
    ...line(t("Waiting"), unsent),
    ...(unconfirmed > 0 ? line(t("Sent, no answer yet"), unconfirmed) : []),
    ...line(
      t("Received"),
      count((fact) => fact.state === "received"),
    ),
    ...line(t("Server answered"), health.answeredAt ? clockTimeSeconds(health.answeredAt, model.zone) : t("not yet")),
  ];
}

/** @param {App} app */
function notesOf({ model, snapshot }) {
  const { health } = model.sync;
  const open = model.facts.filter(isOpen);
  const refused = open.filter((fact) => fact.refused).length;
  const aside = model.facts.filter((fact) => fact.state === "quarantined").length;
  const others = open.filter((fact) => fact.person !== snapshot.person.id).length;
  const elsewhere = open.filter(
    (fact) => fact.person === snapshot.person.id && fact.window !== snapshot.window.code,
  ).length;
  const off = duration(Math.abs(model.clock.offsetMs()) / 1000);
  return [
    health.signedOut &&
      note(
        "bad",
        t("This phone was signed out."),
        h("p", {}, t("Your facts are kept. Sign in again and they are sent.")),
        link(t("To the sign-in"), "/"),
      ),
    health.closed === "no-open-window" &&
      note(
        "warn",
        t("No assessment window is open for you."),
        h("p", {}, t("Your facts are kept. Ask the county's desk.")),
      ),
    aside > 0 &&
      note(
        "bad",
        t("The server set facts aside: %(n)s", { n: aside }),
        h("p", {}, t("Nothing is lost. Show this to the chief monitor.")),
      ),
    refused > 0 &&
      note(
        "bad",
        t("Cannot be understood by the server: %(n)s", { n: refused }),
        h("p", {}, t("They are kept and hold back nothing else. Show this to the chief monitor.")),
      ),
    others > 0 &&
      note(
        "info",
        t("Noted by somebody else on this phone: %(n)s", { n: others }),
        h("p", {}, t("Sent when they sign in here again.")),
      ),
    elsewhere > 0 &&
      note(
        "info",
        t("Noted in another window: %(n)s", { n: elsewhere }),
        h("p", {}, t("Kept here, and not sent into this one.")),
      ),
    model.clockState === "off" &&
      note("info", t("This phone's clock is %(time)s off. All times are corrected.", { time: off })),
    model.clockState === "unsure" &&
      note(
        "info",
        t("This phone's clock could not be checked since it slept or was started."),
        h("p", {}, t("Times are put right when the server answers.")),
      ),
    model.storage?.kept === false &&
      note(
        "warn",
        t("The browser does not promise to keep what is noted."),
        h("p", {}, t("Add this page to the home screen, keep some room free, and send soon.")),
      ),
  ];
}

/** @param {App} app */
function deviceLines({ model }) {
  const { storage } = model;
  const kept =
    storage?.kept === true
      ? t("yes, the browser promised it")
      : storage?.kept === false
        ? t("as long as there is room")
        : t("the browser does not say");
  const free = storage?.freeBytes ?? null;
  const mib = free === null ? null : Math.floor(free / MIB);
  return [
    ...line(t("Facts kept here"), model.facts.length),
    ...line(t("Kept for good"), storage ? kept : "…"),
    ...(mib === null
      ? []
      : line(t("Room left"), mib < LITTLE_ROOM_MIB ? t("little: %(n)s MB", { n: mib }) : t("enough"))),
  ];
}

/**
 * @param {App} app
 * @param {Fact} fact
 */
function factLine({ model, snapshot }, fact) {
  const at = momentOf(fact);
  const written = Date.parse(fact.event.recorded_at) + fact.event.offset_ms;
  const aside = ASIDE[String(fact.reason)] ?? msg("set aside");
  const state = fact.refused
    ? t("cannot be understood by the server")
    : fact.state === "quarantined"
      ? t(aside)
      : declined(fact)
        ? t("not taken: something newer was decided. Decide again.")
        : fact.state === "unconfirmed"
          ? t("sent, no answer yet")
          : t("waiting to be sent");
  const shape = needsLook(fact) ? "warning" : "cloud-wait";
  return h(
    "div",
    { class: "stack stack--tight sent-line", "data-state": fact.refused ? "refused" : fact.state },
    h("p", { class: "row" }, factWords(snapshot, fact.event, at, model.zone)),
    h("p", { class: "soft small" }, icon(shape), " ", state),
    lateBy(snapshot, at, written) > 0 ? h("p", {}, lateMark(written, model.zone)) : null,
    fact.event.clock_unsure
      ? h("p", { class: "soft small" }, icon("clock"), " ", t("time not checked with the server yet"))
      : null,
  );
}
