/* Generated from contract/contract.ts by `npm run contract`. Do not edit. */

/** Version of all that is below; stands in every part of the ledger. */
export const Contract = {
  version: 1,
} as const;

/** Where gonit runs. Decided once, by init (host/role.c); what a role changes stands in src/runtime/role-table.ts. */
export const Role = {
  vm: 1,
  container: 2,
  laptop: 3,
} as const;

/** What a process is to its service; a field of the child slot, of events and of the control protocol. */
export const ProcessKind = {
  main: 1,
  preStart: 2,
  postStop: 3,
  stop: 4,
  reload: 5,
  probe: 6,
  execSession: 7,
  reader: 8,
  helper: 9,
} as const;

/** Life of a child slot: free, claimed(ticket), running(pid), and free again only after the manager took the exit. */
export const SlotState = {
  free: 0,
  claimed: 1,
  running: 2,
  failed: 3,
} as const;

/** The step at which a spawn failed. `none` means that exec succeeded. */
export const Stage = {
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
  oomScore: 11,
  umask: 12,
  groups: 13,
  user: 14,
  capabilities: 15,
  noNewPrivileges: 16,
  seccomp: 17,
  directory: 18,
  signals: 19,
  exec: 20,
  timeLimit: 21,
  killed: 22,
  lookupUser: 23,
  lookupGroup: 24,
  envFile: 25,
  log: 26,
  command: 27,
  input: 28,
  directories: 29,
  mounts: 30,
  userNamespace: 31,
  sockets: 32,
} as const;

/** What becomes of a path in a service's own mount namespace. keep, keep_if_there: as it is while all else is read only. */
export const SpawnMount = {
  keep: 1,
  keepIfThere: 2,
  readOnly: 3,
  temporary: 4,
  proc: 5,
} as const;

/** Whom a signal reaches. */
export const SignalScope = {
  process: 1,
  group: 2,
  tree: 3,
} as const;

/** Clocks that a timer can name. */
export const Clock = {
  monotonic: 1,
  boot: 2,
  wall: 3,
} as const;

/** Pseudo descriptors that host.poll() reports beside real ones. */
export const Ready = {
  timerMonotonic: -1,
  timerBoot: -2,
  timerWall: -3,
  clockStepped: -4,
  bell: -5,
  spawned: -6,
  tree: -7,
  initMessage: -8,
} as const;

/** Event bits of host.watch() and host.poll(): those of epoll(7). */
export const Poll = {
  in: 1,
  out: 4,
  error: 8,
  hangup: 16,
  edge: 2147483648,
} as const;

/** Descriptor numbers with which init starts manager and logger. Nothing else is open but 0, 1, 2. */
export const RoleFd = {
  exits: 3,
  work: 4,
  init: 5,
  bell: 6,
  initBell: 7,
  exe: 8,
  log: 9,
  firstFree: 10,
} as const;

/** Messages between init and its roles (SOCK_SEQPACKET, struct init_message of host/init-message.h). */
export const InitOp = {
  hold: 1,
  release: 2,
  listHeld: 3,
  signal: 4,
  shutdown: 5,
  reexec: 6,
  logSource: 7,
  logForget: 8,
  resetRole: 9,
  logChanged: 10,
  logViewer: 11,
  held: 20,
  heldEnd: 21,
  logDrain: 40,
  logWatched: 50,
} as const;

/** How a finished shutdown ends. In a container or on a laptop every mode is an exit. */
export const ShutdownMode = {
  exit: 1,
  poweroff: 2,
  reboot: 3,
  halt: 4,
} as const;

/** The client's exit codes, and those that gonit itself ends with. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  noSuchService: 4,
  unreachable: 5,
  refused: 6,
  timedOut: 7,
  notExecutable: 126,
  notFound: 127,
  forced: 130,
} as const;

/** What the logger does with a source's bytes; bits of the log slot's `flags`. */
export const LogFlag = {
  stamp: 1,
  console: 2,
  consoleError: 4,
  prefix: 8,
  memory: 16,
  watch: 32,
  own: 64,
  json: 128,
  terminal: 256,
} as const;

