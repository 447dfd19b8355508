/* The firmware of a UEFI machine (Debian's ovmf). */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../run.ts";

const FOLDER = "/usr/share/OVMF";

/** Code and a private copy of the variables, which the machine changes; `remove` deletes the copy. */
export function prepareFirmware(): { firmware: { code: string; variables: string }; remove: () => void } {
  const code = join(FOLDER, "OVMF_CODE_4M.fd");
  if (!existsSync(code)) throw new Failure(`cannot find ${code}; install the Debian package ovmf`);
  const folder = mkdtempSync(join(tmpdir(), "gonit-uefi-"));
  const variables = join(folder, "variables.fd");
  copyFileSync(join(FOLDER, "OVMF_VARS_4M.fd"), variables);
  return { firmware: { code, variables }, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
