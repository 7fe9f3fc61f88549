// Ten seconds without a network and three messages written in them: each arrives once, in order.
import { until } from "../stage.mjs";
import { followLink, openRoom, reads, write } from "../people.mjs";

export const look = { language: "ar", theme: "light" };

const AWAY = 10_000;

export async function play(stage) {
  const node = await stage.node();
  const wire = await stage.wire(node.port);
  const ada = await stage.person();
  const room = await openRoom(ada, `http://127.0.0.1:${wire.port}/`, "Ferry");
  const bob = await stage.person();
  await followLink(bob, node.url, room);
  await write(ada, "aboard");
  await reads(bob, ["aboard"]);

  const left = Date.now();
  await ada.context().setOffline(true);
  wire.cut();
  for (const text of ["one", "two", "three"]) await write(ada, text);
  await until("three messages wait", async () => (await ada.locator(".outgoing").count()) === 3);
  await write(bob, "meanwhile");
  await ada.locator(".banner .countdown").waitFor();
  await stage.accessible(ada, "offline with messages waiting");
  await stage.picture(ada, "queued");
  await until("ten seconds", () => Date.now() - left >= AWAY);

  wire.mend();
  await ada.context().setOffline(false);
  for (const page of [ada, bob]) await reads(page, ["aboard", "meanwhile", "one", "two", "three"]);
}
