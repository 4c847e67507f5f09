/** The students of a room as seats or by name: made once, brought up to date in place, so that no tap goes astray. */
import { fill, h, icon, set } from "../dom.js";
import { t } from "../i18n.js";
import { keyOf } from "../state.js";
import { STATUS } from "../words.js";

/** @typedef {import("../types.js").Student} Student */

/**
 * @param {import("../app.js").App} app
 * @param {string} session
 * @param {(student: Student, method: "seat" | "name") => void} onpick
 */
export function studentList({ model, snapshot, room }, session, onpick) {
  const students = snapshot.students
    .filter((student) => student.room === room)
    .sort((a, b) => Number(a.seat) - Number(b.seat) || String(a.seat).localeCompare(String(b.seat)));
  const element = h("div", {});
  /** @type {"seats" | "list"} */
  let view = "seats";
  /** @type {"seats" | "list"} */
  let shownAs = "seats";
  let search = "";
  /** @type {Map<string, { node: HTMLButtonElement, status: string, pending: boolean }>} */
  const nodes = new Map();

  /** @param {Student} student */
  const matches = (student) => {
    if (!search) return true;
    if (/^\d+$/.test(search)) return String(Number(student.seat)).startsWith(String(Number(search)));
    return student.name.toLocaleLowerCase().includes(search.toLocaleLowerCase());
  };

  const build = () => {
    // What is searched for is shown with the whole name, whatever the view.
    shownAs = search ? "list" : view;
    nodes.clear();
    const shown = students.filter(matches);
    for (const student of shown) {
      const method = shownAs === "seats" ? "seat" : "name";
      const node = h("button", { type: "button", onclick: () => onpick(student, method) });
      nodes.set(student.code, { node, status: "", pending: false });
    }
    element.className = shownAs === "seats" ? "seats" : "list";
    fill(
      element,
      shown.length === 0 && h("p", { class: "empty" }, t("Nobody here with that seat or name.")),
      ...[...nodes.values()].map(({ node }) => node),
    );
    update();
  };

  const update = () => {
    for (const student of students) {
      const entry = nodes.get(student.code);
      if (!entry) continue;
      const row = model.current.attendance.get(keyOf(session, student.code));
      const status = row?.status ?? (student.exempt ? "exempt" : "expected");
      const pending = row?.pending ?? false;
      if (entry.status === status && entry.pending === pending) continue;
      nodes.set(student.code, { ...entry, status, pending });
      draw(entry.node, student, status, pending);
    }
  };

  /** @param {HTMLButtonElement} node @param {Student} student @param {string} status @param {boolean} pending */
  const draw = (node, student, status, pending) => {
    const look = STATUS[status] ?? { label: status, icon: "dots" };
    set(node, {
      class: shownAs === "seats" ? `seat chip--${status}` : "list__item",
      "data-student": student.code,
      "data-pending": pending,
    });
    if (shownAs === "seats") {
      fill(
        node,
        h("span", {}, student.seat),
        icon(look.icon),
        h("span", { class: "seat__name" }, student.name),
        h("span", { class: "visually-hidden" }, t(look.label)),
      );
    } else {
      fill(
        node,
        h("span", { class: "list__lead" }, student.seat),
        h("span", { class: "list__main" }, student.name),
        h("span", { class: `chip chip--${status}` }, icon(look.icon), t(look.label)),
      );
    }
  };

  build();
  return {
    element,
    update,
    /** @returns {Student[]} */
    matching: () => students.filter(matches),
    /** @param {"seats" | "list"} to */
    show: (to) => {
      view = to;
      build();
    },
    /** @param {string} words */
    search: (words) => {
      search = words.trim();
      build();
    },
  };
}
