/* The users and groups of an image: passwd(5), group(5), shadow(5), home folders. */
import { Failure } from "../run.ts";
import type { ImageConfiguration } from "./configuration.ts";
import type { Tree } from "./tree.ts";

type User = ImageConfiguration["users"][number];

interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/** Groups that programs expect by these numbers, as in Debian's base-passwd. */
const GROUPS: [string, number][] = [
  ["root", 0],
  ["tty", 5],
  ["disk", 6],
  ["kmem", 15],
  ["dialout", 20],
  ["utmp", 43],
  ["video", 44],
  ["nogroup", 65534],
];

const NOBODY: Account = { name: "nobody", uid: 65534, gid: 65534, home: "/nonexistent", shell: "/usr/sbin/nologin" };
/** Users with fixed numbers that packages of Debian expect (base-passwd); each has a group of its name and number. */
const DEBIAN: [name: string, number: number][] = [
  ["daemon", 1],
  ["bin", 2],
  ["sys", 3],
  ["games", 60],
  ["man", 12],
  ["lp", 7],
  ["mail", 8],
  ["news", 9],
  ["uucp", 10],
  ["proxy", 13],
  ["www-data", 33],
  ["backup", 34],
  ["list", 38],
  ["irc", 39],
];

/** The users of an image beside root and nobody: Debian's, where it holds packages, and the configuration's own. */
export function imageUsers({ users, debian }: Pick<ImageConfiguration, "users" | "debian">): User[] {
  const own = new Set(users.map(({ name }) => name));
  const fixed = debian.length === 0 ? [] : DEBIAN.filter(([name]) => !own.has(name));
  const shell = "/usr/sbin/nologin";
  const account = ([name, uid]: [string, number]): User => ({ name, uid, gid: null, home: "", shell, groups: [] });
  return [...fixed.map(account), ...users];
}

/** Numbers for users without one of their own: below those of people. */
const FIRST_FREE = 100;

function giveNumbers(users: readonly User[]): Account[] {
  const taken = new Set([0, NOBODY.uid]);
  for (const { name, uid } of users) {
    if (uid === null) continue;
    if (taken.has(uid)) throw new Failure(`cannot make the user ${name}: its number ${uid} is another user's`);
    taken.add(uid);
  }
  let next = FIRST_FREE;
  return users.map(({ name, uid, gid, home, shell }) => {
    if (name === "root" || name === NOBODY.name) throw new Failure(`cannot make the user ${name}: every image has it`);
    let number = uid;
    if (number === null) {
      while (taken.has(next)) next++;
      number = next++;
    }
    return { name, uid: number, gid: gid ?? number, home: home === "" ? "/nonexistent" : home, shell };
  });
}

function groupLines(users: readonly User[], accounts: readonly Account[]): string {
  const groups = new Map(GROUPS.map(([name, gid]) => [name, { gid, members: [] as string[] }]));
  const taken = new Set(GROUPS.map(([, gid]) => gid));
  for (const { name, gid } of accounts) {
    if (!taken.has(gid)) groups.set(name, { gid, members: [] });
    taken.add(gid);
  }
  let next = FIRST_FREE;
  for (const { name, groups: further } of users) {
    for (const group of further) {
      while (taken.has(next)) next++;
      if (!groups.has(group)) {
        groups.set(group, { gid: next, members: [] });
        taken.add(next);
      }
      groups.get(group)?.members.push(name);
    }
  }
  return [...groups].map(([name, { gid, members }]) => `${name}:x:${gid}:${members.join(",")}\n`).join("");
}

/** Writes the three files and the home folders. Nobody can log in with a password until one is set. */
export function addUsers(tree: Tree, users: readonly User[], shell: string): void {
  const accounts = giveNumbers(users);
  const all = [{ name: "root", uid: 0, gid: 0, home: "/root", shell }, ...accounts, NOBODY];
  const lines = all.map((one) => `${one.name}:x:${one.uid}:${one.gid}:${one.name}:${one.home}:${one.shell}\n`);
  tree.file("etc/passwd", lines.join(""));
  tree.file("etc/group", groupLines(users, accounts));
  tree.file("etc/shadow", all.map(({ name }) => `${name}:*:::::::\n`).join(""), 0o640);
  for (const { uid, gid, home } of accounts) {
    if (home !== "/nonexistent") tree.add({ kind: "folder", path: home.replace(/^\/+/, ""), mode: 0o750, uid, gid });
  }
}
