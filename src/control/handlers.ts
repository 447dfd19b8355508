/** All methods of the control socket, each with its handler. */

import type { ControlHost } from "./control-host.ts";
import { handleAct, handleResume } from "./handle-act.ts";
import { handleAttach } from "./handle-attach.ts";
import { handleApply, handlePlan, handleScale } from "./handle-configuration.ts";
import { handleEnable } from "./handle-enable.ts";
import { handleExec, handleExecSignal } from "./handle-exec.ts";
import { handleGraph, handleHistory } from "./handle-history.ts";
import { handleLogs } from "./handle-logs.ts";
import { handleStatus, handleVersion } from "./handle-status.ts";
import { handlePending, handleWhy } from "./handle-why.ts";
import type { Handlers } from "./server.ts";

export function controlHandlers(control: ControlHost): Handlers {
  return {
    version: (call) => handleVersion(control, call),
    status: (call) => handleStatus(control, call),
    why: (call) => handleWhy(control, call),
    pending: (call) => handlePending(control, call),
    act: (call) => handleAct(control, call),
    resume: (call) => handleResume(control, call),
    attach: (call) => handleAttach(control, call),
    exec: (call) => handleExec(control, call),
    execSignal: (call) => handleExecSignal(control, call),
    logs: (call) => handleLogs(control, call),
    history: (call) => handleHistory(control, call),
    graph: (call) => handleGraph(control, call),
    plan: (call) => handlePlan(control, call),
    enable: (call) => handleEnable(control, call),
    scale: (call) => handleScale(control, call),
    apply: (call) => handleApply(control, call),
  };
}
