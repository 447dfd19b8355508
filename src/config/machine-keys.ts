/** The keys of a machine (role vm): modules, kernel settings, file systems. What they do is src/services/machine. */

import type { ModulePlan, MountPlan } from "../engine/plan.ts";
import { childOf } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, listOf, type NodeSchema } from "./schema-kit.ts";
import { keyed, mapOf } from "./schema-maps.ts";
import { boolean, filledText, matchingText, text } from "./values.ts";

const moduleName = matchingText(
  "a kernel module",
  /^(?:[A-Za-z0-9_-]{1,64}|\/[^\0]+)$/,
  "it is neither a module's name nor the absolute path of a module's file",
  "leave .ko away, or write the whole path",
);

const oneLine = matchingText("options of a module", /^[^\n\0]*$/, "it has more than one line");

const module: NodeSchema<ModulePlan> = byKind("a kernel module", {
  scalar: changed(moduleName, (name) => ({ name, options: "" })),
  map: changed(
    keyed(
      "a kernel module",
      {
        name: described(moduleName, "Its name, or the path of its file."),
        options: described(oneLine, "What it is loaded with, such as soft_margin=60."),
      },
      { required: ["name"] },
    ),
    ({ name = "", options = "" }) => ({ name, options }),
  ),
});

export const modules = listOf(module, "kernel modules");

export const sysctl = mapOf("kernel settings", text("the value of a kernel setting"), {
  name: (key) =>
    /^[A-Za-z0-9_][A-Za-z0-9_./:*-]*$/.test(key) && !key.includes("..")
      ? null
      : new Refusal("it is no name of a kernel setting", "write it as sysctl does: net.ipv4.ip_forward: 1"),
  listFix: "write NAME: VALUE, each on a line of its own",
  deletable: true,
});

const mountFields = keyed(
  "a mount",
  {
    source: described(filledText("a source"), "A device, LABEL=…, UUID=…, or tmpfs. Of / it is left out."),
    target: described(matchingText("a mount point", /^\//, "it is no absolute path"), "The folder; made when missing."),
    type: described(filledText("a type of file system"), "Default: what is found on the device."),
    options: described(listOf(filledText("an option"), "options of a mount"), "As mount(8) takes them with -o."),
    check: described(boolean, "Check it first, and repair what is safe to. Default: where its type has a checker."),
    required: described(boolean, "false: services start without it. Default true."),
    grow: described(boolean, "Grow the file system (ext4) to the size of its device. Default false."),
  },
  { required: ["target"] },
);

const mount: NodeSchema<MountPlan> = changed(mountFields, (values, node, result): MountPlan | undefined => {
  const { source = "", target = "", type = "" } = values;
  const isMemory = source === "tmpfs" || type === "tmpfs";
  if (source === "" && target !== "/" && type === "") {
    result.refuse(node, "missing-key", `cannot mount ${target} without source`, "add source: LABEL=… or a device");
    return undefined;
  }
  if (isMemory && values.grow === true) {
    const at = (node.kind === "map" && childOf(node, "grow")) || node;
    result.refuse(at, "value", "cannot grow a tmpfs: it has no device", "leave it out, or set the option size=");
    return undefined;
  }
  return {
    source: source === "" && isMemory ? "tmpfs" : source,
    target: target === "/" ? target : target.replace(/\/+$/, ""),
    type: isMemory ? "tmpfs" : type,
    options: values.options ?? [],
    check: values.check ?? !isMemory,
    required: values.required ?? true,
    grow: values.grow ?? false,
  };
});

export const mounts = listOf(mount, "mounts");
