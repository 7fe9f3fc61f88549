import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../emitter.ts";

interface Events {
  word: string;
}

class Speaker extends Emitter<Events> {
  say(word: string): void {
    this.emit("word", word);
  }
}

test("listeners hear in the order in which they came, until they stop", () => {
  const speaker = new Speaker();
  const heard: string[] = [];
  const stop = speaker.on("word", (word) => heard.push(`first ${word}`));
  speaker.on("word", (word) => heard.push(`second ${word}`));
  speaker.say("a");
  stop();
  speaker.say("b");
  assert.deepEqual(heard, ["first a", "second a", "second b"]);
});

test("the same listener twice is two listeners", () => {
  const speaker = new Speaker();
  let heard = 0;
  const listener = (): void => void heard++;
  const stop = speaker.on("word", listener);
  speaker.on("word", listener);
  speaker.say("a");
  stop();
  speaker.say("b");
  assert.equal(heard, 3);
});

test("a listener that throws is reported and does not keep the others from hearing", () => {
  const reported: unknown[] = [];
  Object.assign(globalThis, { reportError: (error: unknown) => reported.push(error) });
  const speaker = new Speaker();
  const heard: string[] = [];
  const fault = new Error("mine");
  speaker.on("word", () => {
    throw fault;
  });
  speaker.on("word", (word) => heard.push(word));
  speaker.say("a");
  assert.deepEqual(heard, ["a"]);
  assert.deepEqual(reported, [fault]);
});
