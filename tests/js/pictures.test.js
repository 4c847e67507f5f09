/** Pictures: what is sent when, and whose answer is believed. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextFor, Pictures } from "../../static/phone/pictures.js";

const HOUR = 3_600_000;
const EPOCH = "0b5f2a3e-0000-4000-8000-000000000001";
const OTHER = "0b5f2a3e-0000-4000-8000-000000000002";
const waiting = { state: /** @type {const} */ ("waiting"), epoch: null, at: 0 };

test("bytes never go before their fact", () => {
  for (const state of /** @type {const} */ (["waiting", "unconfirmed", "quarantined"])) {
    assert.equal(nextFor(waiting, { state }, EPOCH, HOUR), "wait");
  }
  assert.equal(nextFor(waiting, { state: "received" }, EPOCH, HOUR), "send");
});

test("what was taken goes again only when the server is another", () => {
  const taken = { ...waiting, state: /** @type {const} */ ("taken"), epoch: EPOCH };
  assert.equal(nextFor(taken, { state: "received" }, EPOCH, HOUR), "wait");
  assert.equal(nextFor(taken, { state: "received" }, OTHER, HOUR), "send");
  assert.equal(nextFor({ ...taken, state: "refused" }, { state: "received" }, OTHER, HOUR), "wait");
});

test("one without a fact goes after an hour, and not while the fact is being noted", () => {
  assert.equal(nextFor(waiting, undefined, EPOCH, 1_000), "wait");
  assert.equal(nextFor(waiting, undefined, EPOCH, HOUR + 1), "forget");
});

/** @param {string} name @param {(url: string, init: any) => Response} answer */
async function opened(name, answer) {
  const send = /** @type {any} */ (async (/** @type {string} */ url, /** @type {any} */ init) => answer(url, init));
  return Pictures.open({ name, clock: { mono: () => 0 }, send });
}

/** @param {unknown} body @param {number} [status] @param {string} [type] */
const json = (body, status = 200, type = "application/json") =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });

const picture = { id: "p1", incident: "i1", bytes: new Uint8Array([1, 2, 255]), type: "image/jpeg" };
const facts = /** @type {any[]} */ ([{ id: "p1", state: "received" }]);

test("only our own answer that names it counts", async () => {
  const answers = [
    new Response("<html>welcome", { status: 200, headers: { "Content-Type": "text/html" } }),
    json({ id: "p1" }),
    json({ id: "another", server_time: "2024-05-20T00:00:00Z", server_epoch: EPOCH }),
    json({ type: "urn:fieldops:problem:attachment-unknown" }, 404, "application/problem+json"),
    json({ id: "p1", server_time: "2024-05-20T00:00:00Z", server_epoch: EPOCH }, 201),
  ];
  /** @type {any[]} */
  const sent = [];
  const pictures = await opened("believe", (url, init) => {
    sent.push([url, init.method, JSON.parse(init.body).content]);
    return /** @type {Response} */ (answers[sent.length - 1]);
  });
  await pictures.keep([picture]);
  for (let time = 0; time < 4; time += 1) {
    await pictures.sendAll(facts, EPOCH, () => undefined);
    assert.equal(pictures.states.get("p1"), "waiting");
  }
  await pictures.sendAll(facts, EPOCH, () => undefined);
  assert.equal(pictures.states.get("p1"), "taken");
  await pictures.sendAll(facts, EPOCH, () => undefined);
  assert.equal(sent.length, 5);
  assert.deepEqual(sent[0], ["/api/v1/attachments/p1", "PUT", "AQL/"]);
});

test("what the server will never take is said, and not sent again", async () => {
  let asked = 0;
  const pictures = await opened("refused", () => {
    asked += 1;
    return json({ type: "urn:fieldops:problem:attachment-refused" }, 422, "application/problem+json");
  });
  await pictures.keep([picture]);
  await pictures.sendAll(facts, EPOCH, () => undefined);
  await pictures.sendAll(facts, EPOCH, () => undefined);
  assert.equal(pictures.states.get("p1"), "refused");
  assert.equal(asked, 1);
});

test("one picture's trouble holds up no other, and a proxy's limit is not our word", async () => {
  /** @type {string[]} */
  const asked = [];
  const pictures = await opened("others", (url) => {
    asked.push(url.slice(-2));
    if (url.endsWith("p1"))
      return json({ type: "urn:fieldops:problem:attachment-unknown" }, 404, "application/problem+json");
    if (url.endsWith("p2")) return new Response("too large", { status: 413 });
    return json({ id: "p3", server_time: "2024-05-20T00:00:00Z", server_epoch: EPOCH });
  });
  await pictures.keep(["p1", "p2", "p3"].map((id) => ({ ...picture, id })));
  const known = /** @type {any[]} */ (["p1", "p2", "p3"].map((id) => ({ id, state: "received" })));
  await pictures.sendAll(known, EPOCH, () => undefined);
  assert.deepEqual(asked.sort(), ["p1", "p2", "p3"]);
  assert.deepEqual([...pictures.states.entries()].sort(), [
    ["p1", "waiting"],
    ["p2", "waiting"],
    ["p3", "taken"],
  ]);
  await pictures.forgetTaken();
  assert.deepEqual([...pictures.states.keys()].sort(), ["p1", "p2"]);
});

test("a new start knows what is kept, and what no fact speaks of any more goes", async () => {
  const first = await opened("again", () => assert.fail("nothing is to be sent"));
  await first.keep([picture]);
  const second = await opened("again", () => assert.fail("nothing is to be sent"));
  assert.equal(second.states.get("p1"), "waiting");
  assert.deepEqual([...((await second.all())[0]?.bytes ?? [])], [1, 2, 255]);
  await second.sendAll([], EPOCH, () => undefined); // just noted: it stays
  assert.equal(second.states.size, 1);
});