/** Sizes that are fixed when init starts. */
export const Limit = {
  childSlots: 4096,
  logSlots: 4096,
  nameBytes: 128,
  journalBytes: 524288,
  snapshotBytes: 8388608,
  logWindowBytes: 65536,
  logMemoryBytes: 16384,
  logMemorySlots: 256,
  logOwnPipes: 4,
  ownWindowFds: 64,
  blockedSpawns: 32,
  cgroupDepth: 16,
} as const;

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

/** What C does for TypeScript. A call that its program has no module for is undefined. */
export interface Host {
  /** Arguments after argv[0], as given. */
  args(): string[];
  /** The last path component of argv[0]. */
  argv0(): string;
  /** The environment as NAME=value texts, bytes that are no UTF-8 replaced. */
  environment(): string[];
  /** The three clocks, in milliseconds with fractions. */
  now(): { monotonicMs: number; bootMs: number; wallMs: number };
  /** A number from 0 to 2^32-1 that the kernel chose; never blocks. */
  random(): number;
  /** One write(2): bytes written or -errno. A terminal or pipe that is full gives -EAGAIN where the descriptor does not block. */
  write(fd: number, data: string | Uint8Array): number;
  /** Writes all of the text, waiting for a slow reader: for clients only. 0 or -errno. */
  print(fd: number, text: string): number;
  /** Evaluates a module of this binary, such as cli/command-status, and returns its exports; undefined when there is none of that name. */
  load(module: string): unknown;
  /** Ends this process at once. */
  exit(code: number): never;
  /** ENOENT for 2 (the sign is ignored). */
  errnoName(errno: number): string;
  /** strerror(3) in English (the sign is ignored). */
  errnoText(errno: number): string;
  /** SIGTERM for 15; SIGRTMIN+3 for 37. */
  signalName(signal: number): string;
  /** isatty(3). */
  isTerminal(fd: number): boolean;
  /** TIOCGWINSZ. */
  windowSize(fd: number): [columns: number, rows: number] | null;
  /** TIOCSWINSZ; the kernel tells the terminal's programs by SIGWINCH. 0 or -errno. */
  setWindowSize(fd: number, columns: number, rows: number): number;
  /** getpid(2). */
  pid(): number;
  /** geteuid(2). */
  uid(): number;
  /** getegid(2). */
  gid(): number;
  /** gonit's version. */
  version(): string;
  /** A text that is another one for every build with other scripts. */
  build(): string;
  /** Role.* of the running instance; 0 in a client. */
  role(): number;
  /** Bytes to text, what is no UTF-8 replaced by U+FFFD. */
  decodeUtf8(bytes: Uint8Array): string;
  /** -1, or the offset of the first byte that is no UTF-8. */
  isUtf8(bytes: Uint8Array): number;
  /** Text to UTF-8. */
  encodeUtf8(text: string): Uint8Array;
  /** Adds or changes a descriptor in the poll set. 0 or -errno. */
  watch(fd: number, events: number): number;
  /** Takes a descriptor out of the poll set. */
  unwatch(fd: number): void;
  /** Arms the one timer of a clock at an absolute time; a negative time disarms. 0 or -errno. */
  setTimer(clock: number, atMs: number): number;
  /** Waits for at most timeoutMs (-1: for ever) and returns pairs [fd, events, …]; negative fds are Ready.*. Re-arms the guard against endless loops. */
  poll(timeoutMs: number): number[];
  /** Blocks these signals and returns a descriptor (signalfd) to watch, or -errno. */
  catchSignals(signals: number[]): number;
  /** The next signal's number, 0 when there is none. */
  readSignal(fd: number): number;
  /** A listening stream socket; a path that starts with @ is an abstract name. fd or -errno. */
  listenUnix(path: string, mode: number): number;
  /** A connected, non-blocking stream socket. fd or -errno. */
  connectUnix(path: string): number;
  /** The next client with its peer credentials (SO_PEERCRED), or -errno. */
  accept(fd: number): { fd: number; uid: number; gid: number; pid: number } | number;
  /** Starts a non-blocking connection to a numeric IPv4 or IPv6 address. fd or -errno; poll for `out`, then ask socketError. */
  connectTcp(address: string, port: number): number;
  /** SO_ERROR as 0 or -errno. */
  socketError(fd: number): number;
  /** Path that a Unix socket is bound to, by getsockname(2); empty: it has none, or the descriptor is none. */
  socketPath(fd: number): string;
  /** What is there, an empty array at the end, or -errno. */
  receive(fd: number, maxBytes: number): Uint8Array | number;
  /** Bytes taken or -errno; never blocks, no SIGPIPE. */
  send(fd: number, data: string | Uint8Array): number;
  /** close(2), after unwatch. */
  close(fd: number): void;
  /** A datagram socket with SO_PASSCRED for sd_notify; @ is abstract. fd or -errno. */
  bindDatagram(path: string, mode: number): number;
  /** One datagram with its sender; descriptors that came along are closed. With `peek` it stays in the socket. -errno when there is none. */
  receiveNotify(fd: number, peek: boolean): { text: string; pid: number; uid: number; truncated: boolean } | number;
  /** The next bytes of a pipe, at most 4,096, which stay in it (tee(2)); none at its end, -EAGAIN when there are none yet. */
  peekPipe(fd: number): Uint8Array | number;
  /** A close-on-exec pipe, or -errno. */
  pipe(): [readEnd: number, writeEnd: number] | number;
  /** Two connected stream sockets, close-on-exec and non-blocking, or -errno. */
  socketPair(): [number, number] | number;
  /** An empty memory file (memfd, else an unlinked file). fd or -errno. */
  memory(name: string): number;
  /** Numeric addresses of a name from /etc/hosts (localhost is always known); no DNS, never blocks. */
  localHosts(name: string): string[];
  /** The whole of a regular file, or -errno (-EFBIG above maxBytes, -EISDIR, -EINVAL for a FIFO or device). Never blocks on a FIFO. */
  readFile(path: string, maxBytes: number): Uint8Array | number;
  /** pread(2); offset -1 reads at the current place. */
  readFd(fd: number, offset: number, maxBytes: number): Uint8Array | number;
  /** Writes a temporary file beside it and renames. 0 or -errno. */
  writeFile(path: string, data: string | Uint8Array, mode: number): number;
  /** flags: r, w, rw, a, plus c (create), x (exclusive), t (truncate), n (no follow), d (directory); always close-on-exec and non-blocking. fd or -errno. */
  open(path: string, flags: string, mode: number): number;
  /** kind: file, directory, link (never: links are followed), fifo, socket, character, block. */
  stat(path: string): { kind: string; size: number; mtimeMs: number; inode: number; device: number; mode: number; uid: number; gid: number } | number;
  /** realpath(3) or -errno. */
  realPath(path: string): string | number;
  /** Names without . and .., in byte order, or -errno. */
  listDirectory(path: string): string[] | number;
  /** mkdir -p; uid -1 leaves the owner. 0 or -errno; a directory that exists is success. */
  makeDirectory(path: string, mode: number, uid: number, gid: number): number;
  /** unlink(2). 0 or -errno. */
  remove(path: string): number;
  /** chown(2); -1 leaves one as it is. 0 or -errno. */
  changeOwner(path: string, uid: number, gid: number): number;
  /** A cgroup2 directory in which we may make groups, or an empty text. */
  cgroupRoot(): string;
  /** getcwd(3), or / when it is gone. */
  workingDirectory(): string;
  /** A descriptor (inotify; a new one for fd -1) that is readable when the file is removed, renamed, or has got another mode or owner; not when something else takes its name. fd or -errno. */
  watchFile(fd: number, path: string): number;
  /** A descriptor (inotify; a new one for fd -1) that is readable when a file is closed after writing, removed or renamed, or when that happens to an entry of a directory, or one is made. fd or -errno. */
  watchPath(fd: number, path: string): number;
  /** Opens, creates and locks (flock, exclusive, not waiting). fd, -EWOULDBLOCK when another holds it, or -errno. */
  lockFile(path: string): number;
  /** SHA-256 as 64 hexadecimal digits. */
  hash(data: string | Uint8Array): string;
  /** Whether a JavaScript regular expression matches, in bounded time; false when it takes too long. */
  regularExpressionTest(pattern: string, text: string): boolean;
  /** libyaml's events of one text, flat: see YamlEvents. */
  yamlEvents(text: Uint8Array, maxEvents: number): YamlEvents;
  /** How many seconds a time zone is east of UTC at a time in seconds since 1970, by the zone file of this path; 0 where it is none. */
  zoneOffset(path: string, seconds: number): number;
  /** How many managers init has started, this one included; tickets of this life start at life × 2^32. */
  life(): number;
  /** Exits that init recorded and that were not taken yet, oldest first. They are handed out again until takeExit. */
  exits(): ExitRecord[];
  /** Frees the slot of an exit: only after the event was journalled. */
  takeExit(slot: number): void;
  /** All slots that are not free: what recovery looks at. */
  slots(): SlotRecord[];
  /** Writes the record of a living main process again, which was damaged. */
  mendSlot(slot: number, ticket: number, pid: number, instance: string): void;
  /** How many processes init reaped that had no slot; grows. */
  orphans(): number;
  /** Counters by signal number of what init received; each only grows. */
  signals(): number[];
  /** Tells init that everything handed over before this turn was taken (guard against a blocked manager). */
  acknowledge(): void;
  /** Bytes that the script engine freed and did not use again since the last releaseMemory(): about what that can give back. */
  looseMemory(): number;
  /** At rest: frees cycles, gives the pages of free memory back to the system, leaves the pages of the binary until they are needed. Some milliseconds where the heap is large. */
  releaseMemory(): void;
  /** Claims a slot and queues the spawn. Slot number or -errno (-EAGAIN: no free slot, or too many blocked spawns). */
  spawn(request: SpawnRequest): number;
  /** Kills a child that has not reached its program (it blocks before or in exec); the result follows as stage time_limit. */
  cancelSpawn(ticket: number): void;
  /** Called now and then while spawns wait: threads that are held up by one child since the last call are replaced. Whether some still wait. */
  relieveSpawners(): boolean;
  /** Results of spawns that ended since the last call. */
  spawned(): SpawnResult[];
  /** Signals the process of a slot, or its group, by pidfd or through init. 0 or -errno (-ESRCH: it has ended). */
  signal(slot: number, ticket: number, signal: number, scope: number): number;
  /** A listening TCP socket, or a bound UDP one, on a numeric address, that blocks: for services. fd or -errno. */
  listenInet(address: string, port: number, datagram: boolean, backlog: number): number;
  /** A listening unix stream socket that blocks, with mode and owner (-1: ours) of its file; @ is abstract. fd or -errno. */
  listenPath(path: string, mode: number, uid: number, gid: number, backlog: number): number;
  /** A descriptor of a process (pidfd), readable when it has ended. fd or -errno (-ENOSYS: there are none here). */
  openProcess(pid: number): number;
  /** Signals the process of a pidfd; 0 only asks whether it is there. 0 or -errno. */
  signalProcess(fd: number, signal: number): number;
  /** Claims a slot for a process that runs and that no spawn made: its exit is recorded if init is the one to reap it. Slot number or -errno. */
  nameProcess(ticket: number, pid: number, instance: string): number;
  /** Limits of a process that runs, by number as in setrlimit(2); -1 is infinity. 1, 0 where it has them already, or -errno. */
  limitProcess(pid: number, resource: number, soft: number, hard: number): number;
  /** Priority of one thread, as nice(2) has it. 0 or -errno. */
  niceThread(tid: number, nice: number): number;
  /** Asks the tree thread which processes of a start are left; answered by trees(). */
  inspectTree(request: TreeRequest): void;
  /** A cgroup and those below it. 0, also when there is none, or -errno: EBUSY where processes are. */
  removeGroup(path: string): number;
  /** Signals every process of a start. SIGKILL: freezes, rescans until two scans agree, kills. Answered by trees(). */
  signalTree(request: TreeRequest, signal: number): void;
  /** Answers of the tree thread since the last call. */
  trees(): TreeResult[];
  /** Puts a copy of the descriptor into init's table under a name, replacing one of the same name. 0 or -errno. */
  hold(name: string, fd: number): number;
  /** Takes a name out of init's table. */
  releaseHeld(name: string): void;
  /** Everything in init's table, each with a descriptor of our own; asked once, at start. */
  held(): { name: string; fd: number }[];
  /** Appends a record and marks it as being processed. 0, or -ENOSPC: write a snapshot first. */
  journalAppend(record: string): number;
  /** The record that was being processed has been stepped. */
  journalStepped(): void;
  /** Stores that the first `count` effects of the last record need no second try, before a signal among them is sent: signals are sent at most once. */
  journalEffect(count: number): void;
  /** The effects of the last record have been performed. */
  journalDone(): void;
  /** Stores a snapshot into the older of two areas and empties the journal, in this order. 0 or -errno. */
  snapshotWrite(text: string): number;
  /** What the ledger holds for a new manager. */
  recovery(): RecoveryRecord;
  /** Stores which rung of the recovery ladder is being tried, before it is tried. */
  recoveryRung(rung: number): void;
  /** Claims or changes the log slot of a name. Slot number or -errno. */
  configureLog(log: LogConfig): number;
  /** Makes the pipe of a log slot, gives the read end to the logger and both to init's table as log:NAME, returns our write end. fd or -errno. */
  logPipe(slot: number, capacityBytes: number): number;
  /** A pty, close-on-exec, its master non-blocking; or -errno (-ENOENT, -ENODEV: there is no /dev/ptmx). */
  openPty(): [master: number, slave: number] | number;
  /** The usual modes of a terminal, whatever its last program left. What was typed meanwhile stays. 0 or -errno. */
  resetPty(slave: number): number;
  /** A pty in place of a log slot's pipe: the logger reads the master, init keeps the slave as log:NAME. 0 or -errno. */
  logTerminal(slot: number, master: number, slave: number): number;
  /** Gives the logger a copy of this socket, to which it sends a zero byte and all that the slot's terminal shows from then on; a socket that is full misses some of it, and is told how much. 0 or -errno. */
  logViewer(slot: number, socket: number): number;
  /** Like send(), with copies of descriptors (at most 8) that come with the first byte. Bytes taken or -errno. */
  sendDescriptors(fd: number, data: string, descriptors: number[]): number;
  /** Takes O_NONBLOCK away, as programs expect of their standard descriptors. 0 or -errno. */
  setBlocking(fd: number): number;
  /** Frees the log slot of a name, and has init let go of its write end; what is in the pipe is still written. To be called again by the next manager as long as init holds that end. */
  forgetLog(name: string): void;
  /** Counters of a log slot; bytes: what came; stored: what was put into the file (time stamps included) or the memory, ever growing; errno is the last write error, 0 when writing works. */
  logCounters(slot: number): { bytes: number; stored: number; lines: number; dropped: number; fileSize: number; errno: number; flags: number };
  /** Grows each time that the file of some log slot cannot be written any more (errno of logCounters), or can be again; the manager's bell rings then. */
  logTroubles(): number;
  /** Whether nothing waits in the pipe behind this write end and the logger has written all that it took from it. */
  logDrained(slot: number, fd: number): boolean;
  /** Recent bytes of a log slot that keeps them in memory. */
  logMemory(slot: number): Uint8Array;
  /** reopen: open all log files again (after external rotation). */
  logCommand(command: string): void;
  /** One of gonit's own lines, through the logger; dropped and counted when the logger is stuck. 0 or -errno. */
  ownLog(text: string): number;
  /** Hands the rest to init: signal what is left, wait for graceMs, kill, drain the logger, sync, unmount, and end as the mode says. */
  finishShutdown(mode: number, exitCode: number, graceMs: number): void;
  /** A user of /etc/passwd with all its groups; a number without an entry gives {home: /}. -ENOENT when there is none, or -errno of reading. */
  lookupUser(nameOrNumber: string): UserRecord | number;
  /** A group's number, -ENOENT (as -2), or another -errno. */
  lookupGroup(nameOrNumber: string): number;
  /** The filter program of a profile (scripts/seccomp-profiles.c), empty where there is none of that name. */
  seccompProfile(name: string): Uint8Array;
  /** Which optional kernel calls work here: clone3, pidfd, closeRange, memfd, execveat, cgroupKill, intoCgroup, childrenFile. */
  features(): Record<string, boolean>;
  /** How init and its roles are doing, from the ledger. */
  roles(): { init: { pid: number; life: number }; manager: { pid: number; life: number; lastCode: number; lastSignal: number; failures: number }; logger: { pid: number; life: number; lastCode: number; lastSignal: number } };
  /** The random text that marks this run's processes (GONIT_INSTANCE): kept over restarts of the manager, not over init's end. */
  instanceId(): string;
  /** Whether this is a system of `up --isolated`, seen from its inside. */
  isolated(): boolean;
  /** When init began, on the monotonic clock, in milliseconds. */
  startedMs(): number;
  /** What `status --ledger` shows, as JSON text, from the ledger of the init process `pid` (through /proc/PID/fd); -errno when it cannot be read. */
  ledgerStatus(pid: number): string | number;
  /** A named place where a test can kill or delay us; nothing in a release build. true: ask again, for ever. */
  testHook(name: string): boolean;
  /** A NETLINK_ROUTE socket, non-blocking, that also gets the messages of these groups (RTMGRP_*; 0: none). fd or -errno. */
  netlinkOpen(groups: number): number;
  /** Sends to the kernel. 0 or -errno. */
  netlinkSend(fd: number, message: Uint8Array): number;
  /** A packet(7) socket for whole frames of one type on one interface; with a UDP port other than 0 only of IPv4 datagrams to it. host.send() sends a frame. fd or -errno. */
  packetOpen(index: number, etherType: number, udpPort: number): number;
  /** The next frame, or -errno. isSummed false: a sender on this machine has left the UDP checksum to a network card. */
  packetReceive(fd: number): { frame: Uint8Array; isSummed: boolean } | number;
  /** A UDP socket on this port of any IPv4 address, bound to one interface, that may broadcast; non-blocking. fd or -errno. */
  udpOpen(device: string, port: number): number;
  /** One datagram to an IPv4 address, given as a number of 32 bits. 0 or -errno. */
  udpSend(fd: number, address: number, port: number, data: Uint8Array): number;
  /** sethostname(2). 0 or -errno. */
  setHostName(name: string): number;
  /** Starts a program in a session of its own with this terminal as its controlling terminal and standard descriptors. pid or -errno. */
  spawnOnTerminal(argv: string[], environment: string[], terminal: string, directory: string): number;
  /** Reaps a child without waiting: -EAGAIN while it runs, -ECHILD when there is none. */
  waitChild(pid: number): { pid: number; code: number; signal: number } | number;
  /** kill(2) of a child of ours that is not reaped, or of its group with a negative number. 0 or -errno. */
  killChild(pid: number, signal: number): number;
  /** After a session the line is taken back from what still has it open. Sane line settings and no pending input; the speed in bits a second, 0: left alone. 0 or -errno (-EINVAL: no such speed). */
  resetTerminal(path: string, speed: number, afterSession: boolean): number;
  /** Brings `lo` up (SIOCSIFFLAGS). 0 or -errno. */
  setLoopbackUp(): number;
  /** One datagram to a unix socket, as sd_notify sends it; @ is abstract. 0 or -errno. */
  sendDatagram(path: string, data: string | Uint8Array): number;
  /** The value of a word of the kernel's command line (/proc/cmdline), empty for one without a value; the last one counts. null: it is not there. */
  kernelWord(name: string): string | null;
  /** mount(2) with its MS_* flags. 0 or -errno. */
  mount(source: string, target: string, type: string, flags: number, data: string): number;
  /** umount2(2). 0 or -errno. */
  unmount(target: string): number;
  /** finit_module(2); a file that ends in .xz, .zst or .gz is unpacked by the kernel. 0 or -errno: -EEXIST: it is loaded already, -ENOENT: a symbol of a module that is not loaded, or no such file. */
  loadModule(path: string, options: string): number;
  /** Grows a mounted ext4 to the size of its device. 0 or -errno. */
  growFileSystem(target: string, device: string): number;
  /** Opens a hardware watchdog and sets its time limit: it counts from now on. fd or -errno. */
  openWatchdog(path: string, seconds: number): number;
  /** Runs a program by its path and waits for its end: for short-lived tasks only. Its code, 127: there is none, 126: it cannot be run, 128 + the signal, or -errno. */
  runProgram(argv: string[]): number;
  /** Like receive() of a socket, with the descriptors that came along (at most 8). */
  receiveDescriptors(fd: number, maxBytes: number): { data: Uint8Array; descriptors: number[] } | number;
  /** Raw mode on, or the saved modes back. 0 or -errno. */
  rawMode(fd: number, on: boolean): number;
}

declare global {
  const host: Host;
}
