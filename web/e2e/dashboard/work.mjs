// A shift: watch people chat, remove one, ban one and undo it, ban another and lift it, delete a room,
// read the audit.
import { check, equal, until } from "../stage.mjs";
import { clientId, followLink, openRoom, write } from "../people.mjs";
import { accessible, accessibleInBoth, confirm, figure, find, fits, goTo, live, logIn, noticed, openDashboard } from "../operator.mjs";

export const look = { language: "en", theme: "light" };

const HOSTILE = "<b>\u05d0 & co";

export async function play(stage) {
  const node = await stage.node({ args: ["--message-rate", "0"] });
  const [ada, bob, eve] = [await stage.person(), await stage.person(), await stage.person()];
  const room = await openRoom(ada, node.url, HOSTILE);
  await followLink(bob, node.url, room);
  await followLink(eve, node.url, room);
  const operator = await stage.person();
  await openDashboard(operator, node);
  await logIn(operator);
  await live(operator);

  await figuresMove(stage, operator, ada);
  await removeFromRoom(stage, operator, bob, room);
  await banAndUndo(stage, operator, eve);
  await banAndLift(stage, operator, bob);
  await deleteRoom(stage, operator, ada, room);
  await readAudit(stage, operator);
}

async function figuresMove(stage, operator, ada) {
  await until("three connections", async () => (await figure(operator, "Connections")).value === 3);
  let said = 0;
  await until("messages in the figures", async () => {
    await write(ada, `message ${said++}`);
    return (await figure(operator, "Messages/s")).value > 0 && (await figure(operator, "Deliveries/s")).value > 0;
  });
  const peak = await until("the figures sink again", async () => {
    const { value, more } = await figure(operator, "Messages/s");
    return value < more && more;
  });
  await operator.locator(".windows label", { hasText: "1 h" }).click();
  await operator.reload();
  await live(operator);
  check(await operator.getByLabel("1 h").isChecked(), "the time shown is the one that was chosen");
  check((await figure(operator, "Messages/s")).more >= peak, "the last hour is there after a reload");
  equal(await operator.locator(".chart canvas").count(), 6, "charts");
  await accessibleInBoth(stage, operator, "the overview");
  await stage.picture(operator, "dashboard-overview");
}

async function removeFromRoom(stage, operator, bob, room) {
  await goTo(operator, "rooms");
  const row = await find(operator, String(room));
  equal(await row.locator("bdi").textContent(), HOSTILE, "the name as it is");
  for (const turn of ["descending", "ascending", "none"]) {
    await operator.getByRole("button", { name: "Members" }).click();
    await operator.locator(`th[aria-sort=${turn}]`, { hasText: "Members" }).waitFor();
  }
  await accessibleInBoth(stage, operator, "the rooms");
  await row.locator("a").focus();
  await operator.keyboard.press("Enter");
  const people = operator.locator(".people li");
  await until("three participants", async () => (await people.count()) === 3);
  equal(await operator.locator("#panel-title bdi").textContent(), HOSTILE, "the name in the panel");
  equal(await operator.evaluate(() => document.activeElement?.id), "panel-title", "where the focus is");
  await accessibleInBoth(stage, operator, "a room");
  await stage.picture(operator, "dashboard-room");

  const id = await clientId(bob);
  await people.filter({ hasText: `#${id}` }).getByRole("button").click();
  await operator.locator("dialog[open]").waitFor();
  await accessibleInBoth(stage, operator, "the question");
  await operator.keyboard.press("Escape");
  await operator.locator("dialog").waitFor({ state: "detached" });
  await people.filter({ hasText: `#${id}` }).getByRole("button").click();
  await confirm(operator, { reason: "spam" });
  await noticed(operator, `Client #${id} was removed.`);
  await bob.locator(".panel", { hasText: "removed" }).waitFor();
  await until("bob left the panel's list", async () => (await people.filter({ hasText: `#${id}` }).getByRole("button").count()) === 0);
  await operator.locator("#panel-title").focus();
  await operator.keyboard.press("Escape");
  await operator.locator(".panel").waitFor({ state: "detached" });
}

