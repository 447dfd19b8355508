/** The text of resolv.conf(5): the name servers and domains of all sources, in their order. Pure. */

export interface ResolverSource {
  dns: string[];
  search: string[];
}

/** glibc's and musl's resolvers ask no more than three. */
const serversMax = 3;
const domainsMax = 6;

/** null: nobody knows a name server or domain, and what stands in the file is left alone. */
export function resolvConf(sources: ResolverSource[]): string | null {
  const servers = [...new Set(sources.flatMap(({ dns }) => dns))].slice(0, serversMax);
  const domains = [...new Set(sources.flatMap(({ search }) => search))].slice(0, domainsMax);
  if (servers.length === 0 && domains.length === 0) return null;
  const lines = ["# Written by gonit's service networking; changes are lost."];
  if (domains.length > 0) lines.push(`search ${domains.join(" ")}`);
  for (const server of servers) lines.push(`nameserver ${server}`);
  return `${lines.join("\n")}\n`;
}
