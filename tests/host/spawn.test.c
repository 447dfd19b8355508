// with: spawn.c spawn-child.c child.c child-exec.c child-directories.c child-sandbox.c clone-child.c window.c slots.c features.c test-hook.c
/* Spawner threads: success, failure, cancelling, children that block, many at once. What a child sets up for its
 * program is tested in child.test.c. */
#include <linux/fuse.h>
#include <sched.h>
#include <sys/mount.h>

#include "features.h"
#include "refuse-calls.h"
#include "spawn-world.h"

static void test_success(void) {
  begin();
  struct spawn_result result = spawn(REQUEST("/bin/sh", "-c", "exit 7"));
  assert(result.stage == STAGE_NONE && result.error == 0 && result.pid > 0);
  assert(atomic_load(&ledger.work->pids[result.slot]) == result.pid);
  assert(atomic_load(&ledger.work->slots[result.slot].state) == SLOT_STATE_RUNNING);
  assert(finish(&result) == 7);
  assert(atomic_load(&ledger.work->slots[result.slot].state) == SLOT_STATE_FREE);
  assert(run_for_output(REQUEST("sh", "-c", "echo $PPID; ps -o sid= -p $$ | tr -d ' '; echo $$")) == 0);
  int parent, session, pid;
  assert(sscanf(output, "%d %d %d", &parent, &session, &pid) == 3);
  assert(parent == getppid() && parent == ledger.exits->init_pid); /* init's child, not ours */
  assert(session == pid);
}

static void test_failures(void) {
  begin();
  struct spawn_result result = spawn(REQUEST("/bin/true"));
  finish(&result);
  int before = count_descriptors();

  result = spawn(REQUEST("/nowhere/at/all"));
  assert(result.stage == STAGE_EXEC && result.error == ENOENT && result.pid > 0);
  assert(atomic_load(&ledger.work->slots[result.slot].stage) == STAGE_EXEC);
  assert(atomic_load(&ledger.work->slots[result.slot].error) == ENOENT);
  assert(atomic_load(&ledger.work->slots[result.slot].state) == SLOT_STATE_FAILED);
  assert(finish(&result) == 127);

  struct spawn_request *request = REQUEST("/bin/true");
  add_descriptor(request, 5, 999);
  result = spawn(request);
  assert(result.stage == STAGE_DESCRIPTORS && result.error == EBADF && result.pid == 0);
  finish(&result);

  request = REQUEST("/bin/true");
  add_descriptor(request, 5, -7);
  result = spawn(request);
  assert(result.stage == STAGE_DESCRIPTORS && result.error == EBADF && result.pid == 0);
  finish(&result);

  request = REQUEST("/bin/true");
  request->version = 99;
  result = spawn(request);
  assert(result.error == EPROTO && result.pid == 0);
  finish(&result);
  assert(count_descriptors() == before);
}

/* A write lease holds up whoever opens the file, exec too, until the lease is given back: 45 s (fcntl(2)). */
static int lease_program(char *path, size_t size) {
  snprintf(path, size, "%s/leased", folder);
  int in = open("/bin/true", O_RDONLY | O_CLOEXEC);
  int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  char block[4096];
  ssize_t got;
  assert(in >= 0 && out >= 0);
  while ((got = read(in, block, sizeof block)) > 0) assert(write(out, block, (size_t)got) == got);
  close(in);
  close(out);
  int fd = open(path, O_RDONLY | O_CLOEXEC); /* else the exec that the lease's end lets go on could find it written to */
  signal(SIGIO, SIG_IGN);
  assert(fcntl(fd, F_SETLEASE, F_WRLCK) == 0);
  return fd;
}

/* State R, S, D ... of a process; 0 when it is gone. */
static char state_of(int pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0) return 0;
  text[got] = '\0';
  return strrchr(text, ')')[2];
}

static int await_pid(uint32_t slot) {
  int64_t limit = now_ms() + 20000;
  while (atomic_load(&ledger.work->pids[slot]) == 0) assert(now_ms() < limit);
  return atomic_load(&ledger.work->pids[slot]);
}

static void await_sleep(int pid) {
  int64_t limit = now_ms() + 20000;
  while (state_of(pid) != 'S') {
    assert(now_ms() < limit);
    pause_ms(1);
  }
}

