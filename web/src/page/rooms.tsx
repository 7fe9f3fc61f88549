import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { RoomSummary } from "../client/index.ts";
import { useCell } from "./cell.ts";
import type { Chat } from "./chat.ts";
import { CreateRoom } from "./create.tsx";
import { t } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { roomIn } from "./route.ts";

const REFRESH = 20_000;
const PAGE = 100;
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
  }, [wanted, list.pages, list.more]);

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

interface RoomList {
  readonly rooms: readonly RoomSummary[];
  readonly loaded: boolean;
  readonly more: boolean;
  readonly pages: number;
  refresh(): Promise<void>;
  extend(): Promise<void>;
}

/** The list as far as it was asked for; asked for again while somebody looks. */
function useRoomList(chat: Chat): RoomList {
  const connected = useCell(chat.connection).phase === "connected";
  const [state, setState] = useState<{ rooms: readonly RoomSummary[]; cursor: string | undefined; pages: number }>();
  const busy = useRef(false);

  const load = useCallback(async (cursor: string | undefined) => {
    if (busy.current) return;
    busy.current = true;
    try {
      const answer = await chat.client.listRooms(cursor, PAGE);
      for (const room of answer.rooms) chat.listed.add(room.roomId);
      setState((old) => {
        const kept = cursor === undefined || old === undefined ? [] : old.rooms;
        const known = new Set(kept.map((room) => room.roomId));
        return {
          rooms: [...kept, ...answer.rooms.filter((room) => !known.has(room.roomId))],
          cursor: answer.cursor,
          pages: cursor === undefined ? 1 : (old?.pages ?? 0) + 1,
        };
      });
    } catch {
      // The next turn asks again.
    } finally {
      busy.current = false;
    }
  }, []);

  const room = useCell(chat.room)?.roomId;
  useEffect(() => {
    if (!connected) return;
    const refresh = (): void => {
      if (document.visibilityState === "visible") void load(undefined);
    };
    refresh();
    const timer = setInterval(refresh, REFRESH);
    return () => clearInterval(timer);
  }, [connected, room]);

  return {
    rooms: state?.rooms ?? [],
    loaded: state !== undefined,
    more: state?.cursor !== undefined,
    pages: state?.pages ?? 0,
    refresh: () => load(undefined),
    extend: () => load(state?.cursor),
  };
}
