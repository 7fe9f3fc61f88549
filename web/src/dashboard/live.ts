import { reconnectDelay } from "../client/backoff.ts";
import { Cell } from "../page/cell.ts";
import { ApiError } from "./api.ts";
import type { Api } from "./api.ts";
import { History } from "./history.ts";
import type { StatsEvent } from "./shapes.ts";
import { EventStreamParser } from "./sse.ts";

/** A stream that is silent for this long is given up: the wire may be cut without a word. */
const SILENCE = 10_000;

export type LinkState = "connecting" | "live" | "waiting";

/** The figures of the cluster, as they come. */
export class Live {
  readonly state = new Cell<LinkState>("connecting");
  readonly latest = new Cell<StatsEvent | undefined>(undefined);
  readonly history = new History();

  readonly #api: Api;
  #running: AbortController | undefined;
  #wake: (() => void) | undefined;
  #offset = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The server's clock, as near as the last event tells. */
  now(): number {
    return Date.now() + this.#offset;
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#wake?.();
  }

  /** Ends the wait for the next attempt. */
  hurry(): void {
    this.#wake?.();
  }

  async #run(stopped: AbortSignal): Promise<void> {
    let attempt = 0;
    while (!stopped.aborted) {
      this.state.set("connecting");
      let wait = 0;
      try {
        await this.#read(stopped, () => { attempt = 0; });
      } catch (error) {
        if (stopped.aborted) return;
        if (error instanceof ApiError) wait = error.retryAfter * 1000;
      }
      if (stopped.aborted) return;
      this.state.set("waiting");
      await this.#pause(Math.max(wait, reconnectDelay(attempt, Math.random)));
      attempt++;
    }
  }

  /** Reads one stream to its end. */
  async #read(stopped: AbortSignal, heard: () => void): Promise<void> {
    const silent = new AbortController();
    const giveUp = (): void => silent.abort();
    let timer = setTimeout(giveUp, SILENCE);
    stopped.addEventListener("abort", giveUp);
    try {
      const { body } = await this.#api.events(silent.signal);
      if (body === null) return;
      const parser = new EventStreamParser(({ event, data }) => {
        if (event !== "stats") return;
        this.#take(JSON.parse(data) as StatsEvent);
        heard();
      });
      const reader = body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(giveUp, SILENCE);
        parser.push(value);
      }
    } finally {
      clearTimeout(timer);
      silent.abort();
      stopped.removeEventListener("abort", giveUp);
    }
  }

  #take(event: StatsEvent): void {
    if (event.history !== undefined) this.history.merge(event.history);
    this.history.add({ at: event.at, totals: event.totals });
    this.#offset = event.at - Date.now();
    this.state.set("live");
    this.latest.set(event);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
