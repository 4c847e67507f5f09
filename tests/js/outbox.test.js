import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "fake-indexeddb/auto";
import { Clock } from "../../static/phone/clock.js";
import { Outbox, wireEvent } from "../../static/phone/outbox.js";
import { openStore } from "../../static/phone/store.js";
import { EPOCH, json, OTHER_EPOCH, problem, serverOf, syncOf } from "./server.js";

const origin = { device: "d1", window: "2024", school: "4418230101", person: "p1", by: "Li" };
const clock = new Clock({ wall: () => 1_716_163_200_000, mono: () => 0 });
const draft = { kind: "attendance.checked_in", room: "01", session: "chinese", student: "a", data: { method: "scan" } };
let named = 0;
/** @type {Outbox} */
let outbox;

beforeEach(async () => {
  named += 1;
  outbox = new Outbox(await openStore(`test-${named}`));
});

/** @param {{ fetch: typeof fetch }} server */
const syncWith = (server) => syncOf(outbox, server);

const states = async () => (await outbox.all()).map((fact) => fact.state);

test("numbers of a device count on without a gap, also when many write at once", async () => {
  await Promise.all(Array.from({ length: 20 }, () => outbox.add([draft], origin, clock)));
  await outbox.add([draft, draft], { ...origin, device: "d2" }, clock);
  const facts = await outbox.all();
  const first = facts.filter((fact) => fact.device === "d1").map((fact) => fact.device_seq);
  assert.deepEqual(
    first,
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    facts.filter((fact) => fact.device === "d2").map((fact) => fact.device_seq),
    [1, 2],
  );
  assert.equal(new Set(facts.map((fact) => fact.id)).size, 22);
});

test("times are the phone's own with the offset beside, also years of a rehearsal", () => {
  const given = { id: "x", device: "d1", deviceSeq: 1, school: "s", nowMs: 1_716_163_200_000 };
  for (const offsetMs of [0, -420_000, -900 * 86_400_000]) {
    const event = wireEvent({ ...draft, occurredMs: given.nowMs - 60_000 }, { ...given, offsetMs });
    assert.equal(Date.parse(event.occurred_at) + event.offset_ms, given.nowMs - 60_000);
    assert.equal(Date.parse(event.recorded_at), given.nowMs - offsetMs);
  }
});

test("what somebody else noted on this phone waits for them; a new binding of the same person sends all", async () => {
  await outbox.add([draft], { ...origin, device: "d0" }, clock);
  await outbox.add([draft], { ...origin, person: "p2" }, clock);
  const server = serverOf();
  await syncWith(server).run();
  assert.deepEqual(
    (await outbox.all()).map((fact) => [fact.person, fact.state]),
    [
      ["p1", "received"],
      ["p2", "waiting"],
    ],
  );
  assert.equal(server.calls[0].body.device, "d1");
});

test("a fact is unconfirmed from sending on and received when the answer names it", async () => {
  await outbox.add([draft, draft], origin, clock);
  const server = serverOf();
  assert.equal(await syncWith(server).run(), true);
  assert.deepEqual(await states(), ["received", "received"]);
  assert.equal(server.kept.size, 2);
});

test("a captive portal's 200, HTML, a cut reply, 401, 400, 500 and a lost network keep every fact", async () => {
  await outbox.add([draft], origin, clock);
  const lies = [
    () => json("<html>sign in</html>", 200, "text/html"),
    () => json({ ok: true }),
    () => json('{"server_time": "2024', 200),
    () => problem(401, "sign-in-needed"),
    () => problem(400, "not-understood"),
    () => json("", 500, "text/html"),
    () => Promise.reject(new TypeError("network")),
    () =>
      json({
        server_time: "2024-05-20T00:25:00.000Z",
        server_epoch: EPOCH,
        results: [{ id: "another", outcome: "accepted" }],
      }),
  ];
  for (const lie of lies) {
    assert.equal(await syncWith(serverOf(lie)).run(), false);
    assert.deepEqual(await states(), ["unconfirmed"]);
  }
  const server = serverOf();
  await syncWith(server).run();
  assert.deepEqual(await states(), ["received"]);
});

