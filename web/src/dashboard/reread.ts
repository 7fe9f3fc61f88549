import { useEffect, useState } from "preact/hooks";
import { useCell } from "../page/cell.ts";
import { ApiError } from "./api.ts";
import type { Desk } from "./desk.ts";
import { explain } from "./listing.ts";

/** How often a list is read again that comes as a whole, milliseconds. */
const EVERY = 10_000;

/** A list that is read at once, after every action, and again and again. */
export function useReread<T>(desk: Desk, read: (signal: AbortSignal) => Promise<readonly T[]>): { rows: readonly T[] | undefined; error: string } {
  const acted = useCell(desk.acted);
  const [rows, setRows] = useState<readonly T[]>();
  const [error, setError] = useState("");
  useEffect(() => {
    const closed = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const again = async (): Promise<void> => {
      let wait = EVERY;
      try {
        const list = await read(closed.signal);
        if (closed.signal.aborted) return;
        setRows(list);
        setError("");
      } catch (failure) {
        if (closed.signal.aborted) return;
        if (failure instanceof ApiError) wait = Math.max(wait, failure.retryAfter * 1000);
        setError(explain(failure));
      }
      timer = setTimeout(() => void again(), wait);
    };
    void again();
    return () => {
      closed.abort();
      clearTimeout(timer);
    };
  }, [acted]);
  return { rows, error };
}
