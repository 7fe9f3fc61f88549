// What people do on the page, found by roles and ids that do not depend on the language.
import { equal, until } from "./stage.mjs";

/** Opens the page and a room in it; gives the room's number. */
export async function openRoom(page, url, name, hidden = false) {
  await page.goto(url);
  await page.locator(".my-name").or(page.locator(".only-narrow.primary")).first().waitFor();
  if (!(await page.locator(".rooms").isVisible())) await page.locator(".panel .primary").click();
  await page.locator('.rooms .bar button[aria-expanded]').click();
  await page.fill("#room-name", name);
  if (hidden) await page.locator(".create input[type=checkbox]").check();
  await page.locator(".create button[type=submit]").click();
  await page.locator("#message").waitFor();
  await connected(page);
  return Number((await page.locator(".facts > span").first().textContent()).slice(1));
}

/** Brings the rooms into view where the screen is too narrow for both columns. */
export async function toRooms(page) {
  if (!(await page.locator(".rooms").isVisible())) await page.locator(".header .only-narrow").click();
  await page.locator(".rooms").waitFor();
}

/** Brings the conversation back into view. */
export async function toMessages(page) {
  if (!(await page.locator("#message").isVisible())) await page.locator(".brand .only-narrow").click();
  await page.locator("#message").waitFor();
}

/** Takes another name. */
export async function rename(page, name) {
  await toRooms(page);
  await page.locator(".my-name").click();
  await page.locator(".name-form input").fill(name);
  await page.keyboard.press("Enter");
  await until(`the name ${name}`, async () => (await page.locator(".my-name bdi").textContent()) === name);
  await toMessages(page);
}

/** Follows a link to a room. */
export async function followLink(page, url, room) {
  await page.goto(`${url}#/room/${room}`);
  await page.locator("#message").waitFor();
  await connected(page);
}

export async function connected(page) {
  await page.locator(".link-state.connected").waitFor();
}

export async function write(page, text) {
  await page.fill("#message", text);
  await page.press("#message", "Enter");
}

/** The words of the messages that are shown and have their place. */
export function texts(page) {
  return page.locator(".message:not(.outgoing) .words").allTextContents();
}

/** Waits until exactly these messages are shown, each once, in this order. */
export async function reads(page, expected) {
  let seen;
  await until(`messages ${JSON.stringify(expected)}`, async () => {
    seen = await texts(page);
    return seen.length >= expected.length && (await page.locator(".outgoing").count()) === 0;
  }).catch((error) => {
    throw new Error(`${error.message}; seen ${JSON.stringify(seen)}`);
  });
  equal(seen, expected, "messages");
}

/** The number of the client, as the page shows it. */
export async function clientId(page) {
  return Number((await page.locator(".my-name .number").textContent()).slice(1));
}

/** Runs in a page before its own script: messages vanish on their way while it is deaf. */
export function swallow() {
  globalThis.swallowed = 0;
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    if (!globalThis.deaf || !String(data).includes('"SEND_MESSAGE"')) return send.call(this, data);
    globalThis.swallowed++;
    return undefined;
  };
}

/** Runs in a page: how many messages are in the browser's database. */
export function stored() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("chatroom", 1);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const all = request.result.transaction("outbox").objectStore("outbox").getAll();
      all.onsuccess = () => resolve(all.result.length);
    };
  });
}
