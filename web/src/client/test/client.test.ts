import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatClient } from "../client.ts";
import { MemoryOutboxStore } from "../outbox-store.ts";
import { SoleOwnership, VolatileMemory } from "../tab.ts";
import { ScriptedEnvironment, settle } from "./harness.ts";

function newClient(environment: ScriptedEnvironment): ChatClient {
  const store = new MemoryOutboxStore();
  return new ChatClient({ url: "ws://test/ws", environment, store, memory: new VolatileMemory(), ownership: new SoleOwnership() });
}

test("a client that is stopped while it starts stays stopped", async () => {
  const env = new ScriptedEnvironment();
  const client = newClient(env);
  void client.start();
  client.stop();
  await settle();
  await env.clock.advance(60_000);
  assert.equal(env.sockets.length, 0);
  assert.equal(client.state.phase, "idle");
});

test("of two starts with a stop between them one connects", async () => {
  const env = new ScriptedEnvironment();
  const client = newClient(env);
  void client.start();
  client.stop();
  void client.start();
  await settle();
  assert.equal(env.sockets.length, 1);
  assert.equal(client.state.phase, "connecting");
});

test("a client that is stopped while it waits for a verdict stays stopped", async () => {
  const env = new ScriptedEnvironment();
  const client = newClient(env);
  await client.start();
  env.socket.open();
  env.socket.serve({ type: "ERROR", code: "BANNED", message: "Banned." });
  client.stop();
  await env.clock.advance(60_000);
  assert.equal(client.state.phase, "idle");
});

test("outside of a room there is nothing to send to", async () => {
  const client = newClient(new ScriptedEnvironment());
  assert.equal(client.send("hello"), undefined);
  assert.deepEqual(client.outbox, []);
});
