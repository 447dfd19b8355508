// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c js-manager.c binary-pages.c js-named.c js-init.c js-ledger.c js-log.c js-descriptors.c js-terminal.c js-socket.c hosts.c unix-socket.c pty.c js-spawn.c js-spawn-request.c spawn-builder.c js-system.c js-limits.c js-tree.c tree-cgroup.c slots.c users.c log-api.c log-table.c init-message.c ledger.c journal.c ledger-status.c names.c test-hook.c js-listen.c engine
// valgrind
/* Host calls of module manager: what init recorded, what it holds, the journal, logs. */
#include "js-manager-world.h"

/* As init does it: the slot's record, its place in the order, then the sequence. */
static void record_exit(int slot, uint64_t ticket, int code, int signal) {
  struct exits_part *exits = manager.ledger.exits;
  uint64_t sequence = atomic_load(&exits->sequence) + 1;
  struct exit_slot *record = &exits->slots[slot];
  record->sequence = sequence;
  record->pid = 1000 + slot;
  record->code = code;
  record->signal = signal;
  record->at_ns = 2500000;
  exits->order[(sequence - 1) % LIMIT_CHILD_SLOTS] = (uint32_t)slot;
  atomic_store(&record->ticket, ticket);
  atomic_store(&exits->sequence, sequence);
  atomic_fetch_add(&exits->bell, 1);
}

static int claim(uint64_t ticket, const char *instance) {
  int slot = slots_claim(&manager.ledger, ticket, PROCESS_KIND_MAIN, 0, instance);
  assert(slot >= 0);
  return slot;
}

static void test_exits_come_in_order_until_they_are_taken(void) {
  int a = claim(101, "a"), b = claim(102, "b"), c = claim(103, "c@1");
  record_exit(b, 102, 3, 0);
  record_exit(a, 101, -1, 9);
  char text[2000];
  snprintf(text, sizeof text, SCRIPT(
    const [a, b, c] = [%d, %d, %d];
    const first = host.exits();
    check(first.map((e) => [e.slot, e.ticket, e.code, e.signal, e.sequence]), [[b, 102, 3, null, 1], [a, 101, null, 9, 2]]);
    check([first[0].pid, first[0].atMs, first[0].core], [1000 + b, 2.5, false]);
    check(host.exits().length, 2);
    check(host.slots().map((s) => [s.slot, s.ticket, s.state, s.kind, s.instance, s.exited]),
          [[a, 101, 1, 1, "a", true], [b, 102, 1, 1, "b", true], [c, 103, 1, 1, "c@1", false]]);
    host.takeExit(b);
    check(host.exits().map((e) => e.ticket), [101]);
    host.takeExit(a);
    check(host.exits(), []);
    throws(() => host.takeExit(-1), "takeExit: slot");
    throws(() => host.takeExit(4096), "takeExit: slot");
  ), a, b, c);
  must(text);
  record_exit(c, 103, 0, 0);
  must(SCRIPT(check(host.exits().map((e) => [e.ticket, e.code]), [[103, 0]]); host.takeExit(host.exits()[0].slot);));
}

/* An old exit in a slot that was claimed anew is not the new process's. */
static void test_an_exit_of_an_older_ticket_is_not_told(void) {
  int slot = claim(201, "a");
  record_exit(slot, 201, 0, 0);
  must(SCRIPT(host.takeExit(host.exits()[0].slot);));
  int again = claim(202, "a");
  if (again == slot) must(SCRIPT(check(host.exits(), []);));
  slots_free(&manager.ledger, (uint32_t)again);
}

static void test_many_turns_over_the_ring_of_exits(void) {
  for (uint64_t ticket = 1000; ticket < 1000 + 2 * LIMIT_CHILD_SLOTS; ticket++) {
    int slot = claim(ticket, "a");
    record_exit(slot, ticket, 0, 0);
    if (ticket % 512 != 511) {
      slots_free(&manager.ledger, (uint32_t)slot);
    } else {
      must(SCRIPT(const exits = host.exits(); check(exits.length, 1); host.takeExit(exits[0].slot);));
    }
  }
}

static void test_only_what_was_seen_is_acknowledged(void) {
  struct exits_part *exits = manager.ledger.exits;
  atomic_store(&exits->bell, 50);
  must(SCRIPT(host.exits();));
  atomic_store(&exits->bell, 51);
  must(SCRIPT(host.signals(); host.acknowledge();));
  assert(atomic_load(&manager.ledger.work->acknowledged) == 50);
  must(SCRIPT(host.exits(); host.signals(); host.acknowledge();));
  assert(atomic_load(&manager.ledger.work->acknowledged) == 51);
  atomic_store(&exits->bell, 52);
  must(SCRIPT(host.signals(); host.acknowledge();));
  assert(atomic_load(&manager.ledger.work->acknowledged) == 51);
}

