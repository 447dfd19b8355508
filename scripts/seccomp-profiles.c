/*
 * seccomp-profiles FOLDER: writes the filters that services can name, as programs of the kernel's filter machine
 * (seccomp(2)) for this kind of machine. Run at build time; gonit itself carries the results only.
 *
 * A profile names what is refused, not what is allowed: a list of allowed calls breaks programs with each new libc. Calls
 * of other kinds of machines (32-bit programs on a 64-bit kernel) are refused as a whole, else they would be a way round.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* What administers the machine, looks into the kernel, or leads out of namespaces; refused with EPERM. */
static const char *const administration[] = {
  /* file systems and roots */
  "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "mount_setattr", "fsopen", "fsconfig",
  "fsmount", "fspick", "swapon", "swapoff", "quotactl", "quotactl_fd", "open_by_handle_at", "name_to_handle_at",
  /* namespaces; clone with their flags is handled below */
  "unshare", "setns",
  /* the kernel itself */
  "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "create_module",
  "get_kernel_syms", "query_module", "syslog", "acct", "bpf", "perf_event_open", "userfaultfd", "lookup_dcookie",
  "uselib", "nfsservctl", "vhangup", "_sysctl", "sysfs", "ustat",
  /* the clock, the names, the ports */
  "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "stime", "sethostname", "setdomainname", "iopl", "ioperm",
  "pciconfig_iobase", "pciconfig_read", "pciconfig_write",
  /* other processes, keys, rings that pass by this filter */
  "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "add_key", "request_key", "keyctl", "io_uring_setup",
  "io_uring_enter", "io_uring_register",
};

/* CLONE_NEW* that clone(2) takes in its first argument; the argument of clone3(2) cannot be looked at. */
#define NEW_NAMESPACES 0x7e020000u

static int refuse(scmp_filter_ctx filter, const char *name, int error) {
  int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR || number < 0) return 0; /* not on this kind of machine */
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), number, 0);
}

static int add_administration(scmp_filter_ctx filter) {
  int result = 0;
  for (unsigned i = 0; i < sizeof administration / sizeof *administration && result == 0; i++)
    result = refuse(filter, administration[i], EPERM);
  for (int bit = 0; bit < 32 && result == 0; bit++)
    if (NEW_NAMESPACES >> bit & 1)
      result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, 1u << bit, 1u << bit));
  /* Programs then use clone, as on an older kernel. */
  return result == 0 ? refuse(filter, "clone3", ENOSYS) : result;
}

/* Every family of sockets but AF_UNIX. */
static int add_no_network(scmp_filter_ctx filter) {
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                          SCMP_A0_32(SCMP_CMP_NE, AF_UNIX));
}

static int write_profile(const char *folder, const char *name, int no_network) {
  char path[4096];
  snprintf(path, sizeof path, "%s/seccomp+%s.bin", folder, name);
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  int result = filter == NULL ? -ENOMEM : fd < 0 ? -errno : 0;
  if (result == 0) result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
  if (result == 0) result = add_administration(filter);
  if (result == 0 && no_network) result = add_no_network(filter);
  if (result == 0) result = seccomp_export_bpf(filter, fd);
  if (result != 0) fprintf(stderr, "seccomp-profiles: cannot make %s: error %d\n", path, -result);
  return result;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  return write_profile(argv[1], "default", 0) != 0 || write_profile(argv[1], "no-network", 1) != 0;
}
