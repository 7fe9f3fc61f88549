import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api.ts";
import { Icon } from "./icons.tsx";
import { explain } from "./listing.ts";

/** How often an open panel is read again, milliseconds. */
const EVERY = 5_000;

/** One record, read again and again while its panel is open. gone: there is none by this number. */
export function useRecord<T>(id: number, read: (id: number, signal: AbortSignal) => Promise<T>): { record: T | undefined; gone: boolean; error: string } {
  const [state, setState] = useState<{ id: number; record: T | undefined; gone: boolean; error: string }>({ id, record: undefined, gone: false, error: "" });
  useEffect(() => {
    const closed = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const again = async (): Promise<void> => {
      let wait = EVERY;
      try {
        const record = await read(id, closed.signal);
        if (!closed.signal.aborted) setState({ id, record, gone: false, error: "" });
      } catch (error) {
        if (closed.signal.aborted) return;
        const gone = error instanceof ApiError && error.status === 404;
        if (error instanceof ApiError) wait = Math.max(wait, error.retryAfter * 1000);
        setState((last) => ({ id, record: last.id === id ? last.record : undefined, gone, error: gone ? "" : explain(error) }));
      }
      if (!closed.signal.aborted) timer = setTimeout(() => void again(), wait);
    };
    void again();
    return () => {
      closed.abort();
      clearTimeout(timer);
    };
  }, [id]);
  return state.id === id ? state : { record: undefined, gone: false, error: "" };
}

interface Props {
  readonly title: ComponentChildren;
  readonly back: string;
  readonly children: ComponentChildren;
}

/** The details beside a list; on narrow screens in its place. Escape closes it. */
export function Panel({ title, back, children }: Props): JSX.Element {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <section class="card panel" aria-labelledby="panel-title" onKeyDown={(event) => { if (event.key === "Escape") location.hash = back; }}>
      <div class="panel-head">
        <h2 id="panel-title" ref={head} tabIndex={-1}>{title}</h2>
        <a class="round" href={back} aria-label="Close the details" title="Close"><Icon name="close" /></a>
      </div>
      {children}
    </section>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}
