/*
 * The command line of QEMU for one machine.
 *
 * Always q35: microvm hangs now and then under load (no HPET and no PM timer to calibrate the TSC against). Nothing that
 * nobody asked for is plugged in, so a guest finds the same devices on every host.
 */

export type Accelerator = "tcg" | "kvm";

/** A TCP port of this machine that leads to one of the guest. */
export interface Forward {
  host: number;
  guest: number;
}

export interface Disk {
  file: string;
  format: "raw" | "qcow2";
  /** nvme is built into Debian's cloud kernels; virtio needs modules in an initramfs. */
  interface: "nvme" | "virtio";
  readOnly?: boolean;
}

export interface MachineSetting {
  kernel?: string;
  initrd?: string;
  /** Kernel command line, without the console, which is always ttyS0. */
  append?: string;
  disks?: Disk[];
  /** MiB. Debian's kernel does not boot in less than 96. */
  memory?: number;
  processors?: number;
  /** A network card (virtio) behind QEMU's own router, 10.0.2.2, which answers DHCP. */
  network?: { forwards: Forward[] };
  /** Writes to disks go to a temporary file that QEMU removes. */
  snapshot?: boolean;
  /** Boots again when the guest reboots; else that is the end, as a power-off is. */
  reboots?: boolean;
  /** Port 0xf4 ends the machine with the guest's number. */
  statusPort?: boolean;
  /** Firmware of a UEFI machine: its code, and a copy of its variables that it may change. */
  uefi?: { code: string; variables: string };
  /** Further words for QEMU: devices that one test needs. */
  more?: string[];
}

/** The descriptor of QEMU that is its monitor (QMP). */
export const MONITOR_DESCRIPTOR = 3;

/** A value inside an option: a comma stands for itself when it is doubled. */
function quoted(path: string): string {
  return path.replaceAll(",", ",,");
}

function diskArguments(disks: Disk[]): string[] {
  return disks.flatMap((disk, index) => {
    const readOnly = disk.readOnly === true ? ",readonly=on" : "";
    const drive = `file=${quoted(disk.file)},format=${disk.format},if=none,id=disk${index}${readOnly}`;
    const device = disk.interface === "nvme" ? `nvme,serial=disk${index}` : "virtio-blk-pci";
    return ["-drive", drive, "-device", `${device},drive=disk${index}`];
  });
}

function networkArguments(forwards: Forward[]): string[] {
  const rules = forwards.map(({ host, guest }) => `,hostfwd=tcp:127.0.0.1:${host}-:${guest}`);
  return ["-netdev", `user,id=net0${rules.join("")}`, "-device", "virtio-net-pci,netdev=net0,romfile="];
}

function firmwareArguments(uefi: { code: string; variables: string }): string[] {
  const flash = (file: string, more: string): string[] => [
    "-drive",
    `if=pflash,format=raw,file=${quoted(file)}${more}`,
  ];
  return [...flash(uefi.code, ",readonly=on"), ...flash(uefi.variables, "")];
}

/** All words after the program's name. Console: standard input and output; monitor: descriptor 3. */
export function qemuArguments(setting: MachineSetting, accelerator: Accelerator): string[] {
  const words = ["-accel", accelerator, "-M", "q35", "-m", `${setting.memory ?? 256}`];
  if (accelerator === "kvm") words.push("-cpu", "host");
  if (setting.processors !== undefined) words.push("-smp", `${setting.processors}`);
  words.push("-nodefaults", "-display", "none");
  words.push("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console");
  words.push("-chardev", `socket,id=monitor,fd=${MONITOR_DESCRIPTOR}`, "-mon", "chardev=monitor,mode=control");
  if (setting.reboots !== true) words.push("-no-reboot");
  if (setting.snapshot === true) words.push("-snapshot");
  if (setting.statusPort === true) words.push("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04");
  if (setting.uefi !== undefined) words.push(...firmwareArguments(setting.uefi));
  if (setting.kernel !== undefined) {
    words.push("-kernel", setting.kernel, "-append", `console=ttyS0 ${setting.append ?? ""}`.trim());
  }
  if (setting.initrd !== undefined) words.push("-initrd", setting.initrd);
  words.push(...diskArguments(setting.disks ?? []));
  if (setting.network !== undefined) words.push(...networkArguments(setting.network.forwards));
  return [...words, ...(setting.more ?? [])];
}
