import type { ChatClient } from "./client.ts";

/**
 * Reconnects at once when the network is back, when the page is looked at again and when it comes
 * out of the back-forward cache. The returned function stops watching.
 */
export function watchBrowser(client: ChatClient): () => void {
  const hurry = (): void => client.hurry();
  const visible = (): void => {
    if (document.visibilityState === "visible") client.hurry();
  };
  addEventListener("online", hurry);
  addEventListener("pageshow", hurry);
  document.addEventListener("visibilitychange", visible);
  return () => {
    removeEventListener("online", hurry);
    removeEventListener("pageshow", hurry);
    document.removeEventListener("visibilitychange", visible);
  };
}
