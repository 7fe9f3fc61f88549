import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useCell } from "../page/cell.ts";
import type { Desk, Notice } from "./desk.ts";
import { Icon } from "./icons.tsx";

/** How long a notice without a way back stays, milliseconds. */
const STAY = 8_000;

/** What came of an action. With something to undo it stays until it is closed. */
export function NoticeBar({ desk }: { desk: Desk }): JSX.Element {
  const notice = useCell(desk.notice);
  const close = (): void => desk.notice.set(undefined);
  useEffect(() => {
    if (notice === undefined || notice.undo !== undefined) return;
    const timer = setTimeout(close, STAY);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div class={shape(notice)}>
      <p role="status">{notice?.text ?? ""}</p>
      {notice?.undo === undefined ? null : <button type="button" class="plain" onClick={notice.undo.run}>{notice.undo.label}</button>}
      {notice === undefined ? null : (
        <button type="button" class="round" aria-label="Close this notice" onClick={close}><Icon name="close" /></button>
      )}
    </div>
  );
}

function shape(notice: Notice | undefined): string {
  if (notice === undefined) return "notice";
  return `notice shown${notice.failed ? " failed" : ""}${notice.undo === undefined ? "" : " undoable"}`;
}
