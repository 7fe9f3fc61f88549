// Rooms are found by name and by number, however many there are, and given on by link.
import { check, equal, until } from "../stage.mjs";
import { connected, followLink, openRoom, toRooms } from "../people.mjs";

export const look = { language: "de", theme: "light" };

const CROWD = 120;
const PAGE = 100;

export async function play(stage) {
  const node = await stage.node();
  const crowd = await stage.person();
  await crowd.goto(node.url);
  await crowd.locator(".my-name").waitFor();
  const shelves = await crowd.evaluate(openShelves, CROWD);

  const ada = await stage.person();
  const room = await openRoom(ada, node.url, "Garden club");
  const eve = await stage.person();
  const attic = await openRoom(eve, node.url, "Attic", true);

  // A long list comes in pages, and stays as long as it was when it is asked for again.
  const bob = await stage.person();
  await bob.goto(node.url);
  const entries = bob.locator(".room-entry");
  await until("the first page", async () => (await entries.count()) === PAGE);
  await bob.locator(".rooms > .secondary").click();
  await until("all rooms", async () => (await entries.count()) === CROWD + 1);
  await bob.evaluate(countCommands);
  await bob.locator(".rooms .bar .round").first().click();
  await until("both pages again", () => bob.evaluate(() => globalThis.commands.LIST_ROOMS >= 2));
  equal(await entries.count(), CROWD + 1, "rooms after a refresh");
  await stage.accessible(bob, "a long list");

  const search = bob.locator(".search input");
  await search.fill("gARDEN");
  await until("one room", async () => (await entries.count()) === 1);
  equal(await entries.locator("bdi").textContent(), "Garden club", "what was found");
  await search.fill("Attic");
  await until("no room", async () => (await entries.count()) === 0);
  check((await bob.locator(".rooms .hint").textContent()) !== "", "that there is none is said");

  // By name and the Enter key, by number, by link, by an address that is changed by hand.
  await search.fill("garden");
  await until("one room", async () => (await entries.count()) === 1);
  await search.press("Enter");
  await inRoom(bob, room);
  await toRooms(bob);
  await search.fill(String(attic));
  await bob.locator(".by-number").click();
  await inRoom(bob, attic);
  await toRooms(bob);
  await search.fill(`${node.url}#/room/${room}`);
  await bob.locator(".by-number").click();
  await inRoom(bob, room);
  await bob.evaluate((id) => { location.hash = `#/room/${id}`; }, shelves[7]);
  await inRoom(bob, shelves[7]);
  await bob.evaluate(countCommands);
  await bob.goBack();
  await inRoom(bob, room);
  equal(await bob.evaluate(() => globalThis.commands.JOIN_ROOM), 1, "joins for one step back");

  // The link to the room: on the clipboard, or to be copied by hand where there is none.
  await bob.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await bob.locator(".header .labelled").first().click();
  await bob.locator(".notice.shown").waitFor();
  equal(await bob.evaluate(() => navigator.clipboard.readText()), `${node.url}#/room/${room}`, "the link");
  const dan = await stage.person();
  await dan.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await followLink(dan, node.url, room);
  await dan.locator(".header .labelled").first().click();
  equal(await dan.locator("#room-link").inputValue(), `${node.url}#/room/${room}`, "the link to be copied");
  await stage.accessible(dan, "a link to be copied");
  await stage.picture(dan, "share");
  await dan.locator(".copy-link button").click();
  await dan.locator(".copy-link").waitFor({ state: "detached" });
  await until("three people", async () => /[3٣]/.test((await ada.locator(".header .count").textContent()) ?? ""));

  // A name that the server does not accept is said where it was written.
  await toRooms(bob);
  await bob.locator(".rooms .bar button[aria-expanded]").click();
  await bob.fill("#room-name", "seventeen letters");
  await bob.press("#room-name", "Enter");
  await bob.locator("#create-error:not(:empty)").waitFor();
  await stage.accessible(bob, "a name that was refused");
  await stage.picture(bob, "refused-name");
  await bob.press("#room-name", "Escape");
  await bob.locator(".create").waitFor({ state: "detached" });
}

async function inRoom(page, room) {
  await until(`room ${room}`, async () => (await page.locator(".facts > span").first().textContent()) === `#${room}`);
  equal(new URL(page.url()).hash, `#/room/${room}`, "the address");
  await page.locator("#message").waitFor();
  await connected(page);
}

/** Runs in the page: opens rooms, each by a client of its own, and gives their numbers. */
function openShelves(count) {
  const open = (n) => new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${location.host}/ws`, "chatroom.v1");
    (globalThis.crowd ??= []).push(socket);
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "CONNECT") socket.send(JSON.stringify({ type: "CREATE_ROOM", name: `Shelf ${n}` }));
      else if (event.type === "ROOM_JOINED") resolve(event.roomId);
      else if (event.type === "ERROR") reject(new Error(data));
    };
  });
  return Promise.all(Array.from({ length: count }, (_, n) => open(n)));
}

/** Runs in the page: counts what is asked for from here on, by its type. */
function countCommands() {
  const commands = globalThis.commands = {};
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    const { type } = JSON.parse(data);
    commands[type] = (commands[type] ?? 0) + 1;
    return send.call(this, data);
  };
}
