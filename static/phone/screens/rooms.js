/** Which room: asked once of people who have the whole school. */
import { h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { sessionNow, sessionsOf } from "../nowcard.js";
import { chip } from "../pieces.js";
import { countsOf } from "../state.js";
import { boardLink } from "./home.js";

/**
 * @param {import("../app.js").App} app
 * @returns {import("../app.js").Screen}
 */
export function roomsScreen(app) {
  const { model, snapshot } = app;
  const mine = snapshot.rooms.filter((room) => room.mine);
  const rooms = model.may("school.view") || mine.length === 0 ? snapshot.rooms : mine;
  const lines = rooms.map((room) => {
    const session = sessionNow(
      sessionsOf(snapshot, room.code),
      (code) => model.sitting(code, room.code),
      model.clock.now(),
    );
    const counts = session ? countsOf(snapshot, model.current.attendance, session.code, room.code) : null;
    const words = session && counts ? `${sessionName(session)} · ${counts.present}/${counts.expected}` : "";
    const state = session ? (model.sitting(session.code, room.code)?.state ?? "planned") : "";
    return h(
      "button",
      {
        type: "button",
        class: "list__item",
        onclick: () => app.pickRoom(room.code),
        "aria-current": room.code === app.room && "true",
      },
      h(
        "span",
        { class: "list__main" },
        h("span", { class: "strong" }, roomName(room)),
        h("br"),
        h("span", { class: "soft numeric" }, words),
      ),
      state ? chip(state) : null,
      icon("chevron-right"),
    );
  });
  return {
    title: t("Which room?"),
    subtitle: snapshot.school?.name ?? "",
    body: [h("div", { class: "list" }, lines), boardLink(app)].filter((node) => node !== null),
  };
}
