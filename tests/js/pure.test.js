import assert from "node:assert/strict";
import { test } from "node:test";
import { cardHash, checkCharacter, parseToken, readCard } from "../../static/phone/card.js";
import { Clock } from "../../static/phone/clock.js";
import { clockTime, localDay } from "../../static/phone/format.js";
import { t, useCatalogue } from "../../static/phone/i18n.js";
import { severityOf } from "../../static/phone/severity.js";
import { uuid7 } from "../../static/phone/uuid7.js";

test("uuid7 is a version 7 UUID and sorts by the order of making, also when the clock goes back", () => {
  const ids = [1_716_163_200_000, 1_716_163_200_000, 1_716_163_100_000, 1_716_163_200_001].map((ms) => uuid7(ms));
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([...ids].sort(), ids);
  const many = Array.from({ length: 6000 }, () => uuid7(1_716_163_300_000));
  assert.equal(new Set(many).size, 6000);
  assert.deepEqual([...many].sort(), many);
});

/** A phone whose clocks a test sets by hand. */
function phone() {
  const hands = { wall: 1_000_000, mono: 0 };
  return { hands, clock: new Clock({ wall: () => hands.wall, mono: () => hands.mono }) };
}

test("the clock halves the round trip and then follows the monotonic clock, whatever the wall clock does", () => {
  const { hands, clock } = phone();
  assert.equal(clock.source(), "wall");
  hands.mono = 400;
  assert.equal(clock.sync("2024-05-20T00:25:00.000Z", 0), true);
  const said = Date.parse("2024-05-20T00:25:00.000Z") + 200;
  assert.equal(clock.now(), said);
  hands.wall += 7 * 3_600_000;
  hands.mono += 1_000;
  assert.equal(clock.now(), said + 1_000);
  assert.equal(clock.wallJumped(), true);
  assert.equal(clock.offsetMs(), said + 1_000 - hands.wall);
});

test("a slow answer does not spoil a close measurement, but a clock that was set is followed", () => {
  const { hands, clock } = phone();
  hands.mono = 20;
  clock.sync("2024-05-20T00:25:00.000Z", 0);
  hands.mono = 4_020;
  assert.equal(clock.sync("2024-05-20T00:25:03.000Z", 2_020), false);
  hands.mono = 6_020;
  assert.equal(clock.sync("2024-05-20T02:00:00.000Z", 4_020), true);
  assert.equal(clock.now(), Date.parse("2024-05-20T02:00:01.000Z"));
  assert.equal(clock.sync("no time", 0), false);
});

test("after a restart the kept offset serves until the server answers", () => {
  const clock = new Clock({ wall: () => 5_000, mono: () => 0, keptOffsetMs: 60_000 });
  assert.equal(clock.now(), 65_000);
  assert.equal(clock.source(), "kept");
});

test("tokens are read with the roster's rules: misread letters, spaces, and every single wrong character", () => {
  const body = "0123456789ABCDEF";
  const token = `F1${body}${checkCharacter(body)}`;
  assert.equal(parseToken(token), token);
  assert.equal(
    parseToken(` ${token.toLowerCase().replace("0", "o").slice(0, 9)} ${token.slice(9).toLowerCase()}`),
    token,
  );
  for (let i = 2; i < token.length - 1; i += 1) {
    const wrong = token.slice(0, i) + (token[i] === "Z" ? "Y" : "Z") + token.slice(i + 1);
    assert.equal(parseToken(wrong), null, wrong);
  }
  assert.equal(parseToken("https://example.org/"), null);
  assert.equal(parseToken(""), null);
});

test("check characters and hashes are those that fieldops/roster/cards.py makes", async () => {
  const printed = [
    ["F17QK2M9XAZ0P4T8WC4", "a61c3f1d33107b0c2cceacc2c6bf4d3de76c21bb422dd48afea53906eee8aec6"],
    ["F1ZZZZZZZZZZZZZZZZ+", "38d6abddcbe3ae4e80bd7f6e22dad6e786e6a8e293ad392992b774cf7856848a"],
    ["F10123456789ABCDEFK", "6e828011f0540466e82d30babc3c7b5f38d4d9d476f97eae6030dfadc19377c3"],
  ];
  for (const [token = "", hash] of printed) {
    assert.equal(parseToken(token), token);
    assert.equal(await cardHash("00ff10", token), hash);
  }
});

test("a card gives its hash, a foreign code its hash too, another school's student code that school", async () => {
  const roster = { salt: "00ff", school: "4418230101", schools: [{ code: "4418230102", name: "No 2" }] };
  const body = "0000000000000000";
  const token = `F1${body}${checkCharacter(body)}`;
  const card = await readCard(token, roster);
  assert.equal(card.kind, "card");
  assert.match(card.hash, /^[0-9a-f]{64}$/);
  assert.equal((await readCard(token.toLowerCase(), roster)).hash, card.hash);
  assert.equal((await readCard("WIFI:S:x;;", roster)).kind, "unreadable");
  const other = await readCard("441823010204001", roster);
  assert.deepEqual([other.kind, other.kind === "other_school" && other.school], ["other_school", "No 2"]);
});

test("severity names the gravest answer that did it", () => {
  const none = {
    order_affected: /** @type {const} */ ("no"),
    data_affected: false,
    materials_at_risk: false,
    beyond_school: false,
  };
  assert.deepEqual([severityOf(none).severity, severityOf(none).answer], ["minor", null]);
  assert.equal(severityOf({ ...none, order_affected: "slight" }).severity, "moderate");
  assert.equal(severityOf({ ...none, order_affected: "serious" }).severity, "serious");
  assert.equal(severityOf({ ...none, beyond_school: true }).answer, "beyond_school");
  assert.equal(severityOf({ ...none, data_affected: true, order_affected: "slight" }).answer, "data_affected");
  assert.equal(severityOf({ ...none, data_affected: true, materials_at_risk: true }).answer, "materials_at_risk");
});

test("names that look like placeholders are put in as they are", () => {
  useCatalogue("zh", { "%(name)s, seat %(seat)s": "%(seat)s 号 %(name)s" });
  for (const name of ["%(seat)s", "{x}", "%s", "<b>", "O'Neil", "$&", "𠮷"]) {
    assert.equal(t("%(name)s, seat %(seat)s", { name, seat: 4 }), `4 号 ${name}`);
  }
  useCatalogue("en", {});
  assert.equal(t("%(name)s and %(other)s", { name: "a" }), "a and %(other)s");
});

test("times are the school's, not the phone's", () => {
  const noon = "2024-05-20T04:00:00.000Z";
  assert.equal(clockTime(noon, "Asia/Shanghai"), "12:00");
  assert.equal(clockTime(noon, "Asia/Urumqi"), "10:00");
  assert.equal(localDay(Date.parse("2024-05-19T17:00:00Z"), "Asia/Shanghai"), "2024-05-20");
  assert.equal(localDay(Date.parse("2024-05-19T17:00:00Z"), "Asia/Urumqi"), "2024-05-19");
});
