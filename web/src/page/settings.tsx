import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useCell } from "./cell.ts";
import { LANGUAGES, speak, t } from "./i18n/index.ts";
import type { Key, Language } from "./i18n/index.ts";
import { Icon } from "./icons.tsx";
import { applyTheme, prefer, preferences } from "./preferences.ts";
import type { Theme } from "./preferences.ts";

const THEMES: readonly (readonly [Theme, Key])[] = [
  ["system", "themeSystem"],
  ["light", "themeLight"],
  ["dark", "themeDark"],
];

/** Language, colours and how to be made aware; a native dialog keeps the focus inside. */
export function Settings({ done }: { done: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const chosen = useCell(preferences);
  const [denied, setDenied] = useState(false);
  useLayoutEffect(() => dialog.current?.showModal(), []);

  const choose = (language: Language): void => {
    prefer({ language });
    void speak(language);
  };
  const paint = (theme: Theme): void => {
    prefer({ theme });
    applyTheme();
  };
  const notify = async (on: boolean): Promise<void> => {
    const allowed = !on || (typeof Notification === "function" && (await Notification.requestPermission()) === "granted");
    setDenied(!allowed);
    prefer({ notifications: on && allowed });
  };

  return (
    <dialog
      ref={dialog}
      class="settings"
      aria-labelledby="settings-title"
      onClose={done}
      onClick={(event) => { if (event.target === dialog.current) dialog.current?.close(); }}
    >
      <div class="settings-body">
        <div class="bar">
          <h2 id="settings-title">{t("settings")}</h2>
          <button type="button" class="round" aria-label={t("close")} title={t("close")} onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        <label for="language">{t("language")}</label>
        <select id="language" value={chosen.language} onChange={(event) => choose(event.currentTarget.value as Language)}>
          {Object.entries(LANGUAGES).map(([code, name]) => <option value={code} lang={code}>{name}</option>)}
        </select>
        <fieldset>
          <legend>{t("theme")}</legend>
          {THEMES.map(([theme, name]) => (
            <label class="choice">
              <input type="radio" name="theme" checked={chosen.theme === theme} onChange={() => paint(theme)} />
              <span>{t(name)}</span>
            </label>
          ))}
        </fieldset>
        <label class="choice">
          <input type="checkbox" checked={chosen.sound} onChange={(event) => prefer({ sound: event.currentTarget.checked })} />
          <span>{t("sound")}</span>
        </label>
        <label class="choice">
          <input type="checkbox" checked={chosen.notifications} onChange={(event) => void notify(event.currentTarget.checked)} />
          <span>{t("notifications")}</span>
        </label>
        {denied ? <p class="error" role="alert">{t("notificationsDenied")}</p> : null}
      </div>
    </dialog>
  );
}
