// with: relay.c
/* The relay between a user's terminal and the console inside, with plain processes in place of the two systems. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../../host/relay.h"

static int open_pty(int *slave) {
  char path[64];
  int unlocked = 0, number;
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert(master >= 0 && ioctl(master, TIOCSPTLCK, &unlocked) == 0 && ioctl(master, TIOCGPTN, &number) == 0);
  snprintf(path, sizeof path, "/dev/pts/%d", number);
  *slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert(*slave >= 0);
  return master;
}

/* The user's terminal (user, its slave terminal), the outer process, and what stands for the init inside. */
static struct {
  int user, terminal;
  struct termios before;
  pid_t outer;
} stage;

static void set_size(int fd, unsigned short columns) {
  struct winsize size = {.ws_col = columns, .ws_row = 10};
  assert(ioctl(fd, TIOCSWINSZ, &size) == 0);
}

/* `inside` runs on the console; what it returns is its exit code. */
static void begin(int (*inside)(void)) {
  stage.user = open_pty(&stage.terminal);
  assert(tcgetattr(stage.terminal, &stage.before) == 0);
  set_size(stage.terminal, 81);
  stage.outer = fork();
  assert(stage.outer >= 0);
  if (stage.outer > 0) return;
  int slave;
  sigset_t before;
  setsid();
  assert(ioctl(stage.terminal, TIOCSCTTY, 0) == 0 && dup2(stage.terminal, 0) == 0);
  close(stage.user);
  close(stage.terminal);
  int master = open_pty(&slave);
  struct relay_job job = {.master = master, .signals = relay_catch_signals(&before)};
  job.child = fork();
  if (job.child == 0) {
    close(master);
    setsid();
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (int fd = 0; fd <= 2; fd++) dup2(slave, fd);
    _exit(inside());
  }
  close(slave);
  _exit(relay_run(&job));
}

/* Reads what the user sees until it holds the text. */
static void see(const char *text) {
  static char seen[65536];
  size_t length = 0;
  while (memmem(seen, length, text, strlen(text)) == NULL) {
    ssize_t got = read(stage.user, seen + length, sizeof seen - length);
    assert(got > 0);
    length += (size_t)got;
  }
}

static void type(const char *text) { assert(write(stage.user, text, strlen(text)) == (ssize_t)strlen(text)); }

