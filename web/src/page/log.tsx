import { Component } from "preact";
import type { ComponentChild, JSX } from "preact";
import { Fragment } from "preact";
import type { OutboxItem, Room } from "../client/index.ts";
import type { Chat } from "./chat.ts";
import { t } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { GapRow, MessageRow, OutgoingRow, PeopleRow } from "./message.tsx";
import { Day } from "./time.tsx";
import { dayBetween } from "./timeline.ts";
import type { Item, View } from "./timeline.ts";

interface Props {
  readonly chat: Chat;
  readonly room: Room;
  readonly view: View;
  readonly outbox: readonly OutboxItem[];
  /** Part of the props so that another language renders every row again. */
  readonly language: string;
}

/** A row that was on screen before a change, and where. */
interface Anchor {
  readonly key: string;
  readonly top: number;
}

/** Closer to the newest message than this counts as being there, pixels. */
const PIN_ZONE = 48;
/** Closer to an end of what is shown than this, more is shown. */
const LOAD_ZONE = 1_200;
/** A reader on the way up is not pulled back to the end for this long after the last step, milliseconds. */
const RISING = 500;
/** Waiting messages shown at once: with the view they stay below 300 rows. */
const WAITING = 40;

/**
 * The conversation. It holds still whatever is added above or below: before each change the first
 * visible row is noted, after it the scroll position is corrected by as much as that row moved.
 */
export class Log extends Component<Props> {
  #box: HTMLDivElement | null = null;
  #observer: ResizeObserver | undefined;
  #height = 0;
  #inner = 0;
  #top = 0;
  /** Runs while a reader is on the way up and still close to the end. */
  #rising: ReturnType<typeof setTimeout> | undefined;

  override componentDidMount(): void {
    const box = this.#box as HTMLDivElement;
    this.#observer = new ResizeObserver(() => this.#settle());
    this.#observer.observe(box);
    this.#observer.observe(box.firstElementChild as Element);
    this.#settle();
  }