static void test_a_process_is_named(void) {
  char text[2000];
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  snprintf(text, sizeof text, SCRIPT(
    const fd = host.openProcess(%d);
    // valgrind knows no pidfds.
    const isMissing = fd === -38;
    if (!isMissing) check([fd >= 0, host.signalProcess(fd, 0)], [true, 0]);
    const slot = host.nameProcess(301, %d, "web@2");
    const found = host.slots().find((one) => one.ticket === 301);
    check([found.slot, found.pid, found.kind, found.state, found.instance], [slot, %d, 1, 2, "web@2"]);
    if (!isMissing) check(host.signalProcess(fd, 9), 0);
    throws(() => host.nameProcess(301, 1, "web"), "nameProcess: pid");
    throws(() => host.signalProcess(fd, 65), "signalProcess: signal");
    throws(() => host.openProcess(0), "openProcess: pid");
  ), child, child, child);
  must(text);
  kill(child, SIGKILL);
  assert(waitpid(child, NULL, 0) == child);
  int slot;
  for (slot = 0; atomic_load(&manager.ledger.work->slots[slot].ticket) != 301; slot++) continue;
  record_exit(slot, 301, -1, 9);
  snprintf(text, sizeof text, SCRIPT(
    check(host.exits().map((e) => [e.ticket, e.signal]), [[301, 9]]);
    host.takeExit(host.exits()[0].slot);
    check([-3, -38].includes(host.openProcess(%d)), true);
  ), child);
  must(text);
}

static void test_sockets_for_services(void) {
  char folder[] = "/tmp/gonit-listen-XXXXXX", text[2000];
  assert(mkdtemp(folder) != NULL);
  snprintf(text, sizeof text, SCRIPT(
    const path = "%s/a.sock";
    globalThis.unix = host.listenPath(path, 0o640, -1, -1, 5);
    check(unix >= 0, true);
    check(host.listenPath(path, 0o640, -1, -1, 5), -98);
    check(host.listenPath("%s/none/a.sock", 0o640, -1, -1, 5), -2);
    globalThis.tcp = host.listenInet("127.0.0.1", 0, false, 5);
    globalThis.udp = host.listenInet("127.0.0.1", 0, true, 0);
    check([tcp >= 0, udp >= 0, host.listenInet("none", 1, false, 5)], [true, true, -22]);
    check(host.listenInet("192.0.2.1", 9, false, 5), -99);
    throws(() => host.listenInet("127.0.0.1", 65536, false, 5), "listenInet: port");
    throws(() => host.listenPath(path, 0o10000, -1, -1, 5), "listenPath: mode");
  ), folder, folder);
  must(text);
  struct stat status;
  snprintf(text, sizeof text, "%s/a.sock", folder);
  assert(stat(text, &status) == 0 && S_ISSOCK(status.st_mode) && (status.st_mode & 0777) == 0640);
  assert(unlink(text) == 0 && rmdir(folder) == 0);
}

static void test_facts(void) {
  atomic_store(&manager.ledger.exits->signals[15], 2);
  atomic_store(&manager.ledger.exits->orphans, 4);
  must(SCRIPT(
    check(host.life(), 3);
    check(host.signals().length + host.signals()[15], 67);
    check(host.orphans(), 4);
    check([host.instanceId(), host.isolated(), host.startedMs()], ["abc", true, 1500]);
    check(host.roles().init.pid, 77);
    check([host.roles().manager.lastCode, host.roles().manager.lastSignal], [-1, 9]);
    check(host.seccompProfile("none-such").length, 0);
    check(host.features(), { clone3: false, intoCgroup: false, pidfd: true, closeRange: false, memfd: false,
      execveat: false, childrenFile: false, cgroupKill: false });
    check(host.lookupUser("root").uid, 0);
    check(host.lookupUser("no-such-user-here"), -2);
    check(host.lookupGroup("root"), 0);
    check(host.lookupGroup("no-such-group-here"), -2);
    check(host.spawned(), []);
    check(host.trees(), []);
    check(host.ownLog("a line\n"), 0);
    check(host.signal(5, 999, 15, 1), -3);
    host.testHook("nothing");
  ));
}

