import assert from "node:assert/strict";
import { test } from "node:test";
import { readVmOptions } from "./options.ts";
import { qemuArguments } from "./qemu-arguments.ts";
import { escapeReader } from "./terminal.ts";

test("readVmOptions() reads every option, with a value after a blank or an equals sign", () => {
  const words = ["--forward", "8080:80", "--forward=2222:22", "--memory=512", "--timeout", "90", "--snapshot"];
  const options = readVmOptions([...words, "--append", "gonit.a=1", "--append", "quiet", "--status", "--bios", "ext4"]);
  assert.deepEqual(options, {
    append: "gonit.a=1 quiet",
    bios: true,
    forwards: [
      { host: 8080, guest: 80 },
      { host: 2222, guest: 22 },
    ],
    image: "ext4",
    memory: 512,
    processors: 1,
    snapshot: true,
    status: true,
    timeoutMs: 90_000,
  });
});

test("readVmOptions() names what is wrong and what to write", () => {
  const refused: [string[], RegExp][] = [
    [["--forward", "80"], /--forward 80: write HOST:GUEST/],
    [["--forward", "0:80"], /from 1 to 65535/],
    [["--timeout", "5 min"], /--timeout 5 min: write a duration/],
    [["--memory", "lots"], /whole number/],
    [["--memory"], /--memory needs a value/],
    [["--snapshots"], /--snapshots is not understood/],
    [["ext4", "tar"], /tar is not understood/],
  ];
  for (const [words, message] of refused) assert.throws(() => readVmOptions(words), { name: "Failure", message });
});

test("qemuArguments() plugs in only what is asked for, and doubles commas in paths", () => {
  const plain = qemuArguments({ kernel: "k", append: "quiet" }, "tcg").join(" ");
  assert.match(plain, /^-accel tcg -M q35 /);
  assert.match(plain, /-append console=ttyS0 quiet/);
  assert.match(plain, /-no-reboot/);
  assert.doesNotMatch(plain, /snapshot|netdev|isa-debug-exit|drive|pflash/);
  const full = qemuArguments(
    {
      disks: [{ file: "a,b.img", format: "raw", interface: "nvme" }],
      network: { forwards: [{ host: 8080, guest: 80 }] },
      reboots: true,
      snapshot: true,
      statusPort: true,
    },
    "kvm",
  ).join(" ");
  assert.match(full, /-drive file=a,,b\.img,format=raw,if=none,id=disk0 -device nvme,serial=disk0,drive=disk0/);
  assert.match(full, /user,id=net0,hostfwd=tcp:127\.0\.0\.1:8080-:80 -device virtio-net-pci/);
  assert.match(full, /-snapshot -device isa-debug-exit/);
  assert.doesNotMatch(full, /-no-reboot|-kernel/);
});

test("escapeReader() passes all keys on, ends at Ctrl-] q, also when the two come apart", () => {
  const typed = (...parts: string[]): [string, boolean] => {
    const read = escapeReader();
    let passed = "";
    let quits = false;
    for (const part of parts) {
      const { pass, quit } = read(Buffer.from(part));
      passed += Buffer.from(pass).toString();
      quits ||= quit;
    }
    return [passed, quits];
  };
  assert.deepEqual(typed("a\x03b"), ["a\x03b", false]);
  assert.deepEqual(typed("ls\x1dqrest"), ["ls", true]);
  assert.deepEqual(typed("\x1d", "q"), ["", true]);
  assert.deepEqual(typed("\x1d\x1dq"), ["\x1dq", false]);
  assert.deepEqual(typed("\x1dx"), ["\x1dx", false]);
});
