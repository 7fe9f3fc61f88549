import type { Position } from "./protocol.ts";

/** What has a place in a room's order. */
export interface Placed {
  readonly epoch: string;
  readonly seq: number;
  readonly messageId: string;
}

/** What to do with something that has a place. */
export type Verdict = "deliver" | "duplicate" | "gap";

/**
 * The place up to which a room was delivered. Within one epoch seq rises by exactly one, so the
 * last place tells a duplicate from the next message and the next message from a gap.
 */
export class Sequence {
  #epoch: string | undefined;
  #last = 0;
  #messageId: string | undefined;

  /** The last place delivered, to be named in JOIN_ROOM and RESUME; undefined before the first baseline. */
  get position(): Position | undefined {
    if (this.#epoch === undefined) return undefined;
    return this.#messageId === undefined
      ? { epoch: this.#epoch, seq: this.#last }
      : { epoch: this.#epoch, seq: this.#last, messageId: this.#messageId };
  }

  /** Forgets the room. */
  clear(): void {
    this.#epoch = undefined;
    this.#last = 0;
    this.#messageId = undefined;
  }

  /** Begins behind seq: the next message to come has seq + 1. */
  rebase(epoch: string, seq: number): void {
    this.#epoch = epoch;
    this.#last = seq;
    this.#messageId = undefined;
  }

  /** Judges a place and, when it is the next one, moves on to it. */
  offer(place: Placed): Verdict {
    if (place.epoch !== this.#epoch) return "gap";
    if (place.seq <= this.#last) return "duplicate";
    if (place.seq > this.#last + 1) return "gap";
    this.#last = place.seq;
    this.#messageId = place.messageId;
    return "deliver";
  }
}
