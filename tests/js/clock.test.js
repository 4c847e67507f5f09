/** Every way in which a phone's clock goes wrong, and the times of facts that come out right. */
import assert from "node:assert/strict";
import { test } from "node:test";
import "fake-indexeddb/auto";
import { Clock } from "../../static/phone/clock.js";
import { Outbox } from "../../static/phone/outbox.js";
import { momentOf } from "../../static/phone/state.js";
import { openStore } from "../../static/phone/store.js";
import { serverOf, syncOf } from "./server.js";

const MIN = 60_000;
const HOUR = 60 * MIN;
const EIGHT = Date.parse("2024-05-20T00:00:00Z");
const origin = { device: "d1", window: "2024", school: "4418230101", person: "p1", by: "Li" };
const draft = { kind: "attendance.checked_in", room: "01", session: "chinese", student: "a" };

/** A phone whose clocks, and the true time beside them, a test moves by hand. */
class Phone {
  wallMs = EIGHT - 7 * MIN;
  monoMs = 5_000;
  trueMs = EIGHT;
  clock = new Clock();

  /** @param {number | null} [keptOffsetMs] */
  constructor(keptOffsetMs = null) {
    this.open(keptOffsetMs);
  }

  /** The app is started (again): the monotonic clock begins anew. @param {number | null} keptOffsetMs */
  open(keptOffsetMs) {
    this.monoMs = 5_000;
    this.clock = new Clock({ wall: () => this.wallMs, mono: () => this.monoMs, keptOffsetMs });
  }

  /** Time goes by, and the page looks at the clock now and then. @param {number} ms */
  pass(ms) {
    for (let left = ms; left > 0; left -= 1_000) {
      const step = Math.min(1_000, left);
      this.wallMs += step;
      this.monoMs += step;
      this.trueMs += step;
      this.clock.now();
    }
  }

  /** The phone sleeps: the monotonic clock stands still. @param {number} ms */
  sleep(ms) {
    this.clock.away();
    this.wallMs += ms;
    this.trueMs += ms;
    this.clock.back();
  }

  hear() {
    return this.clock.sync(new Date(this.trueMs).toISOString(), this.monoMs, this.monoMs);
  }

  get wrongBy() {
    return this.clock.now() - this.trueMs;
  }
}

test("a clock seven minutes off, hours off, or set while the page is seen, gives right times and is known to be off", () => {
  for (const set of [0, 7 * HOUR, -5 * HOUR, 400 * 24 * HOUR, 3 * MIN]) {
    const phone = new Phone();
    phone.hear();
    phone.pass(10 * MIN);
    phone.wallMs += set;
    phone.pass(10 * MIN);
    assert.equal(phone.wrongBy, 0);
    assert.equal(phone.clock.offsetMs(), 7 * MIN - set);
    assert.equal(phone.clock.wallJumped(), set !== 0);
    // A clock that was set back cannot have been a sleep; one set forward could have been.
    assert.equal(phone.clock.unsure(), set > 0);
    phone.hear();
    assert.equal(phone.clock.unsure(), false);
  }
});

test("a phone that slept out of sight has the right time at once, and is unsure of it until the server answers", () => {
  const phone = new Phone();
  phone.hear();
  for (const nap of [3_000, 40 * MIN, 14 * HOUR]) {
    phone.sleep(nap);
    assert.equal(phone.wrongBy, 0);
    assert.equal(phone.clock.unsure(), true);
    phone.pass(5 * MIN);
  }
  phone.hear();
  assert.deepEqual(
    phone.clock.takeFixes().map((fix) => fix.byMs),
    [0],
  );
  assert.deepEqual(phone.clock.takeFixes(), []);
  phone.sleep(500);
  assert.equal(phone.clock.unsure(), false);
});

test("many short sleeps that nobody noticed one by one are noticed together", () => {
  const phone = new Phone();
  phone.hear();
  for (let i = 0; i < 50; i += 1) phone.sleep(1_500);
  assert.ok(Math.abs(phone.wrongBy) <= 2_000, String(phone.wrongBy));
});

test("a date set by days in the settings is no sleep", () => {
  const phone = new Phone();
  phone.hear();
  phone.clock.away();
  phone.wallMs += 60 * 24 * HOUR;
  phone.clock.back();
  assert.equal(phone.wrongBy, 0);
});

