import { readFileSync } from "node:fs";
import type { Environment, Socket } from "../environment.ts";
import type { Command, ServerEvent } from "../protocol.ts";

/** A clock that moves when it is told to. */
export class Clock {
  #now = 1_700_000_000_000;
  #serial = 0;
  readonly #timers = new Map<number, { at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  set(run: () => void, ms: number): number {
    const id = ++this.#serial;
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), run });
    return id;
  }

  clear(id: unknown): void {
    this.#timers.delete(id as number);
  }

  /** Runs everything that is due within ms, in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      let next: [number, { at: number; run: () => void }] | undefined;
      for (const timer of this.#timers) {
        if (timer[1].at <= end && (next === undefined || timer[1].at < next[1].at)) next = timer;
      }
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].run();
    }
    this.#now = end;
  }
}

/** Lets every promise that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** A socket whose other end is the script. */
export class ScriptedSocket implements Socket {
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason?: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  readonly sent: Command[] = [];
  closed: number | undefined;
  readyState = 0;

  open(): void {
    this.readyState = 1;
    this.onopen?.({});
  }

  send(data: string): void {
    if (this.readyState !== 1) throw new Error(`sent in state ${this.readyState}`);
    this.sent.push(JSON.parse(data) as Command);
  }

  close(code = 1000): void {
    this.readyState = 2;
    this.closed ??= code;
  }

  serve(event: ServerEvent): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }
}

/** An environment in which nothing happens by itself. */
export class ScriptedEnvironment implements Environment {
  readonly clock = new Clock();
  readonly sockets: ScriptedSocket[] = [];
  /** What random() gives; 0.5 unless a test says otherwise. */
  chance = 0.5;
  #ids = 0;

  now(): number {
    return this.clock.now();
  }

  setTimeout(run: () => void, ms: number): unknown {
    return this.clock.set(run, ms);
  }

  clearTimeout(timer: unknown): void {
    this.clock.clear(timer);
  }

  random(): number {
    return this.chance;
  }

  newId(): string {
    return `id-${++this.#ids}`;
  }

  dial(): Socket {
    const socket = new ScriptedSocket();
    this.sockets.push(socket);
    return socket;
  }

  get socket(): ScriptedSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nobody has dialled");
    return socket;
  }
}

/** One step of a conversation in web/testdata/wire. Each holds exactly one of these. */
export interface Step {
  /** The client has dialled (for the n-th time) and the handshake succeeds. */
  readonly open?: number;
  /** A frame from the server. */
  readonly server?: ServerEvent;
  /** The next frame from the client, exactly. */
  readonly client?: Command;
  /** The server's close frame was read; the socket takes no more frames, and is not closed yet. */
  readonly closing?: true;
  /** The server, or the network, closes with this code. */
  readonly close?: number;
  /** Time goes by, milliseconds. */
  readonly wait?: number;
  /** The person does something. */
  readonly call?: readonly [method: string, ...args: unknown[]];
  /** What the application has been told so far. */
  readonly sees?: {
    readonly texts?: readonly string[];
    readonly state?: string;
    readonly room?: number | null;
    readonly members?: number;
    readonly outbox?: readonly string[];
    readonly left?: readonly string[];
    readonly gaps?: number;
    readonly people?: readonly string[];
    readonly username?: string;
    readonly clientId?: number;
    readonly errors?: readonly string[];
    readonly dials?: number;
  };
}

export interface Scenario {
  readonly about: string;
  /** What the tab remembers from before a reload. */
  readonly tab?: Record<string, unknown>;
  readonly username?: string;
  readonly room?: number;
  /** Messages that a former page left in the outbox. */
  readonly kept?: readonly Record<string, unknown>[];
  readonly steps: readonly Step[];
}

export function readScenario(path: string): Scenario {
  return JSON.parse(readFileSync(path, "utf8")) as Scenario;
}
