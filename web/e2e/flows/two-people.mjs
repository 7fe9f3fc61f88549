// Two people chat: create, join by link, write, rename, catch up, notice what came meanwhile.
import { check, equal, until } from "../stage.mjs";
import { connected, followLink, openRoom, reads, rename, toRooms, write } from "../people.mjs";

export const look = { language: "en", theme: "light" };

export async function play(stage) {
  const node = await stage.node();
  const ada = await stage.person();
  await ada.goto(node.url);
  await ada.locator(".my-name").waitFor();
  await stage.accessible(ada, "the lobby");
  await stage.picture(ada, "lobby");

  const room = await openRoom(ada, node.url, "Garden club");
  await stage.accessible(ada, "an empty room");
  await write(ada, "Good morning");
  await write(ada, "Has anybody watered the tomatoes?");
  await reads(ada, ["Good morning", "Has anybody watered the tomatoes?"]);
  await until("grouped messages", async () => (await ada.locator(".message.follows").count()) === 1);
  await until("both are said to be sent", async () => (await ada.locator(".delivery.sent").count()) === 2);

  const bob = await stage.person();
  await followLink(bob, node.url, room);
  await reads(bob, ["Good morning", "Has anybody watered the tomatoes?"]);
  await rename(bob, "Bob");
  await write(bob, "Yes, an hour ago. The forecast says https://example.org/rain?day=(tomorrow)");
  await ada.locator(".message:not(.own) .author bdi", { hasText: "Bob" }).waitFor();
  const link = ada.locator(".words a");
  equal(await link.getAttribute("href"), "https://example.org/rain?day=(tomorrow)", "the address");
  equal(await link.getAttribute("rel"), "noopener noreferrer nofollow ugc", "what the link gives away");
  await ada.locator(".line", { hasText: "Bob" }).waitFor();
  await until("two people", async () => /2 |شخصان/.test((await ada.locator(".header .count").textContent()) ?? ""));
  await stage.accessible(ada, "a conversation");
  await stage.picture(ada, "conversation");

  // A draft and the place in the room outlive a reload.
  await ada.fill("#message", "half a thou");
  await ada.reload();
  await connected(ada);
  equal(await ada.inputValue("#message"), "half a thou", "the draft");
  await until("three messages again", async () => (await ada.locator(".message").count()) === 3);

  const times = await ada.evaluate(() => {
    const paint = performance.getEntriesByName("first-paint")[0]?.startTime;
    const ready = performance.getEntriesByName("chatroom-connected")[0]?.startTime;
    return { paint, ready };
  });
  check(times.ready !== undefined, "the page notes when it is connected");
  console.log(`     first paint ${Math.round(times.paint ?? 0)} ms, connected ${Math.round(times.ready)} ms`);

  await toRooms(ada);
  await ada.locator(".brand .round").last().click();
  await ada.locator("dialog.settings").waitFor();
  await stage.accessible(ada, "the settings");
  await stage.picture(ada, "settings");
  await ada.keyboard.press("Escape");
  await ada.locator("dialog.settings").waitFor({ state: "detached" });
}
