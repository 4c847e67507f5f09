/** Ten digits over the telephone: the phone says what the desk hears. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decode, encode, grouped, saidOf } from "../../static/phone/spoken.js";
import { iso } from "./fixtures.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/spoken.json", import.meta.url), "utf8"));

test("the vectors shared with the server", () => {
  assert.ok(vectors.length > 20);
  for (const { place, said, code } of vectors) {
    assert.equal(encode(said, place), code);
    assert.deepEqual(decode(grouped(code), place), said);
  }
});

test("every wrong digit, every swap of neighbours and every other room is told", () => {
  for (const { place, code } of vectors) {
    for (let at = 0; at < 10; at += 1) {
      for (const digit of "0123456789") {
        if (digit !== code[at]) assert.equal(decode(code.slice(0, at) + digit + code.slice(at + 1), place), null);
      }
      const swapped = code.slice(0, at) + (code[at + 1] ?? "") + code[at] + code.slice(at + 2);
      if (swapped.length === 10 && swapped !== code) assert.equal(decode(swapped, place), null);
    }
    for (const room of ["01", "02", "03", "12"]) {
      if (room !== place.room) assert.equal(decode(code, { ...place, room }), null);
    }
  }
});

test("a sitting beside its plan", () => {
  const session = { starts_at: iso("09:00"), ends_at: iso("10:20") };
  const counts = { present: 28, absent: 2 };
  assert.deepEqual(saidOf(session, { started_at: iso("09:03"), ended_at: null }, counts, false), {
    present: 28,
    absent: 2,
    started: 3,
    ended: null,
    incidents: false,
  });
  assert.equal(saidOf(session, { started_at: iso("08:58"), ended_at: iso("10:19") }, counts, true).ended, -1);
  const open = { starts_at: iso("09:00"), ends_at: null };
  // 2 h 13 min after the planned start: the 26th step of five minutes.
  assert.equal(saidOf(open, { started_at: iso("09:00"), ended_at: iso("11:13") }, counts, false).ended, 26 - 20);
});
