/* What the image builder and the runner of machines say to what cannot be: a sentence, no stack, nothing left behind. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { configurationFor, startBuild } from "./builder.ts";
import { folderFor, kernel, testInitramfs } from "./vm.ts";

async function refused(t: TestContext, image: string, output?: string): Promise<string> {
  const file = configurationFor(t, `services: [{name: terminals}]\nimage: ${image}\n`, { "no-kernel": "hello\n" });
  const built = await startBuild(["--output", output ?? join(folderFor(t), "out"), file]).ended;
  assert.equal(built.code, 1, built.output);
  assert.doesNotMatch(built.output, /^ +at |node:/m);
  return built.output;
}

test("image: a kernel that is missing, a folder, or none; modules that are not there", async (t) => {
  assert.match(
    await refused(t, "{format: initramfs, kernel: {file: /nonexistent/vmlinuz}}"),
    /cannot read the kernel \/nonexistent\/vmlinuz: no such file or directory\n/,
  );
  assert.match(
    await refused(t, "{format: initramfs, kernel: {file: /etc}}"),
    /cannot read the kernel \/etc: .*directory/,
  );
  assert.match(await refused(t, "{format: initramfs, kernel: {file: ./no-kernel}}"), /no-kernel: it is no bzImage/);
  assert.match(
    await refused(t, `{format: initramfs, kernel: {file: ${kernel()}, modules: /nonexistent/lib}}`),
    /cannot find the kernel's modules: there is no folder \/nonexistent\/lib/,
  );
});

test("image: a file that is missing, a package that Debian has not, a file where the folder for images should be", async (t) => {
  assert.match(
    await refused(t, "{format: tar, files: {/etc/x: ./none}}"),
    /cannot put .*\/none at \/etc\/x of the image: no such file or directory\n/,
  );
  assert.match(
    await refused(t, "{format: tar, debian: [no-such-package-as-this]}"),
    /cannot bring the Debian packages no-such-package-as-this/,
  );
  const file = join(folderFor(t), "file");
  writeFileSync(file, "");
  assert.match(await refused(t, "{format: tar}", file), /cannot make the folder .*\/file: file already exists/);
  assert.match(await refused(t, "{format: tar}", "/proc/images"), /cannot make the folder \/proc\/images: /);
});

test("image: no space left is told, and nothing of the build stays", { skip: process.getuid?.() !== 0 }, async (t) => {
  const small = join(folderFor(t), "small");
  mkdirSync(small);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", small]);
  try {
    assert.match(
      await refused(t, "{format: tar}", small),
      /cannot write the images into .*small: no space left on device/,
    );
    assert.deepEqual(readdirSync(small), []);
  } finally {
    execFileSync("umount", [small]);
  }
});

test("image: an unknown format or option is told with what there is", () => {
  for (const [words, message] of [
    [["--format", "floppy"], /cannot use --format floppy: it is none of initramfs, ext4/],
    [["--binary", "/bin/ls"], /cannot use --binary \/bin\/ls: it is no gonit that runs here/],
    [["--binary", "README.md"], /cannot use --binary README\.md: it is no gonit that runs here/],
    [["--formt", "tar"], /--formt is not understood[\s\S]*--format LIST/],
    [["/nonexistent/config.yml"], /cannot read \/nonexistent\/config\.yml: there is no such file/],
  ] as const) {
    const binary = ["--binary", process.env.GONIT_BINARY ?? ""];
    const { status, stderr, stdout } = script("image", ...binary, ...words);
    assert.equal(status, 1);
    assert.match(stderr + stdout, message);
  }
});

function script(...words: string[]) {
  return spawnSync(process.execPath, ["scripts/setup.mjs", ...words], { encoding: "utf8", input: "" });
}

test("vm: a port that is taken, too little memory, an image that is missing", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const taken = script("vm", "--kernel", kernel(), "--forward", `${port}:80`, testInitramfs(t));
  assert.equal(taken.status, 125);
  assert.match(
    taken.stderr,
    /cannot start the machine: .*forwarding rule[\s\S]*Another program may listen on that port/,
  );
  const little = script("vm", "--kernel", kernel(), "--memory", "64", testInitramfs(t));
  assert.match(little.stderr, /--memory 64: no kernel boots in less than 96 MiB/);
  assert.match(
    script("vm", "/nonexistent/image.cpio").stderr,
    /cannot boot \/nonexistent\/image\.cpio: there is no such file/,
  );
  assert.match(script("vm", "floppy").stderr, /cannot boot floppy: there is no such file, and it is none of initramfs/);
  assert.ok(!existsSync("/nonexistent"));
});
