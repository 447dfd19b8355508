/** What init holds of a manager under test, as texts by name; stands in for the host calls that hold them. */
export function heldByInit(): Map<string, string> {
  const held = new Map<string, string>();
  const texts: string[] = [];
  (globalThis as { host?: unknown }).host = {
    memory: () => texts.push("") - 1,
    encodeUtf8: (text: string) => new TextEncoder().encode(text),
    write: (fd: number, data: Uint8Array) => {
      texts[fd] += new TextDecoder().decode(data);
      return data.length;
    },
    hold: (name: string, fd: number) => {
      held.set(name, texts[fd] ?? "");
      return 0;
    },
    releaseHeld: (name: string) => held.delete(name),
    close: () => 0,
  };
  return held;
}
