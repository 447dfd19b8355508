/*
 * gonit's standard output and error.
 *
 *   record --write--> our own pipe --splice(2)--> console
 *
 * A write to a terminal or a foreign pipe leaves no trace that a successor could read, so a logger that died in one
 * would not know whether it happened. Our own pipe, whose two ends init keeps, tells: its level shows whether a push
 * happened, and splice(2) takes out of it exactly what the console got. The pipe is also the buffer that lets a console
 * be slow for a while. Where splice(2) does not work (append mode, some sandboxes) its content is copied, and a logger
 * that dies between reading and writing loses at most LOGGER_PUSH_BYTES.
 *
 * Nothing here waits. Foreign descriptors are shared with other processes, so O_NONBLOCK is never set on them:
 * terminals are opened again, pipes are asked by SPLICE_F_NONBLOCK, sockets by poll(2): Linux calls one writable when
 * about a third of its buffer is free, so with a buffer of CONSOLE_SOCKET_BYTES a push fits; with less it is copied by
 * MSG_DONTWAIT. A console that is full holds up the sources that write to it, or, in a VM, loses what it cannot take.
 * One that is gone loses everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logger-parts.h"

#define CONSOLE_BLOCKING_BYTES 256 /* a terminal that is shared and may block takes so many when it is writable */
#define CONSOLE_SOCKET_BYTES (16 * LOGGER_PUSH_BYTES)
#define CONSOLE_POLL_MS 50         /* a full console that epoll cannot watch is tried again after this time */

static struct console *console_of(int number) {
  return &logger.consoles[number];
}

static struct log_record *record_of(int number) {
  return &logger.part->records[1 + number];
}

static int colour_wanted(void) {
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  return !(no_color && no_color[0]) && !(term && !strcmp(term, "dumb"));
}

/* The terminal behind fd, opened so that it does not block; -1 where that is not possible. */
static int terminal_again(int fd) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A push could fill what poll(2) saw to be free. */
static int is_small_socket(int fd) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size) != 0 || bytes < CONSOLE_SOCKET_BYTES;
}

static void console_start(int number, int fd) {
  struct console *console = console_of(number);
  struct stat file;
  memset(console, 0, offsetof(struct console, copy));
  console->fd = fd;
  console->same_as = number;
  console->retry_ms = LOGGER_NEVER;
  console->kind = fstat(fd, &file) == 0 ? file.st_mode & S_IFMT : 0;
  console->dead = console->kind == 0;
  console->terminal = isatty(fd) == 1;
  console->colour = console->terminal && colour_wanted();
  console->copies = console->kind == S_IFSOCK && is_small_socket(fd);
  if (!console->terminal) return;
  int own = terminal_again(fd);
  if (own >= 0) console->fd = own;
  else console->copies = 1;
}

