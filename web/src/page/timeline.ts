import type { ChatMessage, UserEvent } from "../client/index.ts";
import { Cell } from "./cell.ts";

/** Items that may be in the document at once; with what waits to be sent below 300 rows. */
export const VIEW = 220;
/** How far the view moves when its end comes near. */
const STEP = 60;
/** Messages kept in memory; older ones are asked for again. */
const KEEP = 12_000;
const KEEP_SLACK = 1_000;
/** People named in one compact line; the others are counted. */
const NAMED = 40;

export interface MessageItem {
  readonly kind: "message";
  readonly key: string;
  readonly message: ChatMessage;
  /** Follows a message of the same sender closely and shares its head. */
  readonly follows: boolean;
}

export interface PeopleItem {
  readonly kind: "people";
  readonly key: string;
  readonly at: number;
  readonly events: readonly UserEvent[];
  readonly more: number;
}

export interface GapItem {
  readonly kind: "gap";
  readonly key: string;
  readonly at: number;
}

/** One row of a conversation. */
export type Item = MessageItem | PeopleItem | GapItem;

/** What a log shows: the part [start, end) of the items. */
export interface View {
  readonly items: readonly Item[];
  readonly start: number;
  readonly end: number;
  /** The view hangs at the newest message and follows it. */
  readonly pinned: boolean;
  /** The first message that came while nobody looked. */
  readonly divider: string | undefined;
  readonly unread: number;
  /** Older messages may be had from the server. */
  readonly older: boolean;
  readonly loading: boolean;
  /** What is added is news: the replay of a room is not read out message by message. */
  readonly live: boolean;
}

const NOTHING: View = {
  items: [], start: 0, end: 0, pinned: true, divider: undefined, unread: 0, older: false, loading: false, live: false,
};

/** What was replayed is in the document before additions count as news, milliseconds. */
const SETTLING = 500;

/** Five minutes of silence, or a new day, part two messages of one sender. */
const TOGETHER = 5 * 60_000;

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

function follows(previous: Item | undefined, message: ChatMessage): boolean {
  if (previous?.kind !== "message") return false;
  const before = previous.message;
  return (
    before.from.clientId === message.from.clientId &&
    before.from.username === message.from.username &&
    Math.abs(message.at - before.at) < TOGETHER &&
    sameDay(message.at, before.at)
  );
}

function messageItem(previous: Item | undefined, message: ChatMessage): MessageItem {
  return { kind: "message", key: message.messageId, message, follows: follows(previous, message) };
}

/**
 * The rows of one room and the window on them. The document never holds more than a few hundred
 * rows, however long the conversation; changes of one frame are shown together.
 */
export class Timeline {
  readonly view = new Cell<View>(NOTHING);
  #items: Item[] = [];
  #start = 0;
  #end = 0;
  #pinned = true;
  #divider: string | undefined;
  #unread = 0;
  #older = false;
  #loading = false;
  #live = false;
  #liveTimer: ReturnType<typeof setTimeout> | undefined;
  /** Takes back what is scheduled to be shown; undefined when nothing is. */
  #unschedule: (() => void) | undefined;
  #serial = 0;
  /** Whether somebody is looking; decides what is unread. */
  #watched = true;

