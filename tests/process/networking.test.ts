// limit: 180 s
/* The service networking against a real DHCP server, in network namespaces that each test makes. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { children, folderFor } from "./gonit.ts";
import { badCable, connect, dnsmasq, isReady, networked, noNetworks, Space } from "./network-world.ts";

const skip = noNetworks();

/** A router that has 10.9.0.1, and a space behind it, joined by s0 and eth0. */
async function pair(t: Parameters<typeof Space.make>[0]): Promise<{ router: Space; inside: Space }> {
  const router = await Space.make(t);
  const inside = await Space.make(t);
  connect(router, "s0", inside, "eth0");
  router.ip("addr add 10.9.0.1/24 dev s0");
  return { router, inside };
}

test("an interface gets its address, route, name servers and domain from dnsmasq, and says so", { skip }, async (t) => {
  const { router, inside } = await pair(t);
  const server = dnsmasq(t, router, "s0", "10.9.0", [
    "--dhcp-option=6,10.9.0.3,10.9.0.4",
    "--dhcp-option=15,example.org",
  ]);
  await server.sees(/DHCP, IP range/);
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp}}");
  await isReady(gonit);
  const [address = ""] = inside.addresses("eth0");
  assert.match(address, /^10\.9\.0\.\d+\/24$/);
  assert.deepEqual(inside.defaultRoutes(), ["10.9.0.1 eth0"]);
  assert.match(gonit.resolvConf(), /^search example\.org\nnameserver 10\.9\.0\.3\nnameserver 10\.9\.0\.4\n$/m);
  await gonit.sees(new RegExp(`Interface eth0 hardware=\\S+ mtu=1500 state=up addresses=${address}`));
  assert.match(inside.addresses("lo").join(), /127\.0\.0\.1/);
  // The kernel itself takes the address away when nobody renews it.
  assert.match(inside.ip("addr show dev eth0"), /valid_lft 1[12]\dsec/);
});

test("fixed addresses of both kinds, the gateway and the MTU are set; what is optional is not waited for", {
  skip,
}, async (t) => {
  const { inside } = await pair(t);
  const gonit = networked(
    t,
    inside,
    '{interfaces: {eth0: {addresses: [10.9.0.5/24, "2001:db8::5/64"], gateway: [10.9.0.1, "2001:db8::1"], mtu: 1400, dns: 10.9.0.3}, eth7: {dhcp: true, optional: true}}, search: [a.example]}',
  );
  await isReady(gonit);
  assert.deepEqual(inside.addresses("eth0"), ["10.9.0.5/24", "2001:db8::5/64"]);
  assert.deepEqual(inside.defaultRoutes(), ["10.9.0.1 eth0"]);
  assert.match(inside.ip("-6 route show default"), /via 2001:db8::1 dev eth0/);
  assert.match(inside.ip("link show dev eth0"), /mtu 1400/);
  assert.match(gonit.resolvConf(), /^search a\.example\nnameserver 10\.9\.0\.3\n$/m);
});

test("an interface that comes later is set up then; only then is the service ready", { skip }, async (t) => {
  const { router, inside } = await pair(t);
  const gonit = networked(t, inside, "{interfaces: {eth1: {addresses: 10.8.0.5/24, gateway: 10.7.0.1}}}");
  await gonit.sees(/Interface eth0/);
  assert.equal(gonit.service("networking").state, "starting");
  // However long the wait is, the start does not run out of time: its 30 seconds have become 90.
  const told = () => gonit.client("status", "networking").stdout;
  await gonit.until("what it waits for is shown", () => /says +waits for eth1/.test(told()));
  assert.match(told(), /ready: notify, at most (1m\d+s|[89]\ds) more/);
  connect(router, "s1", inside, "eth1");
  await isReady(gonit);
  assert.deepEqual(inside.addresses("eth1"), ["10.8.0.5/24"]);
  // The gateway is in none of its networks, as with some providers.
  assert.deepEqual(inside.defaultRoutes(), ["10.7.0.1 eth1"]);
  // It goes, and another one of this name comes.
  inside.ip("link delete eth1");
  connect(router, "s2", inside, "eth1");
  await gonit.until("the new one has the address", () => inside.addresses("eth1").length > 0);
});

