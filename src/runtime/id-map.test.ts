import assert from "node:assert/strict";
import { test } from "node:test";
import { isMapped } from "./id-map.ts";

test("isMapped() looks at the inner side of each range", () => {
  const map = "         0       1000          1\n         1     100000      65535\n";
  assert.deepEqual(
    [0, 1, 65535, 65536, 100000].map((id) => isMapped(map, id)),
    [true, true, true, false, false],
  );
  assert.equal(isMapped("", 0), false);
});
