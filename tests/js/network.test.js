/** What stands between the phone and the server, and what the outbox makes of it. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "fake-indexeddb/auto";
import { Clock } from "../../static/phone/clock.js";
import { Outbox } from "../../static/phone/outbox.js";
import { openStore, transact } from "../../static/phone/store.js";
import { alone } from "../../static/phone/sync.js";
import { EPOCH, json, OTHER_EPOCH, problem, serverOf, syncOf } from "./server.js";

const origin = { device: "d1", window: "2024", school: "4418230101", person: "p1", by: "Li" };
const draft = { kind: "attendance.checked_in", room: "01", session: "chinese", student: "a", data: { method: "scan" } };
const TIME = "2024-05-20T00:25:00.000Z";
let named = 0;
/** @type {Outbox} */
let outbox;

beforeEach(async () => {
  named += 1;
  outbox = new Outbox(await openStore(`network-${named}`));
});

const clock = new Clock();
/** @param {number} count @param {Partial<typeof origin>} [other] */
const note = (count, other = {}) =>
  outbox.add(
    Array.from({ length: count }, () => draft),
    { ...origin, ...other },
    clock,
  );
const states = async () => (await outbox.all()).map((fact) => fact.state);

/**
 * A server of which some answers are replaced.
 * @param {(body: any) => Response | Promise<Response> | null} instead null: as it would answer
 */
function behind(instead) {
  const server = serverOf();
  const front = serverOf(
    ({ url, body }) =>
      (body && instead(body)) || (url === "/api/v1/snapshot" ? server.snapshot() : server.accept(body)),
  );
  return { server, front, posts: () => front.calls.filter(({ body }) => body) };
}

test("nothing but our own answer that names the id with its number moves a fact", async () => {
  await note(1);
  const [{ id } = { id: "" }] = await outbox.all();
  const ours = { server_time: TIME, server_epoch: EPOCH };
  const accepted = { id, outcome: "accepted", flags: [], seq: 1 };
  /** @type {Record<string, () => Response | Promise<Response>>} */
  const lies = {
    "somebody else's JSON": () => json({ ok: true, results: [accepted] }),
    "no epoch": () => json({ server_time: TIME, results: [accepted] }),
    "an epoch that is none": () => json({ server_time: TIME, server_epoch: "e", results: [accepted] }),
    "no time": () => json({ server_time: "soon", server_epoch: EPOCH, results: [accepted] }),
    "no results": () => json(ours),
    "results of another shape": () => json({ ...ours, results: { [id]: "accepted" } }),
    "rubbish as results": () => json({ ...ours, results: [null, 7, id, [accepted], { id }] }),
    "another id": () => json({ ...ours, results: [{ ...accepted, id: "another" }] }),
    "accepted without a number": () => json({ ...ours, results: [{ ...accepted, seq: null }] }),
    "an outcome of a version to come": () => json({ ...ours, results: [{ ...accepted, outcome: "postponed" }] }),
    "a reply that was cut": () => json(JSON.stringify({ ...ours, results: [accepted] }).slice(0, -9)),
    "a page that says 200": () => json("<html>welcome</html>", 200, "text/html"),
    "our JSON as a page": () => json({ ...ours, results: [accepted] }, 200, "text/html"),
    "a redirect": () => Promise.reject(new TypeError("redirect")),
    nothing: () => new Response(null, { status: 204 }),
    "not changed, by nobody of ours": () => new Response(null, { status: 304 }),
    "a proxy's 502": () => json("<h1>Bad Gateway</h1>", 502, "text/html"),
    "a portal's 401": () => json({ error: "login" }, 401),
    "ours: signed out": () => problem(401, "sign-in-needed"),
    "ours: cross-site": () => problem(403, "cross-site"),
    "ours: no window": () => problem(409, "no-open-window"),
    "ours: another window": () => problem(409, "other-window"),
    "ours: another device": () => problem(422, "other-device"),
    "ours: which county": () => problem(422, "which-county"),
    "ours: too many": () => problem(429, "too-many"),
    "ours: ill": () => problem(500, "server-error"),
    "ours: away": () => problem(503, "unavailable"),
  };
  for (const [name, lie] of Object.entries(lies)) {
    const sync = syncOf(outbox, serverOf(lie));
    assert.equal(await sync.run(), false, name);
    const [fact] = await outbox.all();
    assert.deepEqual([fact?.state, fact?.refused], ["unconfirmed", null], name);
    assert.equal(sync.health.signedOut, name === "ours: signed out", name);
    assert.equal(sync.health.closed !== null, /window$|which county/.test(name), name);
  }
  await syncOf(outbox, serverOf()).run();
  assert.deepEqual(await states(), ["received"]);
});

