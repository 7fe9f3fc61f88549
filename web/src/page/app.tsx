import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Banner } from "./banner.tsx";
import { Cell, useCell } from "./cell.ts";
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

/** Whether there is room for one of the two columns only; the same border as in the style sheet. */
const narrow = new Cell(false);
const border = matchMedia("(max-width: 47.99em)");
narrow.set(border.matches);
border.addEventListener("change", () => narrow.set(border.matches));

/** The whole page: rooms at the side, the conversation beside them, one of the two when narrow. */
export function App({ chat }: { chat: Chat }): JSX.Element {
  useCell(speech); // Another language renders everything again.
  const connection = useCell(chat.connection);
  const notice = useCell(chat.notice);
  const place = useCell(chat.place);
  const browsing = useCell(chat.browsing);
  const one = useCell(narrow);
  const side = browsing || place.kind === "lobby";
  useTurn(one, side);
  if (connection.phase === "ended") {
    return (
      <main class="app ended">
        <div class="bar brand"><Wordmark /></div>
        <Ended chat={chat} reason={connection.reason} />
      </main>
    );
  }
  return (
    <div class={`app${side ? " browsing" : ""}`}>
      <Side chat={chat} alone={one && side} />
      <main class="main">
        <Banner chat={chat} />
        <Conversation chat={chat} />
      </main>
      <p class={notice === "" ? "notice" : "notice shown"} role="status">{notice}</p>
    </div>
  );
}

/** Where only one column is shown, the focus follows to the one whose turn it is. */
function useTurn(one: boolean, side: boolean): void {
  const former = useRef(side);
  useEffect(() => {
    const active = document.activeElement;
    const lost = active === null || active === document.body || active.getClientRects().length === 0;
    if (one && lost && former.current !== side) {
      document.querySelector<HTMLElement>(side ? ".brand button" : "#messages")?.focus({ preventScroll: true });
    }
    former.current = side;
  }, [one, side]);
}

function Wordmark(): JSX.Element {
  return (
    <h1 class="wordmark">
      <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <path d="M9 3h14a7 7 0 0 1 7 7v9a7 7 0 0 1-7 7h-7l-6.3 4.7A1.1 1.1 0 0 1 8 29.8V26a7 7 0 0 1-6-7v-9a7 7 0 0 1 7-7zM11 21h10v-9a5 5 0 0 0-10 0z" />
      </svg>
      {t("appName")}
    </h1>
  );
}

function Side({ chat, alone }: { chat: Chat; alone: boolean }): JSX.Element {
  const [settings, setSettings] = useState(false);
  const room = useCell(chat.room);
  return (
    <div class="side" role={alone ? "main" : "complementary"}>
      {room === undefined ? null : (
        <a class="skip" href="#messages" onClick={(event) => { event.preventDefault(); document.getElementById("messages")?.focus(); }}>
          {t("skipToMessages")}
        </a>
      )}
      <div class="bar brand">
        {room === undefined ? null : (
          <button type="button" class="round only-narrow" onClick={() => chat.browsing.set(false)} aria-label={t("messages", { room: room.name })}>
            <Icon name="back" />
          </button>
        )}
        <Wordmark />
        <button type="button" class="round" onClick={() => setSettings(true)} aria-label={t("settings")} title={t("settings")}>
          <Icon name="gear" />
        </button>
      </div>
      {alone ? <Banner chat={chat} /> : null}
      <Rooms chat={chat} />
      <Me chat={chat} />
      {settings ? <Settings done={() => setSettings(false)} /> : null}
    </div>
  );
}

function Conversation({ chat }: { chat: Chat }): JSX.Element {
  const place = useCell(chat.place);
  const room = useCell(chat.room);
  const view = useCell(chat.timeline.view);
  const outbox = useCell(chat.outbox);
  const { language } = useCell(speech);
  const former = useRef(place.kind);
  const returned = former.current === "room";
  useEffect(() => {
    former.current = place.kind;
  }, [place.kind]);
  if (place.kind === "gone") return <Gone chat={chat} place={place} outbox={outbox} />;
  if (place.kind === "entering") return <Entering roomId={place.roomId} />;
  if (room === undefined) return <Lobby chat={chat} returned={returned} />;
  return (
    <>
      <Header chat={chat} room={room} />
      <Log key={room.roomId} chat={chat} room={room} view={view} outbox={outbox} language={language} />
      <Composer key={`composer-${room.roomId}`} chat={chat} room={room} />
    </>
  );
}
