// with: logger.c binary-pages.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c log-table.c log-api.c ledger.c init-message.c test-hook.c
/*
 * The logger is killed again and again while several sources write numbered lines: none may be lost, doubled or torn,
 * in plain, stamped and JSON files, over rotations, and on the console. LOGGER_KILLS, LOGGER_MS and LOGGER_SEED choose
 * another run.
 */
#include "logger-world.h"

#define SOURCES 6
#define ARCHIVES 2000
#define RUN_MS 4000 /* a slow machine has to kill fewer */
#define KILLS_LEAST 50

struct kind {
  const char *name;
  uint32_t flags;
  int file, length; /* of a line at most; 0: nothing but the number */
};

static const struct kind kinds[SOURCES] = {
    {"raw", 0, 1, 200},
    {"stamped", LOG_FLAG_STAMP, 1, 100},
    {"json", LOG_FLAG_JSON, 1, 60},
    {"tiny", LOG_FLAG_STAMP, 1, 0},
    {"console", LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX | LOG_FLAG_MEMORY, 0, 150},
    {"both", LOG_FLAG_STAMP | LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX, 1, 1000},
};

static _Atomic int *stop; /* shared with the writers */

static uint64_t random_state;

static uint32_t chance(uint32_t below) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 16) % below;
}

/* Writes all, cut into pieces that do not care for lines. */
static void write_pieces(int fd, const char *text, size_t bytes) {
  while (bytes > 0) {
    size_t piece = 1 + chance(8192);
    ssize_t done = write(fd, text, piece < bytes ? piece : bytes);
    if (done <= 0) _exit(3);
    text += done;
    bytes -= (size_t)done;
  }
}

static int line_put(char *to, const struct kind *kind, uint32_t number) {
  int bytes = sprintf(to, "%u", number);
  int more = kind->length ? (int)(number * 2654435761u >> 8) % kind->length : 0;
  if (kind->length) to[bytes++] = ' ';
  memset(to + bytes, 'a' + (int)(number % 26), (size_t)more);
  bytes += more;
  to[bytes++] = '\n';
  to[bytes] = 0;
  return bytes;
}

static pid_t writer(const struct kind *kind, int fd) {
  static char text[400000];
  pid_t pid = fork();
  if (pid) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  random_state += (uint64_t)fd * 77777;
  uint32_t number = 0;
  while (!atomic_load(stop)) {
    size_t bytes = 0;
    for (uint32_t lines = 1 + chance(kind->length ? 60 : 3); lines > 0; lines--) bytes += (size_t)line_put(text + bytes, kind, number++);
    write_pieces(fd, text, bytes);
    world_pause(chance(kind->length ? 1500 : 400));
  }
  char last[32];
  write_pieces(fd, last, (size_t)sprintf(last, "end %u\n", number));
  _exit(0);
}

