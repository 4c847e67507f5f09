/** Sound and vibration fail in many ways on real phones; none of them may come between a fact and its verdict. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { signal, wakeSound } from "../../static/phone/signals.js";

/** @param {string} name @param {unknown} value */
const give = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true });
const broken = () => {
  throw new DOMException("no", "NotAllowedError");
};

/** @type {Record<string, { navigator: object, AudioContext: unknown }>} */
const PHONES = {
  "neither of them": { navigator: {}, AudioContext: undefined },
  "a vibration that is forbidden": { navigator: { vibrate: broken }, AudioContext: undefined },
  "a sound that may not begin": { navigator: {}, AudioContext: broken },
  "a sound that does not go on": {
    navigator: { vibrate: () => false },
    AudioContext: class {
      state = "suspended";
      resume = async () => broken();
    },
  },
  "a sound that broke down": {
    navigator: { vibrate: () => true },
    AudioContext: class {
      state = "running";
      currentTime = 0;
      createOscillator = broken;
    },
  },
};
for (const [name, { navigator, AudioContext }] of Object.entries(PHONES)) {
  test(`a phone with ${name} shows its verdicts`, async () => {
    const { signal, wakeSound } = await import(`../../static/phone/signals.js?${encodeURIComponent(name)}`);
    give("navigator", navigator);
    give("AudioContext", AudioContext);
    wakeSound();
    for (const kind of ["good", "attention", "stop"]) assert.doesNotThrow(() => signal(kind));
    await new Promise((resolve) => setImmediate(resolve)); // a promise refused and left alone would end the test
  });
}

test("a buzz that fails does not take the tone with it", async () => {
  /** @type {number[]} */
  const begun = [];
  give("navigator", { vibrate: broken });
  give(
    "AudioContext",
    class {
      state = "running";
      currentTime = 0;
      createOscillator = () => ({
        frequency: {},
        connect: () => ({ connect: () => {} }),
        start: (/** @type {number} */ at) => begun.push(at),
        stop: () => {},
      });
      createGain = () => ({ gain: { setValueAtTime: () => {}, exponentialRampToValueAtTime: () => {} } });
    },
  );
  wakeSound();
  signal("attention");
  assert.equal(begun.length, 2);
});
