/*
 * A terminal for others to open, with a user who types and reads: says "terminal PATH" on standard error, writes to
 * standard output what is written on the terminal, and takes orders from standard input, one a line:
 *   type TEXT            \r, \\ and \xHH mean what they look like
 *   secret TEXT          the same, when the terminal no longer shows what is typed
 *   resize COLUMNS ROWS
 *   stop-reading         shows nothing any more
 *   hangup               closes the terminal, for ever
 * It ends with its standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int master = -1, slave = -1, reads = 1;

static void hang_up(void) {
  if (master < 0) return;
  close(slave);
  close(master);
  master = slave = -1;
}

static size_t decode(char *text) {
  char *to = text;
  for (char *from = text; *from != '\0'; from++) {
    if (*from != '\\') *to++ = *from;
    else if (*++from == 'r') *to++ = '\r';
    else if (*from == 'x' && from[1] != '\0' && from[2] != '\0') {
      char digits[3] = {from[1], from[2], '\0'};
      *to++ = (char)strtol(digits, NULL, 16);
      from += 2;
    } else *to++ = *from;
  }
  return (size_t)(to - text);
}

static void type(char *text) {
  if (write(master, text, decode(text)) < 0) exit(1);
}

static void obey(char *line) {
  unsigned columns, rows;
  line[strcspn(line, "\n")] = '\0';
  if (strcmp(line, "hangup") == 0) hang_up();
  else if (strcmp(line, "stop-reading") == 0) reads = 0;
  else if (strncmp(line, "type ", 5) == 0) type(line + 5);
  else if (strncmp(line, "secret ", 7) == 0) {
    struct termios modes;
    while (tcgetattr(slave, &modes) == 0 && (modes.c_lflag & ECHO)) usleep(1000);
    type(line + 7);
  } else if (sscanf(line, "resize %u %u", &columns, &rows) == 2) {
    struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
    ioctl(master, TIOCSWINSZ, &size);
  } else exit(2);
}

/* Our own slave keeps the pty from reporting an end each time that a session is over. */
static void open_terminal(void) {
  char path[64];
  int unlocked = 0, number;
  master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0) exit(1);
  snprintf(path, sizeof path, "/dev/pts/%d", number);
  slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) exit(1);
  fprintf(stderr, "terminal %s\n", path);
}

int main(void) {
  char text[4096];
  open_terminal();
  setvbuf(stdin, NULL, _IONBF, 0);
  for (;;) {
    struct pollfd waited[2] = {{.fd = 0, .events = POLLIN}, {.fd = master, .events = POLLIN}};
    if (poll(waited, master < 0 || !reads ? 1 : 2, -1) < 0 && errno != EINTR) return 1;
    if (master >= 0 && reads && (waited[1].revents & POLLIN)) {
      ssize_t got = read(master, text, sizeof text);
      if (got > 0 && write(1, text, (size_t)got) < 0) return 1;
    }
    if (waited[0].revents == 0) continue;
    if (fgets(text, sizeof text, stdin) == NULL) return 0;
    obey(text);
  }
}
