#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE 0x1d /* Ctrl-] */
#define INPUT_BYTES 2048
#define OUTPUT_BYTES 16384
/* How long a terminal that takes nothing (stopped, or slow) is waited for when init has ended. */
#define LAST_WORDS_MS 1000
/* The first two requests are init's to serve: the second forces. */
#define REQUESTS_SERVED 2

static const int caught[] = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP, SIGWINCH, SIGCHLD, SIGCONT,
                             SIGTSTP, SIGUSR1, SIGUSR2, SIGPIPE, 37,      38,      39};

static struct {
  struct relay_job job;
  int terminal; /* our own open file of the user's terminal, so that O_NONBLOCK is nobody else's; -1: none */
  int slave;    /* kept open, so that the master never reports the end while nothing inside has the console open */
  int input_closed;
  int requests;
  int ended, status;
  struct termios saved;
  struct relay_keys keys;
  char input[2 * INPUT_BYTES], output[OUTPUT_BYTES];
  size_t input_length, output_length;
} relay;

int relay_catch_signals(sigset_t *before) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) sigaddset(&set, caught[i]);
  if (sigprocmask(SIG_BLOCK, &set, before) < 0) return -errno;
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int relay_ends(unsigned signal) {
  return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || signal == SIGHUP;
}

int relay_exit_code(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  /* reboot(2) in a PID namespace ends its init by these two, which cannot end an init otherwise (pid_namespaces(7)). */
  if (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGHUP) return 0;
  return 128 + WTERMSIG(status);
}

int relay_keys_read(struct relay_keys *keys, const char *in, size_t length, char *out, size_t *out_length) {
  size_t used = 0;
  int requests = 0;
  for (size_t i = 0; i < length; i++) {
    int escaped = keys->escaped;
    keys->escaped = 0;
    if (!escaped && in[i] == ESCAPE) {
      keys->escaped = 1;
      continue;
    }
    if (escaped && in[i] == 'q') {
      requests++;
      continue;
    }
    if (escaped && in[i] != ESCAPE) out[used++] = ESCAPE;
    out[used++] = in[i];
  }
  *out_length = used;
  return requests;
}

static void take_size(void) {
  struct winsize size;
  if (relay.terminal >= 0 && ioctl(relay.terminal, TIOCGWINSZ, &size) == 0) ioctl(relay.job.master, TIOCSWINSZ, &size);
}

/* In the background this stops us (SIGTTOU) until we are brought to the front: a shell has the terminal meanwhile. */
static void raw_mode(void) {
  struct termios raw = relay.saved;
  if (relay.terminal < 0) return;
  signal(SIGTTOU, SIG_DFL);
  cfmakeraw(&raw);
  tcsetattr(relay.terminal, TCSADRAIN, &raw);
}

/* TCSADRAIN would wait for a terminal that takes nothing; SIGTTOU would stop us where a shell, whose job ended before
 * us, has just taken the terminal back. */
static void restore_modes(void) {
  if (relay.terminal < 0) return;
  signal(SIGTTOU, SIG_IGN);
  tcsetattr(relay.terminal, TCSANOW, &relay.saved);
}

