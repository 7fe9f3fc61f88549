import { render } from "preact";
import { App } from "./app.tsx";
import { Chat } from "./chat.ts";
import { speak } from "./i18n/index.ts";
import { applyTheme, preferences } from "./preferences.ts";

/** The WebSocket beside this page, whatever stands before the path. */
function socketAddress(): string {
  const url = new URL("ws", location.href.replace(/[?#].*$/, ""));
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

applyTheme();
const chat = new Chat(socketAddress());
// The connection does not wait for the language, nor the language for the connection.
void chat.start();
void speak(preferences.value.language).then(() => {
  render(<App chat={chat} />, document.getElementById("app") as HTMLElement);
});
