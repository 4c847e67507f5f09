import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { grouped, kidOf, openRoster, parseCode } from "../../static/phone/release.js";

/** Made by fieldops/roster/release.py, which is held to them too. */
const vectors = JSON.parse(readFileSync(new URL("release-vectors.json", import.meta.url), "utf8"));
const [first, second] = vectors;

test("the server's codes open the server's rosters", async () => {
  for (const vector of vectors) {
    assert.deepEqual(parseCode(vector.code), { code: vector.code });
    assert.equal(await kidOf(vector.code), vector.kid);
    assert.deepEqual(await openRoster(vector, vector.code), vector.roster);
  }
});

test("the code of another day opens nothing, nor does one open what was changed", async () => {
  assert.equal(await openRoster(first, second.code), null);
  assert.equal(await openRoster({ ...second, kid: first.kid }, first.code), null);
  assert.equal(await openRoster({ ...first, ciphertext: first.ciphertext.replace(/^./, "A") }, first.code), null);
});

test("typed as people type, in groups", () => {
  const typed = first.code.toLowerCase().replaceAll("0", "o").replaceAll("1", "i");
  assert.deepEqual(parseCode(` ${grouped(typed).replaceAll(" ", "-")} `), { code: first.code });
  assert.equal(grouped("abcdefgh0"), "ABCD EFGH 0");
  assert.equal(grouped(""), "");
});

test("each kind of mistake is told apart", () => {
  assert.deepEqual(parseCode(first.code.slice(0, -1)), { problem: "length" });
  assert.deepEqual(parseCode(`${first.code}0`), { problem: "length" });
  assert.deepEqual(parseCode(`U${first.code.slice(1)}`), { problem: "character" });
  for (let i = 0; i < 17; i += 1) {
    const wrong = first.code[i] === "7" ? "8" : "7";
    const typed = first.code.slice(0, i) + wrong + first.code.slice(i + 1);
    assert.deepEqual(parseCode(typed), { problem: "check" }, typed);
  }
});
