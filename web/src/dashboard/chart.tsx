import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { useCell } from "../page/cell.ts";
import { painted } from "./appearance.ts";
import { clockTime } from "./format.ts";
import { lonely } from "./history.ts";
import type { Columns } from "./history.ts";
import type { Totals } from "./shapes.ts";

export interface Series {
  readonly key: keyof Totals;
  readonly label: string;
  /** The number of its colour in the style sheet. */
  readonly colour: 1 | 2;
}

/** How values are laid out: evenly, evenly in powers of two, or each power of ten as wide as the next. */
export type Scale = "even" | "binary" | "decades";

interface Props {
  readonly title: string;
  readonly series: readonly Series[];
  readonly columns: Columns;
  /** Seconds shown. */
  readonly window: number;
  readonly format: (value: number) => string;
  /** The scale reaches at least so far, so that noise around 0 does not look like a storm. */
  readonly least: number;
  readonly scale?: Scale;
}

const HEIGHT = 160;

/** Steps of a scale in bytes, from 1 KiB on. */
const POWERS = Array.from({ length: 32 }, (_, i) => 1024 * 2 ** i);

/** Steps of the time, in seconds: its labels show minutes, so none is shorter. */
const MINUTES = [1, 2, 5, 10, 15, 30, 60].map((minutes) => minutes * 60);

/** A line over time. What it shows is also said in its caption, so the drawing itself is an image. */
export function Chart({ title, series, columns, window, format, least, scale = "even" }: Props): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const colours = useCell(painted);
  const [at, setAt] = useState<number | null>(null);
  const data = [columns.x, ...series.map(({ key }) => columns.y[key])] as uPlot.AlignedData;

  useLayoutEffect(() => {
    const element = host.current as HTMLDivElement;
    const made = new uPlot(options(element, { series, format, least, scale }, setAt), data, element);
    plot.current = made;
    const resize = new ResizeObserver(() => {
      // A chart that is 0 wide is hidden, and uPlot would fail on it.
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
    };
  }, [colours]);

  useEffect(() => {
    const end = columns.x.at(-1) ?? Date.now() / 1000;
    plot.current?.batch(() => {
      plot.current?.setData(data, false);
      plot.current?.setScale("x", { min: end - window, max: end });
    });
  }, [columns, window, colours]);

  const index = at !== null && at < columns.x.length ? at : columns.x.length - 1;
  const moment = columns.x[index];
  const said = series.map(({ key, label }) => {
    const value = columns.y[key][index];
    return { key, label, text: value == null ? "–" : format(value) };
  });
  return (
    <figure class="card chart">
      <figcaption>
        <h2>{title}{at === null || moment === undefined ? null : <small> {clockTime(moment * 1000, true)}</small>}</h2>
        <p class="legend">
          {said.map(({ key, label, text }, i) => (
            <span key={key} class={series.length > 1 ? `series series-${series[i]?.colour}` : "series"}>{series.length > 1 ? `${label} ` : ""}<b>{text}</b></span>
          ))}
        </p>
      </figcaption>
      <div ref={host} class="plot" role="img" aria-label={`${title} over the last ${Math.round(window / 60)} minutes, now ${said.map(({ label, text }) => `${label} ${text}`).join(", ")}`} />
    </figure>
  );
}

function options(
  element: HTMLElement, { series, format, least, scale }: Required<Pick<Props, "series" | "format" | "least" | "scale">>, point: (at: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--ink-soft"), font: `12px ${style.fontFamily}`, ticks: { show: false } };
  const grid = { stroke: colour("--grid"), width: 1 };
  return {
    width: Math.max(1, element.clientWidth),
    height: HEIGHT,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "time" }, drag: { x: false, y: false }, y: false, points: { size: 8 } },
    scales: {
      x: { time: true },
      y: scale === "decades"
        ? { distr: 3, range: (_, min, max) => decades(min, Math.max(least, max ?? 0)) }
        : { range: (_, __, max) => [0, Math.max(least, (max ?? 0) * 1.12)] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 22, incrs: MINUTES, values: moments },
      {
        ...axis, grid, space: 38, size: 58,
        ...(scale === "binary" ? { incrs: POWERS } : {}),
        ...(scale === "decades" ? { splits: tens, filter: (_: uPlot, splits: number[]) => splits } : {}),
        values: (_, splits) => splits.map((value) => format(value)),
      },
    ],
    series: [{}, ...series.map(({ colour: number, label }, i): uPlot.Series => ({
      label,
      stroke: colour(`--series-${number}`),
      width: 1.75,
      ...(i === 0 && scale !== "decades" ? { fill: colour(`--series-${number}-fill`) } : {}),
      points: { show: true, size: 4, fill: colour(`--series-${number}`), filter: (u, at) => lonely(u.data[at] as (number | null)[]) },
    }))],
    hooks: { setCursor: [(u) => point(u.cursor.left !== undefined && u.cursor.left >= 0 ? (u.cursor.idx ?? null) : null)] },
  };
}

/** Whole powers of ten around what there is: latencies lie far apart, and the small ones matter too. */
function decades(min: number | null, max: number): [number, number] {
  return [10 ** Math.floor(Math.log10(Math.max(0.01, min ?? 0.1))), 10 ** Math.ceil(Math.log10(max))];
}

/** The times below a chart; one that would touch the figure 0 beside it is left out. */
function moments(u: uPlot, splits: number[]): string[] {
  const { min = 0, max = 0 } = u.scales["x"] as { min?: number; max?: number };
  return splits.map((second) => (second - min < (max - min) * 0.07 ? "" : clockTime(second * 1000)));
}

/** The powers of ten of a scale. */
function tens(_: uPlot, __: number, min: number, max: number): number[] {
  const first = Math.round(Math.log10(min));
  return Array.from({ length: Math.round(Math.log10(max)) - first + 1 }, (_, i) => 10 ** (first + i));
}
