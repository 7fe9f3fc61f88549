// What is typed: counted, kept per room, and never sent when the server would refuse it.
import { check, equal, until } from "../stage.mjs";
import { connected, followLink, openRoom, reads, toMessages, toRooms, write } from "../people.mjs";

export const look = { language: "fr", theme: "light" };

export async function play(stage) {
  const node = await stage.node();
  const [ada, bob, eve] = [await stage.person(), await stage.person(), await stage.person()];
  // Each of the others keeps a room open while Ada is in the other one.
  const garden = await openRoom(bob, node.url, "Garden");
  const kitchen = await openRoom(eve, node.url, "Kitchen");
  await followLink(ada, node.url, garden);

  const counter = ada.locator("#counter");
  const send = ada.locator(".composer button");
  equal(await send.isDisabled(), true, "nothing to send");
  await ada.fill("#message", "   \n ");
  equal(await send.isDisabled(), true, "white space is nothing");
  await ada.fill("#message", "🌱".repeat(1_500));
  equal(await counter.textContent(), "", "characters are counted, not their bytes");
  await ada.fill("#message", "🌱".repeat(1_700));
  await until("how many are left", async () => /300|٣٠٠/.test((await counter.textContent()) ?? ""));
  await ada.fill("#message", "x".repeat(2_001));
  await ada.locator("#counter.over").waitFor();
  equal(await send.isDisabled(), true, "too long");
  await ada.press("#message", "Enter");
  equal((await ada.inputValue("#message")).length, 2_001, "what is too long stays");
  await stage.accessible(ada, "a message that is too long");
  await stage.picture(ada, "too-long");
  await write(ada, "y".repeat(2_000));
  await reads(bob, ["y".repeat(2_000)]);
  await write(ada, "bell\u0007 and\u0000 whistle");
  await reads(bob, ["y".repeat(2_000), "bell and whistle"]);

  // One draft for each room, and over a reload.
  await ada.fill("#message", "for the garden");
  await goTo(ada, kitchen);
  equal(await ada.inputValue("#message"), "", "another room has no draft yet");
  await ada.fill("#message", "for the kitchen");
  await goTo(ada, garden);
  equal(await ada.inputValue("#message"), "for the garden", "the draft of the first room");
  await goTo(ada, kitchen);
  await ada.reload();
  await connected(ada);
  equal(await ada.inputValue("#message"), "for the kitchen", "the draft of the second room");
  await ada.press("#message", "Enter");
  await reads(eve, ["for the kitchen"]);
  await goTo(ada, garden);
  await goTo(ada, kitchen);
  equal(await ada.inputValue("#message"), "", "what was sent is no draft any more");

  // A name is changed in its place; one that is refused says why, and Escape keeps the old one.
  await toRooms(ada);
  const former = await ada.locator(".my-name bdi").textContent();
  await ada.locator(".my-name").click();
  await ada.locator(".name-form input").fill("seventeen letters");
  await ada.keyboard.press("Enter");
  await ada.locator("#name-error:not(:empty)").waitFor();
  await stage.accessible(ada, "a name that was refused");
  await ada.keyboard.press("Escape");
  await ada.locator(".name-form").waitFor({ state: "detached" });
  equal(await ada.locator(".my-name bdi").textContent(), former, "the name");
  await until("the focus back on the name", () => ada.evaluate(() => document.activeElement?.matches(".my-name") ?? false));
  await toMessages(ada);

  // Who leaves finds the focus on the words that come instead.
  await ada.locator(".header .labelled").last().click();
  await ada.locator(".header").waitFor({ state: "detached" });
  await until("the focus is somewhere", () => ada.evaluate(() => document.activeElement !== document.body));
  check(new URL(ada.url()).hash === "", "the address names no room");
}

async function goTo(page, room) {
  await page.evaluate((id) => { location.hash = `#/room/${id}`; }, room);
  await until(`room ${room}`, async () => (await page.locator(".facts > span").first().textContent()) === `#${room}`);
  await page.locator("#message").waitFor();
}