  override componentWillUnmount(): void {
    this.#observer?.disconnect();
    clearTimeout(this.#rising);
  }

  override getSnapshotBeforeUpdate(): Anchor | null {
    const box = this.#box;
    if (box === null || this.#follows()) return null;
    const edge = box.getBoundingClientRect().top;
    for (const row of box.querySelectorAll<HTMLElement>("[data-key]")) {
      const place = row.getBoundingClientRect();
      if (place.bottom > edge) return { key: row.dataset["key"] as string, top: place.top };
    }
    return null;
  }

  override componentDidUpdate(_: Props, __: object, anchor: Anchor | null): void {
    const box = this.#box;
    if (box === null) return;
    if (anchor !== null && !this.#follows()) {
      const row = box.querySelector(`[data-key="${CSS.escape(anchor.key)}"]`);
      if (row !== null) box.scrollTop += row.getBoundingClientRect().top - anchor.top;
    }
    this.#settle();
  }

  /** After a change of content or size: follows the newest message, and fills the screen. */
  #settle(): void {
    const box = this.#box;
    if (box === null) return;
    if (this.#follows()) box.scrollTop = box.scrollHeight;
    this.#measure(box);
    this.#extend(box);
  }

  /** Whether the newest message is brought into view. */
  #follows(): boolean {
    return this.props.view.pinned && this.#rising === undefined;
  }

  /**
   * A wheel or a finger moves by a few pixels a frame: were the view brought back to the end by what
   * comes in between, nobody could leave it while others write.
   */
  #rise(up: boolean): void {
    clearTimeout(this.#rising);
    this.#rising = undefined;
    if (!up) return;
    this.#rising = setTimeout(() => {
      this.#rising = undefined;
      this.#settle();
    }, RISING);
  }

  #measure(box: HTMLElement): void {
    this.#height = box.scrollHeight;
    this.#inner = box.clientHeight;
    this.#top = box.scrollTop;
  }

  #extend(box: HTMLElement): void {
    const { chat, view } = this.props;
    if (box.scrollTop < LOAD_ZONE) {
      if (view.start > 0) chat.timeline.back();
      else if (view.older && !view.loading) void chat.loadOlder();
    }
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (below < LOAD_ZONE && !chat.timeline.complete && !view.pinned) chat.timeline.forth();
  }

  readonly #scrolled = (): void => {
    const box = this.#box;
    if (box === null) return;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    // A change of size moves the position as well; only a reader who moves up lets go of the end.
    const resized = box.scrollHeight !== this.#height || box.clientHeight !== this.#inner;
    const up = !resized && box.scrollTop < this.#top;
    this.#rise(up && below < PIN_ZONE);
    if (below < PIN_ZONE) this.props.chat.timeline.pin(true);
    else if (up) this.props.chat.timeline.pin(false);
    this.#measure(box);
    this.#extend(box);
  };

  render({ chat, room, view, outbox }: Props): JSX.Element {
    const waiting = outbox.filter((item) => belongs(item, room)).slice(0, WAITING);
    return (
      <div class="log-frame">
        <div
          class="log"
          id="messages"
          ref={(box) => { this.#box = box; }}
          onScroll={this.#scrolled}
          role="log"
          tabIndex={0}
          aria-label={t("messages", { room: room.name })}
          aria-live={view.live && view.pinned && !view.loading ? "polite" : "off"}
          aria-busy={view.loading}
        >
          <div class="rows">
            <p class="line edge">{edgeText(view)}</p>
            {view.items.map((item, i) => this.#row(item, view.items[i - 1], view, room))}
            {view.end > 0 && !chat.timeline.complete ? null : waiting.map((item) => (
              <div class="row" key={item.id}><OutgoingRow item={item} chat={chat} here={item.roomId === room.roomId} /></div>
            ))}
          </div>
        </div>
        {view.pinned ? null : (
          <button type="button" class="pill" onClick={() => chat.timeline.toEnd()} title={t("jumpToEnd")}>
            <Icon name="down" />
            <span class="hidden-visually">{t("jumpToEnd")}</span>
            {view.unread > 0 ? <span aria-live="polite">{t("newCount", { n: view.unread })}</span> : null}
          </button>
        )}
      </div>
    );
  }

  #row(item: Item, previous: Item | undefined, view: View, room: Room): ComponentChild {
    return (
      <Fragment key={item.key}>
        {dayBetween(previous, item) ? <Day at={item.kind === "message" ? item.message.at : item.at} /> : null}
        {item.key === view.divider ? <p class="line divider"><span>{t("newSince")}</span></p> : null}
        <Row item={item} room={room} language={this.props.language} />
      </Fragment>
    );
  }
}

/** What lost its room or its window is offered in whatever room a person is. */
function belongs(item: OutboxItem, room: Room): boolean {
  return item.roomId === room.roomId || item.reason === "room_gone" || item.reason === "left_behind";
}

function edgeText(view: View): string {
  if (view.loading) return t("loadingOlder");
  if (view.start > 0 || view.older) return "\u00a0";
  return view.items.length === 0 ? t("empty") : t("beginning");
}

interface RowProps {
  readonly item: Item;
  readonly room: Room;
  readonly language: string;
}

/** Rows of an unchanged item are not looked at again: a busy room changes a few of hundreds. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return next.item !== this.props.item || next.language !== this.props.language;
  }

  render({ item, room }: RowProps): JSX.Element {
    // A gap is no hold for the eye: it stays at the top when older messages come below it.
    return (
      <div class="row" data-key={item.kind === "gap" ? undefined : item.key}>
        {item.kind === "message" ? (
          <MessageRow item={item} owner={item.message.from.clientId === room.createdBy} />
        ) : item.kind === "people" ? (
          <PeopleRow item={item} />
        ) : (
          <GapRow item={item} />
        )}
      </div>
    );
  }
}