static void open_terminal(void) {
  relay.terminal = relay.slave = -1;
  if (relay.job.master < 0 || tcgetattr(STDIN_FILENO, &relay.saved) < 0) return;
  relay.terminal = open("/proc/self/fd/0", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (relay.terminal < 0) relay.terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (relay.terminal < 0) relay.terminal = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  fcntl(relay.job.master, F_SETFL, O_NONBLOCK);
#ifdef TIOCGPTPEER
  relay.slave = ioctl(relay.job.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
#endif
  raw_mode();
  take_size();
}

static void say(const char *text) {
  size_t length = strlen(text);
  if (relay.output_length + length > sizeof relay.output) return;
  memcpy(relay.output + relay.output_length, text, length);
  relay.output_length += length;
}

static void request_end(int signal) {
  relay.requests++;
  kill(relay.job.child, relay.requests > REQUESTS_SERVED ? SIGKILL : signal);
}

/* Whoever types it twice means it. */
static void request_end_by_keys(void) {
  if (relay.requests++ > 0) {
    kill(relay.job.child, SIGKILL);
    return;
  }
  say("\r\ngonit: ending the system; Ctrl-] then q once more kills it\r\n");
  kill(relay.job.child, SIGTERM);
}

/* Stops as any program does, with the terminal as it was. */
static void stop_for_a_while(void) {
  restore_modes();
  kill(getpid(), SIGSTOP);
  raw_mode();
  take_size();
}

static void take_child(void) {
  if (!relay.ended && waitpid(relay.job.child, &relay.status, WNOHANG) == relay.job.child) relay.ended = 1;
}

static void take_signal(int signal) {
  switch (signal) {
    case SIGCHLD: take_child(); return;
    case SIGWINCH: take_size(); return;
    case SIGCONT: raw_mode(); take_size(); return;
    case SIGTSTP: stop_for_a_while(); return;
    case SIGPIPE: return;
    /* The terminal is gone. For an init HUP means something else. */
    case SIGHUP: request_end(SIGTERM); return;
    case SIGUSR1:
    case SIGUSR2: kill(relay.job.child, signal); return;
    default: request_end(signal);
  }
}

static void take_signals(void) {
  struct signalfd_siginfo info;
  while (!relay.ended && read(relay.job.signals, &info, sizeof info) == sizeof info) take_signal((int)info.ssi_signo);
}

static void close_input(void) {
  relay.input_closed = 1;
  request_end(SIGTERM);
}

static void read_terminal(void) {
  char keys[INPUT_BYTES];
  ssize_t got = read(relay.terminal, keys, sizeof keys);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  /* An end of file cannot be typed in raw mode. */
  if (got <= 0) {
    close_input();
    return;
  }
  int requests = relay_keys_read(&relay.keys, keys, (size_t)got, relay.input, &relay.input_length);
  while (requests-- > 0) request_end_by_keys();
}

static void drop_first(char *bytes, size_t *length, ssize_t count) {
  if (count <= 0) return;
  *length -= (size_t)count;
  memmove(bytes, bytes + count, *length);
}

static void write_master(void) {
  ssize_t done = write(relay.job.master, relay.input, relay.input_length);
  drop_first(relay.input, &relay.input_length, done);
}

/* Whether there may be more. */
static int read_master(void) {
  ssize_t got = read(relay.job.master, relay.output + relay.output_length, sizeof relay.output - relay.output_length);
  if (got > 0) relay.output_length += (size_t)got;
  return got > 0;
}

static void write_terminal(void) {
  ssize_t done = write(relay.terminal, relay.output, relay.output_length);
  if (done < 0 && errno != EAGAIN && errno != EINTR) relay.output_length = 0;
  drop_first(relay.output, &relay.output_length, done);
}

enum { SIGNALS, MASTER, TERMINAL, WAITED };

static void fill(struct pollfd *waited) {
  int has_terminal = relay.terminal >= 0;
  memset(waited, 0, WAITED * sizeof *waited);
  waited[SIGNALS] = (struct pollfd){.fd = relay.job.signals, .events = POLLIN};
  waited[MASTER].fd = has_terminal ? relay.job.master : -1;
  waited[TERMINAL].fd = has_terminal ? relay.terminal : -1;
  if (relay.output_length < sizeof relay.output / 2) waited[MASTER].events |= POLLIN;
  if (relay.input_length > 0) waited[MASTER].events |= POLLOUT;
  if (relay.input_length == 0) waited[TERMINAL].events |= POLLIN;
  if (relay.output_length > 0) waited[TERMINAL].events |= POLLOUT;
  /* A hang-up is reported whatever is asked for. */
  if (relay.input_closed) waited[TERMINAL].fd = -1;
}

static void turn(void) {
  struct pollfd waited[WAITED];
  fill(waited);
  if (poll(waited, WAITED, -1) < 0) return;
  if (waited[SIGNALS].revents != 0) take_signals();
  if (waited[MASTER].revents & POLLOUT) write_master();
  if (waited[MASTER].revents & POLLIN) read_master();
  if (waited[TERMINAL].revents & (POLLIN | POLLHUP | POLLERR)) read_terminal();
  if (relay.output_length > 0 && !relay.input_closed) write_terminal();
  /* Nobody reads any more: what is written inside must not fill up and block. */
  if (relay.input_closed) relay.output_length = 0;
}

/* What was written before the end is still in the pty. */
static void pass_last_words(void) {
  struct pollfd room = {.fd = relay.terminal, .events = POLLOUT};
  if (relay.terminal < 0 || relay.input_closed) return;
  while (read_master() || relay.output_length > 0) {
    if (relay.output_length == 0) continue;
    if (poll(&room, 1, LAST_WORDS_MS) <= 0) return;
    write_terminal();
  }
}

int relay_run(const struct relay_job *job) {
  memset(&relay, 0, sizeof relay);
  relay.job = *job;
  open_terminal();
  while (!relay.ended) turn();
  pass_last_words();
  restore_modes();
  if (relay.terminal >= 0) close(relay.terminal);
  if (relay.slave >= 0) close(relay.slave);
  if (relay.job.master >= 0) close(relay.job.master);
  return relay_exit_code(relay.status);
}
