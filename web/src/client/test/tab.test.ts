import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { AskingOwnership, claimTab, LockOwnership, VolatileMemory } from "../tab.ts";
import { ScriptedEnvironment } from "./harness.ts";

/** A BroadcastChannel within one process: everybody but the sender hears, a little later. */
class Channel {
  static open: Channel[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor() {
    Channel.open.push(this);
  }

  postMessage(data: unknown): void {
    for (const other of Channel.open) if (other !== this) queueMicrotask(() => other.onmessage?.({ data }));
  }
}

const { BroadcastChannel, Math: { random } } = globalThis;

beforeEach(() => {
  Channel.open = [];
  Object.assign(globalThis, { BroadcastChannel: Channel });
});

afterEach(() => {
  Object.assign(globalThis, { BroadcastChannel });
  Math.random = random;
});

test("a name that nobody has is free, one that somebody has is not", async () => {
  const [first, second] = [new AskingOwnership(), new AskingOwnership()];
  assert.equal(await first.claim("a"), true);
  assert.equal(await second.claim("a"), false);
  assert.equal(await second.claim("b"), true);
  assert.equal(await first.claim("a"), true, "one's own is still one's own");
});

test("of pages that ask at the same time one gets the name", async () => {
  const numbers = [0.7, 0.2];
  Math.random = () => numbers.shift() ?? 0.9;
  const [first, second] = [new AskingOwnership(), new AskingOwnership()];
  assert.deepEqual(await Promise.all([first.claim("a"), second.claim("a")]), [false, true]);
  assert.equal(await first.claim("a"), false);
});

test("a reloaded page is itself again, a copied one begins a life of its own", async () => {
  const env = new ScriptedEnvironment();
  const memory = new VolatileMemory();
  const original = await claimTab(memory, new AskingOwnership(), env);
  memory.save({ ...original, session: "S1", roomId: 12345 });

  // The copy comes with a copy of the storage, while the original is still there.
  const copied = new VolatileMemory();
  copied.save({ ...original, session: "S1", roomId: 12345 });
  const copy = await claimTab(copied, new AskingOwnership(), env);
  assert.notEqual(copy.tab, original.tab);
  assert.equal(copy.session, undefined);
  assert.deepEqual(copied.load(), copy);

  // The original is gone when its reloaded self asks.
  Channel.open.shift();
  assert.equal((await claimTab(memory, new AskingOwnership(), env)).session, "S1");
});

/** Locks of one browser: given to who comes first, and free again when that page is gone. */
class Locks {
  readonly held = new Set<string>();
  /** What the browser has to do before it answers. */
  busy: Promise<void> | undefined;

  async request(name: string, _: { ifAvailable: true }, act: (lock: object | null) => unknown): Promise<void> {
    await this.busy;
    if (this.held.has(name)) return void (await act(null));
    this.held.add(name);
    await act({ name });
  }
}

function browser(): Locks {
  const locks = new Locks();
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
  return locks;
}

test("locks keep a name for the page that has it, also when it begins again", async () => {
  browser();
  const [first, second] = [new LockOwnership(), new LockOwnership()];
  assert.equal(await first.claim("a", 0), true);
  assert.equal(await second.claim("a", 0), false);
  assert.equal(await second.claim("a", 10), false, "not after some patience either");
  assert.equal(await first.claim("a", 0), true);
});

test("a page that is loaded anew gets its name back, however late the browser answers", async () => {
  const locks = browser();
  assert.equal(await new LockOwnership().claim("a", 0), true);
  let answer = (): void => {};
  locks.busy = new Promise((resolve) => { answer = resolve; });
  const again = new LockOwnership().claim("a", 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  answer(); // Its patience would be long over, and the page before is let go of after the first answer.
  setTimeout(() => locks.held.clear(), 5);
  assert.equal(await again, true);
});
