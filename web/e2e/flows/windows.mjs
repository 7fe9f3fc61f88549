// Two windows of one browser do not fight: a copied tab begins a life of its own. And a page without
// JavaScript says so.
import { check, equal, until } from "../stage.mjs";
import { clientId, connected, openRoom, write } from "../people.mjs";

export const look = { language: "en", theme: "light" };

export async function play(stage) {
  const node = await stage.node();
  const ada = await stage.person();
  await openRoom(ada, node.url, "Windows");
  const first = await clientId(ada);

  // window.open copies the session storage, as "duplicate tab" does.
  const [copy] = await Promise.all([ada.waitForEvent("popup"), ada.evaluate(() => void window.open(location.href))]);
  stage.watch(copy);
  await connected(copy);
  const second = await clientId(copy);
  check(first !== second, "two windows are two people");
  await write(ada, "from the first");
  await write(copy, "from the second");
  await until("both messages in the first", async () => (await ada.locator(".message").count()) === 2);
  equal(await ada.locator(".link-state.connected").count(), 1, "the first is still connected");
  equal(await clientId(ada), first, "and still itself");

  const plain = await stage.person({ context: { javaScriptEnabled: false } });
  await plain.goto(node.url);
  check((await plain.locator(".without-script").textContent())?.includes("JavaScript"), "words without JavaScript");
}
