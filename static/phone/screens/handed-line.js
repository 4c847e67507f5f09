/** One line for two screens. */
import { h, icon } from "../dom.js";
import { clockTime } from "../format.js";
import { t } from "../i18n.js";

/**
 * What was handed over and is not confirmed yet.
 * @param {import("../app.js").App} app
 * @param {{ handed: number, at: number | null }} state
 */
export function handedLine({ model }, { handed, at }) {
  const words = t("Handed over at %(time)s, not confirmed yet: %(n)s", {
    time: clockTime(at ?? 0, model.zone),
    n: handed,
  });
  return h("p", { class: "row handed" }, icon("arrow-right"), h("span", {}, words));
}
