/** What leaves a phone that cannot send: sealed, in frames, in a file; and what another phone does with it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import "fake-indexeddb/auto";
import { Carrier } from "../../static/phone/carry.js";
import {
  deviceOf,
  fromBase64Url,
  fromFile,
  importKey,
  seal,
  toBase64Url,
  toFile,
} from "../../static/phone/envelope.js";
import { Collector, FRAME_BYTES, fromBase45, MOST_FRAMES, toBase45, toFrames } from "../../static/phone/frames.js";
import { HandOver } from "../../static/phone/hand-over.js";
import { Outbox } from "../../static/phone/outbox.js";
import { openStore, readMeta } from "../../static/phone/store.js";
import { fact, snapshotOf } from "./fixtures.js";

const vector = JSON.parse(readFileSync(new URL("../vectors/envelope.json", import.meta.url), "utf8"));
const { device, person } = vector;

/** @param {Uint8Array<ArrayBuffer>} sealed */
async function opened(sealed) {
  const key = await crypto.subtle.importKey("raw", fromBase64Url(vector.key), "AES-GCM", false, ["decrypt"]);
  const plain = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: sealed.slice(34, 46), additionalData: sealed.slice(0, 34) },
    key,
    sealed.slice(46),
  );
  const stream = new Blob([plain]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** @param {number} count */
async function envelopeOf(count) {
  const key = await importKey(vector.key);
  assert.ok(key);
  const events = Array.from({ length: count }, () => ({ id: crypto.randomUUID(), note: "王小明 <b>" }));
  return seal({ key, device, person, window: "2024", sentAt: "2024-05-20T00:30:00Z", events });
}

/** @param {number} length */
const noise = (length) => crypto.getRandomValues(new Uint8Array(length));

test("the envelope of the server's vector, and one of our own, open with the same key", async () => {
  const theirs = fromBase64Url(vector.sealed);
  assert.equal(deviceOf(theirs), device);
  assert.deepEqual(await opened(theirs), vector.content);
  const key = await importKey(vector.key);
  assert.ok(key && !key.extractable);
  const { window, events, sent_at: sentAt } = vector.content;
  const ours = await seal({ key, device, person, window, events, sentAt, nonce: theirs.slice(34, 46) });
  assert.deepEqual([...ours.slice(0, 46)], [...theirs.slice(0, 46)]);
  assert.deepEqual(await opened(ours), vector.content);
});

test("a file comes back, and what is no file of ours does not", async () => {
  const sealed = await envelopeOf(3);
  assert.deepEqual(fromFile(toFile(sealed)), sealed);
  assert.deepEqual(fromFile(toFile(sealed).replaceAll("\n", "\r\n")), sealed);
  for (const wrong of ["", "FIELDOPS1", "FIELDOPS1\nshort", `FIELDOPS2\n${toBase64Url(sealed)}`, "<html>"]) {
    assert.equal(fromFile(wrong), null);
  }
});

test("base 45 as RFC 9285 has it", () => {
  assert.equal(toBase45(new TextEncoder().encode("Hello!!")), "%69 VD92EX0");
  assert.equal(toBase45(new TextEncoder().encode("ietf!")), "QED8WEX0");
  for (let length = 0; length < 40; length += 1) {
    const bytes = noise(length);
    assert.deepEqual(fromBase45(toBase45(bytes)), bytes);
  }
  for (const wrong of ["A", "GGW", "::", "abc", "AB€"]) assert.equal(fromBase45(wrong), null);
});

test("frames in any order, repeated, with others between them", async () => {
  for (const length of [80, FRAME_BYTES, FRAME_BYTES + 1, 3000]) {
    const sealed = noise(length);
    const frames = await toFrames(sealed);
    assert.equal(frames.length, Math.ceil(length / FRAME_BYTES));
    for (const frame of frames) assert.match(frame, /^[0-9A-Z $%*+\-./:]{22,450}$/);
    const collector = new Collector();
    const order = [...frames].reverse();
    for (const frame of order.slice(0, -1)) {
      assert.equal(collector.take(frame), "new");
      assert.equal(collector.take(frame), "known");
      assert.equal(collector.take("F10123456789ABCDEFK"), "other");
      assert.equal(await collector.whole(), null);
    }
    assert.deepEqual(collector.missing, frames.length > 1 ? [1] : []);
    collector.take(order.at(-1) ?? "");
    assert.deepEqual(await collector.whole(), sealed);
  }
});

test("a frame that was misread is none; a frame of another set begins anew", async () => {
  const [one = "", two = ""] = await toFrames(noise(400));
  for (let at = 0; at < one.length; at += 7) {
    const letter = one[at] === "A" ? "B" : "A";
    assert.equal(new Collector().take(one.slice(0, at) + letter + one.slice(at + 1)), "other");
  }
  const [other = ""] = await toFrames(noise(600));
  const collector = new Collector();
  collector.take(one);
  collector.take(other);
  assert.deepEqual([collector.read, collector.count], [1, 3]);
  collector.take(two);
  assert.deepEqual([collector.read, collector.count], [1, 2]);
  assert.deepEqual(await toFrames(noise(FRAME_BYTES * MOST_FRAMES + 1)), []);
});

let stores = 0;
/** @param {(url: string, init: any) => Promise<Response>} send */
async function carrierOf(send) {
  stores += 1;
  return Carrier.open({ name: `carried-${stores}`, send: /** @type {typeof fetch} */ (send) });
}

/** @param {unknown} body @param {number} [status] @param {string} [type] */
const reply = (body, status = 200, type = "application/json") =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { "Content-Type": type } });