  /** Begins anew: another room, or what was there no longer connects. */
  reset(gapAt: number | undefined): void {
    this.#items = gapAt === undefined ? [] : [{ kind: "gap", key: `gap-${++this.#serial}`, at: gapAt }];
    this.#start = 0;
    this.#end = this.#items.length;
    this.#pinned = true;
    this.#divider = undefined;
    this.#unread = 0;
    this.#older = true;
    this.#loading = false;
    this.#live = false;
    clearTimeout(this.#liveTimer);
    this.#show();
  }

  /** The replay is through. */
  settled(): void {
    if (this.#live) return;
    clearTimeout(this.#liveTimer);
    this.#liveTimer = setTimeout(() => {
      this.#live = true;
      this.#show();
    }, SETTLING);
  }

  /** Adds the newest message. `counts`: it may be one that nobody saw. */
  add(message: ChatMessage, counts: boolean): void {
    const item = messageItem(this.#items.at(-1), message);
    if (message.own) this.#divider = undefined;
    else if (counts && !(this.#pinned && this.#watched)) {
      if (this.#unread++ === 0) this.#divider = item.key;
    }
    this.#append(item);
  }

  /** Notes who came, went or changed the name; neighbours share a line. */
  person(event: UserEvent): void {
    const last = this.#items.at(-1);
    if (last?.kind !== "people") {
      this.#append({ kind: "people", key: `people-${++this.#serial}`, at: event.at, events: [event], more: 0 });
      return;
    }
    const full = last.events.length >= NAMED;
    this.#items[this.#items.length - 1] = {
      ...last,
      events: full ? last.events : [...last.events, event],
      more: last.more + (full ? 1 : 0),
    };
    this.#show();
  }

  /**
   * Puts older messages before the first one; `more` says whether there are still older ones. What is
   * missing lies before all of them: a gap stays at the top.
   */
  prepend(messages: readonly ChatMessage[], more: boolean): void {
    this.#loading = false;
    this.#older = more;
    const added: Item[] = [];
    for (const message of messages) added.push(messageItem(added.at(-1), message));
    const gap = this.#items[0]?.kind === "gap" ? this.#items.slice(0, 1) : [];
    const rest = this.#items.slice(gap.length);
    const head = rest[0];
    if (head?.kind === "message") rest[0] = messageItem(added.at(-1), head.message);
    this.#items = [...gap, ...added, ...rest];
    this.#start += added.length;
    this.#end += added.length;
    this.back();
    this.#show();
  }

  /** The seq before which history is asked for. */
  get oldestSeq(): number | undefined {
    for (const item of this.#items) if (item.kind === "message") return item.message.seq;
    return undefined;
  }

  /** A request for history begins or has failed. */
  loading(on: boolean): void {
    this.#loading = on;
    this.#show();
  }

  /** Whether the view has reached the first item in memory, and the server may have older ones. */
  get wantsOlder(): boolean {
    return this.#start === 0 && this.#older && !this.#loading;
  }

  /** Moves the view towards the past; one that hangs at the newest message keeps it in view. */
  back(): void {
    const start = Math.max(0, this.#start - STEP, this.#pinned ? this.#end - VIEW : 0);
    if (start >= this.#start) return;
    this.#start = start;
    this.#end = Math.min(this.#end, start + VIEW);
    this.#show();
  }

  /** Moves the view towards the present. */
  forth(): void {
    if (this.#end === this.#items.length) return;
    this.#end = Math.min(this.#items.length, this.#end + STEP);
    this.#start = Math.max(this.#start, this.#end - VIEW);
    this.#show();
  }

  /** Jumps to the newest message and stays there. */
  toEnd(): void {
    this.#end = this.#items.length;
    this.#start = Math.max(0, this.#end - VIEW);
    this.#pinned = true;
    this.#see();
    this.#show();
  }

  /** The reader scrolled away from the newest message, or back to it. */
  pin(on: boolean): void {
    const pinned = on && this.#end === this.#items.length;
    if (pinned === this.#pinned) return;
    this.#pinned = pinned;
    this.#see();
    this.#show();
  }

  /** The page is looked at, or not. One that is hidden would wait for its next frame until it is looked at again. */
  watch(on: boolean): void {
    this.#watched = on;
    this.#see();
    this.#unschedule?.();
    this.#unschedule = undefined;
    this.#show();
  }

  #see(): void {
    if (this.#pinned && this.#watched) this.#unread = 0;
  }

  #append(item: Item): void {
    const atEnd = this.#end === this.#items.length;
    this.#items.push(item);
    if (this.#pinned) {
      this.#end = this.#items.length;
      this.#start = Math.max(this.#start, this.#end - VIEW);
    } else if (atEnd && this.#end - this.#start < VIEW) {
      this.#end++;
    }
    if (this.#items.length > KEEP + KEEP_SLACK) this.#trim();
    this.#show();
  }

  /** Lets go of the oldest rows that are not in view. */
  #trim(): void {
    const drop = Math.min(this.#items.length - KEEP, this.#start);
    if (drop < KEEP_SLACK / 2) return;
    this.#items = this.#items.slice(drop);
    this.#start -= drop;
    this.#end -= drop;
    this.#older = true;
    this.#loading = false; // What is on its way connects to nothing any more.
  }

  /** Shows everything of this frame at once; a hidden page has no frames and little hurry. */
  #show(): void {
    if (this.#unschedule !== undefined) return;
    const publish = (): void => {
      this.#unschedule = undefined;
      this.view.set({
        items: this.#items.slice(this.#start, this.#end),
        start: this.#start,
        end: this.#end,
        pinned: this.#pinned,
        divider: this.#divider,
        unread: this.#unread,
        older: this.#older,
        loading: this.#loading,
        live: this.#live,
      });
    };
    if (document.visibilityState === "visible") {
      const frame = requestAnimationFrame(publish);
      this.#unschedule = () => cancelAnimationFrame(frame);
    } else {
      const timer = setTimeout(publish, 250);
      this.#unschedule = () => clearTimeout(timer);
    }
  }

  /** Whether the view ends with the newest item. */
  get complete(): boolean {
    return this.#end === this.#items.length;
  }
}

/** Whether a line with the date belongs between two rows. */
export function dayBetween(previous: Item | undefined, item: Item): boolean {
  const at = (i: Item): number => (i.kind === "message" ? i.message.at : i.at);
  return previous === undefined || !sameDay(at(previous), at(item));
}
