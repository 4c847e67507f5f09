/** The app itself on this phone: whether it opens without a network, its version, a new one, the home screen. */
import { button, fill, h, link } from "../dom.js";
import { browserOf } from "../environment.js";
import { t } from "../i18n.js";
import { sessionName } from "../names.js";
import { note } from "../pieces.js";
import { runningVersion, shell, takeOver } from "../shell.js";
import { updateHeld } from "../update.js";

/** @typedef {import("../app.js").App} App */

const installed = () =>
  matchMedia("(display-mode: standalone)").matches ||
  Boolean(/** @type {Navigator & { standalone?: boolean }} */ (navigator).standalone);

/** @returns {"offer" | "by-hand" | null} how the app gets to the home screen here; null when it is there or cannot */
function installWay() {
  if (installed()) return null;
  if (shell.install) return "offer";
  const { inApp, system } = browserOf(navigator.userAgent, navigator.maxTouchPoints);
  return system === "ios" && !inApp && shell.able ? "by-hand" : null;
}

/**
 * A quiet line when a new version is here; nothing takes it over but the tap, and not in a session.
 * @param {App} app
 */
function newVersion(app) {
  const said = h("div", { role: "status" });
  const take = button(
    t("Take it now"),
    async () => {
      const { model, snapshot, room } = app;
      const held = updateHeld({ snapshot, current: model.current, room, nowMs: model.clock.now() });
      const session = held ? sessionName(held.session) : "";
      if (held?.why === "running") fill(said, h("p", {}, t("Not now: %(session)s is running.", { session })));
      else if (held) fill(said, h("p", {}, t("Not now: check-in for %(session)s is open.", { session })));
      else if (!(await takeOver())) fill(said, h("p", {}, t("It did not work. Close the page and open it again.")));
    },
    { icon: "refresh" },
  );
  return note("info", t("A new version is ready"), said, take);
}

/**
 * At the end of the first screen: only what there is to do.
 * @param {App} app
 */
export function appLine(app) {
  const node = h("div", { class: "stack stack--tight" });
  let shown = "";
  const update = () => {
    const key = `${shell.update} ${installWay()}`;
    if (key === shown) return;
    shown = key;
    fill(
      node,
      shell.update && newVersion(app),
      installWay() && link(t("Put on the home screen"), "#/sync", { kind: "quiet", icon: "phone" }),
    );
  };
  update();
  return { node, update };
}

/**
 * On the screen of what is sent: the whole of it.
 * @param {App} app
 */
export function appCard(app) {
  const node = h("section", { class: "card stack stack--tight", id: "app-card" });
  let shown = "";
  const update = () => {
    const key = `${shell.able} ${shell.ready} ${shell.update} ${installWay()}`;
    if (key === shown) return;
    shown = key;
    fill(
      node,
      h("h2", {}, t("The app on this phone")),
      h(
        "dl",
        { class: "facts" },
        h("dt", {}, t("Without a network")),
        h("dd", { "data-ready": shell.ready }, readyWords()),
        h("dt", {}, t("Version")),
        h("dd", { class: "mono" }, runningVersion()),
      ),
      shell.update && newVersion(app),
      ...installPart(),
    );
  };
  update();
  return { node, update };
}

function readyWords() {
  if (shell.ready) return t("Opens");
  return shell.able ? t("Not yet, it is being fetched") : t("Not in this browser");
}

function installPart() {
  const way = installWay();
  if (way === "offer")
    return [button(t("Put on the home screen"), () => void shell.install?.prompt(), { kind: "wide", icon: "phone" })];
  if (way === "by-hand")
    return [h("p", {}, t("To the home screen: tap the share sign of Safari, then “Add to Home Screen”."))];
  return [];
}
