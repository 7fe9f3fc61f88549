import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useCell } from "./cell.ts";
import type { Chat } from "./chat.ts";
import { t } from "./i18n/index.ts";

/** Short interruptions mend themselves before anybody needs to read about them, milliseconds. */
const PATIENCE = 900;

/** Says that there is no connection, what becomes of the messages, and when the next attempt is. */
export function Banner({ chat }: { chat: Chat }): JSX.Element | null {
  const connection = useCell(chat.connection);
  const { phase } = connection;
  const away = phase === "waiting" || phase === "connecting";
  const [shown, setShown] = useState(false);
  const [now, setNow] = useState(Date.now());

  useEffect(() => {
    if (!away) return setShown(false);
    const timer = setTimeout(() => setShown(true), PATIENCE);
    return () => clearTimeout(timer);
  }, [away]);

  useEffect(() => {
    if (!shown) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [shown, connection]);

  if (!away || !shown) return null;
  const seconds = connection.phase === "waiting" ? Math.max(0, Math.ceil((connection.until - now) / 1_000)) : 0;
  const reason =
    connection.phase !== "waiting" || connection.code === undefined ? t("offlineText")
    : connection.code === "CAPACITY" ? t("fullText")
    : t("waitText");
  return (
    <div class="banner" role="status">
      <p>
        <strong>{t("offline")}.</strong> {reason}
      </p>
      <div class="banner-end">
        {/* The seconds are for the eye only: read out each time they would drown everything else. */}
        <p class="countdown" aria-hidden="true">{seconds > 0 ? t("tryingIn", { n: seconds }) : t("tryingNow")}</p>
        {/* Never disabled: it would take the focus away from whoever has just pressed it. */}
        <button type="button" class="secondary" onClick={() => chat.client.hurry()}>{t("tryNow")}</button>
      </div>
    </div>
  );
}
