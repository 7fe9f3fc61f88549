import type { Desk } from "./desk.ts";
import { explain } from "./listing.ts";
import type { Ban, Removal } from "./shapes.ts";
import { dateTime } from "./format.ts";

/** For how long a client can be kept out; values as the API takes them. */
export const BANS: readonly (readonly [value: string, label: string])[] = [
  ["", "No ban: may come back at once"],
  ["10m", "10 minutes"],
  ["1h", "1 hour"],
  ["24h", "24 hours"],
  ["168h", "7 days"],
  ["720h", "30 days"],
  ["8760h", "1 year"],
];

/** Asks whether a client shall go; gone runs when it went. */
export function askRemoveClient(desk: Desk, id: number, username: string, gone: () => void = () => {}): void {
  desk.question.set({
    title: "Remove client",
    name: username,
    number: id,
    words: "leaves the room and is disconnected. A ban also keeps the session and the address out, for as long as you choose.",
    confirm: "Remove",
    bans: true,
    run: async (reason, ban) => {
      const removal = await desk.api.removeClient(id, ban, reason);
      desk.clients.drop(id);
      gone();
      return { text: removed(id, removal, ban), ...undoOf(desk, removal) };
    },
  });
}

function removed(id: number, removal: Removal, ban: string): string {
  if (removal.ban === undefined) return `Client #${id} was removed.`;
  const time = (BANS.find(([value]) => value === ban)?.[1] ?? ban).toLowerCase();
  if (removal.ban.sessionOnly) return `Client #${id} was removed and its session banned for ${time}. Its address is not one that can be banned.`;
  const others = removal.ban.sharedWith;
  const shared = others === 0 ? "" : ` ${others === 1 ? "One other client stays" : `${others} other clients stay`} connected from there.`;
  return `Client #${id} was removed and its address banned for ${time}.${shared}`;
}

/** A ban that was a mistake is lifted at once, without another question. */
function undoOf(desk: Desk, removal: Removal): { undo?: { label: string; run: () => void } } {
  const ban = removal.ban;
  if (ban === undefined) return {};
  const run = async (): Promise<void> => {
    try {
      await desk.api.liftBan(ban.id, "");
      desk.say({ text: "The ban was lifted." });
    } catch (error) {
      desk.say({ text: explain(error), failed: true });
    }
  };
  return { undo: { label: "Undo ban", run: () => void run() } };
}

export function askDeleteRoom(desk: Desk, id: number, name: string, members: number, gone: () => void = () => {}): void {
  const who = members === 1 ? "Its one member leaves it" : `Its ${members} members leave it`;
  desk.question.set({
    title: "Delete room",
    name,
    number: id,
    words: `is deleted with all its messages. ${who} and stay connected. This can't be undone.`,
    confirm: "Delete",
    run: async (reason) => {
      const removal = await desk.api.deleteRoom(id, reason);
      desk.rooms.drop(id);
      gone();
      const went = removal.totalRemoved === 1 ? "One member was" : `${removal.totalRemoved} members were`;
      return { text: `Room #${id} was deleted. ${went} in it.` };
    },
  });
}

export function askLiftBan(desk: Desk, ban: Ban): void {
  desk.question.set({
    title: "Lift ban",
    name: ban.ip ?? "Client",
    number: ban.clientId,
    words: `may come back at once; the ban would have ended ${dateTime(ban.until)}.`,
    confirm: "Lift ban",
    run: async (reason) => {
      await desk.api.liftBan(ban.id, reason);
      return { text: "The ban was lifted." };
    },
  });
}
