import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { ChatMessage, UserEvent } from "../../client/index.ts";
import { Timeline, VIEW } from "../timeline.ts";

const frames: (() => void)[] = [];
const page = { visibilityState: "visible" };
Object.assign(globalThis, {
  document: page,
  requestAnimationFrame: (run: () => void) => frames.push(run),
  cancelAnimationFrame: (frame: number) => void (frames[frame - 1] = () => {}),
});

/** Shows what has gathered. */
function paint(): void {
  for (const run of frames.splice(0)) run();
}

function message(seq: number, extra: Partial<ChatMessage> = {}): ChatMessage {
  return {
    type: "NEW_MESSAGE", roomId: 1, epoch: "e", seq, messageId: `m${seq}`, from: { clientId: 7, username: "Ada" },
    text: `text ${seq}`, at: 1_700_000_000_000 + seq * 1_000, own: false, live: true, ...extra,
  };
}

function joined(clientId: number): UserEvent {
  return { type: "USER_EVENT", event: "joined", roomId: 1, client: { clientId, username: `User ${clientId}` }, members: 2, at: 1_700_000_000_000 };
}

let timeline: Timeline;
beforeEach(() => {
  timeline = new Timeline();
  timeline.reset(undefined);
});

function keys(): string[] {
  paint();
  return timeline.view.value.items.map((item) => item.key);
}

test("the view follows the newest message and never grows beyond its size", () => {
  for (let seq = 1; seq <= 1_000; seq++) timeline.add(message(seq), true);
  const shown = keys();
  assert.equal(shown.length, VIEW);
  assert.equal(shown.at(-1), "m1000");
  assert.equal(timeline.view.value.unread, 0);
});

test("a reader further up keeps the view; what comes is counted and marked", () => {
  for (let seq = 1; seq <= 500; seq++) timeline.add(message(seq), true);
  timeline.pin(false);
  for (let i = 0; i < 4; i++) timeline.back();
  const before = keys();
  timeline.add(message(501), true);
  timeline.add(message(502), true);
  assert.deepEqual(keys(), before);
  assert.equal(timeline.view.value.unread, 2);
  assert.equal(timeline.view.value.divider, "m501");
  timeline.toEnd();
  assert.equal(keys().at(-1), "m502");
  assert.equal(timeline.view.value.unread, 0);
  assert.equal(timeline.view.value.divider, "m501", "the line stays until there is a new one");
});

test("history goes before, and the neighbours are grouped anew", () => {
  for (let seq = 101; seq <= 110; seq++) timeline.add(message(seq), false);
  assert.equal(timeline.oldestSeq, 101);
  timeline.prepend([message(99), message(100)], true);
  assert.deepEqual(keys().slice(0, 3), ["m99", "m100", "m101"]);
  const first = timeline.view.value.items[2];
  assert.ok(first?.kind === "message" && first.follows);
  assert.equal(timeline.view.value.older, true);
  timeline.prepend([], false);
  paint();
  assert.equal(timeline.view.value.older, false);
});

test("scrolling back and forth visits every row", () => {
  for (let seq = 1; seq <= 900; seq++) timeline.add(message(seq), false);
  timeline.pin(false);
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    for (const key of keys()) seen.add(key);
    timeline.back();
  }
  assert.equal(seen.size, 900);
  for (let i = 0; i < 40; i++) timeline.forth();
  assert.equal(keys().at(-1), "m900");
  assert.ok(keys().length <= VIEW);
});

test("long conversations let go of their beginning and can ask for it again", () => {
  for (let seq = 1; seq <= 30_000; seq++) timeline.add(message(seq), false);
  paint();
  assert.ok((timeline.oldestSeq as number) > 15_000);
  assert.equal(timeline.view.value.older, true);
});

