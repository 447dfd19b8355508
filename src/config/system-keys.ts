/** The keys of the whole file. */

import { image } from "./image-keys.ts";
import { modules, mounts, sysctl } from "./machine-keys.ts";
import { networking } from "./networking-keys.ts";
import { byKind, described, listOf, type OutputOf } from "./schema-kit.ts";
import { layered, notSupported } from "./schema-maps.ts";
import { defaults, environment, environmentFiles, service } from "./service-keys.ts";
import { terminals } from "./terminals-keys.ts";
import { choice, duration, matchingText, oneOrMore, path, size, text } from "./values.ts";

export const include = oneOrMore(path("a path"), "paths of files");

const hostname = matchingText(
  "a host name",
  /^(?=.{1,64}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
  "only letters, digits, - and . are allowed, at most 64",
);

const watchConfig = choice("what a changed file does", ["off", "notify", "apply"]);

const systemLogs = layered("logs of the whole system", {
  directory: described(path("a directory"), "Where the files of services are that name no path."),
  max_total: described(size("a size", 1024 * 1024), "Bound of all files together. Default: none."),
});

const shutdown = layered(
  "a shutdown",
  { timeout: described(duration("a duration", 1), "Bound of a whole shutdown. Default: computed from the services.") },
  { fixes: { scalar: "write shutdown: {timeout: 30s}" } },
);

/** A service in the list of services; for the JSON Schema, since the loader takes services one by one. */
const services = byKind("a list of services", { list: listOf(service, "services") });

export const systemEntries = {
  version: described(text("a version"), "The system's own version, free text."),
  title: described(text("a title"), "The system's name, shown when it starts."),
  description: described(text("a description"), "What it is, for people."),
  hostname: described(hostname, "The host name that the service networking sets, in a VM and in a container."),
  include: described(include, "Files that are read before this one, which may change what they say."),
  environment: described(environment, "Variables for ${NAME} in this file, and for every service."),
  env_file: described(environmentFiles, "Files with variables for ${NAME} in this file, and for every service."),
  defaults: described(defaults, "Keys of a service, for all services."),
  services: described(services, "The services."),
  logs: described(systemLogs, "Log files of the whole system."),
  shutdown: described(shutdown, "How the system ends."),
  watch_config: described(
    watchConfig,
    "What a change of the configuration's files does: off, notify, apply. Default: apply on a laptop, else notify.",
  ),
  mounts: described(mounts, "File systems of a machine, mounted before its services start."),
  modules: described(modules, "Kernel modules of a machine, loaded in this order before all else."),
  watchdog: described(
    duration("the time limit of the hardware watchdog", 1000),
    "A machine whose process 1 does not run for so long is reset by its hardware watchdog. Default: left alone.",
  ),
  sysctl: described(sysctl, "Kernel settings of a machine, by the names that sysctl uses."),
  networking: described(networking, "What the built-in service networking sets up."),
  terminals: described(terminals, "Who gets which terminal from the built-in service terminals."),
  web: notSupported(),
  image: described(image, "What the image builder makes of this configuration."),
};

const synonyms: Record<string, string> = {
  env: "environment",
  envfile: "env_file",
  name: "title",
  service: "services",
  includes: "include",
};

export const system = layered("the configuration", systemEntries, { synonyms });

export type SystemValues = OutputOf<typeof system>;
