import assert from "node:assert/strict";
import { test } from "node:test";
import { fileInList, filesByDependencies, moduleName, parseModuleList } from "./modules.ts";

test("parseModuleList() reads a path and options a line", () => {
  assert.deepEqual(parseModuleList("/lib/a.ko\n\n# remark\n/lib/soft-dog.ko.xz soft_margin=4  nowayout=1\n"), [
    { path: "/lib/a.ko", options: "" },
    { path: "/lib/soft-dog.ko.xz", options: "soft_margin=4 nowayout=1" },
  ]);
});

test("moduleName() is the name that the kernel shows", () => {
  assert.equal(moduleName("kernel/drivers/virtio-rng.ko.xz"), "virtio_rng");
  assert.equal(moduleName("virtio_rng"), "virtio_rng");
});

const dependencies = `kernel/net/failover.ko.xz:
kernel/drivers/net/virtio_net.ko.xz: kernel/drivers/net/net_failover.ko.xz kernel/net/failover.ko.xz
kernel/drivers/net/net_failover.ko.xz: kernel/net/failover.ko.xz
`;

test("filesByDependencies() gives what is needed first", () => {
  assert.deepEqual(filesByDependencies(dependencies, "/lib/modules/6", "virtio-net"), [
    "/lib/modules/6/kernel/net/failover.ko.xz",
    "/lib/modules/6/kernel/drivers/net/net_failover.ko.xz",
    "/lib/modules/6/kernel/drivers/net/virtio_net.ko.xz",
  ]);
  assert.deepEqual(filesByDependencies(dependencies, "/m", "failover"), ["/m/kernel/net/failover.ko.xz"]);
  assert.equal(filesByDependencies(dependencies, "/m", "net"), null);
});

test("fileInList() finds a module of the image builder's list by its name", () => {
  const list = parseModuleList("/lib/virtio-rng.ko\n/lib/softdog.ko soft_margin=4\n");
  assert.equal(fileInList(list, "virtio_rng")?.path, "/lib/virtio-rng.ko");
  assert.equal(fileInList(list, "softdog")?.options, "soft_margin=4");
  assert.equal(fileInList(list, "dog"), null);
});
