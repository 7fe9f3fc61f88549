// Plays flows in one Chromium against real nodes. Settings come as JSON in E2E:
//   binary    the server to start
//   language, theme, width, axe, pictures   how people look at it
//   directory where flows are; flows/ when absent
//   flows     names to play; all when absent
import { readdirSync } from "node:fs";
import { launch, Stage } from "./stage.mjs";

const settings = { language: "en", theme: "light", width: 1200, axe: true, ...JSON.parse(process.env.E2E ?? "{}") };
const directory = new URL(settings.directory ?? "./flows/", import.meta.url);
const names = readdirSync(directory).map((file) => file.replace(/\.mjs$/, "")).filter((name) => settings.flows?.includes(name) ?? true);

/** Plays one flow on a stage of its own; what went wrong, or nothing. */
async function attempt(name) {
  const { play, look } = await import(new URL(`${name}.mjs`, directory));
  const stage = new Stage(browser, { ...settings, ...(settings.flows === undefined ? look : {}), ...settings.force });
  try {
    await play(stage);
    if (stage.complaints.length > 0) throw new Error(stage.complaints.join("\n"));
    return undefined;
  } catch (error) {
    return `${error.stack}\n${stage.complaints.join("\n")}`;
  } finally {
    await stage.close();
  }
}

// A flow that fails is played once more: a browser on a loaded machine has moments that no patience
// covers. What went wrong the first time is told all the same.
const TRIES = 2;

const browser = await launch();
let failed = 0;
try {
  for (const name of names) {
    for (let left = TRIES - 1; left >= 0; left--) {
      const began = Date.now();
      const fault = await attempt(name);
      const verdict = fault === undefined ? "ok  " : left > 0 ? "once more:" : "FAIL";
      console.log(`${verdict} ${name} (${Date.now() - began} ms)${fault === undefined ? "" : `\n${fault}`}`);
      if (fault === undefined) break;
      if (left === 0) failed++;
    }
  }
} finally {
  await browser.close();
}
process.exitCode = failed === 0 ? 0 : 1;
