// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c js-file.c js-directory.c features.c js-yaml.c js-zone.c names.c sha256.c ledger-status.c journal.c ledger.c log-table.c test-hook.c engine yaml
// valgrind
/* Host calls of modules file and yaml. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "script.h"

static const struct js_module *const modules[] = {&js_core, &js_file, &js_yaml, NULL};

static char folder[] = "/tmp/gonit-js-file-XXXXXX";

static void must(const char *text) {
  char *argv[] = {"test", folder, NULL};
  script_must(modules, 2, argv, text);
}

static void test_contents(void) {
  must(SCRIPT(
    const at = host.args()[0] + "/";
    check(host.writeFile(at + "a", "text", 0o640), 0);
    check(host.writeFile(at + "a", new Uint8Array([1, 2, 3]), 0o600), 0);
    check(host.readFile(at + "a", 3), new Uint8Array([1, 2, 3]));
    check(host.readFile(at + "a", 2), -27);
    check(host.readFile(at + "none", 2), -2);
    check(host.readFile(host.args()[0], 10), -21);
    check(host.readFile(at + "fifo", 10), -22);
    check(host.readFile("/dev/null", 10), -22);
    check(host.readFile("/proc/self/stat", 65536).length > 20, true);
    check(host.readFile("/proc/self/stat", 10), -27);
    check(host.stat(at + "a").mode, 0o600);
    check(host.stat(at + "a").size, 3);
    check(host.stat(at + "a").kind, "file");
    check(host.writeFile(at + "none/a", "x", 0o600), -2);
    check(host.listDirectory(host.args()[0]), ["a", "fifo"]);
    throws(() => host.readFile(at + "a"), "readFile: maxBytes must be a number");
    throws(() => host.readFile("a\u0000b", 1), "must not hold a NUL byte");
  ));
}

/* A zone file of two stretches: an hour east of UTC, and two from a certain second on. */
static void write_zone(const char *path) {
  static const unsigned char head[] = {'T', 'Z', 'i', 'f', 0};
  static const unsigned char counts[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4};
  /* The second of the change, the kind from then on, both kinds (offset, summer, name), the name. */
  static const unsigned char data[] = {0x60, 0, 0, 0, 1, 0, 0, 0x0e, 0x10, 0, 0, 0, 0, 0x1c, 0x20, 0, 0, 'A', 'B', 'C', 0};
  static const unsigned char unused[15] = {0};
  FILE *file = fopen(path, "w");
  assert(file != NULL);
  fwrite(head, sizeof head, 1, file);
  fwrite(unused, sizeof unused, 1, file);
  fwrite(counts, sizeof counts, 1, file);
  fwrite(data, sizeof data, 1, file);
  assert(fclose(file) == 0);
}

static void test_zones(void) {
  char path[128];
  snprintf(path, sizeof path, "%s/zone", folder);
  write_zone(path);
  must(SCRIPT(
    const zone = host.args()[0] + "/zone";
    check(host.zoneOffset(zone, 0x60000000 - 1), 3600);
    check(host.zoneOffset(zone, 0x60000000), 7200);
    check(host.zoneOffset(host.args()[0] + "/none", 0), 0);
    check(host.zoneOffset(zone, 0), 3600);
    throws(() => host.zoneOffset(zone, 0.5), "zoneOffset: seconds must be a whole number");
    throws(() => host.zoneOffset(1, 0), "zoneOffset: path must be a text");
    throws(() => host.zoneOffset("/x".repeat(3000), 0), "zoneOffset: path is too long");
  ));
  unlink(path);
}

