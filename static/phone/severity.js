import { msg } from "./i18n.js";

/** @typedef {import("./types.js").Severity} Severity */
/** @typedef {"no" | "slight" | "serious"} Order */
/**
 * @typedef {object} Answers
 * @property {Order} order_affected
 * @property {boolean} data_affected
 * @property {boolean} materials_at_risk
 * @property {boolean} beyond_school
 */

/**
 * Severity as the answers to the plain questions give it, and the answer that did it. The same table is on the server
 * (fieldops/incidents/facts.py), which decides; this one only shows it before sending.
 * The gravest question comes first, so that "which answer did it" names what an official would name.
 * @type {{ when: (answers: Answers) => boolean, severity: Severity, answer: keyof Answers, because: string }[]}
 */
const TABLE = [
  {
    when: (a) => a.materials_at_risk,
    severity: "serious",
    answer: "materials_at_risk",
    because: msg("because test materials are at risk"),
  },
  {
    when: (a) => a.data_affected,
    severity: "serious",
    answer: "data_affected",
    because: msg("because the data may no longer be true"),
  },
  {
    when: (a) => a.order_affected === "serious",
    severity: "serious",
    answer: "order_affected",
    because: msg("because order is seriously disturbed"),
  },
  {
    when: (a) => a.beyond_school,
    severity: "serious",
    answer: "beyond_school",
    because: msg("because more than this school is concerned"),
  },
  {
    when: (a) => a.order_affected === "slight",
    severity: "moderate",
    answer: "order_affected",
    because: msg("because order is slightly disturbed"),
  },
];

/**
 * @param {Answers} answers
 * @returns {{ severity: Severity, answer: keyof Answers | null, because: string }} `because` is a message key
 */
export function severityOf(answers) {
  for (const row of TABLE) {
    if (row.when(answers)) return { severity: row.severity, answer: row.answer, because: row.because };
  }
  return { severity: "minor", answer: null, because: msg("because nothing beyond this room is affected") };
}
