/** Files and libyaml through the host's calls. */

import type { FileAccess, YamlSource } from "./files.ts";

export const hostFiles: FileAccess = {
  readFile: (path, maxBytes) => host.readFile(path, maxBytes),
  kindOf: (path) => {
    const found = host.stat(path);
    return typeof found === "number" ? found : found.kind;
  },
  list: (path) => host.listDirectory(path),
  realPath: (path) => host.realPath(path),
  hash: (data) => host.hash(data),
  decodeUtf8: (bytes) => host.decodeUtf8(bytes),
  firstInvalidUtf8: (bytes) => host.isUtf8(bytes),
  zoneOffset: (path, seconds) => host.zoneOffset(path, seconds),
  errorText: (number) => host.errnoText(number),
};

export const hostYaml: YamlSource = {
  events: (text, maxEvents) => host.yamlEvents(text, maxEvents),
};
