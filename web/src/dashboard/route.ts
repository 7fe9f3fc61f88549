import { Cell } from "../page/cell.ts";

export const VIEWS = ["overview", "rooms", "clients", "bans", "audit"] as const;
export type View = (typeof VIEWS)[number];

/** What the address asks for: a view, and in it maybe one room or client. */
export interface Route {
  readonly view: View;
  readonly id?: number;
}

/** Reads the part of an address behind "#"; what means nothing is the overview. */
export function parseRoute(hash: string): Route {
  const [, name, id] = /^#?\/([a-z]+)(?:\/([1-9]\d{0,15}))?$/.exec(hash) ?? [];
  const view = VIEWS.find((known) => known === name) ?? "overview";
  return id !== undefined && (view === "rooms" || view === "clients") ? { view, id: Number(id) } : { view };
}

export function address(route: Route): string {
  return `#/${route.view}${route.id === undefined ? "" : `/${route.id}`}`;
}

/** Follows the address of the page. */
export function watchRoute(): Cell<Route> {
  const route = new Cell(parseRoute(location.hash));
  addEventListener("hashchange", () => route.set(parseRoute(location.hash)));
  return route;
}
