// Takes the pictures of the dashboard: CHATROOM=<server> node e2e/dashboard-pictures.mjs <directory>
// Three nodes with Redis, a hundred people who talk, and six minutes, so that the charts have something
// to show.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { launch, Stage, until } from "./stage.mjs";
import { goTo, live, logIn, openDashboard } from "./operator.mjs";

const binary = process.env.CHATROOM;
const directory = process.argv[2];
const minutes = Number(process.env.MINUTES ?? 6);
if (binary === undefined || directory === undefined) throw new Error("usage: CHATROOM=<server> node e2e/dashboard-pictures.mjs <directory>");
mkdirSync(directory, { recursive: true });

const NAMES = ["Ada", "Grace", "Linus", "Radia", "Edsger", "Barbara", "Leslie", "Margaret", "Tim", "Vint", "مريم", "Любовь", "<b>Eve</b>", "Jürgen", "Zoë"];
const ROOMS = ["Lobby", "Garden club", "Support", "Book swap", "Kaffeeküche", "Night shift", "غرفة القراءة", "Игры", "<i>Release</i>"];

const browser = await launch();
const stage = new Stage(browser, { binary, language: "en", theme: "light", width: 1360, axe: false });
try {
  const redis = await stage.redis();
  const args = ["--redis-url", redis.url, "--message-rate", "0", "--handshake-rate", "0"];
  const nodes = [];
  for (let i = 0; i < 3; i++) nodes.push(await stage.node({ args }));
  const crowds = [];
  for (const [i, node] of nodes.entries()) crowds.push(await crowd(node, i));
  const rooms = await crowds[0].evaluate((names) => globalThis.found(names), ROOMS);
  for (const page of crowds) await page.evaluate((ids) => globalThis.enter(ids), rooms);

  const operator = await stage.person({ height: 1250 });
  await openDashboard(operator, nodes[0]);
  await logIn(operator);
  await live(operator);
  await operator.locator(".windows label").first().click();
  await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
  await shot(operator, "dashboard-light");

  await operator.emulateMedia({ colorScheme: "dark" });
  await operator.setViewportSize({ width: 1360, height: 900 });
  await goTo(operator, "rooms");
  await until("the rooms", async () => (await operator.locator("tbody .small:not(:disabled)").count()) === ROOMS.length);
  await operator.getByRole("button", { name: "Members" }).click();
  await operator.evaluate((id) => { location.hash = `#/rooms/${id}`; }, rooms[0]);
  await operator.locator(".people li").first().waitFor();
  await operator.mouse.move(5, 600);
  await shot(operator, "dashboard-dark");

  await operator.emulateMedia({ colorScheme: "light" });
  await operator.setViewportSize({ width: 360, height: 740 });
  await operator.evaluate(() => { location.hash = "#/overview"; });
  await live(operator);
  await shot(operator, "dashboard-narrow");
  for (const view of process.env.ALL ? ["rooms", "clients", "bans", "audit"] : []) {
    await goTo(operator, view);
    await until(view, async () => (await operator.locator("[aria-busy=true]").count()) === 0);
    await shot(operator, `narrow-${view}`);
    await operator.setViewportSize({ width: 1360, height: 900 });
    await shot(operator, `wide-${view}`);
    await operator.setViewportSize({ width: 360, height: 740 });
  }
} finally {
  await stage.close();
  await browser.close();
}

async function shot(page, name) {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await page.screenshot({ path: path.join(directory, `${name}.png`) });
}

/** A page whose program is a third of the people. */
async function crowd(node, number) {
  const page = await stage.person();
  await page.goto(node.url);
  await page.evaluate(({ names, number }) => {
    const people = [];
    const join = (name) => new Promise((resolve) => {
      const socket = new WebSocket(`ws://${location.host}/ws`, "chatroom.v1");
      const say = (event) => socket.send(JSON.stringify(event));
      socket.onmessage = ({ data }) => {
        if (JSON.parse(data).type !== "CONNECT") return;
        say({ type: "UPDATE_USERNAME", username: name });
        resolve({ socket, say });
      };
    });
    const name = (i) => `${names[i % names.length]}${i < names.length ? "" : ` ${i}`}`.slice(0, 16);
    /** Makes rooms, each with somebody in it. */
    globalThis.found = async (rooms) => Promise.all(rooms.map(async (room, i) => {
      const person = await join(name(i + 40));
      people.push(person);
      person.say({ type: "CREATE_ROOM", name: room });
      return new Promise((resolve, reject) => person.socket.addEventListener("message", ({ data }) => {
        const event = JSON.parse(data);
        if (event.type === "ROOM_JOINED") resolve(event.roomId);
        if (event.type === "ERROR") reject(new Error(`${room}: ${event.message}`));
      }));
    }));
    /** People come and go, and talk in waves. */
    globalThis.enter = (rooms) => {
      const began = Date.now();
      const wanted = () => 18 + 14 * Math.sin((Date.now() - began) / 55_000 + number);
      let came = 0;
      setInterval(async () => {
        if (people.length < wanted()) {
          const person = await join(name(came++ * 3 + number));
          people.push(person);
          const at = Math.floor(rooms.length * Math.random() ** 2.2);
          person.say({ type: "JOIN_ROOM", roomId: rooms[at], replay: 0 });
        } else if (people.length > wanted() + 2) {
          people.splice(rooms.length, 1)[0]?.socket.close(1000);
        }
      }, 400);
      setInterval(() => {
        const talkative = 0.25 + 0.2 * Math.sin((Date.now() - began) / 31_000 + number);
        if (Math.random() > talkative) return;
        people[Math.floor(Math.random() * people.length)]?.say({ type: "SEND_MESSAGE", id: String(Math.random()), text: "How is everybody today?" });
      }, 60);
    };
  }, { names: NAMES, number });
  return page;
}
