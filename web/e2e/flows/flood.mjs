// Fifty thousand messages come in: the tab stays small and answers while they do.
import { readFileSync } from "node:fs";
import { check, until } from "../stage.mjs";
import { openRoom } from "../people.mjs";
import { fill } from "./scroll-back.mjs";

export const look = { language: "en", theme: "light" };

const MESSAGES = 50_000;
const LIMIT = 150 << 20;
/** How long a frame may take while messages pour in, usually and at worst, on a loaded machine. */
const USUAL = 1_000;
const WORST = 15_000;

export async function play(stage) {
  const node = await stage.node({ args: ["--message-rate", "0"] });
  const writer = await stage.person();
  await writer.goto(node.url);
  await writer.locator(".my-name").waitFor();
  const ada = await stage.person();
  const room = await openRoom(ada, node.url, "Flood");
  const session = await ada.context().newCDPSession(ada);

  const answers = [];
  let pouring = true;
  const filling = fill(writer, room, MESSAGES, 64).finally(() => {
    pouring = false;
  });
  while (pouring) {
    answers.push(await ada.evaluate(() => new Promise((resolve) => {
      const began = performance.now();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
    })));
  }
  await filling;
  await until("the last message", async () => (await ada.locator(".words").last().textContent())?.startsWith(`number ${MESSAGES} `))
    .catch(async (error) => {
      throw new Error(`${error.message}; ${JSON.stringify(await whereabouts(ada))}`);
    });
  await writer.context().close();
  check((await ada.locator(".row").count()) <= 300, "rows in the document");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const tab = await memoryOf(stage);
  answers.sort((a, b) => a - b);
  const usual = answers[answers.length >> 1];
  const slowest = answers.at(-1);
  console.log(`     heap ${mib(usedSize)}, the tab's own memory ${mib(tab)}, frames ${Math.round(usual)} ms, at worst ${Math.round(slowest)} ms`);
  check(usedSize < LIMIT && tab < LIMIT, `the tab has ${mib(tab)}, its heap ${mib(usedSize)}`);
  check(usual < USUAL && slowest < WORST, `frames took ${usual} ms, at worst ${slowest} ms`);
}

/** What a page shows that did not come to the end. */
async function whereabouts(page) {
  return {
    newest: (await page.locator(".words").last().textContent())?.slice(0, 20),
    unpinned: (await page.locator(".pill").count()) > 0,
    connection: await page.locator(".link-state").first().textContent(),
    rows: await page.locator(".row").count(),
  };
}

function mib(bytes) {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

/** What the largest renderer has for itself alone, as the kernel counts it. */
async function memoryOf(stage) {
  const session = await stage.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const sizes = processInfo.filter((p) => p.type === "renderer").map(({ id }) => {
    try {
      const lines = readFileSync(`/proc/${id}/smaps_rollup`, "utf8").matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm);
      return [...lines].reduce((sum, [, kib]) => sum + Number(kib) * 1024, 0);
    } catch {
      return 0; // gone since it was listed
    }
  });
  return Math.max(0, ...sizes);
}
