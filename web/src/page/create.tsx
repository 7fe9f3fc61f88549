import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useCell } from "./cell.ts";
import { errorText } from "./chat.ts";
import type { Chat } from "./chat.ts";
import { t } from "./i18n/index.ts";

/** A form that opens a room. */
export function CreateRoom({ chat, done }: { chat: Chat; done: () => void }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const [name, setName] = useState("");
  const [hidden, setHidden] = useState(false);
  const [error, setError] = useState("");
  const busy = useRef(false);
  const limit = useCell(chat.identity)?.limits.name ?? 16;
  useLayoutEffect(() => field.current?.focus(), []);

  const create = async (): Promise<void> => {
    if (busy.current) return; // A second press before the answer would open a second room.
    busy.current = true;
    try {
      await chat.create(name, hidden);
      done();
    } catch (failure) {
      setError(errorText(failure, limit));
      field.current?.focus();
    } finally {
      busy.current = false;
    }
  };

  return (
    <form
      class="create"
      onSubmit={(event) => { event.preventDefault(); void create(); }}
      onKeyDown={(event) => { if (event.key === "Escape") done(); }}
    >
      <label for="room-name">{t("roomName")}</label>
      <input
        id="room-name"
        ref={field}
        required
        dir={name === "" ? undefined : "auto"}
        maxLength={limit * 2}
        value={name}
        autocomplete="off"
        aria-invalid={error !== ""}
        aria-describedby="create-error"
        onInput={(event) => { setName(event.currentTarget.value); setError(""); }}
      />
      <p id="create-error" class="error" role="alert">{error}</p>
      <label class="choice">
        <input type="checkbox" checked={hidden} onChange={(event) => setHidden(event.currentTarget.checked)} />
        <span>{t("hiddenRoom")}</span>
      </label>
      <div class="actions">
        <button type="submit" class="primary">{t("create")}</button>
        <button type="button" class="secondary" onClick={done}>{t("cancel")}</button>
      </div>
    </form>
  );
}