test("groups end with another sender, another name, silence, and a new day", () => {
  const day = new Date(2024, 4, 1, 23, 59, 30).getTime();
  timeline.add(message(1, { at: day }), false);
  timeline.add(message(2, { at: day + 1_000 }), false);
  timeline.add(message(3, { at: day + 40_000 }), false);
  timeline.add(message(4, { at: day + 41_000, from: { clientId: 7, username: "Ada L" } }), false);
  timeline.add(message(5, { at: day + 42_000, from: { clientId: 8, username: "Ada L" } }), false);
  timeline.add(message(6, { at: day + 42_000 + 6 * 60_000, from: { clientId: 8, username: "Ada L" } }), false);
  paint();
  const follows = timeline.view.value.items.map((item) => item.kind === "message" && item.follows);
  assert.deepEqual(follows, [false, true, false, false, false, false]);
});

test("people who come and go share a line", () => {
  for (let id = 1; id <= 100; id++) timeline.person(joined(id));
  timeline.add(message(1), false);
  timeline.person(joined(200));
  assert.equal(keys().length, 3);
  const first = timeline.view.value.items[0];
  assert.ok(first?.kind === "people");
  assert.equal(first.events.length + first.more, 100);
});

test("a gap begins the conversation anew and is said", () => {
  timeline.add(message(1), true);
  timeline.reset(1_700_000_000_000);
  timeline.add(message(900), false);
  paint();
  assert.deepEqual(timeline.view.value.items.map((item) => item.kind), ["gap", "message"]);
});

test("a gap stays before everything that can still be had", () => {
  timeline.reset(1_700_000_000_000);
  timeline.add(message(900), false);
  timeline.prepend([message(898), message(899)], true);
  timeline.prepend([message(897)], false);
  for (let i = 0; i < 3; i++) timeline.back();
  assert.deepEqual(keys().map((key) => key.replace(/-\d+$/, "")), ["gap", "m897", "m898", "m899", "m900"]);
  const row = timeline.view.value.items[2];
  assert.ok(row?.kind === "message" && row.follows, "neighbours are grouped across what was loaded at different times");
});

test("history that comes late takes nobody away from the newest message", () => {
  for (let seq = 1_001; seq <= 1_200; seq++) timeline.add(message(seq), true);
  timeline.prepend(Array.from({ length: 200 }, (_, i) => message(801 + i)), true);
  const shown = keys();
  assert.equal(shown.at(-1), "m1200");
  assert.equal(shown.length, VIEW);
  timeline.pin(false);
  timeline.back();
  assert.equal(keys()[0], "m921", "a reader who goes up still gets older ones");
});

test("a replay is no news, what comes behind it is", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const live = (): boolean => {
    paint();
    return timeline.view.value.live;
  };
  timeline.add(message(1), false);
  timeline.settled();
  assert.equal(live(), false);
  context.mock.timers.tick(1_000);
  assert.equal(live(), true);
  timeline.settled();
  assert.equal(live(), true, "after a short interruption as well");
  timeline.reset(undefined);
  context.mock.timers.tick(1_000);
  assert.equal(live(), false);
});

test("a page that is hidden with a frame to come says what is new without it", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  paint();
  timeline.add(message(1), true);
  page.visibilityState = "hidden";
  timeline.watch(false);
  timeline.add(message(2), true);
  context.mock.timers.tick(1_000);
  page.visibilityState = "visible";
  assert.equal(timeline.view.value.items.length, 2);
  assert.equal(timeline.view.value.unread, 1);
});

test("history that is on its way when its place is let go of is asked for again", () => {
  timeline.loading(true);
  for (let seq = 1; seq <= 30_000; seq++) timeline.add(message(seq), false);
  paint();
  assert.equal(timeline.view.value.loading, false);
});

test("nobody looks: everything is unread, until somebody does", () => {
  timeline.watch(false);
  timeline.add(message(1), true);
  timeline.add(message(2, { own: true }), true);
  timeline.add(message(3), true);
  paint();
  assert.equal(timeline.view.value.unread, 2);
  timeline.watch(true);
  paint();
  assert.equal(timeline.view.value.unread, 0);
});
