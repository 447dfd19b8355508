// limit: 600 s
/* Images: they boot, two builds are equal byte for byte, a build that is interrupted or impossible harms nothing. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ImageManifest, MANIFEST } from "../../scripts/image/manifest.ts";
import { prepareFirmware } from "../../scripts/vm/firmware.ts";
import { build, configurationFor, copyProject, hashesOf, startBuild } from "./builder.ts";
import { boot, folderFor, type Vm } from "./vm.ts";

const CONFIGURATION = `version: 1.4
title: Test image
hostname: tested
services:
  - name: shown
    command: [/bin/cat, /etc/greeting]
    type: task
    logs: console
  - name: own
    type: task
    logs: console
  - name: linked
    command: dropbear -V
    type: task
    logs: console
  - name: owner
    command: [/bin/stat, -c, "the home of %u %g %a", /srv/web]
    type: task
    logs: console
image:
  users: {web: {uid: 123, gid: 45, home: /srv/web}}
  format: [initramfs, ext4, erofs, qcow2, disk, oci, tar]
  debian: [busybox-static, dropbear-bin]
  files:
    /etc/greeting: ./greeting
    /system/services/own/bin/own: {source: ./own, mode: "755"}
`;

const FILES = { greeting: "hello from the image\n", own: "#!/bin/sh\necho a program of its own\n" };

function manifestIn(folder: string): ImageManifest {
  return JSON.parse(readFileSync(join(folder, MANIFEST), "utf8")) as ImageManifest;
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** One build of every format, used by all tests that only look at it. */
let whole: Promise<string> | undefined;

function wholeBuild(): Promise<string> {
  whole ??= (async () => {
    const folder = folderFor(lasting);
    const file = configurationFor(lasting, CONFIGURATION, FILES);
    await build(["--output", folder, file]);
    return folder;
  })();
  return whole;
}

/** Removes what several tests use when the last of them is over. */
const leftovers: (() => void)[] = [];
const lasting = { after: (work: () => void) => leftovers.push(work) } as unknown as TestContext;
test.after(() => {
  for (const work of leftovers) work();
});

/** Boots an image of the whole build as its manifest says. */
async function bootFormat(t: TestContext, name: string): Promise<Vm> {
  const [format = "", firmwareKind] = name.split(" by ");
  const folder = await wholeBuild();
  const manifest = manifestIn(folder);
  const image = manifest.images.find((one) => one.format === format);
  assert.ok(image?.boot !== undefined);
  const file = join(folder, image.file);
  const kernel = join(folder, manifest.kernel?.file ?? "");
  if (image.boot.medium === "initrd") return boot(t, { kernel, initrd: file, append: image.boot.append });
  const disk = { file, format: image.boot.medium === "qcow2" ? "qcow2" : "raw", interface: "nvme" } as const;
  if (image.boot.medium !== "firmware") {
    const initrd = image.boot.initrd === undefined ? {} : { initrd: join(folder, image.boot.initrd) };
    return boot(t, { kernel, ...initrd, disks: [disk], append: image.boot.append, snapshot: true });
  }
  if (firmwareKind === "bios") return boot(t, { disks: [{ ...disk, interface: "virtio" }], snapshot: true });
  const { firmware, remove } = prepareFirmware();
  t.after(remove);
  return boot(t, { disks: [disk], uefi: firmware, memory: 512, snapshot: true });
}

// An emulated machine takes one processor.
test("gonit is process 1, and a program of a package shows a file of the configuration's", {
  concurrency: availableParallelism(),
}, async (all) => {
  const formats = ["initramfs", "ext4", "erofs", "qcow2", "disk by uefi", "disk by bios"];
  const boots = async (format: string, t: TestContext): Promise<void> => {
    const vm = await bootFormat(t, format);
    await vm.sees(/Starting services +title="Test image" version=1\.4/);
    await vm.sees(/hello from the image/);
    await vm.sees(/a program of its own/);
    /* A program of a package with the libraries of its packages. */
    await vm.sees(/Dropbear v\d+/);
    await vm.sees(/the home of 123 45 750/);
    vm.kill();
    await vm.ended;
  };
  await Promise.all(formats.map((format) => all.test(format, (t) => boots(format, t as TestContext))));
});

