/*
 * Parts of `up --isolated`. One process, made by clone(2) with all namespaces, does the whole set-up and tells the
 * outer process how it went before it becomes init; so whatever is refused is refused inside of it, and nothing of the host
 * was touched.
 *
 * The new root is a small tmpfs. What the host's root directory holds is bound into it read-only; /dev, /proc, /run,
 * /tmp and /system are fresh. Until the end the host's own root lies at ISOLATED_HOST.
 */
#ifndef GONIT_ISOLATED_H
#define GONIT_ISOLATED_H

#include <limits.h>
#include <sys/types.h>

#include "entry.h"

#define ISOLATED_HOST "/.gonit-host"
#define ISOLATED_BINARY "/system/gonit"
#define ISOLATED_STEP_BYTES 256

struct isolated_world {
  char step[ISOLATED_STEP_BYTES]; /* what is being tried, for the message when it is refused */
  struct isolated *result;
  int notice_count;
  int user_namespace; /* 1: an ordinary user, who needs a user namespace to be root inside */
  int terminal;       /* 1: stdin and stdout are terminals, so the system gets a console of its own */
  int exe_fd;         /* our own program, for the copy where it cannot be bound; -1: could not be opened */
  char exe[PATH_MAX]; /* its path on the host */
  char directory[PATH_MAX]; /* working directory; empty: it is gone */
  /* The configuration as named, absolute, and its real path; empty: none was found. */
  char file[PATH_MAX], real_file[PATH_MAX];
};

/* Names the next step. 0, or -EPERM where a test wants this step refused. */
int isolated_step(struct isolated_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void isolated_notice(struct isolated_world *world, const char *text);

/* mount(2) as a step. 0 or -errno. */
int isolated_mount(struct isolated_world *world, const char *source, const char *target, const char *type,
                   unsigned long flags, const char *data);
/* Binds a path of the host and all mounts below it, read-only. */
int isolated_bind_read_only(struct isolated_world *world, const char *source, const char *target);
/* Makes a mount and all mounts below it read-only (isolated-read-only.c). */
int isolated_read_only(struct isolated_world *world, const char *path);

int isolated_root_make(struct isolated_world *world);   /* isolated-root.c */
int isolated_root_finish(struct isolated_world *world);
int isolated_devices(struct isolated_world *world);     /* isolated-mounts.c: /dev */
int isolated_processes(struct isolated_world *world);   /* /proc */
int isolated_fresh(struct isolated_world *world);       /* /run, /tmp, /system */
int isolated_commands(struct isolated_world *world);    /* isolated-commands.c */

/* isolated-configuration.c: which file the arguments mean; called outside, where paths mean what the user said. */
void isolated_find_configuration(struct isolated_world *world, int argc, char **argv);
int isolated_configuration(struct isolated_world *world);

/* isolated-users.c: called by the outer process for the one inside. 0: a range of users, 1: root only, or -errno. */
int isolated_map_users(pid_t pid);
int isolated_may_administer(void); /* whether we hold CAP_SYS_ADMIN, so that no user namespace is needed */
void isolated_drop_host_powers(void);

/* isolated-console.c: a pty whose slave is /dev/console and our standard descriptors. Its master, or -errno. */
int isolated_console(struct isolated_world *world);

/* Small helpers of isolated-root.c. 0 or -errno. */
int isolated_make_file(const char *path);
int isolated_make_path(const char *path); /* mkdir -p */

#endif
