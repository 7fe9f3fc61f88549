import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useCell } from "./cell.ts";
import { errorText } from "./chat.ts";
import type { Chat } from "./chat.ts";
import { t } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { Avatar } from "./message.tsx";

/** Who one is, and the place to change the name. */
export function Me({ chat }: { chat: Chat }): JSX.Element | null {
  const identity = useCell(chat.identity);
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const edited = useRef(false);
  // With the change itself: a frame later the focus might have gone elsewhere by a person's own hand.
  useLayoutEffect(() => {
    if (edited.current && !editing) button.current?.focus();
    edited.current = editing;
  }, [editing]);
  if (identity === undefined) return null;
  return (
    <div class="me">
      <Avatar person={identity} />
      {editing ? (
        <NameForm chat={chat} name={identity.username} limit={identity.limits.username} done={() => setEditing(false)} />
      ) : (
        <button
          type="button"
          ref={button}
          class="my-name"
          onClick={() => setEditing(true)}
          title={t("rename")}
        >
          <bdi>{identity.username}</bdi>
          <span class="number">#{identity.clientId}</span>
          <span class="hidden-visually">{t("rename")}</span>
          <Icon name="pen" />
        </button>
      )}
    </div>
  );
}

interface NameFormProps {
  readonly chat: Chat;
  readonly name: string;
  readonly limit: number;
  readonly done: () => void;
}

function NameForm({ chat, name, limit, done }: NameFormProps): JSX.Element {
  const [text, setText] = useState(name);
  const [error, setError] = useState("");
  const save = async (): Promise<void> => {
    const wanted = text.trim();
    if (wanted === name) return done();
    try {
      await chat.rename(wanted);
      done();
    } catch (failure) {
      setError(errorText(failure, limit));
    }
  };
  return (
    <form class="name-form" onSubmit={(event) => { event.preventDefault(); void save(); }}>
      <input
        ref={(field) => { if (field !== null && document.activeElement !== field && error === "") field.focus(); }}
        value={text}
        required
        dir={text === "" ? undefined : "auto"}
        maxLength={limit * 2}
        autocomplete="nickname"
        aria-label={t("yourName")}
        aria-invalid={error !== ""}
        aria-describedby="name-error"
        onInput={(event) => { setText(event.currentTarget.value); setError(""); }}
        onKeyDown={(event) => { if (event.key === "Escape") done(); }}
      />
      <button type="submit" class="round" aria-label={t("save")} title={t("save")}><Icon name="check" /></button>
      <button type="button" class="round" aria-label={t("cancel")} title={t("cancel")} onClick={done}><Icon name="close" /></button>
      <p id="name-error" class="error" role="alert">{error}</p>
    </form>
  );
}
