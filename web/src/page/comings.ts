import type { UserEvent } from "../client/index.ts";
import { speech, t } from "./i18n/index.ts";

/** What is told of some people in one line: the events, and how many more there were. */
export interface Comings {
  readonly events: readonly UserEvent[];
  readonly more: number;
}

/** Who came and went, in as few sentences as will do. */
export function peopleText({ events, more }: Comings): string[] {
  const lines: string[] = [];
  for (const kind of ["joined", "left", "removed"] as const) {
    const all = events.flatMap((e) => (e.event === kind && e.client && !isOwner(e) ? [e.client.username] : []));
    const names = [...new Set(all)];
    if (names.length > 0) lines.push(t(kind, { names: listNames(names), n: names.length }));
  }
  for (const event of events) {
    const { client, previous } = event;
    if (client === undefined) continue;
    if (isOwner(event)) lines.push(t("ownerLeft", { name: client.username }));
    if (event.event === "renamed") lines.push(t("renamed", { previous: previous ?? `#${client.clientId}`, name: client.username }));
  }
  const busy = events.findLast((event) => event.event === "members");
  if (busy !== undefined) lines.push(t("busyRoom", { n: busy.members }));
  return more > 0 ? [...lines, `+${speech.value.numbers.format(more)}`] : lines;
}

/** Whoever opened the room has left it. */
function isOwner({ event, owner }: UserEvent): boolean {
  return event === "left" && owner === true;
}

function listNames(names: readonly string[]): string {
  if (names.length <= 4) return speech.value.list.format(names);
  return t("andOthers", { names: names.slice(0, 3).join(", "), n: names.length - 3 });
}
