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

const browser = await launch();
let failed = 0;
try {
  for (const name of names) {
    const { play, look } = await import(new URL(`${name}.mjs`, directory));
    const stage = new Stage(browser, { ...settings, ...(settings.flows === undefined ? look : {}), ...settings.force });
    const began = Date.now();
    try {
      await play(stage);
      if (stage.complaints.length > 0) throw new Error(stage.complaints.join("\n"));
      console.log(`ok   ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${name} (${Date.now() - began} ms)\n${error.stack}\n${stage.complaints.join("\n")}`);
    } finally {
      await stage.close();
    }
  }
} finally {
  await browser.close();
}
process.exitCode = failed === 0 ? 0 : 1;
