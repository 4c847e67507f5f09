/** Photos and files of an incident: taken or chosen, shown small, and each with its way on the incident's card. */
import { fill, h, icon } from "../dom.js";
import { msg, t } from "../i18n.js";
import { note } from "../pieces.js";
import { NotReadable, ready, TooLarge } from "../shrink.js";
import { uuid7 } from "../uuid7.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../types.js").Draft} Draft */
/** @typedef {import("../shrink.js").Ready & { id: string, url: string | null }} Chosen */

const MOST = 5;

/**
 * The field, and what was chosen in it.
 * @param {{ onchange?: () => void }} [how]
 */
export function photoField({ onchange } = {}) {
  /** @type {Chosen[]} */
  const chosen = [];
  const list = h("div", { class: "photos" });
  const told = h("div", { role: "status" });

  const draw = () => {
    fill(
      list,
      ...chosen.map((each, index) =>
        h(
          "button",
          {
            type: "button",
            class: "photo",
            "aria-label": t("Remove photo or file %(n)s", { n: index + 1 }),
            onclick: () => {
              if (each.url) URL.revokeObjectURL(each.url);
              chosen.splice(chosen.indexOf(each), 1);
              draw();
              onchange?.();
            },
          },
          each.url ? h("img", { src: each.url, alt: "" }) : h("span", { class: "photo__file" }, "PDF"),
          icon("cross"),
        ),
      ),
    );
  };

  /** @param {Event} event */
  const take = async (event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const files = [...(input.files ?? [])];
    input.value = "";
    fill(told);
    for (const file of files) {
      if (chosen.length >= MOST) {
        fill(told, note("warn", t("At most %(n)s at once.", { n: MOST })));
        break;
      }
      try {
        const made = await ready(file);
        const url =
          made.type === "image/jpeg" ? URL.createObjectURL(new Blob([made.bytes], { type: made.type })) : null;
        chosen.push({ ...made, id: uuid7(), url });
      } catch (error) {
        const words =
          error instanceof TooLarge
            ? t("This file is larger than 2 MB.")
            : error instanceof NotReadable
              ? t("This phone cannot read that picture. Take a photo of it instead.")
              : t("The picture could not be prepared. Try again.");
        fill(told, note("warn", words));
      }
    }
    draw();
    onchange?.();
  };

  /** @param {string} label @param {string} shape @param {Record<string, string | boolean>} props */
  const way = (label, shape, props) =>
    h(
      "label",
      { class: "button photo-way" },
      icon(shape),
      h("span", {}, label),
      h("input", { type: "file", class: "visually-hidden", onchange: (event) => void take(event), ...props }),
    );
  const field = h(
    "div",
    { class: "field", role: "group", "aria-label": t("Photos and files") },
    h(
      "span",
      { class: "field__label" },
      t("Photos and files"),
      " ",
      h("span", { class: "field__optional" }, t("(optional)")),
    ),
    h("span", { class: "field__hint" }, t("No persons in the picture: the place, the paper, the device.")),
    h(
      "div",
      { class: "row" },
      way(t("Take a photo"), "camera", { accept: "image/*", capture: "environment" }),
      way(t("Choose a file"), "upload", { accept: "image/*,application/pdf", multiple: true }),
    ),
    list,
    told,
  );
  const clear = () => {
    for (const { url } of chosen) if (url) URL.revokeObjectURL(url);
    chosen.length = 0;
    fill(told);
    draw();
  };
  return { field, chosen, clear };
}

/**
 * Keeps what was chosen, and gives the facts that announce it. Without room for the pictures the report goes all the same.
 * @param {App} app
 * @param {string} incident
 * @param {Chosen[]} chosen
 * @returns {Promise<{ drafts: Draft[], room: boolean }>} `room`: whether there was room for the pictures
 */
export async function announced({ model, room }, incident, chosen) {
  if (chosen.length === 0) return { drafts: [], room: true };
  try {
    await model.pictures.keep(chosen.map(({ id, bytes, type }) => ({ id, incident, bytes, type })));
  } catch {
    return { drafts: [], room: false };
  }
  const drafts = chosen.map(({ id, bytes, type, sha256 }) => ({
    id,
    kind: "incident.attached",
    room,
    data: { incident, sha256, size: bytes.length, type },
  }));
  return { drafts, room: true };
}

export const NO_ROOM = msg("There is no room for the pictures on this phone; the words are noted.");

/**
 * What became of the photos that this phone noted for an incident.
 * @param {App["model"]} model
 * @param {string} incident
 */
export function photoLines(model, incident) {
  const mine = model.facts.filter(
    ({ event }) => event.kind === "incident.attached" && event.data.incident === incident,
  );
  return mine.map((fact) => {
    const state = model.pictures.states.get(fact.id);
    const [tone, shape, words] =
      state === "refused"
        ? ["is-bad", "cross", t("Photo: the server could not take it")]
        : state === "taken"
          ? ["chip--provisional", "cloud-done", t("Photo: received")]
          : ["chip--provisional", "cloud-wait", t("Photo: on this phone, goes by itself")];
    return h("p", {}, h("span", { class: `chip ${tone}` }, icon(shape), words));
  });
}
