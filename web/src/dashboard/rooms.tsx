import type { JSX } from "preact";
import { useCell } from "../page/cell.ts";
import { askDeleteRoom } from "./actions.ts";
import type { Desk } from "./desk.ts";
import { count } from "./format.ts";
import type { Row } from "./listing.ts";
import { RemoteTable } from "./remote.tsx";
import { RoomPanel } from "./room-panel.tsx";
import { address } from "./route.ts";
import type { RoomRecord } from "./shapes.ts";
import type { Column } from "./table.tsx";
import { When } from "./when.tsx";

export function Rooms({ desk }: { desk: Desk }): JSX.Element {
  const { id } = useCell(desk.route);
  useCell(desk.rooms.state);
  const now = desk.live.now();
  const columns: readonly Column<Row<RoomRecord>>[] = [
    {
      key: "name", title: "Room", sort: "name", value: ({ record }) => record?.name,
      cell: ({ id: room, record }) => (
        <span class="name"><a href={address({ view: "rooms", id: room })}><bdi>{record?.name ?? "…"}</bdi></a><small>#{room}</small></span>
      ),
    },
    { key: "members", title: "Members", sort: "activeUsers", number: true, value: ({ record }) => record?.activeUsers, cell: ({ record }) => (record ? count(record.activeUsers) : "…") },
    { key: "peak", title: "Peak", sort: "peakUsers", number: true, rank: 3, value: ({ record }) => record?.peakUsers, cell: ({ record }) => (record ? count(record.peakUsers) : "") },
    { key: "messages", title: "Messages", sort: "messageCount", number: true, rank: 2, value: ({ record }) => record?.messageCount, cell: ({ record }) => (record ? count(record.messageCount) : "") },
    { key: "last", title: "Last message", sort: "-lastMessageAt", rank: 2, value: ({ record }) => (record ? -record.lastMessageAt : undefined), cell: ({ record }) => (record ? <When at={record.lastMessageAt} now={now} /> : "") },
    { key: "created", title: "Created", sort: "createdAt", rank: 3, value: ({ record }) => record?.createdAt, cell: ({ record }) => (record ? <When at={record.createdAt} /> : "") },
    {
      key: "actions", title: "Actions", silent: true,
      cell: ({ id: room, record }) => (
        <button type="button" class="small" disabled={record === undefined} onClick={() => askDeleteRoom(desk, room, record?.name ?? "", record?.activeUsers ?? 0, () => close(desk, room))}>
          Delete<span class="hidden-visually"> room #{room}</span>
        </button>
      ),
    },
  ];
  return (
    <div class={id === undefined ? "view" : "view with-panel"}>
      <div class="view-list">
        <div class="view-head"><h1 tabIndex={-1}>Rooms</h1></div>
        <RemoteTable caption="Rooms" what={(n) => (n === 1 ? "room" : "rooms")} columns={columns} listing={desk.rooms} search="Search by name or number" empty="There are no rooms." current={id} />
      </div>
      {id === undefined ? null : <RoomPanel key={id} desk={desk} id={id} />}
    </div>
  );
}

/** Closes the panel of a room that is gone. */
function close(desk: Desk, room: number): void {
  if (desk.route.value.id === room) location.hash = address({ view: "rooms" });
}