test("the image holds the plan of its configuration; one that the machine could not use is no image", async (t) => {
  const folder = await wholeBuild();
  const plan = execFileSync("tar", ["-xOf", join(folder, "root.tar"), "system/config.plan"], { encoding: "utf8" });
  const hash = createHash("sha256").update(CONFIGURATION).digest("hex");
  assert.match(plan, /^gonit stored plan [0-9a-f]{16} [0-9a-f]{64}\n/);
  assert.ok(plan.includes(`{"path":"/system/config.yml","hash":"${hash}"}`), plan);
  // What is looked at is the image, not this machine.
  assert.match(plan, /"path":"\/system\/modules","seen":"file"/);
  assert.match(plan, /"argv":\["\/system\/services\/own\/bin\/own"\]/);
  const text = "services: []\nimage: {format: tar, files: {/system/config.d/1.yml: ./more.yml}}\n";
  const lacking = configurationFor(t, text, { "more.yml": "services: [{nam: x}]\n" });
  const { code, output } = await startBuild(["--output", join(folderFor(t), "out"), lacking]).ended;
  assert.equal(code, 1);
  assert.match(
    output,
    /cannot build the image: it could not use its configuration\n\/system\/config\.d\/1\.yml:1:12: /,
  );
});

test("initramfs: the device nodes are of the builder's own making, as cpio(1) lists them", async () => {
  const input = readFileSync(join(await wholeBuild(), "initramfs.cpio"));
  const list = execFileSync("cpio", ["-itvn", "--quiet"], { input, encoding: "utf8", maxBuffer: 1 << 26 });
  assert.match(list, /^crw------- +1 0 +0 +5, +1 .* dev\/console$/m);
  assert.match(list, /^crw-rw-rw- +1 0 +0 +1, +3 .* dev\/null$/m);
});

test("the manifest tells sizes and hashes, the SBOM every part with its version", async () => {
  const folder = await wholeBuild();
  const manifest = manifestIn(folder);
  assert.deepEqual([manifest.title, manifest.version], ["Test image", "1.4"]);
  assert.match(manifest.kernel?.package ?? "", /^linux-image-/);
  for (const { file, bytes, sha256: hash } of manifest.images) {
    assert.deepEqual([readFileSync(join(folder, file)).length, sha256(join(folder, file))], [bytes, hash], file);
  }
  const sbom = JSON.parse(readFileSync(join(folder, "sbom.spdx.json"), "utf8")) as {
    spdxVersion: string;
    packages: { SPDXID: string; name: string; versionInfo: string; checksums?: unknown[] }[];
    relationships: { relatedSpdxElement: string }[];
  };
  assert.equal(sbom.spdxVersion, "SPDX-2.3");
  const names = sbom.packages.map(({ name }) => name);
  assert.deepEqual(names.slice(0, 2), ["image Test image", "gonit"]);
  for (const name of ["busybox-static", "dropbear-bin", "libc6", "file /etc/greeting"])
    assert.ok(names.includes(name), names.join());
  assert.equal(new Set(sbom.packages.map(({ SPDXID }) => SPDXID)).size, sbom.packages.length);
  assert.equal(sbom.relationships.length, sbom.packages.length);
  assert.match(sbom.packages.find(({ name }) => name === "busybox-static")?.versionInfo ?? "", /^1:1\./);
});

