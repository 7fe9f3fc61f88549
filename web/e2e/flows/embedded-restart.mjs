// A node without Redis is killed: its rooms are gone, what people wrote is not.
import { equal } from "../stage.mjs";
import { connected, openRoom, reads, write } from "../people.mjs";

export const look = { language: "es", theme: "light" };

export async function play(stage) {
  const first = await stage.node();
  const ada = await stage.person();
  const room = await openRoom(ada, first.url, "Harbour");
  await write(ada, "before");
  await reads(ada, ["before"]);
  await first.kill("SIGKILL");
  await ada.locator(".link-state.waiting, .link-state.connecting").waitFor();
  await write(ada, "queued");
  await ada.fill("#message", "a draft");
  const { port, adminPort } = first;
  await stage.node({ port, adminPort });
  await ada.locator(".panel .primary").waitFor();
  // A reload in the middle of it: everything there is now comes from the browser's own storage.
  await ada.reload();
  await ada.locator(".panel .kept").first().waitFor();
  await stage.accessible(ada, "a room that is gone");
  await stage.picture(ada, "gone");
  await ada.locator(".panel .primary").click();
  await ada.locator("#message").waitFor();
  await connected(ada);
  await reads(ada, ["queued"]);
  equal(await ada.inputValue("#message"), "a draft", "the draft");
  equal(await ada.locator(".header h1").textContent(), "Harbour", "the room's name");
  const again = Number((await ada.locator(".facts > span").first().textContent()).slice(1));
  equal(new URL(ada.url()).hash, `#/room/${again}`, `the address, which was room ${room}`);
}