test("a fact that the server cannot read waits apart: told, not sent again and again, tried when asked for", async () => {
  await note(7);
  const bad = (await outbox.all())[2]?.id;
  let understands = false;
  const { front, posts } = behind((body) =>
    !understands && body.events.some((/** @type {any} */ { id }) => id === bad) ? problem(422, "not-understood") : null,
  );
  const sync = syncOf(outbox, front);
  assert.equal(await sync.run(), true);
  const refused = (await outbox.all()).filter((fact) => fact.refused);
  assert.deepEqual(
    refused.map((fact) => [fact.id, fact.refused]),
    [[bad, 422]],
  );
  assert.equal((await states()).filter((state) => state === "received").length, 6);
  const before = posts().length;
  await note(1);
  await sync.run({ force: true });
  assert.equal(posts().length, before + 1);
  await sync.run({ person: true });
  assert.equal(posts().length, before + 2);
  understands = true;
  await syncOf(outbox, front).run(); // the app is opened again
  assert.deepEqual([...new Set(await states())], ["received"]);
});

test("a proxy's limit on size is met with less at once", async () => {
  await note(100);
  const { front, server } = behind((body) => (body.events.length > 13 ? json("<h1>413</h1>", 413, "text/html") : null));
  assert.equal(await syncOf(outbox, front).run(), true);
  assert.equal(server.kept.size, 100);
});

test("a fact that breaks the server is found, and those behind it arrive", async () => {
  await note(90);
  const poison = (await outbox.all())[0]?.id;
  const { front, server } = behind((body) =>
    body.events.some((/** @type {any} */ { id }) => id === poison) ? problem(500, "server-error") : null,
  );
  const sync = syncOf(outbox, front);
  for (let i = 0; i < 4; i += 1) await sync.run({ force: true });
  assert.equal(server.kept.size, 89);
  assert.deepEqual(
    (await outbox.all()).filter((fact) => fact.refused).map((fact) => fact.id),
    [poison],
  );
  assert.equal(await sync.run({ force: true }), true);
});

test("a server that is ill as a whole is left in peace, and no fact is blamed", async () => {
  await note(120);
  const { front, posts } = behind(() => problem(500, "server-error"));
  const sync = syncOf(outbox, front);
  for (let i = 0; i < 6; i += 1) await sync.run({ force: true });
  assert.ok(posts().length <= 6 * 9, String(posts().length));
  assert.ok((await outbox.all()).every((fact) => !fact.refused && fact.state !== "received"));
});

test("batches shrink on a network that cuts what is long, and grow again", async () => {
  await note(60);
  let longest = 20;
  const { front, server } = behind((body) =>
    body.events.length > longest ? Promise.reject(new TypeError("cut")) : null,
  );
  const sync = syncOf(outbox, front);
  for (let i = 0; i < 5; i += 1) await sync.run({ force: true });
  assert.equal(server.kept.size, 60);
  longest = 1000;
  for (let i = 0; i < 4; i += 1) {
    await note(100);
    await sync.run({ force: true });
  }
  assert.equal(server.kept.size, 460);
  assert.equal(Math.max(...front.calls.filter(({ body }) => body).map(({ body }) => body.events.length)), 100);
});

