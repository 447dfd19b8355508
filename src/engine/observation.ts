/**
 * What was looked at while a configuration was read, and what was seen. The reader is a function of nothing else, so where
 * all of it is seen again, reading it again gives the same plan.
 */

export type Observation =
  /** What a path is ("file", "directory", …), or -errno. */
  | { kind: "kind"; path: string; seen: string | number }
  /** SHA-256 of a regular file of at most `bytesMax`, or -errno. */
  | { kind: "content"; path: string; bytesMax: number; seen: string | number }
  /** Names in a folder, in byte order, or -errno. */
  | { kind: "names"; path: string; seen: string[] | number }
  /** realpath(3), or -errno. */
  | { kind: "real-path"; path: string; seen: string | number }
  /** A variable of gonit's own environment; null: it is not set. */
  | { kind: "variable"; name: string; seen: string | null };

/**
 * First words of the file that holds a plan and its observations, `system/config.plan`. Behind them on that line: the
 * build that reads such plans, and the hash of all that follows: observations on one line, the plan on the next.
 */
export const storedPlanHead = "gonit stored plan";
