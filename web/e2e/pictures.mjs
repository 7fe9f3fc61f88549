// Takes the pictures that the documents show: CHATROOM=<server> node e2e/pictures.mjs <directory>
import { mkdirSync } from "node:fs";
import path from "node:path";
import { launch, Stage, until } from "./stage.mjs";
import { connected, openRoom, write } from "./people.mjs";

const binary = process.env.CHATROOM;
const directory = process.argv[2];
if (binary === undefined || directory === undefined) throw new Error("usage: CHATROOM=<server> node e2e/pictures.mjs <directory>");
mkdirSync(directory, { recursive: true });

const TALK = [
  [0, "Morning all. The seedlings arrived, they are on the bench by the door."],
  [1, "Lovely! How many trays?"],
  [0, "Twelve. Tomatoes, basil, and something that looks like a very ambitious pumpkin."],
  [0, "I put labels on everything I could identify."],
  [2, "I can water on Thursday and Friday. The hose at the back still leaks, the instructions for the repair are at https://example.org/hose-repair"],
  [1, "I'll bring the tape then."],
  [2, "Perfect. See you at nine?"],
];

const ARABIC = [
  [0, "صباح الخير! وصلت الشتلات اليوم."],
  [1, "رائع، كم عددها؟"],
  [0, "اثنتا عشرة صينية، طماطم وريحان."],
  [2, "سأسقيها يوم الخميس."],
];

const browser = await launch();
try {
  await scene({ language: "en", theme: "light", width: 1280, height: 800, name: "Garden club", people: ["Ada", "Grace", "Linus"], talk: TALK }, async ({ pages, shot }) => {
    await write(pages[1], "Nine it is. I'll make coffee.");
    await until("sent", async () => (await pages[1].locator(".outgoing").count()) === 0);
    await shot(pages[1], "chat-light");
    await pages[1].setViewportSize({ width: 390, height: 780 });
    await shot(pages[1], "chat-narrow");
  });
  await scene({ language: "en", theme: "dark", width: 1280, height: 800, name: "Garden club", people: ["Ada", "Grace", "Linus"], talk: TALK }, async ({ pages, wire, shot }) => {
    wire.cut();
    for (const text of ["Nine it is. I'll make coffee.", "And bring the big kettle."]) await write(pages[1], text);
    await pages[1].locator(".banner .countdown").waitFor();
    await shot(pages[1], "chat-offline-dark");
  });
  await scene({ language: "ar", theme: "light", width: 1280, height: 800, name: "نادي الحديقة", people: ["ليلى", "عمر", "سارة"], talk: ARABIC }, async ({ pages, wire, shot }) => {
    wire.cut();
    await write(pages[1], "سأحضر القهوة.");
    await pages[1].locator(".banner .countdown").waitFor();
    await shot(pages[1], "chat-arabic");
  });
} finally {
  await browser.close();
}

async function scene({ language, theme, width, height, name, people, talk }, act) {
  const stage = new Stage(browser, { binary, language, theme, width });
  try {
    const node = await stage.node({ args: ["--message-rate", "0"] });
    const wire = await stage.wire(node.port);
    const url = `http://127.0.0.1:${wire.port}/`;
    const pages = [];
    for (const person of people) {
      const page = await stage.person({ height, context: { reducedMotion: "reduce" } });
      await page.goto(url);
      await page.locator(".my-name").click();
      await page.locator(".name-form input").fill(person);
      await page.keyboard.press("Enter");
      await page.locator(".my-name bdi", { hasText: person }).waitFor();
      pages.push(page);
    }
    const room = await openRoom(pages[0], url, name);
    for (const page of pages.slice(1)) {
      await page.evaluate((hash) => { location.hash = hash; }, `#/room/${room}`);
      await page.locator("#message").waitFor();
      await connected(page);
    }
    for (const other of language === "ar" ? ["المطبخ", "المكتبة"] : ["Kitchen table", "Book swap", "Lost and found"]) {
      const page = await stage.person();
      await openRoom(page, url, other);
    }
    for (const [who, text] of talk) {
      await write(pages[who], text);
      await pages[who].locator(".message:not(.outgoing) .words", { hasText: text.slice(0, 20) }).last().waitFor();
    }
    await until("all of it", async () => (await pages[1].locator(".words").count()) === talk.length);
    await pages[1].locator(".rooms .bar .round").first().click();
    await until("the other rooms", async () => (await pages[1].locator(".room-entry").count()) >= 3);
    await pages[1].mouse.move(700, 20);
    await act({ pages, wire, shot: (page, file) => page.screenshot({ path: path.join(directory, `${file}.png`) }) });
  } finally {
    await stage.close();
  }
}
