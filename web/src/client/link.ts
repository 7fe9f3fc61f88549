import { reconnectDelay } from "./backoff.ts";
import type { Environment, Socket } from "./environment.ts";
import { isTerminal, parseFrame, SUBPROTOCOL } from "./protocol.ts";
import type { Command, ServerEvent } from "./protocol.ts";

/** How long an attempt may take until CONNECT is there, and a PING until anything is heard. */
const OPEN_TIMEOUT = 10_000;
const PONG_TIMEOUT = 5_000;

/** WebSocket.OPEN, which is not there where the client runs without a browser. */
const OPEN = 1;

/** A connection that said something within this time is not asked, milliseconds. The server counts no PING in 5 s. */
const FRESH = 5_000;

/** An attempt older than this is given up when there is a reason to think that a new one fares better. */
const STALE_ATTEMPT = 2_000;

/** A connection that lasted this long was a good one: the next failure starts from the beginning. */
const STABLE_AFTER = 10_000;

/** Where the connection stands. `until` is the clock time of the next attempt. */
export type LinkState =
  | { readonly phase: "idle" }
  | { readonly phase: "connecting" }
  | { readonly phase: "open" }
  | { readonly phase: "waiting"; readonly until: number; readonly attempt: number }
  | { readonly phase: "ended"; readonly code: number };

/** What a link tells its owner. */
export interface LinkHandler {
  /** The socket is open; what is sent here goes out before anything else. */
  opened(): void;
  received(event: ServerEvent): void;
  /** The socket is gone; a new attempt follows unless the state says "ended". */
  lost(code: number): void;
  changed(state: LinkState): void;
}

/**
 * One connection that is kept: it reconnects with full jitter, watches for silence and obeys the
 * codes that end the matter. It knows nothing of sessions and rooms.
 */
export class Link {
  readonly #url: string;
  readonly #env: Environment;
  readonly #handler: LinkHandler;
  #state: LinkState = { phase: "idle" };
  #socket: Socket | undefined;
  #attempt = 0;
  #dialledAt = 0;
  #openedAt = 0;
  #notBefore = 0;
  #heartbeatMs = 0;
  #lastHeard = 0;
  #timer: unknown;
  #watch: unknown;