static void test_blocked_child(void) {
  char path[128];
  begin();
  int before = count_descriptors();
  int lease = lease_program(path, sizeof path);
  struct spawn_request *blocked = REQUEST(path);
  uint64_t ticket = blocked->ticket;
  uint32_t slot = blocked->slot;
  assert(spawn_submit(blocked) == 0);
  await_sleep(await_pid(slot));
  for (int i = 0; i < 20; i++) { /* the others go on */
    struct spawn_result other = spawn(REQUEST("/bin/true"));
    assert(other.stage == STAGE_NONE && finish(&other) == 0);
  }
  spawn_cancel(ticket);
  struct spawn_result result = next_result();
  assert(result.ticket == ticket && result.stage == STAGE_TIME_LIMIT && result.pid > 0);
  assert(finish(&result) == -SIGKILL);
  spawn_cancel(ticket); /* nothing happens */
  result = spawn(REQUEST("/bin/true"));
  assert(result.stage == STAGE_NONE);
  finish(&result);
  close(lease);
  assert(count_descriptors() == before);
}

/* A FIFO as standard input blocks in open(2), as a program on a hanging file system would in exec. */
static void test_relief(void) {
  enum { COUNT = 6 };
  char path[128];
  struct spawn_result result;
  begin();
  int before = count_descriptors();
  snprintf(path, sizeof path, "/tmp/gonit-spawn-%d", getpid());
  assert(mkfifo(path, 0600) == 0);
  uint64_t tickets[COUNT];
  for (int i = 0; i < COUNT; i++) {
    struct spawn_request *request = REQUEST("/bin/cat");
    request->input = path;
    tickets[i] = request->ticket;
    assert(spawn_submit(request) == 0);
  }
  struct spawn_request *last = REQUEST("/bin/true");
  uint64_t last_ticket = last->ticket;
  assert(spawn_submit(last) == 0);
  while (spawn_next(&result) == 0) { /* all of them wait for a writer */
    spawn_relieve();
    pause_ms(1);
  }
  assert(result.ticket == last_ticket && result.stage == STAGE_NONE && finish(&result) == 0);
  assert(spawn_relieve() == 0);
  spawn_cancel(tickets[0]);
  result = next_result();
  assert(result.ticket == tickets[0] && result.stage == STAGE_TIME_LIMIT && finish(&result) == -SIGKILL);
  struct spawn_result started[COUNT];
  int writer = open(path, O_WRONLY | O_CLOEXEC); /* the others start, also those that only come to the FIFO now */
  assert(writer >= 0);
  for (int i = 1; i < COUNT; i++) {
    started[i] = next_result();
    assert(started[i].stage == STAGE_NONE && started[i].pid > 0);
  }
  assert(close(writer) == 0); /* and read its end */
  for (int i = 1; i < COUNT; i++) assert(finish(&started[i]) == 0);
  result = spawn(REQUEST("/bin/true"));
  assert(result.stage == STAGE_NONE && finish(&result) == 0);
  assert(unlink(path) == 0 && count_descriptors() == before);
}

static void test_more_blocked_than_threads(void) {
  enum { COUNT = 7 };
  char path[128];
  uint64_t tickets[COUNT];
  begin();
  int lease = lease_program(path, sizeof path);
  for (int i = 0; i < COUNT; i++) {
    struct spawn_request *request = REQUEST(path);
    tickets[i] = request->ticket;
    assert(spawn_submit(request) == 0);
  }
  struct spawn_request *last = REQUEST("/bin/true");
  uint64_t last_ticket = last->ticket;
  assert(spawn_submit(last) == 0);
  int cancelled = 0;
  for (int i = COUNT - 1; i >= 0; i--) { /* the queued ones first: they never become processes */
    spawn_cancel(tickets[i]);
    struct spawn_result result = next_result();
    if (result.ticket == last_ticket) {
      assert(result.stage == STAGE_NONE && finish(&result) == 0);
      last_ticket = 0;
      result = next_result();
    }
    assert(result.ticket == tickets[i] && result.stage == STAGE_TIME_LIMIT);
    finish(&result);
    cancelled++;
  }
  assert(cancelled == COUNT);
  if (last_ticket != 0) {
    struct spawn_result result = next_result();
    assert(result.ticket == last_ticket && result.stage == STAGE_NONE && finish(&result) == 0);
  }
  close(lease);
}

