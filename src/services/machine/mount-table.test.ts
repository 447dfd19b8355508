import assert from "node:assert/strict";
import { test } from "node:test";
import { mountedAt, parentsFirst } from "./mount-table.ts";

const table = `22 1 259:0 / / ro,relatime - ext4 /dev/root rw
23 22 0:5 / /dev rw,nosuid shared:2 - devtmpfs devtmpfs rw,size=1k
24 22 8:1 / /my\\040data rw - ext4 /dev/sda1 rw
25 22 0:30 / /tmp rw - tmpfs tmpfs rw
26 25 8:2 / /tmp ro - ext4 /dev/sda2 ro
`;

test("mountedAt() reads optional fields, escapes, and the topmost of two", () => {
  assert.deepEqual(mountedAt(table, "/"), {
    device: "259:0",
    target: "/",
    type: "ext4",
    source: "/dev/root",
    isReadOnly: true,
  });
  assert.equal(mountedAt(table, "/dev")?.type, "devtmpfs");
  assert.equal(mountedAt(table, "/my data")?.source, "/dev/sda1");
  assert.deepEqual([mountedAt(table, "/tmp")?.source, mountedAt(table, "/tmp")?.isReadOnly], ["/dev/sda2", true]);
  assert.equal(mountedAt(table, "/nothing"), null);
});

test("parentsFirst() keeps the order of what is equally deep", () => {
  const targets = ["/data/db/log", "/b", "/data", "/", "/a", "/data/db"];
  assert.deepEqual(
    parentsFirst(targets.map((target) => ({ target }))).map(({ target }) => target),
    ["/", "/b", "/data", "/a", "/data/db", "/data/db/log"],
  );
});
