import type { Environment } from "./environment.ts";
import type { ErrorCode, ErrorEvent, ServerEvent } from "./protocol.ts";

/** How long a request may go unanswered, milliseconds: the server itself gives up after 5 s. */
const ANSWER_TIMEOUT = 15_000;

/** A request that was refused, or never answered. */
export class ChatError extends Error {
  /** The server's code, or OFFLINE: there was no connection, or it was lost before the answer. */
  readonly code: ErrorCode | "OFFLINE";
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode | "OFFLINE", message: string, retryAfterMs?: number) {
    super(message);
    this.name = "ChatError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  static from(event: ErrorEvent): ChatError {
    return new ChatError(event.code, event.message, event.retryAfterMs);
  }
}

interface Pending {
  readonly resolve: (event: ServerEvent) => void;
  readonly reject: (error: ChatError) => void;
  readonly timer: unknown;
}

/** Pairs answers with requests by their id. */
export class Requests {
  readonly #env: Environment;
  readonly #pending = new Map<string, Pending>();
  readonly #held = new Map<string, (id: string) => boolean>();
  #next = 0;

  constructor(env: Environment) {
    this.#env = env;
  }

  /**
   * Registers a request: `id` goes into the command, `answer` settles when its answer comes. `send` is
   * kept back until release: a greeting takes a moment, and whoever asks in it is not offline.
   */
  open(kind: string, send?: (id: string) => boolean): { id: string; answer: Promise<ServerEvent> } {
    const id = `${kind}-${++this.#next}`;
    const answer = new Promise<ServerEvent>((resolve, reject) => {
      const timer = this.#env.setTimeout(() => {
        this.#pending.delete(id);
        this.#held.delete(id);
        reject(new ChatError("OFFLINE", "The server did not answer in time."));
      }, ANSWER_TIMEOUT);
      this.#pending.set(id, { resolve, reject, timer });
    });
    if (send !== undefined) this.#held.set(id, send);
    return { id, answer };
  }

  /** Sends what was kept back, in the order in which it was asked. */
  release(): void {
    for (const [id, send] of [...this.#held]) if (this.#held.delete(id) && !send(id)) this.reject(id);
  }

  /** Settles the request that this event answers; false when it answers none. */
  settle(event: ServerEvent & { id?: string }): boolean {
    const pending = event.id === undefined ? undefined : this.#take(event.id);
    if (pending === undefined) return false;
    if (event.type === "ERROR") pending.reject(ChatError.from(event));
    else pending.resolve(event);
    return true;
  }

  /** The request could not be sent. */
  reject(id: string): void {
    this.#take(id)?.reject(new ChatError("OFFLINE", "There is no connection."));
  }

  /** The connection is gone, and every answer with it. */
  abort(): void {
    for (const id of [...this.#pending.keys()]) {
      this.#take(id)?.reject(new ChatError("OFFLINE", "The connection was lost."));
    }
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#held.delete(id);
    this.#env.clearTimeout(pending.timer);
    return pending;
  }
}
