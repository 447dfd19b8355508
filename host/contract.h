/* Generated from contract/contract.ts by `npm run contract`. Do not edit. */
#ifndef GONIT_CONTRACT_H
#define GONIT_CONTRACT_H

/* Version of all that is below; stands in every part of the ledger. */
#define CONTRACT_VERSION 1

/* Where gonit runs. Decided once, by init (host/role.c); what a role changes stands in src/runtime/role-table.ts. */
#define ROLE_VM 1
#define ROLE_CONTAINER 2
#define ROLE_LAPTOP 3

/* What a process is to its service; a field of the child slot, of events and of the control protocol. */
#define PROCESS_KIND_MAIN 1
#define PROCESS_KIND_PRE_START 2
#define PROCESS_KIND_POST_STOP 3
#define PROCESS_KIND_STOP 4
#define PROCESS_KIND_RELOAD 5
#define PROCESS_KIND_PROBE 6
#define PROCESS_KIND_EXEC_SESSION 7
#define PROCESS_KIND_READER 8
#define PROCESS_KIND_HELPER 9

/* Life of a child slot: free, claimed(ticket), running(pid), and free again only after the manager took the exit. */
#define SLOT_STATE_FREE 0
#define SLOT_STATE_CLAIMED 1
#define SLOT_STATE_RUNNING 2
#define SLOT_STATE_FAILED 3

/* The step at which a spawn failed. `none` means that exec succeeded. */
#define STAGE_NONE 0
#define STAGE_QUEUE 1
#define STAGE_DESCRIPTORS 2
#define STAGE_CLONE 3
#define STAGE_CGROUP 4
#define STAGE_SESSION 5
#define STAGE_TERMINAL 6
#define STAGE_NAMESPACES 7
#define STAGE_ROOT 8
#define STAGE_RLIMITS 9
#define STAGE_NICE 10
#define STAGE_OOM_SCORE 11
#define STAGE_UMASK 12
#define STAGE_GROUPS 13
#define STAGE_USER 14
#define STAGE_CAPABILITIES 15
#define STAGE_NO_NEW_PRIVILEGES 16
#define STAGE_SECCOMP 17
#define STAGE_DIRECTORY 18
#define STAGE_SIGNALS 19
#define STAGE_EXEC 20
#define STAGE_TIME_LIMIT 21
#define STAGE_KILLED 22
#define STAGE_LOOKUP_USER 23
#define STAGE_LOOKUP_GROUP 24
#define STAGE_ENV_FILE 25
#define STAGE_LOG 26
#define STAGE_COMMAND 27
#define STAGE_INPUT 28
#define STAGE_DIRECTORIES 29
#define STAGE_MOUNTS 30
#define STAGE_USER_NAMESPACE 31
#define STAGE_SOCKETS 32

/* What becomes of a path in a service's own mount namespace. keep, keep_if_there: as it is while all else is read only. */
#define SPAWN_MOUNT_KEEP 1
#define SPAWN_MOUNT_KEEP_IF_THERE 2
#define SPAWN_MOUNT_READ_ONLY 3
#define SPAWN_MOUNT_TEMPORARY 4
#define SPAWN_MOUNT_PROC 5

/* Whom a signal reaches. */
#define SIGNAL_SCOPE_PROCESS 1
#define SIGNAL_SCOPE_GROUP 2
#define SIGNAL_SCOPE_TREE 3

/* Clocks that a timer can name. */
#define CLOCK_MONOTONIC 1
#define CLOCK_BOOT 2
#define CLOCK_WALL 3

/* Pseudo descriptors that host.poll() reports beside real ones. */
#define READY_TIMER_MONOTONIC (-1)
#define READY_TIMER_BOOT (-2)
#define READY_TIMER_WALL (-3)
#define READY_CLOCK_STEPPED (-4)
#define READY_BELL (-5)
#define READY_SPAWNED (-6)
#define READY_TREE (-7)
#define READY_INIT_MESSAGE (-8)

/* Descriptor numbers with which init starts manager and logger. Nothing else is open but 0, 1, 2. */
#define ROLE_FD_EXITS 3
#define ROLE_FD_WORK 4
#define ROLE_FD_INIT 5
#define ROLE_FD_BELL 6
#define ROLE_FD_INIT_BELL 7
#define ROLE_FD_EXE 8
#define ROLE_FD_LOG 9
#define ROLE_FD_FIRST_FREE 10

/* Messages between init and its roles (SOCK_SEQPACKET, struct init_message of host/init-message.h). */
#define INIT_OP_HOLD 1
#define INIT_OP_RELEASE 2
#define INIT_OP_LIST_HELD 3
#define INIT_OP_SIGNAL 4
#define INIT_OP_SHUTDOWN 5
#define INIT_OP_REEXEC 6
#define INIT_OP_LOG_SOURCE 7
#define INIT_OP_LOG_FORGET 8
#define INIT_OP_RESET_ROLE 9
#define INIT_OP_LOG_CHANGED 10
#define INIT_OP_LOG_VIEWER 11
#define INIT_OP_HELD 20
#define INIT_OP_HELD_END 21
#define INIT_OP_LOG_DRAIN 40
#define INIT_OP_LOG_WATCHED 50

