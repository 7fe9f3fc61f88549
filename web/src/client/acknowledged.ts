import type { OutboxItem } from "./outbox-store.ts";
import type { Ack, Client, NewMessage } from "./protocol.ts";

/**
 * The message that an ACK stands for, as the others get it: the place from the answer, the text from
 * the outbox. undefined when one of the two is missing.
 */
export function acknowledgedMessage(ack: Ack, item: OutboxItem | undefined, sender: Client): NewMessage | undefined {
  const { epoch, seq, messageId, at } = ack;
  if (item === undefined || epoch === undefined || seq === undefined || messageId === undefined || at === undefined) {
    return undefined;
  }
  const { clientId, username } = sender;
  return { type: "NEW_MESSAGE", roomId: item.roomId, epoch, seq, messageId, from: { clientId, username }, text: item.text, at };
}
