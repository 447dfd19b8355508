import assert from "node:assert/strict";
import { test } from "node:test";
import { load, planOf, problemsOf } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import type { NetworkingSettings, TerminalsSettings } from "../engine/builtin-settings.ts";

const services = "services: [{name: networking}, {name: terminals}]";

function networking(text: string, role: number = Role.laptop): NetworkingSettings {
  const plan = planOf(
    { "/etc/gonit/config.yml": `${text}\n${services}`, "/app/config.yml": `${text}\n${services}` },
    { role },
  );
  return plan.services[0]?.command?.settings as NetworkingSettings;
}

function terminals(text: string): TerminalsSettings {
  return planOf(`${text}\n${services}`).services[1]?.command?.settings as TerminalsSettings;
}

test("an interface is dhcp, or a map, in the order of the file", () => {
  const { interfaces, automatic } = networking(
    "networking: {interfaces: {b: dhcp, a: {addresses: 192.0.2.9/24, gateway: 192.0.2.1, mtu: 1400, optional: true}}}",
  );
  assert.equal(automatic, false);
  assert.deepEqual(interfaces, [
    { name: "b", dhcp: true, addresses: [], gateways: [], dns: [], mtu: null, optional: false },
    {
      name: "a",
      dhcp: false,
      addresses: [{ text: "192.0.2.9/24", bytes: [192, 0, 2, 9], prefix: 24 }],
      gateways: [{ text: "192.0.2.1", bytes: [192, 0, 2, 1] }],
      dns: [],
      mtu: 1400,
      optional: true,
    },
  ]);
});

test("an interface without addresses asks DHCP unless it is told not to; with them only when it is told to", () => {
  const dhcp = (map: string) => networking(`networking: {interfaces: {a: ${map}}}`).interfaces[0]?.dhcp;
  assert.deepEqual(
    ["{}", "{dhcp: false}", "{addresses: fd00::1/64}", "{addresses: fd00::1/64, dhcp: true}"].map(dhcp),
    [true, false, false, true],
  );
});

test("only a VM brings its first device up by itself, and only where no interface is named", () => {
  const automatic = (text: string, role: number) => networking(text, role).automatic;
  assert.equal(automatic("", Role.vm), true);
  assert.equal(automatic("networking: {dns: 192.0.2.1}", Role.vm), true);
  assert.equal(automatic("networking: {interfaces: {}}", Role.vm), false);
  assert.equal(automatic("networking: {dns: 192.0.2.1}", Role.container), false);
});

test("the host name is set in a VM and a container, not on a laptop", () => {
  const name = (role: number) => networking("hostname: shop\nnetworking: {}", role).hostname;
  assert.deepEqual([Role.vm, Role.container, Role.laptop].map(name), ["shop", "shop", ""]);
});

test("what is wrong with the networking is told at its place", () => {
  const problem = (interfaces: string) => problemsOf(`networking: {interfaces: ${interfaces}}\n${services}`);
  assert.match(problem("{eth0: dhcpp}"), /networking\.interfaces\.eth0: .*dhcpp[\s\S]*did you mean dhcp/);
  assert.match(problem("{eth0: {addresses: 192.0.2.9}}"), /lacks the length[\s\S]*fix: write 192\.0\.2\.9\/24/);
  assert.match(problem('{eth0: {addresses: "fd00::9"}}'), /fix: write fd00::9\/64/);
  assert.match(problem("{eth0: {addresses: 1.2.3.4/33}}"), /lacks|no address/);
  assert.match(problem("{eth0: {gateway: [10.0.0.1, 10.0.0.2]}}"), /two gateways of one kind/);
  assert.match(problem("{eth0: {dns: example.org}}"), /neither an IPv4 nor an IPv6 address/);
  assert.match(problem("{eth0: {mtu: 100}}"), /from 576 to 65535/);
  assert.match(problem("{a-name-that-is-too-long: dhcp}"), /at most 15/);
  assert.match(problem("[eth0]"), /write the interface's name first/);
  assert.match(problemsOf(`networking: {search: "a b"}\n${services}`), /as a domain/);
});

test("a terminal has a device, and a shell where nothing else is said", () => {
  assert.deepEqual(
    terminals("terminals: [{device: /dev/tty1}, {device: /dev/ttyS0, speed: 9600, login: autologin me, message: hi}]"),
    {
      isMachine: false,
      terminals: [
        { device: "/dev/tty1", speed: null, login: "shell", user: "", message: null },
        { device: "/dev/ttyS0", speed: 9600, login: "autologin", user: "me", message: "hi" },
      ],
    },
  );
  const problem = (text: string) => problemsOf(`terminals: [${text}]\n${services}`);
  assert.match(problem("{speed: 9600}"), /device/);
  assert.match(problem("{device: /dev/tty1, login: autologin}"), /write autologin root/);
  assert.match(problem("{device: /dev/tty1, speed: 9601}"), /none of 1200/);
});

test("a key without its service has no effect, which is a warning", () => {
  const result = load("networking: {}\nterminals: []\nservices: []");
  assert.ok("plan" in result);
  assert.equal(result.warnings.length, 2);
  assert.match(result.warnings.join("\n"), /networking: .*no service networking/);
});
