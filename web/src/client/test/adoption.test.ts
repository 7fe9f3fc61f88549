import assert from "node:assert/strict";
import { test } from "node:test";
import { kept, leftBehind } from "../adoption.ts";
import { MemoryOutboxStore } from "../outbox-store.ts";
import type { OutboxItem, OutboxStore } from "../outbox-store.ts";
import { ScriptedEnvironment, settle } from "./harness.ts";

function item(id: string, owner: string): OutboxItem {
  return { id, owner, roomId: 1, text: id, createdAt: 1, state: "queued", tries: 0, sends: 0 };
}

/** A store that answers when it is told to. */
class SlowStore extends MemoryOutboxStore {
  answer: (items: OutboxItem[]) => void = () => {};

  override all(): Promise<OutboxItem[]> {
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }
}

const BROKEN: OutboxStore = {
  put: async () => {},
  remove: async () => {},
  all: () => Promise.reject(new Error("no database")),
};

test("what is kept is waited for", async () => {
  const store = new MemoryOutboxStore();
  await store.put(item("a", "T"));
  const late: OutboxItem[] = [];
  assert.deepEqual((await kept(store, new ScriptedEnvironment(), (items) => late.push(...items))).map((i) => i.id), ["a"]);
  assert.deepEqual(late, []);
});

test("a store that does not answer holds nothing up, and is heard when it does", async () => {
  const store = new SlowStore();
  const env = new ScriptedEnvironment();
  const late: OutboxItem[] = [];
  const answer = kept(store, env, (items) => late.push(...items));
  await env.clock.advance(1_001);
  assert.deepEqual(await answer, []);
  store.answer([item("a", "T")]);
  await settle();
  assert.deepEqual(late.map((i) => i.id), ["a"]);
});

test("a store that fails has nothing", async () => {
  assert.deepEqual(await kept(BROKEN, new ScriptedEnvironment(), () => assert.fail("nothing is late")), []);
});

test("only what belongs to windows that are closed is taken over", async () => {
  const store = new MemoryOutboxStore();
  for (const [id, owner] of [["mine", "self"], ["open", "other"], ["closed", "gone"]] as const) await store.put(item(id, owner));
  const left = await leftBehind(store, { claim: async (name) => name === "gone" }, "self");
  assert.deepEqual(left.map((i) => [i.id, i.state, i.reason]), [["closed", "failed", "left_behind"]]);
});
