/*
 * An ext4 file system without root, mounts or loop devices. mke2fs makes an empty one; debugfs fills it in the order of the
 * entries, so that inode numbers and blocks depend on nothing of this machine (`mke2fs -d` takes files in the order in which
 * the builder's own file system lists them). Owners, modes and times are set by debugfs too, since the builder's files
 * cannot have them. E2FSPROGS_FAKE_TIME is the clock of both; mke2fs ignores SOURCE_DATE_EPOCH.
 */
import { truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure, mustRun, run } from "../run.ts";
import { type Entry, modeOf } from "./tree.ts";
import { sizeFor, uuidFor, type WriteInput, type Writer } from "./writer.ts";

/** The builder's /etc/mke2fs.conf has no say. */
const CONFIGURATION = `[defaults]
  base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
  default_mntopts = acl,user_xattr
  enable_periodic_fsck = 0
  blocksize = 4096
  inode_size = 256
  inode_ratio = 8192
[fs_types]
  ext4 = {
    features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
  }
`;

const TIMES = ["atime", "ctime", "mtime", "crtime"];

function quoted(path: string): string {
  if (/["\n\\]/.test(path))
    throw new Failure(`cannot write /${path} to ext4: its name holds a quote, a backslash or a line's end`);
  return `"/${path}"`;
}

function makeCommands(entry: Entry, source: string): string[] {
  const place = quoted(entry.path);
  if (entry.kind === "folder") return [`mkdir ${place}`];
  if (entry.kind === "link") return [`symlink ${place} "${entry.target}"`];
  if (entry.kind === "file") return [`write "${source}" ${place}`];
  const name = place.slice(place.lastIndexOf("/") + 1, -1);
  const folder = `${place.slice(0, place.lastIndexOf("/"))}/"`;
  return [`cd ${folder}`, `mknod ${name} c ${entry.major} ${entry.minor}`, "cd /"];
}

function statusCommands(
  place: string,
  mode: number | undefined,
  owner: { uid: number; gid: number },
  seconds: number,
): string[] {
  const set = (field: string, value: string): string => `set_inode_field ${place} ${field} ${value}`;
  return [
    ...(mode === undefined ? [] : [set("mode", `0${mode.toString(8)}`)]),
    set("uid", `${owner.uid}`),
    set("gid", `${owner.gid}`),
    ...TIMES.flatMap((time) => [set(time, `@${seconds}`), set(`${time}_extra`, "0")]),
  ];
}

/** The commands with which debugfs makes all entries; `sourceOf` names the file with an entry's content. */
export function debugfsCommands(
  entries: readonly Entry[],
  seconds: number,
  sourceOf: (entry: Entry) => string,
): string[] {
  const root = { uid: 0, gid: 0 };
  return [
    ...entries.flatMap((entry) => makeCommands(entry, sourceOf(entry))),
    ...entries.flatMap((entry) => statusCommands(quoted(entry.path), modeOf(entry), entry, seconds)),
    ...statusCommands('"/"', 0o40755, root, seconds),
    ...statusCommands('"/lost+found"', undefined, root, seconds),
  ];
}

/** debugfs ends with 0 whatever happened; what it says beside echoes and numbers of inodes is a complaint. */
function complaints(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^(debugfs: |debugfs [\d.]+ \(|Allocated inode: \d+$)/.test(line));
}

async function fill(input: WriteInput, path: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { entries, folder, seconds } = input;
  const numbers = new Map(entries.map((entry, index) => [entry, index]));
  for (const [entry, index] of numbers) {
    if (entry.kind === "file") writeFileSync(join(folder, `${index}`), entry.content());
  }
  const commands = debugfsCommands(entries, seconds, (entry) => join(folder, `${numbers.get(entry)}`));
  const script = join(folder, "debugfs");
  writeFileSync(script, `${commands.join("\n")}\n`);
  const result = await run("debugfs", ["-w", "-f", script, path], { env });
  const said = complaints(result.output);
  if (result.code === 0 && said.length === 0) return;
  const name = basename(path);
  // debugfs goes on after each thing that had no room, and complains of all that were to be in it.
  if (/Could not allocate (block|inode)/.test(result.output))
    throw new Failure(`cannot write ${name}: what it is to hold does not fit in; it is too small: see image.size`);
  throw new Failure(`cannot fill ${name}\n${said.slice(0, 10).join("\n")}`);
}

/** Writes a checked ext4 file system. */
export async function makeExt4(input: WriteInput, path: string): Promise<void> {
  const { identity, seconds, folder } = input;
  const configuration = join(folder, "mke2fs.conf");
  writeFileSync(configuration, CONFIGURATION);
  writeFileSync(path, "");
  truncateSync(path, sizeFor(input));
  const env = { ...process.env, LC_ALL: "C", E2FSPROGS_FAKE_TIME: `${seconds}`, MKE2FS_CONFIG: configuration };
  const seed = uuidFor(identity, "hash seed");
  const extended = `hash_seed=${seed},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,nodiscard`;
  const words = ["-q", "-F", "-t", "ext4", "-L", "gonit", "-U", uuidFor(identity, "ext4"), "-E", extended, "-m", "1"];
  await mustRun(`make the file system ${path}`, "mke2fs", [...words, "-J", "size=4", path], { env });
  await fill(input, path, env);
  await mustRun(`check the file system ${path}`, "e2fsck", ["-fn", path], { env });
}

export const writeExt4: Writer = async (input, path) => {
  await makeExt4(input, path);
  return { medium: "raw", append: `root=/dev/nvme0n1 rw init=/system/gonit ${input.cmdline}`.trim() };
};

/** The same disk as QEMU's own format, which holds only what is used. */
export const writeQcow2: Writer = async (input, path) => {
  const raw = join(input.folder, "root.ext4");
  await makeExt4(input, raw);
  await mustRun(`write ${path}`, "qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, path]);
  await mustRun(`check ${path}`, "qemu-img", ["check", "-q", path]);
  return { medium: "qcow2", append: `root=/dev/nvme0n1 rw init=/system/gonit ${input.cmdline}`.trim() };
};
