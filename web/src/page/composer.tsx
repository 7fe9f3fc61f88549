import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Room } from "../client/index.ts";
import { useCell } from "./cell.ts";
import type { Chat } from "./chat.ts";
import { loadDraft, saveDraft } from "./drafts.ts";
import { t } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { codePoints, sendable } from "./people.ts";

/** The counter appears when this share of the limit is used. */
const COUNTED = 0.8;

/** Where messages are written. It works without a connection: what is sent waits in the outbox. */
export function Composer({ chat, room }: { chat: Chat; room: Room }): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => loadDraft(room.roomId));
  const limit = useCell(chat.identity)?.limits.message ?? 2_000;
  const length = codePoints(text);
  const spoken = useSpokenCount(length, limit);
  const ready = sendableNow(text, limit);

  // A finger has no Shift key at hand: there, Enter begins a line and the button sends.
  const coarse = matchMedia("(pointer: coarse)").matches;

  useEffect(() => {
    if (!coarse) field.current?.focus({ preventScroll: true });
  }, [room.roomId]);

  useLayoutEffect(() => {
    const area = field.current;
    if (area === null) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [text]);

  const write = (value: string): void => {
    setText(value);
    saveDraft(room.roomId, value);
  };

  const send = (): void => {
    // The field itself, not the last render of it: fast fingers press Enter in the same instant.
    const written = field.current?.value ?? "";
    if (!sendableNow(written, limit) || !chat.send(sendable(written))) return;
    write("");
    field.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") chat.timeline.toEnd();
    // 229: Safari ends the composition before it tells of the key that did so.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || coarse) return;
    event.preventDefault();
    send();
  };

  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <label class="hidden-visually" for="message">{t("newMessage")}</label>
      <textarea
        id="message"
        ref={field}
        rows={1}
        // Empty, it reads the way the page does: "auto" would put the placeholder on the wrong side.
        dir={text === "" ? undefined : "auto"}
        autocomplete="off"
        placeholder={t("writeTo", { room: room.name })}
        title={coarse ? undefined : t("enterHint")}
        value={text}
        aria-invalid={length > limit}
        aria-describedby="counter"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <span id="counter" class={length > limit ? "counter over" : "counter"}>{counterText(length, limit)}</span>
      <span class="hidden-visually" role="status">{spoken}</span>
      <button type="submit" class="round primary" disabled={!ready} aria-label={t("send")} title={t("send")}>
        <Icon name="send" />
      </button>
    </form>
  );
}

/** The steps at which the counter is read out; at each letter it would drown what is typed. */
const SPOKEN = [100, 50, 20, 10, 5, 0];

function useSpokenCount(length: number, limit: number): string {
  const last = useRef({ step: 0, text: "" });
  const step = length > limit ? SPOKEN.length + 1 : SPOKEN.filter((left) => limit - length <= left).length;
  if (step !== last.current.step) last.current = { step, text: step === 0 ? "" : counterText(length, limit) };
  return last.current.text;
}

function sendableNow(text: string, limit: number): boolean {
  return text.trim() !== "" && codePoints(text) <= limit;
}

function counterText(length: number, limit: number): string {
  if (length > limit) return t("charactersOver", { n: length - limit });
  return length >= limit * COUNTED ? t("charactersLeft", { n: limit - length }) : "";
}
