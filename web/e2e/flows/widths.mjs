// From 320 pixels to 4K, and at twice the size: nothing is cut off, nothing scrolls sideways.
import { check, until } from "../stage.mjs";
import { connected, openRoom, reads, write } from "../people.mjs";

export const look = { language: "en", theme: "dark" };

export async function play(stage) {
  const node = await stage.node();
  const ada = await stage.person({ width: 1200 });
  const room = await openRoom(ada, node.url, "Wide and narrow");
  await write(ada, "A message that is long enough to be broken into lines on every screen that is not very wide. ".repeat(3).trim());
  await until("the message", async () => (await ada.locator(".delivery.sent").count()) === 1);
  const sizes = [[320, 568], [390, 844], [768, 1024], [1280, 720], [3840, 2160]];
  for (const [width, height] of sizes) {
    const page = await stage.person({ width, height });
    await page.goto(`${node.url}#/room/${room}`);
    await page.locator("#message").waitFor();
    await connected(page);
    await until("the message", async () => (await page.locator(".words").count()) === 1);
    await fits(page, `a room at ${width}`);
    await stage.accessible(page, `a room at ${width}`);
    await stage.picture(page, `width-${width}`);
    if (width < 768) {
      await page.locator(".header .only-narrow").click();
      await page.locator(".room-list button").first().waitFor();
      await fits(page, `the rooms at ${width}`);
      await stage.accessible(page, `the rooms at ${width}`);
      await stage.picture(page, `rooms-${width}`);
      await page.locator(".room-list button").first().click();
      await page.locator("#message").waitFor();
    }
    await page.context().close();
  }
  // 200 % on 1280 pixels is a window of 640.
  const zoomed = await stage.person({ width: 640, height: 360, context: { deviceScaleFactor: 2 } });
  await zoomed.goto(`${node.url}#/room/${room}`);
  await connected(zoomed);
  await fits(zoomed, "200 %");
  await write(zoomed, "written at 200 %");
  await until("both messages", async () => (await zoomed.locator(".delivery.sent").count()) === 1);
  await reads(zoomed, [await zoomed.locator(".words").first().textContent(), "written at 200 %"]);
}

async function fits(page, where) {
  const wide = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth + 1;
    if (document.documentElement.scrollWidth > limit) return "the page";
    for (const element of document.querySelectorAll("#app *:not(.hidden-visually, .skip)")) {
      if (element.closest(".notice") !== null || element.closest(".labelled") !== null) continue;
      const place = element.getBoundingClientRect();
      if (place.width > 0 && (place.right > limit || place.left < -1)) return `${element.tagName} ${element.className}`;
    }
    return "";
  });
  check(wide === "", `${where}: ${wide} is wider than the screen`);
}
