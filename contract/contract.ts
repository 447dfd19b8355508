/*
 * The contract between C and TypeScript: every number that both sides name, and every host call.
 *
 * ONE table. `npm run contract` writes host/contract.h and src/contract.ts from it; `npm run check` proves that both
 * are fresh. Numbers that cross a process boundary (the ledger, the sockets between our own processes) are never
 * reused: a number that loses its meaning stays here, marked as retired.
 */

/** A set of numbers with one meaning each. `SCREAMING_CASE` in C (`PREFIX_NAME`), `Prefix.name` in TypeScript. */
export interface Numbers {
  prefix: string;
  doc: string;
  values: Record<string, number>;
  /** C has the kernel's own names for these (and musl's signal.h takes POLL_OUT). */
  onlyTypeScript?: boolean;
}

export const NUMBERS: Numbers[] = [
  {
    prefix: "contract",
    doc: "Version of all that is below; stands in every part of the ledger.",
    values: { version: 1 },
  },
  {
    prefix: "role",
    doc: "Where gonit runs. Decided once, by init (host/role.c); what a role changes stands in src/runtime/role-table.ts.",
    values: { vm: 1, container: 2, laptop: 3 },
  },
  {
    prefix: "process_kind",
    doc: "What a process is to its service; a field of the child slot, of events and of the control protocol.",
    values: {
      main: 1,
      pre_start: 2,
      post_stop: 3,
      stop: 4,
      reload: 5,
      probe: 6,
      exec_session: 7,
      /* gonit's own short-lived children, which belong to no service. */
      reader: 8,
      helper: 9,
    },
  },
  {
    prefix: "slot_state",
    doc: "Life of a child slot: free, claimed(ticket), running(pid), and free again only after the manager took the exit.",
    values: { free: 0, claimed: 1, running: 2, failed: 3 },
  },
  {
    prefix: "stage",
    doc: "The step at which a spawn failed. `none` means that exec succeeded.",
    values: {
      none: 0,
      queue: 1,
      descriptors: 2,
      clone: 3,
      cgroup: 4,
      session: 5,
      terminal: 6,
      namespaces: 7,
      root: 8,
      rlimits: 9,
      nice: 10,
      oom_score: 11,
      umask: 12,
      groups: 13,
      user: 14,
      capabilities: 15,
      no_new_privileges: 16,
      seccomp: 17,
      directory: 18,
      signals: 19,
      exec: 20,
      time_limit: 21,
      killed: 22,
      /* Found by the manager before a process is made. */
      lookup_user: 23,
      lookup_group: 24,
      env_file: 25,
      log: 26,
      command: 27,
      input: 28,
      directories: 29,
      mounts: 30,
      user_namespace: 31,
      sockets: 32,
    },
  },
  {
    prefix: "spawn_mount",
    doc: "What becomes of a path in a service's own mount namespace. keep, keep_if_there: as it is while all else is read only.",
    values: { keep: 1, keep_if_there: 2, read_only: 3, temporary: 4, proc: 5 },
  },
  {
    prefix: "signal_scope",
    doc: "Whom a signal reaches.",
    values: { process: 1, group: 2, tree: 3 },
  },
  {
    prefix: "clock",
    doc: "Clocks that a timer can name.",
    values: { monotonic: 1, boot: 2, wall: 3 },
  },
  {
    prefix: "ready",
    doc: "Pseudo descriptors that host.poll() reports beside real ones.",
    values: {
      timer_monotonic: -1,
      timer_boot: -2,
      timer_wall: -3,
      clock_stepped: -4,
      bell: -5,
      spawned: -6,
      tree: -7,
      init_message: -8,
    },
  },
  {
    prefix: "poll",
    doc: "Event bits of host.watch() and host.poll(): those of epoll(7).",
    values: { in: 1, out: 4, error: 8, hangup: 16, edge: 0x80000000 },
    onlyTypeScript: true,
  },
  {
    prefix: "role_fd",
    doc: "Descriptor numbers with which init starts manager and logger. Nothing else is open but 0, 1, 2.",
    values: { exits: 3, work: 4, init: 5, bell: 6, init_bell: 7, exe: 8, log: 9, first_free: 10 },
  },
  {
    prefix: "init_op",
    doc: "Messages between init and its roles (SOCK_SEQPACKET, struct init_message of host/init-message.h).",
    values: {
      /* manager to init */
      hold: 1,
      release: 2,
      list_held: 3,
      signal: 4,
      shutdown: 5,
      reexec: 6,
      log_source: 7,
      log_forget: 8,
      reset_role: 9,
      /* the log table changed: init rings the logger's bell */
      log_changed: 10,
      /* a socket for the logger, which gets a copy of what a terminal shows */
      log_viewer: 11,
      /* init to manager */
      held: 20,
      held_end: 21,
      /* init to logger */
      log_drain: 40,
      /* logger to init: a watched source has new lines, ring the manager */
      log_watched: 50,
    },
  },
  {
    prefix: "shutdown_mode",
    doc: "How a finished shutdown ends. In a container or on a laptop every mode is an exit.",
    values: { exit: 1, poweroff: 2, reboot: 3, halt: 4 },
  },
  {
    prefix: "exit_code",
    doc: "The client's exit codes, and those that gonit itself ends with.",
    values: {
      ok: 0,
      failed: 1,
      usage: 2,
      not_running: 3,
      no_such_service: 4,
      unreachable: 5,
      refused: 6,
      timed_out: 7,
      not_executable: 126,
      not_found: 127,
      forced: 130,
    },
  },
  {
    prefix: "log_flag",
    doc: "What the logger does with a source's bytes; bits of the log slot's `flags`.",
    values: {
      /* a time stamp at the start of each line in the file */
      stamp: 1,
      /* also, or only, to gonit's standard output (or standard error with `console_error`) */
      console: 2,
      console_error: 4,
      /* the service's name before each line on the console */
      prefix: 8,
      /* keep recent bytes in the ledger's memory because there is no file */
      memory: 16,
      /* ring the manager's bell when lines arrive (`ready: {log: …}`, `logs -f`) */
      watch: 32,
      /* gonit's own messages: written to the console as they are */
      own: 64,
      /* JSON lines instead of text */
      json: 128,
      /* from a terminal: the carriage return before a line end is the terminal's, not the line's */
      terminal: 256,
    },
  },
  {
    prefix: "limit",
    doc: "Sizes that are fixed when init starts.",
    values: {
      child_slots: 4096,
      log_slots: 4096,
      name_bytes: 128,
      journal_bytes: 524288,
      snapshot_bytes: 8388608,
      log_window_bytes: 65536,
      log_memory_bytes: 16384,
      log_memory_slots: 256,
      /* pipes' ends that the logger hands to init for its successor: numbers from log_slots on */
      log_own_pipes: 4,
      own_window_fds: 64,
      blocked_spawns: 32,
      cgroup_depth: 16,
    },
  },
];

