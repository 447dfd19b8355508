/** `gonit check --platform kubernetes`: what a pod has to grant to a container that gonit runs. */

import type { Figures } from "./check.ts";
import { formatDuration } from "./duration.ts";

/** Seconds between two probes; each starts a client, which takes about a millisecond. */
const startupPeriod = 2;
const readinessPeriod = 5;
const livenessPeriod = 10;
/** The kubelet's own ways: it counts from the moment at which it begins to stop the pod. */
const graceMarginMs = 1000;

export interface KubernetesFigures {
  terminationGracePeriodSeconds: number;
  /** null: a task without a limit, of which the name is told, holds the start up. */
  startupFailureThreshold: number | null;
}

export function kubernetesFigures({ start, shutdownMs }: Figures): KubernetesFigures {
  return {
    terminationGracePeriodSeconds: Math.ceil((shutdownMs + graceMarginMs) / 1000),
    startupFailureThreshold: "unbounded" in start ? null : Math.max(1, Math.ceil(start.boundMs / 1000 / startupPeriod)),
  };
}

/** A part of a pod's specification (core/v1 PodSpec), to be written into it. */
export function kubernetesText(figures: Figures): string {
  const { terminationGracePeriodSeconds: grace, startupFailureThreshold: failures } = kubernetesFigures(figures);
  const { start, shutdownMs } = figures;
  const lines = [
    `# longest shutdown: ${formatDuration(shutdownMs)}${shownPath(figures.stop.path)}`,
    `terminationGracePeriodSeconds: ${grace}`,
    "containers:",
    "  - name: gonit",
  ];
  if ("unbounded" in start || failures === null) {
    const name = "unbounded" in start ? start.unbounded : "";
    lines.push(`    # no startupProbe: others wait until ${name} is done, and it has no timeout: {run: …}`);
  } else {
    lines.push(
      `    # longest start: ${formatDuration(start.boundMs)}${shownPath(start.path)}`,
      "    startupProbe:",
      ...probe("--ready", startupPeriod, failures),
    );
  }
  lines.push(
    "    readinessProbe:",
    ...probe("--ready", readinessPeriod, 1),
    "    livenessProbe:",
    ...probe("", livenessPeriod, 3),
  );
  return lines.join("\n");
}

function probe(option: string, period: number, failures: number): string[] {
  const words = ["gonit", "health", option].filter((word) => word !== "").join(", ");
  return [
    `      exec: { command: [${words}] }`,
    `      periodSeconds: ${period}`,
    `      failureThreshold: ${failures}`,
    "      timeoutSeconds: 5",
  ];
}

function shownPath(path: string[]): string {
  return path.length > 1
    ? ` (${path.length > 6 ? `${path.length} services one after the other` : path.join(", ")})`
    : "";
}
