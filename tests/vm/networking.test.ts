/* A machine's network and consoles as a person meets them: QEMU's own DHCP server, a serial console, a virtual terminal. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { planModules } from "../../scripts/image/kernel-modules.ts";
import { archive, ask, type Files, systemFiles } from "./gonit-vm.ts";
import { boot, kernelModules, type Vm } from "./vm.ts";

/** The driver of the network card, with what it needs, in the order of loading. */
function networkModules(): Files {
  const folder = kernelModules();
  const modules = planModules(folder, [
    { name: "virtio_pci", options: "" },
    { name: "virtio_net", options: "" },
  ]);
  const files: Files = {};
  for (const { path } of modules) files[`lib/modules/${path}`] = readFileSync(join(folder, path));
  files["system/modules"] = modules.map(({ path }) => `/lib/modules/${path}\n`).join("");
  return files;
}

/** A page on this machine, which a guest finds at 10.0.2.2. */
async function page(t: TestContext): Promise<number> {
  const server = createServer((_request, response) => response.end("a page of the host\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** busybox's crypt knows the hash of the password "secret". */
const accounts: Files = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\ntester:x:1000:1000::/tmp:/bin/sh\n",
  "etc/group": "root:x:0:\ntester:x:1000:\n",
  "etc/shadow":
    "root:*:20000::::::\ntester:$6$gonit$692BH5K/YAZkC5KXgOAhZ1xw9ioEmJEXEzlc.FuuiFjG/bI/4lX5JV0qsUXm4ut4KVOziI2IHZz9nCPBjX3vd1:20000::::::\n",
  "bin/login": "-> busybox",
};

async function logIn(vm: Vm, from: number): Promise<number> {
  let at = await vm.sees(/login: /, from);
  vm.type("tester");
  at = await vm.sees(/Password: /, at);
  vm.type("secret");
  return await vm.sees(/\$ /, at);
}

test("a session on the serial console: a log-in, an address from DHCP, a page of the host, a log-out and the prompt again", async (t) => {
  const configuration = `
title: Net
version: 3
hostname: guest-1
modules: [virtio_pci, virtio_net]
terminals: [{device: /dev/ttyS0, login: login}]
services:
  - {name: networking, ready: notify, logs: console}
  - {name: terminals, depends_on: [networking]}
`;
  const files = systemFiles(configuration, { ...networkModules(), ...accounts });
  const vm = boot(t, { initrd: archive(t, files), network: { forwards: [] } });
  await vm.sees(/Interface eth0 hardware=52:54:00:12:34:56 mtu=1500 state=up addresses=10\.0\.2\.15\/24/);
  let at = await vm.sees(/Net 3 \(guest-1 ttyS0\)/);
  at = await logIn(vm, at);
  assert.equal(await ask(vm, "id -un; tty; hostname"), "tester\n/dev/ttyS0\nguest-1\n");
  const port = await page(t);
  assert.match(await ask(vm, `busybox wget -q -O - http://10.0.2.2:${port}/`), /^a page of the host\n$/m);
  assert.match(await ask(vm, "cat /etc/resolv.conf"), /^nameserver 10\.0\.2\.3$/m);
  assert.match(
    await ask(vm, "gonit networking status"),
    /^eth0 +ready +10\.0\.2\.15\/24 +10\.0\.2\.2 +\S+ left, from 10\.0\.2\.2/m,
  );
  at = vm.console().length;
  vm.type("exit");
  at = await vm.sees(/Net 3 \(guest-1 ttyS0\)/, at);
  await vm.sees(/guest-1 login: /, at);
  assert.doesNotMatch(vm.console(), /secret/);
});

test("without a configuration of its own a machine asks for an address on its first card, and gives its console a shell", async (t) => {
  const configuration =
    "modules: [virtio_pci, virtio_net]\nservices: [{name: networking, ready: notify}, {name: terminals}]\n";
  const port = await page(t);
  const vm = boot(t, { initrd: archive(t, systemFiles(configuration, networkModules())), network: { forwards: [] } });
  await vm.sees(/gonit# /);
  await vm.sees(/All services are ready/);
  assert.match(await ask(vm, `busybox wget -q -O - http://10.0.2.2:${port}/`), /^a page of the host\n$/m);
  // Ctrl-C ends what runs in the foreground, not the shell.
  const from = vm.console().length;
  vm.type("sh -c 'echo be\"\"gun; exec sleep 1000'");
  const at = await vm.sees(/begun/, from);
  vm.send("\x03");
  await vm.sees(/gonit# /, at);
  assert.match(await ask(vm, "gonit restart networking && gonit networking status"), /^eth0 +ready +10\.0\.2\.15/m);
});
