// A node is told to stop while somebody writes; another takes over behind the same address.
import { followLink, openRoom, reads, write } from "../people.mjs";

export const look = { language: "fr", theme: "dark" };

export async function play(stage) {
  const redis = await stage.redis();
  const args = ["--redis-url", redis.url, "--drain", "500ms"];
  const first = await stage.node({ args });
  const ada = await stage.person();
  const room = await openRoom(ada, first.url, "Relay");
  const bob = await stage.person();
  await followLink(bob, first.url, room);

  const said = [];
  const say = async (n) => {
    said.push(`message ${n}`);
    await write(ada, `message ${n}`);
  };
  for (let n = 0; n < 3; n++) await say(n);
  const gone = first.kill("SIGTERM");
  for (let n = 3; n < 6; n++) await say(n);
  await gone;
  const { port, adminPort } = first;
  await stage.node({ args, port, adminPort });
  await say(6);
  for (const page of [ada, bob]) await reads(page, said);
}
