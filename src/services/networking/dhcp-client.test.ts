import assert from "node:assert/strict";
import { test } from "node:test";
import { DhcpWorld, type Network, serverAddress } from "../../../tests/networking/dhcp-world.ts";
import { ipv4Bytes, ipv4Of, ipv4Text } from "./ipv4.ts";

const lost: Network = { delays: () => [] };

function boundWorld(): DhcpWorld {
  const world = new DhcpWorld();
  world.carrier(true);
  world.run(1);
  assert.equal(world.client.phase, "bound");
  return world;
}

test("a client waits for the carrier, then has a lease after four messages and two probes", () => {
  const world = new DhcpWorld();
  world.run(100_000);
  assert.equal(world.trace.length, 0);
  world.carrier(true);
  world.run(1);
  assert.deepEqual(
    world.trace.map((line) => line.replace(/^\d+s /, "")),
    ["send discover to everybody", "send request 10.0.0.9 to everybody", "configure 10.0.0.9"],
  );
  assert.equal(world.client.phase, "bound");
});

test("a client asks again after 4, 8, 16, 32, 64, 64 seconds, one more or less, for ever", () => {
  const world = new DhcpWorld(lost);
  world.carrier(true);
  world.run(86_400);
  const times = world.trace.map((line) => Number.parseInt(line, 10));
  const gaps = times.slice(1).map((time, at) => time - (times[at] as number));
  for (const [at, gap] of gaps.entries()) {
    const usual = [4, 8, 16, 32][at] ?? 64;
    assert.ok(Math.abs(gap - usual) <= 2, `gap ${at} is ${gap} s`);
  }
  assert.ok(gaps.length > 1300);
  world.network = { delays: () => [1] };
  world.run(70);
  assert.equal(world.client.phase, "bound");
});

test("a client whose request is never answered begins again after a minute", () => {
  const world = new DhcpWorld();
  let dropped = 0;
  const answer = world.server.answer.bind(world.server);
  world.server.answer = (message) => (message.options.has(54) && dropped++ < 4 ? null : answer(message));
  world.carrier(true);
  world.run(55);
  assert.equal(world.client.phase, "requesting");
  world.run(15);
  assert.equal(world.client.phase, "bound");
  assert.equal(world.trace.filter((line) => line.includes("discover")).length, 2);
});

test("a client renews at half of the lease with its server alone, and nothing changes", () => {
  const world = boundWorld();
  world.run(500);
  assert.equal(world.trace.at(-1), "500s send request of 10.0.0.9 in use to 10.0.0.1");
  assert.equal(world.client.phase, "bound");
  world.run(100_000);
  assert.equal(world.trace.filter((line) => /remove|configure/.test(line)).length, 1);
});

test("a client whose server is gone tries it, then everybody, and gives the address up at the end of the lease", () => {
  const world = boundWorld();
  world.server.isSilent = true;
  world.run(876);
  assert.equal(world.client.phase, "rebinding");
  assert.ok(world.trace.filter((line) => line.endsWith("in use to 10.0.0.1")).length >= 3);
  assert.equal(world.address(), "10.0.0.9");
  world.run(124);
  assert.equal(world.address(), "");
  assert.equal(world.client.phase, "selecting");
  assert.ok(world.trace.includes("1000s the lease has ended"));
  world.server.isSilent = false;
  world.run(70);
  assert.equal(world.client.phase, "bound");
});

test("any server may answer while a client rebinds", () => {
  const world = boundWorld();
  world.server.isSilent = true;
  world.run(870);
  world.server.isSilent = false;
  world.run(100);
  assert.equal(world.client.phase, "bound");
  assert.equal(world.trace.filter((line) => /remove|configure/.test(line)).length, 1);
});

test("a short lease is asked for several times before it ends", () => {
  const world = new DhcpWorld();
  world.server.leaseSeconds = 20;
  world.carrier(true);
  world.run(1);
  world.server.isSilent = true;
  const before = world.sent;
  world.run(19);
  assert.ok(world.sent - before >= 5, `${world.sent - before} messages`);
});

test("a lease for ever is never renewed", () => {
  const world = new DhcpWorld();
  world.server.leaseSeconds = 0xffff_ffff;
  world.carrier(true);
  world.run(1);
  const { sent } = world;
  world.run(1e9);
  assert.equal(world.sent, sent);
});

