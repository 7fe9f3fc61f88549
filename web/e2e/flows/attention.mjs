// A page in the background makes itself noticed, as much as was allowed: title, icon, sound, notification.
import { check, equal, until } from "../stage.mjs";
import { connected, followLink, openRoom, reads, toMessages, toRooms, write } from "../people.mjs";

export const look = { language: "es", theme: "dark" };

export async function play(stage) {
  const node = await stage.node();
  const bob = await stage.person();
  const room = await openRoom(bob, node.url, "Tower");
  const ada = await stage.person();
  await ada.addInitScript(bystander);
  await followLink(ada, node.url, room);

  // Nothing was allowed yet: the title and the icon have to do.
  await glance(ada, "hidden");
  await write(bob, "one");
  await until("one in the title", async () => (await ada.title()).startsWith("(1)"));
  await until("a badge", async () => (await ada.getAttribute("link[rel=icon]", "href"))?.startsWith("data:image/png"));
  equal(await seen(ada), { shown: [], tones: 0 }, "sounds and notifications that nobody asked for");
  await glance(ada, "visible");
  await until("a plain title", async () => !(await ada.title()).startsWith("("));
  await until("a plain icon", async () => !(await ada.getAttribute("link[rel=icon]", "href"))?.startsWith("data:"));
  await until("a line before what is new", async () => (await ada.locator(".divider").count()) === 1);

  // The browser says no, then yes.
  await toRooms(ada);
  await ada.locator(".brand .round").last().click();
  const [sound, notifications] = await ada.locator("dialog input[type=checkbox]").all();
  await sound.check();
  await ada.evaluate(() => { globalThis.answer = "denied"; });
  await notifications.click();
  await ada.locator("dialog .error").waitFor();
  await until("no notifications", async () => !(await notifications.isChecked()));
  await stage.accessible(ada, "notifications that are not allowed");
  await ada.evaluate(() => { globalThis.answer = "granted"; });
  await notifications.click();
  await ada.locator("dialog .error").waitFor({ state: "detached" });
  equal(await notifications.isChecked(), true, "notifications are on");
  await ada.keyboard.press("Escape");
  await toMessages(ada);

  await write(ada, "back in a minute");
  await until("no line after an answer", async () => (await ada.locator(".divider").count()) === 0);
  await glance(ada, "hidden");
  await write(bob, "two");
  await until("a notification", async () => (await seen(ada)).shown.length === 1);
  const { shown, tones } = await seen(ada);
  equal(shown[0].body, "two", "what the notification says");
  check(shown[0].title.includes("Tower") && shown[0].title.includes(await bob.locator(".my-name bdi").textContent()), `its title: ${shown[0].title}`);
  equal(shown[0].tag, `room-${room}`, "one notification for each room");
  check(tones > 0, "a sound");
  await glance(ada, "visible");

  // Whoever looks is not called; the choice outlives a reload, whose replay is no news.
  await write(bob, "three");
  await reads(ada, ["one", "back in a minute", "two", "three"]);
  equal((await seen(ada)).shown.length, 1, "notifications for a reader");
  await ada.reload();
  await connected(ada);
  await reads(ada, ["one", "back in a minute", "two", "three"]);
  equal(await seen(ada), { shown: [], tones: 0 }, "news in a replay");
  await glance(ada, "hidden");
  await write(bob, "four");
  await until("a notification after the reload", async () => (await seen(ada)).shown.length === 1);
}

function seen(page) {
  return page.evaluate(() => ({ shown: globalThis.shown, tones: globalThis.tones }));
}

/** Puts the page into the background, or back; browsers that nobody sees have none. */
async function glance(page, state) {
  await page.evaluate((now) => {
    globalThis.looks = now;
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

/** Runs in the page before its own script: notes what it would show and play. */
function bystander() {
  globalThis.shown = [];
  globalThis.tones = 0;
  globalThis.looks = "visible";
  Object.defineProperty(document, "visibilityState", { get: () => globalThis.looks });
  globalThis.Notification = class {
    static permission = sessionStorage.getItem("permission") ?? "default";

    static async requestPermission() {
      this.permission = globalThis.answer;
      sessionStorage.setItem("permission", this.permission);
      return this.permission;
    }

    constructor(title, options) {
      globalThis.shown.push({ title, ...options });
    }

    close() {}
  };
  const { createOscillator } = BaseAudioContext.prototype;
  BaseAudioContext.prototype.createOscillator = function () {
    globalThis.tones++;
    return createOscillator.call(this);
  };
}
