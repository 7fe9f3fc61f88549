import type { JSX } from "preact";
import { askDeleteRoom, askRemoveClient } from "./actions.ts";
import type { Desk } from "./desk.ts";
import { count } from "./format.ts";
import { Facts, Panel, useRecord } from "./panel.tsx";
import { address } from "./route.ts";
import type { Participant } from "./shapes.ts";
import { When } from "./when.tsx";

export function RoomPanel({ desk, id }: { desk: Desk; id: number }): JSX.Element {
  const { record: room, gone, error } = useRecord(id, (room, signal) => desk.api.room(room, signal));
  const back = address({ view: "rooms" });
  const now = desk.live.now();
  return (
    <Panel title={<><bdi>{room?.name ?? "Room"}</bdi> <small>#{id}</small></>} back={back}>
      <p class="error" role="alert">{error}</p>
      {gone ? <p class="hint" role="status">There is no such room, or no longer.</p> : null}
      {room === undefined || gone ? null : (
        <>
          <Facts facts={[
            ["Members", `${count(room.activeUsers)} (peak ${count(room.peakUsers)})`],
            ["Messages", count(room.messageCount)],
            ["Last message", <When at={room.lastMessageAt} now={now} />],
            ["Created", <><When at={room.createdAt} /> by <a href={address({ view: "clients", id: room.createdBy })}>#{room.createdBy}</a></>],
            ["Nodes", <bdi>{room.servers.map((server) => desk.host(server)).join(", ") || "–"}</bdi>],
          ]} />
          <div class="actions">
            <button type="button" class="danger outlined" onClick={() => askDeleteRoom(desk, id, room.name, room.activeUsers, () => { location.hash = back; })}>Delete room</button>
          </div>
          <h3>Participants <small>{room.participants.length >= 100 ? "the last 100" : count(room.participants.length)}</small></h3>
          <ul class="people">
            {[...room.participants].sort(present).map((person) => (
              <li key={`${person.clientId} ${person.joinedAt}`}>
                <span class="name">
                  <a href={address({ view: "clients", id: person.clientId })}><bdi>{person.username}</bdi></a>
                  <small>#{person.clientId}, joined <When at={person.joinedAt} now={now} />{person.leftAt ? <>, left <When at={person.leftAt} now={now} /></> : null}</small>
                </span>
                {person.leftAt ? null : (
                  <button type="button" class="small" onClick={() => askRemoveClient(desk, person.clientId, person.username)}>
                    Remove<span class="hidden-visually"> client #{person.clientId}</span>
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

/** Who is there comes before who left, the newest first. */
function present(a: Participant, b: Participant): number {
  const there = Number(Boolean(a.leftAt)) - Number(Boolean(b.leftAt));
  return there !== 0 ? there : b.joinedAt - a.joinedAt;
}
