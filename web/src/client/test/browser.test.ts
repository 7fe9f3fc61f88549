import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { watchBrowser } from "../browser.ts";
import type { ChatClient } from "../client.ts";

/** As much of a window and a document as the library listens to. */
const page = new EventTarget();
const paper = Object.assign(new EventTarget(), { visibilityState: "visible" });
let hurried = 0;
let stop: () => void;

beforeEach(() => {
  Object.assign(globalThis, {
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
    document: paper,
  });
  hurried = 0;
  stop = watchBrowser({ hurry: () => hurried++ } as unknown as ChatClient);
});

afterEach(() => stop());

test("the network, the page itself and somebody's eyes are reasons to connect at once", () => {
  page.dispatchEvent(new Event("online"));
  assert.equal(hurried, 1);
  page.dispatchEvent(new Event("pageshow"));
  assert.equal(hurried, 2);
  paper.visibilityState = "hidden";
  paper.dispatchEvent(new Event("visibilitychange"));
  assert.equal(hurried, 2, "a page that is put away has no hurry");
  paper.visibilityState = "visible";
  paper.dispatchEvent(new Event("visibilitychange"));
  assert.equal(hurried, 3);
});

test("nothing is watched any more after the end", () => {
  stop();
  page.dispatchEvent(new Event("online"));
  page.dispatchEvent(new Event("pageshow"));
  paper.dispatchEvent(new Event("visibilitychange"));
  assert.equal(hurried, 0);
});