/* Cancelling at any moment: the result is a success or the time limit, never both, and never none. */
static void test_cancel_at_any_time(void) {
  begin();
  int limits = 0;
  for (int i = 0; i < 300; i++) {
    struct spawn_request *request = REQUEST("/bin/true");
    uint64_t ticket = request->ticket;
    assert(spawn_submit(request) == 0);
    for (volatile int spin = 0; spin < i * 300; spin++) continue;
    spawn_cancel(ticket);
    struct spawn_result result = next_result();
    assert(result.ticket == ticket);
    assert(result.stage == STAGE_NONE || result.stage == STAGE_TIME_LIMIT);
    limits += result.stage == STAGE_TIME_LIMIT;
    int code = finish(&result);
    if (result.stage == STAGE_NONE) assert(code == 0);
  }
  assert(limits > 0);
  struct spawn_result none;
  assert(!spawn_next(&none));
}

static void test_killed_before_exec(void) {
  char path[128];
  begin();
  int lease = lease_program(path, sizeof path);
  struct spawn_request *request = REQUEST(path);
  request->directory = folder;
  assert(spawn_submit(request) == 0);
  int pid = await_pid(request->slot);
  await_sleep(pid);
  kill(pid, SIGKILL); /* in the middle of exec: counts as started, its exit tells the rest */
  struct spawn_result result = next_result();
  assert(result.stage == STAGE_NONE && result.pid == pid);
  assert(finish(&result) == -SIGKILL);
  close(lease);
}

/* A file system whose server, the test, takes requests and does not answer: who waits for it cannot be killed. -1: it
 * cannot be had here. The end of the descriptor ends all waiting. */
static int mount_silent(const char *path) {
  char options[100], buffer[16384];
  struct fuse_in_header in;
  struct {
    struct fuse_out_header header;
    struct fuse_init_out init;
  } reply;
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return -1;
  int low = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, 100); /* a stuck child has copies of low numbers, and would keep it */
  if (low >= 0) close(low);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
  if (fd < 0 || mount("silent", path, "fuse", 0, options) != 0) return -1;
  assert(read(fd, buffer, sizeof buffer) >= (ssize_t)sizeof in);
  memcpy(&in, buffer, sizeof in);
  assert(in.opcode == FUSE_INIT);
  memset(&reply, 0, sizeof reply);
  reply.header.len = sizeof reply;
  reply.header.unique = in.unique;
  reply.init.major = FUSE_KERNEL_VERSION;
  reply.init.minor = FUSE_KERNEL_MINOR_VERSION;
  reply.init.max_write = 4096;
  assert(write(fd, &reply, sizeof reply) == (ssize_t)sizeof reply);
  return fd;
}

/* The kill of the one before is told as an interrupt; the next request but that is a child's chdir. */
static void await_request(int server) {
  struct fuse_in_header in;
  char buffer[16384];
  do {
    assert(read(server, buffer, sizeof buffer) >= (ssize_t)sizeof in);
    memcpy(&in, buffer, sizeof in);
  } while (in.opcode == FUSE_INTERRUPT);
  assert(in.opcode == FUSE_ACCESS);
}

static struct spawn_request *entering(const char *directory) {
  struct spawn_request *request = REQUEST("/bin/true");
  request->directory = directory;
  return request;
}

