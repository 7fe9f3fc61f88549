// What a flow plays on: one browser, real nodes and Redis servers, a wire that can be cut.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** How long anything may take on a loaded machine, milliseconds. */
export const PATIENCE = 60_000;

export const ADMIN = { user: "operator", password: "correct-horse-battery", secret: "0123456789abcdef0123456789abcdef" };

// Below the range from which the kernel gives ports to connections: one of those could sit on a
// server's port before it starts, or while it restarts.
const [LOWEST_PORT, HIGHEST_PORT] = [12_000, 32_000];
let nextPort = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));

/** A port that nobody here was given before and nobody listens on. */
export async function freePort() {
  for (let tries = LOWEST_PORT; tries < HIGHEST_PORT; tries++) {
    const port = nextPort++;
    if (nextPort === HIGHEST_PORT) nextPort = LOWEST_PORT;
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.on("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** Asks again until check gives something true; fails with what it was waiting for. */
export async function until(what, check, patience = PATIENCE) {
  const end = Date.now() + patience;
  let last;
  for (;;) {
    try {
      const value = await check();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited in vain for: ${what} (last: ${last})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function equal(actual, expected, what) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`);
}

export function check(condition, what) {
  if (!condition) throw new Error(what);
}

/** A TCP wire to a port that can be cut and mended. */
class Wire {
  #sockets = new Set();
  #server;
  #cut = false;

  static async to(target) {
    const wire = new Wire();
    wire.#server = net.createServer((near) => {
      if (wire.#cut) return near.destroy();
      const far = net.connect(target, "127.0.0.1");
      for (const [a, b] of [[near, far], [far, near]]) {
        wire.#sockets.add(a);
        a.pipe(b);
        a.on("error", () => {});
        a.on("close", () => {
          wire.#sockets.delete(a);
          b.destroy();
        });
      }
    });
    wire.port = await freePort();
    await new Promise((resolve) => wire.#server.listen(wire.port, "127.0.0.1", resolve));
    return wire;
  }

  cut() {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#cut = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }
}

/** One scene: what it starts is gone when it ends. */
export class Stage {
  #browser;
  #settings;
  #contexts = [];
  #processes = new Set();
  #wires = [];
  #directory;
  /** Everything pages complained about; must be empty at the end. */
  complaints = [];

  constructor(browser, settings) {
    this.#browser = browser;
    this.#settings = settings;
    this.#directory = mkdtempSync(path.join(tmpdir(), "chatroom-e2e-"));
  }

  get settings() {
    return this.#settings;
  }

  get browser() {
    return this.#browser;
  }

  async node(options = {}) {
    const port = options.port ?? (await freePort());
    const adminPort = options.adminPort ?? (await freePort());
    const args = ["--listen", `127.0.0.1:${port}`, "--admin-listen", `127.0.0.1:${adminPort}`, "--log-level", "warn", ...(options.args ?? [])];
    const env = { ...process.env, ADMIN_USER: ADMIN.user, ADMIN_PASS: ADMIN.password, JWT_SECRET: ADMIN.secret };
    const child = this.#start(this.#settings.binary, args, env);
    const node = {
      port, adminPort, child,
      url: `http://127.0.0.1:${port}/`,
      kill: (signal = "SIGKILL") => end(child, signal),
    };
    await until(`node on ${port}`, async () => {
      check(child.exitCode === null, `the node ended: ${child.said()}`);
      return (await fetch(`${node.url}health`)).ok;
    });
    return node;
  }

  async redis() {
    const port = await freePort();
    const child = this.#start("redis-server", [
      "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", this.#directory,
    ]);
    await until(`redis on ${port}`, () => new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => socket.end("PING\r\n"));
      socket.on("data", (data) => resolve(String(data).startsWith("+PONG")));
      socket.on("error", () => resolve(false));
      socket.on("close", () => resolve(false));
    }));
    return { port, url: `redis://127.0.0.1:${port}` };
  }

  async wire(port) {
    const wire = await Wire.to(port);
    this.#wires.push(wire);
    return wire;
  }

  /** A person with a browser of their own. */
  async person(options = {}) {
    const { language, theme, width } = { ...this.#settings, ...options };
    const context = await this.#browser.newContext({
      locale: options.locale ?? LOCALES[language],
      colorScheme: theme,
      viewport: { width, height: options.height ?? 760 },
      reducedMotion: "reduce",
      ...options.context,
    });
    context.setDefaultTimeout(PATIENCE);
    this.#contexts.push(context);
    const page = await context.newPage();
    this.watch(page);
    return page;
  }

  /** Notes what a page complains about: errors, broken policies, dialogs. */
  watch(page) {
    page.on("pageerror", (error) => this.complaints.push(`error: ${error.stack ?? error}`));
    page.on("dialog", (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => {
      const text = message.text();
      // A node that is down refuses connections; that is what some flows are about.
      if (message.type() === "error" && !/WebSocket connection|net::ERR_|Failed to load resource/.test(text)) {
        this.complaints.push(`console: ${text}`);
      }
    });
    page.on("request", (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (protocol !== "data:" && hostname !== "127.0.0.1") this.complaints.push(`request to ${request.url()}`);
    });
  }

  /** axe finds nothing to complain about in what is shown now. */
  async accessible(page, state) {
    if (!this.#settings.axe) return;
    await page.evaluate(axeSource);
    const found = await page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join(" ")}`).join(" | ")}`);
    });
    equal(found, [], `axe on ${state}`);
  }

  /** Keeps a picture when pictures are wanted. */
  async picture(page, name) {
    if (!this.#settings.pictures) return;
    mkdirSync(this.#settings.pictures, { recursive: true });
    const { language, theme, width } = this.#settings;
    await page.screenshot({ path: path.join(this.#settings.pictures, `${name}-${language}-${theme}-${width}.png`) });
  }

  /** Calls the admin API as an operator. */
  async operator(node, method, route) {
    const base = `http://127.0.0.1:${node.adminPort}/admin`;
    const login = await fetch(`${base}/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username: ADMIN.user, password: ADMIN.password }),
    });
    check(login.ok, `login: ${login.status} ${await login.clone().text()}`);
    const { token } = await login.json();
    const answer = await fetch(`${base}${route}`, { method, headers: { Authorization: `Bearer ${token}` } });
    check(answer.ok, `${method} ${route}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  }

  async close() {
    await Promise.all(this.#contexts.map((context) => context.close().catch(() => {})));
    for (const wire of this.#wires) wire.close();
    await Promise.all([...this.#processes].map((child) => end(child, "SIGKILL")));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #start(program, args, env = process.env) {
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const hear = (data) => {
      said = (said + data).slice(-4_000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", hear);
    child.said = () => said;
    this.#processes.add(child);
    return child;
  }
}

/** Ends a process and waits until it is gone. */
function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill(signal);
  });
}

const LOCALES = { en: "en-GB", de: "de-DE", es: "es-ES", fr: "fr-FR", ar: "ar-EG" };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
  });
}
