/* The plan that is stored beside a machine's configuration: it is used as long as it holds, and no longer. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary } from "../process/gonit.ts";
import { ask, ext4Disk, systemFiles } from "./gonit-vm.ts";
import { boot, folderFor } from "./vm.ts";

const configuration = `title: as written
mounts: [{target: /, options: [rw]}]
services: [{name: terminals}]
`;

/** The stored plan of this configuration, with another title, which tells what a machine started by. */
function storedPlan(folder: string): string {
  mkdirSync(join(folder, "system"));
  writeFileSync(join(folder, "system/config.yml"), configuration);
  const text = execFileSync(binary(), ["config", "--root", folder, "--stored"], { encoding: "utf8" });
  const at = text.indexOf("\n") + 1;
  const body = text.slice(at).replace('"title":"as written"', '"title":"as stored"');
  const hash = createHash("sha256").update(body).digest("hex");
  return `${text.slice(0, text.lastIndexOf(" ", at))} ${hash}\n${body}`;
}

test("a machine starts by its stored plan; a changed configuration is read, also with gonit.config", async (t) => {
  const files = systemFiles(configuration, { "system/config.plan": storedPlan(folderFor(t)) });
  const disk = ext4Disk(t, files, { label: "root" });
  const root = "root=/dev/nvme0n1 init=/system/gonit";
  const vm = boot(t, { disks: [disk], append: root, reboots: true });
  await vm.sees(/Starting services +title="as stored"/);
  await vm.sees(/gonit# /);
  // What is asked for later is read.
  assert.match(await ask(vm, "gonit apply; gonit status"), /^as written: running/m);
  const second = vm.console().length;
  vm.type("echo '# a remark' >> /system/config.yml; gonit reboot");
  await vm.sees(/Starting services +title="as written"/, second);
  vm.kill();
  await vm.ended;
  const named = boot(t, {
    disks: [ext4Disk(t, files, { label: "root" })],
    append: `${root} gonit.config=/system/config.yml`,
  });
  await named.sees(/Starting services +title="as written"/);
});
