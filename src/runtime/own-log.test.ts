import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../tests/properties.ts";
import { isoTime } from "../control/iso-time.ts";
import { jsonLine, logfmtLine, textLine } from "./own-log.ts";

test("isoTime() is what Date says, also when it goes back and forth", () => {
  assertProperty(
    fc.property(fc.array(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })), (times) => {
      for (const ms of times) assert.equal(isoTime(ms), new Date(ms).toISOString());
    }),
    { runs: 200 },
  );
  assert.equal(isoTime(1_700_000_000_999.9), "2023-11-14T22:13:20.999Z");
});

test("the three forms of a line", () => {
  const fields = { service: "web", reason: 'exited "3"', pid: 7 };
  assert.equal(
    logfmtLine("warn", 0, "Service ended", fields, ["one", "two"]),
    'time=1970-01-01T00:00:00.000Z level=warn msg="Service ended" pid=7 reason="exited \\"3\\"" service=web output="one\\ntwo"\n',
  );
  assert.deepEqual(JSON.parse(jsonLine("info", 0, "m", fields, ["x"])), {
    time: "1970-01-01T00:00:00.000Z",
    level: "info",
    msg: "m",
    ...fields,
    output: ["x"],
  });
  const text = textLine("error", 3.9, "Service failed", fields, ["\u001b[31mred"], false);
  assert.equal(
    text,
    `ERRO[0003] ${"Service failed".padEnd(44)} pid=7 reason="exited \\"3\\"" service=web\n           | \\x1b[31mred\n`,
  );
});
