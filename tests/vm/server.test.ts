/* examples/server: a way in by ssh with a key, and a clock that is kept. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "./builder.ts";
import { boot, folderFor } from "./vm.ts";

test("the server lets in who has a key and nobody else, and its clock is kept", async (t) => {
  const folder = folderFor(t);
  await build(["--format", "ext4", "--output", folder, "examples/server/config.yml"]);
  const disk = { file: join(folder, "root.ext4"), format: "raw", interface: "nvme" } as const;
  const append = "root=/dev/nvme0n1 rw init=/system/gonit";
  const vm = boot(t, { disks: [disk], append, snapshot: true, network: { forwards: [] } });
  await vm.sees(/All services are ready/);
  let at = await vm.sees(/gonit# /);
  vm.type(
    "dropbearkey -t ed25519 -f /tmp/key > /tmp/public; dbclient -y -y -i /tmp/key root@127.0.0.1 id; echo refused=$?",
  );
  at = await vm.sees(/refused=1$[\s\S]*gonit# /m, at);
  vm.type("grep ^ssh-ed25519 /tmp/public >> /root/.ssh/authorized_keys");
  vm.type("dbclient -y -y -i /tmp/key root@127.0.0.1 'id; gonit status ssh'");
  at = await vm.sees(/^uid=0\(root\)/m, at);
  /* What is typed before the client has ended would be its input. */
  at = await vm.sees(/state +ready for[\s\S]*gonit# /, at);
  vm.type("chronyc -n tracking");
  at = await vm.sees(/Leap status[\s\S]*gonit# /, at);
  vm.type("poweroff");
  const { code, console } = await vm.ended;
  assert.equal(code, 0);
  assert.match(console, /Stopped service +code=0 service=time/);
});
