// Three nodes: one dashboard shows the figures of all, removes somebody on another node, and sees a node
// die.
import { check, equal, until } from "../stage.mjs";
import { clientId, followLink, openRoom, write } from "../people.mjs";
import { accessible, confirm, figure, find, goTo, live, logIn, noticed, openDashboard } from "../operator.mjs";

export const look = { language: "en", theme: "dark" };

export async function play(stage) {
  const redis = await stage.redis();
  const args = ["--redis-url", redis.url, "--message-rate", "0"];
  const nodes = [await stage.node({ args }), await stage.node({ args }), await stage.node({ args })];
  const [ada, bob] = [await stage.person(), await stage.person()];
  const room = await openRoom(ada, nodes[1].url, "Over three nodes");
  await followLink(bob, nodes[2].url, room);
  const operator = await stage.person();
  await openDashboard(operator, nodes[0]);
  await logIn(operator);
  await live(operator);

  await everyNodeCounts(stage, operator, ada);
  await removeElsewhere(operator, bob, ada);
  await nodes[2].kill();
  await orderOnTheServer(operator, ada);
  await nodeIsGone(stage, operator);
}

/** The cells of one column of the table of nodes, as numbers. */
async function column(operator, title) {
  const heads = await operator.locator("thead th").allTextContents();
  const at = heads.findIndex((head) => head.trim() === title) + 1;
  check(at > 0, `no column ${title} in ${heads}`);
  const cells = await operator.locator(`tbody td:nth-child(${at})`).allTextContents();
  return cells.map((text) => Number(text.replace(/[^\d.]/g, "")));
}

function sum(numbers) {
  return numbers.reduce((all, n) => all + n, 0);
}

async function everyNodeCounts(stage, operator, ada) {
  await until("three nodes", async () => (await operator.locator("tbody tr").count()) === 3);
  const ids = await operator.locator("tbody small").allTextContents();
  equal(new Set(ids).size, 3, `nodes by id, ${ids}`);
  await until("a connection on each of two nodes", async () => {
    const connections = await column(operator, "Connections");
    return connections.sort().join() === "0,1,1" && (await figure(operator, "Connections")).value === 2;
  });
  equal((await figure(operator, "Rooms")).more, 3, "nodes below the tile of rooms");
  // What is said on one node is delivered on another as well: each counts its own part.
  let said = 0;
  await until("deliveries on two nodes", async () => {
    await write(ada, `message ${said++}`);
    const [received, sent] = [await column(operator, "Messages"), await column(operator, "Deliveries")];
    return received.filter((n) => n > 0).length === 1 && sent.filter((n) => n > 0).length === 2;
  });
  await until("messages in the figures", async () => {
    await write(ada, `message ${said++}`);
    return (await figure(operator, "Messages/s")).value > 0 && (await figure(operator, "Deliveries/s")).value > 0;
  });
  await until("all that was said is in the table", async () => sum(await column(operator, "Messages")) === said);
  await operator.locator(".chart h2", { hasText: "Redis round trip" }).waitFor();
  equal(await operator.locator(".chart canvas").count(), 7, "charts");
  await accessible(stage, operator, "the overview of three nodes");
  await stage.picture(operator, "dashboard-cluster");
}

/** More clients than are read as a whole come in pages, in the order that was asked for. */
async function orderOnTheServer(operator, ada) {
  await ada.evaluate(() => Promise.all(Array.from({ length: 120 }, () => new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${location.host}/ws`, "chatroom.v1");
    socket.onmessage = resolve;
    socket.onerror = reject;
    (globalThis.crowd ??= []).push(socket);
  }))));
  await goTo(operator, "clients");
  await operator.fill("[type=search]", "");
  const shown = () => operator.locator("tbody .name bdi").allTextContents();
  const page = (what, fits) => until(what, async () => {
    const names = await shown();
    return names.length === 25 && !names.includes("…") && fits(names) && names;
  });
  await until("pages", () => operator.getByRole("button", { name: "Next page" }).isEnabled());
  const head = operator.locator("thead").getByRole("button", { name: "Client" });
  await head.click();
  const first = await page("names in order", (names) => names.join() === [...names].sort().join());
  await operator.getByRole("button", { name: "Next page" }).click();
  await page("the next names", (names) => names[0] > first[24] && names.join() === [...names].sort().join());
  await head.click();
  await page("names the other way round", (names) => names[0] > first[24] && names.join() === [...names].sort().reverse().join());
  equal(await operator.locator(".hint", { hasText: "Too many" }).count(), 0, "hints at an order of one page alone");
  await ada.evaluate(() => { for (const socket of globalThis.crowd) socket.close(1000); });
}

async function removeElsewhere(operator, bob, ada) {
  const id = await clientId(bob);
  await goTo(operator, "clients");
  const row = await find(operator, `#${id}`);
  const host = (await row.locator("td:nth-child(4)").textContent()).trim();
  await row.locator("a").first().click();
  await operator.locator(".panel .facts").waitFor();
  check((await operator.locator(".panel .facts").textContent()).includes(host), `the panel names the node ${host}`);
  await operator.getByRole("button", { name: "Remove or ban" }).click();
  await confirm(operator, { reason: "on another node" });
  await noticed(operator, `Client #${id} was removed.`);
  await bob.locator(".panel", { hasText: "removed" }).waitFor();
  await ada.getByText("was removed by an administrator").first().waitFor();
}

/** A node that was killed is in the table until its lease has ended. */
async function nodeIsGone(stage, operator) {
  await goTo(operator, "overview");
  await until("two nodes", async () => (await operator.locator("tbody tr").count()) === 2);
  equal((await figure(operator, "Rooms")).more, 2, "nodes below the tile of rooms");
  await operator.locator(".link-state.live").waitFor();
  await goTo(operator, "audit");
  await operator.locator("tbody tr", { hasText: "remove client" }).waitFor();
  await accessible(stage, operator, "the audit of three nodes");
}