for (const [said, quietMs] of /** @type {[Record<string, string>, number][]} */ ([
  [{ "Retry-After": "30" }, 30_000],
  [{ "Retry-After": "Mon, 20 May 2024 00:26:00 GMT", Date: "Mon, 20 May 2024 00:25:00 GMT" }, 60_000],
  [{ "Retry-After": "999999" }, 300_000],
])) {
  test(`quiet that the server asks for is kept, whatever is noted: ${said["Retry-After"]}`, async () => {
    await note(1);
    const hands = { mono: 0 };
    const { front, posts } = behind(() => (hands.mono < quietMs ? problem(503, "unavailable", said) : null));
    const still = new Clock({ wall: () => hands.mono, mono: () => hands.mono });
    const sync = syncOf(outbox, front, { clock: still });
    await sync.run();
    hands.mono = quietMs - 1;
    await sync.run({ force: true });
    assert.equal(posts().length, 1);
    await sync.run({ person: true });
    assert.equal(posts().length, 2);
    hands.mono = 2 * quietMs;
    await sync.run({ force: true });
    assert.deepEqual(await states(), ["received"]);
  });
}

test("facts of another window stay: a rehearsal never lands in the real days", async () => {
  await note(2, { window: "2024-trial" });
  await note(1);
  const server = serverOf();
  await syncOf(outbox, server).run();
  assert.deepEqual(await states(), ["waiting", "waiting", "received"]);
  assert.equal(server.calls[0].body.window, "2024");
});

test("a sign-in that changed is fetched before anything is sent in its name", async () => {
  await note(3);
  let device = "d0";
  const { front, server, posts } = behind((body) => (body.device === "d1" ? null : problem(422, "other-device")));
  const sync = syncOf(outbox, front, {
    sender: () => ({ person: "p1", device, window: "2024" }),
    keepSnapshot: async () => {
      device = "d1";
    },
  });
  assert.equal(await sync.run(), true);
  assert.equal(server.kept.size, 3);
  assert.equal(posts().length, 2);
});

test("a restored server is offered again also what it had set aside, after a restart, and no decision it had declined", async () => {
  await note(4);
  const outcomes = ["accepted", "quarantined", "conflict", "conflict"];
  const reasons = [undefined, "bad_data", "stale", "id_reused"];
  const first = serverOf(({ body }) => {
    if (!body) return serverOf().snapshot();
    const results = body.events.map((/** @type {any} */ { id }, /** @type {number} */ i) => {
      return { id, outcome: outcomes[i], flags: [], seq: i === 0 ? 1 : null, reason: reasons[i] };
    });
    return json({ server_time: TIME, server_epoch: EPOCH, results });
  });
  await syncOf(outbox, first).run();
  assert.deepEqual(await states(), ["received", "quarantined", "received", "received"]);
  const restored = serverOf();
  restored.state.epoch = OTHER_EPOCH;
  await syncOf(outbox, restored).run(); // another page: it has never heard of the first epoch
  const facts = await outbox.all();
  assert.deepEqual([...restored.kept.keys()], [facts[0]?.id, facts[1]?.id, facts[3]?.id]);
  assert.deepEqual(
    facts.map((fact) => fact.outcome),
    ["accepted", "accepted", "conflict", "accepted"],
  );
});

test("an answer of the old epoch that comes after another tab heard of the new one moves nothing", async () => {
  await note(1);
  const [fact] = await outbox.all();
  await outbox.offerAgain(OTHER_EPOCH);
  const result = { id: fact?.id ?? "", outcome: /** @type {const} */ ("accepted"), flags: [], seq: 1 };
  assert.equal(await outbox.settle([result], { epoch: EPOCH, at: TIME }), -1);
  assert.deepEqual(await states(), ["waiting"]);
  assert.equal(await outbox.settle([result], { epoch: OTHER_EPOCH, at: TIME }), 1);
});

test("what is noted while another tab sends goes right after it", async () => {
  const locks = fakeLocks();
  /** @type {() => void} */
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(null);
  });
  const other = alone(() => held, false);
  await note(1);
  const server = serverOf();
  const sync = syncOf(outbox, server, { alone });
  assert.equal(await sync.run(), false); // the timer leaves it to the other tab
  assert.equal(server.kept.size, 0);
  const mine = sync.run({ force: true });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.kept.size, 0);
  release();
  await other;
  assert.equal(await mine, true);
  assert.equal(server.kept.size, 1);
  const asleep = alone(() => new Promise(() => {}), false);
  assert.equal(await alone(async () => "sent", true, 30), "sent"); // a tab that sleeps with the lock blocks nobody
  void asleep;
  locks.remove();
});

