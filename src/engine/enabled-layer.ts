/**
 * The file in which `gonit enable` and `gonit disable` keep what they were told: `gonit-enabled.yml` in config.d, beside the
 * configuration, which stays as its owner wrote it. It is the last layer of all. Only gonit writes it, so that its few
 * forms of lines are all that can stand in it.
 */

export const enabledLayerFile = "config.d/gonit-enabled.yml";

const head =
  "# Written by gonit enable and gonit disable. It is read after all other files of the configuration.\nservices:\n";
const line = /^ {2}- \{ name: "([A-Za-z0-9_.-]{1,100})", enabled: (true|false) \}$/;

/** What it says of each service, by name; null: somebody else has written into it. */
export function readEnabledLayer(text: string): Map<string, boolean> | null {
  const enabled = new Map<string, boolean>();
  for (const one of text.split("\n")) {
    if (one === "" || one.startsWith("#") || one === "services:") continue;
    const found = line.exec(one);
    if (found === null) return null;
    enabled.set(found[1] as string, found[2] === "true");
  }
  return enabled;
}

export function enabledLayerText(enabled: ReadonlyMap<string, boolean>): string {
  const names = [...enabled.keys()].sort();
  return head + names.map((name) => `  - { name: "${name}", enabled: ${enabled.get(name)} }\n`).join("");
}