test("routes are back after somebody has set the interface down and up", { skip }, async (t) => {
  const { inside } = await pair(t);
  const gonit = networked(t, inside, "{interfaces: {eth0: {addresses: 10.9.0.5/24, gateway: 10.9.0.1}}}");
  await isReady(gonit);
  inside.ip("link set eth0 down");
  assert.deepEqual(inside.defaultRoutes(), []);
  inside.ip("link set eth0 up");
  await gonit.until("the route is back", () => inside.defaultRoutes().length > 0);
});

test("a second lease without name servers erases nothing; no reader sees half a file (C66)", { skip }, async (t) => {
  const { router, inside } = await pair(t);
  connect(router, "s1", inside, "eth1");
  router.ip("addr add 10.8.0.1/24 dev s1");
  const folder = folderFor(t);
  const fast = ["--dhcp-option=option:T1,5", "--dhcp-option=option:T2,60"];
  const first = dnsmasq(t, router, "s0", "10.9.0", ["--dhcp-option=6,10.0.2.3"]);
  const second = dnsmasq(t, router, "s1", "10.8.0", ["--dhcp-option=6", "--dhcp-option=3,10.8.0.1", ...fast]);
  await Promise.all([first.sees(/DHCP, IP range/), second.sees(/DHCP, IP range/)]);
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp, eth1: dhcp}}", { folder });
  await isReady(gonit);
  let reads = 0;
  const reader = setInterval(() => {
    const text = readFileSync(join(folder, "etc/resolv.conf"), "utf8");
    reads++;
    assert.match(text, /^# Written.*\nnameserver 10\.0\.2\.3\n$/);
  }, 2);
  t.after(() => clearInterval(reader));
  assert.deepEqual(inside.defaultRoutes(), ["10.9.0.1 eth0", "10.8.0.1 eth1"]);
  const requests = (): number => second.output().match(/DHCPACK\(s1\)/g)?.length ?? 0;
  await gonit.until("the second lease was renewed", () => requests() >= 2);
  router.ip("link set s1 down");
  await gonit.until("the carrier is lost", () => /no-carrier/.test(JSON.stringify(gonit.networking())));
  assert.equal(inside.addresses("eth1").length, 1);
  router.ip("link set s1 up");
  await gonit.until("the lease was asked for again", () => requests() >= 3);
  await gonit.until("it is bound", () => gonit.networking().interfaces.every(({ dhcp }) => dhcp === "bound"));
  await gonit.until("the routes are back", () => inside.defaultRoutes().length === 2);
  assert.deepEqual(inside.defaultRoutes(), ["10.9.0.1 eth0", "10.8.0.1 eth1"]);
  assert.ok(reads > 10);
  clearInterval(reader);
});

test("a lease is kept over a restart of the service: it is asked for again, and no connection notices", {
  skip,
}, async (t) => {
  const { router, inside } = await pair(t);
  const server = dnsmasq(t, router, "s0", "10.9.0");
  await server.sees(/DHCP, IP range/);
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp}}");
  await isReady(gonit);
  const before = inside.addresses("eth0");
  const news = server.output().length;
  assert.equal(gonit.client("restart", "networking").code, 0);
  await isReady(gonit);
  const after = (): string => server.output().slice(news);
  await gonit.until("the server was asked", () => after().includes("DHCPACK"));
  assert.deepEqual(inside.addresses("eth0"), before);
  assert.doesNotMatch(after(), /DHCPDISCOVER/);
});

test("a server that starts late is found; one that refuses the old lease is obeyed at once", { skip }, async (t) => {
  const { router, inside } = await pair(t);
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp}}");
  await gonit.sees(/Interface eth0/);
  const first = dnsmasq(t, router, "s0", "10.9.0");
  await isReady(gonit);
  const [before = ""] = inside.addresses("eth0");
  assert.match(before, /^10\.9\.0\./);
  router.ip("link set s0 down");
  await gonit.until("the carrier is lost", () => /no-carrier/.test(JSON.stringify(gonit.networking())));
  await first.end();
  router.ip("addr flush dev s0");
  router.ip("addr add 10.7.0.1/24 dev s0");
  const second = dnsmasq(t, router, "s0", "10.7.0");
  await second.sees(/DHCP, IP range/);
  router.ip("link set s0 up");
  await gonit.until("it has a new address", () => /^10\.7\.0\./.test(inside.addresses("eth0").join()));
  assert.equal(inside.addresses("eth0").length, 1);
  await gonit.sees(/eth0: the server refuses the address/);
  assert.match(second.output(), /DHCPNAK/);
});

