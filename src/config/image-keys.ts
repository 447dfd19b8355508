/** The key `image`: what the image builder (npm run image) makes of a configuration. gonit itself only checks it. */

import { parseMode } from "./mode.ts";
import { resolvePath } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, listOf, type NodeSchema, type OutputOf, scalar } from "./schema-kit.ts";
import { keyed, layered, mapOf, notSupported } from "./schema-maps.ts";
import { choice, filledText, matchingText, oneOrMore, path, size, text, wholeNumber } from "./values.ts";

const formats = ["initramfs", "ext4", "erofs", "disk", "qcow2", "oci", "tar"] as const;
export type ImageFormat = (typeof formats)[number];

export interface ModuleValue {
  name: string;
  options: string;
}

const moduleName = matchingText(
  "the name of a kernel module",
  /^[A-Za-z0-9_-]{1,64}$/,
  "only letters, digits, _ and - are allowed",
  "leave .ko and the path away",
);

const oneLine = matchingText("options of a module", /^[^\n\0]*$/, "it has more than one line");

const module: NodeSchema<ModuleValue> = byKind("a kernel module", {
  scalar: changed(moduleName, (name) => ({ name, options: "" })),
  map: changed(
    keyed(
      "a kernel module",
      {
        name: described(moduleName, "Its name."),
        options: described(oneLine, "What it is loaded with, such as soft_margin=60."),
      },
      { required: ["name"] },
    ),
    ({ name = "", options = "" }) => ({ name, options }),
  ),
});

/** debian, or a kernel of one's own with the folder of its modules. */
const kernel: NodeSchema<{ file: string; modules: string } | "debian"> = byKind("a kernel", {
  scalar: changed(filledText("a kernel"), (value, node) =>
    value === "debian"
      ? ("debian" as const)
      : { file: resolvePath(node.document.path.replace(/[^/]*$/, ""), value), modules: "" },
  ),
  map: changed(
    keyed(
      "a kernel",
      {
        file: described(path("a path"), "The bzImage."),
        modules: described(path("a path"), "Its modules: the folder lib/modules/RELEASE."),
      },
      { required: ["file"] },
    ),
    ({ file = "", modules = "" }) => ({ file, modules }),
  ),
});

const userName = /^[a-z_][a-z0-9_-]{0,31}$/;

const user = keyed("a user", {
  uid: described(wholeNumber("a user number", 0, 0xfffffffe), "Default: the next free one from 100 on."),
  gid: described(wholeNumber("a group number", 0, 0xfffffffe), "Of the group with the user's name. Default: the uid."),
  home: described(matchingText("a folder", /^\/[^:\n]*$/, "it is no absolute path"), "Made, and owned by the user."),
  shell: described(matchingText("a program", /^\/[^:\n]*$/, "it is no absolute path"), "Default /usr/sbin/nologin."),
  groups: described(listOf(filledText("the name of a group"), "groups"), "Further groups; missing ones are made."),
});

const users = mapOf("users", user, {
  name: (name) => (userName.test(name) ? null : new Refusal("it is no name that useradd(8) would take")),
  listFix: "write NAME: {uid: 1000, home: /home/NAME}",
  deletable: false,
});

const mode = scalar("permission bits", { type: ["string", "integer"], pattern: "^(0o)?[0-7]{1,4}$" }, parseMode);

export interface FileValue {
  source: string;
  mode: number | null;
}

const file: NodeSchema<FileValue> = byKind("a file or folder", {
  scalar: changed(path("a path"), (source) => ({ source, mode: null })),
  map: changed(
    keyed(
      "a file or folder",
      {
        source: described(path("a path"), "The file or folder on this machine."),
        mode: described(mode, "Its permission bits. Default: 755 for what may be executed, else 644."),
      },
      { required: ["source"] },
    ),
    ({ source = "", mode }) => ({ source, mode: mode ?? null }),
  ),
});

const files = mapOf("files", file, {
  name: (target) =>
    /^\/[^\0]*[^/\0]$/.test(target) && !/(^|\/)\.{1,2}(\/|$)/.test(target)
      ? null
      : new Refusal("it is no absolute path of a file in the image"),
  listFix: "write /TARGET: SOURCE, each on a line of its own",
  deletable: false,
});

const debianName = matchingText(
  "the name of a Debian package",
  /^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?$/,
  "it is no name of a package",
  "write NAME or NAME=VERSION",
);

export const image = layered(
  "an image",
  {
    format: described(oneOrMore(choice("a format", formats), "formats"), "What is written. Default: initramfs."),
    size: described(
      size("a size", 1024 * 1024),
      "Of disk images. Default: what they hold and a quarter, 16M at least.",
    ),
    kernel: described(
      kernel,
      "debian, or the path of a kernel. Default: debian, Debian's kernel for virtual machines.",
    ),
    modules: described(
      listOf(module, "kernel modules"),
      "Brought and loaded at boot. Default: those of a QEMU machine.",
    ),
    cmdline: described(text("a kernel command line"), "Default: quiet panic=10."),
    debian: described(listOf(debianName, "Debian packages"), "Debian packages, with what they depend on."),
    packages: notSupported(),
    users: described(users, "Users beside root and nobody."),
    files: described(files, "Files and folders of this machine, by their place in the image."),
  },
  { fixes: { scalar: "write image: {format: initramfs}", list: "write image: {format: [initramfs, ext4]}" } },
);

export type ImageValues = OutputOf<typeof image>;
