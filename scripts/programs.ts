/* Programs of this machine that the scripts use, the Debian packages that bring them, and their installation. */
import { accessSync, constants, existsSync } from "node:fs";
import { Failure, run, type Tools } from "./run.ts";

/** What programs are needed for, beside every build. */
export type Purpose = "tests" | "vm" | "image" | "ext4" | "qcow2" | "erofs" | "disk" | "firmware" | "oci";

interface Program {
  package: string;
  /** Looked for in PATH, or a file when it begins with a slash. */
  proof: string;
  /** Needed for these only. */
  purposes?: Purpose[];
}

const PROGRAMS: Program[] = [
  { package: "gcc", proof: "gcc" },
  { package: "musl-tools", proof: "musl-gcc" },
  { package: "libseccomp-dev", proof: "/usr/include/seccomp.h" },
  { package: "linux-libc-dev", proof: "/usr/include/linux/version.h" },
  { package: "lz4", proof: "lz4" },
  { package: "xz-utils", proof: "xz" },
  { package: "libc6-dev", proof: "/usr/include/stdio.h", purposes: ["tests"] },
  { package: "valgrind", proof: "valgrind", purposes: ["tests"] },
  { package: "systemd", proof: "systemd-notify", purposes: ["tests"] },
  { package: "dnsmasq-base", proof: "dnsmasq", purposes: ["tests"] },
  { package: "iproute2", proof: "ip", purposes: ["tests"] },
  { package: "login", proof: "login", purposes: ["tests"] },
  { package: "busybox", proof: "busybox", purposes: ["tests"] },
  { package: "tzdata", proof: "/usr/share/zoneinfo/Europe/Berlin", purposes: ["tests"] },
  { package: "cpio", proof: "cpio", purposes: ["tests"] },
  { package: "faketime", proof: "faketime", purposes: ["tests"] },
  { package: "mandoc", proof: "mandoc", purposes: ["tests"] },
  { package: "zsh", proof: "zsh", purposes: ["tests"] },
  { package: "fish", proof: "fish", purposes: ["tests"] },
  { package: "e2fsprogs", proof: "debugfs", purposes: ["ext4", "vm"] },
  { package: "erofs-utils", proof: "fsck.erofs", purposes: ["erofs"] },
  { package: "fakeroot", proof: "fakeroot", purposes: ["erofs"] },
  { package: "mtools", proof: "mcopy", purposes: ["disk"] },
  { package: "dosfstools", proof: "mkfs.fat", purposes: ["disk"] },
  { package: "fdisk", proof: "sfdisk", purposes: ["disk"] },
  { package: "binutils", proof: "objcopy", purposes: ["disk"] },
  {
    package: "systemd-boot-efi",
    proof: "/usr/lib/systemd/boot/efi/linuxx64.efi.stub",
    purposes: ["disk"],
  },
  { package: "syslinux", proof: "syslinux", purposes: ["disk"] },
  { package: "syslinux-common", proof: "/usr/lib/syslinux/mbr/gptmbr.bin", purposes: ["disk"] },
  { package: "ovmf", proof: "/usr/share/OVMF/OVMF_CODE_4M.fd", purposes: ["firmware"] },
  { package: "umoci", proof: "umoci", purposes: ["oci"] },
  { package: "skopeo", proof: "skopeo", purposes: ["oci"] },
  { package: "runc", proof: "runc", purposes: ["tests", "oci"] },
  { package: "qemu-utils", proof: "qemu-img", purposes: ["qcow2"] },
  { package: "qemu-system-x86", proof: "qemu-system-x86_64", purposes: ["vm"] },
  { package: "busybox-static", proof: "busybox", purposes: ["vm"] },
];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isPresent(proof: string): boolean {
  if (proof.startsWith("/")) return existsSync(proof);
  return (process.env.PATH ?? "").split(":").some((folder) => folder !== "" && isExecutable(`${folder}/${proof}`));
}

/* Package lists are brought up to date only where the installation fails for want of them: that is slow, and offline
 * machines with the packages at hand can do without. */
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
install() { apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"; }
output=$(install "$@" 2>&1) && exit 0
case $output in
  *"nable to locate package"* | *"no installation candidate"* | *"ailed to fetch"* | *"nable to fetch"*)
    output=$(apt-get -q update 2>&1 && install "$@" 2>&1) && exit 0 ;;
esac
printf '%s\\n' "$output"
exit 1`;

async function install(packages: string[], sudo: boolean): Promise<void> {
  const words = ["sh", "-c", INSTALL, "sh", ...packages];
  const result = sudo ? await run("sudo", words, { inherit: true }) : await run("sh", words.slice(1));
  if (result.code === 0) return;
  const hint = /resolve|Temporary failure|Unable to connect|Could not connect/i.test(result.output)
    ? "\nIs this machine online?"
    : "";
  throw new Failure(`cannot install ${packages.join(" ")} through apt\n${result.output.trim()}${hint}`);
}

/** Installs what is missing: as root, or through sudo where somebody can be asked. */
export async function preparePrograms(tools: Tools, purposes: readonly Purpose[]): Promise<void> {
  const isNeeded = (program: Program): boolean =>
    program.purposes === undefined || program.purposes.some((purpose) => purposes.includes(purpose));
  const missing = PROGRAMS.filter((program) => isNeeded(program) && !isPresent(program.proof));
  if (missing.length === 0) return;
  const packages = missing.map((program) => program.package);
  const line = `apt-get install ${packages.join(" ")}`;
  if (!isPresent("apt-get")) throw new Failure(`needs these Debian packages or their like: ${packages.join(" ")}`);
  const label = `Installing ${packages.join(" ")} through apt`;
  if (process.getuid?.() === 0) {
    await tools.step(label, () => install(packages, false));
  } else if (process.stdin.isTTY && process.stderr.isTTY && isPresent("sudo")) {
    console.error(`${label} (sudo may ask for your password) ...`);
    await install(packages, true);
  } else {
    throw new Failure(`some programs are missing; as root, run:\n${line}`);
  }
  const still = missing.filter((program) => !isPresent(program.proof));
  if (still.length > 0)
    throw new Failure(`cannot find ${still.map((program) => program.proof).join(", ")} after ${line}`);
}