/** One host call: a C function `host_NAME` that TypeScript sees as `host.name(…)`. */
export interface HostCall {
  name: string;
  /** Programs that get it: every QuickJS program of the binary has `core`. */
  module: "core" | "loop" | "socket" | "file" | "manager" | "yaml" | "service" | "machine" | "terminal";
  /** TypeScript parameters and result. Calls that can fail return a negative errno. */
  signature: string;
  doc: string;
}

export const HOST_CALLS: HostCall[] = [
  // core: every program
  { name: "args", module: "core", signature: "(): string[]", doc: "Arguments after argv[0], as given." },
  { name: "argv0", module: "core", signature: "(): string", doc: "The last path component of argv[0]." },
  { name: "environment", module: "core", signature: "(): string[]", doc: "The environment as NAME=value texts, bytes that are no UTF-8 replaced." },
  { name: "now", module: "core", signature: "(): { monotonicMs: number; bootMs: number; wallMs: number }", doc: "The three clocks, in milliseconds with fractions." },
  { name: "random", module: "core", signature: "(): number", doc: "A number from 0 to 2^32-1 that the kernel chose; never blocks." },
  { name: "write", module: "core", signature: "(fd: number, data: string | Uint8Array): number", doc: "One write(2): bytes written or -errno. A terminal or pipe that is full gives -EAGAIN where the descriptor does not block." },
  { name: "print", module: "core", signature: "(fd: number, text: string): number", doc: "Writes all of the text, waiting for a slow reader: for clients only. 0 or -errno." },
  { name: "load", module: "core", signature: "(module: string): unknown", doc: "Evaluates a module of this binary, such as cli/command-status, and returns its exports; undefined when there is none of that name." },
  { name: "exit", module: "core", signature: "(code: number): never", doc: "Ends this process at once." },
  { name: "errnoName", module: "core", signature: "(errno: number): string", doc: "ENOENT for 2 (the sign is ignored)." },
  { name: "errnoText", module: "core", signature: "(errno: number): string", doc: "strerror(3) in English (the sign is ignored)." },
  { name: "signalName", module: "core", signature: "(signal: number): string", doc: "SIGTERM for 15; SIGRTMIN+3 for 37." },
  { name: "isTerminal", module: "core", signature: "(fd: number): boolean", doc: "isatty(3)." },
  { name: "windowSize", module: "core", signature: "(fd: number): [columns: number, rows: number] | null", doc: "TIOCGWINSZ." },
  { name: "setWindowSize", module: "core", signature: "(fd: number, columns: number, rows: number): number", doc: "TIOCSWINSZ; the kernel tells the terminal's programs by SIGWINCH. 0 or -errno." },
  { name: "pid", module: "core", signature: "(): number", doc: "getpid(2)." },
  { name: "uid", module: "core", signature: "(): number", doc: "geteuid(2)." },
  { name: "gid", module: "core", signature: "(): number", doc: "getegid(2)." },
  { name: "version", module: "core", signature: "(): string", doc: "gonit's version." },
  { name: "build", module: "core", signature: "(): string", doc: "A text that is another one for every build with other scripts." },
  { name: "role", module: "core", signature: "(): number", doc: "Role.* of the running instance; 0 in a client." },
  { name: "decodeUtf8", module: "core", signature: "(bytes: Uint8Array): string", doc: "Bytes to text, what is no UTF-8 replaced by U+FFFD." },
  { name: "isUtf8", module: "core", signature: "(bytes: Uint8Array): number", doc: "-1, or the offset of the first byte that is no UTF-8." },
  { name: "encodeUtf8", module: "core", signature: "(text: string): Uint8Array", doc: "Text to UTF-8." },

  // loop: programs that wait
  { name: "watch", module: "loop", signature: "(fd: number, events: number): number", doc: "Adds or changes a descriptor in the poll set. 0 or -errno." },
  { name: "unwatch", module: "loop", signature: "(fd: number): void", doc: "Takes a descriptor out of the poll set." },
  { name: "setTimer", module: "loop", signature: "(clock: number, atMs: number): number", doc: "Arms the one timer of a clock at an absolute time; a negative time disarms. 0 or -errno." },
  { name: "poll", module: "loop", signature: "(timeoutMs: number): number[]", doc: "Waits for at most timeoutMs (-1: for ever) and returns pairs [fd, events, …]; negative fds are Ready.*. Re-arms the guard against endless loops." },
  { name: "catchSignals", module: "loop", signature: "(signals: number[]): number", doc: "Blocks these signals and returns a descriptor (signalfd) to watch, or -errno." },
  { name: "readSignal", module: "loop", signature: "(fd: number): number", doc: "The next signal's number, 0 when there is none." },

  // socket
  { name: "listenUnix", module: "socket", signature: "(path: string, mode: number): number", doc: "A listening stream socket; a path that starts with @ is an abstract name. fd or -errno." },
  { name: "connectUnix", module: "socket", signature: "(path: string): number", doc: "A connected, non-blocking stream socket. fd or -errno." },
  { name: "accept", module: "socket", signature: "(fd: number): { fd: number; uid: number; gid: number; pid: number } | number", doc: "The next client with its peer credentials (SO_PEERCRED), or -errno." },
  { name: "connectTcp", module: "socket", signature: "(address: string, port: number): number", doc: "Starts a non-blocking connection to a numeric IPv4 or IPv6 address. fd or -errno; poll for `out`, then ask socketError." },
  { name: "socketError", module: "socket", signature: "(fd: number): number", doc: "SO_ERROR as 0 or -errno." },
  { name: "socketPath", module: "socket", signature: "(fd: number): string", doc: "Path that a Unix socket is bound to, by getsockname(2); empty: it has none, or the descriptor is none." },
  { name: "receive", module: "socket", signature: "(fd: number, maxBytes: number): Uint8Array | number", doc: "What is there, an empty array at the end, or -errno." },
  { name: "send", module: "socket", signature: "(fd: number, data: string | Uint8Array): number", doc: "Bytes taken or -errno; never blocks, no SIGPIPE." },
  { name: "close", module: "socket", signature: "(fd: number): void", doc: "close(2), after unwatch." },
  { name: "bindDatagram", module: "socket", signature: "(path: string, mode: number): number", doc: "A datagram socket with SO_PASSCRED for sd_notify; @ is abstract. fd or -errno." },
  { name: "receiveNotify", module: "socket", signature: "(fd: number, peek: boolean): { text: string; pid: number; uid: number; truncated: boolean } | number", doc: "One datagram with its sender; descriptors that came along are closed. With `peek` it stays in the socket. -errno when there is none." },
  { name: "peekPipe", module: "socket", signature: "(fd: number): Uint8Array | number", doc: "The next bytes of a pipe, at most 4,096, which stay in it (tee(2)); none at its end, -EAGAIN when there are none yet." },
  { name: "pipe", module: "socket", signature: "(): [readEnd: number, writeEnd: number] | number", doc: "A close-on-exec pipe, or -errno." },
  { name: "socketPair", module: "socket", signature: "(): [number, number] | number", doc: "Two connected stream sockets, close-on-exec and non-blocking, or -errno." },
  { name: "memory", module: "socket", signature: "(name: string): number", doc: "An empty memory file (memfd, else an unlinked file). fd or -errno." },
  { name: "localHosts", module: "socket", signature: "(name: string): string[]", doc: "Numeric addresses of a name from /etc/hosts (localhost is always known); no DNS, never blocks." },

  // file
  { name: "readFile", module: "file", signature: "(path: string, maxBytes: number): Uint8Array | number", doc: "The whole of a regular file, or -errno (-EFBIG above maxBytes, -EISDIR, -EINVAL for a FIFO or device). Never blocks on a FIFO." },
  { name: "readFd", module: "file", signature: "(fd: number, offset: number, maxBytes: number): Uint8Array | number", doc: "pread(2); offset -1 reads at the current place." },
  { name: "writeFile", module: "file", signature: "(path: string, data: string | Uint8Array, mode: number): number", doc: "Writes a temporary file beside it and renames. 0 or -errno." },
  { name: "open", module: "file", signature: "(path: string, flags: string, mode: number): number", doc: "flags: r, w, rw, a, plus c (create), x (exclusive), t (truncate), n (no follow), d (directory); always close-on-exec and non-blocking. fd or -errno." },
  { name: "stat", module: "file", signature: "(path: string): { kind: string; size: number; mtimeMs: number; inode: number; device: number; mode: number; uid: number; gid: number } | number", doc: "kind: file, directory, link (never: links are followed), fifo, socket, character, block." },
  { name: "realPath", module: "file", signature: "(path: string): string | number", doc: "realpath(3) or -errno." },
  { name: "listDirectory", module: "file", signature: "(path: string): string[] | number", doc: "Names without . and .., in byte order, or -errno." },
  { name: "makeDirectory", module: "file", signature: "(path: string, mode: number, uid: number, gid: number): number", doc: "mkdir -p; uid -1 leaves the owner. 0 or -errno; a directory that exists is success." },
  { name: "remove", module: "file", signature: "(path: string): number", doc: "unlink(2). 0 or -errno." },
  { name: "changeOwner", module: "file", signature: "(path: string, uid: number, gid: number): number", doc: "chown(2); -1 leaves one as it is. 0 or -errno." },
  { name: "cgroupRoot", module: "file", signature: "(): string", doc: "A cgroup2 directory in which we may make groups, or an empty text." },
  { name: "workingDirectory", module: "file", signature: "(): string", doc: "getcwd(3), or / when it is gone." },
  { name: "watchFile", module: "file", signature: "(fd: number, path: string): number", doc: "A descriptor (inotify; a new one for fd -1) that is readable when the file is removed, renamed, or has got another mode or owner; not when something else takes its name. fd or -errno." },
  { name: "watchPath", module: "file", signature: "(fd: number, path: string): number", doc: "A descriptor (inotify; a new one for fd -1) that is readable when a file is closed after writing, removed or renamed, or when that happens to an entry of a directory, or one is made. fd or -errno." },
  { name: "lockFile", module: "file", signature: "(path: string): number", doc: "Opens, creates and locks (flock, exclusive, not waiting). fd, -EWOULDBLOCK when another holds it, or -errno." },
  { name: "hash", module: "file", signature: "(data: string | Uint8Array): string", doc: "SHA-256 as 64 hexadecimal digits." },
  { name: "regularExpressionTest", module: "file", signature: "(pattern: string, text: string): boolean", doc: "Whether a JavaScript regular expression matches, in bounded time; false when it takes too long." },

  // yaml: the reader
  { name: "yamlEvents", module: "yaml", signature: "(text: Uint8Array, maxEvents: number): YamlEvents", doc: "libyaml's events of one text, flat: see YamlEvents." },
  { name: "zoneOffset", module: "yaml", signature: "(path: string, seconds: number): number", doc: "How many seconds a time zone is east of UTC at a time in seconds since 1970, by the zone file of this path; 0 where it is none." },

  // manager
  { name: "life", module: "manager", signature: "(): number", doc: "How many managers init has started, this one included; tickets of this life start at life × 2^32." },
  { name: "exits", module: "manager", signature: "(): ExitRecord[]", doc: "Exits that init recorded and that were not taken yet, oldest first. They are handed out again until takeExit." },
  { name: "takeExit", module: "manager", signature: "(slot: number): void", doc: "Frees the slot of an exit: only after the event was journalled." },
  { name: "slots", module: "manager", signature: "(): SlotRecord[]", doc: "All slots that are not free: what recovery looks at." },
  { name: "mendSlot", module: "manager", signature: "(slot: number, ticket: number, pid: number, instance: string): void", doc: "Writes the record of a living main process again, which was damaged." },
  { name: "orphans", module: "manager", signature: "(): number", doc: "How many processes init reaped that had no slot; grows." },
  { name: "signals", module: "manager", signature: "(): number[]", doc: "Counters by signal number of what init received; each only grows." },
  { name: "acknowledge", module: "manager", signature: "(): void", doc: "Tells init that everything handed over before this turn was taken (guard against a blocked manager)." },
  { name: "looseMemory", module: "manager", signature: "(): number", doc: "Bytes that the script engine freed and did not use again since the last releaseMemory(): about what that can give back." },
  { name: "releaseMemory", module: "manager", signature: "(): void", doc: "At rest: frees cycles, gives the pages of free memory back to the system, leaves the pages of the binary until they are needed. Some milliseconds where the heap is large." },
  { name: "spawn", module: "manager", signature: "(request: SpawnRequest): number", doc: "Claims a slot and queues the spawn. Slot number or -errno (-EAGAIN: no free slot, or too many blocked spawns)." },
  { name: "cancelSpawn", module: "manager", signature: "(ticket: number): void", doc: "Kills a child that has not reached its program (it blocks before or in exec); the result follows as stage time_limit." },
  { name: "relieveSpawners", module: "manager", signature: "(): boolean", doc: "Called now and then while spawns wait: threads that are held up by one child since the last call are replaced. Whether some still wait." },
  { name: "spawned", module: "manager", signature: "(): SpawnResult[]", doc: "Results of spawns that ended since the last call." },
  { name: "signal", module: "manager", signature: "(slot: number, ticket: number, signal: number, scope: number): number", doc: "Signals the process of a slot, or its group, by pidfd or through init. 0 or -errno (-ESRCH: it has ended)." },
  { name: "listenInet", module: "manager", signature: "(address: string, port: number, datagram: boolean, backlog: number): number", doc: "A listening TCP socket, or a bound UDP one, on a numeric address, that blocks: for services. fd or -errno." },
  { name: "listenPath", module: "manager", signature: "(path: string, mode: number, uid: number, gid: number, backlog: number): number", doc: "A listening unix stream socket that blocks, with mode and owner (-1: ours) of its file; @ is abstract. fd or -errno." },
  { name: "openProcess", module: "manager", signature: "(pid: number): number", doc: "A descriptor of a process (pidfd), readable when it has ended. fd or -errno (-ENOSYS: there are none here)." },
  { name: "signalProcess", module: "manager", signature: "(fd: number, signal: number): number", doc: "Signals the process of a pidfd; 0 only asks whether it is there. 0 or -errno." },
  { name: "nameProcess", module: "manager", signature: "(ticket: number, pid: number, instance: string): number", doc: "Claims a slot for a process that runs and that no spawn made: its exit is recorded if init is the one to reap it. Slot number or -errno." },
  { name: "limitProcess", module: "manager", signature: "(pid: number, resource: number, soft: number, hard: number): number", doc: "Limits of a process that runs, by number as in setrlimit(2); -1 is infinity. 1, 0 where it has them already, or -errno." },
  { name: "niceThread", module: "manager", signature: "(tid: number, nice: number): number", doc: "Priority of one thread, as nice(2) has it. 0 or -errno." },
  { name: "inspectTree", module: "manager", signature: "(request: TreeRequest): void", doc: "Asks the tree thread which processes of a start are left; answered by trees()." },
  { name: "removeGroup", module: "manager", signature: "(path: string): number", doc: "A cgroup and those below it. 0, also when there is none, or -errno: EBUSY where processes are." },
  { name: "signalTree", module: "manager", signature: "(request: TreeRequest, signal: number): void", doc: "Signals every process of a start. SIGKILL: freezes, rescans until two scans agree, kills. Answered by trees()." },
  { name: "trees", module: "manager", signature: "(): TreeResult[]", doc: "Answers of the tree thread since the last call." },
  { name: "hold", module: "manager", signature: "(name: string, fd: number): number", doc: "Puts a copy of the descriptor into init's table under a name, replacing one of the same name. 0 or -errno." },
  { name: "releaseHeld", module: "manager", signature: "(name: string): void", doc: "Takes a name out of init's table." },
  { name: "held", module: "manager", signature: "(): { name: string; fd: number }[]", doc: "Everything in init's table, each with a descriptor of our own; asked once, at start." },
  { name: "journalAppend", module: "manager", signature: "(record: string): number", doc: "Appends a record and marks it as being processed. 0, or -ENOSPC: write a snapshot first." },
  { name: "journalStepped", module: "manager", signature: "(): void", doc: "The record that was being processed has been stepped." },
  { name: "journalEffect", module: "manager", signature: "(count: number): void", doc: "Stores that the first `count` effects of the last record need no second try, before a signal among them is sent: signals are sent at most once." },
  { name: "journalDone", module: "manager", signature: "(): void", doc: "The effects of the last record have been performed." },
  { name: "snapshotWrite", module: "manager", signature: "(text: string): number", doc: "Stores a snapshot into the older of two areas and empties the journal, in this order. 0 or -errno." },
  { name: "recovery", module: "manager", signature: "(): RecoveryRecord", doc: "What the ledger holds for a new manager." },
  { name: "recoveryRung", module: "manager", signature: "(rung: number): void", doc: "Stores which rung of the recovery ladder is being tried, before it is tried." },
  { name: "configureLog", module: "manager", signature: "(log: LogConfig): number", doc: "Claims or changes the log slot of a name. Slot number or -errno." },
  { name: "logPipe", module: "manager", signature: "(slot: number, capacityBytes: number): number", doc: "Makes the pipe of a log slot, gives the read end to the logger and both to init's table as log:NAME, returns our write end. fd or -errno." },
  { name: "openPty", module: "manager", signature: "(): [master: number, slave: number] | number", doc: "A pty, close-on-exec, its master non-blocking; or -errno (-ENOENT, -ENODEV: there is no /dev/ptmx)." },
  { name: "resetPty", module: "manager", signature: "(slave: number): number", doc: "The usual modes of a terminal, whatever its last program left. What was typed meanwhile stays. 0 or -errno." },
  { name: "logTerminal", module: "manager", signature: "(slot: number, master: number, slave: number): number", doc: "A pty in place of a log slot's pipe: the logger reads the master, init keeps the slave as log:NAME. 0 or -errno." },
  { name: "logViewer", module: "manager", signature: "(slot: number, socket: number): number", doc: "Gives the logger a copy of this socket, to which it sends a zero byte and all that the slot's terminal shows from then on; a socket that is full misses some of it, and is told how much. 0 or -errno." },
  { name: "sendDescriptors", module: "manager", signature: "(fd: number, data: string, descriptors: number[]): number", doc: "Like send(), with copies of descriptors (at most 8) that come with the first byte. Bytes taken or -errno." },
  { name: "setBlocking", module: "manager", signature: "(fd: number): number", doc: "Takes O_NONBLOCK away, as programs expect of their standard descriptors. 0 or -errno." },
  { name: "forgetLog", module: "manager", signature: "(name: string): void", doc: "Frees the log slot of a name, and has init let go of its write end; what is in the pipe is still written. To be called again by the next manager as long as init holds that end." },
  { name: "logCounters", module: "manager", signature: "(slot: number): { bytes: number; stored: number; lines: number; dropped: number; fileSize: number; errno: number; flags: number }", doc: "Counters of a log slot; bytes: what came; stored: what was put into the file (time stamps included) or the memory, ever growing; errno is the last write error, 0 when writing works." },
  { name: "logTroubles", module: "manager", signature: "(): number", doc: "Grows each time that the file of some log slot cannot be written any more (errno of logCounters), or can be again; the manager's bell rings then." },
  { name: "logDrained", module: "manager", signature: "(slot: number, fd: number): boolean", doc: "Whether nothing waits in the pipe behind this write end and the logger has written all that it took from it." },
  { name: "logMemory", module: "manager", signature: "(slot: number): Uint8Array", doc: "Recent bytes of a log slot that keeps them in memory." },
  { name: "logCommand", module: "manager", signature: "(command: string): void", doc: "reopen: open all log files again (after external rotation)." },
  { name: "ownLog", module: "manager", signature: "(text: string): number", doc: "One of gonit's own lines, through the logger; dropped and counted when the logger is stuck. 0 or -errno." },
  { name: "finishShutdown", module: "manager", signature: "(mode: number, exitCode: number, graceMs: number): void", doc: "Hands the rest to init: signal what is left, wait for graceMs, kill, drain the logger, sync, unmount, and end as the mode says." },
  { name: "lookupUser", module: "manager", signature: "(nameOrNumber: string): UserRecord | number", doc: "A user of /etc/passwd with all its groups; a number without an entry gives {home: /}. -ENOENT when there is none, or -errno of reading." },
  { name: "lookupGroup", module: "manager", signature: "(nameOrNumber: string): number", doc: "A group's number, -ENOENT (as -2), or another -errno." },
  { name: "seccompProfile", module: "manager", signature: "(name: string): Uint8Array", doc: "The filter program of a profile (scripts/seccomp-profiles.c), empty where there is none of that name." },
  { name: "features", module: "manager", signature: "(): Record<string, boolean>", doc: "Which optional kernel calls work here: clone3, pidfd, closeRange, memfd, execveat, cgroupKill, intoCgroup, childrenFile." },
  { name: "roles", module: "manager", signature: "(): { init: { pid: number; life: number }; manager: { pid: number; life: number; lastCode: number; lastSignal: number; failures: number }; logger: { pid: number; life: number; lastCode: number; lastSignal: number } }", doc: "How init and its roles are doing, from the ledger." },
  { name: "instanceId", module: "manager", signature: "(): string", doc: "The random text that marks this run's processes (GONIT_INSTANCE): kept over restarts of the manager, not over init's end." },
  { name: "isolated", module: "manager", signature: "(): boolean", doc: "Whether this is a system of `up --isolated`, seen from its inside." },
  { name: "startedMs", module: "manager", signature: "(): number", doc: "When init began, on the monotonic clock, in milliseconds." },
  { name: "ledgerStatus", module: "core", signature: "(pid: number): string | number", doc: "What `status --ledger` shows, as JSON text, from the ledger of the init process `pid` (through /proc/PID/fd); -errno when it cannot be read." },
  { name: "testHook", module: "manager", signature: "(name: string): boolean", doc: "A named place where a test can kill or delay us; nothing in a release build. true: ask again, for ever." },

  // service: built-in services (networking, terminals)
  { name: "netlinkOpen", module: "service", signature: "(groups: number): number", doc: "A NETLINK_ROUTE socket, non-blocking, that also gets the messages of these groups (RTMGRP_*; 0: none). fd or -errno." },
  { name: "netlinkSend", module: "service", signature: "(fd: number, message: Uint8Array): number", doc: "Sends to the kernel. 0 or -errno." },
  { name: "packetOpen", module: "service", signature: "(index: number, etherType: number, udpPort: number): number", doc: "A packet(7) socket for whole frames of one type on one interface; with a UDP port other than 0 only of IPv4 datagrams to it. host.send() sends a frame. fd or -errno." },
  { name: "packetReceive", module: "service", signature: "(fd: number): { frame: Uint8Array; isSummed: boolean } | number", doc: "The next frame, or -errno. isSummed false: a sender on this machine has left the UDP checksum to a network card." },
  { name: "udpOpen", module: "service", signature: "(device: string, port: number): number", doc: "A UDP socket on this port of any IPv4 address, bound to one interface, that may broadcast; non-blocking. fd or -errno." },
  { name: "udpSend", module: "service", signature: "(fd: number, address: number, port: number, data: Uint8Array): number", doc: "One datagram to an IPv4 address, given as a number of 32 bits. 0 or -errno." },
  { name: "setHostName", module: "service", signature: "(name: string): number", doc: "sethostname(2). 0 or -errno." },
  { name: "spawnOnTerminal", module: "service", signature: "(argv: string[], environment: string[], terminal: string, directory: string): number", doc: "Starts a program in a session of its own with this terminal as its controlling terminal and standard descriptors. pid or -errno." },
  { name: "waitChild", module: "service", signature: "(pid: number): { pid: number; code: number; signal: number } | number", doc: "Reaps a child without waiting: -EAGAIN while it runs, -ECHILD when there is none." },
  { name: "killChild", module: "service", signature: "(pid: number, signal: number): number", doc: "kill(2) of a child of ours that is not reaped, or of its group with a negative number. 0 or -errno." },
  { name: "resetTerminal", module: "service", signature: "(path: string, speed: number, afterSession: boolean): number", doc: "After a session the line is taken back from what still has it open. Sane line settings and no pending input; the speed in bits a second, 0: left alone. 0 or -errno (-EINVAL: no such speed)." },
  { name: "setLoopbackUp", module: "service", signature: "(): number", doc: "Brings `lo` up (SIOCSIFFLAGS). 0 or -errno." },
  { name: "sendDatagram", module: "service", signature: "(path: string, data: string | Uint8Array): number", doc: "One datagram to a unix socket, as sd_notify sends it; @ is abstract. 0 or -errno." },

  // machine: process 1 of a machine's manager, and the built-in services that prepare it
  { name: "kernelWord", module: "machine", signature: "(name: string): string | null", doc: "The value of a word of the kernel's command line (/proc/cmdline), empty for one without a value; the last one counts. null: it is not there." },
  { name: "mount", module: "machine", signature: "(source: string, target: string, type: string, flags: number, data: string): number", doc: "mount(2) with its MS_* flags. 0 or -errno." },
  { name: "unmount", module: "machine", signature: "(target: string): number", doc: "umount2(2). 0 or -errno." },
  { name: "loadModule", module: "machine", signature: "(path: string, options: string): number", doc: "finit_module(2); a file that ends in .xz, .zst or .gz is unpacked by the kernel. 0 or -errno: -EEXIST: it is loaded already, -ENOENT: a symbol of a module that is not loaded, or no such file." },
  { name: "growFileSystem", module: "machine", signature: "(target: string, device: string): number", doc: "Grows a mounted ext4 to the size of its device. 0 or -errno." },
  { name: "openWatchdog", module: "machine", signature: "(path: string, seconds: number): number", doc: "Opens a hardware watchdog and sets its time limit: it counts from now on. fd or -errno." },
  { name: "runProgram", module: "machine", signature: "(argv: string[]): number", doc: "Runs a program by its path and waits for its end: for short-lived tasks only. Its code, 127: there is none, 126: it cannot be run, 128 + the signal, or -errno." },

  // terminal: clients that own a terminal
  { name: "receiveDescriptors", module: "terminal", signature: "(fd: number, maxBytes: number): { data: Uint8Array; descriptors: number[] } | number", doc: "Like receive() of a socket, with the descriptors that came along (at most 8)." },
  { name: "rawMode", module: "terminal", signature: "(fd: number, on: boolean): number", doc: "Raw mode on, or the saved modes back. 0 or -errno." },
];

