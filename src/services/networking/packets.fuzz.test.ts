// limit: 120 s
/** Damaged packets against everything that reads what came from a network: nothing throws, and nothing bad is believed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Dice } from "../../../sim/chance.ts";
import { decodeArp, encodeArp } from "./arp.ts";
import { readLease } from "./dhcp-lease.ts";
import { decodeDhcp, encodeDhcp } from "./dhcp-message.ts";
import { decodeEthernet, decodeUdp, encodeEthernet, encodeUdp } from "./frame.ts";
import { decodeAddress, decodeInterface } from "./interfaces.ts";
import { ipv4Bytes, ipv4Of, isHostAddress } from "./ipv4.ts";
import { decodeAttributes, decodeMessages, encodeAttributes, encodeMessage, errorOf } from "./netlink-message.ts";

/** About fifteen seconds of one processor. FUZZ_PACKETS=10000000 for more, FUZZ_SEED for others. */
const count = Number(process.env.FUZZ_PACKETS ?? 1_500_000);
const seed = Number(process.env.FUZZ_SEED ?? 1);

const ipv4Type = 0x0800;
const hardware = [2, 0, 0, 0, 0, 1];

const acknowledgement = encodeDhcp({
  operation: 2,
  transaction: 7,
  seconds: 0,
  clientAddress: 0,
  yourAddress: ipv4Of([10, 0, 2, 15]),
  hardwareAddress: hardware,
  options: new Map(
    Object.entries({
      1: [255, 255, 255, 0],
      3: [10, 0, 2, 2],
      6: [10, 0, 2, 3, 10, 0, 2, 4],
      12: [104, 111, 115, 116],
      15: [97, 46, 98],
      26: [5, 220],
      51: [0, 0, 14, 16],
      53: [5],
      54: [10, 0, 2, 2],
      58: [0, 0, 7, 8],
      59: [0, 0, 12, 78],
      119: [1, 97, 0, 1, 98, 192, 0],
      121: [24, 10, 1, 2, 10, 0, 2, 2, 0, 10, 0, 2, 2],
    }).map(([code, value]) => [Number(code), new Uint8Array(value)]),
  ),
});

const datagram = encodeUdp({
  source: ipv4Of([10, 0, 2, 2]),
  destination: 0xffff_ffff,
  sourcePort: 67,
  destinationPort: 68,
  payload: acknowledgement,
});

const linkBody = new Uint8Array([0, 0, 1, 0, 2, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0]);
const linkAttributes = encodeAttributes([
  [3, [101, 116, 104, 48, 0]],
  [1, hardware],
  [4, 1500],
]);

/** What readers get when nothing is wrong, and who reads it. A reader throws when it believes what cannot be. */
const kinds: { name: string; whole: Uint8Array; read(bytes: Uint8Array): boolean }[] = [
  {
    name: "frame",
    whole: encodeEthernet([255, 255, 255, 255, 255, 255], hardware, ipv4Type, datagram),
    read: (bytes) => {
      const body = decodeEthernet(bytes, ipv4Type);
      const udp = body === null ? null : decodeUdp(body, true);
      return udp !== null && readDhcp(udp.payload);
    },
  },
  { name: "message", whole: acknowledgement, read: readDhcp },
  {
    name: "address resolution",
    whole: encodeArp({ operation: "reply", senderHardware: hardware, sender: ipv4Of([10, 0, 2, 15]), target: 0 }),
    read: (bytes) => {
      const packet = decodeArp(bytes);
      if (packet === null) return false;
      assert.deepEqual(ipv4Of(ipv4Bytes(packet.sender)), packet.sender);
      return packet.senderHardware.length === 6;
    },
  },
  {
    name: "netlink",
    whole: encodeMessage({
      type: 16,
      flags: 2,
      sequence: 1,
      body: new Uint8Array([...linkBody, ...linkAttributes]),
    }),
    read: (bytes) => {
      for (const message of decodeMessages(bytes) ?? []) {
        errorOf(message);
        decodeAttributes(message.body);
        const found = decodeInterface(message);
        if (found !== null) assert.doesNotMatch(found.name, controls);
        decodeAddress(message);
      }
      return true;
    },
  },
];

const controls = /[\x00-\x1f\x7f]/;

/** Whether it is a lease; what is none that a machine can have must not be one. */
function readDhcp(bytes: Uint8Array): boolean {
  const message = decodeDhcp(bytes);
  const lease = message === null ? null : readLease(message);
  if (lease === null) return false;
  assert.ok(isHostAddress(lease.address) && lease.prefix >= 1 && lease.prefix <= 32);
  assert.ok(lease.seconds === null || lease.seconds >= 10, "a lease that is over at once");
  assert.ok(lease.renewSeconds <= lease.rebindSeconds);
  assert.ok(lease.mtu === 0 || lease.mtu >= 576);
  assert.ok(lease.dns.every(isHostAddress), "a name server that cannot be");
  assert.ok(
    lease.search.concat(lease.hostName).every((name) => !controls.test(name)),
    "a name that acts on a terminal",
  );
  return true;
}

/** Bits turned over, bytes set, cut off, put in, doubled. */
function damaged(dice: Dice, whole: Uint8Array): Uint8Array {
  let bytes = Uint8Array.from(whole);
  for (let times = 1 + dice.below(4); times > 0 && bytes.length > 0; times--) {
    const at = dice.below(bytes.length);
    const how = dice.below(10);
    if (how < 4) bytes[at] = (bytes[at] as number) ^ (1 << dice.below(8));
    else if (how < 7) bytes[at] = dice.pick([0, 1, 4, 127, 128, 254, 255]);
    else if (how < 8) bytes = bytes.subarray(0, at);
    else {
      const piece = bytes.slice(at, at + dice.below(16));
      bytes = new Uint8Array([...bytes.subarray(0, at), ...piece, ...bytes.subarray(at)]);
    }
  }
  return bytes;
}

test("damaged packets are refused or read, and nothing that cannot be is believed", () => {
  const dice = new Dice(seed);
  const read = new Map<string, number>();
  for (const { name, whole, read: reader } of kinds) {
    assert.equal(reader(whole), true, `a whole ${name}`);
    read.set(name, 0);
  }
  for (let number = 0; number < count; number++) {
    const kind = kinds[number % kinds.length] as (typeof kinds)[number];
    const bytes = damaged(dice, kind.whole);
    try {
      if (kind.read(bytes)) read.set(kind.name, (read.get(kind.name) as number) + 1);
    } catch (error) {
      throw new Error(`seed ${seed}, packet ${number}, ${kind.name} ${Buffer.from(bytes).toString("hex")}: ${error}`);
    }
  }
  const shares = [...read].map(([name, times]) => `${name} ${Math.round((100 * kinds.length * times) / count)} %`);
  console.log(`figures: ${count} damaged packets; read all the same: ${shares.join(", ")}`);
  // Else nothing would get behind the first check.
  for (const [name, times] of read) assert.ok(times > count / 200, `${name}: ${times} read`);
});
