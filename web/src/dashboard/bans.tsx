import type { JSX } from "preact";
import { askLiftBan } from "./actions.ts";
import type { Desk } from "./desk.ts";
import { span } from "./format.ts";
import { LocalTable } from "./local.tsx";
import { useReread } from "./reread.ts";
import type { Ban } from "./shapes.ts";
import type { Column } from "./table.tsx";
import { When } from "./when.tsx";

export function Bans({ desk }: { desk: Desk }): JSX.Element {
  const { rows, error } = useReread(desk, (signal) => desk.api.bans(signal));
  const now = desk.live.now();
  const columns: readonly Column<Ban>[] = [
    { key: "client", title: "Client", value: (ban) => ban.clientId, cell: (ban) => `#${ban.clientId}` },
    { key: "ip", title: "Address", value: (ban) => ban.ip, cell: (ban) => (ban.ip ? <bdi class="mono">{ban.ip}</bdi> : <span class="soft">session only</span>) },
    { key: "until", title: "Ends", value: (ban) => ban.until, cell: (ban) => <span class="name"><span>in {span(ban.until - now)}</span><small><When at={ban.until} /></small></span> },
    { key: "by", title: "By", rank: 2, value: (ban) => ban.by, cell: (ban) => <bdi>{ban.by}</bdi> },
    { key: "reason", title: "Reason", rank: 2, value: (ban) => ban.reason, cell: (ban) => (ban.reason ? <bdi class="words">{ban.reason}</bdi> : "–") },
    {
      key: "actions", title: "Actions", silent: true,
      cell: (ban) => <button type="button" class="small" onClick={() => askLiftBan(desk, ban)}>Lift<span class="hidden-visually"> the ban of client #{ban.clientId}</span></button>,
    },
  ];
  return (
    <div class="view">
      <div class="view-head"><h1 tabIndex={-1}>Bans</h1></div>
      <LocalTable
        caption="Bans"
        what={(n) => (n === 1 ? "ban" : "bans")}
        columns={columns}
        rows={rows ?? []}
        id={(ban) => ban.id}
        texts={(ban) => [`#${ban.clientId}`, ban.ip, ban.by, ban.reason]}
        search="Search in all columns"
        empty={rows === undefined ? "Reading …" : "Nobody is banned."}
        size={25}
        error={error}
      />
    </div>
  );
}