static int same_file(int a, int b) {
  struct stat one, two;
  return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

void consoles_start(int out, int err) {
  console_start(0, out);
  console_start(1, err);
  if (same_file(out, err)) console_of(1)->same_as = 0;
}

/* Makes the pipe and gives both ends to init, before anything is in it. 0, or -EAGAIN: init still has to bring it. */
static int pipe_make(int number) {
  struct console *console = console_of(number);
  int ends[2], first = LIMIT_LOG_SLOTS + 2 * number;
  uint32_t known = atomic_load(&logger.part->console_pipes);
  if (console->pipe_read && console->pipe_write) return 0;
  if ((known >> number & 1) && logger.now_ms < logger.pipes_ms) return -EAGAIN;
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return -errno;
  if (console->pipe_read) close(console->pipe_read);
  if (console->pipe_write) close(console->pipe_write);
  console->pipe_read = ends[0];
  console->pipe_write = ends[1];
  messages_say(INIT_OP_LOG_SOURCE, first, 0, ends[0]);
  messages_say(INIT_OP_LOG_SOURCE, first + 1, 0, ends[1]);
  atomic_fetch_or(&logger.part->console_pipes, 1u << number);
  return 0;
}

/* The push that a dead logger had begun: made current when it happened. */
static void settle_push(struct log_record *record, uint32_t level) {
  if (!record_is_got(record)) return;
  if (atomic_load(&record->pushing) != atomic_load(&record->turn) + 1) return;
  if (level == record->push_level + record->push_bytes) record_commit(record);
  atomic_store(&record->pushing, atomic_load(&record->turn));
}

/* From here on the console can be used. 0 or -errno. */
static int console_begin(int number) {
  struct console *console = console_of(number);
  int level = 0;
  if (console->begun) return 0;
  int error = pipe_make(number);
  if (error) return error;
  ioctl(console->pipe_read, FIONREAD, &level);
  console->level = (uint32_t)level;
  settle_push(record_of(number), console->level);
  console->begun = 1;
  return 0;
}

void console_keep(int number, int end, int fd) {
  struct console *console = console_of(number);
  int *place = end ? &console->pipe_write : &console->pipe_read;
  if (console->begun || *place) {
    close(fd);
    return;
  }
  *place = fd;
  if (console->pipe_read && console->pipe_write) console_ready(number);
}

static void console_watch(struct console *console, int number, int wanted) {
  if (console->watched == wanted) return;
  if (!wanted) logger_unwatch(console->fd);
  else if (logger_watch(console->fd, EPOLLOUT, LOGGER_EVENT_CONSOLE + (uint32_t)number) != 0) {
    console->retry_ms = logger.now_ms + CONSOLE_POLL_MS;
    return;
  }
  console->watched = (uint8_t)wanted;
}

/* The console cannot be written to. What waits for it is lost; terminals and files may come back. */
static void console_lost(struct console *console, int number) {
  console_watch(console, number, 0);
  atomic_fetch_add(&logger.part->console_dropped, console->level + console->copy_bytes - console->copy_done);
  while (console->level > 0) {
    ssize_t got = read(console->pipe_read, console->copy, sizeof console->copy);
    if (got <= 0) break;
    console->level -= (uint32_t)got;
  }
  console->level = console->copy_bytes = console->copy_done = 0;
  console->blocked = 0;
  console->dead = 1;
  console->retry_ms = console->kind == S_IFCHR || console->kind == S_IFREG ? logger.now_ms + LOGGER_RETRY_MS : LOGGER_NEVER;
}

void console_give_up(int number) {
  struct console *console = console_of(number);
  if (console_begin(number) != 0) return;
  console_lost(console, number);
  console->retry_ms = LOGGER_NEVER;
}

/* Writes from the copy buffer to a descriptor that must not block. Bytes or -errno. */
static ssize_t copy_write(struct console *console) {
  const uint8_t *data = console->copy + console->copy_done;
  size_t left = console->copy_bytes - console->copy_done;
  struct pollfd ready = {console->fd, POLLOUT, 0};
  ssize_t done;
  if (console->kind == S_IFSOCK) {
    done = send(console->fd, data, left, MSG_DONTWAIT | MSG_NOSIGNAL);
  } else {
    if (console->kind != S_IFREG && poll(&ready, 1, 0) == 0) return -EAGAIN;
    if (console->kind == S_IFCHR && left > CONSOLE_BLOCKING_BYTES) left = CONSOLE_BLOCKING_BYTES;
    done = write(console->fd, data, left);
  }
  return done < 0 ? -errno : done;
}

static ssize_t move_copied(struct console *console) {
  if (console->copy_done == console->copy_bytes) {
    ssize_t got = read(console->pipe_read, console->copy, sizeof console->copy);
    if (got <= 0) return got < 0 ? -errno : -EIO;
    console->level -= (uint32_t)got;
    console->copy_bytes = (uint32_t)got;
    console->copy_done = 0;
  }
  ssize_t done = copy_write(console);
  if (done > 0) console->copy_done += (uint32_t)done;
  return done;
}

/* Moves something from our pipe to the console. Bytes (0: nothing, try again) or -errno. */
static ssize_t console_move(struct console *console) {
  if (console->copies) return move_copied(console);
  uint32_t bytes = console->level;
  if (console->kind == S_IFSOCK) {
    /* SPLICE_F_NONBLOCK says nothing about a socket. */
    struct pollfd ready = {console->fd, POLLOUT, 0};
    if (poll(&ready, 1, 0) == 0) return -EAGAIN;
    if (bytes > LOGGER_PUSH_BYTES) bytes = LOGGER_PUSH_BYTES;
  }
  ssize_t done = splice(console->pipe_read, NULL, console->fd, NULL, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (done > 0) console->level -= (uint32_t)done;
  if (done >= 0) return done > 0 ? done : -EIO;
  if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return -errno;
  console->copies = 1;
  return 0;
}

void console_pump(int number) {
  struct console *console = console_of(number);
  while (!console->dead && (console->level > 0 || console->copy_done < console->copy_bytes)) {
    ssize_t done = console_move(console);
    if (done >= 0 || done == -EINTR) continue;
    if (done == -EAGAIN) {
      console->blocked = 1;
      console_watch(console, number, 1);
      return;
    }
    console_lost(console, number);
  }
  console->blocked = 0;
  console_watch(console, number, 0);
}

void consoles_pump(void) {
  for (int i = 0; i < LOG_CONSOLES; i++) {
    struct console *console = console_of(i);
    if (console->begun && !console->blocked && console->level > 0) console_pump(i);
  }
}

/* One write into our pipe: it happens whole, or not at all (pipe(7), PIPE_BUF). 1, or 0: the pipe is full. */
static int push_once(struct log_record *record, struct console *console, const uint8_t *data, uint32_t bytes) {
  uint32_t turn = atomic_load(&record->turn);
  record->push_level = console->level;
  record->push_bytes = bytes;
  atomic_store_explicit(&record->pushing, turn + 1, memory_order_release);
  if (write(console->pipe_write, data, bytes) == (ssize_t)bytes) {
    console->level += bytes;
    record_commit(record);
    return 1;
  }
  atomic_store_explicit(&record->pushing, turn, memory_order_release); /* before the level changes again */
  return 0;
}

static int push(struct log_record *record, int number, const uint8_t *data, uint32_t bytes) {
  struct console *console = console_of(number);
  if (!console->dead && push_once(record, console, data, bytes)) return 1;
  if (!console->dead && !console->blocked) console_pump(number);
  if (!console->dead && push_once(record, console, data, bytes)) return 1;
  if (!console->dead && !logger.drops) return 0;
  struct log_step *next = record_step(record) == record->steps ? record->steps + 1 : record->steps;
  next->progress.dropped += bytes;
  next->open = console->dead ? 0 : record_step(record)->open;
  record_commit(record);
  return 1;
}

/* Bytes as they come, of a source without prefix. */
static uint32_t raw_next(const struct log_record *record, struct log_step *next, uint8_t *out) {
  uint32_t bytes = record->bytes - next->console_taken;
  if (bytes > LOGGER_PUSH_BYTES) bytes = LOGGER_PUSH_BYTES;
  if (bytes == 0) return 0;
  memcpy(out, record_window(record) + next->console_taken, bytes);
  next->console_taken += bytes;
  next->open = out[bytes - 1] == '\n' ? 0 : 1 + record->slot;
  return bytes;
}

static int console_wants_more(struct log_record *record) {
  const struct log_step *step = record_step(record);
  return step->console_taken < record->bytes || (record->flush && step->progress.partial);
}

int console_deliver(struct log_record *record, int number) {
  static uint8_t out[LOGGER_PUSH_BYTES];
  struct console *console = console_of(number);
  if (console_begin(number) != 0) return 0;
  while (console_wants_more(record)) {
    int lines = record->flags & (LOG_FLAG_PREFIX | LOG_FLAG_OWN);
    struct log_step *next = record_prepare(record);
    uint32_t bytes = lines ? prefix_next(record, next, console->colour, out) : raw_next(record, next, out);
    if (bytes == 0) record_commit(record);
    else if (!push(record, number, out, bytes)) return 0;
  }
  return 1;
}

/* The console may take more, or its pipe has come: what waited goes on. */
void console_ready(int number) {
  struct log_record *record = record_of(number);
  if (console_begin(number) != 0) return;
  console_pump(number);
  if (record_busy(record)) {
    if (!record_is_got(record) || !record_continue(record)) return;
  }
  sources_resume((uint32_t)(1 + number));
  consoles_pump();
}

/* A terminal that hung up: in a VM its device can be opened again. */
static void console_revive(int number) {
  struct console *console = console_of(number);
  console->retry_ms = LOGGER_NEVER;
  if (!console->dead) return;
  console->dead = 0;
  if (console->terminal && logger.drops) {
    int again = open("/dev/console", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (again < 0) return;
    if (console->fd > 2) close(console->fd);
    console->fd = again;
  }
}

void consoles_retry(void) {
  for (int i = 0; i < LOG_CONSOLES; i++) {
    struct console *console = console_of(i);
    int waits = !console->begun && record_busy(record_of(i)) && logger.now_ms >= logger.pipes_ms;
    if (console->retry_ms <= logger.now_ms) console_revive(i), waits = 1;
    if (waits) console_ready(i);
  }
}

int64_t consoles_due(void) {
  int64_t due = LOGGER_NEVER;
  for (int i = 0; i < LOG_CONSOLES; i++) {
    struct console *console = console_of(i);
    if (!console->begun && record_busy(record_of(i)) && logger.pipes_ms < due) due = logger.pipes_ms;
    if (console->retry_ms < due) due = console->retry_ms;
  }
  return due;
}
