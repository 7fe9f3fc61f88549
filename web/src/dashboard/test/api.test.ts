import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, test } from "node:test";
import { Api, ApiError } from "../api.ts";
import type { Store } from "../api.ts";

/** What a tab keeps. */
class Kept implements Store {
  readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }
}

/** A server for one test; its base has a prefix, as a proxy may put one before it. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void, use: (base: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/some/admin/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const opened: Api[] = [];

/** An API whose session, and with it its timer, ends with its test. */
function open(base: string, kept: Store): Api {
  const api = new Api(base, kept);
  opened.push(api);
  return api;
}

afterEach(() => {
  for (const api of opened.splice(0)) api.logout();
});

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
}

const WRONG = { error: { code: "UNAUTHORIZED", message: "A valid bearer token is needed." } };

test("a login is kept by the server's clock, and forgotten by a logout", async () => {
  const serverNow = Date.now() + 5 * 3_600_000; // five hours ahead
  await serve((request, response) => {
    assert.deepEqual([request.method, request.url, request.headers.authorization], ["POST", "/some/admin/login", undefined]);
    json(response, 200, { token: "t", expiresAt: serverNow + 60_000 }, { Date: new Date(serverNow).toUTCString() });
  }, async (base) => {
    const kept = new Kept();
    const api = open(base, kept);
    await api.login("ada", "secret");
    const left = (api.session.value?.until ?? 0) - Date.now();
    assert.ok(left > 50_000 && left < 62_000, `${left} ms are left`);
    assert.equal(open(base, kept).session.value?.token, "t", "a reload finds it");
    api.logout();
    assert.deepEqual([api.session.value, api.ended.value, kept.items.size], [undefined, "", 0]);
  });
});

test("what was kept too long, or is no session, is none", () => {
  for (const text of [JSON.stringify({ token: "t", until: Date.now() - 1 }), "{", "null", '{"until":9e15}', "[]"]) {
    const kept = new Kept();
    kept.setItem("chatroom.admin.session", text);
    assert.equal(new Api("http://127.0.0.1/", kept).session.value, undefined, text);
  }
});

test("a session ends by itself, in words", async () => {
  await serve((_, response) => json(response, 200, { token: "t", expiresAt: Date.now() + 1_100 }), async (base) => {
    const api = open(base, new Kept());
    await api.login("ada", "secret");
    await new Promise<void>((resolve) => { api.session.watch(resolve); });
    assert.equal(api.session.value, undefined);
    assert.match(api.ended.value, /has ended/);
  });
});

test("a token that is refused ends the session, any other error does not", async () => {
  let status = 503;
  await serve((request, response) => {
    if (request.method === "POST") return json(response, 200, { token: "t", expiresAt: Date.now() + 60_000 });
    assert.equal(request.headers.authorization, "Bearer t");
    json(response, status, WRONG, { "Retry-After": "7" });
  }, async (base) => {
    const api = open(base, new Kept());
    await api.login("ada", "secret");
    const never = new AbortController().signal;
    await assert.rejects(api.bans(never), (error) => error instanceof ApiError && error.status === 503 && error.retryAfter === 7 && error.message === WRONG.error.message);
    assert.equal(api.session.value?.token, "t");
    status = 401;
    await assert.rejects(api.bans(never), ApiError);
    assert.equal(api.session.value, undefined);
    await assert.rejects(api.bans(never), (error) => error instanceof ApiError && error.status === 401, "nothing is asked without a token");
  });
});

test("queries are escaped, and what is empty is left out", async () => {
  const seen: string[] = [];
  await serve((request, response) => {
    if (request.method === "POST") return json(response, 200, { token: "t", expiresAt: Date.now() + 60_000 });
    seen.push(`${request.method} ${request.url}`);
    json(response, 200, { room_ids: [1], total: 1, next_cursor: "1", totalRemoved: 1, message: "" });
  }, async (base) => {
    const api = open(base, new Kept());
    await api.login("ada", "secret");
    assert.deepEqual(await api.rooms({ q: "a&b=<c> ü", sort: "-activeUsers", cursor: "", limit: 25 }, new AbortController().signal), { ids: [1], total: 1, next: "1" });
    await api.removeClient(12345, "", "");
    await api.removeClient(12345, "10m", "spam & more");
    await api.liftBan("a/../b", "");
    assert.deepEqual(seen, [
      "GET /some/admin/rooms?q=a%26b%3D%3Cc%3E+%C3%BC&sort=-activeUsers&limit=25",
      "DELETE /some/admin/client/12345",
      "DELETE /some/admin/client/12345?ban=10m&reason=spam+%26+more",
      "DELETE /some/admin/bans/a%2F..%2Fb",
    ]);
  });
});

test("a server that can't be reached is said", async () => {
  await serve((_, response) => response.destroy(), async (base) => {
    const api = open(base, new Kept());
    await assert.rejects(api.login("ada", "secret"), (error) => error instanceof ApiError && error.status === 0);
  });
});
