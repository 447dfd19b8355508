/** Options of a mount as mount(8) takes them, split into the flags of mount(2) and what the file system reads. Pure. */

/** MS_* of linux/mount.h. */
export const MountFlag = {
  readOnly: 1,
  noSuid: 2,
  noDevices: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
} as const;

const set: Record<string, number> = {
  ro: MountFlag.readOnly,
  nosuid: MountFlag.noSuid,
  nodev: MountFlag.noDevices,
  noexec: MountFlag.noExec,
  sync: 16,
  remount: MountFlag.remount,
  dirsync: 128,
  noatime: 1024,
  nodiratime: 2048,
  bind: MountFlag.bind,
  rbind: MountFlag.bind | MountFlag.recursive,
  relatime: 1 << 21,
  strictatime: 1 << 24,
  lazytime: 1 << 25,
};

const cleared: Record<string, number> = {
  rw: MountFlag.readOnly,
  suid: MountFlag.noSuid,
  dev: MountFlag.noDevices,
  exec: MountFlag.noExec,
  async: 16,
  atime: 1024,
  diratime: 2048,
  norelatime: 1 << 21,
  nolazytime: 1 << 25,
};

/** Words of fstab(5) that are for other programs than the kernel. */
const notForTheKernel = /^(?:defaults|auto|noauto|nofail|_netdev|user|nouser|users|owner|group|x-.*|comment=.*)$/;

export function mountOptions(options: string[]): { flags: number; data: string } {
  let flags = 0;
  const data: string[] = [];
  for (const option of options.flatMap((text) => text.split(","))) {
    const [sets, clears] = [set[option], cleared[option]];
    if (sets !== undefined) flags |= sets;
    else if (clears !== undefined) flags &= ~clears;
    else if (option !== "" && !notForTheKernel.test(option)) data.push(option);
  }
  return { flags, data: data.join(",") };
}
