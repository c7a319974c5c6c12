// The table of close codes, the waits, and what an interest may hold, as rules without a socket.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { afterClose, closeReason, cursorText, parseCursor, waitMs } from "../dist/index.js";
import { checked } from "../dist/interest.js";
import { listenersAt } from "./support/page.mjs";

describe("the close codes", () => {
  it("lead back below 4500 and to a stop from there on, each of them", () => {
    for (let code = 1000; code <= 4999; code += 1) {
      const { act, newToken } = afterClose(code, "");
      assert.equal(act, code < 4500 ? "return" : "stop", code);
      if (act === "return") assert.equal(newToken, code === 4401, code);
    }
  });

  it("ask for a new token at 4401, and sign out where there is no source of one", () => {
    assert.deepEqual(afterClose(4401, "", { hasTokens: false }), { act: "sign-out", code: "token_expired" });
    for (let code = 1000; code <= 4499; code += 1) {
      if (code !== 4401) assert.equal(afterClose(code, "", { hasTokens: false }).act, "return", code);
    }
  });

  it("stop after three closes in a row for speaking wrongly, and no others do", () => {
    for (const code of [1002, 1003, 1007, 1009]) {
      assert.equal(afterClose(code, "", { wrongInARow: 1 }).wrongInARow, 2);
      assert.equal(afterClose(code, "", { wrongInARow: 2 }).act, "stop");
    }
    for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4401, 4408, 4410, 4429]) {
      assert.equal(afterClose(code, "", { wrongInARow: 2 }).wrongInARow, 0, code);
    }
  });

  it("have a reason of JSON, or of anything", () => {
    assert.deepEqual(closeReason('{"code":"restart","retryMs":1500}'), { code: "restart", retryMs: 1500 });
    assert.deepEqual(closeReason('{"code":"restart","retryMs":1e300}'), { code: "restart", retryMs: 300_000 });
    for (const text of ["", "gone", "null", "[]", "7", '{"code":7,"retryMs":"soon"}', '{"retryMs":-5}', '{"retryMs":null}']) {
      assert.deepEqual(closeReason(text), { code: "", retryMs: 0 }, text);
    }
    assert.equal(afterClose(1012, '{"code":"restart","retryMs":1500}').retryMs, 1500);
    assert.equal(afterClose(4501, '{"code":"token_revoked"}').code, "token_revoked");
    assert.equal(afterClose(4777, "").code, "4777");
  });
});

describe("the waits", () => {
  it("spread over 5 s at first, and then up to 30 s", () => {
    const latest = [0, 1, 2, 3, 4, 5, 50, 5000].map((failures) => waitMs(failures, 0, () => 1));
    assert.deepEqual(latest, [5000, 5000, 10_000, 20_000, 30_000, 30_000, 30_000, 30_000]);
    assert.equal(waitMs(3, 0, () => 0), 0);
    assert.equal(waitMs(1, 1500, () => 1), 6500);
    assert.equal(waitMs(1, Number.NaN, () => 0), 0);
  });
});

describe("a cursor", () => {
  it("is read as it was written, and nothing else is read", () => {
    for (const text of ["k3f9:1042:b4ccd58d95319cd8", "k3f9:0"]) assert.equal(cursorText(parseCursor(text)), text);
    for (const text of ["", "k3f9", "K:1", "k:-1", "k:1:xyz", "k:1:b4ccd58d95319cd8:", "k:9007199254740993"]) assert.equal(parseCursor(text), null, text);
  });
});

describe("an interest", () => {
  it("is refused here where the server would refuse it, since a browser hides why", () => {
    assert.deepEqual(checked({ agents: ["build-*", "a"], types: [] }), { agents: ["build-*", "a"], types: [] });
    assert.deepEqual(checked({}), {});
    const wrong = [
      { agents: [""] },
      { agents: ["a b"] },
      { agents: ["*a*b*c*d*"] },
      { agents: ["x".repeat(129)] },
      { agents: Array.from({ length: 65 }, (_, index) => `a${index}`) },
      { agents: Array.from({ length: 64 }, () => "x".repeat(100)) },
      { agents: [7] },
      { types: ["agent:mood"] },
    ];
    for (const interest of wrong) assert.throws(() => checked(interest), RangeError, JSON.stringify(interest));
  });
});

describe("a page", () => {
  it("wakes when it is shown, comes back or is on the net again, and rests when it is put aside", () => {
    const page = listenersAt("visible");
    page.tell("online");
    page.tell("pageshow");
    page.tell("visibilitychange");
    page.tell("resume");
    page.tell("offline");
    page.tell("pagehide", { persisted: false });
    page.tell("pagehide", { persisted: true });
    assert.deepEqual(page.heard, ["wake", "wake", "wake", "wake", "probe", "rest"]);
    page.document.visibilityState = "hidden";
    page.tell("visibilitychange");
    assert.equal(page.heard.length, 6);
    page.end();
    page.tell("online");
    assert.equal(page.heard.length, 6);
    assert.equal(page.count, 0);
  });
});
