// What a server may say against a page: go on elsewhere, not this session, full, and that something is
// missing. Each is said in words, with the way on that there is.
import { check, equal, until } from "../stage.mjs";
import { connected, followLink, openRoom, reads, write } from "../people.mjs";
import { fill } from "./scroll-back.mjs";

export const look = { language: "ar", theme: "dark" };

const KEPT = 10;

export async function play(stage) {
  const node = await stage.node({ args: ["--room-log", `${KEPT}/67m/1MiB`, "--message-rate", "0"] });
  const wire = await stage.wire(node.port);
  const ada = await stage.person();
  await ada.addInitScript(noteSockets);
  const room = await openRoom(ada, `http://127.0.0.1:${wire.port}/`, "Ferry");
  const bob = await stage.person();
  await followLink(bob, node.url, room);
  await write(ada, "aboard");
  await reads(bob, ["aboard"]);

  // The session goes on in another place, then here again.
  await ada.evaluate(resumeElsewhere);
  await ada.locator(".app.ended .panel .primary").waitFor();
  await until("the focus on the words", () => ada.evaluate(() => document.activeElement?.matches("h1") ?? false));
  await stage.accessible(ada, "going on elsewhere");
  await stage.picture(ada, "elsewhere");
  await ada.locator(".panel .primary").click();
  await connected(ada);
  await reads(ada, ["aboard"]);

  // More was said than the room keeps.
  wire.cut();
  await ada.locator(".link-state.waiting, .link-state.connecting").waitFor();
  await fill(bob, room, 3 * KEPT);
  wire.mend();
  await ada.locator(".gap").waitFor();
  await until("the newest message", async () => (await ada.locator(".words").last().textContent())?.startsWith(`number ${3 * KEPT} `));
  equal(await ada.locator(".words").count(), KEPT, "messages that are left");
  check(await ada.evaluate(() => document.querySelector(".row").querySelector(".gap") !== null), "the gap comes before them");
  await stage.accessible(ada, "a gap");
  await stage.picture(ada, "gap");

  // Full: in words, with the wait that the server asked for, also where only the rooms are in view.
  const dan = await stage.person();
  await dan.addInitScript(noteSockets);
  await dan.goto(node.url);
  await dan.locator(".my-name").waitFor();
  await dan.evaluate(() => {
    const socket = globalThis.sockets.at(-1);
    socket.onmessage({ data: JSON.stringify({ type: "ERROR", code: "CAPACITY", message: "Full.", retryAfterMs: 600_000 }) });
    socket.onclose({ code: 1013 });
  });
  const banner = dan.locator(".banner:visible");
  await banner.locator(".countdown").waitFor();
  equal(await banner.count(), 1, "banners in view");
  await banner.locator("button").click();
  await until("the wait is kept", async () => /\d{3}|[٠-٩]{3}/.test((await banner.locator(".countdown").textContent()) ?? ""));
  await stage.accessible(dan, "a full server");
  await stage.picture(dan, "full");

  // A session that is refused ends, until a person begins another one.
  const eve = await stage.person();
  await eve.addInitScript(noteSockets);
  await followLink(eve, node.url, room);
  await eve.evaluate(() => globalThis.sockets.at(-1).onclose({ code: 4599 }));
  await eve.locator(".app.ended .panel .primary").waitFor();
  await stage.accessible(eve, "a session that was refused");
  await eve.locator(".panel .primary").click();
  await connected(eve);
}

/** Runs in the page before its own script: keeps what it opens. */
function noteSockets() {
  globalThis.sockets = [];
  globalThis.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      globalThis.sockets.push(this);
    }
  };
}

/** Runs in the page: takes its session over on a connection of its own, as a copied page might. */
function resumeElsewhere() {
  const { session } = JSON.parse(sessionStorage.getItem("chatroom.tab"));
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${location.host}/ws`, "chatroom.v1");
    socket.onopen = () => socket.send(JSON.stringify({ type: "RESUME", session }));
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "ERROR") reject(new Error(data));
      if (event.type === "CONNECT" && event.resumed) resolve(undefined);
    };
  });
}
