import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { addModules, moduleNeeds, planModules } from "./kernel-modules.ts";
import { Tree } from "./tree.ts";

/** The least that elf(5) calls an object file: a header, a section .modinfo, and the names of sections. */
function moduleFile(fields: string[]): Buffer {
  const modinfo = Buffer.from(fields.map((field) => `${field}\0`).join(""));
  const names = Buffer.from("\0.modinfo\0.shstrtab\0");
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  const section = (name: number, offset: number, size: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(name, 0);
    bytes.writeBigUInt64LE(BigInt(offset), 24);
    bytes.writeBigUInt64LE(BigInt(size), 32);
    return bytes;
  };
  const table = 64 + modinfo.length + names.length;
  header.writeBigUInt64LE(BigInt(table), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(3, 60);
  header.writeUInt16LE(2, 62);
  const sections = [section(0, 0, 0), section(1, 64, modinfo.length), section(10, 64 + modinfo.length, names.length)];
  return Buffer.concat([header, modinfo, names, ...sections]);
}

function folderWith(t: TestContext, modules: { [path: string]: string[] }, builtIn: string): string {
  const folder = mkdtempSync(join(tmpdir(), "gonit-modules-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [path, fields] of Object.entries(modules)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), moduleFile(fields));
  }
  writeFileSync(join(folder, "modules.builtin"), builtIn);
  return folder;
}

const EXAMPLE = {
  "kernel/drivers/net/virtio_net.ko": ["license=GPL", "depends=virtio,net-failover", "name=virtio_net"],
  "kernel/net/core/net_failover.ko": ["depends=failover"],
  "kernel/net/core/failover.ko": ["depends="],
  "kernel/drivers/virtio/virtio.ko": ["depends=virtio_ring"],
  "kernel/drivers/virtio/virtio_ring.ko": ["softdep=pre: crc32c"],
  "kernel/drivers/watchdog/softdog.ko": ["depends=watchdog"],
};

test("moduleNeeds() reads what a module needs and what it asks for, with _ for -", () => {
  const bytes = moduleFile(["depends=a,b-c", "softdep=pre: crc32c post: later", "alias=x"]);
  assert.deepEqual(moduleNeeds(bytes), { needed: ["a", "b_c"], wished: ["crc32c"] });
  assert.deepEqual(moduleNeeds(moduleFile(["depends="])), { needed: [], wished: [] });
});

test("planModules() puts what a module needs before it, each once, and leaves out what is built in", (t) => {
  const folder = folderWith(t, EXAMPLE, "kernel/drivers/watchdog/watchdog.ko\n");
  const wanted = [
    { name: "virtio-net", options: "" },
    { name: "softdog", options: "soft_margin=60" },
    { name: "virtio", options: "" },
  ];
  const planned = planModules(folder, wanted);
  assert.deepEqual(
    planned.map(({ name }) => name),
    ["virtio_ring", "virtio", "failover", "net_failover", "virtio_net", "softdog"],
  );
  const tree = new Tree();
  addModules(tree, folder, "6.1", planned);
  const list = tree.find("system/modules");
  assert.ok(list?.kind === "file");
  const lines = list.content().toString().trimEnd().split("\n");
  assert.equal(lines[0], "/usr/lib/modules/6.1/kernel/drivers/virtio/virtio_ring.ko");
  assert.equal(lines[5], "/usr/lib/modules/6.1/kernel/drivers/watchdog/softdog.ko soft_margin=60");
  for (const line of lines) assert.equal(tree.find(line.split(" ")[0] ?? "")?.kind, "file");
});

test("planModules() names a module that is missing and who needs it; optional ones are left out", (t) => {
  const folder = folderWith(t, EXAMPLE, "");
  const wanted = [{ name: "softdog", options: "" }];
  assert.throws(() => planModules(folder, wanted), {
    name: "Failure",
    message: /module watchdog, which softdog needs/,
  });
  assert.throws(() => planModules(folder, [{ name: "e1000", options: "" }]), { name: "Failure", message: /e1000: / });
  assert.deepEqual(planModules(folder, [{ name: "e1000", options: "", optional: true }]), []);
});
