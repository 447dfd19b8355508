/*
 * Messages from the roles. The one that is being carried out lies in the state, so that a fault of init in its midst
 * loses neither it nor its descriptor; each operation can be carried out twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "test-hook.h"

#define MESSAGES_PER_TURN 64
#define TRIES 2

/* A number is acted on only when the slot is this ticket's, has no exit recorded, and the number is our child's: then
 * nobody else can have it, because nobody but us reaps. */
static void signal_slot(const struct init_message *message) {
  struct work_part *work = init_ledger.work;
  siginfo_t info = {0};
  if (message->a < 0 || message->a >= LIMIT_CHILD_SLOTS || message->b < 1 || message->b > 64) return;
  struct child_slot *slot = &work->slots[message->a];
  pid_t pid = atomic_load(&work->pids[message->a]);
  if (pid <= 1 || atomic_load(&slot->state) == SLOT_STATE_FREE || atomic_load(&slot->ticket) != message->ticket) return;
  if (atomic_load(&init_ledger.exits->slots[message->a].ticket) == message->ticket) return;
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return;
  init->hand.version = 0; /* a signal is sent once at most */
  kill(message->c == SIGNAL_SCOPE_PROCESS ? pid : -pid, message->b);
}

/* 1 when the descriptor was taken over. */
static int from_manager(const struct init_message *message, int fd) {
  switch (message->op) {
    case INIT_OP_HOLD:
      if (fd < 0) return 0;
      held_hold(message->name, fd);
      if (strcmp(message->name, "control") == 0) detach_ready();
      return 1;
    case INIT_OP_LOG_SOURCE:
      if (fd >= 0) sources_add(message, fd);
      return 1;
    case INIT_OP_RELEASE: held_release(message->name); break;
    case INIT_OP_LIST_HELD: held_list_begin(); break;
    case INIT_OP_SIGNAL: signal_slot(message); break;
    case INIT_OP_LOG_FORGET: sources_forget(message); break;
    /* Passed on, not kept: where no logger is there the client sees the end of it, and asks again. */
    case INIT_OP_LOG_VIEWER:
      if (fd >= 0 && init->logger.socket != 0) init_message_send(init->logger.socket, message, fd);
      break;
    case INIT_OP_LOG_CHANGED: roles_ring(&init->logger); break;
    case INIT_OP_SHUTDOWN: shutdown_begin(message->a, message->b, message->c); break;
    default: break;
  }
  return 0;
}

static int from_logger(const struct init_message *message, int fd) {
  switch (message->op) {
    case INIT_OP_LOG_SOURCE:
      if (fd >= 0) sources_add_own(message, fd);
      return 1;
    case INIT_OP_LOG_FORGET: sources_forgotten(message); break;
    case INIT_OP_LOG_WATCHED: roles_ring_manager(); break;
    default: break;
  }
  return 0;
}

/* The write end of a forgotten pipe is nobody's any more, see logger.h. */
static void release_write_end(const struct init_message *message) {
  char name[HELD_NAME_BYTES + 4] = "log:";
  strcpy(name + 4, message->name);
  name[HELD_NAME_BYTES - 1] = '\0';
  held_release(name);
}

int serve_hand_fd(void) {
  const struct cmsghdr *rights = &init->hand_rights.header;
  int fd = -1;
  if (init->hand.version == 0) return -1;
  if (rights->cmsg_len != CMSG_LEN(sizeof fd) || rights->cmsg_type != SCM_RIGHTS) return -1;
  memcpy(&fd, CMSG_DATA(rights), sizeof fd);
  return fd;
}

static void carry_out(int is_manager) {
  int fd = serve_hand_fd(), was_taken;
  init->hand.name[sizeof init->hand.name - 1] = '\0';
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  TEST_HOOK("init-message");
  if (init->hand.version != CONTRACT_VERSION) init->hand.op = 0;
  if (is_manager && init->hand.op == INIT_OP_LOG_FORGET) release_write_end(&init->hand);
  was_taken = is_manager ? from_manager(&init->hand, fd) : from_logger(&init->hand, fd);
  if (fd >= 0 && !was_taken) close(fd);
  init->hand.version = 0;
}

/*
 * 1: one was received and carried out, 0: the other side is gone, or -errno.
 *
 * The kernel writes the message right into the state and gives the descriptor without close-on-exec: when a fault comes
 * before this call has returned, the next life finds both.
 */
static int take_one(struct role *role) {
  struct iovec part = {&init->hand, sizeof init->hand};
  struct msghdr header = {.msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = init->hand_rights.space,
                          .msg_controllen = CMSG_LEN(sizeof(int))}; /* room for one descriptor, not for two */
  init->hand.version = 0;
  init->hand_rights.header.cmsg_len = 0;
  init->hand_tries = 0;
  init->hand_manager = role == &init->manager;
  ssize_t got = recvmsg(role->socket, &header, MSG_DONTWAIT);
  if (got <= 0) return got < 0 ? -errno : 0;
  if (got != (ssize_t)sizeof init->hand) init->hand.op = 0; /* whatever that is, it is none of our messages */
  carry_out(init->hand_manager);
  return 1;
}

void serve_hand(void) {
  if (init->hand.version == 0) return;
  if (++init->hand_tries < TRIES) {
    carry_out(init->hand_manager);
    return;
  }
  int fd = serve_hand_fd(); /* the fault may be this message's: it is left out */
  if (fd >= 0 && fd != held_find(init->hand.name)) close(fd);
  init->hand.version = 0;
}

static void close_socket(struct role *role) {
  int socket = role->socket;
  role->socket = 0;
  close(socket);
}

void serve(struct role *role) {
  for (int count = 0; count < MESSAGES_PER_TURN && role->socket != 0; count++) {
    int result = take_one(role);
    if (result == -EINTR) continue;
    if (result == -EAGAIN) return;
    if (result <= 0) close_socket(role);
  }
}

/* A child that it was starting may still have its socket open, so the end of the messages is all that can be seen. The
 * bound holds even for a writer that never ends. */
void serve_rest(struct role *role) {
  for (int count = 0; count < 65536 && role->socket != 0; count++) {
    int result = take_one(role);
    if (result == -EINTR) continue;
    if (result <= 0) break;
  }
  if (role->socket != 0) close_socket(role);
}
