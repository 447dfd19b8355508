/*
 * The logger's own parts; nobody else includes this. See log-table.h for the model.
 *
 *   logger.c          start, recovery, the loop
 *   logger-message.c  what init says, and what is said to init
 *   logger-source.c   pipes: ready, paused, ended
 *   logger-record.c   exactly once: read, deliver, finish, recover
 *   logger-lines.c    bytes to lines of a file: stamps, line limit, where to rotate
 *   logger-json.c     bytes to JSON lines of a file
 *   logger-file.c     files: open, write, disk full, least recently used
 *   logger-rotate.c   name -> name.1 -> name.2
 *   logger-memory.c   recent bytes where there is no file
 *   logger-console.c  gonit's standard output and error
 *   logger-rate.c     so many bytes in a second
 *   logger-viewer.c   copies of terminals for those who are attached
 *   logger-prefix.c   bytes to whole lines of a console
 *   logger-sync.c     fdatasync in a thread of its own
 *   logger-drain.c    the end
 *
 * One process has one logger: its storage is static. Functions return 0 or -errno where they can fail.
 */
#ifndef GONIT_LOGGER_PARTS_H
#define GONIT_LOGGER_PARTS_H

#include <stddef.h>
#include <sys/types.h>

#include "log-table.h"
#include "logger.h"

#define LOGGER_NEVER INT64_MAX
#define LOGGER_FLUSH_MS 500  /* after this time an unfinished line is shown on the console, its JSON object closed */
#define LOGGER_RETRY_MS 1000 /* a file or console that failed is tried again after this time */
#define LOGGER_RING_MS 20    /* the manager is rung for watched lines at most this often */
#define LOGGER_PUSH_BYTES 4096 /* PIPE_BUF: such a write to a pipe happens whole or not at all */

#define LOGGER_NOTE_BYTES 128  /* a line that says what was left out */

/* The second at hand of a source whose output is limited (logger-rate.c). */
struct source_rate {
  int64_t since_ms;    /* when it began */
  int64_t note_ms;     /* when what was left out is told where nothing more comes */
  uint64_t kept;       /* bytes in it */
  uint64_t left_out;   /* bytes that are yet to be told */
  uint64_t fresh;      /* of those, the ones that are not in the counters yet */
  uint8_t is_dropping; /* the rest of this second */
  uint8_t skips_line;  /* the last byte that was left out was no line end */
  uint8_t is_midline;  /* nor was the last one that was kept */
};

/* What this process knows of a source; all of it can be found again by a successor. Zero is "none" everywhere: the
 * array is never touched where nothing is (descriptors 0, 1 and 2 are always something else). */
struct source {
  int pipe, file;
  uint32_t generation;
  uint32_t version;      /* of the configuration that `file` belongs to */
  uint32_t newer, older; /* list of open files by use: 1 + slot, 0: end */
  uint32_t next_paused;  /* 1 + slot */
  uint8_t paused;        /* waits until its console's record is free: not in the epoll set */
  uint8_t regular;       /* `file` is a regular file */
  uint8_t grown;         /* its pipe was made larger, or cannot be */
  uint8_t forgotten;     /* no writer will come back: ends at end of file */
  int64_t retry_ms;      /* a file that could not be opened or written: not before this time */
  int64_t dirty_ms;      /* when the file must be durable; 0: it is */
  int64_t flush_ms;      /* when its unfinished line is to be shown, or closed; 0: there is none */
  struct source_rate rate;
};

struct console {
  int fd; /* 1 or 2, or a terminal opened again so that it does not block */
  int same_as; /* this console is the same file as another one: its number, else our own */
  int pipe_read, pipe_write; /* what is between us and fd; 0: not made, or not come back from init yet */
  uint32_t level;   /* bytes in that pipe */
  uint32_t kind;    /* S_IFMT bits of fd */
  uint8_t terminal, colour;
  uint8_t begun;    /* its pipe is there, and what a dead logger left is settled */
  uint8_t copies;   /* splice(2) does not work here: read and write instead */
  uint8_t blocked;  /* waits until fd takes more */
  uint8_t watched;  /* fd is in the epoll set */
  uint8_t dead;     /* its reader is gone: everything is dropped and counted */
  int64_t retry_ms; /* when it is tried again, LOGGER_NEVER: not */
  uint32_t copy_bytes, copy_done;
  uint8_t copy[LOGGER_PUSH_BYTES]; /* touched only where splice(2) does not work */
};

struct logger {
  struct log_part *part;
  int init, bell, epoll;
  int drops; /* role vm: a console that is slow loses lines instead of holding services up */
  int draining;
  int appending; /* the record follows one of the same source at once: its file is as we left it */
  int crashed; /* the logger before us ended by a fault of its own */
  uint32_t reopen_count;
  int64_t now_ms; /* CLOCK_MONOTONIC, read once a turn */
  int64_t flush_ms, sync_ms, ring_ms, retry_ms, note_ms; /* earliest of each kind, LOGGER_NEVER: none */
  int64_t pipes_ms;  /* until when we wait for init to bring the console pipes back */
  int64_t rung_ms;
  uint32_t paused[LOG_RECORDS]; /* 1 + first slot */
  uint32_t newest, oldest, open_files, max_files;
  uint32_t live_pipes;
  struct log_settings settings; /* of the slot at hand */
  struct console consoles[LOG_CONSOLES];
  struct source sources[LIMIT_LOG_SLOTS];
};

extern struct logger logger;

/* Descriptors that logger_run starts with; logger_main takes those of ROLE_FD_*. */
struct logger_start {
  struct log_part *part;
  int role, init, bell, own_pipe, out, err;
  int last_signal; /* that ended the logger before */
};