static void test_descriptors(void) {
  must(SCRIPT(
    const at = host.args()[0] + "/";
    const fd = host.open(at + "b", "rwcx", 0o600);
    check(fd > 2, true);
    check(host.open(at + "b", "wx", 0o600), -17);
    check(host.write(fd, "hello"), 5);
    check(host.readFd(fd, 1, 3), new Uint8Array([101, 108, 108]));
    check(host.readFd(fd, 5, 3), new Uint8Array(0));
    check(host.readFd(fd, -1, 3), new Uint8Array(0));
    check(host.readFd(99, 0, 3), -9);
    check(host.open(at + "fifo", "w", 0), -6);
    check(host.open(at + "a", "rd", 0), -20);
    throws(() => host.open(at + "a", "q", 0), "unknown flag");
    const lock = host.lockFile(at + "lock");
    check(lock > 2, true);
    check(host.lockFile(at + "lock"), -11);
    check(host.remove(at + "lock"), 0);
    check(host.remove(at + "lock"), -2);
    check(host.makeDirectory(at + "gone/inner", 0o755, -1, -1), 0);
    check(host.changeOwner(at + "gone", host.uid(), -1), 0);
    check(host.changeOwner(at + "none", host.uid(), -1), -2);
    throws(() => host.changeOwner(at + "gone", -2, -1), "changeOwner: uid");
    throws(() => host.changeOwner(at + "gone", -1, 2 ** 32), "changeOwner: gid");
    throws(() => host.changeOwner(1, -1, -1), "changeOwner: path");
    if (host.uid() === 0) {
      check(host.changeOwner(at + "gone", 12, -1), 0);
      check(host.changeOwner(at + "gone", -1, 34), 0);
      check(host.stat(at + "gone").uid * 100 + host.stat(at + "gone").gid, 1234);
    }
    check(host.cgroupRoot() === "" || host.stat(host.cgroupRoot()).kind === "directory", true);
  ));
}

static void test_directories(void) {
  must(SCRIPT(
    const at = host.args()[0] + "/";
    check(host.makeDirectory(at + "x/y//z/", 0o711, -1, -1), 0);
    check(host.stat(at + "x/y/z").mode, 0o711);
    check(host.stat(at + "x/y").mode, 0o755);
    check(host.makeDirectory(at + "x/y/z", 0o700, -1, -1), 0);
    check(host.stat(at + "x/y/z").mode, 0o711);
    check(host.makeDirectory(at + "a/y", 0o700, -1, -1), -20);
    check(host.makeDirectory(at + "a", 0o700, -1, -1), -20);
    check(host.makeDirectory("", 0o700, -1, -1), -2);
    check(host.makeDirectory("/", 0o700, -1, -1), 0);
    check(host.makeDirectory("x".repeat(5000), 0o700, -1, -1), -36);
    check(host.realPath(at + "x/../x/y"), host.realPath(host.args()[0]) + "/x/y");
    check(host.realPath(at + "none"), -2);
    check(host.stat(at + "none"), -2);
    check(host.stat(at + "fifo").kind + host.stat("/dev/null").kind + host.stat("/").kind, "fifocharacterdirectory");
    check(host.listDirectory(at + "none"), -2);
    check(host.listDirectory(at + "a"), -20);
    check(host.workingDirectory()[0], "/");
  ));
}

static void test_watched_files(void) {
  must(SCRIPT(
    check(host.watchFile(-1, host.args()[0] + "/none"), -2);
    check(host.watchFile(-1, host.args()[0]) > 2, true);
    throws(() => host.watchFile(-1, 1), "must be a text");
    check(host.watchPath(-1, host.args()[0] + "/none"), -2);
    const watching = host.watchPath(-1, host.args()[0]);
    check(watching > 2, true);
    check(host.watchPath(watching, "/"), watching);
    check(host.watchPath(watching, host.args()[0] + "/none"), -2);
    check(host.readFd(watching, -1, 4096), -11);
    host.writeFile(host.args()[0] + "/watched", "x", 0o600);
    check(host.readFd(watching, -1, 4096).length > 0, true);
    throws(() => host.watchPath("x", "/"), "watchPath: fd");
    throws(() => host.watchPath(-1, 1), "must be a text");
  ));
}

