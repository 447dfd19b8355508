import assert from "node:assert/strict";
import { test } from "node:test";
import { load, problemsOf } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import { configText } from "./config-output.ts";
import type { ImagePlan } from "./image-plan.ts";

function imageOf(text: string, path = "/app/config.yml"): ImagePlan | null {
  const result = load({ [path]: text }, { role: Role.vm, path });
  if ("problems" in result) throw new Error(result.problems.join("\n"));
  return result.image;
}

const WHOLE = `image:
  format: [ext4, initramfs, ext4]
  size: 64M
  kernel: {file: k/bzImage, modules: k/modules}
  modules: [virtio_net, {name: softdog, options: soft_margin=60}]
  cmdline: quiet
  debian: [busybox-static, dropbear=2022.83-1]
  users: {web: {uid: 1000, gid: 33, home: /home/web, shell: /bin/sh, groups: [tty]}, log: {}}
  files: {/etc/motd: motd, /usr/bin/app: {source: ../app, mode: "4755"}}
`;

test("image: every key, with paths made absolute and a format that stands twice taken once", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(imageOf(WHOLE))), {
    formats: ["ext4", "initramfs"],
    sizeBytes: 64 * 1024 * 1024,
    kernel: { file: "/app/k/bzImage", modules: "/app/k/modules" },
    modules: [
      { name: "virtio_net", options: "" },
      { name: "softdog", options: "soft_margin=60" },
    ],
    cmdline: "quiet",
    debian: ["busybox-static", "dropbear=2022.83-1"],
    users: [
      { name: "web", uid: 1000, gid: 33, home: "/home/web", shell: "/bin/sh", groups: ["tty"] },
      { name: "log", uid: null, gid: null, home: "", shell: "/usr/sbin/nologin", groups: [] },
    ],
    files: [
      { target: "/etc/motd", source: "/app/motd", mode: null },
      { target: "/usr/bin/app", source: "/app", mode: 0o4755 },
    ],
  });
});

test("image: what configText() writes loads to the same image; defaults are written out", () => {
  for (const text of [WHOLE, "image: {}\n", "image: {kernel: vmlinuz, format: oci}\n"]) {
    const result = load({ "/app/config.yml": text }, { role: Role.vm, path: "/app/config.yml" });
    assert.ok("plan" in result);
    const written = configText(result.plan, result.image);
    assert.deepEqual(imageOf(written, "/elsewhere/config.yml"), result.image, written);
  }
  assert.equal(imageOf("title: none\n"), null);
});

test("image: a service's own program that the image brings is its command, on a machine only", () => {
  const text = "services: [{name: web}]\nimage: {files: {/system/services/web/bin/web: ./web}}\n";
  const result = load({ "/app/config.yml": text }, { role: Role.vm, path: "/app/config.yml" });
  assert.ok("plan" in result);
  assert.deepEqual(result.plan.services[0]?.command, { argv: ["/system/services/web/bin/web"], builtin: null });
  const folder = text.replace("/bin/web:", ":");
  assert.ok("plan" in load({ "/app/config.yml": folder }, { role: Role.vm, path: "/app/config.yml" }));
  assert.match(problemsOf(text, { role: Role.container, path: "/app/config.yml" }), /it has no command/);
});

test("image: mistakes are named with what to write", () => {
  const refused: [string, RegExp][] = [
    ["format: ext3", /cannot use "ext3" as a format: it is none of initramfs, ext4/],
    ["modules: [virtio_net.ko]", /leave \.ko and the path away/],
    ["files: {etc/motd: motd}", /cannot use the name "etc\/motd": it is no absolute path/],
    ["files: {/etc/../motd: motd}", /it is no absolute path/],
    ["users: {Web: {}}", /cannot use the name "Web"/],
    ["debian: [Busybox]", /it is no name of a package/],
    ["size: 1K", /less than 1048576 bytes/],
    ["formats: oci", /did you mean format/],
    ["packages: [a]", /not supported yet/],
  ];
  for (const [keys, message] of refused) assert.match(problemsOf(`image: {${keys}}\n`), message);
});
