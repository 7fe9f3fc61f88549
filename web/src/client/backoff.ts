/** Bounds of the wait between two attempts to connect, milliseconds. */
export const RECONNECT_BASE = 500;
export const RECONNECT_CAP = 20_000;

/**
 * Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): uniform between nothing and the
 * exponential bound. It spreads a crowd that lost its node at the same instant better than equal
 * or decorrelated jitter do. attempt counts failures, from 0.
 */
export function reconnectDelay(attempt: number, random: () => number): number {
  const bound = Math.min(RECONNECT_CAP, RECONNECT_BASE * 2 ** Math.min(attempt, 16));
  return Math.round(random() * bound);
}

/** How often a message is sent before the person is asked, and the first wait for its ACK. */
export const MESSAGE_TRIES = 5;
export const MESSAGE_BASE = 5_000;

/**
 * The wait for an ACK after the given try (from 1): at least 5 s · 2^(try-1), plus up to a quarter.
 * Nothing is taken off: the server may answer UNAVAILABLE as late as after 5 s. The last wait is
 * short again, since nothing is sent behind it.
 */
export function ackDelay(tries: number, random: () => number): number {
  const exponent = tries >= MESSAGE_TRIES ? 1 : tries - 1;
  return Math.round(MESSAGE_BASE * 2 ** exponent * (1 + random() / 4));
}
