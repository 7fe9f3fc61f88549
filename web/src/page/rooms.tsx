import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useCell } from "./cell.ts";
import type { Chat } from "./chat.ts";
import { CreateRoom } from "./create.tsx";
import { t } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { useRoomList } from "./room-list.ts";
import { roomIn } from "./route.ts";

/** A search looks through this many pages before a person has to ask for more. */
const SEARCHED_PAGES = 10;

/** The rooms that are open to all: searched, refreshed and entered. */
export function Rooms({ chat }: { chat: Chat }): JSX.Element {
  const [query, setQuery] = useState("");
  const [creating, setCreating] = useState(false);
  const list = useRoomList(chat);
  const here = useCell(chat.room);
  const current = here?.roomId;
  const wanted = query.trim().toLocaleLowerCase();
  const number = roomIn(query);
  const shown = list.rooms.filter(
    (room) => wanted === "" || room.name.toLocaleLowerCase().includes(wanted) || String(room.roomId).startsWith(wanted),
  );

  useEffect(() => {
    if (wanted !== "" && list.more && list.pages < SEARCHED_PAGES) void list.extend();
  }, [wanted, list.rooms]);

  return (
    <section class="rooms" aria-labelledby="rooms-title">
      <div class="bar">
        <h2 id="rooms-title">{t("rooms")}</h2>
        <button type="button" class="round" onClick={() => void list.refresh()} aria-label={t("refreshRooms")} title={t("refreshRooms")}>
          <Icon name="refresh" />
        </button>
        <button type="button" class="round" onClick={() => setCreating(!creating)} aria-expanded={creating} aria-label={t("createRoom")} title={t("createRoom")}>
          <Icon name="plus" />
        </button>
      </div>
      {creating ? <CreateRoom chat={chat} done={() => setCreating(false)} /> : null}
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const room = number ?? shown[0]?.roomId;
          if (room !== undefined) void chat.join(room);
        }}
      >
        <Icon name="search" />
        <input
          type="search"
          value={query}
          aria-label={t("searchRooms")}
          placeholder={t("searchRooms")}
          autocomplete="off"
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </form>
      {number === undefined ? null : (
        <button type="button" class="secondary by-number" onClick={() => void chat.join(number)}>
          {t("joinNumber", { id: String(number) })}
        </button>
      )}
      <p class="hint" role="status">{emptyText(list.loaded, shown.length, wanted, number)}</p>
      <ul class="room-list">
        {shown.map((room) => (
          <li key={room.roomId}>
            <button
              type="button"
              class="room-entry"
              aria-current={room.roomId === current ? "true" : undefined}
              onClick={() => void chat.join(room.roomId)}
            >
              <span class="room-name"><bdi>{room.name}</bdi></span>
              <span class="room-facts">
                #{room.roomId} · {t("members", { n: room.roomId === current ? (here?.members ?? room.members) : room.members })}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {list.more ? (
        <button type="button" class="secondary" onClick={() => void list.extend()}>{t("moreRooms")}</button>
      ) : null}
    </section>
  );
}

function emptyText(loaded: boolean, shown: number, wanted: string, number: number | undefined): string {
  if (!loaded) return t("roomsLoading");
  if (shown > 0 || number !== undefined) return "";
  return wanted === "" ? t("noRooms") : t("noMatches");
}
