import assert from "node:assert/strict";
import { test } from "node:test";
import { keepWindow, keptWindow } from "../windows.ts";

function withStorage(storage: Partial<Storage>, run: () => void): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  try {
    run();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, "localStorage");
    else Object.defineProperty(globalThis, "localStorage", before);
  }
}

test("the time that charts show is the one that was chosen last", () => {
  const kept = new Map<string, string>();
  withStorage({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }, () => {
    assert.equal(keptWindow(), 900);
    keepWindow(3600);
    assert.equal(keptWindow(), 3600);
    for (const key of kept.keys()) {
      for (const other of ["", "0", "301", "an hour", "NaN"]) {
        kept.set(key, other);
        assert.equal(keptWindow(), 900, other);
      }
    }
  });
});

test("without storage the choice ends with the page", () => {
  const forbidden = (): never => {
    throw new DOMException("forbidden", "SecurityError");
  };
  withStorage({ getItem: forbidden, setItem: forbidden }, () => {
    keepWindow(300);
    assert.equal(keptWindow(), 900);
  });
});
