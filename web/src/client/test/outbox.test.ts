import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryOutboxStore } from "../outbox-store.ts";
import type { OutboxItem } from "../outbox-store.ts";
import { Outbox } from "../outbox.ts";
import { ScriptedEnvironment } from "./harness.ts";

const OLD_ROOM = 11111;
const ROOM = 22222;
const [FORMER, SELF] = [10001, 10002];

function kept(extra: Partial<OutboxItem> = {}): OutboxItem {
  return { id: "kept", owner: "T", roomId: OLD_ROOM, text: "late", createdAt: 1, state: "queued", tries: 0, sends: 0, ...extra };
}

function outbox(): { box: Outbox; sent: string[] } {
  const sent: string[] = [];
  const transmit = (item: OutboxItem): boolean => sent.push(`${item.roomId} ${item.text}`) > 0;
  return { box: new Outbox(new ScriptedEnvironment(), new MemoryOutboxStore(), "T", { transmit, changed: () => {} }), sent };
}

function shown(box: Outbox): string[] {
  return box.items.map(({ state, reason }) => (reason === undefined ? state : `${state} ${reason}`));
}

test("what the store brings late for a room that is gone waits for a person's word", () => {
  const { box, sent } = outbox();
  box.failRoom(OLD_ROOM, "room_gone");
  box.restore([kept()]);
  assert.deepEqual(shown(box), ["failed room_gone"]);
  assert.deepEqual(sent, []);
});

test("what the store brings late for a room that another one replaced goes there", () => {
  const { box, sent } = outbox();
  box.failRoom(OLD_ROOM, "room_gone");
  box.open(ROOM, SELF);
  box.move(OLD_ROOM, ROOM);
  box.restore([kept()]);
  assert.deepEqual(sent, [`${ROOM} late`]);
});

test("what the store brings late and another identity sent may have arrived", () => {
  const { box, sent } = outbox();
  box.open(OLD_ROOM, SELF);
  box.restore([kept({ sends: 1, sender: FORMER }), kept({ id: "never sent", createdAt: 2 })]);
  assert.deepEqual(shown(box), ["failed unsure", "sending"]);
  assert.deepEqual(sent, [`${OLD_ROOM} late`]);
});

test("what a closed window left for a replaced room is not sent by itself", () => {
  const { box, sent } = outbox();
  box.open(ROOM, SELF);
  box.move(OLD_ROOM, ROOM);
  box.restore([kept({ owner: "closed", state: "failed", reason: "left_behind" })]);
  assert.deepEqual(shown(box), ["failed left_behind"]);
  assert.deepEqual(sent, []);
});
