/*
 * The folders that every image has: gonit's own (/kernel /system /programs /cache /libs) and those that programs expect.
 * /bin, /sbin and /lib are links into /usr, as in Debian.
 */
import type { ImageConfiguration } from "./configuration.ts";
import type { Tree } from "./tree.ts";

const LINKS: [string, string][] = [
  ["bin", "usr/bin"],
  ["sbin", "usr/sbin"],
  ["lib", "usr/lib"],
  ["lib32", "usr/lib32"],
  ["lib64", "usr/lib64"],
  ["libs/32", "../usr/lib32"],
  ["libs/64", "../usr/lib64"],
  ["libs/multiarch", "../usr/lib/x86_64-linux-gnu"],
  ["var/run", "../run"],
  ["var/lock", "../run/lock"],
  ["etc/mtab", "../proc/self/mounts"],
  /* The kernel starts /init of an initramfs, /sbin/init of a disk. */
  ["init", "system/gonit"],
  ["usr/sbin/init", "../../system/gonit"],
  ["usr/bin/gonit", "../../system/gonit"],
];

/** Names under which gonit is a client that ends the system. */
const CLIENTS = ["halt", "poweroff", "reboot", "shutdown"];

const FOLDERS: [path: string, mode: number][] = [
  ["kernel", 0o755],
  ["system/services", 0o755],
  ["programs", 0o755],
  ["cache/services", 0o755],
  ["cache/programs", 0o755],
  ["usr/bin", 0o755],
  ["usr/sbin", 0o755],
  ["usr/lib", 0o755],
  ["usr/lib32", 0o755],
  ["usr/lib64", 0o755],
  ["usr/lib/x86_64-linux-gnu", 0o755],
  ["etc", 0o755],
  ["home", 0o755],
  ["root", 0o700],
  ["mnt", 0o755],
  ["opt", 0o755],
  ["srv", 0o755],
  ["var/cache", 0o755],
  ["var/lib", 0o755],
  ["var/log", 0o755],
  ["var/tmp", 0o1777],
  ["dev", 0o755],
  ["proc", 0o555],
  ["sys", 0o555],
  ["run", 0o755],
  ["tmp", 0o1777],
];

function osRelease({ title, version }: ImageConfiguration): string {
  const quoted = (text: string): string => `"${text.replace(/["\\$`]/g, "\\$&").replaceAll("\n", " ")}"`;
  const name = title === "" ? "gonit" : title;
  return `NAME=${quoted(name)}\nID=gonit\nVERSION_ID=${quoted(version)}\nPRETTY_NAME=${quoted(`${name} ${version}`.trim())}\n`;
}

/** Puts the folders, links and small files of every image into a tree. */
export function addLayout(tree: Tree, configuration: ImageConfiguration): void {
  for (const [path, target] of LINKS) tree.link(path, target);
  for (const [path, mode] of FOLDERS) tree.folder(path, mode);
  for (const name of CLIENTS) tree.link(`usr/sbin/${name}`, "../../system/gonit");
  for (const { name } of configuration.services) {
    for (const part of ["bin", "logs"]) tree.folder(`system/services/${name}/${part}`);
  }
  const host = configuration.hostname === "" ? "gonit" : configuration.hostname;
  tree.file("etc/hostname", `${host}\n`);
  tree.file("etc/hosts", `127.0.0.1 localhost ${host}\n::1 localhost ${host}\n`);
  tree.file("etc/os-release", osRelease(configuration));
}