/** TypeScript types that the host calls name; copied into src/contract.ts as they are. */
export const HOST_TYPES = `
/** How a process ended: exactly one of code and signal is not null. */
export interface ExitRecord { slot: number; ticket: number; pid: number; code: number | null; signal: number | null; core: boolean; sequence: number; atMs: number; cpuMs: number; maxRssKib: number }

/** A child slot as recovery sees it. */
export interface SlotRecord { slot: number; ticket: number; state: number; pid: number; kind: number; instance: string; stage: number; errno: number; exited: boolean }

/** Result of a spawn: stage 0 means that exec succeeded. */
export interface SpawnResult { slot: number; ticket: number; pid: number; stage: number; errno: number }

/** Everything a process is started with. Fields that are left out are off, or inherited from init's own start. */
export interface SpawnRequest {
  ticket: number;
  /** service or service@replica, at most Limit.nameBytes bytes of UTF-8. */
  instance: string;
  kind: number;
  argv: string[];
  /** Path of the program when it differs from argv[0]; found along searchPath when it holds no slash. */
  file?: string;
  /** Start our own binary (held by descriptor) instead of a path. */
  ownBinary?: boolean;
  searchPath?: string;
  environment: string[];
  directory?: string;
  uid?: number;
  gid?: number;
  groups?: number[];
  umask?: number;
  /** [RLIMIT number, soft, hard]; -1 is infinity. */
  rlimits?: [number, number, number][];
  nice?: number;
  oomScoreAdj?: number;
  /** A cgroup2 directory; made when it is missing. */
  cgroup?: string;
  /** CLONE_NEW* flags. */
  namespaces?: number;
  /** Process whose root and namespaces (CLONE_NEW* flags) are joined: for programs beside a service's main one. */
  joinPid?: number;
  joinNamespaces?: number;
  root?: string;
  /** All that is mounted becomes readable only, in a mount namespace. */
  readOnly?: boolean;
  /** [path, SpawnMount.*], in this order. */
  mounts?: [path: string, how: number][];
  /** Capability bits to keep, as two 32-bit numbers; absent keeps all that the user change leaves. */
  capabilities?: [low: number, high: number];
  noNewPrivileges?: boolean;
  seccomp?: Uint8Array;
  /** Path or held descriptor of a terminal that becomes the controlling one. */
  terminal?: string | number;
  /** Path that the child opens as its standard input, as the user and in the directory that it has then. */
  input?: string;
  /** Made before anything is given up, for uid and gid: [folder that is trusted, name below it, mode]. */
  directories?: [base: string, name: string, mode: number][];
  /** [number in the child, descriptor of ours]; 0, 1 and 2 that are not named are /dev/null. */
  descriptors: [number, number][];
  /** Signals left blocked in the child; absent: none. */
  signalMask?: number[];
  /** The child dies (SIGTERM) when init dies: laptop role. */
  parentDeathSignal?: number;
  /** init kills the process group when the leader has died, before the number is free. */
  killGroupAtDeath?: boolean;
  /** The child writes its process number behind LISTEN_PID=, which must stand in the environment with room for it. */
  listenPid?: boolean;
  /** No new session: for a plain init whose CMD keeps the caller's terminal. */
  keepSession?: boolean;
}

/** One start's processes: by cgroup, else by the mark in their environment, their group and their parents. */
export interface TreeRequest { ticket: number; /** ticket of the main process whose tree it is */ of: number; slot: number; pid: number; cgroup: string; /** NAME=value texts that all must be in a process's environment */ mark: string[]; /** not a start of ours: every process with the marks that is no descendant of init */ anywhere?: boolean }

/** left: processes still alive; signalled: how many got the signal. how: cgroup, mark or group. */
export interface TreeResult { ticket: number; of: number; signalled: number; left: number; pids: number[]; how: "cgroup" | "mark" | "group"; errno: number }

export interface UserRecord { uid: number; gid: number; name: string; home: string; shell: string; groups: number[] }

export interface LogConfig {
  /** service or service@replica, with :err behind it for a separate stderr. */
  name: string;
  /** Shown before console lines. */
  label: string;
  /** File, or an empty text for none. */
  path: string;
  maxSize: number;
  keep: number;
  flags: number;
  lineLimit: number;
  /** Milliseconds within which written data reaches the disk; 0: left to the kernel. */
  syncMs: number;
  /** Bytes of each second that are kept, in whole lines; 0: all. */
  rate: number;
}

/** What the ledger holds for a new manager; texts are empty where there is nothing usable. */
export interface RecoveryRecord {
  snapshot: string;
  /** Records after the snapshot, oldest first. */
  journal: string[];
  /** Index in journal of the record that was being stepped when the last manager ended, or -1. */
  processing: number;
  /** How many of the journal's records had all effects performed. */
  done: number;
  /** How many effects of the first record behind "done" were performed. */
  effects: number;
  /** The rung that the last manager was trying, 0 when it had recovered. */
  lastRung: number;
  damage: string[];
}

/**
 * libyaml's events, flat: for each event kind, line, column, end line, end column (all from 0), style, and indexes
 * into texts for value, anchor and tag (-1: none). Kinds and styles are libyaml's own numbers (yaml.h).
 */
export interface YamlEvents { events: Int32Array; texts: string[]; error: { message: string; context: string; line: number; column: number; contextLine?: number; contextColumn?: number } | null; truncated: boolean }
`;
