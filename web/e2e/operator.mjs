// What an operator does on the dashboard, found by names that are read out.
import { ADMIN, check, equal, until } from "./stage.mjs";

export async function openDashboard(page, node) {
  await page.goto(`http://127.0.0.1:${node.adminPort}/admin/`);
  await page.locator("[name=username]").waitFor();
}

export async function logIn(page, password = ADMIN.password) {
  await page.fill("[name=username]", ADMIN.user);
  await page.fill("[name=password]", password);
  await page.press("[name=password]", "Enter");
}

/** Waits for the first figures. */
export async function live(page) {
  await page.locator(".link-state.live").waitFor();
  await page.locator(".tiles").waitFor();
}

export async function goTo(page, view) {
  await page.locator(`.tabs a[href="#/${view}"]`).click();
  await page.locator("h1", { hasText: new RegExp(`^${view}$`, "i") }).waitFor();
}

/** The figure of a tile, and what stands below it, as numbers. */
export async function figure(page, name) {
  const tile = page.locator(".tile", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) });
  return { value: number(await tile.locator(".value").textContent()), more: number(await tile.locator(".more").textContent()) };
}

function number(text) {
  return Number(text.replace(/[^\d.]/g, ""));
}

/** Looks for something and waits until exactly one row is left, fully read. */
export async function find(page, words) {
  await page.fill("[type=search]", words);
  const rows = page.locator("tbody tr:has(.small:not(:disabled))");
  await until(`one row for ${words}`, async () => (await rows.count()) === 1 && (await page.locator("tbody tr").count()) === 1);
  return rows.first();
}

/** Answers the question that is open. */
export async function confirm(page, { reason = "", ban } = {}) {
  const dialog = page.locator("dialog[open]");
  await dialog.waitFor();
  if (ban !== undefined) await dialog.locator("[name=ban]").selectOption(ban);
  if (reason !== "") await dialog.locator("[name=reason]").fill(reason);
  await dialog.locator("[type=submit]").click();
  await dialog.waitFor({ state: "detached" });
}

/** Waits for what is said after an action. */
export async function noticed(page, words) {
  await page.locator(".notice.shown [role=status]", { hasText: words }).waitFor();
}

/** How long a page may take until its colours have changed and its rows have come, milliseconds. */
const SETTLING = 30_000;

/** axe finds nothing once the page is at rest: figures and rows change while it looks. */
export async function accessible(stage, page, state) {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await until(`axe finds nothing on ${state}`, async () => {
    await stage.accessible(page, state);
    return true;
  }, SETTLING);
}

/** The same in the light and in the dark. */
export async function accessibleInBoth(stage, page, state) {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    await until(`colours for ${colorScheme}`, () => page.evaluate((dark) => matchMedia("(prefers-color-scheme: dark)").matches === dark, colorScheme === "dark"));
    await accessible(stage, page, `${state}, ${colorScheme}`);
  }
}

/** Nothing is wider than the screen but what scrolls by itself. */
export async function fits(page, where) {
  const wide = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth + 1;
    if (document.documentElement.scrollWidth > limit) return "the page";
    for (const element of document.querySelectorAll("#app *")) {
      if (element.closest(".hidden-visually, .skip, .table, .plot") !== null) continue;
      const place = element.getBoundingClientRect();
      if (place.width > 0 && (place.right > limit || place.left < -1)) return `${element.tagName} ${element.className}`;
    }
    return "";
  });
  check(wide === "", `${where}: ${wide} is wider than the screen`);
  equal(await page.evaluate(() => [...document.querySelectorAll(".table")].filter((table) => table.scrollWidth > table.clientWidth + 1).length), 0, `${where}: tables that scroll sideways`);
}