test("an address that another machine has is declined, and the next one taken", { skip }, async (t) => {
  const router = await Space.make(t);
  const inside = await Space.make(t);
  const other = await Space.make(t);
  router.ip("link add bridge type bridge");
  router.ip("link set bridge up");
  for (const [space, port] of [
    [inside, "s0"],
    [other, "s1"],
  ] as const) {
    connect(router, port, space, "eth0");
    router.ip(`link set ${port} master bridge`);
  }
  router.ip("addr add 10.9.0.1/24 dev bridge");
  other.ip("link set eth0 up");
  other.ip("addr add 10.9.0.10/24 dev eth0");
  const server = dnsmasq(t, router, "bridge", "10.9.0", ["--dhcp-sequential-ip"]);
  await server.sees(/DHCP, IP range/);
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp}}");
  await gonit.sees(/eth0: another machine has the address: it is declined/);
  await server.sees(/DHCPDECLINE\(bridge\) 10\.9\.0\.10/);
  assert.deepEqual(inside.addresses("eth0"), []);
  await isReady(gonit);
  assert.notEqual(inside.addresses("eth0")[0], "10.9.0.10/24");
});

test("a flood of damaged answers does no harm", { skip }, async (t) => {
  const { router, inside } = await pair(t);
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp}}");
  await gonit.sees(/Interface eth0/);
  for (let seed = 1; seed <= 5; seed++) router.run(join(children, "floods-dhcp"), "s0", `${seed}`, "4000");
  const server = dnsmasq(t, router, "s0", "10.9.0");
  await server.sees(/DHCP, IP range/);
  await isReady(gonit);
  assert.match(inside.addresses("eth0").join(), /^10\.9\.0\.\d+\/24$/);
  assert.equal(gonit.service("networking").restarts, 0);
});

test("a lease comes, and is renewed, over a network that loses, delays and doubles packets", { skip }, async (t) => {
  const { router, inside } = await pair(t);
  // The server is at the far end of a cable between s0 and s1.
  const far = await Space.make(t);
  router.ip("addr flush dev s0");
  connect(router, "s1", far, "eth0");
  far.ip("link set eth0 up");
  far.ip("addr add 10.9.0.1/24 dev eth0");
  const fast = ["--dhcp-option=option:T1,5", "--dhcp-option=option:T2,60"];
  const server = dnsmasq(t, far, "eth0", "10.9.0", fast);
  await server.sees(/DHCP, IP range/);
  await badCable(t, router, "s0", "s1");
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp}}");
  await isReady(gonit);
  const [address = ""] = inside.addresses("eth0");
  const news = server.output().length;
  await gonit.until("the lease was renewed", () => server.output().slice(news).includes("DHCPACK"));
  assert.deepEqual(inside.addresses("eth0"), [address]);
  assert.equal(gonit.service("networking").restarts, 0);
});

test("where /etc cannot be written to, resolv.conf lies beside the socket, and a warning says so", {
  skip,
}, async (t) => {
  const { inside } = await pair(t);
  const gonit = networked(t, inside, "{interfaces: {eth0: {addresses: 10.9.0.5/24}}, dns: 10.9.0.3}", {
    readOnly: true,
  });
  await gonit.sees(/cannot write \/etc\/resolv\.conf: Read-only file system; it is \S+\/resolv\.conf: make/);
  await isReady(gonit);
  assert.match(readFileSync(join(gonit.folder, "resolv.conf"), "utf8"), /^nameserver 10\.9\.0\.3$/m);
});

