import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Banner } from "./banner.tsx";
import { useCell } from "./cell.ts";
import type { Chat } from "./chat.ts";
import { Composer } from "./composer.tsx";
import { Header } from "./header.tsx";
import { speech, t } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { Log } from "./log.tsx";
import { Me } from "./me.tsx";
import { Rooms } from "./rooms.tsx";
import { Settings } from "./settings.tsx";
import { Ended, Entering, Gone, Lobby } from "./states.tsx";

/** The whole page: rooms at the side, the conversation beside them, one of the two when narrow. */
export function App({ chat }: { chat: Chat }): JSX.Element {
  useCell(speech); // Another language renders everything again.
  const connection = useCell(chat.connection);
  const notice = useCell(chat.notice);
  const place = useCell(chat.place);
  const browsing = useCell(chat.browsing);
  if (connection.phase === "ended") {
    return <main class="app ended"><Ended chat={chat} reason={connection.reason} /></main>;
  }
  const side = browsing || place.kind === "lobby";
  return (
    <div class={`app${side ? " browsing" : ""}`}>
      <Side chat={chat} />
      <main class="main">
        <Banner chat={chat} />
        <Conversation chat={chat} />
      </main>
      <p class={notice === "" ? "notice" : "notice shown"} role="status">{notice}</p>
    </div>
  );
}

function Side({ chat }: { chat: Chat }): JSX.Element {
  const [settings, setSettings] = useState(false);
  const room = useCell(chat.room);
  return (
    <aside class="side">
      <a class="skip" href="#messages" onClick={(event) => { event.preventDefault(); document.getElementById("message")?.focus(); }}>
        {t("skipToMessages")}
      </a>
      <div class="bar brand">
        {room === undefined ? null : (
          <button type="button" class="round only-narrow" onClick={() => chat.browsing.set(false)} aria-label={t("messages", { room: room.name })}>
            <Icon name="back" />
          </button>
        )}
        <span class="wordmark">{t("appName")}</span>
        <button type="button" class="round" onClick={() => setSettings(true)} aria-label={t("settings")} title={t("settings")}>
          <Icon name="gear" />
        </button>
      </div>
      <Rooms chat={chat} />
      <Me chat={chat} />
      {settings ? <Settings done={() => setSettings(false)} /> : null}
    </aside>
  );
}

function Conversation({ chat }: { chat: Chat }): JSX.Element {
  const place = useCell(chat.place);
  const room = useCell(chat.room);
  const view = useCell(chat.timeline.view);
  const outbox = useCell(chat.outbox);
  const { language } = useCell(speech);
  if (place.kind === "gone") return <Gone chat={chat} place={place} outbox={outbox} />;
  if (place.kind === "entering") return <Entering roomId={place.roomId} />;
  if (room === undefined) return <Lobby chat={chat} />;
  return (
    <>
      <Header chat={chat} room={room} />
      <Log key={room.roomId} chat={chat} room={room} view={view} outbox={outbox} language={language} />
      <Composer key={`composer-${room.roomId}`} chat={chat} room={room} />
    </>
  );
}
