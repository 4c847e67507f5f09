// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentWords } from "../../static/js/engine.js";

const said = /** @type {any} */ ({ words: "still since {time}", wordsNever: "never ran", zone: "Asia/Shanghai" });

test("the banner says since when, in the page's zone, or that no engine ever ran", () => {
  assert.equal(silentWords(String(Date.UTC(2024, 4, 20, 0, 32)), said, "zh-CN"), "still since 08:32");
  assert.equal(silentWords("0", said, "zh-CN"), "never ran");
});
