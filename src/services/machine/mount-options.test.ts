import assert from "node:assert/strict";
import { test } from "node:test";
import { mountOptions } from "./mount-options.ts";

test("mountOptions() parts flags from what the file system reads", () => {
  assert.deepEqual(mountOptions(["ro", "noatime", "size=64M", "mode=1777"]), {
    flags: 1 | 1024,
    data: "size=64M,mode=1777",
  });
  assert.deepEqual(mountOptions(["nosuid,nodev", "noexec"]), { flags: 2 | 4 | 8, data: "" });
});

test("mountOptions(): of contradicting words the last one counts", () => {
  assert.deepEqual(mountOptions(["ro", "rw", "noexec", "exec"]), { flags: 0, data: "" });
  assert.deepEqual(mountOptions(["rw", "ro"]), { flags: 1, data: "" });
});

test("mountOptions() leaves out words of fstab that are for other programs", () => {
  assert.deepEqual(mountOptions(["defaults", "nofail", "x-systemd.automount", "errors=remount-ro"]), {
    flags: 0,
    data: "errors=remount-ro",
  });
});
