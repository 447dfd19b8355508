import assert from "node:assert/strict";
import { test } from "node:test";
import { settingPath } from "./sysctl.ts";

test("settingPath() reads names as sysctl does", () => {
  assert.equal(settingPath("net.ipv4.ip_forward"), "/proc/sys/net/ipv4/ip_forward");
  assert.equal(settingPath("net.ipv4.conf.eth0/100.rp_filter"), "/proc/sys/net/ipv4/conf/eth0.100/rp_filter");
  assert.equal(settingPath("net/ipv4/conf/eth0.100/rp_filter"), "/proc/sys/net/ipv4/conf/eth0.100/rp_filter");
  assert.equal(settingPath("kernel/panic"), "/proc/sys/kernel/panic");
});
