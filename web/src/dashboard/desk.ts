import { Cell } from "../page/cell.ts";
import type { Api } from "./api.ts";
import { Listing } from "./listing.ts";
import { Live } from "./live.ts";
import { watchRoute } from "./route.ts";
import type { ClientRecord, RoomRecord } from "./shapes.ts";

/** What is said after an action, with a way back when there is one. */
export interface Notice {
  readonly text: string;
  readonly failed?: boolean;
  readonly undo?: { readonly label: string; readonly run: () => void };
}

/** An action that waits for its confirmation. */
export interface Question {
  readonly title: string;
  /** Whom it meets: a name, shown as the text that it is, and a number. */
  readonly name: string;
  readonly number: number;
  readonly words: string;
  readonly confirm: string;
  /** The dialog asks for how long to ban; the answer is "" or a Go duration. */
  readonly bans?: boolean;
  readonly run: (reason: string, ban: string) => Promise<Notice>;
}

/** Everything that the views share. */
export class Desk {
  readonly api: Api;
  readonly live: Live;
  readonly route = watchRoute();
  readonly rooms: Listing<RoomRecord>;
  readonly clients: Listing<ClientRecord>;
  readonly question = new Cell<Question | undefined>(undefined);
  readonly notice = new Cell<Notice | undefined>(undefined);
  /** Counts actions: lists of bans and of what was done are read again after each. */
  readonly acted = new Cell(0);

  constructor(api: Api) {
    this.api = api;
    this.live = new Live(api);
    this.rooms = new Listing({
      list: (part, signal) => api.rooms(part, signal),
      detail: (id, signal) => api.room(id, signal),
    });
    this.clients = new Listing({
      list: (part, signal) => api.clients(part, signal),
      detail: (id, signal) => api.client(id, signal),
    });
    const follow = (): void => {
      if (api.session.value === undefined) {
        this.live.stop();
        this.question.set(undefined);
        this.notice.set(undefined);
      } else {
        this.live.start();
      }
    };
    api.session.watch(follow);
    follow();
  }

  /** The name of a node, with the beginning of its id where several nodes are on one machine; the id alone while it is unknown. */
  host(serverId: string): string {
    const servers = this.live.latest.value?.servers ?? [];
    const host = servers.find((known) => known.serverId === serverId)?.host;
    const short = serverId.slice(0, 8);
    if (!host) return short;
    return servers.filter((other) => other.host === host).length > 1 ? `${host} ${short}` : host;
  }

  say(notice: Notice): void {
    this.notice.set(notice);
    this.acted.set(this.acted.value + 1);
  }
}
