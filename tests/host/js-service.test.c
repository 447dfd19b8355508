// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c js-file.c js-directory.c features.c js-socket.c hosts.c unix-socket.c js-service.c js-network.c on-terminal.c pty.c names.c sha256.c ledger-status.c journal.c ledger.c log-table.c test-hook.c engine
/* Host calls of module service: programs on a terminal, datagrams. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "script.h"

static const struct js_module *const modules[] = {&js_core, &js_loop, &js_file, &js_socket, &js_service, NULL};

static int master;
static char terminal[64];

static void must(const char *text) {
  char *argv[] = {"test", terminal, NULL};
  script_must(modules, 2, argv, text);
}

static void open_pty(void) {
  int unlocked = 0, number;
  master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert(master >= 0 && ioctl(master, TIOCSPTLCK, &unlocked) == 0 && ioctl(master, TIOCGPTN, &number) == 0);
  snprintf(terminal, sizeof terminal, "/dev/pts/%d", number);
}

/* What was written on the terminal so far. The master reports an end of its own when nobody has the slave open. */
static const char *written(void) {
  static char text[4096];
  struct pollfd waited = {.fd = master, .events = POLLIN};
  size_t length = 0;
  while (poll(&waited, 1, 0) > 0 && (waited.revents & POLLIN)) {
    ssize_t got = read(master, text + length, sizeof text - 1 - length);
    if (got <= 0) break;
    length += (size_t)got;
  }
  text[length] = '\0';
  return text;
}

/* Runs a shell's text on the terminal to its end; it must end with this code. */
#define RUN(TEXT, CODE) \
  "const signals = host.catchSignals([17]); host.watch(signals, 1);" \
  "const pid = host.spawnOnTerminal(['/bin/sh', '-c', '" TEXT "'], ['A=b', 'PATH=/usr/bin:/bin'], host.args()[0], '/');" \
  "check(pid > 0, true);" \
  "let end = host.waitChild(pid);" \
  "while (end === -11) { host.poll(-1); host.readSignal(signals); end = host.waitChild(pid); }" \
  "check(end, { pid, code: " #CODE ", signal: 0 });" \
  "check(host.waitChild(pid), -10); host.close(signals);"

static void test_program_on_terminal(void) {
  must(RUN("test -t 0 && test -t 1 && test -t 2 && tty && pwd && echo $A; ls /proc/self/fd | wc -l; exit 7", 7));
  char want[128];
  /* ls has its directory open besides the standard three. */
  const char *text = written();
  snprintf(want, sizeof want, "%s\r\n/\r\nb\r\n", terminal);
  assert(strncmp(text, want, strlen(want)) == 0);
  assert(strcmp(text + strlen(text) - 3, "4\r\n") == 0);
}

/* As its session's terminal: the keys that signal reach it, the service's own signal mask does not. */
static void test_controlling_terminal(void) {
  must(RUN("trap \"echo got INT\" INT; echo x > /dev/tty; kill -INT $$; ps -o tpgid= -p $$ > /dev/null; exit 0", 0));
  const char *text = written();
  assert(strstr(text, "x\r\n") != NULL && strstr(text, "got INT\r\n") != NULL);
}

static void test_failures(void) {
  must(SCRIPT(
    const at = host.args()[0];
    check(host.spawnOnTerminal(["/no/such/program"], [], at, "/"), -2);
    check(host.spawnOnTerminal(["/bin/sh"], [], "/dev/null", "/"), -25);
    check(host.spawnOnTerminal(["/bin/sh"], [], "/no/terminal", "/"), -2);
    check(host.spawnOnTerminal([], [], at, "/"), -22);
    throws(() => host.spawnOnTerminal("x", [], at, "/"), "must be a list");
    throws(() => host.spawnOnTerminal(["x"], [1], at, "/"), "must be a text");
    check(host.resetTerminal("/dev/null", 0, false), -25);
    check(host.resetTerminal(at, 9601, true), -22);
    for (const pid of [-1, 0, 1]) check(host.killChild(pid, 0), -22);
    throws(() => host.waitChild(-1), "waitChild: pid");
    check(host.waitChild(99999999), -10);
  ));
}

static void test_kill_group(void) {
  must(SCRIPT(
    const pid = host.spawnOnTerminal(["/bin/sh", "-c", "sleep 1000; true"], ["PATH=/usr/bin:/bin"], host.args()[0], "/none");
    const signals = host.catchSignals([17]);
    host.watch(signals, 1);
    check(host.waitChild(pid), -11);
    check(host.killChild(-pid, 9), 0);
    let end = host.waitChild(pid);
    while (end === -11) { host.poll(-1); host.readSignal(signals); end = host.waitChild(pid); }
    check(end, { pid, code: -1, signal: 9 });
    host.close(signals);
  ));
}

static void test_reset(void) {
  struct termios modes;
  int slave = open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert(slave >= 0 && tcgetattr(slave, &modes) == 0);
  cfmakeraw(&modes);
  modes.c_cc[VERASE] = 8;
  assert(tcsetattr(slave, TCSANOW, &modes) == 0);
  must(SCRIPT(check(host.resetTerminal(host.args()[0], 9600, true), 0);));
  assert(tcgetattr(slave, &modes) == 0);
  assert((modes.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
  struct stat status;
  assert(stat(terminal, &status) == 0 && (status.st_mode & 0777) == (geteuid() == 0 ? 0600 : status.st_mode & 0777));
  assert(cfgetospeed(&modes) == B9600 && cfgetispeed(&modes) == B9600);
  assert((modes.c_oflag & (OPOST | ONLCR)) == (OPOST | ONLCR));
  assert((modes.c_iflag & (ICRNL | IXON)) == (ICRNL | IXON));
  assert(modes.c_cc[VERASE] == 127 && modes.c_cc[VINTR] == 3);
  close(slave);
}

static void test_datagrams(void) {
  must(SCRIPT(
    const name = "@gonit-test-" + host.pid();
    const fd = host.bindDatagram(name, 0o600);
    check(fd > 2, true);
    check(host.sendDatagram(name, "READY=1"), 0);
    check(host.receiveNotify(fd, false).text, "READY=1");
    host.close(fd);
    check(host.sendDatagram(name, "READY=1"), -111);
    check(host.sendDatagram("/no/such/socket", new Uint8Array(1)), -2);
  ));
}

int main(void) {
  open_pty();
  /* Open all the time, so that the master does not report the end between two programs. */
  int slave = open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert(slave >= 0);
  test_program_on_terminal();
  test_controlling_terminal();
  test_failures();
  test_kill_group();
  test_reset();
  test_datagrams();
  close(slave);
  close(master);
  return 0;
}
