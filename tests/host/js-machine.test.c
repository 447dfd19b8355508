// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c js-file.c js-directory.c features.c js-machine.c kernel-words.c names.c sha256.c ledger-status.c journal.c ledger.c log-table.c test-hook.c engine
/* Host calls of module machine: mounts in a mount namespace of the test's own, and what fails where there is no machine. */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "script.h"

static const struct js_module *const modules[] = {&js_core, &js_loop, &js_file, &js_machine, NULL};

static void must(const char *text) {
  char *argv[] = {"test", NULL};
  script_must(modules, 1, argv, text);
}

static void test_mounts(void) {
  char folder[] = "/var/tmp/gonit-mount-XXXXXX";
  assert(mkdtemp(folder) != NULL);
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
    fprintf(stderr, "notice: no mount namespace here\n");
    rmdir(folder);
    return;
  }
  char *argv[] = {"test", folder, NULL};
  script_must(modules, 2, argv, SCRIPT(
    const at = host.args()[0];
    check(host.mount("none", at, "tmpfs", 2 + 4, "size=64K,mode=0700"), 0);
    check(host.stat(at).mode & 0o777, 0o700);
    check(host.growFileSystem(at, "/dev/null"), -25);
    check(host.mount("", at, "", 32 + 1, ""), 0);
    check(host.writeFile(at + "/x", "x", 0o600), -30);
    check(host.unmount(at), 0);
    check(host.unmount(at), -22);
    check(host.mount("none", at, "no-such-type", 0, ""), -19);
    check(host.mount("none", at + "/nothing", "tmpfs", 0, ""), -2);
    throws(() => host.mount("none", at, "tmpfs", -1, ""), "mount: flags");
    throws(() => host.mount("none", at, 1, 0, ""), "mount: source, target, type");
  ));
  rmdir(folder);
}

static void test_programs(void) {
  must(SCRIPT(
    check(host.runProgram(["/bin/sh", "-c", "exit 3"]), 3);
    check(host.runProgram(["/bin/sh", "-c", "kill -9 $$"]), 137);
    check(host.runProgram(["/no/such/program"]), 127);
    check(host.runProgram(["/etc/passwd"]), 126);
    throws(() => host.runProgram([]), "1 to 8 texts");
    throws(() => host.runProgram("x"), "1 to 8 texts");
    throws(() => host.runProgram(["/bin/true", 1]), "runProgram: argv");
  ));
}

static void test_what_is_not_there(void) {
  must(SCRIPT(
    check(host.kernelWord("gonit.no.such.word"), null);
    check(host.loadModule("/no/such/module.ko", ""), -2);
    check(host.loadModule("/etc/passwd", "") < 0, true);
    check(host.growFileSystem("/", "/no/such/device"), -2);
    check(host.openWatchdog("/no/such/watchdog", 10), -2);
    check(host.openWatchdog("/dev/null", 10), -25);
    throws(() => host.openWatchdog("/dev/null", 0), "openWatchdog: seconds");
  ));
}

int main(void) {
  test_programs();
  test_what_is_not_there();
  if (geteuid() == 0) test_mounts();
  return 0;
}