static int is_raw(void) {
  struct termios modes;
  assert(tcgetattr(stage.terminal, &modes) == 0);
  return (modes.c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

/* Exit code of the outer process; the terminal is then as it was before. */
static int end(void) {
  int status;
  struct termios after;
  assert(waitpid(stage.outer, &status, 0) == stage.outer && WIFEXITED(status));
  assert(tcgetattr(stage.terminal, &after) == 0);
  assert(memcmp(&after.c_lflag, &stage.before.c_lflag, sizeof after.c_lflag) == 0);
  assert(after.c_iflag == stage.before.c_iflag && after.c_oflag == stage.before.c_oflag);
  close(stage.user);
  close(stage.terminal);
  return WEXITSTATUS(status);
}

static int says_and_ends(void) {
  printf("hello\n");
  fflush(stdout);
  return 7;
}

static int echoes_once(void) {
  char line[100];
  printf("ready\n");
  fflush(stdout);
  if (fgets(line, sizeof line, stdin) == NULL) return 1;
  printf("got <%s>\n", strtok(line, "\n"));
  fflush(stdout);
  return 0;
}

static int tells_size(void) {
  struct winsize size;
  sigset_t set;
  int number;
  sigemptyset(&set);
  sigaddset(&set, SIGWINCH);
  sigprocmask(SIG_BLOCK, &set, NULL);
  ioctl(0, TIOCSCTTY, 0);
  /* The outer process passes its terminal's size on in its own time. */
  do ioctl(0, TIOCGWINSZ, &size);
  while (size.ws_col != 81);
  printf("ready\n");
  fflush(stdout);
  /* The first signal may still be that of the size above. */
  do sigwait(&set, &number), ioctl(0, TIOCGWINSZ, &size);
  while (size.ws_col == 81);
  printf("columns=%d\n", size.ws_col);
  fflush(stdout);
  return 0;
}

static int waits_for_term(void) {
  sigset_t set;
  int number;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  printf("ready\n");
  fflush(stdout);
  sigwait(&set, &number);
  return number;
}

static int ignores_ends(void) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  printf("ready\n");
  fflush(stdout);
  while (pause() < 0) continue;
  return 0;
}

static void test_output_and_code(void) {
  begin(says_and_ends);
  see("hello\r\n");
  assert(end() == 7);
}

static void test_input_is_raw(void) {
  begin(echoes_once);
  see("ready");
  assert(is_raw());
  type("ab\x1d\x1d" "c\r");
  see("got <ab\x1d" "c>");
  assert(end() == 0);
}

static void test_window_size(void) {
  begin(tells_size);
  see("ready");
  set_size(stage.terminal, 123);
  see("columns=123");
  assert(end() == 0);
}

static void test_keys_end_it(void) {
  begin(waits_for_term);
  see("ready");
  type("\x1dq");
  see("ending the system");
  assert(end() == SIGTERM);
}

static void test_keys_twice_kill(void) {
  begin(ignores_ends);
  see("ready");
  type("\x1dq");
  see("once more");
  type("\x1dq");
  assert(end() == 128 + SIGKILL);
}

static void test_signals(void) {
  static const int cases[][2] = {{SIGTERM, SIGTERM}, {SIGINT, SIGINT}, {SIGHUP, SIGTERM}};
  for (int i = 0; i < 3; i++) {
    begin(waits_for_term);
    see("ready");
    kill(stage.outer, cases[i][0]);
    assert(end() == cases[i][1]);
  }
}

/* Three different ones, for a signal that is pending already counts once. */
static void test_third_signal_kills(void) {
  begin(ignores_ends);
  see("ready");
  kill(stage.outer, SIGTERM);
  kill(stage.outer, SIGINT);
  kill(stage.outer, SIGQUIT);
  assert(end() == 128 + SIGKILL);
}

static void test_terminal_goes_away(void) {
  int status;
  begin(waits_for_term);
  see("ready");
  close(stage.terminal);
  close(stage.user);
  assert(waitpid(stage.outer, &status, 0) == stage.outer);
  assert(WIFEXITED(status) && WEXITSTATUS(status) == SIGTERM);
}

static void test_keys_alone(void) {
  struct relay_keys keys = {0};
  char out[16];
  size_t length;
  assert(relay_keys_read(&keys, "a\x1d", 2, out, &length) == 0 && length == 1 && keys.escaped);
  assert(relay_keys_read(&keys, "q", 1, out, &length) == 1 && length == 0 && !keys.escaped);
  assert(relay_keys_read(&keys, "q\x1dx", 3, out, &length) == 0 && length == 3 && memcmp(out, "q\x1dx", 3) == 0);
  assert(relay_keys_read(&keys, "\x1d\x1d\x1dq", 4, out, &length) == 1 && length == 1 && out[0] == 0x1d);
  assert(relay_keys_read(&keys, "", 0, out, &length) == 0 && length == 0);
}

/* wait(2): the low byte is the signal, the next the code. */
static void test_exit_code(void) {
  assert(relay_exit_code(7 << 8) == 7);
  assert(relay_exit_code(SIGKILL) == 137);
  assert(relay_exit_code(SIGINT) == 0);
  assert(relay_exit_code(SIGHUP) == 0);
}

int main(void) {
  test_keys_alone();
  test_exit_code();
  test_output_and_code();
  test_input_is_raw();
  test_window_size();
  test_keys_end_it();
  test_keys_twice_kill();
  test_signals();
  test_third_signal_kills();
  test_terminal_goes_away();
  return 0;
}
