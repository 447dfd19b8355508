/** Which users and groups exist in our user namespace: user_namespaces(7). */

/** A number of a map's inner side: lines of `inside outside count`. */
export function isMapped(map: string, id: number): boolean {
  return map.split("\n").some((line) => {
    const [inside = Number.NaN, , count = 0] = line.trim().split(/\s+/).map(Number);
    return id >= inside && id < inside + count;
  });
}

/** What is wrong with a user or group that this namespace lacks; empty when both are there. */
export function unmappedDetail(who: { uid: number | null; gid: number | null }): string {
  const lacks = (file: string, id: number | null) => id !== null && !isMapped(readMap(file), id);
  const missing = [
    ...(lacks("uid_map", who.uid) ? [`user number ${who.uid}`] : []),
    ...(lacks("gid_map", who.gid) ? [`group number ${who.gid}`] : []),
  ];
  if (missing.length === 0) return "";
  return `this user namespace has no ${missing.join(" and no ")}; run gonit as root, or give its user a range in /etc/subuid and /etc/subgid`;
}

function readMap(file: string): string {
  const data = host.readFile(`/proc/self/${file}`, 64 * 1024);
  return typeof data === "number" ? "" : host.decodeUtf8(data);
}