static void test_hash(void) {
  must(SCRIPT(
    check(host.hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(host.hash(new Uint8Array([97, 98, 99])), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(host.hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check(host.hash("a".repeat(1000000)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    check(host.hash("a".repeat(55)), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    check(host.hash("a".repeat(64)), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
  ));
}

static void test_regular_expressions_are_bounded(void) {
  must(SCRIPT(
    check(host.regularExpressionTest("^list.*ing$", "listen-ing"), true);
    check(host.regularExpressionTest("x", "y"), false);
    check(host.regularExpressionTest("(a+)+$", "a".repeat(40) + "b"), false);
    check(host.regularExpressionTest("a", "a"), true);
    throws(() => host.regularExpressionTest("(", "y"), "SyntaxError");
    throws(() => host.regularExpressionTest(1, "y"), "must be texts");
  ));
}

static void test_yaml_events(void) {
  must(SCRIPT(
    const bytes = host.encodeUtf8("a: &x [1, !t \"\\u00e4\"]\nb: *x\nc: |\n  two\n  lines\n");
    const { events, texts, error, truncated } = host.yamlEvents(bytes, 1000);
    check(error, null);
    check(truncated, false);
    check(events instanceof Int32Array && events.length % 9 === 0, true);
    const rows = [];
    const text = (index) => (index < 0 ? "" : texts[index]);
    for (let i = 0; i < events.length; i += 9) {
      const [kind, line, column, endLine, endColumn, style, value, anchor, tag] = events.slice(i, i + 9);
      rows.push([kind, line, column, endLine, endColumn, style, text(value), text(anchor), text(tag)].join());
    }
    check(rows, ["1,0,0,0,0,0,,,", "3,0,0,0,0,0,,,", "9,0,0,0,0,1,,,", "6,0,0,0,1,1,a,,", "7,0,3,0,7,2,,x,",
      "6,0,7,0,8,1,1,,", "6,0,10,0,21,3,\u00e4,,!t", "8,0,21,0,22,0,,,", "6,1,0,1,1,1,b,,", "5,1,3,1,5,0,,x,",
      "6,2,0,2,1,1,c,,", "6,2,3,5,0,4,two\nlines\n,,", "10,5,0,5,0,0,,,", "4,5,0,5,0,0,,,", "2,5,0,5,0,0,,,"]);
  ));
}

static void test_yaml_problems(void) {
  must(SCRIPT(
    const yaml = (text, max) => host.yamlEvents(typeof text === "string" ? host.encodeUtf8(text) : text, max ?? 1000);
    const bad = yaml("a: b\nc: [1, 2\nd: }\n").error;
    check([bad.line, bad.column, bad.message, bad.context],
      [2, 1, "did not find expected ',' or ']'", "while parsing a flow sequence"]);
    const utf = yaml(new Uint8Array([97, 58, 32, 0xc3, 0xa4, 10, 98, 58, 0xff])).error;
    check([utf.line, utf.column], [1, 2]);
    check(yaml("[a, b, c, d]", 3).truncated, true);
    check(yaml("[a, b, c, d]", 3).events.length, 27);
    check(yaml("").events.length, 18);
    check(yaml("\ta: 1").error !== null, true);
    check(yaml("[".repeat(300000), 1000000).error, { message: "the text is nested too deep", context: "", line: 0, column: 1000 });
    check(yaml("- ".repeat(300000), 1000000).error.column, 2000);
    let seed = 1;
    for (let round = 0; round < 3000; round++) {
      const text = new Uint8Array(1 + (round % 40));
      for (let i = 0; i < text.length; i++) {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        text[i] = "a:- []{}&*!|>'\"%@`#,?\n\t x1\\0\u00ff".charCodeAt((seed >> 8) % 31);
      }
      const { events, texts, error } = yaml(text, 200);
      for (let i = 0; i < events.length; i++) if (i % 9 > 5 && events[i] >= texts.length) throw new Error("index");
      if (error !== null && (error.line < 0 || error.column < 0)) throw new Error("position");
    }
  ));
}

int main(void) {
  char fifo[100], command[100];
  umask(077);
  assert(mkdtemp(folder) != NULL);
  snprintf(fifo, sizeof fifo, "%s/fifo", folder);
  assert(mkfifo(fifo, 0600) == 0);
  test_zones();
  test_contents();
  test_descriptors();
  test_directories();
  test_watched_files();
  test_hash();
  test_regular_expressions_are_bounded();
  test_yaml_events();
  test_yaml_problems();
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command) == 0 ? 0 : 1;
}
