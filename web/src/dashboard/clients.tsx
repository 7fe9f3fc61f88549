import type { JSX } from "preact";
import { useCell } from "../page/cell.ts";
import { askRemoveClient } from "./actions.ts";
import { ClientPanel } from "./client-panel.tsx";
import type { Desk } from "./desk.ts";
import { bytes, count } from "./format.ts";
import type { Row } from "./listing.ts";
import { RemoteTable } from "./remote.tsx";
import { address } from "./route.ts";
import type { ClientRecord } from "./shapes.ts";
import type { Column } from "./table.tsx";
import { When } from "./when.tsx";

export function Clients({ desk }: { desk: Desk }): JSX.Element {
  const { id } = useCell(desk.route);
  useCell(desk.clients.state);
  const now = desk.live.now();
  const columns: readonly Column<Row<ClientRecord>>[] = [
    {
      key: "name", title: "Client", sort: "username", value: ({ record }) => record?.username,
      cell: ({ id: client, record }) => (
        <span class="name"><a href={address({ view: "clients", id: client })}><bdi>{record?.username ?? "…"}</bdi></a><small>#{client}</small></span>
      ),
    },
    {
      key: "room", title: "Room", number: true, rank: 2, value: ({ record }) => record?.roomId ?? undefined,
      cell: ({ record }) => (record?.roomId ? <a href={address({ view: "rooms", id: record.roomId })}>#{record.roomId}</a> : record ? "–" : ""),
    },
    { key: "ip", title: "Address", sort: "ip", rank: 2, value: ({ record }) => record?.ip, cell: ({ record }) => <bdi class="mono">{record?.ip ?? ""}</bdi> },
    { key: "node", title: "Node", sort: "serverId", rank: 3, value: ({ record }) => (record ? desk.host(record.serverId) : undefined), cell: ({ record }) => (record ? <bdi title={record.serverId}>{desk.host(record.serverId)}</bdi> : "") },
    { key: "connected", title: "Connected", rank: 3, value: ({ record }) => (record ? -record.connectedAt : undefined), cell: ({ record }) => (record ? <When at={record.connectedAt} now={now} /> : "") },
    { key: "messages", title: "Messages", number: true, value: ({ record }) => record?.messages, cell: ({ record }) => (record ? count(record.messages) : "…") },
    { key: "pending", title: "Pending", number: true, rank: 3, value: ({ record }) => record?.bytesPending, cell: ({ record }) => (record ? bytes(record.bytesPending) : "") },
    {
      key: "actions", title: "Actions", silent: true,
      cell: ({ id: client, record }) => (
        <button type="button" class="small" disabled={record === undefined} onClick={() => askRemoveClient(desk, client, record?.username ?? "", () => close(desk, client))}>
          Remove<span class="hidden-visually"> client #{client}</span>
        </button>
      ),
    },
  ];
  return (
    <div class={id === undefined ? "view" : "view with-panel"}>
      <div class="view-list">
        <div class="view-head"><h1 tabIndex={-1}>Clients</h1></div>
        <RemoteTable caption="Clients" what={(n) => (n === 1 ? "client" : "clients")} columns={columns} listing={desk.clients} search="Search by name or number" empty="Nobody is connected." current={id} />
      </div>
      {id === undefined ? null : <ClientPanel key={id} desk={desk} id={id} />}
    </div>
  );
}

/** Closes the panel of a client that is gone. */
function close(desk: Desk, client: number): void {
  if (desk.route.value.id === client) location.hash = address({ view: "clients" });
}