/* How a finished shutdown ends. In a container or on a laptop every mode is an exit. */
#define SHUTDOWN_MODE_EXIT 1
#define SHUTDOWN_MODE_POWEROFF 2
#define SHUTDOWN_MODE_REBOOT 3
#define SHUTDOWN_MODE_HALT 4

/* The client's exit codes, and those that gonit itself ends with. */
#define EXIT_CODE_OK 0
#define EXIT_CODE_FAILED 1
#define EXIT_CODE_USAGE 2
#define EXIT_CODE_NOT_RUNNING 3
#define EXIT_CODE_NO_SUCH_SERVICE 4
#define EXIT_CODE_UNREACHABLE 5
#define EXIT_CODE_REFUSED 6
#define EXIT_CODE_TIMED_OUT 7
#define EXIT_CODE_NOT_EXECUTABLE 126
#define EXIT_CODE_NOT_FOUND 127
#define EXIT_CODE_FORCED 130

/* What the logger does with a source's bytes; bits of the log slot's `flags`. */
#define LOG_FLAG_STAMP 1
#define LOG_FLAG_CONSOLE 2
#define LOG_FLAG_CONSOLE_ERROR 4
#define LOG_FLAG_PREFIX 8
#define LOG_FLAG_MEMORY 16
#define LOG_FLAG_WATCH 32
#define LOG_FLAG_OWN 64
#define LOG_FLAG_JSON 128
#define LOG_FLAG_TERMINAL 256

/* Sizes that are fixed when init starts. */
#define LIMIT_CHILD_SLOTS 4096
#define LIMIT_LOG_SLOTS 4096
#define LIMIT_NAME_BYTES 128
#define LIMIT_JOURNAL_BYTES 524288
#define LIMIT_SNAPSHOT_BYTES 8388608
#define LIMIT_LOG_WINDOW_BYTES 65536
#define LIMIT_LOG_MEMORY_BYTES 16384
#define LIMIT_LOG_MEMORY_SLOTS 256
#define LIMIT_LOG_OWN_PIPES 4
#define LIMIT_OWN_WINDOW_FDS 64
#define LIMIT_BLOCKED_SPAWNS 32
#define LIMIT_CGROUP_DEPTH 16

/* HOST_CALLS_MODULE(X) applies X(javascript name, C function, parameters) to each call of a module. */
#define HOST_CALLS_CORE(X) \
  X(args, host_args, 0) \
  X(argv0, host_argv0, 0) \
  X(environment, host_environment, 0) \
  X(now, host_now, 0) \
  X(random, host_random, 0) \
  X(write, host_write, 2) \
  X(print, host_print, 2) \
  X(load, host_load, 1) \
  X(exit, host_exit, 1) \
  X(errnoName, host_errno_name, 1) \
  X(errnoText, host_errno_text, 1) \
  X(signalName, host_signal_name, 1) \
  X(isTerminal, host_is_terminal, 1) \
  X(windowSize, host_window_size, 1) \
  X(setWindowSize, host_set_window_size, 3) \
  X(pid, host_pid, 0) \
  X(uid, host_uid, 0) \
  X(gid, host_gid, 0) \
  X(version, host_version, 0) \
  X(build, host_build, 0) \
  X(role, host_role, 0) \
  X(decodeUtf8, host_decode_utf8, 1) \
  X(isUtf8, host_is_utf8, 1) \
  X(encodeUtf8, host_encode_utf8, 1) \
  X(ledgerStatus, host_ledger_status, 1)

#define HOST_CALLS_LOOP(X) \
  X(watch, host_watch, 2) \
  X(unwatch, host_unwatch, 1) \
  X(setTimer, host_set_timer, 2) \
  X(poll, host_poll, 1) \
  X(catchSignals, host_catch_signals, 1) \
  X(readSignal, host_read_signal, 1)

#define HOST_CALLS_SOCKET(X) \
  X(listenUnix, host_listen_unix, 2) \
  X(connectUnix, host_connect_unix, 1) \
  X(accept, host_accept, 1) \
  X(connectTcp, host_connect_tcp, 2) \
  X(socketError, host_socket_error, 1) \
  X(socketPath, host_socket_path, 1) \
  X(receive, host_receive, 2) \
  X(send, host_send, 2) \
  X(close, host_close, 1) \
  X(bindDatagram, host_bind_datagram, 2) \
  X(receiveNotify, host_receive_notify, 2) \
  X(peekPipe, host_peek_pipe, 1) \
  X(pipe, host_pipe, 0) \
  X(socketPair, host_socket_pair, 0) \
  X(memory, host_memory, 1) \
  X(localHosts, host_local_hosts, 1)