/* Each costs a thread; after eight of them new spawns are refused, until one has come back. */
static void test_unkillable(void) {
  char path[128];
  struct spawn_result stuck[LIMIT_BLOCKED_SPAWNS], result;
  snprintf(path, sizeof path, "%s/silent", folder);
  assert(mkdir(path, 0755) == 0);
  int server = mount_silent(path);
  if (server < 0) {
    printf("notice: unkillable children were not tried: FUSE cannot be used here\n");
    rmdir(path);
    return;
  }
  begin();
  for (int i = 0; i < LIMIT_BLOCKED_SPAWNS; i++) {
    struct spawn_request *request = entering(path);
    uint64_t ticket = request->ticket;
    assert(spawn_submit(request) == 0);
    await_request(server); /* from here on nothing ends its wait */
    spawn_cancel(ticket);
    stuck[i] = next_result();
    assert(stuck[i].ticket == ticket && stuck[i].stage == STAGE_TIME_LIMIT && stuck[i].pid > 0);
    if (i == LIMIT_BLOCKED_SPAWNS - 1) break;
    result = spawn(REQUEST("/bin/true"));
    assert(result.stage == STAGE_NONE && finish(&result) == 0);
  }
  struct spawn_request *request = REQUEST("/bin/true");
  uint32_t slot = request->slot;
  assert(spawn_submit(request) == -EAGAIN);
  slots_free(&ledger, slot);
  close(server);
  for (int i = 0; i < LIMIT_BLOCKED_SPAWNS; i++) assert(finish(&stuck[i]) == -SIGKILL);
  int64_t limit = now_ms() + 10000;
  for (;;) {
    request = REQUEST("/bin/true");
    slot = request->slot;
    if (spawn_submit(request) == 0) break;
    slots_free(&ledger, slot);
    assert(now_ms() < limit);
  }
  result = next_result();
  assert(result.stage == STAGE_NONE && finish(&result) == 0);
  umount2(path, MNT_DETACH);
  rmdir(path);
}

/* Without pidfds and close_range: the same, by number and with copied tables. */
static void test_blocked_child_on_old_kernel(void) {
  refuse_new_calls(ENOSYS);
  test_blocked_child();
  assert(!features_get()->pidfd);
  struct spawn_result result = spawn(REQUEST("/bin/sleep", "1000"));
  assert(slots_signal(&ledger, result.slot, result.ticket, SIGTERM, SIGNAL_SCOPE_PROCESS) == -ENOSYS); /* ask init */
  assert(slots_signal(&ledger, result.slot, result.ticket + 1, SIGTERM, SIGNAL_SCOPE_PROCESS) == -ESRCH);
  kill(result.pid, SIGTERM);
  assert(finish(&result) == -SIGTERM);
}

static void test_many(void) {
  enum { COUNT = 300 };
  begin();
  int before = count_descriptors();
  for (int i = 0; i < COUNT; i++) assert(spawn_submit(REQUEST(i % 3 == 0 ? "/nowhere" : "/bin/true")) == 0);
  int failed = 0;
  for (int i = 0; i < COUNT; i++) {
    struct spawn_result result = next_result();
    failed += result.stage == STAGE_EXEC;
    finish(&result);
  }
  assert(failed == COUNT / 3);
  assert(count_descriptors() == before);
}

/* 10,000 open descriptors are not copied: none of them is in the child, nor does it take longer (bench/spawn.c). */
static void test_window(void) {
  begin();
  for (int i = 0; i < 500; i++) assert(fcntl(2, F_DUPFD, 100) >= 0); /* without close-on-exec: the window keeps them out */
  assert(run_for_output(REQUEST("sh", "-c", "ls /proc/self/fd | tr '\\n' ' '")) == 0);
  assert(strcmp(output, "0 1 2 3 ") == 0); /* 3 is the folder that ls reads */
}

static void test_slots(void) {
  for (int i = 0; i < LIMIT_CHILD_SLOTS; i++) assert(slots_claim(&ledger, 1, PROCESS_KIND_MAIN, 0, "x") >= 0);
  assert(slots_claim(&ledger, 1, PROCESS_KIND_MAIN, 0, "x") == -EAGAIN);
  slots_free(&ledger, 17);
  atomic_store(&ledger.work->pids[17], 4242); /* as if a manager had died in slots_free */
  assert(slots_claim(&ledger, 99, PROCESS_KIND_PROBE, SLOT_KILL_GROUP, "web@2") == 17);
  assert(atomic_load(&ledger.work->pids[17]) == 0);
  assert(ledger.work->slots[17].kind == PROCESS_KIND_PROBE && ledger.work->slots[17].flags == SLOT_KILL_GROUP);
  assert(strcmp(ledger.work->slots[17].instance, "web@2") == 0);
  slots_free(&ledger, LIMIT_CHILD_SLOTS); /* refused */
  slots_mend(&ledger, 17, 100, 4243, "web@3");
  assert(slots_pid(&ledger, 17, 100) == 4243 && slots_pid(&ledger, 17, 99) == 0);
  assert(ledger.work->slots[17].kind == PROCESS_KIND_MAIN && ledger.work->slots[17].flags == SLOT_KILL_GROUP);
  assert(strcmp(ledger.work->slots[17].instance, "web@3") == 0);
}

