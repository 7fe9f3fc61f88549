/** The room that an address names: `#/room/12345`. */
export function roomOf(hash: string): number | undefined {
  const digits = /^#\/room\/([1-9]\d{0,15})$/.exec(hash)?.[1];
  const id = Number(digits);
  return digits !== undefined && Number.isSafeInteger(id) ? id : undefined;
}

/** A room number as people type or paste it: digits, or a link to the room. */
export function roomIn(text: string): number | undefined {
  const trimmed = text.trim();
  const link = /#\/room\/\d+$/.exec(trimmed)?.[0];
  return roomOf(link ?? `#/room/${trimmed.replace(/^#/, "")}`);
}

export function hashOf(roomId: number | undefined): string {
  return roomId === undefined ? "" : `#/room/${roomId}`;
}

/** The full address of a room, to be given to others. */
export function linkTo(roomId: number): string {
  return `${location.origin}${location.pathname}${hashOf(roomId)}`;
}

/** Puts the room into the address bar without loading anything. */
export function showRoute(roomId: number | undefined): void {
  const target = hashOf(roomId);
  if (location.hash === target) return;
  history.pushState(null, "", target === "" ? location.pathname + location.search : target);
}
