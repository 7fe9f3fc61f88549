// Whoever reads further up is not disturbed, and sees how much is new and where it begins.
import { equal, until } from "../stage.mjs";
import { followLink, openRoom, write } from "../people.mjs";
import { fill } from "./scroll-back.mjs";

export const look = { language: "en", theme: "dark" };

export async function play(stage) {
  const node = await stage.node({ args: ["--message-rate", "0"] });
  const ada = await stage.person();
  const room = await openRoom(ada, node.url, "Reading");
  const bob = await stage.person();
  await followLink(bob, node.url, room);
  await fill(bob, room, 120);
  await until("all messages", async () => (await ada.locator(".words").last().textContent())?.startsWith("number 120 "));
  // Whoever wrote them goes again, which is a line of its own behind them.
  await until("nothing more to come", async () => (await ada.locator(".row").last().locator(".words").count()) === 0);

  await ada.locator("#messages").hover();
  await ada.evaluate(noteRest);
  await ada.mouse.wheel(0, -1_500);
  await ada.locator(".pill").waitFor();
  const place = () => ada.evaluate(() => document.getElementById("messages").scrollTop);
  await until("the scroll to come to rest", () => ada.evaluate(() => globalThis.rests));
  const before = await place();
  await write(bob, "new one");
  await write(bob, "new two");
  await until("two new in the title", async () => (await ada.title()).startsWith("(2)"));
  await until("the pill says so as well", async () => (await ada.locator(".pill [aria-live]").textContent()) !== "");
  equal(await place(), before, "the place of the reader");
  await until("a badge on the icon", async () => (await ada.getAttribute("link[rel=icon]", "href"))?.startsWith("data:image/png"));
  await stage.accessible(ada, "reading further up");
  await stage.picture(ada, "unread");

  await ada.locator(".pill").click();
  await ada.locator(".pill").waitFor({ state: "detached" });
  await until("a line before the first new message", async () => (await ada.locator(".divider").count()) === 1);
  const next = await ada.evaluate(() => document.querySelector(".divider").nextElementSibling.querySelector(".words").textContent);
  equal(next, "new one", "the message behind the line");
  await until("a plain title", async () => !(await ada.title()).startsWith("("));
}

/** Runs in the page: notes whether the conversation has come to rest since it was scrolled. */
function noteRest() {
  const box = document.getElementById("messages");
  globalThis.rests = false;
  box.addEventListener("scroll", () => { globalThis.rests = false; });
  box.addEventListener("scrollend", () => { globalThis.rests = true; });
}
