// Ten thousand messages are read back to the first without a jump, and the document stays small.
import { check, until } from "../stage.mjs";
import { openRoom } from "../people.mjs";

export const look = { language: "en", theme: "light" };

const MESSAGES = 10_000;

export async function play(stage) {
  const node = await stage.node({ args: ["--room-log", "20000/67m/64MiB", "--message-rate", "0"] });
  const ada = await stage.person();
  const room = await openRoom(ada, node.url, "Archive");
  const writer = await stage.person();
  await writer.goto(node.url);
  await writer.locator(".my-name").waitFor();
  await fill(writer, room, MESSAGES);
  await until("the last message", async () => (await ada.locator(".words").last().textContent())?.startsWith(`number ${MESSAGES} `));

  // A reload forgets them all: what is read from here on comes from the server.
  await ada.reload();
  await until("the last message again", async () => (await ada.locator(".words").last().textContent())?.startsWith(`number ${MESSAGES} `));
  await ada.locator("#messages").hover();
  await ada.evaluate(watchJumps);
  const began = Date.now();
  await until("the first message", async () => {
    for (let i = 0; i < 5; i++) await ada.mouse.wheel(0, -2_500);
    return (await ada.locator(".words").first().textContent())?.startsWith("number 1 ");
  }, 90_000);
  const { worst, rows, steps } = await ada.evaluate(() => globalThis.watched());
  console.log(`     ${MESSAGES} messages back in ${Date.now() - began} ms: ${steps} changes, worst jump ${worst} px, at most ${rows} rows`);
  check(rows <= 300, `${rows} rows in the document`);
  check(worst <= 2, `the text jumped by ${worst} pixels`);

  await ada.locator(".pill").click();
  await until("the end", async () => (await ada.locator(".words").last().textContent())?.startsWith(`number ${MESSAGES} `));
  check((await ada.locator(".row").count()) <= 300, "rows at the end");
  await stage.accessible(ada, "a long conversation");
}

/** Writes messages through a socket of the page's own origin, as fast as they are acknowledged. */
export function fill(page, room, count, ahead = 24) {
  return page.evaluate(({ room, count, ahead }) => new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${location.host}/ws`, "chatroom.v1");
    let sent = 0;
    let acknowledged = 0;
    const send = () => {
      while (sent < count && sent - acknowledged < ahead) {
        sent++;
        const text = `number ${sent} ${"lorem ipsum dolor sit amet ".repeat(sent % 7)}`.trim() + " .";
        socket.send(JSON.stringify({ type: "SEND_MESSAGE", id: `f${sent}`, text }));
      }
    };
    socket.onclose = () => reject(new Error(`closed after ${acknowledged}`));
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "CONNECT") socket.send(JSON.stringify({ type: "JOIN_ROOM", roomId: room }));
      else if (event.type === "ROOM_JOINED") send();
      else if (event.type === "ERROR") reject(new Error(data));
      else if (event.type === "ACK") {
        acknowledged++;
        if (acknowledged < count) return send();
        socket.onclose = null;
        socket.close(1000);
        resolve(undefined);
      }
    };
  }), { room, count, ahead });
}

/**
 * Runs in the page: notes by how much a visible row moves when rows are added or taken away. Rows
 * change in animation frames, which come behind the scroll events of their frame: the place noted
 * last is the one before the change.
 */
function watchJumps() {
  const box = document.getElementById("messages");
  let worst = 0;
  let rows = 0;
  let steps = 0;
  let before;
  const note = () => {
    const edge = box.getBoundingClientRect().top + 100;
    const row = [...box.querySelectorAll("[data-key]")].find((r) => r.getBoundingClientRect().top > edge);
    before = row && { row, top: row.getBoundingClientRect().top };
  };
  const frame = () => {
    note();
    requestAnimationFrame(frame);
  };
  box.addEventListener("scroll", note);
  new MutationObserver((changes) => {
    rows = Math.max(rows, box.querySelectorAll(".row").length);
    if (!changes.some((c) => c.addedNodes.length > 0) || before === undefined || !before.row.isConnected) return;
    steps++;
    worst = Math.max(worst, Math.round(Math.abs(before.row.getBoundingClientRect().top - before.top)));
  }).observe(box, { childList: true, subtree: true });
  frame();
  globalThis.watched = () => ({ worst, rows, steps });
}
