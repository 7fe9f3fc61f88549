import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useCell } from "../page/cell.ts";
import { ApiError } from "./api.ts";
import type { Desk } from "./desk.ts";
import { ThemeButton } from "./frame.tsx";

/** Counts whole seconds down to 0 from wherever it was set. */
function useCountdown(): [seconds: number, start: (seconds: number) => void] {
  const [end, setEnd] = useState(0);
  const [, tick] = useState(0);
  const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
  useEffect(() => {
    if (left === 0) return;
    const timer = setInterval(() => tick((n) => n + 1), 250);
    return () => clearInterval(timer);
  }, [end, left === 0]);
  return [left, (seconds) => setEnd(Date.now() + seconds * 1000)];
}

export function Login({ desk }: { desk: Desk }): JSX.Element {
  const ended = useCell(desk.api.ended);
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [wait, startWait] = useCountdown();
  useEffect(() => {
    document.title = "Log in – ChatRoom dashboard";
    name.current?.focus();
  }, []);

  const submit = async (): Promise<void> => {
    if (busy || wait > 0 || name.current === null || password.current === null) return;
    setBusy(true);
    setError("");
    try {
      await desk.api.login(name.current.value, password.current.value);
    } catch (failure) {
      setBusy(false);
      if (failure instanceof ApiError && failure.retryAfter > 0) startWait(failure.retryAfter);
      setError(failure instanceof Error ? failure.message : "The login failed.");
      password.current.select();
    }
  };

  return (
    <main class="login">
      <div class="login-head">
        <span class="wordmark">ChatRoom</span>
        <ThemeButton />
      </div>
      <h1>Dashboard</h1>
      <form class="card" onSubmit={(event) => { event.preventDefault(); void submit(); }}>
        {ended === "" || error !== "" ? null : <p class="hint" role="status">{ended}</p>}
        <label class="field">
          <span>User name</span>
          <input ref={name} name="username" required autocomplete="username" autocapitalize="none" spellcheck={false} />
        </label>
        <label class="field">
          <span>Password</span>
          <input
            ref={password}
            name="password"
            type="password"
            required
            autocomplete="current-password"
            aria-invalid={error !== "" && wait === 0}
            aria-describedby="login-error"
          />
        </label>
        <p id="login-error" class="error" role="alert">{error}</p>
        {wait > 0 ? <p class="hint countdown">The next try is possible in {wait} s.</p> : null}
        <button type="submit" class="primary" aria-disabled={busy || wait > 0}>{busy ? "Logging in …" : "Log in"}</button>
      </form>
    </main>
  );
}
