import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ConnectionState, Room } from "../client/index.ts";
import { useCell } from "./cell.ts";
import type { Chat } from "./chat.ts";
import { t } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { linkTo } from "./route.ts";

/** The state of the connection in a word or two. */
export function connectionText(state: ConnectionState): string {
  switch (state.phase) {
    case "connected":
      return t("connected");
    case "waiting":
      return t("offline");
    case "ended":
      return t("disconnected");
    default:
      return t("connecting");
  }
}

export function Header({ chat, room }: { chat: Chat; room: Room }): JSX.Element {
  const connection = useCell(chat.connection);
  const [link, setLink] = useState("");

  const share = async (): Promise<void> => {
    const url = linkTo(room.roomId);
    try {
      if (matchMedia("(pointer: coarse)").matches && typeof navigator.share === "function") {
        await navigator.share({ title: room.name, url });
      } else {
        await navigator.clipboard.writeText(url);
        chat.say(t("linkCopied"));
      }
    } catch (error) {
      // Without a secure context there is no clipboard: show the link to be copied by hand.
      if (!(error instanceof DOMException && error.name === "AbortError")) setLink(url);
    }
  };

  return (
    <header class="header">
      <button type="button" class="round only-narrow" onClick={() => chat.browsing.set(true)} aria-label={t("backToRooms")} title={t("backToRooms")}>
        <Icon name="back" />
      </button>
      <div class="header-names">
        <h1><bdi>{room.name}</bdi></h1>
        <p class="facts">
          <span title={t("roomNumber", { id: String(room.roomId) })}>#{room.roomId}</span>
          <span class="count"><Icon name="people" />{t("members", { n: room.members })}</span>
          <span class={`link-state ${connection.phase}`} role="status">{connectionText(connection)}</span>
        </p>
      </div>
      <button type="button" class="secondary labelled" onClick={() => void share()} aria-label={t("shareRoom")} title={t("shareRoom")}>
        <Icon name="share" /><span>{t("share")}</span>
      </button>
      <button type="button" class="secondary labelled" onClick={() => void chat.leave()} aria-label={t("leaveRoom")} title={t("leaveRoom")}>
        <Icon name="leave" /><span>{t("leave")}</span>
      </button>
      {link === "" ? null : (
        <div class="copy-link">
          <label for="room-link">{t("copyThis")}</label>
          <input id="room-link" readOnly value={link} onFocus={(event) => event.currentTarget.select()} ref={(field) => field?.focus()} />
          <button type="button" class="round" onClick={() => setLink("")} aria-label={t("close")}><Icon name="close" /></button>
        </div>
      )}
    </header>
  );
}