test("an envelope is kept until the server itself took it", async () => {
  const sealed = await envelopeOf(30);
  const summary = { accepted: 30, duplicate: 0, quarantined: 0, conflict: 0 };
  const ours = { server_time: "t", server_epoch: "e", device, by: "Li", summary, results: [] };
  /** @type {(() => Response)[]} */
  const answers = [
    () => {
      throw new TypeError("no network");
    },
    () => reply("<html>sign in to the hotel</html>", 200, "text/html"),
    () => reply({ ok: true }),
    () => reply({ ...ours, device: person }),
    () => reply({ title: "Signed out" }, 401),
    () => reply({ title: "busy" }, 503),
  ];
  /** @type {any[]} */
  const calls = [];
  const carrier = await carrierOf(async (_url, init) => {
    calls.push(JSON.parse(init.body));
    return (answers.shift() ?? (() => reply(ours)))();
  });
  await carrier.keep(sealed, 1);
  await carrier.keep(sealed, 2);
  for (let more = answers.length; more > 0; more -= 1) {
    await carrier.sendAll();
    const [kept] = await carrier.all();
    assert.equal(kept?.state, "waiting");
    assert.deepEqual(new Uint8Array(kept?.sealed ?? []), sealed);
  }
  await carrier.sendAll();
  const all = await carrier.all();
  assert.equal(all.length, 1);
  assert.deepEqual([all[0]?.state, all[0]?.sealed, all[0]?.by], ["taken", null, "Li"]);
  assert.deepEqual(fromBase64Url(calls.at(-1).sealed), sealed);
  await carrier.sendAll();
  assert.equal(calls.length, 7);
  assert.equal((await carrier.keep(sealed, 3)).state, "taken");
});

test("what the server refuses for good is kept and shown, and does not hold up the next", async () => {
  const [bad, good] = [await envelopeOf(1), await envelopeOf(2)];
  const summary = { accepted: 2, duplicate: 0, quarantined: 0, conflict: 0 };
  const carrier = await carrierOf(async (_url, init) =>
    JSON.parse(init.body).sealed === toBase64Url(bad)
      ? reply({ title: "Cannot be opened", detail: "Damaged." }, 422, "application/problem+json")
      : reply({ server_epoch: "e", device, by: "Li", summary }),
  );
  await carrier.keep(bad, 2);
  await carrier.keep(good, 1);
  await carrier.sendAll();
  const [first, second] = await carrier.all();
  assert.deepEqual([first?.state, first?.problem], ["refused", "Cannot be opened. Damaged."]);
  assert.deepEqual(new Uint8Array(first?.sealed ?? []), bad);
  assert.equal(second?.state, "taken");
});

test("the key is kept where no script reads it out, and for the device and person it was given to", async () => {
  const db = await openStore("hand-over-key");
  const snapshot = { ...snapshotOf(), device: { id: device, label: "" }, hand_over_key: vector.key };
  snapshot.person = { ...snapshot.person, id: person };
  const handOver = new HandOver(db);
  assert.ok(!("hand_over_key" in (await handOver.takeKey(snapshot))));
  const kept = await readMeta(db, "hand_over_key");
  assert.equal(/** @type {{ key: CryptoKey }} */ (kept).key.extractable, false);
  const again = new HandOver(db);
  await again.load();
  const facts = [fact("sitting.started", "09:00")];
  const sealed = await again.seal(snapshot, facts, 0);
  assert.ok(sealed);
  assert.deepEqual((await opened(sealed)).events, [facts[0]?.event]);
  assert.equal(await again.seal({ ...snapshot, person: { ...snapshot.person, id: device } }, facts, 0), null);
});

test("what was handed over is told until the server has it, and no longer", async () => {
  const db = await openStore("hand-over-marks");
  const handOver = new HandOver(db);
  const snapshot = snapshotOf();
  const [one, two] = [fact("sitting.started", "09:00"), fact("sitting.ended", "10:20")];
  await handOver.mark([one], [one, two], 1000);
  assert.deepEqual(handOver.state(snapshot, [one, two]), { open: 2, handed: 1, at: 1000 });
  one.state = "received";
  assert.deepEqual(handOver.state(snapshot, [one, two]), { open: 1, handed: 0, at: null });
  await handOver.mark([two], [one, two], 2000);
  assert.deepEqual(Object.keys(handOver.marks), [two.id]);
});

test("a fact that was handed over is never changed any more", async () => {
  const outbox = new Outbox(await openStore("hand-over-frozen"));
  const origin = { device: "d1", window: "2024", school: "4418230101", person: "p1", by: "Li" };
  const mark = { era: "e", steps: 0 };
  const clock = { now: () => 0, offsetMs: () => 0, mark: () => mark, unsure: () => true };
  await outbox.add([{ kind: "sitting.started", room: "01", session: "chinese" }], origin, /** @type {any} */ (clock));
  const [taken] = await outbox.take({ person: "p1", window: "2024" }, 10);
  await outbox.add([{ kind: "sitting.ended", room: "01", session: "chinese" }], origin, /** @type {any} */ (clock));
  await outbox.correct([{ ...mark, byMs: 60_000, offsetMs: 60_000 }]);
  const [kept, stayed] = await outbox.all();
  assert.deepEqual(kept?.event, taken?.event);
  assert.equal(stayed?.event.offset_ms, 60_000); // one that did not leave is put right
});
