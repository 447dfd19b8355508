/** Names of capabilities(7) by number: linux/capability.h. */

import { Refusal } from "./refusal.ts";
import { didYouMean } from "./suggest.ts";

const names =
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore".split(
    " ",
  );

/** Upper and lower case, with and without CAP_ before it. */
export function parseCapability(text: string): number | Refusal {
  const name = text.toLowerCase().replace(/^cap_/, "");
  const number = names.indexOf(name);
  return number >= 0
    ? number
    : new Refusal(
        "there is no such capability",
        didYouMean(name, names) || "write a name of capabilities(7), such as net_admin",
      );
}

export function formatCapability(number: number): string {
  return names[number] as string;
}
