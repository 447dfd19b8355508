/**
 * Where the control socket of an instance is: the same rules for those who serve and for those who ask.
 */

export const systemDirectory = "/run/gonit";
export const firstSocket = `${systemDirectory}/control.sock`;

/** Instance name of a configuration file: its folder's name and eight digits of its path's hash. */
export function instanceNameOf(path: string): string {
  const folder = path.split("/").at(-2) ?? "";
  const readable = folder.replace(/[^A-Za-z0-9_-]/g, "").slice(0, 24);
  return `${readable === "" ? "root" : readable}-${host.hash(path).slice(0, 8)}`;
}

/** Folders that may hold an instance's socket, best first. */
export function socketDirectories(uid: number, runtimeDirectory: string | null): string[] {
  if (uid === 0) return [systemDirectory];
  return runtimeDirectory?.startsWith("/") ? [`${runtimeDirectory}/gonit`] : [];
}

export function abstractSocket(uid: number, name: string): string {
  return `@gonit-${uid}-${name}`;
}
