import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useCell } from "../page/cell.ts";
import { Audit } from "./audit.tsx";
import { Bans } from "./bans.tsx";
import { Clients } from "./clients.tsx";
import type { Desk } from "./desk.ts";
import { Confirmation } from "./dialog.tsx";
import { Frame, TITLES } from "./frame.tsx";
import { Login } from "./login.tsx";
import { NoticeBar } from "./notice.tsx";
import { Overview } from "./overview.tsx";
import { Rooms } from "./rooms.tsx";

const CONTENT = { overview: Overview, rooms: Rooms, clients: Clients, bans: Bans, audit: Audit } as const;

export function App({ desk }: { desk: Desk }): JSX.Element {
  const session = useCell(desk.api.session);
  return session === undefined ? <Login desk={desk} /> : <Work desk={desk} />;
}

function Work({ desk }: { desk: Desk }): JSX.Element {
  const { view } = useCell(desk.route);
  const question = useCell(desk.question);
  const before = useRef(view);
  useEffect(() => {
    document.title = `${TITLES[view]} – ChatRoom dashboard`;
    // Whoever changes the view goes on reading at its head.
    if (before.current !== view) document.querySelector<HTMLElement>("h1")?.focus();
    before.current = view;
  }, [view]);
  const Content = CONTENT[view];
  return (
    <>
      <Frame desk={desk} view={view}>
        <Content key={view} desk={desk} />
      </Frame>
      {question === undefined ? null : <Confirmation desk={desk} question={question} />}
      <NoticeBar desk={desk} />
    </>
  );
}
