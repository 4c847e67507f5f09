/**
 * Which facts still stand: what is left when corrections and undos are taken at their word. The same rules as
 * fieldops/testday/standing.py.
 */

/**
 * @typedef {object} Told a fact as the folds read it
 * @property {string} id
 * @property {string} kind
 * @property {number} at Unix ms in the window's clock
 * @property {string | null} [corrects] id of the fact that this one replaces
 * @property {string | null} [undoes]
 */

/**
 * Corrected time, then id: the same order whatever order they arrived in.
 * @param {{ at: number, id: string }} a
 * @param {{ at: number, id: string }} b
 */
export const byMoment = (a, b) => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * @template {Told} T
 * @param {T[]} facts in any order, with repetitions
 * @returns {T[]} each once, in order
 */
export const distinct = (facts) => [...new Map(facts.map((fact) => [fact.id, fact])).values()].sort(byMoment);

/**
 * The facts that stand, in order. A fact named by another's `undoes` or `corrects` is left out as long as that other
 * one stands itself. A correction replaces what it names and all that this had replaced. In a circle the latest wins.
 * @template {Told} T
 * @param {T[]} facts
 * @returns {T[]}
 */
export function standing(facts) {
  const known = distinct(facts);
  const against = accusers(known);
  /** @type {Map<string, boolean>} */
  const stands = new Map();
  while (stands.size < known.length) {
    const before = stands.size;
    for (const { id } of known) {
      if (stands.has(id)) continue;
      const ids = [...(against.get(id) ?? [])];
      if (ids.some((accuser) => stands.get(accuser))) stands.set(id, false);
      else if (ids.every((accuser) => stands.has(accuser))) stands.set(id, true);
    }
    if (stands.size === before) {
      const last = known.filter((fact) => !stands.has(fact.id)).at(-1);
      if (last) stands.set(last.id, true);
    }
  }
  return known.filter((fact) => stands.get(fact.id));
}

/**
 * @param {Told[]} known
 * @returns {Map<string, Set<string>>} fact → those that would leave it out
 */
function accusers(known) {
  const corrects = new Map(known.map((fact) => [fact.id, fact.corrects ?? null]));
  /** @type {Map<string, Set<string>>} */
  const against = new Map(known.map((fact) => [fact.id, new Set()]));
  for (const fact of known) {
    if (fact.undoes && fact.undoes !== fact.id) against.get(fact.undoes)?.add(fact.id);
    const seen = new Set([fact.id]);
    let replaced = corrects.get(fact.id) ?? null;
    while (replaced && against.has(replaced) && !seen.has(replaced)) {
      against.get(replaced)?.add(fact.id);
      seen.add(replaced);
      replaced = corrects.get(replaced) ?? null;
    }
  }
  return against;
}
