/** What was ticked on paper, as facts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { draftsOf, NEXT } from "../../static/phone/box.js";
import { foldSitting } from "../../static/phone/sitting.js";
import { at, iso, snapshotOf } from "./fixtures.js";

const [session] = snapshotOf().sessions;
assert.ok(session);

/** @param {Partial<Parameters<typeof draftsOf>[0]>} more */
const drafts = (more) =>
  draftsOf({
    session,
    room: "01",
    seats: new Map(),
    at: at("08:50"),
    started: null,
    ended: null,
    sitting: foldSitting([], session, "01"),
    ...more,
  });

test("three taps come round", () => {
  assert.deepEqual([NEXT.open, NEXT.present, NEXT.absent], ["present", "absent", "open"]);
});

test("one time for all, one of its own, the times of the session, and the phone is back", () => {
  const boxed = foldSitting([{ id: "1", kind: "sitting.phone_boxed", at: iso("08:25") }], session, "01");
  const seats = new Map([
    ["a", { tick: /** @type {const} */ ("present"), at: null }],
    ["b", { tick: /** @type {const} */ ("present"), at: at("09:09") }],
    ["c", { tick: /** @type {const} */ ("absent"), at: null }],
    ["d", { tick: /** @type {const} */ ("open"), at: at("09:00") }],
  ]);
  const made = drafts({
    seats,
    started: { at: at("09:02"), reason: null },
    ended: { at: at("10:35"), reason: "Time was made up" },
    sitting: boxed,
  });
  assert.deepEqual(
    made.map(({ kind, student, occurredMs, data }) => [kind, student, occurredMs, data]),
    [
      ["attendance.checked_in", "a", at("08:50"), { method: "seat" }],
      // Seven minutes after the start that is noted with it.
      ["attendance.checked_in", "b", at("09:09"), { method: "seat", late_min: 7 }],
      ["attendance.absent", "c", at("08:50"), { reason: "not_seen" }],
      ["sitting.started", undefined, at("09:02"), {}],
      ["sitting.ended", undefined, at("10:35"), { reason: "Time was made up" }],
      ["sitting.phone_back", undefined, undefined, undefined],
    ],
  );
  assert.ok(made.every((draft) => draft.room === "01" && draft.session === session.code));
  assert.deepEqual(drafts({}), []);
});
