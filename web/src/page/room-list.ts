import { useEffect, useRef, useState } from "preact/hooks";
import type { RoomSummary } from "../client/index.ts";
import { useCell } from "./cell.ts";
import type { Chat } from "./chat.ts";

/** How often the list is asked for again while somebody looks, milliseconds. */
const REFRESH = 20_000;
/** Rooms asked for at once; the server's own limit. */
const PAGE = 100;
/** Between two pages, milliseconds: slower than the rate of a client, which its messages need as well. */
const PACE = 250;

interface Known {
  readonly rooms: readonly RoomSummary[];
  readonly pages: number;
  readonly cursor: string | undefined;
}

const NOTHING: Known = { rooms: [], pages: 0, cursor: undefined };

export interface RoomList {
  readonly rooms: readonly RoomSummary[];
  readonly loaded: boolean;
  readonly more: boolean;
  readonly pages: number;
  refresh(): Promise<void>;
  extend(): Promise<void>;
}

/** The rooms behind what is known already, without those that moved between two pages. */
function join(known: Known, rooms: readonly RoomSummary[], cursor: string | undefined): Known {
  const seen = new Set(known.rooms.map((room) => room.roomId));
  return { rooms: [...known.rooms, ...rooms.filter((room) => !seen.has(room.roomId))], pages: known.pages + 1, cursor };
}

/** The list as far as it was asked for; asked for again, to the same length, while somebody looks. */
export function useRoomList(chat: Chat): RoomList {
  const connected = useCell(chat.connection).phase === "connected";
  const room = useCell(chat.room)?.roomId;
  const [known, setKnown] = useState<Known>();
  const latest = useRef<Known | undefined>(undefined);
  const busy = useRef(false);
  /** Somebody asked for more while the list was being read. */
  const eager = useRef(false);
  const show = (now: Known): void => {
    latest.current = now;
    setKnown(now);
  };

  /** Goes on from there until that many pages are known. */
  const load = async (from: Known, pages: number): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    try {
      let now = from;
      do {
        if (now !== from) await new Promise((resolve) => setTimeout(resolve, PACE));
        const { rooms, cursor } = await chat.client.listRooms(now.cursor, PAGE);
        for (const { roomId } of rooms) chat.listed.add(roomId);
        now = join(now, rooms, cursor);
      } while (now.pages < pages && now.cursor !== undefined);
      show(now);
    } catch {
      // The next turn asks again.
    } finally {
      busy.current = false;
    }
    if (eager.current) await extend();
  };
  const extend = async (): Promise<void> => {
    eager.current = busy.current;
    const from = latest.current ?? NOTHING;
    if (from.pages === 0 || from.cursor !== undefined) await load(from, from.pages + 1);
  };
  const refresh = (): Promise<void> => load(NOTHING, latest.current?.pages ?? 1);

  useEffect(() => {
    if (!connected) return;
    const look = (): void => {
      if (document.visibilityState === "visible") void refresh();
    };
    look();
    const timer = setInterval(look, REFRESH);
    return () => clearInterval(timer);
  }, [connected, room]);

  return {
    rooms: known?.rooms ?? NOTHING.rooms,
    loaded: known !== undefined,
    more: known?.cursor !== undefined,
    pages: known?.pages ?? 0,
    refresh,
    extend,
  };
}
