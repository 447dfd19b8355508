/** One write(2), as files of the kernel want it. 0 or -errno. */
export function writeKernelFile(path: string, text: string): number {
  const fd = host.open(path, "w", 0);
  if (fd < 0) return fd;
  const written = host.write(fd, text);
  host.close(fd);
  return Math.min(written, 0);
}