/* As `gonit status --ledger` sees us: through the descriptors of this process. */
static void test_status_from_the_ledger(void) {
  int slot = claim(301, "web@2");
  record_exit(slot, 301, 4, 0);
  must(SCRIPT(
    const status = JSON.parse(host.ledgerStatus(host.pid()));
    check([status.init.pid, status.init.instance, status.manager.starts, status.manager.lastSignal], [77, "abc", 3, 9]);
    check(status.safeMode, false);
    check(status.journal.records, 0);
    const own = status.slots.find((slot) => slot.ticket === 301);
    check([own.service, own.kind, own.state, own.exitCode, own.exitSignal], ["web@2", "main", "claimed", 4, 0]);
    check(host.ledgerStatus(1073741824), -2);
  ));
  manager.ledger.exits->part.version++;
  must(SCRIPT(check(host.ledgerStatus(host.pid()), -71);));
  manager.ledger.exits->part.version--;
  uint64_t journal_at = manager.ledger.work->journal_at;
  manager.ledger.work->journal_at = UINT64_MAX - 7;
  must(SCRIPT(check(host.ledgerStatus(host.pid()), -71);));
  manager.ledger.work->journal_at = journal_at;
  slots_free(&manager.ledger, (uint32_t)slot);
}

static void test_journal_and_recovery(void) {
  must(SCRIPT(
    check(host.recovery(), { snapshot: "", journal: [], processing: -1, done: 0, effects: 0, lastRung: 0, damage: [] });
    check(host.journalAppend("one \u20ac"), 0);
    check(host.recovery().processing, 0);
    host.journalStepped();
    host.journalEffect(2);
    check(host.journalAppend("x".repeat(600000)), -28);
    host.recoveryRung(2);
    const found = host.recovery();
    check([found.journal, found.processing, found.done, found.effects, found.lastRung], [["one \u20ac"], -1, 0, 2, 2]);
    host.journalDone();
    check(host.recovery().done, 1);
    check(host.snapshotWrite("state \u20ac"), 0);
    check(host.journalAppend("two"), 0);
    host.recoveryRung(0);
    check(host.snapshotWrite("x".repeat(9000000)), -27);
    throws(() => host.recoveryRung(99), "recoveryRung");
  ));
  journal_open(&manager.journal, &manager.ledger);
  must(SCRIPT(const found = host.recovery(); check([found.snapshot, found.journal], ["state \u20ac", ["two"]]);));
}

/* init's side of held(): the answer to list_held, with one descriptor that is not asked for in between. */
static void *answer_list_held(void *argument) {
  struct init_message message;
  int fd;
  struct pollfd ready = {.fd = init_end, .events = POLLIN};
  (void)argument;
  do poll(&ready, 1, 5000);
  while (init_message_receive(init_end, &message, &fd) == 1 && message.op != INIT_OP_LIST_HELD);
  manager_message(&message, INIT_OP_HELD, "control");
  assert(init_message_send(init_end, &message, 0) == 0);
  manager_message(&message, INIT_OP_LOG_DRAIN, "");
  assert(init_message_send(init_end, &message, 0) == 0);
  manager_message(&message, INIT_OP_HELD, "log:web");
  assert(init_message_send(init_end, &message, 0) == 0);
  manager_message(&message, INIT_OP_HELD_END, "");
  assert(init_message_send(init_end, &message, -1) == 0);
  return NULL;
}

static void test_held(void) {
  pthread_t thread;
  assert(pthread_create(&thread, NULL, answer_list_held, NULL) == 0);
  must(SCRIPT(
    const held = host.held();
    check(held.map((entry) => entry.name), ["control", "log:web"]);
    check(held.every((entry) => entry.fd > 9), true);
  ));
  pthread_join(thread, NULL);
}

static void expect_message(uint32_t op, const char *name, int with_fd, struct init_message *message) {
  int fd;
  assert(init_message_receive(init_end, message, &fd) == 1);
  assert(message->op == op && strcmp(message->name, name) == 0 && (fd >= 0) == with_fd);
  if (fd >= 0) close(fd);
}

static void test_messages_to_init(void) {
  struct init_message message;
  must(SCRIPT(
    check(host.hold("lock", 0), 0);
    check(host.hold("lock", -1), -9);
    check(host.hold("n".repeat(200), 0), -36);
    host.releaseHeld("lock");
    host.finishShutdown(2, 3, 400);
  ));
  expect_message(INIT_OP_HOLD, "lock", 1, &message);
  expect_message(INIT_OP_RELEASE, "lock", 0, &message);
  expect_message(INIT_OP_SHUTDOWN, "", 0, &message);
  assert(message.a == 2 && message.b == 3 && message.c == 400);
  assert(init_message_receive(init_end, &message, &(int){0}) == -EAGAIN);
}

