import type { JSX } from "preact";
import type { Desk } from "./desk.ts";
import { LocalTable } from "./local.tsx";
import { useReread } from "./reread.ts";
import type { AuditEntry } from "./shapes.ts";
import type { Column } from "./table.tsx";
import { When } from "./when.tsx";

const COLUMNS: readonly Column<AuditEntry>[] = [
  { key: "at", title: "When", number: false, value: (entry) => entry.at, cell: (entry) => <When at={entry.at} /> },
  { key: "action", title: "Action", value: (entry) => entry.action, cell: (entry) => <span class="name"><span>{entry.action}</span>{entry.target === "" ? null : <small><bdi>{target(entry)}</bdi></small>}</span> },
  { key: "result", title: "Result", value: (entry) => entry.result, cell: (entry) => <span class={entry.result === "ok" ? "result" : "result bad"}>{entry.result}</span> },
  { key: "reason", title: "Reason", rank: 2, value: (entry) => entry.reason, cell: (entry) => (entry.reason ? <bdi class="words">{entry.reason}</bdi> : "–") },
  { key: "by", title: "By", rank: 2, value: (entry) => entry.by, cell: (entry) => <bdi>{entry.by || "unknown"}</bdi> },
  { key: "ip", title: "From", rank: 3, value: (entry) => entry.ip, cell: (entry) => <bdi class="mono">{entry.ip}</bdi> },
];

function target(entry: AuditEntry): string {
  return /^\d+$/.test(entry.target) ? `#${entry.target}` : entry.target;
}

/** What operators did, and tried, anywhere in the cluster. */
export function Audit({ desk }: { desk: Desk }): JSX.Element {
  const { rows, error } = useReread(desk, (signal) => desk.api.audit(signal));
  return (
    <div class="view">
      <div class="view-head"><h1 tabIndex={-1}>Audit</h1></div>
      <LocalTable
        caption="What operators did"
        what={(n) => (n === 1 ? "entry" : "entries")}
        columns={COLUMNS}
        rows={(rows ?? []).map((entry, at) => ({ ...entry, key: `${entry.at} ${rows?.length ?? 0} ${at}` }))}
        id={(entry) => (entry as AuditEntry & { key: string }).key}
        texts={(entry) => [entry.action, target(entry), entry.result, entry.reason, entry.by, entry.ip]}
        search="Search in all columns"
        empty={rows === undefined ? "Reading …" : "Nothing was done yet."}
        size={50}
        error={error}
      />
    </div>
  );
}