int logger_run(const struct logger_start *start);
void logger_turn(int64_t until_ms); /* waits for events until then at most, and deals with them */
int64_t logger_clock_ms(void);

/* What epoll reports: a slot, or one of these. */
#define LOGGER_EVENT_INIT (LIMIT_LOG_SLOTS + 0u)
#define LOGGER_EVENT_BELL (LIMIT_LOG_SLOTS + 1u)
#define LOGGER_EVENT_CONSOLE (LIMIT_LOG_SLOTS + 2u) /* + number of the console */
int logger_watch(int fd, uint32_t events, uint32_t what);
void logger_unwatch(int fd);

/* messages */
void messages_receive(void);
void messages_say(int op, int a, uint64_t ticket, int fd);
void messages_lines_arrived(void); /* a watched source has new lines */

/* sources */
void source_add(uint32_t slot, uint32_t generation, int pipe);
void source_forget(uint32_t slot, uint32_t generation);
void source_ready(uint32_t slot, int hangup);
void source_partial(uint32_t slot, int new_line); /* a record of it was finished: its unfinished line may have to be shown */
void source_end(uint32_t slot);
void sources_resume(uint32_t record);
void sources_flush(void); /* shows, or closes, unfinished lines whose time has come */
int source_settings(uint32_t slot); /* loads logger.settings; closes the file when they changed */
int source_console(uint32_t flags); /* number of the console of such a source, or -1 */

/* limits of output */
int rate_fits(struct source_rate *rate, uint64_t limit, const uint8_t *text, uint32_t bytes); /* 1: all of it is kept */
uint32_t rate_edit(struct source_rate *rate, uint64_t limit, uint8_t *window, uint32_t bytes); /* bytes that are kept */
void rate_notes(int at_once); /* those whose time has come */

/* viewers */
void viewer_add(uint32_t slot, int fd); /* takes the socket over */
void viewers_show(uint32_t slot, const uint8_t *bytes, uint32_t count);
void viewers_end(uint32_t slot); /* there is nothing more to see */

/* records */
int record_busy(const struct log_record *record);
int record_is_got(const struct log_record *record); /* busy, and not only about to be read */
struct log_record *record_for(uint32_t flags);
void record_take(struct log_record *record, uint32_t slot, uint32_t available);
void record_flush(struct log_record *record, uint32_t slot);
void record_put(struct log_record *record, uint32_t slot, const uint8_t *text, uint32_t bytes); /* a line of our own */
int record_continue(struct log_record *record); /* 1: finished, 0: its console is full */
void record_recover(struct log_record *record);
uint8_t *record_window(const struct log_record *record);
struct log_step *record_step(struct log_record *record);
struct log_step *record_prepare(struct log_record *record); /* the other copy, equal to the current one */
void record_commit(struct log_record *record);

/* lines */
struct log_piece {
  const uint8_t *data;
  uint32_t bytes; /* to be written */
  uint32_t taken; /* bytes of the window that they stand for */
  int rotate;     /* the next piece belongs to a new file */
};
/* Where all of the window is taken: what closes the open JSON object. */
void lines_next(const struct log_record *record, struct log_step *next, struct log_piece *piece);
int json_is_open(uint32_t flags, const struct log_progress *progress); /* what has come of a line is no whole object yet */
uint32_t lines_count(const uint8_t *data, size_t bytes);
void lines_stamp(int64_t wall_ms, char stamp[25]); /* 2026-11-25T08:00:01.234Z and a space */

/* files */
int file_open(uint32_t slot); /* with logger.settings; finds out whether it is a regular file */
void file_close(uint32_t slot);
void file_close_all(void);
void file_begin(uint32_t slot, struct log_step *step); /* chooses the sink of a new record */
void file_resume(uint32_t slot, struct log_record *record); /* the same for a record that a dead logger left */
void file_write(struct log_record *record, struct log_step *next, const struct log_piece *piece);
void file_write_kept(struct log_record *record); /* what waits in memory goes to the file */
void files_retry(int at_once); /* those whose time has come */
uint32_t file_rotation(uint32_t keep);       /* where one begins: log_step.rotate */
void file_rotate(struct log_record *record); /* one step of it */

/* memory */
int memory_claim(uint32_t slot, struct log_progress *progress);
void memory_free(uint32_t slot, uint32_t area); /* when no step names it any more */
size_t memory_take(const struct log_progress *progress, uint8_t *to, uint64_t *lost); /* all bytes, and how many went before */
void memory_release(uint32_t slot, struct log_progress *progress);
void memory_put(struct log_progress *progress, const uint8_t *data, uint32_t bytes);

/* consoles */
void consoles_start(int out, int err);
void console_keep(int number, int end, int fd); /* init brought an end of its pipe back */
int console_deliver(struct log_record *record, int number); /* 1: all was taken, 0: the console is full */
void console_pump(int number);
void consoles_pump(void);
void console_ready(int number);
void consoles_retry(void); /* what has waited long enough */
int64_t consoles_due(void);
void console_give_up(int number); /* everything that is left is dropped */

/* Puts the next part of the console's text into out and prepares `next`. Bytes put. */
uint32_t prefix_next(const struct log_record *record, struct log_step *next, int colour, uint8_t out[LOGGER_PUSH_BYTES]);
void partial_release(struct log_progress *progress);

/* sync */
void sync_dirty(uint32_t slot); /* the slot's file was written to */
void sync_later(uint32_t slot); /* its file is about to be closed */
void sync_due(void);
void sync_all(void);
int sync_pending(void); /* files that the thread has not finished */

void drain(void);

#endif
