import type { Environment } from "./environment.ts";
import type { OutboxStore } from "./outbox-store.ts";
import type { Ownership, TabMemory } from "./tab.ts";

/** How a ChatClient is made; everything but the address has a default that fits a browser. */
export interface ClientOptions {
  /** `ws://` or `wss://`, the path included. */
  readonly url: string;
  /** The name to go by; without it the server's "User <id>". */
  readonly username?: string;
  readonly environment?: Environment;
  readonly store?: OutboxStore;
  readonly memory?: TabMemory;
  readonly ownership?: Ownership;
}
