// Names and texts that want to be more than text stay text; the policy has nothing to report.
import { check, equal, until } from "../stage.mjs";
import { followLink, openRoom, rename, texts, write } from "../people.mjs";

export const look = { language: "en", theme: "dark" };

const NAMES = ["<b>x</b>", "<svg/onload=a()>", "\"><i>", "{{7*7}}", "__proto__", "constructor", "${alert(1)}", "&lt;script&gt;"];

const TEXTS = [
  "<script>window.harmed = 1</script>",
  "<img src=x onerror=\"window.harmed = 1\">",
  "<svg onload=window.harmed=1>",
  "<iframe srcdoc=\"<script>parent.harmed=1</script>\">",
  "<a href=\"javascript:window.harmed=1\">click</a>",
  "javascript:window.harmed=1",
  "data:text/html,<script>parent.harmed=1</script>",
  "https://example.org\"onmouseover=\"window.harmed=1",
  "https://user:password@example.org/ https://paypal.com@example.org/",
  "http://example.org/\u202etxt.exe",
  "https://example.org/<script>window.harmed=1</script>",
  "{{constructor.constructor('window.harmed=1')()}} ${window.harmed=1} #{window.harmed=1}",
  "</textarea></div></body><script>window.harmed=1</script>",
  "<style>*{display:none}</style><link rel=stylesheet href=//127.0.0.1/x.css><meta http-equiv=refresh content=0>",
  "<!--<img src=\"--><img src=x onerror=window.harmed=1>",
  "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67 \u202eevil\u202c e\u0301\u0301\u0301\u0301\u0301\u0301 \u05e9\u05dc\u05d5\u05dd",
  `${"W".repeat(300)} ${"\u0628".repeat(200)}`,
];

export async function play(stage) {
  const node = await stage.node({ args: ["--message-rate", "0"] });
  const ada = await stage.person();
  const eve = await stage.person();
  for (const page of [ada, eve]) {
    await page.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener("securitypolicyviolation", (e) => globalThis.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
    });
  }
  const room = await openRoom(eve, node.url, "<u>room</u>");
  await followLink(ada, node.url, room);
  equal(await ada.locator(".header h1").textContent(), "<u>room</u>", "the room's name");
  for (const name of NAMES) {
    await rename(eve, name);
    await write(eve, `I am ${name}`);
    await ada.locator(".author bdi").getByText(name, { exact: true }).first().waitFor();
  }
  for (const text of TEXTS) await write(eve, text);
  for (const page of [ada, eve]) {
    await until("all texts", async () => (await texts(page)).length === NAMES.length + TEXTS.length);
    equal((await texts(page)).slice(NAMES.length), TEXTS, "the texts as they were written");
    const marks = await page.evaluate(() => ({
      harmed: globalThis.harmed,
      violations: globalThis.violations,
      foreign: document.querySelectorAll("#app script, #app iframe, #app img, #app style, #app link, #app b, #app u, #app i").length,
      links: [...document.querySelectorAll(".words a")].map((a) => a.protocol),
      wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    }));
    equal(marks.harmed, undefined, "something ran");
    equal(marks.violations, [], "violations of the policy");
    equal(marks.foreign, 0, "elements out of texts");
    check(marks.links.every((protocol) => /^https?:$/.test(protocol)), `links to ${marks.links}`);
    check(!marks.wide, "a long word pushes the page wide");
  }
  await stage.accessible(ada, "hostile texts");
  await stage.picture(ada, "hostile");
}
