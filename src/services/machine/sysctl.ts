/** Kernel settings: files below /proc/sys, named as sysctl(8) does. */

/**
 * The file of a name: dots part it, and a slash stands for a dot within a part; where a slash comes first it is the other
 * way round (sysctl.d(5)).
 */
export function settingPath(name: string): string {
  const [dot, slash] = [name.indexOf("."), name.indexOf("/")];
  const isPath = slash >= 0 && (dot < 0 || slash < dot);
  const swapped = isPath ? name : name.replace(/[./]/g, (letter) => (letter === "." ? "/" : "."));
  return `/proc/sys/${swapped}`;
}

/** Why settings could not be made, a text each. */
export function setKernel(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const path = settingPath(name);
    const error = -writeSetting(path, value);
    if (error <= 0) return [];
    const why =
      typeof host.stat(path) === "number" ? `there is no ${path}; a module may bring it` : host.errnoText(error);
    return [`cannot set ${name} to "${value}": ${why}`];
  });
}

function writeSetting(path: string, value: string): number {
  const fd = host.open(path, "w", 0);
  if (fd < 0) return fd;
  const written = host.write(fd, `${value}\n`);
  host.close(fd);
  return written;
}
