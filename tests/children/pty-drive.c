/*
 * Runs a command on a pty of its own and plays a script of a user at it.
 *
 *   pty-drive SCRIPT COMMAND [ARGUMENT ...]
 *
 * SCRIPT is a file, one order a line; texts know \r \n \t \e \\ and \xHH:
 *   expect TEXT     waits until the output holds TEXT, behind what was expected before
 *   send TEXT       types it
 *   resize COLUMNS ROWS
 *   signal NUMBER   to the command
 *   hangup          closes the terminal
 *   limit SECONDS   of each following expect, and of the end (20 at first)
 *
 * The transcript goes to standard output. Behind the last order it waits for the command's end and says on standard
 * error whether the terminal's modes are what they were. Exit code: the command's, 128 + n for a signal, 124 when an
 * expectation was not met in time, 125 for a mistake in the script.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define TRANSCRIPT_MAX (4 * 1024 * 1024)

static char transcript[TRANSCRIPT_MAX + 1];
static size_t length, matched;
static int master = -1, slave = -1, limit_s = 20;
static pid_t command;

static void fail(const char *what, const char *text, int code) {
  fflush(stdout);
  fprintf(stderr, "pty-drive: %s: %s\n", what, text);
  if (command > 0) {
    kill(command, SIGKILL);
    waitpid(command, NULL, 0);
  }
  exit(code);
}

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes output for at most `ms`. 1: some came, 0: none in time, -1: there will be none. */
static int take_output(long ms) {
  struct pollfd waited = {.fd = master, .events = POLLIN};
  if (master < 0) return -1;
  if (poll(&waited, 1, (int)ms) <= 0) return 0;
  ssize_t got = read(master, transcript + length, TRANSCRIPT_MAX - length);
  if (got <= 0) return -1;
  fwrite(transcript + length, 1, (size_t)got, stdout);
  fflush(stdout);
  length += (size_t)got;
  return 1;
}

static int decode(char *text) {
  char *to = text;
  for (char *from = text; *from != '\0'; from++) {
    if (*from != '\\') {
      *to++ = *from;
      continue;
    }
    char digits[3] = {0};
    switch (*++from) {
      case 'r': *to++ = '\r'; break;
      case 'n': *to++ = '\n'; break;
      case 't': *to++ = '\t'; break;
      case 'e': *to++ = 27; break;
      case '\\': *to++ = '\\'; break;
      case 'x':
        if (from[1] == '\0' || from[2] == '\0') fail("half a \\x in", text, 125);
        memcpy(digits, from + 1, 2);
        *to++ = (char)strtol(digits, NULL, 16);
        from += 2;
        break;
      default: fail("unknown escape in", text, 125);
    }
  }
  *to = '\0';
  return (int)(to - text);
}

static void expect(char *text) {
  char *written = strdup(text);
  size_t wanted = (size_t)decode(text);
  long end = now_ms() + limit_s * 1000L;
  for (;;) {
    char *found = memmem(transcript + matched, length - matched, text, wanted);
    if (found != NULL) {
      matched = (size_t)(found - transcript) + wanted;
      free(written);
      return;
    }
    long left = end - now_ms();
    if (left <= 0) fail("did not come in time", written, 124);
    if (take_output(left) < 0) fail("did not come before the end", written, 124);
  }
}

static void send_keys(char *text) {
  int count = decode(text);
  if (write(master, text, (size_t)count) != count) fail("cannot type", strerror(errno), 125);
}

static void play(char *line) {
  struct winsize size = {0};
  unsigned columns, rows;
  line[strcspn(line, "\n")] = '\0';
  if (line[0] == '\0' || line[0] == '#') return;
  if (strncmp(line, "expect ", 7) == 0) expect(line + 7);
  else if (strncmp(line, "send ", 5) == 0) send_keys(line + 5);
  else if (strncmp(line, "limit ", 6) == 0) limit_s = atoi(line + 6);
  else if (strncmp(line, "signal ", 7) == 0) kill(command, atoi(line + 7));
  else if (strcmp(line, "hangup") == 0) {
    close(slave);
    close(master);
    master = slave = -1;
  } else if (sscanf(line, "resize %u %u", &columns, &rows) == 2) {
    size.ws_col = (unsigned short)columns;
    size.ws_row = (unsigned short)rows;
    ioctl(master, TIOCSWINSZ, &size);
  } else {
    fail("unknown order", line, 125);
  }
}

static void start(char **argv) {
  struct winsize size = {.ws_col = 100, .ws_row = 30};
  char path[64];
  int unlocked = 0, number;
  master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
    fail("cannot open a pty", strerror(errno), 125);
  snprintf(path, sizeof path, "/dev/pts/%d", number);
  /* Kept open, so that the modes can be asked for after the end. */
  slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) fail("cannot open", path, 125);
  ioctl(slave, TIOCSWINSZ, &size);
  command = fork();
  if (command != 0) return;
  setsid();
  ioctl(slave, TIOCSCTTY, 0);
  for (int fd = 0; fd <= 2; fd++) dup2(slave, fd);
  execvp(argv[0], argv);
  fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

/* The end is looked for between pieces of output: our own slave keeps the pty from reporting it. */
static int await_end(void) {
  int status;
  long end = now_ms() + limit_s * 1000L;
  while (waitpid(command, &status, WNOHANG) == 0) {
    if (now_ms() > end) fail("did not end in time", "the command", 124);
    if (take_output(10) < 0) usleep(10000);
  }
  command = 0;
  while (take_output(0) > 0) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  struct termios before, after;
  char line[4096];
  if (argc < 3) fail("usage", "pty-drive SCRIPT COMMAND [ARGUMENT ...]", 125);
  FILE *script = fopen(argv[1], "re");
  if (script == NULL) fail("cannot open", argv[1], 125);
  signal(SIGPIPE, SIG_IGN);
  start(argv + 2);
  tcgetattr(slave, &before);
  while (fgets(line, sizeof line, script) != NULL) play(line);
  fclose(script);
  int code = await_end();
  if (slave >= 0 && tcgetattr(slave, &after) == 0)
    fprintf(stderr, "modes: %s\n",
            before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag
                ? "restored"
                : "changed");
  return code;
}
