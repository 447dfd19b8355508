/* Where users.c reads; tests put their own files here. */
#ifndef GONIT_USERS_FILES_H
#define GONIT_USERS_FILES_H

extern const char *users_passwd_path, *users_group_path;

#endif