#define HOST_CALLS_FILE(X) \
  X(readFile, host_read_file, 2) \
  X(readFd, host_read_fd, 3) \
  X(writeFile, host_write_file, 3) \
  X(open, host_open, 3) \
  X(stat, host_stat, 1) \
  X(realPath, host_real_path, 1) \
  X(listDirectory, host_list_directory, 1) \
  X(makeDirectory, host_make_directory, 4) \
  X(remove, host_remove, 1) \
  X(changeOwner, host_change_owner, 3) \
  X(cgroupRoot, host_cgroup_root, 0) \
  X(workingDirectory, host_working_directory, 0) \
  X(watchFile, host_watch_file, 2) \
  X(watchPath, host_watch_path, 2) \
  X(lockFile, host_lock_file, 1) \
  X(hash, host_hash, 1) \
  X(regularExpressionTest, host_regular_expression_test, 2)

#define HOST_CALLS_YAML(X) \
  X(yamlEvents, host_yaml_events, 2) \
  X(zoneOffset, host_zone_offset, 2)

#define HOST_CALLS_MANAGER(X) \
  X(life, host_life, 0) \
  X(exits, host_exits, 0) \
  X(takeExit, host_take_exit, 1) \
  X(slots, host_slots, 0) \
  X(mendSlot, host_mend_slot, 4) \
  X(orphans, host_orphans, 0) \
  X(signals, host_signals, 0) \
  X(acknowledge, host_acknowledge, 0) \
  X(looseMemory, host_loose_memory, 0) \
  X(releaseMemory, host_release_memory, 0) \
  X(spawn, host_spawn, 1) \
  X(cancelSpawn, host_cancel_spawn, 1) \
  X(relieveSpawners, host_relieve_spawners, 0) \
  X(spawned, host_spawned, 0) \
  X(signal, host_signal, 4) \
  X(listenInet, host_listen_inet, 4) \
  X(listenPath, host_listen_path, 5) \
  X(openProcess, host_open_process, 1) \
  X(signalProcess, host_signal_process, 2) \
  X(nameProcess, host_name_process, 3) \
  X(limitProcess, host_limit_process, 4) \
  X(niceThread, host_nice_thread, 2) \
  X(inspectTree, host_inspect_tree, 1) \
  X(removeGroup, host_remove_group, 1) \
  X(signalTree, host_signal_tree, 2) \
  X(trees, host_trees, 0) \
  X(hold, host_hold, 2) \
  X(releaseHeld, host_release_held, 1) \
  X(held, host_held, 0) \
  X(journalAppend, host_journal_append, 1) \
  X(journalStepped, host_journal_stepped, 0) \
  X(journalEffect, host_journal_effect, 1) \
  X(journalDone, host_journal_done, 0) \
  X(snapshotWrite, host_snapshot_write, 1) \
  X(recovery, host_recovery, 0) \
  X(recoveryRung, host_recovery_rung, 1) \
  X(configureLog, host_configure_log, 1) \
  X(logPipe, host_log_pipe, 2) \
  X(openPty, host_open_pty, 0) \
  X(resetPty, host_reset_pty, 1) \
  X(logTerminal, host_log_terminal, 3) \
  X(logViewer, host_log_viewer, 2) \
  X(sendDescriptors, host_send_descriptors, 3) \
  X(setBlocking, host_set_blocking, 1) \
  X(forgetLog, host_forget_log, 1) \
  X(logCounters, host_log_counters, 1) \
  X(logTroubles, host_log_troubles, 0) \
  X(logDrained, host_log_drained, 2) \
  X(logMemory, host_log_memory, 1) \
  X(logCommand, host_log_command, 1) \
  X(ownLog, host_own_log, 1) \
  X(finishShutdown, host_finish_shutdown, 3) \
  X(lookupUser, host_lookup_user, 1) \
  X(lookupGroup, host_lookup_group, 1) \
  X(seccompProfile, host_seccomp_profile, 1) \
  X(features, host_features, 0) \
  X(roles, host_roles, 0) \
  X(instanceId, host_instance_id, 0) \
  X(isolated, host_isolated, 0) \
  X(startedMs, host_started_ms, 0) \
  X(testHook, host_test_hook, 1)

#define HOST_CALLS_SERVICE(X) \
  X(netlinkOpen, host_netlink_open, 1) \
  X(netlinkSend, host_netlink_send, 2) \
  X(packetOpen, host_packet_open, 3) \
  X(packetReceive, host_packet_receive, 1) \
  X(udpOpen, host_udp_open, 2) \
  X(udpSend, host_udp_send, 4) \
  X(setHostName, host_set_host_name, 1) \
  X(spawnOnTerminal, host_spawn_on_terminal, 4) \
  X(waitChild, host_wait_child, 1) \
  X(killChild, host_kill_child, 2) \
  X(resetTerminal, host_reset_terminal, 3) \
  X(setLoopbackUp, host_set_loopback_up, 0) \
  X(sendDatagram, host_send_datagram, 2)

#define HOST_CALLS_MACHINE(X) \
  X(kernelWord, host_kernel_word, 1) \
  X(mount, host_mount, 5) \
  X(unmount, host_unmount, 1) \
  X(loadModule, host_load_module, 2) \
  X(growFileSystem, host_grow_file_system, 2) \
  X(openWatchdog, host_open_watchdog, 2) \
  X(runProgram, host_run_program, 1)

#define HOST_CALLS_TERMINAL(X) \
  X(receiveDescriptors, host_receive_descriptors, 2) \
  X(rawMode, host_raw_mode, 2)

#endif