test("an answer that was lost is asked for again and counts once", async () => {
  await outbox.add([draft, draft, draft], origin, clock);
  const server = serverOf();
  let lost = false;
  const dropping = serverOf(({ url, body }) => {
    const answer = url === "/api/v1/snapshot" ? server.snapshot() : server.accept(body);
    if (lost) return answer;
    lost = true;
    return Promise.reject(new TypeError("cut"));
  });
  const sync = syncWith(dropping);
  assert.equal(await sync.run(), false);
  assert.equal(await sync.run({ force: true }), true);
  assert.equal(server.kept.size, 3);
  assert.deepEqual(
    (await outbox.all()).map((fact) => fact.outcome),
    ["duplicate", "duplicate", "duplicate"],
  );
});

test("250 facts go in batches of at most 100", async () => {
  await outbox.add(
    Array.from({ length: 250 }, () => draft),
    origin,
    clock,
  );
  const server = serverOf();
  await syncWith(server).run();
  const sizes = server.calls.filter(({ body }) => body).map(({ body }) => body.events.length);
  assert.deepEqual(sizes, [100, 100, 50]);
});

test("a bad fact never blocks those behind it", async () => {
  const facts = await outbox.add(
    Array.from({ length: 7 }, () => draft),
    origin,
    clock,
  );
  const bad = facts[2]?.id;
  const server = serverOf();
  const choking = serverOf(({ url, body }) => {
    if (url === "/api/v1/snapshot") return server.snapshot();
    const chokes = body.events.some((/** @type {any} */ event) => event.id === bad);
    return chokes ? problem(400, "not-understood") : server.accept(body);
  });
  await syncWith(choking).run();
  const open = (await outbox.all()).filter((fact) => fact.state !== "received").map((fact) => fact.id);
  assert.deepEqual(open, [bad]);
});

test("quarantined is settled: kept, shown, not sent again", async () => {
  await outbox.add([draft], origin, clock);
  const server = serverOf(({ url, body }) =>
    url === "/api/v1/snapshot"
      ? serverOf().snapshot()
      : json({
          server_time: "2024-05-20T00:25:00.000Z",
          server_epoch: EPOCH,
          results: [{ id: body.events[0].id, outcome: "quarantined", flags: [], seq: null }],
        }),
  );
  const sync = syncWith(server);
  await sync.run();
  await sync.run();
  assert.deepEqual(await states(), ["quarantined"]);
  assert.equal(server.calls.filter(({ body }) => body).length, 1);
});

test("a restored server is offered everything again", async () => {
  await outbox.add([draft, draft], origin, clock);
  const server = serverOf();
  const sync = syncWith(server);
  await sync.run();
  server.kept.clear();
  server.state.epoch = OTHER_EPOCH;
  await sync.run();
  assert.equal(server.kept.size, 2);
  assert.deepEqual(await states(), ["received", "received"]);
  assert.deepEqual([...new Set((await outbox.all()).map((fact) => fact.epoch))], [OTHER_EPOCH]);
});

test("after a failure it waits, longer each time; a person or a new fact does not have to", async () => {
  await outbox.add([draft], origin, clock);
  const server = serverOf(() => Promise.reject(new TypeError("network")));
  const sync = syncWith(server);
  await sync.run();
  await sync.run();
  assert.equal(server.calls.length, 1);
  await sync.run({ force: true });
  assert.equal(server.calls.length, 2);
});

test("signing out keeps everything and says so", async () => {
  await outbox.add([draft], origin, clock);
  const sync = syncWith(serverOf(() => problem(401, "sign-in-needed")));
  let wiped = 0;
  sync.deps.signedOut = async () => {
    wiped += 1;
  };
  await sync.run();
  assert.equal(sync.health.signedOut, true);
  assert.equal(wiped, 1);
  assert.deepEqual(await states(), ["unconfirmed"]);
});

test("a captive portal's or a proxy's 401 signs nobody out", async () => {
  for (const answer of [
    json({ type: "about:blank" }, 401, "application/problem+json"),
    json({ type: "urn:fieldops:problem:sign-in-needed" }, 401),
    json("<html>sign in to the hotel's network</html>", 401, "text/html"),
    json("{cut", 401, "application/problem+json"),
  ]) {
    const sync = syncWith(serverOf(() => answer));
    sync.deps.signedOut = () => assert.fail("names would be wiped");
    await sync.run();
    assert.equal(sync.health.signedOut, false);
  }
});