  constructor(url: string, env: Environment, handler: LinkHandler) {
    this.#url = url;
    this.#env = env;
    this.#handler = handler;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Begins to connect; nothing happens when it already does or the matter has ended. */
  start(): void {
    if (this.#state.phase === "idle") this.#dial();
  }

  /** Begins again after an end; a person asked for it. */
  restart(): void {
    if (this.#state.phase !== "ended") return;
    this.#attempt = 0;
    this.#dial();
  }

  /** Closes for good: 1000 gives the place in the room back at once. */
  stop(): void {
    this.#drop(1000);
    this.#enter({ phase: "idle" });
  }

  /**
   * Connects now instead of waiting on: the network is back, the page was looked at again, or a
   * person asked. A server's own "not before" still holds.
   */
  hurry(): void {
    if (this.#state.phase === "waiting") {
      const wait = this.#notBefore - this.#env.now();
      if (wait > 0) this.#wait(wait);
      else this.#dial();
    } else if (this.#state.phase === "connecting") {
      if (this.#env.now() - this.#dialledAt < STALE_ATTEMPT) return;
      this.#drop(4001);
      this.#dial();
    } else if (this.#state.phase === "open" && this.#heartbeatMs > 0) {
      // A machine that slept has missed its timers, one that changed its network has a dead socket
      // that nobody told it about: ask whether the other side is still there.
      if (this.#env.now() - this.#lastHeard >= FRESH) this.#probe();
    }
  }

  /** No attempt before this many milliseconds have gone (`retryAfterMs`). */
  hold(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#env.now() + ms);
  }

  /** Gives the connection up and begins anew after the usual wait. */
  recycle(): void {
    if (this.#socket !== undefined) this.#fail(1006);
  }

  /** CONNECT has come: from here on silence is watched. */
  established(heartbeatMs: number): void {
    this.#env.clearTimeout(this.#timer);
    this.#heartbeatMs = heartbeatMs;
    this.#lastHeard = this.#env.now();
    this.#listen();
    if (this.#state.phase === "connecting") this.#enter({ phase: "open" });
  }

  /** Ends the matter as if the server had closed with this code. */
  end(code: number): void {
    this.#drop(1000);
    this.#handler.lost(code);
    this.#enter({ phase: "ended", code });
  }

  /** Sends when a socket is open, and says whether it did. */
  send(command: Command): boolean {
    if (this.#socket?.readyState !== OPEN) return false;
    this.#socket.send(JSON.stringify(command));
    return true;
  }

  #dial(): void {
    this.#env.clearTimeout(this.#timer);
    this.#dialledAt = this.#env.now();
    this.#openedAt = 0;
    this.#heartbeatMs = 0;
    this.#enter({ phase: "connecting" });
    let socket: Socket;
    try {
      socket = this.#env.dial(this.#url, SUBPROTOCOL);
    } catch {
      this.#fail(1006);
      return;
    }
    this.#socket = socket;
    this.#timer = this.#env.setTimeout(() => this.#fail(1006), OPEN_TIMEOUT);
    socket.onopen = () => {
      this.#openedAt = this.#env.now();
      this.#handler.opened();
    };
    socket.onmessage = ({ data }) => {
      this.#lastHeard = this.#env.now();
      const event = typeof data === "string" ? parseFrame(data) : undefined;
      if (event !== undefined) this.#handler.received(event);
    };
    socket.onerror = () => {};
    socket.onclose = ({ code }) => this.#fail(code);
  }

  /**
   * Watches for silence. The timer is not pushed back by every frame, which would cost two calls
   * for each message of a busy room; when it fires it looks how long the silence really was.
   */
  #listen(): void {
    this.#env.clearTimeout(this.#watch);
    const silence = Math.max(0, this.#env.now() - this.#lastHeard); // a clock may be set back
    if (silence >= this.#heartbeatMs) this.#probe();
    else this.#watch = this.#env.setTimeout(() => this.#listen(), this.#heartbeatMs - silence);
  }

  #probe(): void {
    this.#env.clearTimeout(this.#watch);
    // A socket that is closing takes no PING, and on a dead network it may go on closing for minutes.
    this.send({ type: "PING", id: "heartbeat" });
    const asked = this.#env.now();
    this.#watch = this.#env.setTimeout(() => {
      if (this.#lastHeard < asked) this.#fail(4001);
      else this.#listen();
    }, PONG_TIMEOUT);
  }

  /** Lets go of the socket at once: a dead network may take minutes to report a close. */
  #drop(code: number): void {
    this.#env.clearTimeout(this.#timer);
    this.#env.clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code);
    } catch {
      // It was never open; there is nothing to close.
    }
  }

  #fail(code: number): void {
    const lasted = this.#openedAt > 0 ? this.#env.now() - this.#openedAt : 0;
    // 4001 is ours to say and keeps the place for the resume window; 1000 would give it up.
    this.#drop(4001);
    if (lasted >= STABLE_AFTER) this.#attempt = 0;
    this.#handler.lost(code);
    if (isTerminal(code)) {
      this.#enter({ phase: "ended", code });
      return;
    }
    const delay = reconnectDelay(this.#attempt++, () => this.#env.random());
    this.#wait(Math.max(delay, this.#notBefore - this.#env.now()));
  }

  #wait(ms: number): void {
    this.#env.clearTimeout(this.#timer);
    this.#timer = this.#env.setTimeout(() => this.#dial(), ms);
    this.#enter({ phase: "waiting", until: this.#env.now() + ms, attempt: this.#attempt });
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#handler.changed(state);
  }
}
