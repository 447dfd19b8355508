/* The network of a machine: an address from QEMU's router, and a port of the host that leads to a service of the guest. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { build, configurationFor } from "./builder.ts";
import { boot, folderFor } from "./vm.ts";

const CONFIGURATION = `services:
  - name: networking
  - name: web
    command: busybox httpd -f -p 8080 -h /srv
    depends_on: [networking]
    ready: {tcp: "127.0.0.1:8080"}
  - {name: told, type: task, command: echo the web is ready, depends_on: [web], logs: console}
image:
  format: initramfs
  debian: [busybox-static]
  files: {/srv/index.html: ./index.html}
`;

/** A port of this host that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a page of the guest's web server is read through a forwarded port", async (t) => {
  const folder = folderFor(t);
  await build(["--output", folder, configurationFor(t, CONFIGURATION, { "index.html": "a page of the guest\n" })]);
  const port = await freePort();
  const vm = boot(t, {
    initrd: join(folder, "initramfs.cpio"),
    network: { forwards: [{ host: port, guest: 8080 }] },
  });
  await vm.sees(/told \| the web is ready/);
  const response = await fetch(`http://127.0.0.1:${port}/`);
  assert.deepEqual([response.status, await response.text()], [200, "a page of the guest\n"]);
  assert.match(await vm.monitor("info usernet"), /10\.0\.2\.15/);
});
