/*
 * `gonit status --ledger`: what init and the child slots say, read from the memory of a running init without asking
 * anybody. It only reads, and trusts no number that it finds.
 */
#include "ledger-status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"

/* A file of init, mapped for reading. */
struct view {
  int fd;
  void *bytes;
  size_t length;
};

static void close_view(struct view *view) {
  if (view->bytes != NULL) munmap(view->bytes, view->length);
  if (view->fd >= 0) close(view->fd);
  view->bytes = NULL;
  view->fd = -1;
}

/* 0 when this descriptor of init is the part we look for. Pipes and devices are not even opened. */
static int try_file(const char *path, uint32_t magic, size_t least, struct view *view) {
  struct stat status;
  struct ledger_part part;
  if (stat(path, &status) < 0) return -errno;
  if (!S_ISREG(status.st_mode) || status.st_size < (off_t)least) return -ENOENT;
  view->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (view->fd < 0) return -errno;
  int found = pread(view->fd, &part, sizeof part, 0) == sizeof part && part.magic == magic;
  view->length = (size_t)status.st_size;
  view->bytes = found ? mmap(NULL, view->length, PROT_READ, MAP_SHARED, view->fd, 0) : NULL;
  if (view->bytes == MAP_FAILED) view->bytes = NULL;
  if (view->bytes != NULL) return part.version == CONTRACT_VERSION ? 0 : -EPROTO;
  close_view(view);
  return -ENOENT;
}

/* Looks through the descriptors of a process. 0, -ENOENT when it holds no ledger, or -errno. */
static int find_part(const char *folder, uint32_t magic, size_t least, struct view *view) {
  int result = -ENOENT;
  struct dirent *entry;
  DIR *directory = opendir(folder);
  view->fd = -1;
  view->bytes = NULL;
  if (directory == NULL) return -errno;
  while (result != 0 && result != -EPROTO && (entry = readdir(directory)) != NULL) {
    char path[300];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    int tried = try_file(path, magic, least, view);
    if (tried == 0 || tried == -EPROTO || tried == -EACCES || tried == -EPERM) result = tried;
  }
  closedir(directory);
  return result;
}

static int parts_fit(const struct work_part *work, size_t length) {
  if (work->length > length || work->journal_at > length || work->snapshot_at > work->length) return 0;
  return work->journal_at % 8 == 0 && length - work->journal_at >= sizeof(struct journal_part) + LIMIT_JOURNAL_BYTES;
}

static void put_text(FILE *out, const char *text, size_t size) {
  fputc('"', out);
  for (size_t i = 0; i < size && text[i] != '\0'; i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\')
      fprintf(out, "\\u%04x", byte);
    else
      fputc(byte, out);
  }
  fputc('"', out);
}

static void put_role(FILE *out, const char *name, const struct role_record *role) {
  fprintf(out,
          "  \"%s\": {\"pid\": %d, \"starts\": %u, \"lastExitCode\": %d, \"lastSignal\": %d, "
          "\"failuresInARow\": %u},\n",
          name, atomic_load(&role->pid), atomic_load(&role->life), role->last_code, role->last_signal,
          atomic_load(&role->failures));
}

static void put_head(FILE *out, const struct exits_part *exits, const struct work_part *work) {
  static const char *const roles[] = {"unknown", "vm", "container", "laptop"};
  fprintf(out, "{\n  \"init\": {\"pid\": %d, \"starts\": %u, \"role\": \"%s\", \"instance\": ", exits->init_pid,
          atomic_load(&exits->init_life), roles[exits->role <= ROLE_LAPTOP ? exits->role : 0]);
  put_text(out, exits->instance_id, sizeof exits->instance_id);
  fprintf(out, ", \"startedMs\": %lld},\n", (long long)(exits->started_ns / 1000000));
  put_role(out, "manager", &exits->manager);
  put_role(out, "logger", &exits->logger);
  fprintf(out, "  \"safeMode\": %s,\n", atomic_load(&exits->safe_mode) != 0 ? "true" : "false");
  fprintf(out, "  \"exits\": %llu, \"orphans\": %llu, \"bell\": %llu, \"acknowledged\": %llu,\n",
          (unsigned long long)atomic_load(&exits->sequence), (unsigned long long)atomic_load(&exits->orphans),
          (unsigned long long)atomic_load(&exits->bell), (unsigned long long)atomic_load(&work->acknowledged));
}

