/** A path from the command line, made absolute, since the manager works elsewhere. null stays null. */
export function absolutePath(path: string | undefined): string | null {
  if (path === undefined) return null;
  return path.startsWith("/") ? path : `${host.workingDirectory()}/${path}`;
}
