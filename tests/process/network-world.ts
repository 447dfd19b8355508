/**
 * A small network for a test: network namespaces of its own that live as long as a process each, joined by veth pairs, a
 * dnsmasq in one and gonit in the other. Nothing of this machine's network is touched.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { afterwards, children, folderFor, type Started, start, until, watch } from "./gonit.ts";

const isRoot = process.getuid?.() === 0;

/** Why there can be no such network here; false where there can. */
export function noNetworks(): string | false {
  if (!isRoot) return "needs root";
  const made = spawnSync("unshare", ["-n", "-m", "ip", "link", "add", "left", "type", "veth", "peer", "name", "right"]);
  return made.status === 0 ? false : "needs network namespaces with veth";
}

export class Space {
  readonly pid: number;

  private constructor(pid: number) {
    this.pid = pid;
  }

  static async make(test: TestContext): Promise<Space> {
    const holder = spawn("unshare", ["-n", "cat"], { stdio: ["pipe", "ignore", "inherit"] });
    const over = new Promise((resolve) => holder.on("close", resolve));
    afterwards(test, () => {
      holder.stdin.end();
      return over;
    });
    const pid = holder.pid ?? 0;
    const own = readlinkSync("/proc/self/ns/net");
    await until(
      "the namespace is there",
      () => readlinkSync(`/proc/${pid}/ns/net`) !== own,
      () => "",
    );
    return new Space(pid);
  }

  /** Words before a command that is to run inside. */
  get enter(): string[] {
    return ["nsenter", `--net=/proc/${this.pid}/ns/net`];
  }

  run(...words: string[]): string {
    const [program, ...rest] = [...this.enter, ...words] as [string, ...string[]];
    return execFileSync(program, rest, { encoding: "utf8", timeout: 30_000 });
  }

  /** `ip` with the words of a text. */
  ip(text: string): string {
    return this.run("ip", ...text.split(" "));
  }

  addresses(device: string): string[] {
    const shown = JSON.parse(this.ip(`-j addr show dev ${device}`)) as {
      addr_info: { family: string; local: string; prefixlen: number }[];
    }[];
    const list = shown.flatMap(({ addr_info: list }) => list);
    return list.filter(({ local }) => !local.startsWith("fe80")).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  }

  /** Routes for everything, best first: gateway and device. */
  defaultRoutes(): string[] {
    const routes = JSON.parse(this.ip("-j -4 route show default")) as {
      gateway: string;
      dev: string;
      metric: number;
    }[];
    return routes.sort((a, b) => a.metric - b.metric).map(({ gateway, dev }) => `${gateway} ${dev}`);
  }
}

/** A cable between two spaces. */
export function connect(one: Space, nameOfOne: string, other: Space, nameOfOther: string): void {
  one.ip(`link add ${nameOfOne} type veth peer name ${nameOfOther} netns ${other.pid}`);
  one.ip(`link set ${nameOfOne} up`);
}

export interface Dnsmasq {
  output(): string;
  sees(pattern: RegExp): Promise<void>;
  end(): Promise<void>;
}

/** A DHCP server on a device that has 10.ADDRESS.0.1; with more of its options. */
export function dnsmasq(
  test: TestContext,
  space: Space,
  device: string,
  net: string,
  more: string[] = [],
  leaseFile = "",
): Dnsmasq {
  const file = leaseFile === "" ? join(folderFor(test), "leases") : leaseFile;
  const words = [
    ...space.enter,
    ...["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--bind-interfaces", "--user=root", "--no-ping"],
    ...[`--interface=${device}`, `--dhcp-leasefile=${file}`, "--log-dhcp", "--log-facility=-", "--dhcp-authoritative"],
    ...["--pid-file=", `--dhcp-range=${net}.10,${net}.20,255.255.255.0,2m`, ...more],
  ];
  const child = spawn(words[0] as string, words.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  const watched = watch(child);
  const end = async (): Promise<void> => {
    if (isRunning(child)) child.kill("SIGTERM");
    await watched.ended;
  };
  afterwards(test, end);
  return { output: watched.output, sees: watched.sees, end };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Joins two devices of a space by a cable that loses, delays and doubles frames (tests/children/bad-cable.c). */
export async function badCable(test: TestContext, space: Space, one: string, other: string): Promise<void> {
  const words = [...space.enter, join(children, "bad-cable"), one, other];
  const child = spawn(words[0] as string, words.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  const watched = watch(child);
  afterwards(test, () => {
    child.kill("SIGKILL");
    return watched.ended;
  });
  await watched.sees(/^ready$/m);
}

export interface NetworkedGonit extends Started {
  resolvConf(): string;
  networking(): { interfaces: Record<string, unknown>[]; resolver: { dns: string[]; search: string[] } };
}

/** gonit in a space, with an /etc of its own. `networking`: what stands below that key, as YAML on one line. */
export function networked(
  test: TestContext,
  space: Space,
  networking: string,
  options: { folder?: string; readOnly?: boolean; hostName?: string } = {},
): NetworkedGonit {
  const folder = options.folder ?? folderFor(test);
  const etc = join(folder, "etc");
  mkdirSync(etc, { recursive: true });
  for (const name of ["passwd", "group"]) writeFileSync(join(etc, name), readFileSync(`/etc/${name}`));
  const mount = `mount --bind "$0" /etc${options.readOnly === true ? " && mount -o remount,bind,ro /etc" : ""}`;
  const name = `echo "${options.hostName ?? "test"}" > /proc/sys/kernel/hostname`;
  const wrapper = [...space.enter, "unshare", "-m", "-u", "sh", "-c", `${mount} && ${name} && exec "$@"`, etc];
  const configuration = `networking: ${networking}
services:
  - name: networking
    timeout: {start: 30s}
    environment: {STATE_DIRECTORY: ${join(folder, "state")}}
  - name: stays
    command: ${join(children, "sleeps")}
`;
  const gonit = start(test, configuration, { wrapper });
  return {
    ...gonit,
    resolvConf: () => readFileSync(join(etc, "resolv.conf"), "utf8"),
    networking: () => JSON.parse(readFileSync(join(gonit.folder, "control-networking.json"), "utf8")),
  };
}

/** Resolves when the service networking is ready. */
export async function isReady(gonit: Started): Promise<void> {
  await gonit.until("networking is ready", () => gonit.service("networking").state === "ready");
}
