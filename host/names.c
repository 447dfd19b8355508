/* Names of the system's numbers, and whether bytes are UTF-8. */
#include "names.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* Linux's numbers, see errno(3). */
#define ERRNO_NAMES(X) \
  X(EPERM) X(ENOENT) X(ESRCH) X(EINTR) X(EIO) X(ENXIO) X(E2BIG) X(ENOEXEC) X(EBADF) X(ECHILD) X(EAGAIN) \
  X(ENOMEM) X(EACCES) X(EFAULT) X(ENOTBLK) X(EBUSY) X(EEXIST) X(EXDEV) X(ENODEV) X(ENOTDIR) X(EISDIR) \
  X(EINVAL) X(ENFILE) X(EMFILE) X(ENOTTY) X(ETXTBSY) X(EFBIG) X(ENOSPC) X(ESPIPE) X(EROFS) X(EMLINK) X(EPIPE) \
  X(EDOM) X(ERANGE) X(EDEADLK) X(ENAMETOOLONG) X(ENOLCK) X(ENOSYS) X(ENOTEMPTY) X(ELOOP) X(ENOMSG) X(EIDRM) \
  X(ECHRNG) X(EL2NSYNC) X(EL3HLT) X(EL3RST) X(ELNRNG) X(EUNATCH) X(ENOCSI) X(EL2HLT) X(EBADE) X(EBADR) \
  X(EXFULL) X(ENOANO) X(EBADRQC) X(EBADSLT) X(EBFONT) X(ENOSTR) X(ENODATA) X(ETIME) X(ENOSR) X(ENONET) \
  X(ENOPKG) X(EREMOTE) X(ENOLINK) X(EADV) X(ESRMNT) X(ECOMM) X(EPROTO) X(EMULTIHOP) X(EDOTDOT) X(EBADMSG) \
  X(EOVERFLOW) X(ENOTUNIQ) X(EBADFD) X(EREMCHG) X(ELIBACC) X(ELIBBAD) X(ELIBSCN) X(ELIBMAX) X(ELIBEXEC) \
  X(EILSEQ) X(ERESTART) X(ESTRPIPE) X(EUSERS) X(ENOTSOCK) X(EDESTADDRREQ) X(EMSGSIZE) X(EPROTOTYPE) \
  X(ENOPROTOOPT) X(EPROTONOSUPPORT) X(ESOCKTNOSUPPORT) X(EOPNOTSUPP) X(EPFNOSUPPORT) X(EAFNOSUPPORT) \
  X(EADDRINUSE) X(EADDRNOTAVAIL) X(ENETDOWN) X(ENETUNREACH) X(ENETRESET) X(ECONNABORTED) X(ECONNRESET) \
  X(ENOBUFS) X(EISCONN) X(ENOTCONN) X(ESHUTDOWN) X(ETOOMANYREFS) X(ETIMEDOUT) X(ECONNREFUSED) X(EHOSTDOWN) \
  X(EHOSTUNREACH) X(EALREADY) X(EINPROGRESS) X(ESTALE) X(EUCLEAN) X(ENOTNAM) X(ENAVAIL) X(EISNAM) X(EREMOTEIO) \
  X(EDQUOT) X(ENOMEDIUM) X(EMEDIUMTYPE) X(ECANCELED) X(ENOKEY) X(EKEYEXPIRED) X(EKEYREVOKED) X(EKEYREJECTED) \
  X(EOWNERDEAD) X(ENOTRECOVERABLE) X(ERFKILL) X(EHWPOISON)

#define SIGNAL_NAMES(X) \
  X(SIGHUP) X(SIGINT) X(SIGQUIT) X(SIGILL) X(SIGTRAP) X(SIGABRT) X(SIGBUS) X(SIGFPE) X(SIGKILL) X(SIGUSR1) \
  X(SIGSEGV) X(SIGUSR2) X(SIGPIPE) X(SIGALRM) X(SIGTERM) X(SIGSTKFLT) X(SIGCHLD) X(SIGCONT) X(SIGSTOP) X(SIGTSTP) \
  X(SIGTTIN) X(SIGTTOU) X(SIGURG) X(SIGXCPU) X(SIGXFSZ) X(SIGVTALRM) X(SIGPROF) X(SIGWINCH) X(SIGIO) X(SIGPWR) \
  X(SIGSYS)

#define NAME_CASE(name) \
  case name: \
    return #name;

const char *errno_name(int code, char *text, size_t size) {
  switch (code) { ERRNO_NAMES(NAME_CASE) }
  snprintf(text, size, "%d", code);
  return text;
}

/* The kernel's first real-time signal is 32; libc keeps some of them (musl 3, glibc 2) and calls the next SIGRTMIN.
 * What users write counts from 34, see signal(7), so musl's 35 must not shift the names. */
#define FIRST_REAL_TIME 34

const char *signal_name(int number, char *text, size_t size) {
  switch (number) { SIGNAL_NAMES(NAME_CASE) }
  if (number == FIRST_REAL_TIME)
    snprintf(text, size, "SIGRTMIN");
  else if (number > FIRST_REAL_TIME && number <= 64)
    snprintf(text, size, "SIGRTMIN+%d", number - FIRST_REAL_TIME);
  else
    snprintf(text, size, "%d", number);
  return text;
}

/* Bytes of the character that starts here, or 0 when it is none. Overlong forms, surrogates and what lies above
 * U+10FFFF are refused by the range of the second byte. */
static size_t character_bytes(const uint8_t *at, size_t left) {
  uint8_t low = 0x80, high = 0xbf;
  size_t bytes;
  if (at[0] < 0x80) return 1;
  if (at[0] >= 0xc2 && at[0] <= 0xdf)
    bytes = 2;
  else if ((at[0] & 0xf0) == 0xe0)
    bytes = 3;
  else if (at[0] >= 0xf0 && at[0] <= 0xf4)
    bytes = 4;
  else
    return 0;
  if (at[0] == 0xe0) low = 0xa0;
  if (at[0] == 0xed) high = 0x9f;
  if (at[0] == 0xf0) low = 0x90;
  if (at[0] == 0xf4) high = 0x8f;
  if (left < bytes || at[1] < low || at[1] > high) return 0;
  for (size_t i = 2; i < bytes; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  return bytes;
}

int64_t utf8_first_bad(const uint8_t *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    size_t step = character_bytes(bytes + at, length - at);
    if (step == 0) return (int64_t)at;
    at += step;
  }
  return -1;
}
