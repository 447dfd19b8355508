/* Every format: its file, its writer, the programs that it needs. */
import type { Purpose } from "../programs.ts";
import { writeDisk } from "./disk.ts";
import { writeErofs } from "./erofs.ts";
import { writeExt4, writeQcow2 } from "./ext4.ts";
import { writeInitramfs } from "./initramfs.ts";
import type { Format } from "./manifest.ts";
import { writeOci, writeTar } from "./tar.ts";
import type { Writer } from "./writer.ts";

export interface FormatRules {
  file: string;
  write: Writer;
  /** Whether a machine boots it, so that it needs a kernel and its modules. */
  boots: boolean;
  purposes: Purpose[];
  /** It is mounted by the small initramfs, which is written beside it. */
  needsInitramfs?: boolean;
}

export const RULES: { [format in Format]: FormatRules } = {
  initramfs: { file: "initramfs.cpio", write: writeInitramfs, boots: true, purposes: [] },
  ext4: { file: "root.ext4", write: writeExt4, boots: true, purposes: ["ext4"] },
  erofs: { file: "root.erofs", write: writeErofs, boots: true, purposes: ["erofs"], needsInitramfs: true },
  qcow2: { file: "root.qcow2", write: writeQcow2, boots: true, purposes: ["ext4", "qcow2"] },
  disk: { file: "disk.img", write: writeDisk, boots: true, purposes: ["ext4", "disk"] },
  oci: { file: "oci.tar", write: writeOci, boots: false, purposes: [] },
  tar: { file: "root.tar", write: writeTar, boots: false, purposes: [] },
};
