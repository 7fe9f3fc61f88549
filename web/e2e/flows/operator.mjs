// What an operator does: remove, ban, delete a room. Each is said in clear words and ends the queue.
import { check, equal, until } from "../stage.mjs";
import { clientId, connected, followLink, openRoom, reads, stored, swallow, write } from "../people.mjs";

export const look = { language: "en", theme: "dark" };

export async function play(stage) {
  const node = await stage.node();
  const ada = await stage.person();
  const room = await openRoom(ada, node.url, "Court");
  const bob = await stage.person();
  await followLink(bob, node.url, room);
  const eve = await stage.person();
  await eve.addInitScript(swallow);
  await followLink(eve, node.url, room);
  await eve.evaluate(() => { globalThis.deaf = true; });
  for (const text of ["never said", "nor this"]) await write(eve, text);
  await until("two messages that wait", async () => (await eve.evaluate(stored)) === 2);

  await stage.operator(node, "DELETE", `/client/${await clientId(bob)}`);
  await bob.locator(".panel .primary").waitFor();
  await stage.accessible(bob, "removed");
  await stage.picture(bob, "removed");
  await bob.locator(".panel .primary").click();
  await bob.locator(".my-name").waitFor();

  await stage.operator(node, "DELETE", `/client/${await clientId(eve)}?ban=10m`);
  await eve.locator(".app.ended .panel").waitFor();
  equal(await eve.locator(".panel .primary").count(), 0, "ways back from a ban");
  await until("an empty queue", async () => (await eve.evaluate(stored)) === 0);
  await stage.accessible(eve, "banned");
  await stage.picture(eve, "banned");

  await write(ada, "alone");
  await reads(ada, ["alone"]);
  await stage.operator(node, "DELETE", `/room/${room}`);
  await ada.locator(".panel .actions").waitFor();
  await stage.accessible(ada, "a deleted room");
  await stage.picture(ada, "deleted");
  await ada.locator(".panel .secondary").click();
  await ada.locator(".rooms").waitFor();
  check(new URL(ada.url()).hash === "", "the address names no room");
  const next = await openRoom(ada, node.url, "Second try");
  check(next !== room, "the number is not given out again");
  await connected(ada);

  // A room that does not exist, by its link.
  await bob.goto(`${node.url}#/room/99999999`);
  await until("no such room", async () => (await bob.locator(".panel h1").textContent())?.includes("99999999"));
  await stage.accessible(bob, "no such room");
}
