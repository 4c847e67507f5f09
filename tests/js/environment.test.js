import assert from "node:assert/strict";
import { test } from "node:test";
import { browserOf, problemsOf } from "../../static/phone/environment.js";
import { awayFrom } from "../../static/phone/screens/away.js";

const good = { store: true, secure: true, worker: true, forgets: false, roomBytes: 2e9 };
/** @param {Partial<typeof good>} [found] */
const codes = (found = {}) => problemsOf({ ...good, ...found }).map(({ code, severity }) => `${code}:${severity}`);

test("where everything is there, nothing is said", () => {
  assert.deepEqual(codes(), []);
  assert.deepEqual(problemsOf({ ...good, roomBytes: null }), []);
});

test("only a phone that cannot keep a note stops the work", () => {
  assert.deepEqual(codes({ store: false }), ["no-store:stops"]);
  assert.deepEqual(codes({ worker: false }), ["no-worker:network"]);
  assert.deepEqual(codes({ forgets: true }), ["private:network"]);
  assert.deepEqual(codes({ roomBytes: 5_000_000 }), ["little-room:network"]);
  assert.deepEqual(codes({ store: false, worker: false }), ["no-store:stops", "no-worker:network"]);
});

test("plain http is one cause and is said once", () => {
  assert.deepEqual(codes({ secure: false, worker: false }), ["insecure:network"]);
});

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const ANDROID =
  "Mozilla/5.0 (Linux; Android 13; V2227A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0";

test("a built-in browser is known by its name, to say which button leads out of it", () => {
  const of = (/** @type {string} */ agent, touch = 0) => Object.values(browserOf(agent, touch)).join(" ");
  assert.equal(
    of(`${IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x1800312c) NetType/WIFI Language/zh_CN`),
    "wechat ios",
  );
  assert.equal(of(`${ANDROID} MQQBrowser/6.2 XWEB/1160117 MMWEBSDK/20240404 MicroMessenger/8.0.49`), "wechat android");
  assert.equal(of(`${ANDROID} wxwork/4.1.22 MicroMessenger/7.0.1`), "wecom android");
  assert.equal(of(`${IPHONE} Mobile/15E148 QQ/9.0.60.637 V1_IPH_SQ`), "qq ios");
  assert.equal(of(`${ANDROID} MQQBrowser/15.2 Mobile Safari/537.36 COVC/046915`), " android");
  assert.equal(of(`${IPHONE} Version/17.5 Mobile/15E148 Safari/604.1`), " ios");
  assert.equal(of("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.5 Safari/605.1.15", 5), " ios");
  assert.equal(of("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.5 Safari/605.1.15", 0), " other");
  assert.equal(of(`${IPHONE} AliApp(DingTalk/7.5.20) com.laiwang.DingTalk/35 Channel/201200`), "dingtalk ios");
});

test("a page that was asked for without a network leads to a path of this site only", () => {
  const to = (/** @type {string} */ search) => awayFrom(/** @type {Location} */ ({ search }));
  assert.equal(to(""), "");
  assert.equal(to("?needs=%2Fc%2F441823%2Fboard"), "#/away/%2Fc%2F441823%2Fboard");
  for (const bad of ["//evil.test", "/\\evil.test", "javascript:alert(1)", "https://evil.test"])
    assert.equal(to(`?needs=${encodeURIComponent(bad)}`), "", bad);
});
