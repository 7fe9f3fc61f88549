import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { useCell } from "../page/cell.ts";
import { Chart } from "./chart.tsx";
import type { Scale, Series } from "./chart.tsx";
import type { Desk } from "./desk.ts";
import { bytes, compact, count, ms, rate } from "./format.ts";
import type { Columns } from "./history.ts";
import { Nodes } from "./nodes.tsx";
import type { Totals } from "./shapes.ts";
import { keepWindow, keptWindow, WINDOWS } from "./windows.ts";

interface Figure {
  readonly title: string;
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly least: number;
  readonly scale?: Scale;
}

const FIGURES: readonly Figure[] = [
  { title: "Connections", series: [{ key: "connections", label: "Connections", colour: 1 }], format: compact, least: 10 },
  { title: "Messages per second", series: [{ key: "messagesPerSecond", label: "Messages", colour: 1 }], format: rate, least: 1 },
  { title: "Deliveries per second", series: [{ key: "deliveriesPerSecond", label: "Deliveries", colour: 1 }], format: rate, least: 1 },
  { title: "Latency", series: [{ key: "p99Ms", label: "p99", colour: 2 }, { key: "p50Ms", label: "p50", colour: 1 }], format: ms, least: 10, scale: "decades" },
  { title: "Rooms", series: [{ key: "rooms", label: "Rooms", colour: 1 }], format: compact, least: 10 },
  { title: "Memory", series: [{ key: "memoryBytes", label: "Memory", colour: 1 }], format: bytes, least: 1024 * 1024, scale: "binary" },
];

const REDIS: Figure = {
  title: "Redis round trip, p99", series: [{ key: "redisP99Ms", label: "p99", colour: 2 }], format: ms, least: 10, scale: "decades",
};

/** How the whole cluster is: figures of now, the last hour, and its nodes. */
export function Overview({ desk }: { desk: Desk }): JSX.Element {
  const latest = useCell(desk.live.latest);
  const [window, setWindow] = useState(keptWindow);
  const choose = (seconds: number): void => {
    setWindow(seconds);
    keepWindow(seconds);
  };
  const columns = useMemo(() => desk.live.history.columns((latest?.at ?? 0) - window * 1000), [latest, window]);
  // Without Redis there is nothing to draw; with it the chart stays, however quiet it is.
  const figures = columns.y.redisP99Ms.some((value) => value !== null) ? [...FIGURES, REDIS] : FIGURES;
  return (
    <div class="view">
      <div class="view-head">
        <h1 tabIndex={-1}>Overview</h1>
        <fieldset class="windows">
          <legend class="hidden-visually">Time shown</legend>
          {WINDOWS.map(([seconds, label]) => (
            <label>
              <input type="radio" name="window" checked={window === seconds} onChange={() => choose(seconds)} />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {latest?.partial ? <p class="banner" role="status">The cluster can't be asked at the moment: these figures are of this node alone.</p> : null}
      {latest === undefined ? <p class="hint">Waiting for the first figures …</p> : (
        <>
          <Tiles totals={latest.totals} nodes={latest.servers.length} columns={columns} />
          <div class="charts">
            {figures.map((figure) => <Chart key={figure.title} {...figure} columns={columns} window={window} />)}
          </div>
        </>
      )}
      <Nodes desk={desk} />
    </div>
  );
}

function Tiles({ totals, nodes, columns }: { totals: Totals; nodes: number; columns: Columns }): JSX.Element {
  const peak = (key: keyof Totals): number => columns.y[key].reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  const quiet = totals.p99Ms === 0;
  const tiles: readonly (readonly [name: string, value: string, more: string])[] = [
    ["Connections", count(totals.connections), `peak ${compact(peak("connections"))}`],
    ["Rooms", count(totals.rooms), nodes === 1 ? "on one node" : `on ${nodes} nodes`],
    ["Messages/s", rate(totals.messagesPerSecond), `peak ${rate(peak("messagesPerSecond"))}`],
    ["Deliveries/s", rate(totals.deliveriesPerSecond), `peak ${rate(peak("deliveriesPerSecond"))}`],
    ["Latency p50", quiet ? "–" : ms(totals.p50Ms), quiet ? "nothing delivered" : `p99 ${ms(totals.p99Ms)}`],
    ["Memory", bytes(totals.memoryBytes), `peak ${bytes(peak("memoryBytes"))}`],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value, more]) => (
        <div key={name} class="card tile">
          <dt>{name}</dt>
          <dd class="value">{value}</dd>
          <dd class="more">{more}</dd>
        </div>
      ))}
    </dl>
  );
}
