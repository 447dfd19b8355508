const smallFileBytes = 4096;

/** A file's text without blanks around it; empty when it cannot be read, or is larger. */
export function textOf(path: string, bytesMax = smallFileBytes): string {
  const bytes = host.readFile(path, bytesMax);
  return typeof bytes === "number" ? "" : host.decodeUtf8(bytes).trim();
}
