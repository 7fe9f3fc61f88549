import type { JSX } from "preact";
import { useCell } from "../page/cell.ts";
import type { Desk } from "./desk.ts";
import { bytes, count, exactTime, ms, span } from "./format.ts";
import { LocalTable } from "./local.tsx";
import type { ServerStats } from "./shapes.ts";
import type { Column } from "./table.tsx";

/** A node that was silent for this long is pointed out, milliseconds. */
const STALE = 10_000;

/** The nodes of the cluster, as the last event has them. */
export function Nodes({ desk }: { desk: Desk }): JSX.Element {
  const latest = useCell(desk.live.latest);
  const now = desk.live.now();
  const columns: readonly Column<ServerStats>[] = [
    {
      key: "host", title: "Node", value: (node) => node.host,
      cell: (node) => (
        <span class="name">
          <bdi title={node.serverId}>{node.host}</bdi>
          <small>{node.serverId.slice(0, 8)}{now - node.lastUpdatedAt > STALE ? <em> silent for {span(now - node.lastUpdatedAt)}</em> : null}</small>
        </span>
      ),
    },
    { key: "connections", title: "Connections", number: true, value: (node) => node.activeConnections, cell: (node) => count(node.activeConnections) },
    { key: "rooms", title: "Rooms", number: true, rank: 2, value: (node) => node.totalRooms, cell: (node) => count(node.totalRooms) },
    { key: "received", title: "Messages", number: true, rank: 3, value: (node) => node.totalMessagesReceived, cell: (node) => count(node.totalMessagesReceived) },
    { key: "sent", title: "Deliveries", number: true, rank: 3, value: (node) => node.totalMessagesSent, cell: (node) => count(node.totalMessagesSent) },
    { key: "p99", title: "p99", number: true, rank: 2, value: (node) => node.p99Micros, cell: (node) => (node.p99Micros === 0 ? "–" : ms(node.p99Micros / 1000)) },
    { key: "memory", title: "Memory", number: true, value: (node) => node.memoryBytes, cell: (node) => bytes(node.memoryBytes) },
    { key: "leaky", title: "Leaky", number: true, rank: 3, value: (node) => node.leakyConnections, cell: (node) => count(node.leakyConnections) },
    { key: "uptime", title: "Up", number: true, rank: 2, value: (node) => node.uptime, cell: (node) => <time dateTime={new Date(node.startedAt).toISOString()} title={exactTime(node.startedAt)}>{span(node.uptime * 1000)}</time> },
    { key: "version", title: "Version", rank: 3, value: (node) => node.version, cell: (node) => <bdi>{node.version}</bdi> },
  ];
  return (
    <>
      <h2>Nodes</h2>
      <LocalTable
        caption="Nodes"
        what={(n) => (n === 1 ? "node" : "nodes")}
        columns={columns}
        rows={latest?.servers ?? []}
        id={(node) => node.serverId}
        texts={(node) => [node.host, node.serverId, node.version]}
        search="Search by host, id or version"
        empty="No node has reported yet."
        size={25}
        searchFrom={6}
      />
    </>
  );
}
