/** One server-sent event. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Reads an event stream (WHATWG HTML, 9.2.6) as it arrives. EventSource can't be used: it sends no
 * Authorization header, and a token must not stand in an address. Ids are not kept, since the
 * server repeats nothing by id.
 */
export class EventStreamParser {
  /** The wait before reconnecting that the server asked for, milliseconds. */
  retry: number | undefined;

  readonly #decoder = new TextDecoder();
  readonly #emit: (event: ServerSentEvent) => void;
  #line = "";
  #event = "";
  #data: string[] = [];
  #afterReturn = false;

  constructor(emit: (event: ServerSentEvent) => void) {
    this.#emit = emit;
  }

  /** Takes the next bytes; an event whose empty line has not come yet waits for it. */
  push(chunk: Uint8Array): void {
    let text = this.#decoder.decode(chunk, { stream: true });
    // A line feed that belongs to a carriage return at the end of the chunk before.
    if (this.#afterReturn && text !== "") {
      this.#afterReturn = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    let start = 0;
    for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) {
      this.#take(this.#line + text.slice(start, index));
      this.#line = "";
      start = index + end.length;
    }
    if (text.endsWith("\r")) this.#afterReturn = true;
    this.#line += text.slice(start);
  }

  #take(line: string): void {
    if (line === "") {
      if (this.#data.length > 0) this.#emit({ event: this.#event || "message", data: this.#data.join("\n") });
      this.#event = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
  }
}
