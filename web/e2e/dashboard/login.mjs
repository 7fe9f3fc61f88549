// The way in: wrong, right, kept over a reload, too often, out.
import { check, equal, until } from "../stage.mjs";
import { accessible, accessibleInBoth, live, logIn, openDashboard } from "../operator.mjs";

export const look = { language: "en", theme: "light" };

export async function play(stage) {
  const node = await stage.node();
  const operator = await stage.person();
  await openDashboard(operator, node);
  await accessibleInBoth(stage, operator, "the login");

  await logIn(operator, "wrong");
  await operator.locator("#login-error", { hasText: "wrong" }).waitFor();
  await accessibleInBoth(stage, operator, "a refused login");
  await logIn(operator);
  await live(operator);
  equal(operator.url(), `http://127.0.0.1:${node.adminPort}/admin/`, "the address holds no secret");

  await operator.reload();
  await live(operator);
  await operator.getByRole("button", { name: "Log out" }).click();
  await operator.locator("[name=username]").waitFor();
  equal(await operator.evaluate(() => sessionStorage.length), 0, "what a logout leaves behind");

  // The bucket of the address holds four; whoever goes on is told when to try again.
  const countdown = operator.locator(".countdown");
  const button = operator.locator("[type=submit]");
  for (let i = 0; i < 12 && !(await countdown.isVisible()); i++) {
    await until("the form", async () => (await button.getAttribute("aria-disabled")) === "false");
    await logIn(operator, "wrong");
    await until("an answer", async () => (await countdown.isVisible()) || (await operator.locator("#login-error", { hasText: "wrong" }).isVisible()));
  }
  check(await countdown.isVisible(), "twelve tries in a row were let through");
  await accessible(stage, operator, "a login that has to wait");
  await countdown.waitFor({ state: "detached" });
  await logIn(operator);
  await live(operator);
}
