import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "fake-indexeddb/auto";
import { Clock } from "../../static/phone/clock.js";
import { Outbox, wireEvent } from "../../static/phone/outbox.js";
import { openStore } from "../../static/phone/store.js";
import { Sync } from "../../static/phone/sync.js";

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

/**
 * A server by hand: keeps what it is sent, answers as told.
 * @param {(request: { url: string, body: any }) => Response | Promise<Response>} [answer]
 */
function serverOf(answer) {
  /** @type {Map<string, any>} */
  const kept = new Map();
  /** @type {any[]} */
  const calls = [];
  const state = { epoch: "e1", kept, calls };
  /** @param {any} url @param {any} init */
  const fetch = async (url, init) => {
    const body = init?.body ? JSON.parse(init.body) : null;
    calls.push({ url, body });
    if (answer) return answer({ url, body });
    return url === "/api/v1/snapshot" ? snapshot() : accept(body);
  };
  const snapshot = () => json({ ...times(), window: {}, person: {}, sessions: [], states: {} });
  const times = () => ({ server_time: "2024-05-20T00:25:00.000Z", server_epoch: state.epoch });
  /** @param {any} body */
  const accept = (body) => {
    const results = body.events.map((/** @type {any} */ event) => {
      const outcome = kept.has(event.id) ? "duplicate" : "accepted";
      if (!kept.has(event.id)) kept.set(event.id, event);
      return { id: event.id, outcome, flags: [], seq: [...kept.keys()].indexOf(event.id) + 1 };
    });
    return json({ ...times(), results });
  };
  return { ...state, state, fetch: /** @type {typeof globalThis.fetch} */ (fetch), accept, snapshot };
}

/** @param {unknown} body @param {number} [status] @param {string} [type] */
const json = (body, status = 200, type = "application/json") =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { "Content-Type": type } });

/** @param {{ fetch: typeof fetch }} server */
const syncWith = (server) =>
  new Sync({
    outbox,
    clock: new Clock(),
    keepSnapshot: async () => {},
    sender: () => ({ person: "p1", device: "d1" }),
    changed: () => {},
    etag: () => null,
    fetch: server.fetch,
    alone: (work) => work(),
    random: () => 0,
  });

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
  const given = { id: "x", deviceSeq: 1, school: "s", nowMs: 1_716_163_200_000 };
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
    () => json({ type: "about:blank" }, 401, "application/problem+json"),
    () => json({ type: "about:blank" }, 400, "application/problem+json"),
    () => json("", 500, "text/html"),
    () => Promise.reject(new TypeError("network")),
    () =>
      json({
        server_time: "2024-05-20T00:25:00.000Z",
        server_epoch: "e1",
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
    return chokes ? json({ type: "about:blank" }, 400, "application/problem+json") : server.accept(body);
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
          server_epoch: "e1",
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
  server.state.epoch = "e2";
  await sync.run();
  assert.equal(server.kept.size, 2);
  assert.deepEqual(await states(), ["received", "received"]);
  assert.deepEqual([...new Set((await outbox.all()).map((fact) => fact.epoch))], ["e2"]);
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
  const ours = { type: "urn:fieldops:problem:sign-in-needed" };
  const sync = syncWith(serverOf(() => json(ours, 401, "application/problem+json")));
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
