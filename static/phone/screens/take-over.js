/** Facts of a colleague's phone that cannot send: read from its codes or a file, kept, and sent on. */
import { button, fill, h, icon } from "../dom.js";
import { fromFile } from "../envelope.js";
import { clockTime } from "../format.js";
import { Collector } from "../frames.js";
import { t } from "../i18n.js";
import { note } from "../pieces.js";
import { cameraPanel } from "./camera-panel.js";

/** @typedef {import("../carry.js").Carried} Carried */

const MOST_NAMED = 12;

/**
 * @param {import("../app.js").App} app
 * @returns {import("../app.js").Screen}
 */
export function takeOverScreen(app) {
  const { model } = app;
  const progress = h("div", { class: "stack stack--tight", id: "frames" });
  const told = h("div", { role: "status" });
  const list = h("div", { class: "stack stack--tight", id: "carried" });
  const collector = new Collector();
  let drawn = "";

  /** @param {Uint8Array<ArrayBuffer>} sealed */
  const keep = async (sealed) => {
    await model.carrier.keep(sealed, model.clock.now());
    fill(told, note("good", t("Taken over: it is kept on this phone and sent on as soon as there is a network.")));
    app.say(t("Taken over: it is kept on this phone and sent on as soon as there is a network."));
    navigator.vibrate?.(120);
    await drawList();
    await model.carrier.sendAll();
    await drawList();
  };

  const drawProgress = () => {
    const { count, read, missing } = collector;
    if (count === 0) return fill(progress);
    const names = missing.slice(0, MOST_NAMED).join(", ") + (missing.length > MOST_NAMED ? " …" : "");
    fill(
      progress,
      h("p", { class: "strong numeric" }, t("Read: %(n)s of %(count)s", { n: read, count })),
      h("progress", { max: count, value: read, "aria-label": t("Codes read") }),
      missing.length > 0 && h("p", { class: "soft numeric" }, t("Still missing: %(numbers)s", { numbers: names })),
    );
  };

  const camera = cameraPanel((text) => {
    const what = collector.take(text);
    if (what === "other" && collector.count === 0)
      return fill(
        told,
        note(
          "warn",
          t("This is no code of a hand-over."),
          h("p", {}, t("On the other phone: What is sent → Hand over.")),
        ),
      );
    if (what !== "new") return;
    fill(told);
    drawProgress();
    void collector.whole().then((sealed) => {
      if (!sealed) return drawProgress();
      return keep(sealed);
    });
  });

  const input = h("input", {
    type: "file",
    hidden: true,
    accept: ".fieldops,text/plain",
    onchange: async () => {
      const file = input.files?.[0];
      input.value = "";
      if (!file) return;
      const sealed = fromFile(await file.text());
      if (sealed) return void keep(sealed);
      fill(told, note("bad", t("This is no hand-over file, or it is damaged."), h("p", {}, file.name)));
    },
  });

  /** @param {Carried} carried */
  const line = (carried) => {
    const { state, by, summary, problem } = carried;
    const shape = { waiting: "cloud-wait", taken: "cloud-done", refused: "warning" }[state];
    const words =
      state === "waiting"
        ? t("Waits here for a network")
        : state === "taken" && summary
          ? t("The server has it: %(accepted)s new, %(duplicate)s there already", {
              accepted: summary.accepted,
              duplicate: summary.duplicate,
            })
          : (problem ?? "");
    const aside = (summary?.quarantined ?? 0) + (summary?.conflict ?? 0);
    return h(
      "div",
      {
        class: `card carried is-${state === "refused" ? "bad" : state === "taken" ? "good" : "warn"}`,
        "data-state": state,
      },
      h(
        "p",
        { class: "row" },
        icon(shape),
        h("span", { class: "strong" }, by ?? t("Phone …%(end)s", { end: carried.device.slice(-6) })),
        h("time", { class: "soft push numeric" }, clockTime(carried.at, model.zone)),
      ),
      h("p", {}, words),
      aside > 0 ? h("p", {}, t("Set aside, to be looked at: %(n)s", { n: aside })) : null,
    );
  };

  const drawList = async () => {
    const all = await model.carrier.all();
    const key = JSON.stringify(all.map(({ id: name, state }) => [name, state]));
    if (key === drawn) return;
    drawn = key;
    fill(list, all.length > 0 && h("h2", {}, t("Carried by this phone")), ...all.map(line));
  };
  void drawList();

  return {
    title: t("Take over from another phone"),
    body: [
      told,
      progress,
      camera.element,
      h("p", { class: "soft" }, t("The order does not matter; what is missing comes round again.")),
      list,
    ],
    bar: [
      h(
        "div",
        { class: "phone-actions__stack" },
        input,
        button(t("Open a file instead"), () => input.click(), { kind: "wide", icon: "upload" }),
      ),
    ],
    update: () => void drawList(),
    dispose: () => camera.dispose(),
  };
}
