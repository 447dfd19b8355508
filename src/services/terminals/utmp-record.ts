/**
 * Records of who is logged in where, in the layout that glibc has on x86-64 (utmp(5)) and who(1), w(1) and last(1) read.
 * Pure. musl's own calls for them do nothing.
 */

export const utmpBytes = 384;

export type UtmpType = "login" | "user" | "dead";

export interface UtmpRecord {
  type: UtmpType;
  pid: number;
  /** Without /dev/. */
  line: string;
  user: string;
  wallMs: number;
}

const types: Record<UtmpType, number> = { login: 6, user: 7, dead: 8 };
/** struct utmp: where each field begins, and how long the texts are. */
const at = { type: 0, pid: 4, line: 8, id: 40, user: 44, session: 336, seconds: 340, microseconds: 344 } as const;
const lineBytes = 32;
const idBytes = 4;
const userBytes = 32;

export function encodeUtmp(record: UtmpRecord): Uint8Array {
  const bytes = new Uint8Array(utmpBytes);
  const view = new DataView(bytes.buffer);
  view.setInt16(at.type, types[record.type], true);
  view.setInt32(at.pid, record.pid, true);
  bytes.set(textBytes(record.line, lineBytes), at.line);
  bytes.set(utmpId(record.line), at.id);
  bytes.set(textBytes(record.user, userBytes), at.user);
  view.setInt32(at.session, record.pid, true);
  view.setInt32(at.seconds, Math.floor(record.wallMs / 1000), true);
  view.setInt32(at.microseconds, Math.floor((record.wallMs % 1000) * 1000), true);
  return bytes;
}

/** Whether a record of the file is of this line: by its id, as login(1) and agetty(8) make it. */
export function isOfLine(record: Uint8Array, line: string): boolean {
  const id = utmpId(line);
  const type = record[at.type] as number;
  return (
    record.length === utmpBytes && type >= 5 && type <= 8 && id.every((byte, index) => record[at.id + index] === byte)
  );
}

/** The end of the line's name. */
function utmpId(line: string): Uint8Array {
  const id = new Uint8Array(idBytes);
  id.set(textBytes(line.slice(-idBytes), idBytes));
  return id;
}

function textBytes(text: string, bytesMax: number): number[] {
  return [...text].slice(0, bytesMax).map((letter) => letter.charCodeAt(0) & 0x7f);
}
