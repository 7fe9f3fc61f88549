// The node dies and comes back: the dashboard says so, keeps what it has, and goes on by itself; when
// its token is worth nothing any more it says that, and after the next login it is where it was.
import { until } from "../stage.mjs";
import { accessible, goTo, live, logIn, openDashboard } from "../operator.mjs";

export const look = { language: "en", theme: "dark" };

export async function play(stage) {
  const node = await stage.node();
  const operator = await stage.person();
  await openDashboard(operator, node);
  await logIn(operator);
  await live(operator);
  const id = await operator.locator("tbody small").first().textContent();

  await node.kill();
  await operator.locator(".link-state.waiting").waitFor();
  await accessible(stage, operator, "no connection");
  await stage.picture(operator, "dashboard-outage");
  const second = await stage.node({ port: node.port, adminPort: node.adminPort });
  await until("the new node", async () => {
    await hurry(operator);
    return (await operator.locator(".link-state.live").isVisible()) && (await operator.locator("tbody small").first().textContent()) !== id;
  });

  await goTo(operator, "audit");
  await second.kill();
  await operator.locator(".link-state.waiting").waitFor();
  await stage.node({ port: node.port, adminPort: node.adminPort, args: ["--jwt-secret", "another secret of at least 32 bytes"] });
  await until("the end of the session", async () => {
    await hurry(operator);
    return operator.locator("[role=status]", { hasText: "session has ended" }).isVisible();
  });
  await accessible(stage, operator, "the end of a session");
  await logIn(operator);
  await operator.locator("h1", { hasText: "Audit" }).waitFor();
}

/** Does not wait for the backoff. */
async function hurry(operator) {
  await operator.getByRole("button", { name: "Try now" }).click({ timeout: 500 }).catch(() => {});
}
