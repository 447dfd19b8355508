/* The pages of our own binary that this process has mapped. */
#ifndef GONIT_BINARY_PAGES_H
#define GONIT_BINARY_PAGES_H

/* Leaves all of them; those that are used again come back by page faults, 16 at a time, about a microsecond each. */
void binary_pages_leave(void);

#endif