static void put_journal(FILE *out, struct ledger *ledger) {
  struct journal journal;
  journal_open(&journal, ledger);
  fprintf(out,
          "  \"journal\": {\"generation\": %llu, \"snapshotBytes\": %llu, \"records\": %llu, \"bytes\": %llu, "
          "\"processing\": %lld, \"done\": %llu, \"recoveryRung\": %llu, \"damage\": [",
          (unsigned long long)journal.generation, (unsigned long long)journal.snapshot_bytes,
          (unsigned long long)journal.count, (unsigned long long)journal.used,
          (long long)journal_processing(&journal), (unsigned long long)journal_done(&journal),
          (unsigned long long)journal_rung(&journal));
  for (int i = 0; i < journal.damage_count; i++) {
    if (i > 0) fputs(", ", out);
    put_text(out, journal.damage[i], 1000);
  }
  fputs("]},\n", out);
}

static const char *kind_name(uint32_t kind) {
  static const char *const names[] = {"unknown", "main", "pre_start", "post_stop",    "stop",
                                      "reload",  "probe", "exec_session", "reader", "helper"};
  return names[kind < sizeof names / sizeof names[0] ? kind : 0];
}

static const char *state_name(uint32_t state) {
  static const char *const names[] = {"free", "claimed", "running", "failed"};
  return state < 4 ? names[state] : "unknown";
}

static void put_slot(FILE *out, const struct exits_part *exits, const struct work_part *work, uint32_t index) {
  const struct child_slot *slot = &work->slots[index];
  const struct exit_slot *exit = &exits->slots[index];
  uint64_t ticket = atomic_load(&slot->ticket);
  fprintf(out, "    {\"slot\": %u, \"service\": ", index);
  put_text(out, slot->instance, sizeof slot->instance);
  fprintf(out, ", \"kind\": \"%s\", \"state\": \"%s\", \"pid\": %d, \"ticket\": %llu", kind_name(slot->kind),
          state_name(atomic_load(&slot->state)), atomic_load(&work->pids[index]), (unsigned long long)ticket);
  if (atomic_load(&slot->stage) != STAGE_NONE)
    fprintf(out, ", \"failedStage\": %u, \"errno\": %d", atomic_load(&slot->stage), atomic_load(&slot->error));
  if (ticket != 0 && atomic_load_explicit(&exit->ticket, memory_order_acquire) == ticket)
    fprintf(out, ", \"exitCode\": %d, \"exitSignal\": %d", exit->code, exit->signal);
  fputc('}', out);
}

static void put_slots(FILE *out, const struct exits_part *exits, const struct work_part *work) {
  const char *separator = "\n";
  fputs("  \"slots\": [", out);
  for (uint32_t i = 0; i < LIMIT_CHILD_SLOTS; i++) {
    if (atomic_load(&work->slots[i].state) == SLOT_STATE_FREE) continue;
    fputs(separator, out);
    put_slot(out, exits, work, i);
    separator = ",\n";
  }
  fputs("\n  ]\n}", out);
}

/* The ledger that lies in two views, as json text. */
static int describe(const struct view *exits, const struct view *work, char **text) {
  size_t length;
  struct ledger ledger = {.exits_fd = exits->fd, .work_fd = work->fd, .exits = exits->bytes, .work = work->bytes};
  if (!parts_fit(ledger.work, work->length)) return -EPROTO;
  ledger.journal = (void *)((uint8_t *)work->bytes + ledger.work->journal_at);
  FILE *out = open_memstream(text, &length);
  if (out == NULL) return -ENOMEM;
  put_head(out, ledger.exits, ledger.work);
  put_journal(out, &ledger);
  put_slots(out, ledger.exits, ledger.work);
  return fclose(out) == 0 ? 0 : -ENOMEM;
}

int ledger_status(int pid, char **text) {
  char folder[64];
  struct view exits, work;
  *text = NULL;
  snprintf(folder, sizeof folder, "/proc/%d/fd", pid);
  int result = find_part(folder, LEDGER_MAGIC_EXITS, sizeof(struct exits_part), &exits);
  if (result < 0) {
    close_view(&exits);
    return result;
  }
  result = find_part(folder, LEDGER_MAGIC_WORK, sizeof(struct work_part), &work);
  if (result == 0) result = describe(&exits, &work, text);
  close_view(&exits);
  close_view(&work);
  return result;
}