static void test_signals(void) {
  begin();
  struct spawn_result result = spawn(REQUEST("/bin/sleep", "1000"));
  assert(slots_signal(&ledger, result.slot, result.ticket, 0, SIGNAL_SCOPE_PROCESS) == 0);
  assert(slots_signal(&ledger, result.slot, result.ticket + 1, SIGTERM, SIGNAL_SCOPE_PROCESS) == -ESRCH);
  assert(slots_signal(&ledger, LIMIT_CHILD_SLOTS, result.ticket, SIGTERM, SIGNAL_SCOPE_PROCESS) == -EINVAL);
  assert(slots_signal(&ledger, result.slot, result.ticket, 65, SIGNAL_SCOPE_PROCESS) == -EINVAL);
  assert(slots_signal(&ledger, result.slot, result.ticket, SIGTERM, SIGNAL_SCOPE_PROCESS) == 0);
  assert(await_exit(&result)->signal == SIGTERM);
  assert(slots_signal(&ledger, result.slot, result.ticket, SIGTERM, SIGNAL_SCOPE_PROCESS) == -ESRCH);
  assert(slots_pid(&ledger, result.slot, result.ticket) == 0);
  finish(&result);
}

static void test_group_signal(void) {
  int ends[2];
  char byte;
  begin();
  assert(pipe2(ends, O_CLOEXEC) == 0);
  struct spawn_request *request = REQUEST("/bin/sh", "-c", "sleep 1000 & sleep 1000 & echo; wait");
  add_descriptor(request, 1, ends[1]);
  struct spawn_result result = spawn(request);
  close(ends[1]);
  assert(read(ends[0], &byte, 1) == 1);
  int sent = slots_signal(&ledger, result.slot, result.ticket, SIGTERM, SIGNAL_SCOPE_GROUP);
  assert(sent == 0 || sent == -ENOSYS); /* before Linux 6.9 only init may do it */
  if (sent == -ENOSYS) kill(-result.pid, SIGTERM);
  assert(read(ends[0], &byte, 1) == 0); /* all three writers have ended */
  close(ends[0]);
  assert(finish(&result) == -SIGTERM);
}

/* The manager dies while its child has not come to exec: the child goes on and is init's. */
static void test_manager_dies(void) {
  char path[128];
  make_world();
  pid_t manager = fork();
  if (manager == 0) {
    begin();
    lease_program(path, sizeof path); /* the lease ends with us, and exec goes on */
    assert(spawn_submit(REQUEST(path)) == 0);
    await_sleep(await_pid(0));
    kill(getpid(), SIGKILL);
  }
  assert(be_init(manager) == SIGKILL);
  int status, pid = atomic_load(&ledger.work->pids[0]);
  assert(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
  assert(atomic_load(&ledger.work->slots[0].state) == SLOT_STATE_CLAIMED);
  assert(atomic_load(&ledger.work->slots[0].stage) == STAGE_NONE);
  end_world();
}

int main(void) {
  run_in_manager("a program is started as a child of init", test_success);
  run_in_manager("a failed spawn tells stage and errno, and leaks nothing", test_failures);
  run_in_manager("a child that blocks in exec holds up nobody and is cancelled", test_blocked_child);
  run_in_manager("the same without the newer calls", test_blocked_child_on_old_kernel);
  run_in_manager("threads that are held up are replaced while others wait", test_relief);
  run_in_manager("more blocked children than threads", test_more_blocked_than_threads);
  run_in_manager("children that cannot be killed", test_unkillable);
  run_in_manager("cancelling at any moment gives one result", test_cancel_at_any_time);
  run_in_manager("a child killed inside of exec", test_killed_before_exec);
  run_in_manager("300 spawns in the queue", test_many);
  run_in_manager("descriptors above the window stay out", test_window);
  run_in_manager("slots are claimed and freed", test_slots);
  run_in_manager("signals reach the slot's process and no other", test_signals);
  run_in_manager("signals reach the group", test_group_signal);
  test_manager_dies();
  remove_folder();
  return 0;
}