/** `navigator.locks`, as much of it as is used: Node has none. */
function fakeLocks() {
  /** @type {Map<string, Promise<unknown>>} */
  const held = new Map();
  /** @param {string} name @param {any} how @param {any} work */
  const request = async (name, how, work) => {
    if (how.ifAvailable && held.has(name)) return work(null);
    while (held.has(name)) {
      const aborted = new Promise((_, reject) => {
        how.signal?.addEventListener("abort", () => reject(new DOMException("patience", "AbortError")));
      });
      await Promise.race([held.get(name), aborted]);
    }
    const done = Promise.resolve().then(() => work({ name }));
    held.set(
      name,
      done.finally(() => held.delete(name)),
    );
    return done;
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { locks: { request } }, configurable: true });
  return { remove: () => before && Object.defineProperty(globalThis, "navigator", before) };
}

test("a network that comes back while a dead request hangs is used at once, not after the back-off", async () => {
  await note(1);
  let dead = true;
  /** @type {() => void} */
  let dies = () => {};
  const { front, server, posts } = behind(() =>
    dead ? new Promise((_, reject) => (dies = () => reject(new TypeError("timed out")))) : null,
  );
  const sync = syncOf(outbox, front);
  const hanging = sync.run();
  while (posts().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(await sync.run(), false); // the timer
  dead = false;
  assert.equal(await sync.run({ force: true }), false); // `online`: somebody is at it
  dies();
  assert.equal(await hanging, true);
  assert.equal(server.kept.size, 1);
  assert.equal(posts().length, 2);
});

test("the timer alone does not shorten the back-off, and no wish is stronger than the server's for quiet", async () => {
  await note(1);
  /** @type {(answer: Response | Promise<Response>) => void} */
  let answers = () => {};
  const { front, posts } = behind(() => new Promise((resolve) => (answers = resolve)));
  const sync = syncOf(outbox, front);
  const hung = async () => {
    while (front.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    front.calls.length = 0;
  };
  const first = sync.run();
  await hung();
  await sync.run();
  answers(Promise.reject(new TypeError("timed out")));
  assert.equal(await first, false);
  assert.equal(posts().length, 0);
  const second = sync.run({ force: true });
  await hung();
  await sync.run({ force: true });
  answers(problem(503, "unavailable", { "Retry-After": "30" }));
  assert.equal(await second, false);
  assert.equal(posts().length, 0);
});

test("a disk that takes no mark any more still lets its facts go", async () => {
  await note(2);
  const { db } = outbox;
  const begin = db.transaction.bind(db);
  db.transaction = (stores, mode, options) => {
    if (mode === "readwrite") throw new DOMException("full", "QuotaExceededError");
    return begin(stores, mode, options);
  };
  const server = serverOf();
  await syncOf(outbox, server).run();
  assert.equal(server.kept.size, 2);
  db.transaction = begin;
  await syncOf(outbox, server).run();
  assert.deepEqual(await states(), ["received", "received"]);
});

test("a fact that cannot be written is never given out as noted", async () => {
  outbox.db.close();
  await assert.rejects(note(1), { name: "InvalidStateError" });
  const db = await openStore(`network-${named}`);
  const full = new Outbox(db);
  db.transaction = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  await assert.rejects(full.add([draft], origin, clock), { name: "QuotaExceededError" });
  const aborted = transact(await openStore(`network-${named}`), ["facts"], "readwrite", (store) => {
    store("facts").add({ id: "x", device: "d1", device_seq: 1 });
    store("facts").transaction.abort();
  });
  await assert.rejects(aborted);
  assert.deepEqual(await new Outbox(await openStore(`network-${named}`)).all(), []);
});
