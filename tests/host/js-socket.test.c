// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c js-socket.c js-directory.c features.c js-file.c names.c hosts.c unix-socket.c sha256.c ledger-status.c journal.c ledger.c log-table.c test-hook.c engine
// valgrind
/* Host calls of modules loop and socket, and the files behind them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../host/hosts.h"
#include "../../host/unix-socket.h"
#include "script.h"

static const struct js_module *const modules[] = {&js_core, &js_loop, &js_socket, &js_file, NULL};

static char folder[] = "/tmp/gonit-js-socket-XXXXXX";

static void must(const char *text) {
  char *argv[] = {"test", folder, NULL};
  script_must(modules, 2, argv, text);
}

static int open_descriptors(void) {
  int count = 0;
  DIR *directory = opendir("/proc/self/fd");
  while (readdir(directory) != NULL) count++;
  closedir(directory);
  return count;
}

static void test_stream_sockets(void) {
  must(SCRIPT(
    const path = host.args()[0] + "/stream";
    const server = host.listenUnix(path, 0o660);
    check(server > 2, true);
    check(host.stat(path).kind + host.stat(path).mode, "socket432");
    check(host.listenUnix(path, 0o600), -98);
    check(host.socketPath(server), path);
    check(host.socketPath(0) + host.socketPath(-1), "");
    check(host.accept(server), -11);
    check(host.watch(server, 1), 0);
    check(host.poll(0), []);
    const client = host.connectUnix(path);
    check(host.poll(1000), [server, 1]);
    const peer = host.accept(server);
    check([peer.uid, peer.gid, peer.pid], [host.uid(), host.gid(), host.pid()]);
    check(host.receive(peer.fd, 100), -11);
    check(host.send(client, "hello"), 5);
    check(host.receive(peer.fd, 3), new Uint8Array([104, 101, 108]));
    check(host.receive(peer.fd, 100000), new Uint8Array([108, 111]));
    let sent = 0;
    for (let part = 0; part >= 0; part = host.send(client, "x".repeat(65536))) sent += part;
    check(sent > 65536, true);
    host.close(client);
    for (let part = [1]; part.length > 0; part = host.receive(peer.fd, 65536));
    check(host.send(peer.fd, "x"), -32);
    check(host.socketError(peer.fd), 0);
    check(host.connectUnix(path + "none"), -2);
    check(host.connectUnix("@gonit-test-none"), -111);
    const abstract = host.listenUnix("@gonit-test-" + host.pid(), 0);
    check(host.connectUnix("@gonit-test-" + host.pid()) > 0, true);
    check(host.receive(99, 10), -9);
    check(host.send(99, "x"), -9);
    throws(() => host.receive(1, 0), "from 1 to");
    host.close(99);
    host.close(-1);
  ));
}

static void test_paths_longer_than_an_address(void) {
  must(SCRIPT(
    const deep = host.args()[0] + "/" + "d".repeat(100) + "/" + "e".repeat(100);
    check(host.makeDirectory(deep, 0o755, -1, -1), 0);
    const server = host.listenUnix(deep + "/control.sock", 0o600);
    check(server > 2, true);
    check(host.stat(deep + "/control.sock").mode, 0o600);
    check(host.connectUnix(deep + "/control.sock") > 2, true);
    check(host.listenUnix(deep + "/" + "n".repeat(120), 0o600), -36);
    check(host.listenUnix("@" + "n".repeat(120), 0o600), -36);
    check(host.connectUnix(host.args()[0] + "/" + "n".repeat(120) + "/x"), -2);
    check(host.connectUnix(""), -22);
  ));
}

/* Sends a datagram with descriptors to the socket of the script. */
static void send_with_descriptors(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  union { struct cmsghdr align; char bytes[CMSG_SPACE(3 * sizeof(int))]; } control = {.bytes = {0}};
  struct iovec vector = {.iov_base = "READY=1\nSTATUS=\xff", .iov_len = 16};
  struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &vector, .msg_iovlen = 1,
                           .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *part = CMSG_FIRSTHDR(&message);
  int fds[3] = {0, 1, 2};
  int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  *part = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fds)};
  memcpy(CMSG_DATA(part), fds, sizeof fds);
  assert(sendmsg(sender, &message, 0) == 16);
  char large[9000];
  memset(large, 'x', sizeof large);
  assert(sendto(sender, large, sizeof large, 0, (struct sockaddr *)&address, sizeof address) == sizeof large);
  close(sender);
}

