// A node is killed with Redis behind it and started again: nothing is lost, nothing comes twice.
import { followLink, openRoom, reads, write } from "../people.mjs";

export const look = { language: "de", theme: "dark" };

export async function play(stage) {
  const redis = await stage.redis();
  const args = ["--redis-url", redis.url];
  const first = await stage.node({ args });
  const ada = await stage.person();
  const room = await openRoom(ada, first.url, "Workshop");
  const bob = await stage.person();
  await followLink(bob, first.url, room);
  await write(ada, "before");
  await reads(bob, ["before"]);

  await first.kill("SIGKILL");
  await ada.locator(".link-state.waiting, .link-state.connecting").waitFor();
  for (const text of ["one", "two", "three"]) await write(ada, text);
  await ada.fill("#message", "not yet");
  await ada.locator(".banner").waitFor();
  await stage.accessible(ada, "no connection");
  await stage.picture(ada, "offline");

  const { port, adminPort } = first;
  await stage.node({ args, port, adminPort });
  for (const page of [ada, bob]) await reads(page, ["before", "one", "two", "three"]);
  const draft = await ada.inputValue("#message");
  if (draft !== "not yet") throw new Error(`the draft became ${JSON.stringify(draft)}`);
  await write(bob, "after");
  await reads(ada, ["before", "one", "two", "three", "after"]);
}
