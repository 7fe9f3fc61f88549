// A message that did not go out says so, and waits for a person's word: send again, or delete.
import { check, equal, until } from "../stage.mjs";
import { connected, followLink, openRoom, reads, stored, swallow, write } from "../people.mjs";

export const look = { language: "de", theme: "dark" };

/** Steps of the page's own clock, milliseconds: five tries take a minute and a half. */
const STEP = 13_000;

export async function play(stage) {
  const node = await stage.node();
  const bob = await stage.person();
  const room = await openRoom(bob, node.url, "Post");
  const ada = await stage.person();
  await ada.addInitScript(swallow);
  await ada.clock.install();
  await followLink(ada, node.url, room);

  await ada.evaluate(() => { globalThis.deaf = true; });
  await write(ada, "one");
  await write(ada, "two");
  await until("two messages on their way", async () => (await ada.locator(".outgoing").count()) === 2);
  await until("both have failed", async () => {
    await ada.clock.fastForward(STEP);
    return (await ada.locator(".outgoing.failed").count()) === 2;
  });
  check((await ada.evaluate(() => globalThis.swallowed)) >= 10, "five tries for each");
  await connected(ada);
  await stage.accessible(ada, "messages that failed");
  await stage.picture(ada, "failed");

  await ada.evaluate(() => { globalThis.deaf = false; });
  await ada.locator(".outgoing .choices button").first().click();
  await reads(bob, ["one"]);
  await until("one is left", async () => (await ada.locator(".outgoing").count()) === 1);
  await ada.locator(".outgoing .choices button").last().click();
  await until("none is left", async () => (await ada.locator(".outgoing").count()) === 0);
  await reads(ada, ["one"]);

  // A window is closed before its message went out: the next one offers it.
  const wire = await stage.wire(node.port);
  const eve = await stage.person();
  await followLink(eve, `http://127.0.0.1:${wire.port}/`, room);
  wire.cut();
  await write(eve, "from a closed window");
  await until("the browser keeps it", async () => (await eve.evaluate(stored)) === 1);
  await eve.close();
  wire.mend();
  const again = await eve.context().newPage();
  stage.watch(again);
  await followLink(again, `http://127.0.0.1:${wire.port}/`, room);
  await again.locator(".outgoing.failed").waitFor();
  equal(await again.locator(".outgoing .words").textContent(), "from a closed window", "what is offered");
  await again.locator(".outgoing .choices button").first().click();
  await reads(bob, ["one", "from a closed window"]);
}