static void test_peek_pipe(void) {
  must(SCRIPT(
    const [readEnd, writeEnd] = host.pipe();
    check(host.peekPipe(readEnd), -11);
    host.write(writeEnd, "ready\n");
    for (let count = 0; count < 2; count++) check(host.decodeUtf8(host.peekPipe(readEnd)), "ready\n");
    check(host.decodeUtf8(host.receive(readEnd, 100)), "ready\n");
    host.close(writeEnd);
    check(host.peekPipe(readEnd).length, 0);
    host.close(readEnd);
    check(host.peekPipe(999), -9);
  ));
}

static void test_notify_datagrams(void) {
  char path[200];
  snprintf(path, sizeof path, "%s/notify", folder);
  script_module("main", SCRIPT(globalThis.fd = host.bindDatagram(host.args()[0] + "/notify", 0o622);
                               check(host.stat(host.args()[0] + "/notify").mode, 0o622);
                               check(host.receiveNotify(fd, true), -11);));
  script_module("second", SCRIPT(check(host.receiveNotify(fd, true).text, "READY=1\nSTATUS=\ufffd");
                                 const note = host.receiveNotify(fd, false);
                                 check([note.text, note.pid, note.uid, note.truncated],
                                       ["READY=1\nSTATUS=\ufffd", host.pid(), host.uid(), false]);
                                 const large = host.receiveNotify(fd, false);
                                 check([large.text.length, large.truncated], [8192, true]);
                                 check(host.receiveNotify(fd, false), -11);));
  char *argv[] = {"test", folder, NULL};
  assert(script_run(modules, 0, 2, argv) == 0);
  int before = open_descriptors();
  send_with_descriptors(path);
  JSValue name = JS_NewString(js_context(), "second");
  JSValue result = host_load(js_context(), JS_UNDEFINED, 1, (JSValueConst *)&name);
  if (JS_IsException(result)) js_take_exception(js_context());
  if (JS_IsException(result)) fprintf(stderr, "%s\n", js_failure());
  assert(!JS_IsException(result));
  assert(open_descriptors() == before);
  JS_FreeValue(js_context(), result);
  JS_FreeValue(js_context(), name);
  script_end();
}

static void test_tcp_and_pipes(void) {
  must(SCRIPT(
    check(host.connectTcp("no address", 80), -22);
    const fd = host.connectTcp("127.0.0.1", 1);
    if (fd > 0) {
      host.watch(fd, 4);
      host.poll(2000);
      check(host.socketError(fd), -111);
    } else check(fd, -111);
    const [read, write] = host.pipe();
    check(host.write(write, "abc"), 3);
    check(host.receive(read, 10), new Uint8Array([97, 98, 99]));
    check(host.receive(read, 10), -11);
    host.close(write);
    check(host.receive(read, 10), new Uint8Array(0));
    const memory = host.memory("test");
    check(host.write(memory, "xyz"), 3);
    check(host.readFd(memory, 1, 100), new Uint8Array([121, 122]));
    check(host.localHosts("localhost").includes("127.0.0.1"), true);
    check(host.localHosts("10.1.2.3"), ["10.1.2.3"]);
    check(host.localHosts("no.such.name.invalid"), []);
  ));
}

static void test_timers(void) {
  must(SCRIPT(
    const now = host.now();
    check(host.setTimer(1, 0), 0);
    check(host.poll(5000), [-1, 1]);
    check(host.poll(0), []);
    check(host.setTimer(1, now.monotonicMs + 1e7), 0);
    check(host.setTimer(2, now.bootMs + 20), 0);
    check(host.poll(5000), [-2, 1]);
    check(host.now().bootMs >= now.bootMs + 20, true);
    check(host.setTimer(3, now.wallMs + 40), 0);
    check(host.poll(5000), [-3, 1]);
    check(host.now().wallMs >= now.wallMs + 40, true);
    check(host.setTimer(1, -1), 0);
    check(host.poll(1), []);
    throws(() => host.setTimer(4, 0), "unknown clock");
  ));
}

