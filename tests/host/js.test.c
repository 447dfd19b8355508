// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c names.c ledger-status.c journal.c ledger.c log-table.c test-hook.c engine
/* The script host itself: modules, exceptions, limits, and module core. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "script.h"

static const struct js_module *const core[] = {&js_core, NULL};
static const struct js_module *const core_and_loop[] = {&js_core, &js_loop, NULL};

static void test_modules_are_found_by_name_and_evaluated_once(void) {
  script_module("chunk-A", SCRIPT(globalThis.count = (globalThis.count ?? 0) + 1; export const name = "A";));
  script_module("cli/other", SCRIPT(import { name } from "../chunk-A.js"; export default name + "!"; export let n = 1;));
  script_module("cli/throws", SCRIPT(throw new Error("while loading");));
  script_module("cli/waits", SCRIPT(await new Promise(() => {});));
  script_module("cli/awaits", SCRIPT(export const later = await Promise.resolve("later");));
  script_must(core, 0, NULL, SCRIPT(
    import { name } from "./chunk-A.js";
    check(name, "A");
    check(host.load("cli/other").default, "A!");
    check(host.load("cli/other") === host.load("cli/other"), true);
    check(globalThis.count, 1);
    check(host.load("cli/nothing"), undefined);
    throws(() => host.load("cli/throws"), "while loading");
    throws(() => host.load("cli/waits"), "waits for what never comes");
    check(host.load("cli/awaits").later, "later");
    throws(() => host.load(1), "load: module must be a text");
  ));
}

static void test_dynamic_import(void) {
  script_module("cli/other", SCRIPT(export const n = 5;));
  script_must(core, 0, NULL, SCRIPT(check((await import("./cli/other.js")).n, 5);));
}

static void expect_failure(const char *text, const char *part, size_t memory_limit) {
  script_module("main", text);
  int result = script_run(core, memory_limit, 0, NULL);
  if (result != -1 || strstr(js_failure(), part) == NULL) {
    fprintf(stderr, "result %d, failure \"%s\", not \"%s\"\n", result, js_failure(), part);
    abort();
  }
  script_end();
}

static void test_exceptions(void) {
  expect_failure(SCRIPT(function deep() { throw new TypeError("boom"); } deep();), "TypeError: boom\n    at deep (main:", 0);
  expect_failure(SCRIPT(await null; throw new Error("after a wait");), "after a wait", 0);
  expect_failure(SCRIPT(Promise.reject(new Error("nobody looks"));), "nobody looks", 0);
  expect_failure(SCRIPT(throw "a text";), "a text", 0);
  expect_failure(SCRIPT(import "./missing.js";), "this binary holds no module missing", 0);
  expect_failure(SCRIPT(function f() { f(); } f();), "Maximum call stack size exceeded", 0);
  expect_failure(SCRIPT(const all = []; for (;;) all.push("x".repeat(1000) + all.length);), "out of memory", 4 << 20);
  expect_failure(SCRIPT(host.now = 1;), "read-only", 0);
  expect_failure(SCRIPT(host.more = 1;), "not extensible", 0);
  expect_failure(SCRIPT(Date.now();), "Date is not defined", 0);
}

static void test_a_handled_rejection_is_no_failure(void) {
  script_must(core, 0, NULL, SCRIPT(Promise.reject(new Error("x")).catch(() => {});));
}

static void test_missing_entry(void) {
  assert(script_run(core, 0, 0, NULL) == -2);
  script_end();
}

static int run_guarded(const char *text) {
  script_module("main", text);
  static struct js_program program = {.entry = "main", .modules = core_and_loop};
  assert(js_open(&program) == 0);
  js_guard_begin(JS_GetRuntime(js_context()));
  return js_run();
}

static void test_an_endless_loop_becomes_an_exception_that_names_its_place(void) {
  assert(run_guarded(SCRIPT(function spin() { try { for (;;); } catch (e) { for (;;); } } spin();)) == -1);
  assert(strstr(js_failure(), "interrupted") != NULL && strstr(js_failure(), "at spin (main:") != NULL);
  script_end();
}

static void test_a_loop_outside_of_the_engine_is_killed(void) {
  int status;
  pid_t pid = fork();
  assert(pid >= 0);
  if (pid == 0) {
    alarm(30);
    run_guarded(SCRIPT(host.poll(0);));
    for (volatile unsigned i = 0;; i++)
      ;
  }
  assert(waitpid(pid, &status, 0) == pid);
  assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM);
}

static void test_core(void) {
  char *argv[] = {"/a/b/gonit: x", "one", "t\xc3\xa4", NULL};
  int ends[2];
  assert(pipe(ends) == 0 && ends[0] < 100);
  script_must(core, 3, argv, SCRIPT(
    check(host.args(), ["one", "t\u00e4"]);
    check(host.argv0(), "gonit: x");
    check(host.environment().includes("GONIT_TEST=1"), true);
    const now = host.now();
    check(now.bootMs >= now.monotonicMs && now.wallMs > 1e12, true);
    check(Number.isInteger(host.random()) && host.random() !== host.random(), true);
    check(host.errnoName(-2) + host.errnoName(2) + host.errnoName(11) + host.errnoName(9999), "ENOENTENOENTEAGAIN9999");
    check(host.errnoText(-2), "No such file or directory");
    check(host.signalName(15) + host.signalName(34) + host.signalName(37) + host.signalName(99),
          "SIGTERMSIGRTMINSIGRTMIN+399");
    check(host.isTerminal(99), false);
    check(host.windowSize(99), null);
    check(host.write(99, "x"), -9);
    check(host.print(99, "x"), -9);
    throws(() => host.write("1", "x"), "write: fd must be a number");
    throws(() => host.write(1.5, "x"), "whole number");
    throws(() => host.write(1, 5), "must be a text or a Uint8Array");
    check(host.role(), 0);
    check(host.pid() > 0 && host.uid() >= 0 && host.gid() >= 0 && host.version() !== "", true);
    check(host.ledgerStatus(host.pid()), -2);
    check(host.decodeUtf8(new Uint8Array([97, 255, 0xe2, 0x82, 0xac])), "a\ufffd\u20ac");
    check(host.encodeUtf8("a\u20ac"), new Uint8Array([97, 0xe2, 0x82, 0xac]));
    check(host.encodeUtf8("\ud800x"), new Uint8Array([0xef, 0xbf, 0xbd, 120]));
    check(host.encodeUtf8(""), new Uint8Array(0));
    const bad = [[], [0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [65, 0xe2, 0x82], [0xf5],
                 [0xe0, 0x9f, 0xbf], [0xf0, 0x8f, 0xbf, 0xbf], [0xc3, 0xa4, 0xff]];
    check(bad.map((bytes) => host.isUtf8(new Uint8Array(bytes))), [-1, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
    check(host.isUtf8(new Uint8Array([0xf0, 0x9f, 0x98, 0x80, 0xed, 0x9f, 0xbf, 0xf4, 0x8f, 0xbf, 0xbf, 0])), -1);
  ));
  close(ends[0]);
  close(ends[1]);
}

int main(void) {
  setenv("GONIT_TEST", "1", 1);
  test_modules_are_found_by_name_and_evaluated_once();
  test_dynamic_import();
  test_exceptions();
  test_a_handled_rejection_is_no_failure();
  test_missing_entry();
  test_core();
  test_an_endless_loop_becomes_an_exception_that_names_its_place();
  test_a_loop_outside_of_the_engine_is_killed();
  return 0;
}
