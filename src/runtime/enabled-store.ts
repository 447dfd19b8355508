/** Keeps on the disk which services `gonit enable` and `gonit disable` named (src/engine/enabled-layer.ts). */

import { enabledLayerFile, enabledLayerText, readEnabledLayer } from "../engine/enabled-layer.ts";

const bytesMax = 1024 * 1024;
const ENOENT = 2;

/** `configuration`: path of the main file. The file's path, or why it cannot be written. */
export function storeEnabled(
  configuration: string,
  names: string[],
  isEnabled: boolean,
): { path: string } | { error: string } {
  if (configuration === "") return { error: "this gonit runs without a configuration" };
  const path = `${configuration.slice(0, configuration.lastIndexOf("/"))}/${enabledLayerFile}`;
  const data = host.readFile(path, bytesMax);
  if (typeof data === "number" && data !== -ENOENT) return { error: `cannot read ${path}: ${host.errnoText(data)}` };
  const enabled = readEnabledLayer(typeof data === "number" ? "" : host.decodeUtf8(data));
  if (enabled === null)
    return { error: `${path} holds more than gonit writes: put that into another file of config.d` };
  for (const name of names) enabled.set(name, isEnabled);
  const error = write(path, enabledLayerText(enabled));
  return error < 0 ? { error: `cannot write ${path}: ${host.errnoText(error)}` } : { path };
}

function write(path: string, text: string): number {
  const error = host.makeDirectory(path.slice(0, path.lastIndexOf("/")), 0o755, -1, -1);
  return error < 0 ? error : host.writeFile(path, text, 0o644);
}
