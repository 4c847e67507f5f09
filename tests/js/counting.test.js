// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { EVERY_MS, QUIET_MS, quietFor, sounds } from "../../static/js/alarm.js";
import { counted, toneOf } from "../../static/js/counting.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/counting.json", import.meta.url), "utf8"));

test("time is counted as the server counts it", () => {
  for (const [seconds, words] of vectors) assert.equal(counted(seconds * 1000), words);
});

test("a deadline says by its tone that it comes near and that it has passed", () => {
  assert.equal(toneOf(61_000, 60), "info");
  assert.equal(toneOf(60_000, 60), "warn");
  assert.equal(toneOf(0, 60), "warn");
  assert.equal(toneOf(-1, 60), "bad");
});

const one = { waiting: 1, ringing: 1, newest: 5 };
const told = { quiet: null, lastAt: 0, known: 5 };

test("what nobody took on sounds again and again, and not before its time", () => {
  assert.equal(sounds(one, { ...told, lastAt: 1000 }, 1000 + EVERY_MS - 1), false);
  assert.equal(sounds(one, { ...told, lastAt: 1000 }, 1000 + EVERY_MS), true);
  assert.equal(sounds({ ...one, ringing: 0 }, told, 1e9), false, "somebody has it");
  assert.equal(sounds(one, { ...told, lastAt: 1e9 }, 1e9 - 60_000), true, "the device's clock was set back");
});

test("a new one sounds at once, also where nothing rings on", () => {
  assert.equal(sounds({ waiting: 1, ringing: 0, newest: 6 }, { ...told, lastAt: 999 }, 1000), true);
});

test("quiet ends after two minutes, with a newer incident, and when the clock was set back", () => {
  const quiet = { until: 1000 + QUIET_MS, newest: 5 };
  assert.equal(quietFor(quiet, one, 1000), QUIET_MS);
  assert.equal(sounds(one, { ...told, quiet }, 1000 + QUIET_MS - 1), false);
  assert.equal(sounds(one, { ...told, quiet }, 1000 + QUIET_MS), true);
  assert.equal(quietFor(quiet, { ...one, newest: 6 }, 2000), 0);
  assert.equal(sounds({ ...one, newest: 6 }, { ...told, quiet }, 2000), true);
  assert.equal(quietFor(quiet, one, 500), 0);
});
