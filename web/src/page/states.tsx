import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { EndReason, OutboxItem } from "../client/index.ts";
import type { Chat, Place } from "./chat.ts";
import { loadDraft } from "./drafts.ts";
import { t } from "./i18n/index.ts";
import type { Key } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import type { IconName } from "./icons.tsx";

interface PanelProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly urgent?: boolean;
  readonly mark?: IconName;
}

/** A page-filling message; the heading of an urgent one takes the focus so that it is read at once. */
function Panel({ title, children, urgent = false, mark }: PanelProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (urgent) heading.current?.focus();
  }, [title]);
  return (
    <div class="panel">
      <div class="panel-body">
        {mark === undefined ? null : <p class={`panel-mark ${mark}`}><Icon name={mark} /></p>}
        <h1 ref={heading} tabIndex={-1} dir="auto">{title}</h1>
        {children}
      </div>
    </div>
  );
}

/** Nobody has chosen a room yet; `returned`: the conversation that had the focus is closed. */
export function Lobby({ chat, returned }: { chat: Chat; returned: boolean }): JSX.Element {
  return (
    <Panel title={t("welcome")} urgent={returned}>
      <p>{t("welcomeText")}</p>
      <button type="button" class="primary only-narrow" onClick={() => chat.browsing.set(true)}>{t("rooms")}</button>
    </Panel>
  );
}

export function Entering({ roomId }: { roomId: number }): JSX.Element {
  return (
    <Panel title={t("roomNumber", { id: String(roomId) })}>
      <p>{t("connecting")}</p>
    </Panel>
  );
}

type GonePlace = Extract<Place, { kind: "gone" }>;

/** The room is no more. What was written for it is not lost. */
export function Gone({ chat, place, outbox }: { chat: Chat; place: GonePlace; outbox: readonly OutboxItem[] }): JSX.Element {
  const { room, reason } = place;
  const waiting = outbox.filter((item) => item.roomId === room.roomId);
  const draft = loadDraft(room.roomId);
  const known = room.name !== "";
  const title = reason === "deleted" ? t("deletedTitle") : known ? t("goneTitle") : t("notFoundTitle", { id: String(room.roomId) });
  const text = reason === "deleted" ? t("deletedText", { room: room.name }) : known ? t("goneText", { room: room.name }) : t("notFoundText");
  return (
    <Panel title={title} urgent>
      <p>{text}</p>
      {waiting.length > 0 ? (
        <div class="kept">
          <p>{t("unsentHere", { n: waiting.length })}</p>
          <ul>{waiting.map((item) => <li key={item.id}><bdi>{item.text}</bdi></li>)}</ul>
        </div>
      ) : null}
      {draft === "" ? null : (
        <div class="kept">
          <p>{t("yourDraft")}</p>
          <blockquote dir="auto">{draft}</blockquote>
        </div>
      )}
      <div class="actions">
        {known && reason === "not_found" ? (
          <button type="button" class="primary" onClick={() => void chat.reopen()}>{t("openAgain")}</button>
        ) : null}
        <button type="button" class="secondary" onClick={() => { chat.lobby(); chat.browsing.set(true); }}>{t("chooseRoom")}</button>
      </div>
    </Panel>
  );
}

const ENDS: Record<EndReason, { title: Key; text: Key; action?: Key }> = {
  banned: { title: "bannedTitle", text: "bannedText" },
  removed: { title: "removedTitle", text: "removedText", action: "startAgain" },
  elsewhere: { title: "elsewhereTitle", text: "elsewhereText", action: "useHere" },
  refused: { title: "refusedTitle", text: "refusedText", action: "startAgain" },
};

/** The server has ended the matter; only a person may begin again. */
export function Ended({ chat, reason }: { chat: Chat; reason: EndReason }): JSX.Element {
  const { title, text, action } = ENDS[reason];
  return (
    <Panel title={t(title)} urgent mark={reason === "elsewhere" ? "people" : "lock"}>
      <p>{t(text)}</p>
      {action === undefined ? null : (
        <div class="actions">
          <button type="button" class="primary" onClick={() => chat.client.restart()}>{t(action)}</button>
        </div>
      )}
    </Panel>
  );
}
