import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserEvent } from "../../client/index.ts";
import { peopleText } from "../comings.ts";

Object.assign(globalThis, { document: { documentElement: { dir: "ltr" } } });

function person(event: UserEvent["event"], username: string, extra: Partial<UserEvent> = {}): UserEvent {
  const client = { clientId: 10_001, username };
  return { type: "USER_EVENT", event, roomId: 1, client, members: 3, at: 1_700_000_000_000, ...extra };
}

test("people who do the same share a sentence", () => {
  const events = [person("joined", "Ada"), person("left", "Bob"), person("joined", "Eve")];
  assert.deepEqual(peopleText({ events, more: 0 }), ["Ada and Eve joined", "Bob left"]);
});

test("a crowd is counted, and so is what was not kept", () => {
  const events = ["A", "B", "C", "D", "E", "F"].map((name) => person("joined", name));
  assert.deepEqual(peopleText({ events, more: 60 }), ["A, B, C and 3 others joined", "+60"]);
});

test("who comes twice is named once", () => {
  assert.deepEqual(peopleText({ events: [person("joined", "Ada"), person("joined", "Ada")], more: 0 }), ["Ada joined"]);
});

test("whoever opened the room does not leave unnoticed", () => {
  const events = [person("left", "Ada", { owner: true }), person("left", "Bob")];
  assert.deepEqual(peopleText({ events, more: 0 }), ["Bob left", "Ada, who opened this room, left"]);
});

test("new names are told with the old ones, and busy rooms by their number", () => {
  const { client: _, ...crowd } = person("members", "", { members: 300 });
  const events = [person("renamed", "Ada L", { previous: "Ada" }), person("removed", "Eve"), crowd];
  assert.deepEqual(peopleText({ events, more: 0 }), [
    "Eve was removed by an administrator", "Ada is now Ada L", "People come and go; 300 are here",
  ]);
});