static void test_polling(void) {
  must(SCRIPT(
    const pipes = [];
    for (let i = 0; i < 70; i++) {
      const [read, write] = host.pipe();
      host.write(write, "x");
      check(host.watch(read, 1), 0);
      pipes.push(read);
    }
    check(host.poll(0).length, 128);
    for (const fd of pipes.slice(1)) host.unwatch(fd);
    check(host.poll(0), [pipes[0], 1]);
    check(host.watch(pipes[0], 0x80000001), 0);
    check(host.poll(0), [pipes[0], 1]);
    check(host.poll(0), []);
    check(host.watch(999, 1), -9);
    check(host.watch(-1, 1), -9);
    check(host.watch(host.open(host.args()[0] + "/file", "wc", 0o600), 1), -1);
    throws(() => host.watch(1, 1.5), "whole number");
  ));
}

static void test_signals(void) {
  script_module("main", SCRIPT(globalThis.fd = host.catchSignals([10, 12]); check(host.readSignal(fd), 0);));
  script_module("second", SCRIPT(host.watch(fd, 1); check(host.poll(5000), [fd, 1]); check(host.readSignal(fd), 12);
                                 check(host.readSignal(fd), 0); throws(() => host.catchSignals([0]), "from 1 to 64");));
  assert(script_run(modules, 0, 0, NULL) == 0);
  kill(getpid(), SIGUSR2);
  JSValue name = JS_NewString(js_context(), "second");
  JSValue result = host_load(js_context(), JS_UNDEFINED, 1, (JSValueConst *)&name);
  assert(!JS_IsException(result));
  JS_FreeValue(js_context(), result);
  JS_FreeValue(js_context(), name);
  script_end();
}

static void test_hosts_file(void) {
  char path[100], addresses[HOSTS_ADDRESSES_MAX][HOSTS_ADDRESS_BYTES];
  snprintf(path, sizeof path, "%s/hosts", folder);
  FILE *file = fopen(path, "w");
  fputs("# localhost\n10.0.0.1 db db.local # cache\n\n::5\tDB\nnonsense db\n10.0.0.1 db\n10.0.0.2 other", file);
  fclose(file);
  assert(hosts_find(path, "db", addresses) == 2);
  assert(strcmp(addresses[0], "10.0.0.1") == 0 && strcmp(addresses[1], "::5") == 0);
  assert(hosts_find(path, "other", addresses) == 1);
  assert(hosts_find(path, "cache", addresses) == 0);
  assert(hosts_find(path, "10.0.0.2", addresses) == 1);
  assert(hosts_find("/nowhere", "localhost", addresses) == 2);
  assert(hosts_find(folder, "db", addresses) == 0);
}

/* A process for each test: what one leaves in the loop must not reach the next. */
static void run(void (*test)(void)) {
  int status;
  pid_t pid = fork();
  assert(pid >= 0);
  if (pid == 0) {
    test();
    exit(0);
  }
  assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Somebody who may write into the folder has put another file in the socket's place. */
static void test_what_is_no_socket_is_not_given_away(void) {
  struct stat found;
  char file[100], link[100], path[100];
  snprintf(file, sizeof file, "%s/file", folder);
  snprintf(link, sizeof link, "%s/link", folder);
  snprintf(path, sizeof path, "%s/own.sock", folder);
  close(open(file, O_CREAT | O_WRONLY, 0600));
  assert(symlink(file, link) == 0);
  assert(unix_socket_own(file, 0666, getuid(), getgid()) == -EEXIST);
  assert(unix_socket_own(link, 0666, getuid(), getgid()) == -EEXIST);
  assert(stat(file, &found) == 0 && (found.st_mode & 07777) == 0600);
  assert(unix_socket_own(path, 0666, -1, -1) == -ENOENT);
  int fd = unix_socket_bind(path, SOCK_STREAM, 0622);
  assert(fd >= 0 && stat(path, &found) == 0 && (found.st_mode & 07777) == 0622);
  assert(unix_socket_own(path, 0640, getuid(), getgid()) == 0);
  assert(stat(path, &found) == 0 && (found.st_mode & 07777) == 0640);
  close(fd);
}

int main(void) {
  char command[100];
  umask(027);
  assert(mkdtemp(folder) != NULL);
  run(test_stream_sockets);
  run(test_paths_longer_than_an_address);
  run(test_what_is_no_socket_is_not_given_away);
  run(test_notify_datagrams);
  run(test_peek_pipe);
  run(test_tcp_and_pipes);
  run(test_timers);
  run(test_polling);
  run(test_signals);
  run(test_hosts_file);
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command) == 0 ? 0 : 1;
}
