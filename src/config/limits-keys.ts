/** The key `limits` of a service: how much of the machine it may take. */

import { Refusal } from "./refusal.ts";
import { described, type NodeSchema, type OutputOf, scalar } from "./schema-kit.ts";
import { layered } from "./schema-maps.ts";
import { parseSize } from "./size.ts";
import { boolean, factor, size, wholeNumber } from "./values.ts";

/** Less than a page would be none; the kernel rounds down to whole pages. */
const memoryMin = 4096;
const pidsMax = 4_194_304;
const filesMax = 1_073_741_816;

/** -1: unlimited, as setrlimit(2) has it. */
const core: NodeSchema<number> = scalar(
  "the size of a core file, or unlimited",
  { type: ["string", "integer"] },
  (value) => {
    if (value === "unlimited") return -1;
    const bytes = parseSize(value);
    return bytes instanceof Refusal
      ? new Refusal(bytes.why, "write a size such as 64M, 0 for none, or unlimited")
      : bytes;
  },
);

export const limits = layered(
  "limits",
  {
    memory: described(
      size("a size", memoryMin),
      "At most so much memory for all its processes; beyond it the kernel kills.",
    ),
    memory_high: described(size("a size", memoryMin), "Above this it is slowed down, and its memory is reclaimed."),
    cpu: described(factor("a number of cores", 0.01, 10_000), "At most so much of the processors: 0.5 is half a core."),
    cpu_weight: described(
      wholeNumber("a weight", 1, 10_000),
      "Share of the processors among services that want them. Default 100.",
    ),
    io_weight: described(
      wholeNumber("a weight", 1, 10_000),
      "Share of the disks among services that want them. Default 100.",
    ),
    pids: described(wholeNumber("a number of processes", 1, pidsMax), "At most so many processes and threads."),
    files: described(wholeNumber("a number of files", 3, filesMax), "At most so many open files in one process."),
    core: described(core, "Size of a core file in bytes, or unlimited."),
    nice: described(wholeNumber("a niceness", -20, 19), "-20 is first at the processors, 19 is last."),
    oom_score_adj: described(
      wholeNumber("an adjustment", -1000, 1000),
      "-1000 is never killed when the machine is out of memory, 1000 is killed first.",
    ),
    delegate: described(boolean, "The service's cgroup is its user's, to make groups of its own below it."),
  },
  {
    synonyms: {
      mem: "memory",
      memory_max: "memory",
      cpus: "cpu",
      nofile: "files",
      open_files: "files",
      nproc: "pids",
      processes: "pids",
      tasks: "pids",
      priority: "nice",
    },
    fixes: { scalar: "write limits: {memory: 128M}" },
  },
);

export type LimitValues = OutputOf<typeof limits>;
