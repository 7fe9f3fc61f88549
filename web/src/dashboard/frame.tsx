import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useCell } from "../page/cell.ts";
import { theme, turnTheme } from "./appearance.ts";
import type { Desk } from "./desk.ts";
import { span } from "./format.ts";
import { Icon } from "./icons.tsx";
import { VIEWS, address } from "./route.ts";
import type { View } from "./route.ts";

export const TITLES: Readonly<Record<View, string>> = {
  overview: "Overview", rooms: "Rooms", clients: "Clients", bans: "Bans", audit: "Audit",
};

const THEMES = { system: "as the system has them", light: "light", dark: "dark" } as const;

export function ThemeButton(): JSX.Element {
  const chosen = useCell(theme);
  const label = `Colours: ${THEMES[chosen]}`;
  return (
    <button type="button" class="round" aria-label={label} title={label} onClick={turnTheme}><Icon name={chosen} /></button>
  );
}

/** The state of the stream, in a word and a dot. */
function LinkState({ desk }: { desk: Desk }): JSX.Element {
  const state = useCell(desk.live.state);
  const words = { live: "Live", connecting: "Connecting …", waiting: "No connection" }[state];
  return (
    <div class="link">
      <span class={`link-state ${state}`} role="status">{words}</span>
      {state === "waiting" ? <button type="button" class="plain" onClick={() => desk.live.hurry()}>Try now</button> : null}
    </div>
  );
}

/** Two minutes before its end the session says so. */
function SessionEnd({ desk }: { desk: Desk }): JSX.Element | null {
  const session = useCell(desk.api.session);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, []);
  const left = (session?.until ?? now) - now;
  if (left > 120_000) return null;
  return (
    <div class="banner" role="status">
      <p>Your session ends in about {span(Math.ceil(left / 10_000) * 10_000)}.</p>
      <button type="button" class="plain" onClick={() => desk.api.logout()}>Log in again</button>
    </div>
  );
}

/** The frame around every view: where one is, where one can go, and how the link is. */
export function Frame({ desk, view, children }: { desk: Desk; view: View; children: ComponentChildren }): JSX.Element {
  return (
    <div class="app">
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the content</a>
      <header class="top">
        <span class="wordmark">ChatRoom</span>
        <LinkState desk={desk} />
        <div class="tools">
          <ThemeButton />
          <button type="button" class="round" aria-label="Log out" title="Log out" onClick={() => desk.api.logout()}><Icon name="logout" /></button>
        </div>
      </header>
      <nav class="tabs" aria-label="Views">
        {VIEWS.map((name) => (
          <a href={address({ view: name })} aria-current={name === view ? "page" : undefined}>
            <Icon name={name} />
            <span>{TITLES[name]}</span>
          </a>
        ))}
      </nav>
      <main id="main" class="main" tabIndex={-1}>
        <SessionEnd desk={desk} />
        {children}
      </main>
    </div>
  );
}