test("a clock of a fast, right or slow time zone changes nothing: only instants count", () => {
  const phone = new Phone();
  phone.hear();
  const before = process.env.TZ;
  for (const zone of ["Pacific/Kiritimati", "America/Los_Angeles", "Asia/Urumqi"]) {
    process.env.TZ = zone;
    assert.equal(new Date(phone.clock.now()).toISOString(), "2024-05-20T00:00:00.000Z");
  }
  process.env.TZ = before;
});

test("after a restart the kept offset counts once, and a wall clock that is set afterwards changes nothing", () => {
  const phone = new Phone();
  phone.hear();
  const kept = phone.clock.offsetMs();
  phone.wallMs += HOUR;
  phone.trueMs += HOUR;
  phone.open(kept);
  assert.equal(phone.clock.source(), "kept");
  assert.equal(phone.wrongBy, 0);
  assert.equal(phone.clock.unsure(), true);
  phone.pass(MIN);
  phone.wallMs -= 3 * HOUR;
  assert.equal(phone.wrongBy, 0);
});

/** @param {string} name @param {(phone: Phone, outbox: Outbox, note: () => Promise<number>) => Promise<void>} story */
const noted = (name, story) =>
  test(name, async () => {
    const phone = new Phone();
    const outbox = new Outbox(await openStore(`clock ${name}`));
    /** Notes a fact; gives the true time. */
    const note = async () => {
      await outbox.add([draft], origin, phone.clock);
      return phone.trueMs;
    };
    await story(phone, outbox, note);
  });

/** @param {Phone} phone @param {Outbox} outbox */
async function send(phone, outbox) {
  const server = serverOf(({ url, body }) => {
    const times = { server_time: new Date(phone.trueMs).toISOString(), server_epoch: server.epoch };
    const results = body?.events.map((/** @type {any} */ { id }, /** @type {number} */ i) => {
      const known = server.kept.has(id);
      if (!known) server.kept.set(id, body.events[i]);
      return { id, outcome: known ? "duplicate" : "accepted", flags: [], seq: i + 1 };
    });
    const shot = { window: {}, person: {}, sessions: [], states: {} };
    return new Response(JSON.stringify(url === "/api/v1/snapshot" ? { ...times, ...shot } : { ...times, results }), {
      headers: { "Content-Type": "application/json" },
    });
  });
  await syncOf(outbox, server, { clock: phone.clock }).run();
  return [...server.kept.values()];
}

/** @param {any[]} sent */
const moments = (sent) => sent.map((event) => Date.parse(event.occurred_at) + event.offset_ms);

noted(
  "the clock was set while the app was closed: facts noted before the first answer arrive with right times",
  async (phone, outbox, note) => {
    phone.hear();
    const kept = phone.clock.offsetMs();
    phone.wallMs += 2 * HOUR; // set by hand
    phone.open(kept);
    const truth = [await note()];
    phone.pass(4 * MIN);
    truth.push(await note());
    assert.ok(
      (await outbox.all()).every(
        (fact) => fact.event.clock_unsure && momentOf(fact) === truth[fact.device_seq - 1] + 2 * HOUR,
      ),
    );
    const sent = await send(phone, outbox);
    assert.deepEqual(moments(sent), truth);
    assert.ok(sent.every((event) => !("clock_unsure" in event)));
  },
);

noted(
  "a clock set forward in the settings looks like sleep, and is put right before anything is sent",
  async (phone, outbox, note) => {
    phone.hear();
    const truth = [await note()];
    phone.clock.away();
    phone.wallMs += 9 * MIN;
    phone.clock.back();
    phone.pass(MIN);
    truth.push(await note());
    const sent = await send(phone, outbox);
    assert.deepEqual(moments(sent), truth);
  },
);

noted(
  "what left the phone once is never changed: its body is the one that the server may have",
  async (phone, outbox, note) => {
    phone.open(0);
    await note();
    const [before] = await outbox.take({ person: "p1", window: "2024" }, 10);
    const [event] = await send(phone, outbox);
    assert.deepEqual(event, before?.event);
    assert.equal(event.clock_unsure, true);
  },
);

noted(
  "facts of an earlier run that never heard the server: right when the clock stood still, else said to be unsure",
  async (phone, outbox, note) => {
    phone.open(7 * MIN);
    const truth = await note();
    phone.open(7 * MIN);
    const [calm] = await send(phone, outbox);
    assert.deepEqual([moments([calm])[0], calm.clock_unsure], [truth, undefined]);
    phone.open(7 * MIN);
    await note();
    phone.wallMs += HOUR;
    phone.open(7 * MIN);
    const [, doubtful] = [null, ...(await send(phone, outbox))];
    assert.equal(doubtful?.clock_unsure, true);
  },
);
