/** `restart` and `deploy` of a service in compose.yaml. */

import type { YamlNode } from "../config/node.ts";
import { Raw } from "../config/write-yaml.ts";
import { type ComposeContext, putDuration, putSize, replicas } from "./compose-context.ts";
import { type At, type Draft, LeftOut, type ServiceDraft } from "./draft.ts";
import { restartLimit } from "./durations.ts";
import { applyRules, type Rules } from "./rules.ts";
import { entriesOf, pairsOf, textOf, valueAt } from "./yaml-values.ts";

const swarm = new LeftOut("it is about a cluster of machines");

/** All keys of `deploy`. */
export const deployRules: Rules<ComposeContext, YamlNode> = {
  endpoint_mode: swarm,
  labels: (value, at, { service }) => {
    const map = service.map("labels");
    for (const { name, value: text } of pairsOf(value, at.key)) map[name] = text ?? "";
    service.set("labels", map, at);
  },
  mode: swarm,
  placement: swarm,
  replicas: (value, at, { service }) => replicas(textOf(value), at, service),
  resources: (value, at, { service, draft }) => {
    const limits = valueAt(value, "limits");
    const cpus = textOf(valueAt(limits, "cpus"));
    const pids = textOf(valueAt(limits, "pids"));
    if (Number(cpus) >= 0.01) service.put("limits", "cpu", new Raw(cpus ?? ""), at);
    putSize(service, "memory", textOf(valueAt(limits, "memory")), at);
    if (Number(pids) > 0) service.put("limits", "pids", new Raw(pids ?? ""), at);
    const reserved = entriesOf(value, at.key).find(({ key }) => key === "reservations");
    if (reserved !== undefined)
      draft.note(reserved.at, "nothing is reserved", "limits: {cpu_weight: 1 to 10000} is a share");
  },
  restart_policy: (value, at, { service }) => {
    const condition = textOf(valueAt(value, "condition")) ?? "any";
    service.put(
      "restart",
      "policy",
      condition === "none" ? "no" : condition === "on-failure" ? condition : "always",
      at,
    );
    putDuration(service, "restart", "delay", textOf(valueAt(value, "delay")), at);
    const count = Number(textOf(valueAt(value, "max_attempts")));
    if (count > 0) service.put("restart", "limit", restartLimit(count, 0), at);
  },
  rollback_config: swarm,
  update_config: swarm,
};

export function composeDeploy(value: YamlNode, at: At, context: ComposeContext): void {
  applyRules(entriesOf(value, at.key), deployRules, context, context.draft);
}

/** no, always, unless-stopped, on-failure, on-failure:N. */
export function restartPolicy(text: string, at: At, service: ServiceDraft, draft: Draft): void {
  const [policy = "", count] = text.split(":");
  if (policy === "always" || policy === "unless-stopped") service.set("restart", "always", at);
  else if (policy === "on-failure") {
    const limit = Number(count) > 0 ? restartLimit(Number(count), 0) : null;
    service.set("restart", limit === null ? policy : { policy, limit }, at);
  } else if (policy !== "no" && policy !== "false") draft.note(at, `there is no policy ${text}`);
}
