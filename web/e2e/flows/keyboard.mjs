// Everything is reached and done with the keys alone, and the focus can be seen.
import { check, equal, until } from "../stage.mjs";
import { connected, reads } from "../people.mjs";

export const look = { language: "en", theme: "light" };

/** Presses Tab until an element that fits has the focus. */
async function tabTo(page, selector, key = "Tab") {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press(key);
    if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) {
      const seen = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return style.boxShadow !== "none" || style.outlineStyle !== "none";
      });
      check(seen, `the focus on ${selector} can't be seen`);
      return;
    }
  }
  throw new Error(`${selector} is not reached with ${key}`);
}

export async function play(stage) {
  const node = await stage.node();
  const ada = await stage.person();
  await ada.goto(node.url);
  await ada.locator(".my-name").waitFor();

  await tabTo(ada, ".rooms .bar button[aria-expanded]");
  await ada.keyboard.press("Enter");
  await until("the focus on the name", () => ada.evaluate(() => document.activeElement?.id === "room-name"));
  await ada.keyboard.type("Keys");
  await ada.keyboard.press("Enter");
  await connected(ada);
  await until("the focus in the message field", () => ada.evaluate(() => document.activeElement?.id === "message"));
  await ada.keyboard.type("first line");
  await ada.keyboard.press("Shift+Enter");
  await ada.keyboard.type("second line");
  await ada.keyboard.press("Enter");
  await reads(ada, ["first line\nsecond line"]);

  const narrow = await ada.locator(".header .only-narrow").isVisible();
  if (narrow) {
    await tabTo(ada, ".header .only-narrow", "Shift+Tab");
    await ada.keyboard.press("Enter");
    await until("the focus among the rooms", () => ada.evaluate(() => document.activeElement?.closest(".side") !== null));
  }
  await tabTo(ada, ".my-name", narrow ? "Tab" : "Shift+Tab");
  await ada.keyboard.press("Enter");
  await until("the focus on one's own name", () => ada.evaluate(() => document.activeElement?.closest(".name-form") !== null));
  await ada.keyboard.press("Control+A");
  await ada.keyboard.type("Ada");
  await ada.keyboard.press("Enter");
  await until("the new name", async () => (await ada.locator(".my-name bdi").textContent()) === "Ada");
  await until("the focus back on the name", () => ada.evaluate(() => document.activeElement?.matches(".my-name") ?? false));

  await tabTo(ada, ".brand .round:last-child", "Shift+Tab");
  await ada.keyboard.press("Enter");
  await ada.locator("dialog.settings").waitFor();
  for (let i = 0; i < 12; i++) {
    await ada.keyboard.press("Tab");
    // A dialog hands the focus to the browser's own bar in between, where the document has none.
    const inside = await ada.evaluate(() => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null);
    check(inside, "the focus leaves the dialog");
  }
  await ada.keyboard.press("Escape");
  await ada.locator("dialog.settings").waitFor({ state: "detached" });

  if (narrow) {
    await tabTo(ada, ".brand .only-narrow", "Shift+Tab");
    await ada.keyboard.press("Enter");
    await until("the focus in the conversation", () => ada.evaluate(() => document.activeElement?.id === "messages"));
  } else {
    await tabTo(ada, "[role=log]");
  }
  await tabTo(ada, ".header button:last-of-type", "Shift+Tab");
  await ada.keyboard.press("Enter");
  await ada.locator(".header").waitFor({ state: "detached" });
  equal(new URL(ada.url()).hash, "", "the address after leaving");

  // The way back leads to a room that is no more.
  await ada.goBack();
  await ada.locator(".panel .actions").waitFor(); // The room closed behind its only member.
  await stage.accessible(ada, "back where one has left");
}