/* Reads the console into a file, slowly at times. */
static pid_t collector(void) {
  pid_t pid = fork();
  if (pid) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char text[65536];
  int file = open(world_path("console.txt"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  close(world.console[1]);
  for (;;) {
    ssize_t bytes = read(world.console[0], text, 1 + chance(sizeof text - 1));
    if (bytes <= 0) _exit(bytes < 0);
    if (write(file, text, (size_t)bytes) != bytes) _exit(1);
    if (chance(20) == 0) world_pause(chance(5000));
  }
}

struct check {
  const struct kind *kind;
  uint32_t next;
  int ended;
  char begun[8192]; /* messages of partial objects */
};

static void check_line(struct check *check, const char *line, size_t bytes) {
  static char expected[8192];
  size_t length = (size_t)line_put(expected, check->kind, check->next);
  if (bytes == length && !memcmp(line, expected, bytes)) {
    check->next++;
    return;
  }
  uint32_t lines;
  if (sscanf(line, "end %u\n", &lines) == 1 && lines == check->next) {
    check->ended = 1;
    return;
  }
  fprintf(stderr, "%s: expected line %u, got: %.*s", check->kind->name, check->next, (int)(bytes > 300 ? 300 : bytes), line);
  world_failed();
}

/* The text of a file's line without what the logger has put around it. */
static void check_file_line(struct check *check, char *line, size_t bytes) {
  if (check->kind->flags & LOG_FLAG_STAMP) line += 25, bytes -= 25;
  if (check->kind->flags & LOG_FLAG_JSON) {
    static const char partial[] = "\",\"partial\":true}\n";
    char *message = strstr(line, "\"message\":\"");
    int is_partial = !memcmp(line + bytes - sizeof partial + 1, partial, sizeof partial - 1);
    size_t tail = is_partial ? sizeof partial - 1 : 3, begun = strlen(check->begun);
    assert(message && (is_partial || !memcmp(line + bytes - 3, "\"}\n", 3)));
    bytes = (size_t)(line + bytes - tail - (message + 11));
    memcpy(check->begun + begun, message + 11, bytes);
    check->begun[begun + bytes] = 0;
    if (is_partial) return;
    strcat(check->begun, "\n");
    check_line(check, check->begun, begun + bytes + 1);
    check->begun[0] = 0;
    return;
  }
  check_line(check, line, bytes);
}

static void check_file(struct check *check, const char *path) {
  char *text = world_read(path);
  if (!text) return;
  for (char *at = text; *at;) {
    char *end = strchr(at, '\n');
    assert(end);
    check_file_line(check, at, (size_t)(end - at) + 1);
    at = end + 1;
  }
  free(text);
}

static void check_files(const struct kind *kind) {
  struct check check = {.kind = kind};
  char name[64];
  int rotations = 0;
  for (int i = ARCHIVES; i >= 0; i--) {
    snprintf(name, sizeof name, i ? "%s.log.%d" : "%s.log", kind->name, i);
    rotations += i > 0 && access(world_path(name), F_OK) == 0;
    check_file(&check, world_path(name));
  }
  assert(check.ended);
  printf("%s: %u lines, %d rotations\n", kind->name, check.next, rotations);
}

static void check_console(void) {
  struct check checks[SOURCES];
  char *text = world_read(world_path("console.txt")), *end;
  for (int i = 0; i < SOURCES; i++) checks[i] = (struct check){.kind = &kinds[i], .ended = !(kinds[i].flags & LOG_FLAG_CONSOLE)};
  for (char *at = text; *at; at = end + 1) {
    end = strchr(at, '\n');
    assert(end);
    int known = 0;
    for (int i = 0; i < SOURCES; i++) {
      size_t name = strlen(kinds[i].name);
      if (strncmp(at, kinds[i].name, name) || strncmp(at + name, " | ", 3)) continue;
      check_line(&checks[i], at + name + 3, (size_t)(end - at) + 1 - name - 3);
      known = 1;
    }
    if (!known) fprintf(stderr, "console: %.*s\n", (int)(end - at), at);
    assert(known);
  }
  for (int i = 0; i < SOURCES; i++) assert(checks[i].ended);
  printf("console: %u and %u lines\n", checks[4].next, checks[5].next);
  free(text);
}

/* A new logger rings once when it has settled what the one before left. */
static void await_logger(void) {
  struct pollfd ready = {world.init, POLLIN, 0};
  world.watched = 0;
  while (!world.watched) {
    assert(poll(&ready, 1, WORLD_WAIT_MS) > 0);
    world_from_logger();
  }
}

static void run(int kills) {
  pid_t writers[SOURCES], reader;
  int fds[SOURCES], status;
  char name[64];
  world_begin(ROLE_LAPTOP);
  reader = collector();
  for (int i = 0; i < SOURCES; i++) {
    struct log_config config = {.name = kinds[i].name, .flags = kinds[i].flags, .max_size = 200000, .keep = ARCHIVES, .sync_ms = 50};
    snprintf(name, sizeof name, "%s.log", kinds[i].name);
    if (kinds[i].file) config.path = world_path(name);
    world_source(&config, &fds[i]);
    writers[i] = writer(&kinds[i], fds[i]);
    close(fds[i]);
  }
  int64_t end = world_ms() + (getenv("LOGGER_MS") ? atoi(getenv("LOGGER_MS")) : RUN_MS);
  int killed = 0;
  for (; killed < kills && (killed < KILLS_LEAST || world_ms() < end); killed++) {
    world_start();
    if (chance(4)) await_logger(); /* else it may die before it has begun */
    world_pause(chance(3000));
    world_kill();
  }
  printf("%d kills\n", killed);
  world_start();
  atomic_store(stop, 1);
  for (int i = 0; i < SOURCES; i++) assert(waitpid(writers[i], &status, 0) == writers[i] && status == 0);
  world_drain();
  close(world.console[1]);
  world.console[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
  world.out = world.console[1];
  for (int i = 0; i < 2; i++) close(world.held[LIMIT_LOG_SLOTS + i]), world.held[LIMIT_LOG_SLOTS + i] = 0;
  assert(waitpid(reader, &status, 0) == reader && status == 0);
  for (int i = 0; i < SOURCES; i++) {
    if (kinds[i].file) check_files(&kinds[i]);
  }
  check_console();
  world_end();
}

int main(void) {
  const char *kills = getenv("LOGGER_KILLS"), *seed = getenv("LOGGER_SEED");
  random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)getpid() * 2654435761u + (uint64_t)world_ms();
  printf("seed %llu\n", (unsigned long long)random_state);
  stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  run(kills ? atoi(kills) : 1000);
  return 0;
}
