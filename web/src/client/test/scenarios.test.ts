import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ChatClient } from "../client.ts";
import { MemoryOutboxStore } from "../outbox-store.ts";
import type { OutboxItem } from "../outbox-store.ts";
import { ChatError } from "../requests.ts";
import { SoleOwnership, VolatileMemory } from "../tab.ts";
import type { TabRecord } from "../tab.ts";
import { readScenario, ScriptedEnvironment, settle } from "./harness.ts";
import type { Scenario, Step } from "./harness.ts";

/** Plays the conversations that the Go tests read as well. */
const directory = process.env["WIRE"] ?? "testdata/wire";

for (const file of readdirSync(directory).filter((name) => name.endsWith(".json")).sort()) {
  const scenario = readScenario(join(directory, file));
  test(`${file}: ${scenario.about}`, async () => {
    const player = new Player(scenario);
    await player.begin();
    for (const [i, step] of scenario.steps.entries()) await player.play(step, `step ${i + 1}: ${JSON.stringify(step)}`);
    player.done();
  });
}

class Player {
  readonly #env = new ScriptedEnvironment();
  readonly #scenario: Scenario;
  readonly #client: ChatClient;
  readonly #texts: string[] = [];
  readonly #left: string[] = [];
  readonly #people: string[] = [];
  readonly #errors: string[] = [];
  #gaps = 0;
  #read = new Map<number, number>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const memory = new VolatileMemory();
    if (scenario.tab !== undefined) memory.save(scenario.tab as unknown as TabRecord);
    const store = new MemoryOutboxStore();
    for (const item of scenario.kept ?? []) void store.put(item as unknown as OutboxItem);
    const options = { url: "ws://test/ws", environment: this.#env, store, memory, ownership: new SoleOwnership() };
    this.#client = new ChatClient(scenario.username === undefined ? options : { ...options, username: scenario.username });
    this.#client.on("message", (m) => this.#texts.push(`${m.seq} ${m.own ? "me" : m.from.username}: ${m.text}`));
    this.#client.on("left", ({ reason }) => this.#left.push(reason));
    this.#client.on("person", (p) => this.#people.push(p.client ? `${p.event} ${p.client.username}` : p.event));
    this.#client.on("entered", ({ reset, gap }) => {
      if (reset) this.#texts.length = 0;
      if (gap) this.#gaps++;
    });
  }

  async begin(): Promise<void> {
    void this.#client.start(this.#scenario.room);
    await settle();
  }

  async play(step: Step, where: string): Promise<void> {
    const env = this.#env;
    if (step.open !== undefined) {
      assert.equal(env.sockets.length, step.open, `${where}: attempts`);
      env.socket.open();
    }
    if (step.server !== undefined) env.socket.serve(step.server);
    if (step.closing !== undefined) env.socket.readyState = 2;
    if (step.close !== undefined) env.socket.onclose?.({ code: step.close });
    if (step.wait !== undefined) await env.clock.advance(step.wait);
    if (step.call !== undefined) this.#call(step.call);
    await settle();
    if (step.client !== undefined) {
      const read = this.#read.get(env.sockets.length) ?? 0;
      this.#read.set(env.sockets.length, read + 1);
      assert.deepEqual(env.socket.sent[read], step.client, where);
    }
    if (step.sees !== undefined) this.#compare(step.sees, where);
  }

  #call([method, ...args]: readonly [string, ...unknown[]]): void {
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => unknown>;
    const result = (client[method] as (...args: unknown[]) => unknown).apply(this.#client, args);
    if (result instanceof Promise) {
      result.catch((error: unknown) => this.#errors.push(error instanceof ChatError ? error.code : String(error)));
    }
  }

  #compare(expected: NonNullable<Step["sees"]>, where: string): void {
    const client = this.#client;
    const state = client.state.phase === "ended" ? `ended ${client.state.reason}` : client.state.phase;
    const actual: Record<string, unknown> = {
      texts: this.#texts,
      state,
      room: client.room?.roomId ?? null,
      members: client.room?.members,
      outbox: client.outbox.map((i) => `${i.id} ${i.state}${i.reason === undefined ? "" : ` ${i.reason}`}: ${i.text}`),
      left: this.#left,
      gaps: this.#gaps,
      people: this.#people,
      username: client.identity?.username,
      clientId: client.identity?.clientId,
      errors: this.#errors,
      dials: this.#env.sockets.length,
    };
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(actual[name], value, `${where}: ${name}`);
  }

  /** Nothing may have been said that the script does not know. */
  done(): void {
    const read = this.#read.get(this.#env.sockets.length) ?? 0;
    assert.deepEqual(this.#env.sockets.at(-1)?.sent.slice(read) ?? [], [], "frames that nobody expected");
    this.#client.stop();
  }
}
