/** A draft as the text of a config.yml, in the order in which the reference has the keys. */

import { serviceEntries } from "../config/service-keys.ts";
import { type Data, writeYaml } from "../config/write-yaml.ts";
import type { DataMap, Draft, ServiceDraft } from "./draft.ts";

const systemOrder = ["version", "title", "description", "env_file", "environment"];
const keyOrder = Object.keys(serviceEntries);
const indent = "    ";
const remarkWidth = 100;
/** Longer texts are quoted. */
const blockMax = 20_000;

export function configurationText(draft: Draft): string {
  const lines: string[] = [];
  for (const key of systemOrder) if (draft.system[key] !== undefined) pushKey(lines, key, draft.system[key], "", "");
  if (Object.keys(draft.defaults).length > 0) pushKey(lines, "defaults", draft.defaults, draft.defaultsRemark, "");
  if (draft.services.size === 0) lines.push("services: []");
  else lines.push("services:");
  for (const service of draft.services.values()) lines.push(...serviceLines(service));
  return `${lines.join("\n")}\n`;
}

function serviceLines(service: ServiceDraft): string[] {
  const lines: string[] = [];
  pushKey(lines, "name", service.name, "", indent);
  for (const key of keyOrder) {
    const value = service.values[key];
    if (value !== undefined) pushKey(lines, key, value, service.remarks.get(key) ?? "", indent);
  }
  lines[0] = `  - ${(lines[0] as string).trimStart()}`;
  const remark = service.remarks.get("") ?? "";
  return [...remarkLines(remark, "  "), ...lines];
}

function pushKey(lines: string[], key: string, value: Data, remark: string, before: string): void {
  lines.push(...remarkLines(remark, before));
  if (typeof value === "string" && isBlock(value)) {
    lines.push(`${before}${key}: |-`, ...value.split("\n").map((line) => (line === "" ? "" : `${before}  ${line}`)));
    return;
  }
  const map: DataMap = { [key]: value };
  for (const line of writeYaml(map).trimEnd().split("\n")) lines.push(before + line);
}

/** A text of several lines that a literal block keeps as it is. */
function isBlock(text: string): boolean {
  return (
    text.length < blockMax &&
    /^[^\s#][^\t\r]*\n[^\t\r]*\S$/.test(text) &&
    !/[^\n\x20-\x7e\xa0-\ud7ff]|\u2028|\u2029| (?=\n)/.test(text)
  );
}

function remarkLines(remark: string, before: string): string[] {
  const lines: string[] = [];
  for (const word of remark.split(" ").filter((part) => part !== "")) {
    const last = lines.length - 1;
    const longer = `${lines[last] ?? ""} ${word}`;
    if (last >= 0 && longer.length + before.length <= remarkWidth) lines[last] = longer;
    else lines.push(`${before}# ${word}`);
  }
  // A comment that holds a control character would end, or be no YAML.
  return lines.map((line) => line.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, "?"));
}
