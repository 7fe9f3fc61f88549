import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { BANS } from "./actions.ts";
import type { Desk, Question } from "./desk.ts";
import { explain } from "./listing.ts";

/** The longest reason that the server takes, in code points. */
const REASON = 200;

/** Asks for a reason and a confirmation. A native dialog keeps the focus inside and gives it back. */
export function Confirmation({ desk, question }: { desk: Desk; question: Question }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState("");
  const [ban, setBan] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  useEffect(() => dialog.current?.showModal(), []);

  const long = [...reason].length > REASON;
  const submit = async (): Promise<void> => {
    if (busy || long) return;
    setBusy(true);
    setError("");
    try {
      const notice = await question.run(reason.trim(), ban);
      dialog.current?.close();
      desk.say(notice);
    } catch (failure) {
      setError(explain(failure));
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} class="confirmation" aria-labelledby="question" aria-describedby="question-words" onClose={() => desk.question.set(undefined)}>
      <form onSubmit={(event) => { event.preventDefault(); void submit(); }}>
        <h2 id="question">{question.title}</h2>
        <p id="question-words"><b><bdi>{question.name}</bdi> #{question.number}</b> {question.words}</p>
        {question.bans ? (
          <label class="field">
            <span>Ban</span>
            <select name="ban" value={ban} onChange={(event) => setBan(event.currentTarget.value)}>
              {BANS.map(([value, label]) => <option value={value}>{label}</option>)}
            </select>
          </label>
        ) : null}
        <label class="field">
          <span>Reason <small>(optional, kept in the audit)</small></span>
          <input
            name="reason"
            dir="auto"
            autocomplete="off"
            value={reason}
            aria-invalid={long}
            aria-describedby="question-error"
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <p id="question-error" class="error" role="alert">{long ? `A reason has at most ${REASON} characters.` : error}</p>
        <div class="actions">
          <button type="button" class="secondary" onClick={() => dialog.current?.close()}>Cancel</button>
          <button type="submit" class="danger" aria-disabled={busy || long}>{ban === "" ? question.confirm : "Remove and ban"}</button>
        </div>
      </form>
    </dialog>
  );
}