test("a build from a copied tree, by another user, two minutes later, with another umask, time zone and language gives the same bytes", async (t) => {
  const first = await wholeBuild();
  const root = folderFor(t);
  copyProject(root);
  copyFileSync(process.env.GONIT_BINARY ?? "", join(root, "gonit"));
  writeFileSync(join(root, "config.yml"), CONFIGURATION);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(root, name), content, { mode: 0o600 });
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync("chown", ["-R", "65534:65534", root]);
  chmodSync(root, 0o755);
  const user = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const wrapper = [...user, "faketime", "+2 minutes", "sh", "-c", 'umask 077; exec "$@"', "sh"];
  const environment = {
    TZ: "Pacific/Kiritimati",
    LANG: "tr_TR.UTF-8",
    LC_ALL: "",
    HOME: root,
    // Clocks go two minutes ahead for all programs; times of files, and how long one waits, are as they are.
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
  const output = join(root, "out");
  await build(["--binary", join(root, "gonit"), "--output", output, "config.yml"], { root, environment, wrapper });
  assert.deepEqual(hashesOf(manifestIn(output)), hashesOf(manifestIn(first)));
  const names = readdirSync(first).sort();
  assert.deepEqual(readdirSync(output).sort(), names);
  for (const name of names) assert.equal(sha256(join(output, name)), sha256(join(first, name)), name);
});

test("an interrupted build leaves the old images in place; the next one removes what it left", async (t) => {
  const folder = folderFor(t);
  const file = configurationFor(t, CONFIGURATION, { ...FILES, greeting: "one\n" });
  await build(["--format", "tar,ext4", "--output", folder, file]);
  const before = readFileSync(join(folder, MANIFEST), "utf8");
  writeFileSync(join(file, "../greeting"), "two\n");
  const second = startBuild(["--format", "initramfs,tar,ext4", "--output", folder, file]);
  await new Promise<void>((resolve, reject) => {
    second.child.stdout?.on("data", (bytes: Buffer) => {
      if (/^write /m.test(bytes.toString())) resolve();
    });
    second.ended.then(({ output }) => reject(new Error(`it ended before it wrote anything:\n${output}`)), reject);
  });
  second.child.kill("SIGKILL");
  await second.ended;
  assert.equal(readFileSync(join(folder, MANIFEST), "utf8"), before);
  for (const [name, hash] of Object.entries(hashesOf(manifestIn(folder))))
    assert.equal(sha256(join(folder, name)), hash);
  assert.ok(!existsSync(join(folder, "initramfs.cpio")));
  assert.ok(readdirSync(folder).some((name) => name.startsWith(".new-")));
  await build(["--format", "tar", "--output", folder, file]);
  const isOurs = (name: string): boolean => name.startsWith(`.new-${second.child.pid}-`);
  assert.deepEqual(readdirSync(".cache/image-work").filter(isOurs), []);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(".")),
    [],
  );
});

test("a build that cannot work names all that is missing, and writes nothing", async (t) => {
  const folder = folderFor(t);
  const file = configurationFor(
    t,
    `services:
  - {name: web, command: nginx -g "daemon off;", user: www-data}
  - {name: own, command: /usr/bin/own}
image: {format: tar, files: {/usr/bin/own: /bin/sh}}
`,
  );
  const { code, output } = await startBuild(["--output", join(folder, "out"), file]).ended;
  assert.equal(code, 1);
  assert.match(output, /the service web runs nginx, which is not in the image/);
  assert.match(output, /the service web runs as the user www-data, who is not in image\.users/);
  assert.match(output, /\/usr\/bin\/own needs the library libc\.so\.6 \(service own\)/);
  assert.ok(!existsSync(join(folder, "out")));
});

test("mistakes in the configuration are told as gonit check tells them", async (t) => {
  const file = configurationFor(t, "image: {format: floppy}\n");
  const { code, output } = await startBuild(["--output", folderFor(t), file]).ended;
  assert.equal(code, 1);
  assert.match(output, /config\.yml:1:\d+: image\.format: cannot use "floppy" as a format/);
});
