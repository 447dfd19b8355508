/*
 * gonit: logger. Reads every service's output and writes it to files, consoles and memory.
 *
 * It has no heap and holds nothing that it cannot lose: init keeps the pipes, the ledger keeps the rest. It may be
 * killed between any two instructions; its successor ends what it had begun (log-table.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "binary-pages.h"
#include "entry.h"
#include "logger-parts.h"

#define EVENTS_A_TURN 64
#define PIPES_WAIT_MS 1000  /* for init to bring back the console pipes of a dead logger */
#define FILES_RESERVE 64    /* descriptors that are neither pipes nor log files */
#define FILES_UNLIMITED 65536

struct logger logger;

int64_t logger_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int logger_watch(int fd, uint32_t events, uint32_t what) {
  struct epoll_event event = {.events = events, .data.u32 = what};
  return epoll_ctl(logger.epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

void logger_unwatch(int fd) {
  epoll_ctl(logger.epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* The table has changed: files are opened again when the manager asked for it. Other changes are seen at the next
 * bytes of their source. */
static void bell_rang(void) {
  uint64_t count;
  if (read(logger.bell, &count, sizeof count) < 0 && errno == EAGAIN) return;
  uint32_t reopen = atomic_load(&logger.part->reopen_count);
  if (reopen == logger.reopen_count) return;
  logger.reopen_count = reopen;
  file_close_all();
  uint32_t slots = atomic_load(&logger.part->slot_count);
  for (uint32_t slot = 0; slot < slots && slot < LIMIT_LOG_SLOTS; slot++) {
    struct source *source = &logger.sources[slot];
    source->retry_ms = 0;
    /* Made at once, because whoever moved the old file away may look for the new one. */
    if (source->pipe && source_settings(slot) == 0 && logger.settings.path[0]) file_open(slot);
  }
}

static void take_event(const struct epoll_event *event) {
  uint32_t what = event->data.u32;
  if (what < LIMIT_LOG_SLOTS) source_ready(what, (event->events & (EPOLLHUP | EPOLLERR)) != 0);
  else if (what == LOGGER_EVENT_INIT) messages_receive();
  else if (what == LOGGER_EVENT_BELL) bell_rang();
  else console_ready((int)(what - LOGGER_EVENT_CONSOLE));
}

static int64_t earliest(void) {
  int64_t due = consoles_due();
  if (logger.flush_ms < due) due = logger.flush_ms;
  if (logger.sync_ms < due) due = logger.sync_ms;
  if (logger.ring_ms < due) due = logger.ring_ms;
  if (logger.retry_ms < due) due = logger.retry_ms;
  if (logger.note_ms < due) due = logger.note_ms;
  return due;
}

static void take_timers(void) {
  if (logger.flush_ms <= logger.now_ms) sources_flush();
  if (logger.sync_ms <= logger.now_ms) sync_due();
  if (logger.retry_ms <= logger.now_ms) files_retry(0);
  if (logger.note_ms <= logger.now_ms) rate_notes(0);
  if (consoles_due() <= logger.now_ms) consoles_retry();
  if (logger.ring_ms <= logger.now_ms) {
    logger.ring_ms = LOGGER_NEVER;
    logger.rung_ms = logger.now_ms;
    messages_say(INIT_OP_LOG_WATCHED, 0, 0, -1);
  }
}

static int timeout_until(int64_t due_ms) {
  int64_t wait = due_ms - logger_clock_ms();
  if (due_ms == LOGGER_NEVER) return -1;
  if (wait < 0) return 0;
  return wait > 60000 ? 60000 : (int)wait;
}

void logger_turn(int64_t until_ms) {
  struct epoll_event events[EVENTS_A_TURN];
  int64_t due = earliest();
  int count = epoll_wait(logger.epoll, events, EVENTS_A_TURN, timeout_until(due < until_ms ? due : until_ms));
  logger.now_ms = logger_clock_ms();
  for (int i = 0; i < count; i++) take_event(&events[i]);
  take_timers();
  consoles_pump();
}

/* init ends us by closing the socket or by SIGKILL. Signals that a terminal sends to all, or that a shutdown sends to
 * all, must not end us: the last lines are still to come. */
static void ignore_signals(void) {
  static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ, SIGTTOU,
                                SIGTTIN, SIGTSTP, SIGUSR1, SIGUSR2, SIGALRM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_IGN);
}

static uint32_t descriptors_allowed(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > FILES_UNLIMITED) return FILES_UNLIMITED - FILES_RESERVE;
  return limit.rlim_cur > FILES_RESERVE ? (uint32_t)limit.rlim_cur - FILES_RESERVE : 1;
}

/* 0, 1 and 2 are always open, so that zero can mean "no descriptor". */
static void open_standard(void) {
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  while (fd >= 0 && fd <= 2) fd = dup(fd);
  if (fd > 2) close(fd);
}

static int is_fault(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGABRT;
}

static int prepare(const struct logger_start *start) {
  logger.part = start->part;
  logger.init = start->init;
  logger.bell = start->bell;
  logger.crashed = is_fault(start->last_signal);
  logger.drops = start->role == ROLE_VM;
  logger.flush_ms = logger.sync_ms = logger.ring_ms = logger.retry_ms = logger.note_ms = LOGGER_NEVER;
  logger.now_ms = logger_clock_ms();
  logger.pipes_ms = logger.now_ms + PIPES_WAIT_MS;
  logger.rung_ms = logger.now_ms - LOGGER_RING_MS;
  logger.max_files = descriptors_allowed();
  logger.reopen_count = atomic_load(&logger.part->reopen_count);
  logger.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (logger.epoll < 0) return -errno;
  fcntl(logger.init, F_SETFL, O_NONBLOCK); /* our end of the socket pair only */
  logger_watch(logger.init, EPOLLIN, LOGGER_EVENT_INIT);
  if (logger.bell >= 0) logger_watch(logger.bell, EPOLLIN, LOGGER_EVENT_BELL);
  consoles_start(start->out, start->err);
  return 0;
}

/* A read of less than a canary can only be settled with its pipe at hand: init sends the pipes at once. */
static void wait_for_source(const struct log_record *record) {
  int64_t end_ms = logger_clock_ms() + PIPES_WAIT_MS;
  if (atomic_load(&record->phase) != LOG_PHASE_READING || record->bytes >= LOG_CANARY_BYTES) return;
  if (record->slot >= LIMIT_LOG_SLOTS) return;
  while (!logger.sources[record->slot].pipe && !logger.draining && logger_clock_ms() < end_ms) {
    struct timespec moment = {0, 1000000};
    messages_receive();
    nanosleep(&moment, NULL);
  }
}

static void recover(void) {
  for (int i = 0; i < LOG_RECORDS; i++) {
    wait_for_source(&logger.part->records[i]);
    record_recover(&logger.part->records[i]);
  }
  messages_lines_arrived(); /* what the one before did not come to say */
  uint32_t slots = atomic_load(&logger.part->slot_count);
  for (uint32_t slot = 0; slot < slots && slot < LIMIT_LOG_SLOTS; slot++) {
    struct log_progress *progress = &logger.part->states[slot].progress;
    source_partial(slot, 0);
    /* Written, and perhaps not durable yet: whoever wrote it took its timer along. */
    if (progress->dirty && source_settings(slot) == 0 && logger.settings.path[0] && file_open(slot) == 0) sync_dirty(slot);
  }
}

int logger_run(const struct logger_start *start) {
  open_standard();
  ignore_signals();
  umask(0);
  int error = prepare(start);
  if (error) return EXIT_CODE_FAILED;
  if (start->own_pipe >= 0) source_add(0, atomic_load(&logger.part->configs[0].generation), start->own_pipe);
  recover();
  binary_pages_leave();
  while (!logger.draining) logger_turn(LOGGER_NEVER);
  drain();
  return EXIT_CODE_OK;
}

int logger_main(void) {
  struct ledger ledger;
  if (ledger_open(&ledger, ROLE_FD_EXITS, ROLE_FD_WORK) != 0) return EXIT_CODE_FAILED;
  struct log_part *part = (struct log_part *)ledger.logs;
  if (part->part.magic != LEDGER_MAGIC_LOGS || part->part.version != CONTRACT_VERSION) return EXIT_CODE_FAILED;
  if (part->part.length != sizeof *part) return EXIT_CODE_FAILED;
  return logger_run(&(struct logger_start){
      .part = part,
      .role = (int)ledger.exits->role,
      .init = ROLE_FD_INIT,
      .bell = ROLE_FD_BELL,
      .own_pipe = ROLE_FD_LOG,
      .out = 1,
      .err = 2,
      .last_signal = ledger.exits->logger.last_signal,
  });
}
