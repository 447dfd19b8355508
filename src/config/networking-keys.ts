/** The key `networking` of the file. */

import type { InterfaceSettings } from "../engine/builtin-settings.ts";
import { parseAddress, parseNetwork } from "./address.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, type NodeSchema, type OutputOf, scalar } from "./schema-kit.ts";
import { keyed, layered, mapOf } from "./schema-maps.ts";
import { boolean, choice, matchingText, oneOrMore, wholeNumber } from "./values.ts";

type WrittenInterface = Omit<InterfaceSettings, "name">;

const address = scalar("an address", { type: "string" }, (text) =>
  parseAddress(text) === null ? new Refusal("it is neither an IPv4 nor an IPv6 address") : text,
);

const gateway = scalar("a gateway", { type: "string" }, (text) => {
  const bytes = parseAddress(text);
  return bytes === null ? new Refusal("it is neither an IPv4 nor an IPv6 address") : { text, bytes };
});

const network = scalar("an address with its prefix", { type: "string" }, (text) => {
  const read = parseNetwork(text);
  if (read !== null) return { text, ...read };
  const bytes = parseAddress(text);
  if (bytes === null) return new Refusal("it is no address with the length of its prefix", "write 192.0.2.9/24");
  return new Refusal("it lacks the length of its prefix", `write ${text}/${bytes.length === 4 ? 24 : 64}`);
});

const domain = matchingText(
  "a domain",
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/,
  "only letters, digits, _, - and . are allowed",
);

const dns = oneOrMore(address, "addresses of name servers");

const interfaceMap = keyed("a network interface", {
  dhcp: described(boolean, "Ask a DHCP server. Default: true without addresses, else false."),
  addresses: described(oneOrMore(network, "addresses"), "Fixed addresses, each with the length of its prefix."),
  gateway: described(oneOrMore(gateway, "gateways"), "Where everything else goes; one of each kind at most."),
  dns: described(dns, "Name servers that are reached through it."),
  mtu: described(wholeNumber("an MTU", 576, 65535), "Largest packet in bytes. Default: left alone, or what DHCP says."),
  optional: described(boolean, "true: the service is ready without it. Default false."),
});

const byDhcp: NodeSchema<WrittenInterface> = changed(choice("how an interface gets its addresses", ["dhcp"]), () =>
  writtenInterface({}),
);

const byMap: NodeSchema<WrittenInterface> = changed(interfaceMap, (values, node, result) => {
  const written = writtenInterface(values);
  const kinds = written.gateways.map(({ bytes }) => bytes.length);
  if (new Set(kinds).size !== kinds.length)
    result.refuse(node, "value", "cannot use two gateways of one kind", "keep one for IPv4, one for IPv6");
  return written;
});

function writtenInterface(values: OutputOf<typeof interfaceMap>): WrittenInterface {
  const addresses = values.addresses ?? [];
  return {
    dhcp: values.dhcp ?? addresses.length === 0,
    addresses,
    gateways: values.gateway ?? [],
    dns: values.dns ?? [],
    mtu: values.mtu ?? null,
    optional: values.optional ?? false,
  };
}

/** dev_valid_name() of the kernel; and nothing that would have to be quoted. */
const interfaceName = /^(?!\.{1,2}$)[A-Za-z0-9_.@-]{1,15}$/;

const interfaces = mapOf("network interfaces", byKind("a network interface", { scalar: byDhcp, map: byMap }), {
  name: (name) =>
    interfaceName.test(name)
      ? null
      : new Refusal("a network interface has at most 15 letters, digits, _, ., - and @", "see ip link"),
  listFix: "write the interface's name first: interfaces: {eth0: dhcp}",
  deletable: false,
});

export const networking = layered(
  "the networking",
  {
    interfaces: described(
      interfaces,
      "By name: dhcp, or what it has. Default: DHCP on the first Ethernet device in a VM, else none.",
    ),
    dns: described(dns, "Name servers, before those of the interfaces."),
    search: described(oneOrMore(domain, "domains"), "Domains in which short names are looked for, before others'."),
  },
  {
    synonyms: { interface: "interfaces", nameservers: "dns", nameserver: "dns", domains: "search" },
    fixes: { scalar: "write networking: {interfaces: {eth0: dhcp}}" },
  },
);

export type NetworkingValues = OutputOf<typeof networking>;