test("a refusal while renewing takes the address away and begins again at once", () => {
  const world = boundWorld();
  world.server.address = ipv4Of([10, 0, 0, 20]);
  world.run(500);
  assert.deepEqual(
    world.trace.slice(-5).map((line) => line.replace(/^\d+s /, "")),
    [
      "the server refuses the address",
      "remove 10.0.0.9",
      "send discover to everybody",
      "send request 10.0.0.20 to everybody",
      "configure 10.0.0.20",
    ],
  );
});

test("a server that offers and always refuses is asked less and less", () => {
  const world = new DhcpWorld();
  const answer = world.server.answer.bind(world.server);
  world.server.answer = (message) => {
    const reply = answer(message);
    if (reply !== null && message.options.has(54)) {
      reply.options.set(53, new Uint8Array([6]));
    }
    return reply;
  };
  world.carrier(true);
  world.run(3600);
  assert.ok(world.sent < 50, `${world.sent} messages in an hour`);
  assert.ok(world.sent > 20);
});

test("an address that another machine has is declined, and another asked for after ten seconds", () => {
  const world = new DhcpWorld();
  world.taken.add(world.server.address);
  world.carrier(true);
  world.run(9);
  assert.equal(world.address(), "");
  assert.equal(world.client.phase, "waiting");
  assert.deepEqual(world.server.declined.map(ipv4Text), ["10.0.0.9"]);
  world.run(3);
  assert.equal(world.address(), "10.0.0.10");
});

test("a lost carrier takes no address away; when it is back the client asks whether the lease still holds", () => {
  const world = boundWorld();
  world.carrier(false);
  world.run(100);
  assert.equal(world.address(), "10.0.0.9");
  world.carrier(true);
  world.run(1);
  assert.equal(world.client.phase, "bound");
  assert.equal(world.trace.at(-1), "101s send request 10.0.0.9 again to everybody");
});

test("a lease ends also while there is no carrier", () => {
  const world = boundWorld();
  world.carrier(false);
  world.run(1000);
  assert.equal(world.address(), "");
  assert.equal(world.client.phase, "no-carrier");
});

test("a machine that was carried to another network is refused there, and has a new address at once", () => {
  const world = boundWorld();
  world.carrier(false);
  world.server.address = ipv4Of([10, 0, 0, 77]);
  world.run(5);
  world.carrier(true);
  world.run(1);
  assert.equal(world.address(), "10.0.0.77");
});

test("where nobody answers after the carrier is back, the lease is used on, and an offer is taken", () => {
  const world = boundWorld();
  world.carrier(false);
  world.server.isSilent = true;
  world.carrier(true);
  world.run(20);
  assert.equal(world.address(), "10.0.0.9");
  assert.equal(world.client.phase, "selecting");
  world.server.isSilent = false;
  world.run(70);
  assert.equal(world.client.phase, "bound");
  assert.equal(world.trace.filter((line) => /remove|configure/.test(line)).length, 1);
});

test("a client of a later run asks for its lease again; without an answer it uses it to its end", () => {
  const { lease } = boundWorld().client;
  const again = new DhcpWorld(undefined, lease);
  again.carrier(true);
  again.run(1);
  assert.equal(again.trace[0], "0s send request 10.0.0.9 again to everybody");
  assert.equal(again.client.phase, "bound");
  const silent = new DhcpWorld(undefined, lease);
  silent.server.isSilent = true;
  silent.carrier(true);
  silent.run(15);
  assert.equal(silent.address(), "10.0.0.9");
  silent.run(1000);
  assert.equal(silent.address(), "");
});

test("messages of another exchange, another machine or another server change nothing", () => {
  const world = boundWorld();
  world.server.isSilent = true;
  world.run(501);
  assert.equal(world.client.phase, "renewing");
  const refusal = {
    operation: 2,
    transaction: world.client.transaction,
    seconds: 0,
    clientAddress: 0,
    yourAddress: 0,
    hardwareAddress: world.client.hardwareAddress,
    options: new Map([
      [53, new Uint8Array([6])],
      [54, new Uint8Array(ipv4Bytes(serverAddress))],
    ]),
  };
  const before = world.client;
  world.inject({ ...refusal, transaction: refusal.transaction ^ 1 });
  world.inject({ ...refusal, operation: 1 });
  world.inject({ ...refusal, hardwareAddress: [2, 0, 0, 0, 0, 8] });
  world.inject({ ...refusal, options: new Map([...refusal.options, [54, new Uint8Array([10, 0, 0, 2])]]) });
  assert.deepEqual(world.client, before);
  world.inject(refusal);
  assert.equal(world.client.phase, "selecting");
  assert.equal(world.address(), "");
});