async function banAndUndo(stage, operator, eve) {
  await goTo(operator, "clients");
  await until("the clients", async () => (await operator.locator("tbody .small:not(:disabled)").count()) >= 2);
  await accessibleInBoth(stage, operator, "the clients");
  const id = await clientId(eve);
  const row = await find(operator, `#${id}`);
  await row.getByRole("button").click();
  await confirm(operator, { reason: "not kind", ban: "10m" });
  await eve.locator(".app.ended .panel").waitFor();
  await noticed(operator, "banned for 10 minutes");
  await accessibleInBoth(stage, operator, "a notice");
  await operator.getByRole("button", { name: "Undo ban" }).click();
  await noticed(operator, "The ban was lifted.");
  await goTo(operator, "bans");
  await operator.locator("td.empty", { hasText: "Nobody is banned." }).waitFor();
}

async function banAndLift(stage, operator, bob) {
  await bob.locator(".panel .primary").click();
  await bob.locator(".my-name").waitFor();
  // The name shows before the new session has its number: ask again until the operator finds it.
  let id;
  for (let left = 15; ; left--) {
    id = await clientId(bob);
    await operator.evaluate((client) => { location.hash = `#/clients/${client}`; }, id);
    try {
      await operator.locator(".facts").waitFor({ timeout: 3000 });
      break;
    } catch (error) {
      if (left === 0) throw error;
      await goTo(operator, "clients");
    }
  }
  await accessibleInBoth(stage, operator, "a client");
  await operator.getByRole("button", { name: "Remove or ban" }).click();
  await confirm(operator, { ban: "24h" });
  await bob.locator(".app.ended .panel").waitFor();
  await operator.locator(".panel").waitFor({ state: "detached" });
  await goTo(operator, "bans");
  const row = operator.locator("tbody tr", { hasText: `#${id}` });
  await row.waitFor();
  await accessibleInBoth(stage, operator, "the bans");
  await row.getByRole("button").click();
  await confirm(operator, { reason: "it was a mistake" });
  await row.waitFor({ state: "detached" });
}

async function deleteRoom(stage, operator, ada, room) {
  await goTo(operator, "rooms");
  const row = await find(operator, HOSTILE.slice(0, 4));
  await row.getByRole("button").click();
  await confirm(operator, { reason: "<i>closed</i>" });
  await ada.locator(".panel .actions").waitFor();
  await noticed(operator, `Room #${room} was deleted.`);
  await operator.locator("td.empty").waitFor();
  await operator.evaluate((id) => { location.hash = `#/rooms/${id}`; }, room);
  await operator.locator(".panel", { hasText: "no such room" }).waitFor();
}

async function readAudit(stage, operator) {
  await goTo(operator, "audit");
  const rows = operator.locator("tbody tr");
  await until("the audit", async () => (await rows.count()) >= 7);
  const actions = await operator.locator("tbody tr td:nth-child(2) .name > span").allTextContents();
  equal(actions.slice(0, 7), ["delete room", "lift ban", "ban client", "lift ban", "ban client", "remove client", "login"], "what was done");
  const reasons = await operator.locator("tbody tr td:nth-child(4)").allTextContents();
  equal(reasons.slice(0, 7), ["<i>closed</i>", "it was a mistake", "–", "–", "not kind", "spam", "–"], "why it was done");
  await accessibleInBoth(stage, operator, "the audit");
  await operator.fill("[type=search]", "LIFT");
  await until("what was lifted", async () => (await rows.count()) === 2);

  await operator.setViewportSize({ width: 360, height: 740 });
  for (const view of ["overview", "rooms", "clients", "bans", "audit"]) {
    await goTo(operator, view);
    await until(`${view} is read`, async () => (await operator.locator("[aria-busy=true]").count()) === 0);
    await fits(operator, `${view} at 360`);
    await accessible(stage, operator, `${view} at 360`);
    await stage.picture(operator, `dashboard-${view}-360`);
  }
}
