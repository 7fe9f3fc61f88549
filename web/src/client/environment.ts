/** What the library needs of the place it runs in, so that tests can script all of it. */

/** The part of a WebSocket that the library uses; a browser's WebSocket fits as it is. */
export interface Socket {
  /** 1 is open; while closing, a socket still takes frames and throws them away. */
  readonly readyState: number;
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason?: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** Time and chance. Times are milliseconds. */
export interface Environment {
  now(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** Uniform in [0, 1). */
  random(): number;
  /** A fresh id of 1–64 printable ASCII characters, unguessable enough to be unique. */
  newId(): string;
  dial(url: string, subprotocol: string): Socket;
}

/** The browser's (and Node's) own clock, chance and WebSocket. */
export function systemEnvironment(): Environment {
  return {
    now: () => Date.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    random: () => Math.random(),
    newId: randomId,
    dial: (url, subprotocol) => new WebSocket(url, subprotocol) as Socket,
  };
}

/**
 * 128 random bits in hexadecimal. crypto.randomUUID exists only in secure contexts, and a chat on
 * a plain http address of a home network is none.
 */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let id = "";
  for (const byte of bytes) id += byte.toString(16).padStart(2, "0");
  return id;
}
