import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { Refusal } from "./refusal.ts";
import { formatSignal, parseSignal } from "./signals.ts";

test("parseSignal() knows the names of this system, with and without SIG, in any case", () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    assert.equal(parseSignal(name), number, name);
    assert.equal(parseSignal(name.slice(3).toLowerCase()), number, name);
    assert.equal(parseSignal(String(number)), number, name);
  }
});

test("parseSignal() counts real-time signals from 34", () => {
  assert.equal(parseSignal("SIGRTMIN"), 34);
  assert.equal(parseSignal("RTMIN+3"), 37);
  assert.equal(parseSignal("SIGRTMAX-1"), 63);
  for (const text of ["RTMIN+31", "RTMIN-1", "RTMAX+1"]) assert.ok(parseSignal(text) instanceof Refusal, text);
});

test("parseSignal() refuses what is no signal and names the nearest one", () => {
  const result = parseSignal("SIGTREM");
  assert.ok(result instanceof Refusal);
  assert.equal(result.fix, "did you mean TERM?");
  for (const text of ["", "SIG", "0", "65", "-1", "__proto__"]) assert.ok(parseSignal(text) instanceof Refusal, text);
});

test("formatSignal() writes what parseSignal() reads as the same number", () => {
  for (let signal = 1; signal <= 64; signal++) assert.equal(parseSignal(formatSignal(signal)), signal);
});
