// with: logger.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c pty.c log-table.c log-api.c ledger.c init-message.c binary-pages.c test-hook.c
/*
 * How fast the logger is, against `writer | cat > file` in the same run.
 *
 *   logs FOLDER MEBIBYTES BLOCK REPETITIONS
 *
 * One service writes 100-byte lines in pieces of BLOCK bytes. Each row is the median of so many runs: throughput, and
 * the processor seconds that the reading process alone needs for a GiB. Rotation is 16 MiB x 100.
 */
#include "../tests/host/logger-world.h"

#include <sys/resource.h>

#define LINE_BYTES 100
#define REPETITIONS_MAX 99

struct sample {
  double seconds, processor;
};

static uint64_t total_bytes;
static size_t block_bytes;

static void write_lines(int fd) {
  static char block[1 << 20];
  uint64_t line = 0;
  size_t bytes = block_bytes / LINE_BYTES * LINE_BYTES;
  memset(block, 'x', sizeof block);
  for (uint64_t done = 0; done < total_bytes; done += bytes) {
    for (size_t at = 0; at < bytes; at += LINE_BYTES, line++) {
      uint64_t number = line;
      for (int i = 11; i >= 0; i--, number /= 10) block[at + (size_t)i] = (char)('0' + number % 10);
      block[at + LINE_BYTES - 1] = '\n';
    }
    for (size_t at = 0; at < bytes;) {
      ssize_t some = write(fd, block + at, bytes - at);
      if (some <= 0) _exit(3);
      at += (size_t)some;
    }
  }
}

static pid_t start_writer(int fd) {
  pid_t pid = fork();
  if (pid) return pid;
  write_lines(fd);
  _exit(0);
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double processor_seconds(pid_t pid) {
  struct rusage usage;
  int status;
  assert(wait4(pid, &status, 0, &usage) == pid && status == 0);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static struct sample run_cat(void) {
  int ends[2], status;
  struct sample sample;
  char path[64];
  snprintf(path, sizeof path, "%.50s/cat.log", world.folder);
  assert(pipe(ends) == 0);
  double start = seconds_now();
  pid_t cat = fork();
  if (cat == 0) {
    dup2(ends[0], 0);
    dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    close(ends[0]);
    close(ends[1]);
    execlp("cat", "cat", NULL);
    _exit(127);
  }
  pid_t writer = start_writer(ends[1]);
  close(ends[0]);
  close(ends[1]);
  assert(waitpid(writer, &status, 0) == writer && status == 0);
  sample.processor = processor_seconds(cat);
  sample.seconds = seconds_now() - start;
  unlink(path);
  return sample;
}

static struct sample run_logger(uint32_t flags) {
  struct sample sample;
  int fd, status;
  world_begin(ROLE_LAPTOP);
  world_start();
  struct log_config config = {.name = "bench", .flags = flags, .max_size = 16 << 20, .keep = 100, .sync_ms = 5000};
  if (!(flags & LOG_FLAG_CONSOLE)) config.path = world_path("bench.log");
  int slot = world_source(&config, &fd);
  double start = seconds_now();
  pid_t writer = start_writer(fd);
  close(fd);
  assert(waitpid(writer, &status, 0) == writer && status == 0);
  world_await_bytes(slot, total_bytes / block_bytes * block_bytes / LINE_BYTES * LINE_BYTES);
  sample.seconds = seconds_now() - start;
  struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_LOG_DRAIN};
  assert(init_message_send(world.init, &message, -1) == 0);
  sample.processor = processor_seconds(world.logger);
  world.logger = 0;
  world_end();
  return sample;
}

static int compare(const void *a, const void *b) {
  double one = *(const double *)a, two = *(const double *)b;
  return (one > two) - (one < two);
}

static void report(const char *name, const struct sample *samples, int count, double base) {
  double seconds[REPETITIONS_MAX], processor[REPETITIONS_MAX], mebibytes = (double)total_bytes / (1 << 20);
  for (int i = 0; i < count; i++) seconds[i] = samples[i].seconds, processor[i] = samples[i].processor;
  qsort(seconds, (size_t)count, sizeof *seconds, compare);
  qsort(processor, (size_t)count, sizeof *processor, compare);
  printf("%-16s %6.0f MiB/s  %5.2f x cat  %5.2f processor s/GiB\n", name, mebibytes / seconds[count / 2],
         base / seconds[count / 2], processor[count / 2] * 1024 / mebibytes);
}

static double median_seconds(const struct sample *samples, int count) {
  double seconds[REPETITIONS_MAX];
  for (int i = 0; i < count; i++) seconds[i] = samples[i].seconds;
  qsort(seconds, (size_t)count, sizeof *seconds, compare);
  return seconds[count / 2];
}

int main(int argc, char **argv) {
  static struct sample samples[4][REPETITIONS_MAX];
  static const char *names[] = {"cat > file", "logger, raw", "logger, stamped", "logger, json"};
  if (argc != 5) return 2;
  setenv("TMPDIR", argv[1], 1);
  total_bytes = strtoull(argv[2], NULL, 10) << 20;
  block_bytes = strtoull(argv[3], NULL, 10);
  int count = atoi(argv[4]);
  if (count < 1 || count > REPETITIONS_MAX || block_bytes < LINE_BYTES || block_bytes > 1 << 20) return 2;
  for (int i = 0; i < count; i++) {
    snprintf(world.folder, sizeof world.folder, "%.60s", argv[1]);
    samples[0][i] = run_cat();
    samples[1][i] = run_logger(0);
    samples[2][i] = run_logger(LOG_FLAG_STAMP);
    samples[3][i] = run_logger(LOG_FLAG_JSON);
  }
  double base = median_seconds(samples[0], count);
  for (int i = 0; i < 4; i++) report(names[i], samples[i], count, base);
  return 0;
}
