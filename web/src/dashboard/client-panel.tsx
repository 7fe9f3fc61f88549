import type { JSX } from "preact";
import { askRemoveClient } from "./actions.ts";
import type { Desk } from "./desk.ts";
import { bytes, count } from "./format.ts";
import { Facts, Panel, useRecord } from "./panel.tsx";
import { address } from "./route.ts";
import { When } from "./when.tsx";

export function ClientPanel({ desk, id }: { desk: Desk; id: number }): JSX.Element {
  const { record: client, gone, error } = useRecord(id, (client, signal) => desk.api.client(client, signal));
  const back = address({ view: "clients" });
  const now = desk.live.now();
  return (
    <Panel title={<><bdi>{client?.username ?? "Client"}</bdi> <small>#{id}</small></>} back={back}>
      <p class="error" role="alert">{error}</p>
      {gone ? <p class="hint" role="status">There is no such client, or no longer.</p> : null}
      {client === undefined || gone ? null : (
        <>
          <Facts facts={[
            ["Room", client.roomId ? <a href={address({ view: "rooms", id: client.roomId })}>#{client.roomId}</a> : "–"],
            ["Address", <bdi class="mono">{client.ip}</bdi>],
            ["Node", <bdi>{desk.host(client.serverId)} <small>{client.serverId}</small></bdi>],
            ["Connected", <When at={client.connectedAt} now={now} />],
            ["Last heard of", <When at={client.lastSeenAt} now={now} />],
            ["Messages", count(client.messages)],
            ["Bytes pending", bytes(client.bytesPending)],
          ]} />
          <div class="actions">
            <button type="button" class="danger outlined" onClick={() => askRemoveClient(desk, id, client.username, () => { location.hash = back; })}>Remove or ban</button>
          </div>
        </>
      )}
    </Panel>
  );
}