test("gonit networking status shows interfaces, leases and name servers, for people and for programs", {
  skip,
}, async (t) => {
  const { router, inside } = await pair(t);
  const server = dnsmasq(t, router, "s0", "10.9.0", ["--dhcp-option=6,10.9.0.3"]);
  await server.sees(/DHCP, IP range/);
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp, eth1: {optional: true}}, search: a.example}");
  await isReady(gonit);
  const { code, stdout } = gonit.client("networking", "status");
  assert.equal(code, 0);
  assert.match(stdout, /^eth0 +ready +10\.9\.0\.\d+\/24 +10\.9\.0\.1 +(1m\d\ds|2m00s) left, from 10\.9\.0\.1 /m);
  assert.match(stdout, /^eth1 +missing/m);
  assert.match(stdout, /^name servers: 10\.9\.0\.3\nsearch: a\.example$/m);
  const status = JSON.parse(gonit.client("networking", "status", "--json").stdout);
  assert.equal(status.interfaces[0].lease.server, "10.9.0.1");
  assert.equal(gonit.client("networking").code, 2);
  gonit.client("stop", "networking");
  assert.equal(gonit.client("networking", "status").code, 3);
});

test("apply takes away what the new configuration does not want, and leaves the rest as it is", { skip }, async (t) => {
  const { router, inside } = await pair(t);
  connect(router, "s1", inside, "eth1");
  const server = dnsmasq(t, router, "s0", "10.9.0");
  await server.sees(/DHCP, IP range/);
  const gonit = networked(
    t,
    inside,
    "{interfaces: {eth0: dhcp, eth1: {addresses: [10.8.0.5/24, 10.8.0.6/24], gateway: 10.8.0.1}}}",
  );
  await isReady(gonit);
  const leased = inside.addresses("eth0");
  const file = join(gonit.folder, "config.yml");
  const apply = (networking: string): void => {
    writeFileSync(file, readFileSync(file, "utf8").replace(/^networking:.*$/m, networking));
    assert.match(gonit.client("plan").stdout, /networking changed/);
    assert.equal(gonit.client("apply").code, 0);
  };
  apply("networking: {interfaces: {eth0: dhcp, eth1: {addresses: [10.8.0.6/24, 10.8.0.7/24]}}}");
  await isReady(gonit);
  assert.deepEqual(inside.addresses("eth1"), ["10.8.0.6/24", "10.8.0.7/24"]);
  assert.deepEqual(inside.addresses("eth0"), leased);
  assert.deepEqual(inside.defaultRoutes(), ["10.9.0.1 eth0"]);
  apply("x-nothing: here");
  await gonit.until("all of it is gone", () => inside.addresses("eth0").length + inside.addresses("eth1").length === 0);
});

test("IPv6 addresses of a router's announcements are left to the kernel, beside a lease", { skip }, async (t) => {
  const { router, inside } = await pair(t);
  router.ip("addr add fd00:9::1/64 dev s0 nodad");
  const server = dnsmasq(t, router, "s0", "10.9.0", ["--enable-ra", "--dhcp-range=fd00:9::,ra-only"]);
  await server.sees(/DHCP, IP range/);
  const gonit = networked(t, inside, "{interfaces: {eth0: dhcp}}");
  await isReady(gonit);
  await gonit.until("the kernel has made an address", () =>
    inside.addresses("eth0").some((one) => /^fd00:9:/.test(one)),
  );
  assert.equal(inside.addresses("eth0").filter((one) => one.startsWith("10.9.0.")).length, 1);
});

for (const [before, after] of [
  ["localhost", "given"],
  ["mine", "mine"],
] as const) {
  test(`a machine named ${before} is named ${after} behind a server that gives a name`, { skip }, async (t) => {
    const { router, inside } = await pair(t);
    const server = dnsmasq(t, router, "s0", "10.9.0", ["--dhcp-option-force=12,given"]);
    await server.sees(/DHCP, IP range/);
    const gonit = networked(t, inside, "{interfaces: {eth0: dhcp}}", { hostName: before });
    await isReady(gonit);
    assert.match(gonit.client("networking", "status").stdout, new RegExp(`^host name: ${after}$`, "m"));
  });
}