static void test_logs(void) {
  struct init_message message;
  must(SCRIPT(
    const config = { name: "web", label: "web", path: "/tmp/none", maxSize: 1000, rate: 0, keep: 2, flags: 1, lineLimit: 100, syncMs: 0 };
    const slot = host.configureLog(config);
    check(slot > 0, true);
    check(host.configureLog(config), slot);
    throws(() => host.configureLog({ ...config, keep: -1 }), "keep");
    throws(() => host.configureLog({ ...config, path: 5 }), "path must be a text");
    check(host.logCounters(slot), { bytes: 0, stored: 0, lines: 0, dropped: 0, fileSize: 0, errno: 0, flags: 1 });
    check(host.logMemory(slot), new Uint8Array(0));
    const fd = host.logPipe(slot, 65536);
    check(fd > 9, true);
    check(host.logDrained(slot, fd), true);
    host.write(fd, "x");
    check(host.logDrained(slot, fd), false);
    throws(() => host.logCommand("other"), "unknown command");
    throws(() => host.logPipe(5000, 1), "logPipe: slot");
  ));
  expect_message(INIT_OP_HOLD, "log:web", 1, &message);
  expect_message(INIT_OP_LOG_SOURCE, "web", 1, &message);
}

static void test_terminals(void) {
  struct init_message message;
  must(SCRIPT(
    const config = { name: "game", label: "", path: "", maxSize: 0, rate: 0, keep: 0, flags: 256, lineLimit: 0, syncMs: 0 };
    const slot = host.configureLog(config);
    const [master, slave] = host.openPty();
    check(host.isTerminal(master), true);
    check(host.setWindowSize(master, 91, 31), 0);
    check(host.windowSize(slave), [91, 31]);
    check(host.rawMode(slave, true), 0);
    check(host.resetPty(slave), 0);
    host.write(slave, "x\n");
    check(host.receive(master, 10), host.encodeUtf8("x\r\n"));
    check(host.receive(master, 10), -11);
    check(host.resetPty(0), -25);
    check(host.setWindowSize(0, 1, 1), -25);
    check(host.logTerminal(slot, master, slave), 0);
    check(host.logTerminal(slot + 1, master, slave), -22);
    check(host.logViewer(slot, slave), 0);
    check(host.logDrained(slot, master), true);
    throws(() => host.logViewer(0, slave), "logViewer: slot");
    throws(() => host.setWindowSize(master, 70000, 1), "columns");
  ));
  expect_message(INIT_OP_HOLD, "log:game", 1, &message);
  expect_message(INIT_OP_LOG_SOURCE, "game", 1, &message);
  expect_message(INIT_OP_LOG_VIEWER, "", 1, &message);
}

static void test_descriptors_that_are_handed_out(void) {
  must(SCRIPT(
    const [one, two] = host.socketPair();
    const [readEnd, writeEnd] = host.pipe();
    check(host.receiveDescriptors(two, 100), -11);
    check(host.sendDescriptors(one, "ab", [writeEnd, writeEnd]), 2);
    check(host.sendDescriptors(one, "c", []), 1);
    host.close(writeEnd);
    const got = host.receiveDescriptors(two, 100);
    check(got.data, host.encodeUtf8("ab"));
    check(got.descriptors.length, 2);
    check(host.receiveDescriptors(two, 100).data, host.encodeUtf8("c"));
    host.write(got.descriptors[1], "hello");
    check(host.receive(readEnd, 10), host.encodeUtf8("hello"));
    for (const fd of got.descriptors) host.close(fd);
    check(host.receive(readEnd, 10).length, 0);
    check(host.sendDescriptors(one, "x", [9999]), -9);
    throws(() => host.sendDescriptors(one, "x", ["y"]), "descriptors");
    host.close(one);
    check(host.receiveDescriptors(two, 100), { data: {}, descriptors: [] });
    check(host.setBlocking(two), 0);
    check(host.setBlocking(9999), -9);
    for (const fd of [two, readEnd]) host.close(fd);
  ));
}

static void test_a_closed_init_is_an_end(void) {
  int status;
  close(init_end);
  pid_t pid = fork();
  assert(pid >= 0);
  if (pid == 0) {
    js_init_drain();
    _exit(99);
  }
  assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CODE_FAILED);
}

int main(void) {
  begin();
  test_exits_come_in_order_until_they_are_taken();
  test_an_exit_of_an_older_ticket_is_not_told();
  test_many_turns_over_the_ring_of_exits();
  test_only_what_was_seen_is_acknowledged();
  test_a_process_is_named();
  test_sockets_for_services();
  test_facts();
  test_status_from_the_ledger();
  test_journal_and_recovery();
  test_held();
  test_messages_to_init();
  test_logs();
  test_terminals();
  test_descriptors_that_are_handed_out();
  test_a_closed_init_is_an_end();
  return 0;
}
