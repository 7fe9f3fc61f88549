// People in real browsers, for the trial of the images: pages that chat through a published port while
// the system behind it is killed and restarted. Each page keeps a record of what it shows.
//
//   node pages.mjs http://127.0.0.1:8088/ 4
//
// Commands come line by line on the standard input, each is answered with one line:
//   heard    how many texts the slowest page has shown
//   outage   for how long a page was without its room, at worst, since the last asking (ms)
//   finish   nobody writes any more; all records are compared; then the program ends
import { createInterface } from "node:readline";
import { check, equal, launch, Stage, until } from "../../web/e2e/stage.mjs";
import { followLink, openRoom, write } from "../../web/e2e/people.mjs";

/** People write every now and then, milliseconds. */
const [SHORTEST_PAUSE, LONGEST_PAUSE] = [300, 900];

/**
 * Runs in a page: writes down the messages that have their place, in the order in which they stand.
 * The document holds a window on them that moves on; where it was looked at before, it must show the
 * same again.
 */
function record() {
  const seen = [];
  const place = new Map();
  const faults = [];
  const look = () => {
    const rows = [...document.querySelectorAll("#messages .message:not(.outgoing)")];
    let at = rows.length === 0 ? 0 : place.get(rows[0].closest("[data-key]").dataset.key);
    if (at === undefined) {
      if (seen.length > 0) faults.push("the window went on without overlap");
      at = seen.length;
    }
    for (const row of rows) {
      const { key } = row.closest("[data-key]").dataset;
      if (at === seen.length) {
        if (place.has(key)) faults.push(`message ${key} came again`);
        place.set(key, at);
        seen.push({ key, text: row.querySelector(".words").textContent });
      } else if (seen[at].key !== key) {
        faults.push(`message ${key} stands where ${seen[at].key} stood`);
      }
      at++;
    }
    if (document.querySelector("#messages .gap") !== null) faults.push("the page says that something is missing");
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });

  let lostAt;
  let longest = 0;
  setInterval(() => {
    const here = document.querySelector(".link-state.connected") !== null;
    if (here && lostAt !== undefined) {
      longest = Math.max(longest, performance.now() - lostAt);
      lostAt = undefined;
    } else if (!here) lostAt ??= performance.now();
  }, 10);
  globalThis.recorded = {
    heard: () => seen.length,
    outage: () => {
      const worst = Math.max(longest, lostAt === undefined ? 0 : performance.now() - lostAt);
      longest = 0;
      return worst;
    },
    all: () => {
      look();
      return { seen, faults: [...new Set(faults)] };
    },
  };
}

class Person {
  written = [];
  #quiet = false;
  #life;

  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  begin() {
    this.#life = this.#chat();
  }

  async #chat() {
    while (!this.#quiet) {
      const text = `${this.name}, ${this.written.length + 1}`;
      this.written.push(text);
      await write(this.page, text);
      await new Promise((resolve) => setTimeout(resolve, SHORTEST_PAUSE + Math.random() * (LONGEST_PAUSE - SHORTEST_PAUSE)));
    }
  }

  async end() {
    this.#quiet = true;
    await this.#life;
  }
}

async function gather(stage, url, count) {
  const people = [];
  let room;
  for (let n = 1; n <= count; n++) {
    const page = await stage.person();
    if (room === undefined) room = await openRoom(page, url, "Everybody");
    else await followLink(page, url, room);
    await page.evaluate(record);
    people.push(new Person(page, `person ${n}`));
  }
  for (const person of people) person.begin();
  return people;
}

/** Everything that was written is on every page, once, in one order; each writer's in theirs. */
async function compare(people, stage) {
  await Promise.all(people.map((person) => person.end()));
  const written = people.flatMap((person) => person.written);
  for (const { page, name } of people) {
    await until(`everything on the page of ${name}`, async () =>
      (await page.locator(".outgoing").count()) === 0 && (await page.evaluate(() => globalThis.recorded.heard())) >= written.length, 120_000);
  }
  const records = await Promise.all(people.map(({ page }) => page.evaluate(() => globalThis.recorded.all())));
  for (const [n, { seen, faults }] of records.entries()) {
    const texts = seen.map(({ text }) => text);
    equal(faults, [], people[n].name);
    equal(texts.toSorted(), written.toSorted(), `what ${people[n].name} saw, in any order`);
    equal(texts, records[0].seen.map(({ text }) => text), `the order that ${people[n].name} saw`);
  }
  for (const { written: own, name } of people) {
    equal(records[0].seen.map(({ text }) => text).filter((text) => text.startsWith(`${name}, `)), own, `the order of ${name}`);
  }
  equal(stage.complaints, [], "complaints of the pages");
  return `${people.length} pages, ${written.length} texts: all on every page, each once, in one order`;
}

const [url, count] = process.argv.slice(2);
check(url !== undefined && Number(count) > 1, "usage: pages.mjs URL PAGES");
const browser = await launch();
const stage = new Stage(browser, { language: "en", theme: "light", width: 1000, axe: false });
const each = (people, ask) => Promise.all(people.map(({ page }) => page.evaluate(ask)));
try {
  const people = await gather(stage, url, Number(count));
  console.log("ready");
  for await (const command of createInterface({ input: process.stdin })) {
    if (command === "heard") console.log(Math.min(...await each(people, () => globalThis.recorded.heard())));
    else if (command === "outage") console.log(Math.round(Math.max(...await each(people, () => globalThis.recorded.outage()))));
    else if (command === "finish") {
      console.log(await compare(people, stage));
      break;
    }
  }
} catch (error) {
  console.error(error.stack, stage.complaints.join("\n"));
  process.exitCode = 1;
} finally {
  await stage.close();
  await browser.close();
}
process.exit();
