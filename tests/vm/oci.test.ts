/* The OCI image and the tar archive: other programs read them, a container runtime runs the image. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { build, configurationFor } from "./builder.ts";
import { folderFor } from "./vm.ts";

const isRoot = process.getuid?.() === 0;

const CONFIGURATION = `version: "1.4 beta"
title: Test image
services:
  - {name: shown, command: cat /etc/greeting, type: task}
image:
  format: [oci, tar]
  debian: [busybox-static]
  users: {web: {uid: 1000, home: /home/web}}
  files: {/etc/greeting: ./greeting}
`;

function call(command: string, ...words: string[]): string {
  return execFileSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Builds, and unpacks the layout; its folder. */
async function layoutFor(t: TestContext): Promise<string> {
  const folder = folderFor(t);
  await build(["--output", folder, configurationFor(t, CONFIGURATION, { greeting: "hello from a container\n" })]);
  const layout = join(folder, "layout");
  mkdirSync(layout);
  call("tar", "-xf", join(folder, "oci.tar"), "-C", layout);
  return layout;
}

test("skopeo and umoci read the image: title, version, entry point, one layer; tar reads the archive", async (t) => {
  const layout = await layoutFor(t);
  const inspected = JSON.parse(call("skopeo", "inspect", `oci:${layout}:1.4-beta`)) as {
    Labels: Record<string, string>;
    Layers: string[];
    Architecture: string;
  };
  assert.equal(inspected.Labels["org.opencontainers.image.title"], "Test image");
  assert.equal(inspected.Labels["org.opencontainers.image.version"], "1.4 beta");
  assert.deepEqual([inspected.Architecture, inspected.Layers.length], ["amd64", 1]);
  assert.match(call("umoci", "stat", "--image", `${layout}:1.4-beta`), /gonit image builder/);
  const copy = join(layout, "../copy.tar");
  call("skopeo", "--insecure-policy", "copy", `oci:${layout}:1.4-beta`, `docker-archive:${copy}:gonit:test`);
  const listed = call("tar", "-tvf", join(layout, "../root.tar"), "--numeric-owner");
  assert.match(listed, /^drwxr-x--- 1000\/1000 +0 2000-01-01 .* home\/web\/$/m);
  assert.match(listed, /^lrwxrwxrwx 0\/0 +0 2000-01-01 .* init -> system\/gonit$/m);
});

test("runc runs the image: gonit is process 1, the task's output and the end come out", {
  skip: !isRoot && "needs root",
}, async (t) => {
  const layout = await layoutFor(t);
  const bundle = join(layout, "../bundle");
  call("umoci", "unpack", "--image", `${layout}:1.4-beta`, bundle);
  const file = join(bundle, "config.json");
  const configuration = JSON.parse(readFileSync(file, "utf8")) as {
    process: { terminal: boolean; args: string[]; rlimits?: unknown[] };
  };
  assert.deepEqual(configuration.process.args, ["/system/gonit", "init"]);
  configuration.process.terminal = false;
  configuration.process.rlimits = [];
  writeFileSync(file, JSON.stringify(configuration));
  const name = `gonit-test-${process.pid}`;
  t.after(() => spawnSync("runc", ["delete", "--force", name]));
  const run = spawnSync("runc", ["run", name], { cwd: bundle, encoding: "utf8", timeout: 60_000 });
  const output = run.stdout + run.stderr;
  assert.equal(run.status, 0, output);
  assert.match(output, /hello from a container/);
  assert.match(output, /pid=1 role=container/);
});
